"""Texts as lines: nothing of the words is lost, marks and numbers stand apart."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.actions.rendering import FACET_TITLES, Asked, facet_text
from bot.channels.lines import Line, Part, calls_of, card_rows, lines_of
from knowledge.files import KnowledgeFiles
from tests.bot.conftest import MONDAY_MORNING


def only(text: str) -> Part:
    return Part(text, is_only=True)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("社保卡补换——", Line("head", (Part("社保卡补换"),))),
        ("1. 身份证", Line("step", (Part("身份证"),), "1.")),
        ("12. 照片", Line("step", (Part("照片"),), "12.")),
        ("· 一条", Line("step", (Part("一条"),), "·")),
        ("2. 【卡还在】旧卡", Line("step", (only("卡还在"), Part("旧卡")), "2.")),
        ("看情况：【有工作】合同", Line("plain", (Part("看情况："), only("有工作"), Part("合同")))),
        ("（内容待窗口核实）", Line("note", (Part("内容待窗口核实"),))),
        ("1.5元", Line("plain", (Part("1.5元"),))),
        ("12345", Line("plain", (Part("12345"),))),
        ("1.", Line("plain", (Part("1."),))),
    ],
)
def test_a_line_is_taken_apart(text: str, line: Line) -> None:
    assert lines_of(text) == [line]


def test_empty_lines_fall_away() -> None:
    assert lines_of("\n \n好\n\n") == [Line("plain", (Part("好"),))]


def joined(text: str) -> str:
    return "".join(line.number + "".join(p.text for p in line.parts) for line in lines_of(text))


def plain(text: str) -> str:
    return re.sub(r"[\s【】（）—]", "", text)


@given(st.text(alphabet="甲乙1.2·• 【】（）—\n", max_size=60))
def test_no_word_is_lost(text: str) -> None:
    assert plain(joined(text)) == plain(text)


def test_no_word_of_any_guide_is_lost(shipped: KnowledgeFiles) -> None:
    asked = Asked(shipped.places, MONDAY_MORNING)
    for item in shipped.items.values():
        for facet in FACET_TITLES:
            text = facet_text(item, facet, asked)
            assert plain(joined(text)) == plain(text)


def test_a_card_keeps_its_rows() -> None:
    rows = card_rows([["申请材料", "1. 甲\n2. 乙"]])
    assert [(label, len(lines)) for label, lines in rows] == [("申请材料", 2)]


@pytest.mark.parametrize(
    ("reply", "numbers"),
    [
        ({"kind": "emergency", "text": "请马上打119！也可以打120，别打1190。119"}, ["119", "120"]),
        ({"kind": "referral", "text": "打110", "competent": {"phone": "12367"}}, ["12367"]),
        ({"kind": "referral", "text": "", "competent": {"phone": ""}}, []),
        ({"kind": "answer", "text": "打110", "competent": None}, []),
    ],
)
def test_numbers_to_ring(reply: dict[str, object], numbers: list[str]) -> None:
    assert calls_of(reply) == numbers
