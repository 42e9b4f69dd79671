"""What is asked of the knowledge in the database."""

from __future__ import annotations

from typing import Any, TypeVar

from django.db.models import QuerySet

from knowledge import mapping
from knowledge.files import KnowledgeFiles, load_catalogue
from knowledge.models import AMBIGUOUS, OUT_OF_SCOPE, Entry, ItemRow, Phrasing, ServiceItem
from knowledge.record import (
    Checklist,
    Emergency,
    Event,
    Place,
    ReportKind,
    Subject,
    Topic,
    read,
)
from knowledge.record import Phrasing as PhrasingRecord
from knowledge.record import ServiceItem as ItemRecord

T = TypeVar("T")
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
        out_of_scope=[text for entry in rest for text in entry["texts"]],
    )


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
        for entry in Entry.objects.filter(kind=kind).order_by("order", "entry_id")
    ]
