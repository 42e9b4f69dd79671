"""Records are read strictly, and written so that they read back."""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.files import KnowledgeFiles
from knowledge.record import (
    FACETS,
    STYLES,
    Checklist,
    CheckPoint,
    Days,
    Hours,
    Material,
    Phrasing,
    Place,
    RecordError,
    ServiceItem,
    Topic,
    plain,
    read,
)

TOPIC = {"topic_id": "T1", "name": "几点上班", "answer": "九点", "phrasings": []}
CHECKLIST = {
    "checklist_id": "C1",
    "name": "奶茶店检查",
    "site": "奶茶店",
    "intro": "",
    "points": [],
    "legal_basis": [],
    "phrasings": [],
}


@pytest.mark.parametrize(
    ("data", "kind", "complaint"),
    [
        ({"text": "补卡", "colour": "red"}, Phrasing, "colour"),
        ({"style": "plain"}, Phrasing, "text"),
        ({"text": 5}, Phrasing, r"\$\.text"),
        ({"text": "补卡", "style": "rude"}, Phrasing, r"rude.*\$\.style"),
        ({"text": "补卡", "facet": "price"}, Phrasing, r"\$\.facet"),
        ({"name": "身份证", "necessity": "随便"}, Material, r"\$\.necessity"),
        ({"name": "身份证", "original_count": "一份"}, Material, r"\$\.original_count"),
        ({"days": 5, "unit": "年"}, Days, r"\$\.unit"),
        ([{"text": "好"}, {"text": None}], list[Phrasing], r"\$\[1\]\.text"),
        ("补卡", Phrasing, "Expected `object`"),
        ({"name": "灭火器"}, CheckPoint, "in_order"),
        ({"name": "灭火器", "in_order": "有效", "fine": 5}, CheckPoint, "fine"),
        ({**TOPIC, "adds": "weather"}, Topic, r"weather.*\$\.adds"),
        ({**TOPIC, "phrasings": "几点"}, Topic, r"\$\.phrasings"),
        ({**CHECKLIST, "points": [{"in_order": "有效"}]}, Checklist, r"name.*\$\.points\[0\]"),
        ({**CHECKLIST, "legal_basis": ["《消防法》"]}, Checklist, r"\$\.legal_basis\[0\]"),
    ],
)
def test_an_error_names_the_file_and_the_field(data: Any, kind: Any, complaint: str) -> None:
    with pytest.raises(RecordError, match=rf"^SB13\.yml: .*{complaint}"):
        read(data, kind, "SB13.yml")


def test_a_record_cannot_be_changed(shipped: KnowledgeFiles) -> None:
    with pytest.raises(AttributeError):
        shipped.items["SB13"].name = "别的"  # type: ignore[misc]


def test_every_shipped_guide_reads_back_as_it_was_written(shipped: KnowledgeFiles) -> None:
    for item_id, item in shipped.items.items():
        assert read(plain(item), ServiceItem, item_id) == item


def test_every_other_shipped_record_reads_back(shipped: KnowledgeFiles) -> None:
    others = (
        *shipped.events,
        *shipped.subjects,
        *shipped.emergencies,
        *shipped.report_kinds,
        *shipped.places,
        *shipped.checklists,
        *shipped.topics,
    )
    for record in others:
        assert read(plain(record), type(record), "shipped") == record


def test_plain_data_holds_dates_as_iso_strings(shipped: KnowledgeFiles) -> None:
    item = msgspec.structs.replace(shipped.items["SB13"], effective_until=date(2027, 5, 31))
    assert plain(item)["effective_until"] == "2027-05-31"


def test_what_a_topic_or_checklist_may_leave_out_is_empty() -> None:
    topic, checklist = read(TOPIC, Topic, "T1"), read(CHECKLIST, Checklist, "C1")
    assert (topic.adds, topic.aliases, topic.items) == ("", [], [])
    assert (checklist.aliases, checklist.papers, checklist.items) == ([], [], [])
    point = CheckPoint(name="灭火器", in_order="在有效期里")
    assert point.basis == ""


def test_lists_of_two_records_are_not_shared() -> None:
    hours = Hours(workday=[], weekend=[], holiday=[])
    one = Place(place_id="a", name="甲", kind="hall", hours=hours)
    other = Place(place_id="b", name="乙", kind="hall", hours=hours)
    one.estates.append("康华新村")
    assert other.estates == []


def test_the_facets_are_those_of_the_contract() -> None:
    assert (
        *("overview", "conditions", "materials", "process", "where", "when", "fee"),
        *("amount", "duration", "online", "proxy", "progress", "result"),
    ) == FACETS


@given(
    text=st.text(),
    style=st.sampled_from(STYLES),
    facet=st.sampled_from(FACETS),
    origin=st.sampled_from(["written", "mined", "imported"]),
)
def test_any_phrasing_reads_back(text: str, style: Any, facet: Any, origin: Any) -> None:
    phrasing = Phrasing(text=text, style=style, facet=facet, origin=origin)
    assert read(plain(phrasing), Phrasing, "any") == phrasing
