"""What residents would hear of a record as it stands in a draft: in chat, large, and spoken.

The reply is made by the very code that answers residents.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from bot import clock
from bot.actions.context import Context, Guide
from bot.actions.emergencies import emergency_reply
from bot.actions.telling import about
from bot.channels.phone.speakable import speakable
from bot.conversations.messages import Reply
from knowledge.changes import ITEM
from knowledge.models import Entry, ServiceItem
from knowledge.record import Emergency, RecordError, read
from nlu.protocol import NOTHING_READ, Understanding

# Where a kind of record lies in the guide.
_HELD_IN = {
    ITEM: "items",
    "event": "events",
    "subject": "subjects",
    "report": "reports",
    "checklist": "checklists",
    "topic": "topics",
}


@dataclass(frozen=True)
class Seen:
    """A reply as residents get it, or in a sentence why there is none."""

    reply: Reply | None = None
    spoken: tuple[str, ...] = ()
    trouble: str = ""

    @property
    def buttons(self) -> list[str]:
        """What stands on the buttons below it."""
        return [button.title for button in self.reply.buttons] if self.reply else []


def can_be_seen(kind: str) -> bool:
    """Whether a kind of record is ever told to residents as it is."""
    return kind in _HELD_IN or kind == "emergency"


def preview(
    kind: str, record_id: str, content: Mapping[str, Any], facet: str, options: Iterable[str] = ()
) -> Seen:
    """Return the reply about one facet, to a resident of whom these options are known."""
    try:
        reply = _reply(kind, record_id, dict(content), facet, frozenset(options))
    except RecordError:
        return Seen(trouble="有的栏还没填好，填好了才看得到。")
    if reply is None:
        return Seen(trouble="这一类内容不直接说给居民听。")
    return Seen(reply, reply.speech or speakable(reply))


def _reply(
    kind: str, record_id: str, content: dict[str, Any], facet: str, options: frozenset[str]
) -> Reply | None:
    if kind == "emergency":
        return emergency_reply(read(content, Emergency, record_id))
    if kind not in _HELD_IN:
        return None
    records = {
        "places": list(Entry.objects.filter(kind="place").values_list("content", flat=True)),
        "outlines": _named(content),
        _HELD_IN[kind]: {record_id: content},
    }
    said = Understanding("", "ask_item", 1.0, NOTHING_READ, {"item": record_id})
    context = Context(said, Guide(records), clock.now(), lambda *_: NOTHING_READ.match, _NoDesk())
    outcome = about(context, record_id, [facet], options)
    return outcome.reply if outcome else None


def _named(content: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """The names of the items that a record leads to."""
    listed = content.get("items") or []
    ids = [row.get("item") if isinstance(row, Mapping) else row for row in listed]
    ids.append(content.get("linked_item"))
    rows = ServiceItem.objects.filter(pk__in=[i for i in ids if i]).values_list("item_id", "name")
    return {item_id: {"item_id": item_id, "name": name} for item_id, name in rows}


class _NoDesk:
    """Nobody is called from a preview."""

    def call(self, reason: str, note: str = "", urgent: bool = False) -> Any:
        """Call nobody."""
        raise AssertionError("a preview calls nobody")

    def is_waiting(self) -> bool:
        """Nobody waits."""
        return False

    def contact(self, phone: str) -> None:
        """Keep nothing."""
