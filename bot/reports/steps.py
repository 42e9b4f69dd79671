"""How a report changes: fresh and locked, by its table of states, logged, and told.

Everything here runs inside the caller's transaction. Who may do it, and what else a step brings
with it, is for services.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from bot import clock
from bot.accounts.models import Staff
from bot.casework.calendar import office_calendar
from bot.reports import states, telling
from bot.reports.models import Report, ReportEvent

RESIDENT: Final = "resident"
STAFF: Final = "staff"
OFFICE: Final = "office"


def locked(report: Report) -> Report:
    """Return the report as it stands now; nobody else changes it until the transaction ends."""
    rows = Report.objects.select_for_update(of=("self",))
    return rows.select_related("community", "responsible").get(pk=report.pk)


def event_first(report: Report, staff: Staff | None, by: str) -> ReportEvent:
    """Log and tell that a report was opened."""
    return _logged(report, "open", "", staff, "", by, report.opened_at)


def step_take(
    report: Report, step: str, staff: Staff | None, note: str = "", by: str = ""
) -> ReportEvent:
    """Take a step with a locked report, save and log it, and tell whom it concerns.

    Raises NotAllowed with a sentence when its state does not allow the step.
    """
    before, now = report.state, clock.now()
    report.state = states.LIFE.target(step, before)
    report.closed_at = None if report.state in states.OPEN else report.closed_at or now
    if report.state in (states.ASSIGNED, states.REOPENED):
        # Somebody has to hear of it, and be given her time, anew.
        report.told_at = report.reminded_at = report.escalated_at = None
    elif report.is_urgent:
        # Who moves it knows of it; it is watched in each state.
        report.told_at, report.reminded_at, report.escalated_at = now, None, None
    return _logged(report, step, before, staff, note, by, now)


def step_note(
    report: Report, step: str, staff: Staff | None, note: str = "", by: str = ""
) -> ReportEvent:
    """Save and log something that leaves a locked report's state as it is, and tell of it."""
    return _logged(report, step, report.state, staff, note, by, clock.now())


def due(report: Report, now: datetime) -> datetime:
    """Return until when it is to be put right, counted from now: what is urgent is due now."""
    if report.is_urgent:
        return now
    return office_calendar().add_days(now, report.due_working_days)


def _logged(
    report: Report,
    step: str,
    before: str,
    staff: Staff | None,
    note: str,
    by: str,
    now: datetime,
) -> ReportEvent:
    report.changed_at = now
    report.save()
    event = ReportEvent.objects.create(
        report=report,
        step=step,
        before=before,
        after=report.state,
        staff=staff,
        by=by or (STAFF if staff else RESIDENT),
        note=note,
        happened_at=now,
    )
    telling.event_tell(report, event)
    return event
