"""The sample's guides: the ones that ship, and variants of them under other ids and names."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import cycle, islice
from typing import Any, Final

from bot.sample.dice import stored
from knowledge import mapping
from knowledge.files import KnowledgeFiles, load_knowledge
from knowledge.models import ItemRow, Phrasing, ServiceItem
from knowledge.record import ServiceItem as Guide
from knowledge.record import plain
from knowledge.services import knowledge_load

PHRASINGS: Final = 4
# Two of a hundred are out of service.
RETIRED_EVERY: Final = 50


def guides_make(count: int) -> list[tuple[str, str]]:
    """Store what ships and variants up to so many guides; returns (id, name) of all."""
    files = load_knowledge()
    knowledge_load(files)
    wanted = max(0, count - len(files.items))
    variants = list(islice(_variants(files), wanted))
    stored((_item(record) for record in variants), wanted, "guides")
    rows = _rows(files, variants)
    for model, found in rows.items():
        stored(found, len(found), f"guides: {model._meta.verbose_name_plural}")
    return list(ServiceItem.objects.values_list("item_id", "name"))


def _variants(files: KnowledgeFiles) -> Iterator[dict[str, Any]]:
    guides: list[Guide] = list(files.items.values())
    for number, guide in enumerate(cycle(guides), start=1):
        round_ = (number - 1) // len(guides) + 1
        yield {
            **plain(guide),
            # Ids of tickets hold eight characters.
            "item_id": f"YL{number:05}",
            "name": f"{guide.name}（样例{round_}）",
            "state": "retired" if number % RETIRED_EVERY == 0 else "published",
            "like": guide.item_id,
        }


def _item(record: dict[str, Any]) -> ServiceItem:
    return ServiceItem(**mapping.columns_of(record), edited=True)


def _rows(files: KnowledgeFiles, variants: list[dict[str, Any]]) -> dict[type[ItemRow], list[Any]]:
    found: dict[type[ItemRow], list[Any]] = defaultdict(list)
    for record in variants:
        said = [plain(each) for each in files.phrasings.get(record["like"], [])[:PHRASINGS]]
        lists: dict[type[ItemRow], list[Any]] = {**mapping.rows_of(record), Phrasing: said}
        for model, entries in lists.items():
            build: Any = model
            for order, entry in enumerate(entries):
                found[model].append(build(item_id=record["item_id"], order=order, **entry))
    return found
