"""What happens to reports by themselves: somebody is found, told, reminded, and looked after."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Final

from django.db import transaction

from bot import clock
from bot.casework.calendar import office_calendar
from bot.reports import selectors, telling
from bot.reports.models import Report
from bot.reports.opening import responsible_find
from bot.reports.steps import OFFICE, locked, step_note

log = logging.getLogger(__name__)

# How long before it is due she is reminded, in working time.
REMIND_MINUTES: Final = 4 * 60
# How long somebody may be silent about what is urgent: told → reminded → the supervisors.
URGENT_SILENCE: Final = timedelta(minutes=30)


def reports_sweep() -> None:
    """Do what is due; staff are reminded while the office works only."""
    now, calendar = clock.now(), office_calendar()
    _each(selectors.unanswered_for(), responsible_find)
    _each(selectors.untold(), _tell)
    if not calendar.is_working(now):
        return
    soon = calendar.add_minutes(now, REMIND_MINUTES)
    _each(selectors.unreminded(now, soon, now - URGENT_SILENCE), _remind)
    _each(selectors.unescalated(now, now - URGENT_SILENCE), _escalate)


def _each(reports: Iterable[Report], do: Callable[[Report], None]) -> None:
    """Do it in a transaction for each; one that fails does not stop the others."""
    for report in list(reports):
        try:
            with transaction.atomic():
                do(locked(report))
        except Exception:
            log.exception("report %s: the sweep's %s failed", report.number, do.__name__)


def _tell(report: Report) -> None:
    if report.told_at is None and telling.is_time(report, clock.now()):
        telling.responsible_tell(report, clock.now())


def _remind(report: Report) -> None:
    if report.reminded_at is not None or report.responsible is None:
        return
    report.reminded_at = clock.now()
    event = step_note(report, "remind", None, by=OFFICE)
    telling.staff_say(report, report.responsible, _about(report), f"remind:{event.pk}")


def _escalate(report: Report) -> None:
    if report.escalated_at is not None:
        return
    report.escalated_at = clock.now()
    event = step_note(report, "escalate", None, by=OFFICE)
    what = "加急的还没动静" if report.is_urgent else "超过时限"
    telling.supervisors_tell(report, what, f"escalate:{event.pk}")


def _about(report: Report) -> str:
    return "请马上处理" if report.is_urgent else "快到时限了"
