"""The shipped knowledge as files: reads and writes ``knowledge/data``, checks only the form.

Files are the source of truth for what ships; the database holds what the office edits.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

import yaml

from knowledge.record import (
    Checklist,
    Emergency,
    Event,
    GateQuestion,
    LocalTerm,
    Phrasing,
    Place,
    RecordError,
    ReportKind,
    ServiceItem,
    Subject,
    Topic,
    read,
)

DATA_DIR = Path(__file__).parent / "data"
GATE_QUESTIONS = "gate_questions.yml"
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
T = TypeVar("T")


@dataclass(frozen=True)
class CatalogueRow:
    """One row of the fixed catalogue of 193 items, or of what the office ``is_own`` added to it."""

    item_id: str
    category: str
    name: str
    audience: tuple[str, ...]
    online_high_frequency: bool
    grid_proxy: bool
    proxy_package: bool
    is_own: bool = False


@dataclass(frozen=True)
class KnowledgeFiles:
    """Everything that ``knowledge/data`` holds. Items without a guide are only in the catalogue."""

    catalogue: dict[str, CatalogueRow]
    items: dict[str, ServiceItem]
    phrasings: dict[str, list[Phrasing]]
    events: list[Event] = field(default_factory=list)
    subjects: list[Subject] = field(default_factory=list)
    emergencies: list[Emergency] = field(default_factory=list)
    report_kinds: list[ReportKind] = field(default_factory=list)
    checklists: list[Checklist] = field(default_factory=list)
    topics: list[Topic] = field(default_factory=list)
    places: list[Place] = field(default_factory=list)
    ambiguous: dict[str, list[str]] = field(default_factory=dict)
    terms: list[LocalTerm] = field(default_factory=list)
    out_of_scope: list[str] = field(default_factory=list)
    # For training alone: what only sounds dangerous, and how one asks for each facet of anything.
    calm: list[str] = field(default_factory=list)
    facet_questions: dict[str, list[str]] = field(default_factory=dict)
    # Questions of writers who knew the catalogue alone: no phrasings; they tell how sure the
    # matcher may be of what people ask.
    others: list[GateQuestion] = field(default_factory=list)
    # What every publication has to pass; never trained on.
    gate_questions: list[GateQuestion] = field(default_factory=list)

    def with_own_rows(self) -> KnowledgeFiles:
        """Return it with a row in the catalogue for every item that the office has added."""
        own = {
            item_id: CatalogueRow(
                item_id, item.category, item.name, tuple(item.audience), False, False, False, True
            )
            for item_id, item in self.items.items()
            if item_id not in self.catalogue or self.catalogue[item_id].is_own
        }
        shipped = {item_id: row for item_id, row in self.catalogue.items() if not row.is_own}
        return replace(self, catalogue={**shipped, **dict(sorted(own.items()))})


def load_knowledge(data_dir: Path = DATA_DIR) -> KnowledgeFiles:
    """Read all files below ``data_dir``; raises RecordError naming the file and the field."""
    items = [_load(path, ServiceItem) for path in sorted((data_dir / "items").glob("*.yml"))]
    return KnowledgeFiles(
        catalogue=load_catalogue(data_dir / "catalogue.csv"),
        items={item.item_id: item for item in items},
        phrasings={
            path.stem: _load(path, list[Phrasing])
            for path in sorted((data_dir / "phrasings").glob("*.yml"))
        },
        events=_load_or_empty(data_dir / "events.yml", list[Event]),
        subjects=_load_or_empty(data_dir / "subjects.yml", list[Subject]),
        emergencies=_load_or_empty(data_dir / "emergencies.yml", list[Emergency]),
        report_kinds=_load_or_empty(data_dir / "report_kinds.yml", list[ReportKind]),
        checklists=_load_or_empty(data_dir / "checklists.yml", list[Checklist]),
        topics=_load_or_empty(data_dir / "topics.yml", list[Topic]),
        places=_load_or_empty(data_dir / "places.yml", list[Place]),
        ambiguous=_load_dict(data_dir / "ambiguous.yml"),
        out_of_scope=_load_or_empty(data_dir / "out_of_scope.yml", list[str]),
        calm=_load_or_empty(data_dir / "training" / "calm.yml", list[str]),
        facet_questions=_load_dict(data_dir / "training" / "facet_questions.yml"),
        others=_load_or_empty(data_dir / "training" / "others.yml", list[GateQuestion]),
        gate_questions=_load_or_empty(data_dir / GATE_QUESTIONS, list[GateQuestion]),
    )


def load_catalogue(path: Path = DATA_DIR / "catalogue.csv") -> dict[str, CatalogueRow]:
    """Read the catalogue by item id."""
    with path.open(encoding="utf-8-sig", newline="") as handle:
        return {row["item_id"]: _catalogue_row(row) for row in csv.DictReader(handle)}


def _catalogue_row(row: dict[str, str]) -> CatalogueRow:
    return CatalogueRow(
        item_id=row["item_id"],
        category=row["category"],
        name=row["name"],
        audience=tuple(row["audience"].split("/")),
        online_high_frequency=row["online_high_frequency"] == "1",
        grid_proxy=row["grid_proxy"] == "1",
        proxy_package=row["proxy_package"] == "1",
    )


def _load(path: Path, kind: type[T]) -> T:
    try:
        data = yaml.load(path.read_text(encoding="utf-8"), Loader=_LOADER)  # noqa: S506 (safe loader)
    except yaml.YAMLError as error:
        raise RecordError(f"{path.name}: {error}") from error
    return read(data, kind, path.name)


def _load_or_empty(path: Path, kind: type[list[T]]) -> list[T]:
    return _load(path, kind) if path.exists() else []


def _load_dict(path: Path) -> dict[str, list[str]]:
    return _load(path, dict[str, list[str]]) if path.exists() else {}
