"""Two records side by side: what changed, in words, and nothing that did not."""

from __future__ import annotations

from typing import Any

import pytest

from bot.curation.diff import differences, phrasing_differences, shown
from knowledge.files import KnowledgeFiles
from knowledge.record import plain
from tests.people import altered


@pytest.fixture
def card(shipped: KnowledgeFiles) -> dict[str, Any]:
    """A guide as plain data."""
    content: dict[str, Any] = plain(shipped.items["SB13"])
    return content


def told(before: Any, after: Any) -> list[tuple[str, str, str, str]]:
    return [(d.path, d.what, d.before, d.after) for d in differences(before, after)]


def test_nothing_changed_is_no_difference(card: dict[str, Any]) -> None:
    assert told(card, dict(card)) == []


def test_a_field_is_named_as_on_the_form(shipped: KnowledgeFiles, card: dict[str, Any]) -> None:
    after = plain(altered(shipped.items["SB13"], handling__visits__count=2, window="3号"))
    assert told(card, after) == [
        ("到办事现场次数", "changed", shown(card["handling"]["visits"]["count"]), "2"),
        ("窗口", "changed", "社保医保窗口", "3号"),
    ]
    assert [d.field for d in differences(card, after)] == ["handling.visits.count", "window"]


def test_a_row_put_first_leaves_the_others_alone(card: dict[str, Any]) -> None:
    new = {**card["materials"][0], "name": "一寸照片"}
    after = {**card, "materials": [new, *card["materials"]]}
    [only] = differences(card, after)
    assert (only.path, only.what) == ("申请材料 “一寸照片”", "added")
    assert "一寸照片" in only.after


def test_a_cell_of_a_row_is_named_by_its_row(card: dict[str, Any]) -> None:
    first = {**card["materials"][0], "copy_count": 7}
    after = {**card, "materials": [first, *card["materials"][1:]]}
    [only] = differences(card, after)
    assert only.path == f"申请材料 “{first['name']}” 复印件份数"
    assert only.after == "7"


def test_a_row_taken_out_and_one_said_otherwise(card: dict[str, Any]) -> None:
    before = {"faq": [{"question": "补卡要多少钱？"}, {"question": "能不能代办？"}]}
    after = {"faq": [{"question": "补卡要交多少钱？"}]}
    found = {(d.what, d.before, d.after) for d in differences(before, after)}
    assert found == {
        ("changed", "补卡要多少钱？", "补卡要交多少钱？"),
        ("removed", "问题：能不能代办？", ""),
    }


def test_another_order_is_one_difference() -> None:
    [only] = differences({"aliases": ["甲", "乙"]}, {"aliases": ["乙", "甲"]})
    assert (only.path, only.what, only.before, only.after) == (
        "别名的次序", "moved", "甲、乙", "乙、甲",
    )  # fmt: skip


def test_a_time_limit_that_was_not_there(shipped: KnowledgeFiles, card: dict[str, Any]) -> None:
    without = {**card, "handling": {**card["handling"], "promised": None}}
    limit = {"days": 5, "unit": "工作日", "basis": "办事指南"}
    after = {**card, "handling": {**card["handling"], "promised": limit}}
    assert told(without, after) == [
        ("承诺办结时限", "added", "", "5"),
        ("承诺时限单位", "added", "", "工作日"),
        ("承诺时限依据", "added", "", "办事指南"),
    ]


def test_a_new_record_and_one_that_goes(card: dict[str, Any]) -> None:
    assert {d.what for d in differences(None, card)} == {"added"}
    assert {d.what for d in differences(card, None)} == {"removed"}


def test_phrasings_and_yes_and_no() -> None:
    [only] = phrasing_differences([{"text": "卡丢了"}], [{"text": "卡丢了"}, {"text": "卡没了"}])
    assert (only.path, only.what) == ("居民说法 “卡没了”", "added")
    assert told({"verified": False}, {"verified": True}) == [("已核实", "changed", "否", "是")]


def test_every_kind_of_shipped_record_is_told_in_chinese(shipped: KnowledgeFiles) -> None:
    records = [
        *shipped.items.values(), *shipped.events, *shipped.subjects, *shipped.emergencies,
        *shipped.report_kinds, *shipped.checklists, *shipped.topics, *shipped.places,
    ]  # fmt: skip
    for record in records:
        for each in differences(None, plain(record)):
            head = each.path.split(" “")[0]
            assert not any(letter.isascii() and letter.isalpha() for letter in head), each
