"""How a report comes into being: a new one, or another voice for one that is open already.

Everything here runs inside the caller's transaction.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from bot import clock
from bot.accounts.models import Staff
from bot.casework.digests import phone_digest, place_digest
from bot.casework.models import CaseNumber
from bot.casework.numbers import number_new
from bot.conversations.models import Conversation
from bot.gazetteer.selectors import community_of
from bot.reports import telling
from bot.reports.alike import report_alike
from bot.reports.models import Report, Reporter, SourceEvent
from bot.reports.routing import ABOUT_STAFF, is_urgent, responsible_for
from bot.reports.steps import OFFICE, RESIDENT, STAFF, due, event_first, step_note, step_take
from knowledge.record import ReportKind

# A device that says the same again within this time is counted, and nothing else.
STORM: Final = timedelta(minutes=10)


@dataclass(frozen=True)
class ReportRequest:
    """Something that is wrong somewhere; ``place`` is empty where there is none.

    ``source_name`` and ``source_event_id`` are a device's or another program's own.
    """

    kind: ReportKind
    place: str
    description: str
    phone: str = ""
    is_anonymous: bool = True
    source: str = Report.Source.RESIDENT
    source_name: str = ""
    source_event_id: str = ""


@dataclass(frozen=True)
class Asking:
    """Who brings a request: ``key`` is the same for every repetition of it."""

    key: str
    conversation: Conversation | None = None
    staff: Staff | None = None


@dataclass(frozen=True)
class Opening:
    """Where a request has led; ``is_new`` says that it has opened a report just now."""

    reporter: Reporter
    is_new: bool


def known(request: ReportRequest, key: str) -> Opening | None:
    """Return where the same request, or the same event of its source, has led before."""
    reporters = Reporter.objects.select_related("report")
    found = reporters.filter(request_key=key).first()
    if found is None and request.source_event_id:
        event = SourceEvent.objects.filter(
            source_name=request.source_name, source_event_id=request.source_event_id
        ).first()
        found = reporters.filter(report=event.report_id).first() if event else None
    return Opening(found, is_new=False) if found else None


def opened(request: ReportRequest, asking: Asking) -> Opening:
    """Open a report, or join the open one about the same thing."""
    now = clock.now()
    community = community_of(request.place) or community_of(request.description)
    alike = report_alike(request.kind.kind_id, request.place, community, now, request.source_name)
    if alike is None:
        report = Report(
            number=number_new(CaseNumber.Kind.REPORT), community=community, opened_at=now
        )
        return Opening(_new(report, request, asking), is_new=True)
    if request.source_event_id:
        _repeated(alike, request, now)
        return Opening(alike.reporters.select_related("report")[0], is_new=False)
    reporter = _reporter(alike, number_new(CaseNumber.Kind.REPORT), request, asking)
    step_note(alike, "join", asking.staff, _said(alike, request), _by(request, asking))
    if is_urgent(request.kind):
        urgent_make(alike)
    return Opening(reporter, is_new=False)


def _new(report: Report, request: ReportRequest, asking: Asking) -> Reporter:
    kind = request.kind
    report.request_key = asking.key
    report.source = request.source
    report.source_name = request.source_name
    report.source_event_id = request.source_event_id
    report.kind_id, report.kind_name = kind.kind_id, kind.name
    report.responsible_role = kind.responsible_role
    report.due_working_days = kind.due_working_days
    report.is_urgent = is_urgent(kind)
    report.is_about_staff = kind.kind_id in ABOUT_STAFF
    report.sealed_place, report.place_digest = request.place, place_digest(request.place)
    report.sealed_description = request.description
    report.due_at = due(report, report.opened_at)
    report.changed_at = report.opened_at
    report.save()
    reporter = _reporter(report, report.number, request, asking)
    _heard(report, request, report.opened_at)
    event_first(report, asking.staff, _by(request, asking))
    responsible_find(report)
    return reporter


def responsible_find(report: Report) -> None:
    """Give a locked report to whoever is to answer for it, if the office has anybody."""
    person = responsible_for(report.responsible_role, report.community, clock.now())
    if person is not None:
        report.responsible = person
        step_take(report, "assign", None, by=OFFICE)


def _reporter(report: Report, number: str, request: ReportRequest, asking: Asking) -> Reporter:
    return Reporter.objects.create(
        report=report,
        conversation=asking.conversation,
        request_key=asking.key,
        number=number,
        sealed_phone=request.phone,
        phone_digest=phone_digest(request.phone),
        is_anonymous=request.is_anonymous,
        reported_at=clock.now(),
    )


def _heard(report: Report, request: ReportRequest, now: datetime) -> SourceEvent | None:
    if not request.source_event_id:
        return None
    return SourceEvent.objects.create(
        report=report,
        source_name=request.source_name,
        source_event_id=request.source_event_id,
        came_at=now,
    )


def _repeated(report: Report, request: ReportRequest, now: datetime) -> None:
    """Count what a device says again; if it has been quiet in between, it is written down too."""
    last = report.source_events.filter(source_name=request.source_name).order_by("came_at").last()
    event = _heard(report, request, now)
    report.repeats += 1
    report.save(update_fields=["repeats"])
    if last is None or now - last.came_at >= STORM:
        step_note(report, "join", None, _said(report, request), OFFICE)
        if report.is_urgent and report.responsible and event:
            telling.staff_say(report, report.responsible, "又报警了", f"again:{event.pk}")
    if is_urgent(request.kind):
        urgent_make(report)


def _said(report: Report, request: ReportRequest) -> str:
    """Return what was said, with the place where it is called otherwise than the report's."""
    if place_digest(request.place) == report.place_digest:
        return request.description
    return f"{request.description}（地点：{request.place}）"


def urgent_make(report: Report) -> None:
    """Make a locked report urgent, if it is not, because somebody reports the same as urgent."""
    if report.is_urgent:
        return
    report.is_urgent = True
    report.due_at = min(report.due_at, due(report, clock.now()))
    report.told_at = report.reminded_at = report.escalated_at = None
    step_note(report, "urgent", None, by=OFFICE)


def _by(request: ReportRequest, asking: Asking) -> str:
    if asking.staff is not None:
        return STAFF
    return RESIDENT if request.source == Report.Source.RESIDENT else OFFICE
