"""What is remembered between two turns, and what a turn ends."""

from __future__ import annotations

from typing import Any

import pytest

from bot.actions.context import Outcome
from bot.actions.memory import LONGEST_TOLD, MOST_TOLD, Memory, about_item, joined
from bot.conversations.messages import Reply
from tests.bot.conftest import Says
from tests.nlu.test_data import domain_slots

REPLY = Reply(kind="smalltalk", text="好")


def test_what_is_not_set_is_empty() -> None:
    assert Memory.of({}) == Memory()
    assert Memory.of(dict.fromkeys(Memory.__dataclass_fields__)) == Memory()


def test_the_slots_are_read_with_their_types() -> None:
    slots: dict[str, Any] = {
        "item": "SB13",
        "facet": "fee",
        "offered": ["SB13", "GG08"],
        "posed": ["SB13:why"],
        "told": ["我妈80岁"],
        "refused": ["MZ10"],
        "chosen": {"SB13": ["lost"]},
        "part": {"SB13": 2},
        "requested_slot": "contact",
        "session_started_metadata": None,
    }
    memory = Memory.of(slots)
    assert (memory.item, memory.facet) == ("SB13", "fee")
    assert memory.offered == ("SB13", "GG08")
    assert (memory.posed, memory.told, memory.refused) == (("SB13:why",), ("我妈80岁",), ("MZ10",))
    assert (memory.chosen, memory.part) == ({"SB13": ["lost"]}, {"SB13": 2})


def test_the_turn_reads_its_memory_from_the_engines_slots(says: Says) -> None:
    assert says("好", slots={"item": "SB13"}).memory.item == "SB13"


def test_everything_remembered_is_a_slot_of_the_engine() -> None:
    # The facets share one slot, joined.
    assert {*Memory.__dataclass_fields__} - {"facets"} | {"facet"} <= {*domain_slots()}


def test_several_facets_go_through_one_slot() -> None:
    slot = joined(["materials", "where"])
    assert Memory.of({"facet": slot}).facets == ("materials", "where")
    assert Memory.of({"facet": slot}).facet == "materials"
    assert (Memory.of({}).facets, Memory.of({}).facet) == ((), "")


def test_the_last_short_statements_are_kept() -> None:
    memory = Memory(told=tuple(str(n) for n in range(MOST_TOLD)))
    told = memory.with_told("我" * 100)
    assert len(told) == MOST_TOLD
    assert (told[0], told[-1]) == ("1", "我" * LONGEST_TOLD)


@pytest.mark.parametrize(
    ("held", "slots"),
    [
        ("", {"item": "SB13", "facet": "fee"}),
        ("SB13", {"item": "SB13", "facet": "fee"}),
        ("GG08", {"item": "SB13", "facet": "fee", "previous_item": "GG08"}),
    ],
)
def test_the_item_before_is_the_last_other_one(held: str, slots: dict[str, str]) -> None:
    assert about_item(Memory(item=held, previous_item="MZ10"), "SB13", "fee") == slots


def test_after_a_turn_nothing_is_waited_for_and_no_miss_counts() -> None:
    assert Outcome(REPLY, {"item": "SB13"}).settled() == {
        "awaiting": None,
        "misses": None,
        "item": "SB13",
    }


def test_what_a_turn_waits_for_itself_stays() -> None:
    settled = Outcome(REPLY, {"awaiting": "choice", "misses": "twice"}).settled()
    assert settled == {"awaiting": "choice", "misses": "twice"}


def test_a_courtesy_leaves_everything_as_it_was() -> None:
    assert Outcome(REPLY, leaves=True).settled() == {}
    assert Outcome(REPLY, {"contact": "filled"}, leaves=True).settled() == {"contact": "filled"}
