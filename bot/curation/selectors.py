"""What is asked about revisions and about the records they change."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from bot.accounts.models import Staff, StaffRole
from bot.curation.models import Revision
from knowledge.changes import ITEM, name_of
from knowledge.files import load_catalogue
from knowledge.models import Entry, ServiceItem
from knowledge.selectors import StoredRecord, stored_record


def record_in_force(kind: str, record_id: str) -> StoredRecord | None:
    """Return what is stored of a record, None if there is nothing; raises RecordError."""
    return stored_record(kind, record_id)


def base_of(stored: StoredRecord | None) -> str:
    """Return what identifies the record as it is in force, empty where there is none."""
    if stored is None:
        return ""
    data = [stored.content, stored.phrasings, stored.is_active]
    text = json.dumps(data, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def open_revision(kind: str, record_id: str) -> Revision | None:
    """Return the revision that has the record, with its author and editor."""
    rows = Revision.objects.open().of(kind, record_id).filter(author__isnull=False)
    return rows.select_related("author", "editor", "reviewer").first()


def history_of(kind: str, record_id: str) -> list[Revision]:
    """Return what came into force for a record, the newest first."""
    rows = Revision.objects.of(kind, record_id).filter(state=Revision.State.PUBLISHED)
    return list(rows.select_related("author", "editor", "reviewer", "publication"))


def may_decide(staff: Staff, revision: Revision) -> bool:
    """Whether somebody had no hand in it; her roles are for policies."""
    return staff.pk not in {revision.author_id, revision.editor_id, *revision.writers}


@dataclass(frozen=True)
class Compared:
    """A revision against what is in force (or was, when it was published)."""

    before: dict[str, Any] | None
    after: dict[str, Any] | None
    phrasings_before: list[dict[str, Any]]
    phrasings_after: list[dict[str, Any]]


def compared(revision: Revision) -> Compared:
    """Return both sides of a revision for ``bot.curation.diff``; raises RecordError."""
    if revision.state == Revision.State.PUBLISHED:
        held = revision.before or {}
        content, phrasings = held.get("content"), held.get("phrasings")
    else:
        stored = stored_record(revision.kind, revision.record_id)
        content = stored.content if stored and stored.is_active else None
        phrasings = stored.phrasings if stored else None
    said = phrasings or []
    after = said if revision.phrasings is None else revision.phrasings
    return Compared(content, revision.content, said, after)


def new_item_id(category: str) -> str:
    """Return an id for a new item of a category: its letters and the next number."""
    catalogue = load_catalogue()
    prefix = next((i[:2] for i, row in catalogue.items() if row.category == category), "BD")
    taken = {*catalogue, *ServiceItem.objects.values_list("item_id", flat=True)}
    taken |= set(Revision.objects.filter(kind=ITEM).values_list("record_id", flat=True))
    numbers = [int(i[2:]) for i in taken if i.startswith(prefix) and i[2:].isdigit()]
    return f"{prefix}{max(numbers, default=0) + 1:02d}"


def new_entry_id(kind: str) -> str:
    """Return an id for a new entry: the letter of its siblings and the next number."""
    taken = {*Entry.objects.filter(kind=kind).values_list("entry_id", flat=True)}
    taken |= set(Revision.objects.filter(kind=kind).values_list("record_id", flat=True))
    numbered = [i for i in taken if i[:1].isalpha() and i[1:].isdigit()]
    letter = numbered[0][:1] if numbered else kind[:1].upper()
    width = max((len(i) - 1 for i in numbered), default=2)
    return f"{letter}{max((int(i[1:]) for i in numbered), default=0) + 1:0{width}d}"


def shown_name(revision: Revision) -> str:
    """Return what staff call the record of a revision."""
    return revision.name or name_of(revision.kind, revision.content) or revision.record_id


def staff_with(role: str) -> list[Staff]:
    """Return the active accounts with a role."""
    people = Staff.objects.filter(is_active=True, roles__role=StaffRole.Role(role))
    return list(people.distinct().order_by("id"))
