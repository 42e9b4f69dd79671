"""What passes between engine and callers survives its way through JSON."""

from __future__ import annotations

import json

import pytest

from knowledge.search.matcher import Matcher
from nlu.protocol import (
    NOTHING_READ,
    Understanding,
    read_message,
    reading_from_json,
    reading_to_json,
)


@pytest.mark.parametrize("text", ["社保卡丢了要带什么", "卡丢了", "今天天气怎么样", "asdf", ""])
def test_a_reading_comes_back_from_json(matcher: Matcher, text: str) -> None:
    reading = read_message(matcher, text)
    back = reading_from_json(json.loads(json.dumps(reading_to_json(reading))))
    assert (back.facets, back.facet_is_cued) == (reading.facets, reading.facet_is_cued)
    assert back.has_subject == reading.has_subject
    match = reading.match
    assert (back.match.decision, back.match.probability) == (match.decision, match.probability)
    for one, other in [(back.match.ranked, match.ranked), (back.match.choices, match.choices)]:
        assert [(c.owner, c.kind, c.name, c.score) for c in one] == [
            (c.owner, c.kind, c.name, c.score) for c in other
        ]


def test_no_data_is_nothing_read() -> None:
    assert reading_from_json({}) == NOTHING_READ
    assert NOTHING_READ.match.decision == "step_back"


def test_a_facet_in_plain_words_is_noted(matcher: Matcher) -> None:
    reading = read_message(matcher, "补办社保卡要带什么？")
    assert reading.match.best is not None
    assert reading.match.best.owner == "SB13"
    assert (reading.facets, reading.facet_is_cued) == (("materials",), True)
    assert len(reading.match.ranked) == 5
    assert not read_message(matcher, "社保卡丢了").facet_is_cued


@pytest.mark.parametrize(
    ("text", "has_subject"),
    [
        ("要带什么", False),
        ("在哪办", False),
        ("我妈行不行", False),
        ("那要多少钱", False),
        ("批了没", False),
        ("周六上班吗", False),
        ("社保卡", True),
        ("优待证要带什么", True),
        ("补卡", True),
    ],
)
def test_only_a_message_with_a_subject_is_about_something_new(
    matcher: Matcher, text: str, has_subject: bool
) -> None:
    assert read_message(matcher, text).has_subject is has_subject


def test_two_understandings_share_neither_entities_nor_slots(matcher: Matcher) -> None:
    reading = read_message(matcher, "补卡")
    one = Understanding("补卡", "ask_item", 1.0, reading)
    other = Understanding("补卡", "ask_item", 1.0, reading)
    assert one == other
    assert one.slots is not other.slots
