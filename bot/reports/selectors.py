"""What is asked about reports."""

from __future__ import annotations

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
    now: datetime, due_before: datetime, urgent_told_before: datetime
) -> QuerySet[Report]:
    """Return the reports of which the responsible person is to be reminded, once.

    Ordinary ones that are due soon, urgent ones that she has not begun long after being told.
    """
    soon = Q(is_urgent=False, due_at__lte=due_before, due_at__gt=now)
    silent = Q(is_urgent=True, told_at__lte=urgent_told_before)
    silent &= Q(state__in=(states.ASSIGNED, states.REOPENED))
    return reports_open().filter(soon | silent, reminded_at=None, state__in=_HERS)


def unescalated(now: datetime, urgent_reminded_before: datetime) -> QuerySet[Report]:
    """Return the reports that do not move and of which the supervisors have not been told."""
    late = Q(is_urgent=False, due_at__lte=now)
    silent = Q(is_urgent=True, reminded_at__lte=urgent_reminded_before)
    silent &= Q(state__in=(states.ASSIGNED, states.REOPENED))
    return reports_open().filter(late | silent, escalated_at=None)


def uploads_of(report: Report) -> QuerySet[Upload]:
    """Return the pictures of a report, of everybody who reported it and of staff."""
    numbers = [report.number, *report.reporters.values_list("number", flat=True)]
    return Upload.objects.filter(number__in=numbers)
