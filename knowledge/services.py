"""What is done to the knowledge: load what ships, edit, ask for publication."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db import transaction
from django.db.models import F, Max, QuerySet

from knowledge import mapping
from knowledge.changes import ITEM, TERM, Change, phrasings_read, record_read
from knowledge.files import KnowledgeFiles
from knowledge.models import (
    AMBIGUOUS,
    OUT_OF_SCOPE,
    Alias,
    Entry,
    LocalTerm,
    Phrasing,
    Publication,
    Question,
    QuestionSet,
    ServiceItem,
)
from knowledge.record import GateQuestion, plain
from knowledge.record import Phrasing as PhrasingRecord
from knowledge.record import ServiceItem as ItemRecord

GATE_SET = "发布前必过"


class KnowledgeError(ValueError):
    """An edit that cannot be made; the message says why."""


@transaction.atomic
def knowledge_load(files: KnowledgeFiles) -> int:
    """Bring shipped records into the database; what the office edited is left as it is.

    What was shipped before and is no longer is removed, unless it was edited. Returns how many
    records were new, changed or removed.
    """
    changed = sum(
        _item_load(item, files.phrasings.get(item.item_id, [])) for item in files.items.values()
    )
    changed += _gone(ServiceItem.objects.exclude(pk__in=list(files.items)))
    for kind, key, records in entry_kinds(files):
        changed += _entries_load(kind, key, records)
    gate_load(files.gate_questions)
    return changed


def entry_kinds(files: KnowledgeFiles) -> list[tuple[str, str, Sequence[Any]]]:
    """Return (kind, name of the id field, records) for everything that is no service item."""
    rest = [{"id": OUT_OF_SCOPE, "texts": files.out_of_scope}] if files.out_of_scope else []
    ambiguous = [{"id": text, "candidates": ids} for text, ids in files.ambiguous.items()]
    return [
        ("event", "event_id", files.events),
        ("subject", "subject_id", files.subjects),
        ("emergency", "kind", files.emergencies),
        ("report", "kind_id", files.report_kinds),
        ("checklist", "checklist_id", files.checklists),
        ("topic", "topic_id", files.topics),
        ("place", "place_id", files.places),
        (OUT_OF_SCOPE, "id", rest),
        (AMBIGUOUS, "id", ambiguous),
    ]


def _gone(unshipped: QuerySet[Any]) -> int:
    """Remove what came with a release and was never edited; what the office made stays."""
    gone = unshipped.filter(edited=False).exclude(shipped_fingerprint="")
    count = gone.count()
    gone.delete()
    return count


def _item_load(record: ItemRecord, phrasings: Sequence[PhrasingRecord]) -> bool:
    fingerprint = _fingerprint([plain(record), plain(phrasings)])
    known = ServiceItem.objects.filter(pk=record.item_id).first()
    if known and (known.edited or known.shipped_fingerprint == fingerprint):
        return False
    item_store(record, phrasings)
    ServiceItem.objects.filter(pk=record.item_id).update(shipped_fingerprint=fingerprint)
    return True


def _entries_load(kind: str, key: str, records: Iterable[Any]) -> int:
    stored = Entry.objects.filter(kind=kind)
    contents = [plain(record) for record in records]
    changed = _gone(stored.exclude(entry_id__in=[content[key] for content in contents]))
    known = {entry.entry_id: entry for entry in stored}
    for order, content in enumerate(contents):
        entry = known.get(content[key]) or Entry(kind=kind, entry_id=content[key])
        changed += _entry_load(entry, content, order)
    return changed


def _entry_load(entry: Entry, content: dict[str, Any], order: int) -> bool:
    """Store one entry and tell whether its content is new.

    An edited one keeps its content, but takes its place among the others.
    """
    fingerprint = _fingerprint(content)
    is_same = entry.edited or entry.shipped_fingerprint == fingerprint
    if is_same and entry.order == order:
        return False
    if not is_same:
        entry.content, entry.shipped_fingerprint = content, fingerprint
    entry.order = order
    entry.save()
    return not is_same


@transaction.atomic
def item_store(record: ItemRecord, phrasings: Sequence[PhrasingRecord]) -> ServiceItem:
    """Write a whole guide with its phrasings, replacing what was there."""
    data = plain(record)
    columns = mapping.columns_of(data)
    item, _ = ServiceItem.objects.update_or_create(item_id=columns.pop("item_id"), defaults=columns)
    for model, entries in mapping.rows_of(data).items():
        manager: Any = model._default_manager
        manager.filter(item=item).delete()
        build: Any = model
        manager.bulk_create(
            build(item=item, order=order, **entry) for order, entry in enumerate(entries)
        )
    Phrasing.objects.filter(item=item).delete()
    Phrasing.objects.bulk_create(
        Phrasing(item=item, order=order, **plain(each)) for order, each in enumerate(phrasings)
    )
    return item


@transaction.atomic
def alias_add(item_id: str, text: str) -> Alias:
    """Give an item one more name; raises KnowledgeError if it cannot be."""
    text = text.strip()
    if not 1 < len(text) <= 30:
        raise KnowledgeError(f"an alias has 2 to 30 characters, got {len(text)}")
    item = ServiceItem.objects.filter(pk=item_id).first()
    if item is None:
        raise KnowledgeError(f"there is no item {item_id}")
    owner = Alias.objects.filter(text=text).first()
    if owner is not None:
        raise KnowledgeError(f"“{text}” is already an alias of {owner.item_id}")
    last = item.aliases.aggregate(last=Max("order"))["last"]
    alias = Alias.objects.create(item=item, text=text, order=0 if last is None else last + 1)
    _touch(item)
    return alias


@transaction.atomic
def alias_remove(item_id: str, text: str) -> None:
    """Take a name from an item; raises KnowledgeError if it has no such name."""
    removed, _ = Alias.objects.filter(item_id=item_id, text=text.strip()).delete()
    if not removed:
        raise KnowledgeError(f"{item_id} has no alias “{text}”")
    _touch(ServiceItem.objects.get(pk=item_id))


def _touch(item: ServiceItem) -> None:
    item_edited(item.item_id)


def item_edited(item_id: str) -> None:
    """Note that the office changed an item; a new release will not overwrite it."""
    ServiceItem.objects.filter(pk=item_id).update(edited=True, version=F("version") + 1)


def publication_request(
    requested_by: str, reason: str = "", changes: Sequence[Mapping[str, Any]] = ()
) -> Publication:
    """Ask for a publication; the publishing thread of the web process carries it out.

    ``changes`` (``knowledge.changes``) are stored with it if lint and gate let them pass.
    """
    return Publication.objects.create(
        requested_by=requested_by[:100], reason=reason, changes=[dict(each) for each in changes]
    )


def changes_store(changes: Iterable[Change]) -> None:
    """Write records as they are to be, in the caller's transaction; raises RecordError."""
    for change in changes:
        if change.kind == ITEM:
            _item_change(change)
        elif change.kind == TERM:
            _term_change(change)
        else:
            _entry_change(change)


