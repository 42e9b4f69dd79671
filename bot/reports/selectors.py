"""What is asked about reports."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db.models import Q, QuerySet

from bot.evidence.models import Upload
from bot.reports import states
from bot.reports.models import Report

_HERS = (states.ASSIGNED, states.IN_PROGRESS, states.REOPENED)


def reports_open() -> QuerySet[Report]:
    """Return the reports that are not over, what is urgent and due first."""
    rows = Report.objects.filter(state__in=states.OPEN)
    return rows.select_related("community", "responsible").order_by("-is_urgent", "due_at", "pk")


def overdue(now: datetime) -> QuerySet[Report]:
    """Return the open reports whose time is over."""
    return reports_open().filter(due_at__lte=now)


def unanswered_for() -> QuerySet[Report]:
    """Return the open reports that nobody answers for, or somebody who has left."""
    nobody = Q(responsible=None) | Q(responsible__is_active=False)
    return reports_open().filter(nobody).exclude(state=states.EVIDENCE_GIVEN)


def untold() -> QuerySet[Report]:
    """Return the reports whose responsible person has not been told yet."""
    return reports_open().filter(told_at=None, responsible__isnull=False, state__in=_HERS)


def unreminded(
    now: datetime, due_before: datetime, urgent_before: Mapping[str, datetime]
) -> QuerySet[Report]:
    """Return the reports of which the responsible person is to be reminded, once.

    Ordinary ones that are due soon, urgent ones that stand in a state since before the moment that
    ``urgent_before`` has for it.
    """
    soon = Q(is_urgent=False, due_at__lte=due_before, due_at__gt=now)
    silent = _urgent("told_at", urgent_before)
    return reports_open().filter(soon | silent, reminded_at=None, state__in=_HERS)


def unescalated(now: datetime, urgent_before: Mapping[str, datetime]) -> QuerySet[Report]:
    """Return the reports that do not move and of which the supervisors have not been told.

    Nobody is reminded of given evidence: it waits for the supervisors themselves.
    """
    late = Q(is_urgent=False, due_at__lte=now)
    silent = _urgent("reminded_at", urgent_before)
    unseen = _urgent("told_at", urgent_before) & Q(state=states.EVIDENCE_GIVEN)
    return reports_open().filter(late | silent | unseen, escalated_at=None)


def _urgent(since: str, before: Mapping[str, datetime]) -> Q:
    found = Q(pk__in=[])
    for state, moment in before.items():
        found |= Q(is_urgent=True, state=state, **{f"{since}__lte": moment})
    return found


def uploads_of(report: Report) -> QuerySet[Upload]:
    """Return the pictures of a report, of everybody who reported it and of staff."""
    numbers = [report.number, *report.reporters.values_list("number", flat=True)]
    return Upload.objects.filter(number__in=numbers)
