"""Who hears of what happens to a report: its reporters, the one who answers for it, supervisors.

Everything is written in the transaction of its cause; keys see to it that nothing is said twice.
What is urgent is told to staff at any hour, all else while the office works.
"""

from __future__ import annotations

from datetime import datetime

from bot import clock
from bot.accounts.models import Staff
from bot.casework.calendar import office_calendar
from bot.channels.outbox import resident_tell, staff_tell
from bot.reports import phrases, states
from bot.reports.models import Report, Reporter, ReportEvent
from bot.reports.routing import supervisors_of

_GIVEN = ("assign", "reopen", "urgent")


def event_tell(report: Report, event: ReportEvent) -> None:
    """Tell whom an event concerns."""
    now = clock.now()
    if event.before != event.after:
        for reporter in _listeners(report):
            _reporter_tell(reporter, event, now)
    if event.step in _GIVEN and is_time(report, now):
        responsible_tell(report, now)


def is_time(report: Report, now: datetime) -> bool:
    """Whether staff may be told of a report at this hour."""
    return report.is_urgent or office_calendar().is_working(now)


def responsible_tell(report: Report, now: datetime) -> None:
    """Tell the one who answers for it that it is hers; of what cannot wait the supervisors too."""
    given = report.events.filter(step__in=_GIVEN).latest("pk")
    key = f"given:{given.pk}"
    is_back = report.state == states.REOPENED
    if report.responsible:
        what = "居民说没解决，请重新处理" if is_back else "交给你处理"
        # Who takes it herself knows.
        if report.responsible_id != given.staff_id:
            staff_say(report, report.responsible, what, key)
        report.told_at = now
        report.save(update_fields=["told_at"])
    if report.is_urgent or is_back:
        supervisors_tell(report, "居民说没解决" if is_back else "请你盯着", key)


def supervisors_tell(report: Report, what: str, key: str) -> None:
    """Tell the supervisors, except the one who answers for it herself."""
    for supervisor in supervisors_of(report.community):
        if supervisor.pk != report.responsible_id:
            staff_say(report, supervisor, what, key)


def staff_say(report: Report, staff: Staff, what: str, key: str) -> None:
    """Tell one of the staff in one line; the same key is told once."""
    staff_tell(
        staff,
        phrases.staff_line(report, what, clock.now()),
        key=f"report:{report.number}:{key}",
        path=f"/staff/reports/{report.number}/",
    )


def _reporter_tell(reporter: Reporter, event: ReportEvent, now: datetime) -> None:
    if event.step == "open" and reporter.conversation_id:
        # The reply to her own yes says it.
        return
    if text := phrases.step(reporter, event.step, event.note, now):
        key = f"report:{reporter.number}:{event.pk}"
        resident_tell(
            reporter.conversation,
            reporter.sealed_phone,
            text,
            key,
            is_about_staff=event.report.is_about_staff,
        )


def _listeners(report: Report) -> list[Reporter]:
    """Return whoever can be told, each person once however often she reported it."""
    found: dict[str, Reporter] = {}
    for reporter in report.reporters.select_related("conversation", "report"):
        reporter.report = report
        if reporter.conversation_id:
            found.setdefault(f"conversation:{reporter.conversation_id}", reporter)
        elif reporter.sealed_phone:
            found.setdefault(f"phone:{reporter.phone_digest}", reporter)
    return list(found.values())
