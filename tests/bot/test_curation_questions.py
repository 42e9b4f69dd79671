"""Question sets: what clerks bring, who may loosen the gate, which runs are kept."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from bot.accounts.models import Staff, StaffRole
from bot.accounts.policies import Forbidden
from bot.curation import questions as services
from bot.curation.errors import CurationError
from bot.curation.question_files import QuestionsRefused, file_read, typed_read
from knowledge.hits import Asked
from knowledge.models import QuestionSet, TestRun
from knowledge.workbook import Table, write_workbook
from tests.bot.ticketing import make_staff

Role = StaffRole.Role
KNOWN = {"SB13": "SB13", "社保卡补换": "SB13", "GG08": "GG08", "甲、乙两样": "XX01"}
CARD = Asked("社保卡丢了", ["SB13"])


def find(said: str) -> str | None:
    return KNOWN.get(said)


def test_a_line_may_say_what_is_right_by_id_or_name_behind_a_tab() -> None:
    read = typed_read("卡丢了\t社保卡补换、GG08\n\n月亮多远\t无\t老人家的说法\n随便问问", find)
    assert read == [
        Asked("卡丢了", ["SB13", "GG08"]),
        Asked("月亮多远", [], "elderly"),
        Asked("随便问问", None),
    ]


def test_a_name_with_the_mark_between_names_is_still_one_name() -> None:
    assert typed_read("两样\t甲、乙两样", find)[0].expected == ["XX01"]


def swollen(size: int) -> bytes:
    """A few kilobytes that unpack to ``size`` bytes."""
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w") as packed:
        # Without the hour of today: every process of the suite must see the same bytes.
        sheet = zipfile.ZipInfo("xl/worksheets/sheet1.xml")
        packed.writestr(sheet, bytes(size), zipfile.ZIP_DEFLATED)
    return kept.getvalue()


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030"])
def test_a_table_from_excel_is_read_whatever_its_encoding(encoding: str) -> None:
    text = "问题,应该是,说法\n卡丢了,SB13,很短\n卡丢了,GG08,\n"
    assert file_read("题.CSV", text.encode(encoding), find) == [Asked("卡丢了", ["SB13"], "short")]


def test_a_workbook_is_read(tmp_path: Path) -> None:
    table = Table("题", ("问题", "应该是"), (("卡丢了", "SB13"), ("=1+1", "无")))
    write_workbook(tmp_path / "题.xlsx", [table], ["说明"])
    read = file_read("题.xlsx", (tmp_path / "题.xlsx").read_bytes(), find)
    assert read == [Asked("卡丢了", ["SB13"]), Asked("=1+1", [])]


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("题.csv", "问题,应该是\n卡丢了,没这条\n".encode(), "第2行：“没这条”对不上"),
        ("题.csv", "卡丢了,SB13,乱写\n".encode(), "第1行：“说法”没有“乱写”"),
        ("题.csv", ("字" * 201).encode(), "问题太长了"),
        ("题.txt", b"\n\n", "没有找到问题"),
        ("题.txt", b"\xff\xff\xff", "打不开"),
        ("题.xlsx", b"no workbook", "读不了"),
        ("题.pdf", b"x", "只收"),
        ("题.txt", b"x" * 2_000_001, "太大"),
        ("题.xlsx", swollen(21_000_000), "太大"),
        ("题.txt", "\n".join(f"问{n}" for n in range(1001)).encode(), "一次最多1000个"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_line(name: str, data: bytes, said: str) -> None:
    with pytest.raises(QuestionsRefused, match=said):
        file_read(name, data, find)


pytestmark = pytest.mark.django_db


@pytest.fixture
def editor() -> Staff:
    return make_staff("小编", Role.EDITOR)


@pytest.fixture
def reviewer() -> Staff:
    return make_staff("老审", Role.REVIEWER)


@pytest.fixture
def gate(reviewer: Staff, editor: Staff) -> QuestionSet:
    made = services.set_create(editor, "必过题")
    services.question_add(editor, made, CARD)
    services.set_mark(reviewer, made, is_gate=True)
    made.refresh_from_db()
    return made


def test_only_a_reviewer_loosens_what_a_publication_has_to_pass(
    gate: QuestionSet, editor: Staff, reviewer: Staff
) -> None:
    question = gate.questions.get()
    services.question_add(editor, gate, Asked("公交卡在哪办", ["GG08"]))
    with pytest.raises(Forbidden):
        services.set_mark(editor, gate, is_gate=False)
    for loosen in (
        lambda: services.question_change(editor, question, CARD),
        lambda: services.question_switch(editor, question, is_active=False),
        lambda: services.question_delete(editor, question),
        lambda: services.set_delete(editor, gate),
    ):
        with pytest.raises(CurationError):
            loosen()
    services.question_switch(reviewer, question, is_active=False)
    assert [each.text for each in services.asked_of(gate)] == ["公交卡在哪办"]


def test_a_stranger_keeps_no_questions(gate: QuestionSet) -> None:
    grid = make_staff("网格", Role.GRID)
    with pytest.raises(Forbidden):
        services.set_create(grid, "我的")
    with pytest.raises(Forbidden):
        services.question_add(grid, gate, Asked("别的", []))


def test_a_saved_question_says_what_is_right_and_stands_once(editor: Staff) -> None:
    made = services.set_create(editor, " 平时 ")
    assert made.name == "平时"
    with pytest.raises(CurationError, match="应该是"):
        services.question_add(editor, made, Asked("卡丢了"))
    services.question_add(editor, made, CARD)
    with pytest.raises(CurationError, match="已经在"):
        services.question_add(editor, made, CARD)
    assert services.questions_add(editor, made, [CARD, Asked("月亮多远", [])]) == 1
    with pytest.raises(CurationError, match="已经有叫"):
        services.set_create(editor, "平时")
    other = made.questions.get(text="月亮多远")
    with pytest.raises(CurationError, match="已经在"):
        services.question_change(editor, other, CARD)


def test_of_many_runs_the_newest_are_kept(editor: Staff, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "KEPT_RUNS", 2)
    made = services.set_create(editor, "平时")
    of_set = services.run_keep(editor, [], "f", made)
    kept = [services.run_keep(editor, [], "f").pk for _ in range(3)]
    assert set(TestRun.objects.values_list("pk", flat=True)) == {of_set.pk, *kept[1:]}
