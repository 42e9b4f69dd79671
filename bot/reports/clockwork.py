"""What happens to reports by themselves: somebody is found, told, reminded, and looked after."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Final

from django.db import transaction
from django.db.models import QuerySet

from bot import clock
from bot.casework.calendar import office_calendar
from bot.reports import selectors, states, telling
from bot.reports.models import Report
from bot.reports.opening import responsible_find
from bot.reports.steps import OFFICE, locked, step_note

log = logging.getLogger(__name__)

# How long before it is due she is reminded, in working time.
REMIND_MINUTES: Final = 4 * 60
# How long what is urgent may stand in a state, moved → reminded → the supervisors.
URGENT_LIMITS: Final = {
    states.ASSIGNED: timedelta(minutes=30),
    states.REOPENED: timedelta(minutes=30),
    states.IN_PROGRESS: timedelta(hours=4),
    states.EVIDENCE_GIVEN: timedelta(hours=4),
}
_STANDS: Final = {
    states.IN_PROGRESS: "加急的还没处理好",
    states.EVIDENCE_GIVEN: "加急的还没核实",
}


def reports_sweep() -> None:
    """Do what is due; staff are reminded while the office works only."""
    now, calendar = clock.now(), office_calendar()
    _each(selectors.unanswered_for(), responsible_find)
    _each(selectors.untold(), _tell)
    if not calendar.is_working(now):
        return
    soon = calendar.add_minutes(now, REMIND_MINUTES)
    urgent_before = {state: now - limit for state, limit in URGENT_LIMITS.items()}
    _each(selectors.unreminded(now, soon, urgent_before), _remind)
    _each(selectors.unescalated(now, urgent_before), _escalate)


def _each(reports: QuerySet[Report], do: Callable[[Report], None]) -> None:
    """Do it in a transaction for each of which it is still true when it is locked.

    One that fails does not stop the others.
    """
    for report in list(reports):
        try:
            with transaction.atomic():
                fresh = locked(report)
                if reports.filter(pk=fresh.pk).exists():
                    do(fresh)
        except Exception:
            log.exception("report %s: the sweep's %s failed", report.number, do.__name__)


def _tell(report: Report) -> None:
    if telling.is_time(report, clock.now()):
        telling.responsible_tell(report, clock.now())


def _remind(report: Report) -> None:
    if report.responsible is None:
        return
    report.reminded_at = clock.now()
    event = step_note(report, "remind", None, by=OFFICE)
    telling.staff_say(report, report.responsible, _about(report), f"remind:{event.pk}")


def _escalate(report: Report) -> None:
    report.escalated_at = clock.now()
    event = step_note(report, "escalate", None, by=OFFICE)
    telling.supervisors_tell(report, _late(report), f"escalate:{event.pk}")


def _about(report: Report) -> str:
    return "请马上处理" if report.is_urgent else "快到时限了"


def _late(report: Report) -> str:
    if not report.is_urgent:
        return "超过时限"
    return _STANDS.get(report.state, "加急的还没动静")
