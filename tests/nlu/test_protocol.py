"""What passes between engine and callers survives its way through JSON."""

from __future__ import annotations

import json

import pytest

from knowledge.search.matcher import Matcher
from nlu.protocol import Understanding, match_from_json, match_to_json, understand


@pytest.mark.parametrize("text", ["社保卡丢了要带什么", "卡丢了", "今天天气怎么样", "asdf", ""])
def test_a_match_comes_back_from_json(matcher: Matcher, text: str) -> None:
    match, found, cued = understand(matcher, text)
    sent = json.loads(json.dumps(match_to_json(match, found, cued)))
    back, found_back, cued_back = match_from_json(sent)
    assert (found_back, cued_back) == (found, cued)
    assert (back.decision, back.probability) == (match.decision, match.probability)
    for one, other in [(back.ranked, match.ranked), (back.choices, match.choices)]:
        assert [(c.owner, c.kind, c.name, c.score) for c in one] == [
            (c.owner, c.kind, c.name, c.score) for c in other
        ]


def test_no_data_is_no_match() -> None:
    match, found, cued = match_from_json({})
    assert (match.ranked, match.decision, found, cued) == ((), "step_back", ("overview",), False)


def test_engine_and_single_turns_understand_alike(matcher: Matcher) -> None:
    match, found, cued = understand(matcher, "补办社保卡要带什么？")
    assert match.best is not None
    assert (match.best.owner, found, cued) == ("SB13", ("materials",), True)
    assert len(match.ranked) == 5
    _, found, cued = understand(matcher, "社保卡丢了")
    assert (found, cued) == (("overview",), False)


def test_two_understandings_share_neither_entities_nor_slots(matcher: Matcher) -> None:
    match, found, _ = understand(matcher, "补卡")
    one = Understanding("补卡", "ask_item", 1.0, match, found)
    other = Understanding("补卡", "ask_item", 1.0, match, found)
    assert one == other
    assert one.slots is not other.slots
