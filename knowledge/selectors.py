"""What is asked of the knowledge in the database."""

from __future__ import annotations

from typing import Any, TypeVar

from knowledge import mapping
from knowledge.files import KnowledgeFiles, load_catalogue
from knowledge.models import AMBIGUOUS, OUT_OF_SCOPE, Entry, Phrasing, ServiceItem
from knowledge.record import Emergency, Event, Place, ReportKind, Subject, read
from knowledge.record import Phrasing as PhrasingRecord
from knowledge.record import ServiceItem as ItemRecord

T = TypeVar("T")


def item_record(item: ServiceItem) -> ItemRecord:
    """Return an item of the database as a record; raises RecordError if its rows do not fit."""
    return read(mapping.record_of(item), ItemRecord, item.item_id)


def stored_knowledge() -> KnowledgeFiles:
    """Return all that may be published: answerable items and every other record."""
    lists = [mapping.related_name(model) for model in mapping.LISTS]
    items = ServiceItem.objects.answerable().prefetch_related(*lists)
    phrasings: dict[str, list[PhrasingRecord]] = {}
    for row in Phrasing.objects.order_by("item_id", "order"):
        phrasings.setdefault(row.item_id, []).append(_phrasing(row))
    records = [item_record(item) for item in items]
    rest = _entries(OUT_OF_SCOPE, dict[str, Any])
    return KnowledgeFiles(
        catalogue=load_catalogue(),
        items={record.item_id: record for record in records},
        phrasings=phrasings,
        events=_entries("event", Event),
        subjects=_entries("subject", Subject),
        emergencies=_entries("emergency", Emergency),
        report_kinds=_entries("report", ReportKind),
        places=_entries("place", Place),
        ambiguous={
            entry["id"]: entry["candidates"] for entry in _entries(AMBIGUOUS, dict[str, Any])
        },
        out_of_scope=[text for entry in rest for text in entry["texts"]],
    )


def _phrasing(row: Phrasing) -> PhrasingRecord:
    data = {name: getattr(row, name) for name in ("text", "style", "facet", "origin")}
    return read(data, PhrasingRecord, f"phrasing {row.pk}")


def _entries(kind: str, record: type[T]) -> list[T]:
    return [
        read(entry.content, record, f"{kind} {entry.entry_id}")
        for entry in Entry.objects.filter(kind=kind)
    ]
