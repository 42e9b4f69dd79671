"""What is asked of the knowledge in the database."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeVar

from django.db.models import QuerySet

from knowledge import mapping
from knowledge.changes import ITEM, TERM
from knowledge.files import KnowledgeFiles, load_catalogue
from knowledge.models import (
    AMBIGUOUS,
    OUT_OF_SCOPE,
    Entry,
    ItemRow,
    LocalTerm,
    Phrasing,
    Question,
    ServiceItem,
)
from knowledge.record import (
    Checklist,
    Emergency,
    Event,
    GateQuestion,
    Place,
    ReportKind,
    Subject,
    Topic,
    plain,
    read,
)
from knowledge.record import LocalTerm as TermRecord
from knowledge.record import Phrasing as PhrasingRecord
from knowledge.record import ServiceItem as ItemRecord

T = TypeVar("T")


@dataclass(frozen=True)
class StoredRecord:
    """One record of the database as plain data; ``phrasings`` are an item's, else None."""

    kind: str
    record_id: str
    content: dict[str, Any]
    phrasings: list[dict[str, Any]] | None
    is_active: bool


TERM_FIELDS = ("word", "canonical", "kind", "spoken")
PHRASING_FIELDS = ("text", "style", "facet", "origin")


def item_record(item: ServiceItem) -> ItemRecord:
    """Return an item of the database as a record; raises RecordError if its rows do not fit."""
    return item_records(ServiceItem.objects.filter(pk=item.pk))[item.pk]


def item_records(items: QuerySet[ServiceItem]) -> dict[str, ItemRecord]:
    """Return items as records by id; raises RecordError naming the item whose rows do not fit.

    One query a table, without model instances: a publication reads everything within a second.
    """
    columns = {row["item_id"]: row for row in items.values(*mapping.COLUMNS)}
    lists: dict[str, dict[type[ItemRow], list[dict[str, Any]]]] = {pk: {} for pk in columns}
    for model in mapping.LISTS:
        table: Any = model._default_manager
        for row in table.filter(item_id__in=columns).order_by("item_id", "order").values():
            lists[row["item_id"]].setdefault(model, []).append(row)
    return {
        item_id: read(mapping.record_of(row, lists[item_id]), ItemRecord, item_id)
        for item_id, row in columns.items()
    }


def stored_knowledge() -> KnowledgeFiles:
    """Return all that may be published: answerable items and every other record."""
    rest = _entries(OUT_OF_SCOPE, dict[str, Any])
    return KnowledgeFiles(
        catalogue=load_catalogue(),
        items=item_records(ServiceItem.objects.answerable()),
        phrasings=_phrasings(),
        events=_entries("event", Event),
        subjects=_entries("subject", Subject),
        emergencies=_entries("emergency", Emergency),
        report_kinds=_entries("report", ReportKind),
        checklists=_entries("checklist", Checklist),
        topics=_entries("topic", Topic),
        places=_entries("place", Place),
        ambiguous={
            entry["id"]: entry["candidates"] for entry in _entries(AMBIGUOUS, dict[str, Any])
        },
        terms=stored_terms(),
        out_of_scope=[text for entry in rest for text in entry["texts"]],
    ).with_own_rows()


def stored_record(kind: str, record_id: str) -> StoredRecord | None:
    """Return one record, whether or not it is in service, or None; raises RecordError."""
    if kind == ITEM:
        items = item_records(ServiceItem.objects.filter(pk=record_id))
        if record_id not in items:
            return None
        item = items[record_id]
        said = Phrasing.objects.filter(item_id=record_id).order_by("order")
        phrasings = [plain(_phrasing(record_id, row)) for row in said.values(*PHRASING_FIELDS)]
        return StoredRecord(kind, record_id, plain(item), phrasings, item.state == "published")
    if kind == TERM:
        return _stored_term(record_id)
    entry = Entry.objects.filter(kind=kind, entry_id=record_id).first()
    if entry is None:
        return None
    return StoredRecord(kind, record_id, entry.content, None, entry.is_active)


def _stored_term(word: str) -> StoredRecord | None:
    term = LocalTerm.objects.filter(word=word).values(*TERM_FIELDS, "is_active").first()
    if term is None:
        return None
    is_active = term.pop("is_active")
    return StoredRecord(TERM, word, dict(term), None, is_active)


def stored_terms() -> list[TermRecord]:
    """Return the local terms that matching and speech go by."""
    rows = LocalTerm.objects.in_use().values(*TERM_FIELDS)
    return [read(row, TermRecord, row["word"]) for row in rows]


def _phrasing(item_id: str, row: dict[str, Any]) -> PhrasingRecord:
    return read(row, PhrasingRecord, item_id)


def gate_questions() -> list[GateQuestion]:
    """Return the questions that a publication has to pass, each text once."""
    rows = Question.objects.of_the_gate().values_list("text", "expected")
    found = {text: GateQuestion(text=text, expected=expected) for text, expected in rows}
    return list(found.values())


def stored_guides() -> dict[str, tuple[ItemRecord, list[PhrasingRecord]]]:
    """Return every item of the database with its phrasings, whatever its state."""
    phrasings = _phrasings()
    items = item_records(ServiceItem.objects.all())
    return {item_id: (item, phrasings.get(item_id, [])) for item_id, item in items.items()}


def stored_report_kinds() -> list[ReportKind]:
    """Return the kinds of reports of the database, in their order."""
    return _entries("report", ReportKind)


def _phrasings() -> dict[str, list[PhrasingRecord]]:
    phrasings: dict[str, list[PhrasingRecord]] = {}
    said = Phrasing.objects.order_by("item_id", "order")
    for item_id, *values in said.values_list("item_id", *PHRASING_FIELDS):
        data = dict(zip(PHRASING_FIELDS, values, strict=True))
        phrasings.setdefault(item_id, []).append(read(data, PhrasingRecord, item_id))
    return phrasings


def _entries(kind: str, record: type[T]) -> list[T]:
    return [
        read(entry.content, record, f"{kind} {entry.entry_id}")
        for entry in Entry.objects.filter(kind=kind, is_active=True).order_by("order", "entry_id")
    ]
