"""Whose turn is it? By role, community, shift and load. Nothing is assigned here.

A role that is given everywhere covers every community; one that is given for a community goes
before it there. A case that lies in no known community is for roles given everywhere, then for
whoever has the role; but a grid worker knows only her own streets.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from django.db.models import Count, Max, Q, QuerySet

from bot.accounts.models import Shift, Staff, StaffRole
from bot.casework.calendar import office_calendar
from bot.clock import OFFICE_ZONE
from bot.gazetteer.models import Community
from knowledge.opening import day

_WEEKEND: Final = (5, 6)


def on_shift(role: str, community: Community | None, at: datetime) -> list[Staff]:
    """Return who has the role for a community, or everywhere, and works at this moment."""
    return _working([person for group in _groups(role, community) for person in group], at)


def least_loaded(role: str, community: Community | None, at: datetime) -> Staff | None:
    """Return whose turn it is; None when nobody has the role for the community or everywhere.

    Who is on shift in the community, else anybody of the community, else of those who have the
    role everywhere; among these with the fewest open cases, then the longest without a new one.
    """
    for group in _groups(role, community):
        candidates = list(group)
        if candidates:
            return _lightest(_working(candidates, at) or candidates)
    return None


def is_on_shift(shifts: Iterable[Shift], at: datetime) -> bool:
    """Whether somebody with these shifts works at this moment.

    A date's own shifts take the place of its weekday's; on a holiday only they count. Without any
    weekly ones, and on a weekend day that is worked (调休) without one for it, it is the office's
    hours.
    """
    at = at.astimezone(OFFICE_ZONE)
    rows, kind = list(shifts), day(at.date()).kind
    weekly = [row for row in rows if row.weekday is not None]
    todays = [row for row in weekly if row.weekday == at.weekday()]
    if dated := [row for row in rows if row.on == at.date()]:
        return _covers(dated, at)
    is_made_up = kind == "workday" and at.weekday() in _WEEKEND
    if not weekly or (is_made_up and not todays):
        return office_calendar().is_working(at)
    return kind != "holiday" and _covers(todays, at)


def _covers(shifts: Iterable[Shift], at: datetime) -> bool:
    rows = list(shifts)
    return not any(row.is_off for row in rows) and any(_holds(row, at) for row in rows)


def _holds(shift: Shift, at: datetime) -> bool:
    if shift.opens is None or shift.closes is None:
        return office_calendar().is_working(at)
    return shift.opens <= at.time() < shift.closes


def _groups(role: str, community: Community | None) -> list[QuerySet[Staff]]:
    """Return who covers a community, those who are asked first in front."""
    everywhere = _with(role, Q(community=None))
    if community is not None:
        return [_with(role, Q(community=community)), everywhere]
    if role == StaffRole.Role.GRID:
        return [everywhere]
    return [everywhere, _with(role, Q())]


def _with(role: str, where: Q) -> QuerySet[Staff]:
    given = StaffRole.objects.filter(where, role=role)
    return Staff.objects.filter(is_active=True, pk__in=given.values("staff")).order_by("pk")


def _working(candidates: Iterable[Staff], at: datetime) -> list[Staff]:
    known = {person.pk: person for person in candidates}
    shifts: dict[int, list[Shift]] = {key: [] for key in known}
    for row in Shift.objects.filter(staff__in=known):
        shifts[row.staff_id].append(row)
    return [person for key, person in known.items() if is_on_shift(shifts[key], at)]


def _lightest(candidates: list[Staff]) -> Staff:
    keys = [person.pk for person in candidates]
    tickets, reports = _loads("tickets", keys), _loads("reports", keys)

    def rank(person: Staff) -> tuple[int, float, int]:
        (some, last), (more, later) = tickets[person.pk], reports[person.pk]
        return some + more, max(last, later), person.pk

    return min(candidates, key=rank)


def _loads(cases: str, keys: list[int]) -> dict[int, tuple[int, float]]:
    """Return how many open cases each has, and when the newest came (0 for never)."""
    rows = (
        Staff.objects.filter(pk__in=keys)
        .annotate(
            open_cases=Count(
                cases, filter=Q(**{f"{cases}__closed_at": None, f"{cases}__isnull": False})
            ),
            newest=Max(f"{cases}__opened_at"),
        )
        .values_list("pk", "open_cases", "newest")
    )
    return {key: (number, newest.timestamp() if newest else 0.0) for key, number, newest in rows}
