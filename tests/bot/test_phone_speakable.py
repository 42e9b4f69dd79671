"""Replies for the ear: short, without brackets and list marks, and nothing lost."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.actions.context import Guide
from bot.actions.rendering import Asked, facet_text
from bot.channels.phone import speakable
from bot.channels.phone.speakable import LONGEST_SENTENCE, MOST_SENTENCES
from bot.conversations.messages import Reply
from knowledge.files import KnowledgeFiles
from knowledge.record import FACETS
from tests.bot.conftest import MONDAY_MORNING


def spoken(text: str) -> tuple[str, ...]:
    """What a caller hears of a text."""
    return speakable(Reply(kind="answer", text=text))


@pytest.mark.parametrize(
    ("text", "heard"),
    [
        ("不收费。", ("不收费。",)),
        ("要带：身份证。几天好？当场。", ("要带：身份证。", "几天好？", "当场。")),
        ("不收费。\n（内容待窗口核实）", ("不收费。",)),
        ("社保卡补换——\n要带这些", ("社保卡补换，要带这些",)),
        (
            "1. 身份证\n2. 户口本\n10. 照片\n12. 合同",
            ("第一，身份证", "第二，户口本", "第十，照片", "第十二，合同"),
        ),
        ("1. 【代办】身份证", ("第一，代办的话，身份证",)),
        ("看情况：【开自己的】还要卡。", ("看情况：开自己的，还要卡。",)),
        ("在这里打开：\nhttps://ask.example.org/a?b=1\n到窗口也行。", ("到窗口也行。",)),
        ("见 https://ask.example.org/a 。", ("见  。",)),
        (
            "符合下面这些条件就能办，年满六十岁的也行。",
            ("符合下面这些条件就能办，", "年满六十岁的也行。"),
        ),
        ("· 外地的不行", ("外地的不行",)),
        ("", ()),
    ],
)
def test_texts_become_sentences(text: str, heard: tuple[str, ...]) -> None:
    assert spoken(text) == heard


def test_a_sentence_is_short_where_it_can_be_broken(guide: Guide, shipped: KnowledgeFiles) -> None:
    asked = Asked(guide.places, MONDAY_MORNING)
    for item in shipped.items.values():
        for facet in FACETS:
            for sentence in spoken(facet_text(item, facet, asked)):
                breakable = [p for p in re.split(r"(?<=[，：、])", sentence) if p]
                assert len(sentence) <= LONGEST_SENTENCE or len(breakable) == 1, sentence


def test_nobody_hears_brackets_or_list_marks(guide: Guide, shipped: KnowledgeFiles) -> None:
    asked = Asked(guide.places, MONDAY_MORNING)
    for item in shipped.items.values():
        for facet in FACETS:
            heard = spoken(facet_text(item, facet, asked))
            assert 1 <= len(heard) <= MOST_SENTENCES
            assert not [s for s in heard if re.match(r"\d+\. |·", s)]


@pytest.mark.parametrize(
    "text",
    [
        "10月10日（周六（国庆节调休上班））开门。",
        "带卡（没有的（丢了的）不用）来。",
        "带卡【老的（蓝皮）】来。",
    ],
)
def test_nested_brackets_leave_nothing_behind(text: str) -> None:
    assert not re.search(r"[（）【】]", "".join(spoken(text)))


@pytest.mark.parametrize(
    ("number", "word"),
    [
        (11, "第十一，"),
        (20, "第二十，"),
        (21, "第二十一，"),
        (35, "第三十五，"),
        (99, "第九十九，"),
    ],
)
def test_long_lists_are_counted_too(number: int, word: str) -> None:
    assert spoken(f"{number}. 身份证")[0].startswith(word)


@given(st.text(alphabet="社保卡，。：、；！？\n（）【】1. ·", max_size=200))
def test_any_text_can_be_spoken(text: str) -> None:
    for sentence in spoken(text):
        assert sentence
        assert "\n" not in sentence


@given(st.lists(st.text(alphabet="社保卡补办", min_size=1, max_size=20), min_size=1, max_size=8))
def test_breaking_at_commas_loses_no_words(parts: list[str]) -> None:
    text = "，".join(parts) + "。"
    assert "".join(spoken(text)) == text
