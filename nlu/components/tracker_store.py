"""Rasa's SQL tracker store, which remembers the trackers of the talks that are going on.

Rasa's own reads all events of a talk for each message, twice, and replays them: a quarter of the
message's processor time (docs/decisions.md). Here a tracker stays in memory from one turn to the
next as long as the file holds as many events as were written; who deletes some is noticed.
"""

import json
from collections import OrderedDict
from typing import Any, Dict, NamedTuple, Optional, Text

import sqlalchemy as sa
from rasa.core.tracker_store import SQLTrackerStore
from rasa.shared.core.events import Event, SessionStarted, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker
from sqlalchemy.event import listen
from sqlalchemy.orm import sessionmaker
from sqlalchemy.pool import SingletonThreadPool

# Talks; a tracker is some tens of kilobytes.
MOST_REMEMBERED = 300


class Held(NamedTuple):
    """How many events the file holds: of the sender at all, and of what the tracker shows."""

    of_sender: int
    of_tracker: int


class RememberingTrackerStore(SQLTrackerStore):
    """For one Rasa process with one worker, whose lock lets one turn of a talk through at a time.

    With SQLite it waits for no disk: the last turn may be lost with the machine's power, never with
    a process, and our own record keeps it.
    """

    def __init__(self, *given: Any, **named: Any) -> None:
        """Take what SQLTrackerStore takes."""
        super().__init__(*given, **named)
        self.engine: Any
        if self.engine.dialect.name == "sqlite":
            self.engine = sa.create_engine(self.engine.url, poolclass=SingletonThreadPool)
            listen(self.engine, "connect", _relax)
            self.sessionmaker = sessionmaker(bind=self.engine)
        self._events = self.SQLEvent.__table__
        counted = sa.select([sa.func.count()]).select_from(self._events)
        self._count = counted.where(self._events.c.sender_id == sa.bindparam("sender"))
        # Trackers between two turns, the longest untouched first. Whose turn goes on is not here:
        # should it fail, the next one reads the file.
        self._resting: OrderedDict[Text, DialogueStateTracker] = OrderedDict()

    async def retrieve(self, sender_id: Text) -> Optional[DialogueStateTracker]:
        """Return the tracker of the latest session, from memory if the file still agrees."""
        tracker = self._resting.pop(sender_id, None)
        of_sender = self._held(sender_id)
        held = _held_of(tracker)
        if held is not None and held.of_sender == of_sender:
            return tracker
        tracker = await super().retrieve(sender_id) if of_sender else None
        if tracker is not None:
            _mark(tracker, Held(of_sender, len(tracker.events)))
        return tracker

    async def save(self, tracker: DialogueStateTracker) -> None:
        """Write the events that are new since the tracker was read, then keep it in mind."""
        held = _held_of(tracker)
        if held is None and self._held(tracker.sender_id):
            # Not handed out here: Rasa's own way finds out what is new.
            return await super().save(tracker)
        await self.stream_events(tracker)
        held = held or Held(0, 0)
        new = list(tracker.events)[held.of_tracker :]
        if not new:
            return None
        with self.engine.begin() as connection:
            connection.execute(self._events.insert(), [_row(tracker, event) for event in new])
        _mark(tracker, Held(held.of_sender + len(new), len(tracker.events)))
        # A later session begins a tracker of its own; this one still shows the session before.
        if not held.of_tracker or not any(isinstance(event, SessionStarted) for event in new):
            self._resting[tracker.sender_id] = tracker
            if len(self._resting) > MOST_REMEMBERED:
                self._resting.popitem(last=False)
        return None

    def _held(self, sender: Text) -> int:
        with self.engine.connect() as connection:
            return int(connection.execute(self._count, {"sender": sender}).scalar())


def _mark(tracker: DialogueStateTracker, held: Held) -> None:
    """Note on the tracker itself what the file holds; copies of it carry no mark."""
    tracker.held_by_file = held


def _held_of(tracker: Optional[DialogueStateTracker]) -> Optional[Held]:
    return getattr(tracker, "held_by_file", None)


def _row(tracker: DialogueStateTracker, event: Event) -> Dict[Text, Any]:
    """Return an event as SQLTrackerStore writes it."""
    data = event.as_dict()
    intent = event.intent_name if isinstance(event, UserUttered) else None
    return {
        "sender_id": tracker.sender_id,
        "type_name": event.type_name,
        "timestamp": data.get("timestamp"),
        "intent_name": intent,
        "action_name": data.get("name"),
        "data": json.dumps(data),
    }


def _relax(connection: Any, record: Any) -> None:
    connection.execute("PRAGMA synchronous=NORMAL")
