"""What an action may look at: what was understood, what is published, what time it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, Literal, Protocol

from bot.actions.emergencies import DangerSense
from bot.actions.memory import Memory
from bot.conversations.messages import Reply
from bot.conversations.models import Conversation
from knowledge.record import (
    Checklist,
    Emergency,
    Event,
    Place,
    ReportKind,
    ServiceItem,
    Subject,
    Topic,
    read,
)
from knowledge.search.local_terms import aloud
from knowledge.search.matcher import Match
from nlu.protocol import Understanding

# A match that is not sure is worth acting on from this probability on; a statement that matches
# nothing so well belongs to what is being talked about.
FAIRLY_LIKELY = 0.5
# The key under which ``Outcome.then`` travels.
THEN = "then"
_KINDS = ("items", "outlines", "events", "subjects", "reports", "checklists", "topics")


class Guide:
    """The published records, read when asked for and kept as long as the snapshot is."""

    def __init__(self, records: dict[str, Any]) -> None:
        self._records = records
        self._items: dict[str, ServiceItem] = {}

    def item(self, item_id: str) -> ServiceItem | None:
        """Return a published item, or None."""
        if item_id not in self._items and item_id in self._records.get("items", {}):
            data = self._records["items"][item_id]
            self._items[item_id] = read(data, ServiceItem, item_id)
        return self._items.get(item_id)

    def local_words(self) -> list[str]:
        """Return what people here say, and what they mean by it."""
        terms = self._records.get("terms", {})
        return list(dict.fromkeys(w for word, t in terms.items() for w in (word, t["canonical"])))

    def read_aloud(self, text: str) -> str:
        """Return a text with the local terms as they are read aloud."""
        return self._read_aloud(text)

    @cached_property
    def _read_aloud(self) -> Callable[[str], str]:
        return aloud(self._records.get("terms", {}))

    def outline(self, item_id: str) -> dict[str, str] | None:
        """Return the name of a catalogue item whose guide is not written yet, or None."""
        found: dict[str, str] | None = self._records.get("outlines", {}).get(item_id)
        return found

    def name(self, owner: str) -> str:
        """Return the name of any record."""
        for kind in _KINDS:
            if owner in self._records.get(kind, {}):
                return str(self._records[kind][owner]["name"])
        return owner

    def names(self, owner: str) -> list[str]:
        """Return what a record is called, officially and otherwise."""
        for kind in _KINDS:
            if data := self._records.get(kind, {}).get(owner):
                short = [data["short_name"]] if data.get("short_name") else []
                return [str(data["name"]), *short, *data.get("aliases", [])]
        return []

    def subject(self, subject_id: str) -> Subject | None:
        """Return what is not ours, or None."""
        data = self._records.get("subjects", {}).get(subject_id)
        return read(data, Subject, subject_id) if data else None

    def event(self, event_id: str) -> Event | None:
        """Return a turn of life, or None."""
        data = self._records.get("events", {}).get(event_id)
        return read(data, Event, event_id) if data else None

    def events_with(self, item_id: str) -> list[str]:
        """Return the ids of the turns of life that an item belongs to."""
        events = self._records.get("events", {}).items()
        return [e for e, data in events if any(i["item"] == item_id for i in data["items"])]

    def report_kind(self, kind_id: str) -> ReportKind | None:
        """Return a kind of complaint, or None."""
        data = self._records.get("reports", {}).get(kind_id)
        return read(data, ReportKind, kind_id) if data else None

    def report_kind_of(self, item_id: str) -> ReportKind | None:
        """Return the kind of complaint that an item takes in, or None."""
        kinds = self._records.get("reports", {}).values()
        found = next((kind for kind in kinds if kind.get("linked_item") == item_id), None)
        return self.report_kind(str(found["kind_id"])) if found else None

    def checklist(self, checklist_id: str) -> Checklist | None:
        """Return what an inspection looks at, or None."""
        data = self._records.get("checklists", {}).get(checklist_id)
        return read(data, Checklist, checklist_id) if data else None

    def topic(self, topic_id: str) -> Topic | None:
        """Return what is said about the service itself, or None."""
        data = self._records.get("topics", {}).get(topic_id)
        return read(data, Topic, topic_id) if data else None

    def item_ids(self) -> list[str]:
        """Return the ids of all published items."""
        return sorted(self._records.get("items", {}))

    def offers_proxy(self, item_id: str) -> bool:
        """Whether proxy handling is offered unasked."""
        return item_id in self._records.get("proxy_offered", [])

    @cached_property
    def danger(self) -> DangerSense:
        """The words that give danger away."""
        records = self._records.get("emergencies", [])
        return DangerSense(read(records, list[Emergency], "emergencies"))

    @cached_property
    def places(self) -> list[Place]:
        """All places, the hall first."""
        places = read(self._records.get("places", []), list[Place], "places")
        return sorted(places, key=lambda place: place.kind != "hall")


class Queue(Protocol):
    """How it stands with a person: ``state`` waiting or taken; ``position`` 1 is next."""

    @property
    def state(self) -> str:
        """Return waiting or taken."""

    @property
    def position(self) -> int:
        """Return how many are before her, herself included; 0 when taken."""

    @property
    def staff_online(self) -> bool:
        """Return whether somebody is at the desk now."""


class Desk(Protocol):
    """The way to a person, bound to one conversation."""

    def call(self, reason: str, note: str = "", urgent: bool = False) -> Queue:
        """Call a person; calling again only makes it graver."""

    def is_waiting(self) -> bool:
        """Whether she waits for a person already."""

    def contact(self, phone: str) -> None:
        """Keep a number to call back."""


@dataclass(frozen=True)
class Context:
    """One turn as an action sees it."""

    understanding: Understanding
    guide: Guide
    now: datetime
    # Ranks the records for a text: the same matcher that read the message.
    match: Callable[[str, int], Match]
    desk: Desk
    # Asked for only by the few actions that look back.
    previous: Callable[[], Reply | None] = lambda: None
    # Where residents reach the web page, for what is better seen than told.
    site: str = ""
    # What else the turn knows and the engine does not see, such as a phone to call back.
    draft: Mapping[str, str] = field(default_factory=dict)
    # Ids of the pictures that she has sent along and that belong to no case yet, oldest first.
    attachments: Callable[[], tuple[str, ...]] = lambda: ()
    # Whose turn it is, for what is opened or looked up in her name.
    sender: str = ""

    def conversation(self) -> Conversation:
        """Return the conversation that the turn belongs to."""
        return Conversation.objects.get(sender=self.sender)

    @property
    def memory(self) -> Memory:
        """What the dialogue remembers."""
        return Memory.of(self.understanding.slots)


@dataclass(frozen=True)
class Outcome:
    """The reply, and what the dialogue is to remember.

    ``slots`` are set as they are. What was waited for is over, unless the outcome waits for
    something itself or ``leaves`` everything as it was (a courtesy between question and answer).
    """

    reply: Reply
    slots: Mapping[str, Any] = field(default_factory=dict)
    leaves: bool = False
    # What the service does once the engine is through with the turn.
    then: Literal["", "erase", "calm"] = ""
    # Changes to the draft; None takes a value away.
    draft: Mapping[str, str | None] = field(default_factory=dict)

    def settled(self) -> dict[str, Any]:
        """Return all slots to set."""
        if self.leaves:
            return dict(self.slots)
        return {"awaiting": None, "misses": None, **self.slots}
