"""The tracker store remembers, but believes the file; its rows are the ones Rasa writes."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from rasa.core.tracker_store import SQLTrackerStore
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import (
    ActionExecuted,
    Event,
    SessionStarted,
    SlotSet,
    UserUttered,
)
from rasa.shared.core.trackers import DialogueStateTracker

from nlu.components.tracker_store import MOST_REMEMBERED, RememberingTrackerStore

AUNT = "王阿姨"


def said(text: str) -> UserUttered:
    return UserUttered(text, {"name": "ask_item", "confidence": 0.9})


def turn(number: int) -> list[Event]:
    return [
        said(f"第{number}句"),
        ActionExecuted("action_answer"),
        SlotSet("item", f"SB{number:02}"),
        ActionExecuted("action_listen"),
    ]


class Talk:
    """A store with its file, and turns as Rasa takes them."""

    def __init__(self, kind: type[SQLTrackerStore], path: Path, domain: Domain) -> None:
        self.path = path
        self.domain = domain
        self.store = kind(domain, db=str(path))

    def begin(self, sender: str = AUNT) -> DialogueStateTracker:
        """Read the talk, or begin one as Rasa's processor does."""
        return asyncio.run(self.store.get_or_create_tracker(sender))

    def take(self, events: list[Event], sender: str = AUNT) -> DialogueStateTracker:
        """Read, add events, write."""
        tracker = self.begin(sender)
        tracker.update_with_events(events, self.domain)
        asyncio.run(self.store.save(tracker))
        return tracker

    def rows(self) -> list[Any]:
        """All that the file holds, but for the moment, which no two stores share."""
        with sqlite3.connect(self.path) as base:
            found = base.execute(
                "SELECT sender_id, type_name, intent_name, action_name, data FROM events"
                " ORDER BY id"
            ).fetchall()
        return [(*row, without_moment(json.loads(data))) for *row, data in found]

    def forget(self, condition: str) -> None:
        """Delete rows of the file behind the store's back, as an erasure does."""
        with sqlite3.connect(self.path) as base:
            base.execute(f"DELETE FROM events WHERE {condition}")


def without_moment(data: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in data.items() if key not in ("timestamp", "message_id")}


@pytest.fixture
def ours(tmp_path: Path, domain: Domain) -> Talk:
    return Talk(RememberingTrackerStore, tmp_path / "ours.sqlite3", domain)


@pytest.fixture
def rasas(tmp_path: Path, domain: Domain) -> Talk:
    return Talk(SQLTrackerStore, tmp_path / "rasas.sqlite3", domain)


def shown(tracker: DialogueStateTracker) -> list[Any]:
    return [without_moment(event.as_dict()) for event in tracker.events]


def test_the_file_holds_what_rasa_writes(ours: Talk, rasas: Talk) -> None:
    for talk in (ours, rasas):
        for number in range(1, 4):
            talk.take(turn(number))
        talk.take([ActionExecuted("action_session_start"), SessionStarted(), *turn(4)])
        talk.take(turn(5))
        talk.take(turn(6), "李大爷")
    assert ours.rows() == rasas.rows()
    assert len(ours.rows()) > 24


def test_a_tracker_is_the_same_object_in_the_next_turn(ours: Talk) -> None:
    before = ours.take(turn(1))
    assert ours.begin() is before
    assert before.get_slot("item") == "SB01"


def test_what_is_remembered_is_what_would_be_read(ours: Talk, rasas: Talk) -> None:
    for number in range(1, 5):
        ours.take(turn(number))
    remembered = ours.begin()
    read = Talk(SQLTrackerStore, ours.path, ours.domain).begin()
    assert shown(remembered) == shown(read)
    assert remembered.current_slot_values() == read.current_slot_values()


def test_a_later_session_is_read_anew(ours: Talk) -> None:
    ours.take(turn(1))
    ours.take([ActionExecuted("action_session_start"), SessionStarted(), *turn(2)])
    tracker = ours.begin()
    assert "第1句" not in json.dumps(shown(tracker), ensure_ascii=False)
    assert tracker.get_slot("item") == "SB02"


@pytest.mark.parametrize("condition", ["1", "type_name = 'slot'"], ids=["all", "some"])
def test_what_was_erased_from_the_file_is_forgotten(ours: Talk, condition: str) -> None:
    ours.take(turn(1))
    ours.forget(condition)
    tracker = ours.begin()
    assert tracker.get_slot("item") is None
    tracker.update_with_events(turn(2), ours.domain)
    asyncio.run(ours.store.save(tracker))
    assert shown(ours.begin()) == shown(Talk(SQLTrackerStore, ours.path, ours.domain).begin())


def test_a_turn_that_fails_leaves_nothing_behind(ours: Talk) -> None:
    ours.take(turn(1))
    failing = ours.begin()
    failing.update_with_events([said("写不下去的一句"), SlotSet("item", "XX")], ours.domain)
    after = ours.begin()
    assert after is not failing
    assert after.get_slot("item") == "SB01"


def test_a_turn_without_anything_new_writes_nothing(ours: Talk) -> None:
    ours.take(turn(1))
    rows = ours.rows()
    ours.take([])
    assert ours.rows() == rows
    assert ours.take(turn(2)).get_slot("item") == "SB02"


def test_a_tracker_from_elsewhere_is_written_by_rasas_own_way(ours: Talk) -> None:
    ours.take(turn(1))
    copy = DialogueStateTracker.from_dict(
        AUNT, [event.as_dict() for event in ours.begin().events], ours.domain.slots
    )
    copy.update_with_events(turn(2), ours.domain)
    asyncio.run(ours.store.save(copy))
    assert [event["name"] for event in shown(ours.begin()) if event["event"] == "slot"] == [
        "item",
        "item",
    ]


def test_no_more_talks_are_remembered_than_fit(ours: Talk) -> None:
    for number in range(MOST_REMEMBERED + 5):
        ours.take(turn(1), f"居民{number}")
    assert len(ours.store._resting) == MOST_REMEMBERED
    assert ours.begin("居民0").get_slot("item") == "SB01"
