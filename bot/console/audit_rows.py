"""The log of changes and the looks at personal data as one list, the newest first.

Looks are kept where they were noted (casework, the desk) and only read here. A place in the list is
its moment, its source and its row; what follows begins behind it.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, Final, NamedTuple

from django.db.models import Model, Q, QuerySet

from bot.accounts.models import Staff
from bot.audit.models import AREAS, AuditEntry
from bot.casework.models import PersonalLook
from bot.casework.numbers import spaced_number
from bot.clock import OFFICE_ZONE
from bot.handovers.models import ContactLook

PAGE_ROWS: Final = 100
LOOKS: Final = "look"
AREA_CHOICES: Final = [*AREAS.items(), (LOOKS, "看个人信息")]
SERVICE: Final = "系统"
_LOOKED_AT = {
    "phone": "电话",
    "address": "地址",
    "name": "名字",
    "id_number": "身份证号",
    "photo": "照片",
    "signature": "签名",
    "paper": "打印单子",
    "place": "地点",
}


class Place(NamedTuple):
    """Where in the list something stands."""

    at: datetime
    source: int
    pk: int

    def __str__(self) -> str:
        return f"{self.at.timestamp():.6f}-{self.source}-{self.pk}"


@dataclass(frozen=True)
class Line:
    """One thing that was done."""

    place: Place
    who: str
    done: str
    what: str
    detail: str

    @property
    def at(self) -> datetime:
        """When."""
        return self.place.at

    def cells(self) -> Sequence[str]:
        """Return it as a row of a table."""
        at = f"{self.at.astimezone(OFFICE_ZONE):%Y-%m-%d %H:%M:%S}"
        return (at, self.who, self.done, self.what, self.detail)


COLUMNS: Final = ("时间", "谁", "做了什么", "对什么", "怎么改的")


@dataclass(frozen=True)
class Wanted:
    """Which part of the list: an area, a person, words, from when, until before when."""

    area: str = ""
    staff: Staff | None = None
    words: str = ""
    since: datetime | None = None
    until: datetime | None = None


def place_named(text: str) -> Place | None:
    """Read a place as it stands in an address; None if it is none."""
    parts = text.split("-")
    try:
        at, source, pk = float(parts[0]), int(parts[1]), int(parts[2])
        return Place(datetime.fromtimestamp(at, OFFICE_ZONE), source, pk)
    except (ValueError, IndexError, OverflowError, OSError):
        return None


def lines(wanted: Wanted, before: Place | None = None) -> tuple[list[Line], Place | None]:
    """Return a page of the list, and behind which place the next begins; None if none follows."""
    found = list(islice(every_line(wanted, before, PAGE_ROWS + 1), PAGE_ROWS + 1))
    if len(found) <= PAGE_ROWS:
        return found, None
    return found[:PAGE_ROWS], found[PAGE_ROWS - 1].place


def every_line(
    wanted: Wanted, before: Place | None = None, most: int | None = None
) -> Iterator[Line]:
    """Return the whole list, row by row; with ``most``, not more than so many of a source."""
    sources = [_source(number, wanted, before, most) for number in range(len(_SOURCES))]
    return heapq.merge(*sources, key=lambda line: line.place, reverse=True)


def _source(number: int, wanted: Wanted, before: Place | None, most: int | None) -> Iterator[Line]:
    model, moment, actor, line = _SOURCES[number]
    if (wanted.area == LOOKS) == (model is AuditEntry) and wanted.area:
        return
    rows = _narrowed(model._default_manager.all(), wanted, moment, actor)
    if before is not None:
        rows = rows.filter(_behind(number, before, moment))
    rows = rows.order_by(f"-{moment}", "-pk").select_related(actor)
    for row in rows[:most].iterator(chunk_size=500):
        who = getattr(row, actor)
        yield line(row, Place(getattr(row, moment), number, row.pk), str(who or SERVICE))


def _narrowed(rows: QuerySet[Any], wanted: Wanted, moment: str, actor: str) -> QuerySet[Any]:
    asked = Q()
    if wanted.staff is not None:
        asked &= Q(**{actor: wanted.staff})
    if wanted.since is not None:
        asked &= Q(**{f"{moment}__gte": wanted.since})
    if wanted.until is not None:
        asked &= Q(**{f"{moment}__lt": wanted.until})
    if rows.model is AuditEntry:
        if wanted.area:
            asked &= Q(action__startswith=f"{wanted.area}.")
        if wanted.words:
            asked &= Q(what__icontains=wanted.words) | Q(detail__icontains=wanted.words)
    elif wanted.words:
        plain = wanted.words.replace(" ", "")
        asked &= Q(number__startswith=plain) if rows.model is PersonalLook else Q(pk__in=[])
    return rows.filter(asked)


def _behind(source: int, place: Place, moment: str) -> Q:
    """What of a source comes after a place: earlier, or at the same moment further down."""
    earlier = Q(**{f"{moment}__lt": place.at})
    same = Q(**{moment: place.at})
    if source < place.source:
        return earlier | same
    return earlier | (same & Q(pk__lt=place.pk)) if source == place.source else earlier


def _changed(row: AuditEntry, place: Place, who: str) -> Line:
    return Line(place, who, row.action_label, row.what, row.detail)


def _looked(row: PersonalLook, place: Place, who: str) -> Line:
    what = _LOOKED_AT.get(row.what, row.what)
    return Line(place, who, "看个人信息", spaced_number(row.number), what)


def _called(row: ContactLook, place: Place, who: str) -> Line:
    what = f"人工{row.handover_id}" if row.handover_id else f"消息{row.notice_id}"
    return Line(place, who, "看个人信息", what, "电话")


# Their order stands in the places: it stays.
_SOURCES: Final[tuple[tuple[type[Model], str, str, Any], ...]] = (
    (AuditEntry, "at", "actor", _changed),
    (PersonalLook, "looked_at", "staff", _looked),
    (ContactLook, "looked_at", "staff", _called),
)
