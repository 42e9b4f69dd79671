"""Changes to single records, laid over a knowledge in memory before anything is stored.

A change brings a whole record. Without content the record goes out of service: an item is then only
a name in the catalogue, an entry is not published. Pure data; storing is up to the services.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from knowledge.files import KnowledgeFiles
from knowledge.record import (
    Checklist,
    Emergency,
    Event,
    LocalTerm,
    Phrasing,
    Place,
    RecordError,
    ReportKind,
    ServiceItem,
    Subject,
    Topic,
    plain,
    read,
)

ITEM = "item"
OUT_OF_SCOPE = "out_of_scope"
AMBIGUOUS = "ambiguous"
TERM = "term"


@dataclass(frozen=True)
class EntryKind:
    """A kind of record that is no item: its type, its id, where the knowledge holds it."""

    record: Any
    key: str
    held_in: str
    label: str


ENTRY_KINDS: dict[str, EntryKind] = {
    "event": EntryKind(Event, "event_id", "events", "一件事"),
    "subject": EntryKind(Subject, "subject_id", "subjects", "不归我们办的事"),
    "emergency": EntryKind(Emergency, "kind", "emergencies", "紧急情况"),
    "report": EntryKind(ReportKind, "kind_id", "report_kinds", "诉求"),
    "checklist": EntryKind(Checklist, "checklist_id", "checklists", "检查清单"),
    "topic": EntryKind(Topic, "topic_id", "topics", "关于服务本身"),
    "place": EntryKind(Place, "place_id", "places", "办理地点"),
    OUT_OF_SCOPE: EntryKind(dict[str, Any], "id", "out_of_scope", "答不了的话"),
    AMBIGUOUS: EntryKind(dict[str, Any], "id", "ambiguous", "说不清的短话"),
    TERM: EntryKind(LocalTerm, "word", "terms", "本地叫法"),
}
KIND_LABELS: dict[str, str] = {
    ITEM: "办事指南",
    **{kind: entry.label for kind, entry in ENTRY_KINDS.items()},
}


@dataclass(frozen=True)
class Change:
    """One record as it is to be; ``phrasings`` None leaves those of an item as they are."""

    kind: str
    record_id: str
    content: dict[str, Any] | None
    phrasings: list[dict[str, Any]] | None = None

    def plain(self) -> dict[str, Any]:
        """Return it as a publication keeps it."""
        return {
            "kind": self.kind,
            "id": self.record_id,
            "content": self.content,
            "phrasings": self.phrasings,
        }


def change_of(data: Mapping[str, Any]) -> Change:
    """Return a change as a publication keeps it; raises RecordError for an unknown kind."""
    if data["kind"] not in KIND_LABELS:
        raise RecordError(f"unknown kind of record “{data['kind']}”")
    return Change(data["kind"], data["id"], data.get("content"), data.get("phrasings"))


def record_read(kind: str, record_id: str, content: Mapping[str, Any]) -> Any:
    """Return the content as the record of its kind; raises RecordError naming the field.

    The id of the content must be the one it goes by.
    """
    record = ServiceItem if kind == ITEM else ENTRY_KINDS[kind].record
    found = read(dict(content), record, record_id)
    key = "item_id" if kind == ITEM else ENTRY_KINDS[kind].key
    if content.get(key) != record_id:
        raise RecordError(f"{record_id}: “{key}” is “{content.get(key)}”")
    return found


def phrasings_read(record_id: str, phrasings: Sequence[Mapping[str, Any]]) -> list[Phrasing]:
    """Return phrasings as records; raises RecordError naming the field."""
    return read([dict(each) for each in phrasings], list[Phrasing], record_id)


def name_of(kind: str, content: Mapping[str, Any] | None) -> str:
    """Return what staff call the record."""
    content = content or {}
    return str(
        content.get("name") or content.get("id") or content.get("word") or KIND_LABELS.get(kind, "")
    )


def overlaid(knowledge: KnowledgeFiles, changes: Iterable[Change]) -> KnowledgeFiles:
    """Return the knowledge as it is with the changes; raises RecordError."""
    for change in changes:
        if change.kind == ITEM:
            knowledge = _with_item(knowledge, change)
        else:
            knowledge = _with_entry(knowledge, change)
    return knowledge


def _with_item(knowledge: KnowledgeFiles, change: Change) -> KnowledgeFiles:
    items, phrasings = dict(knowledge.items), dict(knowledge.phrasings)
    items.pop(change.record_id, None)
    if change.phrasings is not None:
        phrasings[change.record_id] = phrasings_read(change.record_id, change.phrasings)
    if change.content is not None:
        item = record_read(ITEM, change.record_id, change.content)
        if item.state == "published":
            items[change.record_id] = item
    return replace(knowledge, items=items, phrasings=phrasings).with_own_rows()


def _with_entry(knowledge: KnowledgeFiles, change: Change) -> KnowledgeFiles:
    kind = ENTRY_KINDS[change.kind]
    content = change.content
    record = None if content is None else record_read(change.kind, change.record_id, content)
    if change.kind == OUT_OF_SCOPE:
        return replace(knowledge, out_of_scope=record["texts"] if record else [])
    if change.kind == AMBIGUOUS:
        ambiguous = dict(knowledge.ambiguous)
        ambiguous.pop(change.record_id, None)
        if record:
            ambiguous[change.record_id] = record["candidates"]
        return replace(knowledge, ambiguous=ambiguous)
    held = list(getattr(knowledge, kind.held_in))
    ids = [getattr(each, kind.key) for each in held]
    place = ids.index(change.record_id) if change.record_id in ids else len(held)
    held[place : place + 1] = [] if record is None else [record]
    changed: dict[str, Any] = {kind.held_in: held}
    return replace(knowledge, **changed)


def contents_equal(one: Any, other: Any) -> bool:
    """Whether two records say the same, whatever their version."""
    return bool(_unversioned(one) == _unversioned(other))


def _unversioned(record: Any) -> Any:
    data = record if isinstance(record, dict) or record is None else plain(record)
    return data and {name: value for name, value in data.items() if name != "version"}
