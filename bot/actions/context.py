"""What an action may look at: what was understood, what is published, what time it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from bot.actions.emergencies import DangerSense
from bot.conversations.messages import Reply
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
from nlu.protocol import Understanding


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

    def outline(self, item_id: str) -> dict[str, str] | None:
        """Return the name of a catalogue item whose guide is not written yet, or None."""
        found: dict[str, str] | None = self._records.get("outlines", {}).get(item_id)
        return found

    def name(self, owner: str) -> str:
        """Return the name of any record."""
        for kind in ("items", "outlines", "events", "subjects", "reports", "checklists", "topics"):
            if owner in self._records.get(kind, {}):
                return str(self._records[kind][owner]["name"])
        return owner

    def subject(self, subject_id: str) -> Subject | None:
        """Return what is not ours, or None."""
        data = self._records.get("subjects", {}).get(subject_id)
        return read(data, Subject, subject_id) if data else None

    def event(self, event_id: str) -> Event | None:
        """Return a turn of life, or None."""
        data = self._records.get("events", {}).get(event_id)
        return read(data, Event, event_id) if data else None

    def report_kind(self, kind_id: str) -> ReportKind | None:
        """Return a kind of complaint, or None."""
        data = self._records.get("reports", {}).get(kind_id)
        return read(data, ReportKind, kind_id) if data else None

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


@dataclass(frozen=True)
class Context:
    """One turn as an action sees it."""

    understanding: Understanding
    guide: Guide
    now: datetime
    # Asked for only by the few actions that look back.
    previous: Callable[[], Reply | None] = lambda: None


@dataclass(frozen=True)
class Outcome:
    """The reply, and what the dialogue is to remember."""

    reply: Reply
    slots: dict[str, str | None] = field(default_factory=dict)