def _item_change(change: Change) -> None:
    mine = ServiceItem.objects.filter(pk=change.record_id)
    if change.content is None:
        mine.update(state="retired", edited=True)
        return
    said = change.phrasings
    if said is None:
        rows = Phrasing.objects.filter(item_id=change.record_id).order_by("order")
        said = [dict(row) for row in rows.values("text", "style", "facet", "origin")]
    record = record_read(ITEM, change.record_id, change.content)
    item_store(record, phrasings_read(change.record_id, said))
    mine.update(edited=True)


def _term_change(change: Change) -> None:
    if change.content is None:
        LocalTerm.objects.filter(word=change.record_id).update(is_active=False)
        return
    record_read(TERM, change.record_id, change.content)
    held = {**change.content, "is_active": True}
    LocalTerm.objects.update_or_create(word=held.pop("word"), defaults=held)


def _entry_change(change: Change) -> None:
    entry = Entry.objects.filter(kind=change.kind, entry_id=change.record_id).first()
    if entry is None:
        if change.content is None:
            return
        last = Entry.objects.filter(kind=change.kind).aggregate(last=Max("order"))["last"]
        order = 0 if last is None else last + 1
        entry = Entry(kind=change.kind, entry_id=change.record_id, order=order)
    if change.content is not None:
        record = record_read(change.kind, change.record_id, change.content)
        entry.content = plain(record)
    entry.is_active, entry.edited = change.content is not None, True
    entry.save()


def gate_load(questions: Sequence[GateQuestion]) -> int:
    """Make the set of questions that ship, if it does not exist; returns how many it got."""
    if not questions or QuestionSet.objects.filter(name=GATE_SET).exists():
        return 0
    gate = QuestionSet.objects.create(name=GATE_SET, is_gate=True)
    rows = [Question(set=gate, **plain(question)) for question in questions]
    return len(Question.objects.bulk_create(rows))


def _fingerprint(data: Any) -> str:
    return hashlib.sha256(json.dumps(data, ensure_ascii=False, sort_keys=True).encode()).hexdigest()
