"""The staff's pages about reports: the board, one report, a new one, the table to keep."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bot import clock
from bot.accounts.models import Staff
from bot.accounts.policies import Action, may, require
from bot.audit.models import AuditAction
from bot.audit.services import audit_note
from bot.casework.life import NotAllowed
from bot.casework.looks import look
from bot.console import reports_rows as rows
from bot.console.asking import fragment, needs, problems_of, staff_of
from bot.console.csv_files import csv_response
from bot.console.reports_forms import (
    STEPS,
    ReportForm,
    StepForm,
    VerdictForm,
    form_of,
    offers,
)
from bot.evidence.errors import EvidenceError
from bot.evidence.models import Upload
from bot.evidence.services import upload_look
from bot.reports.errors import ReportError
from bot.reports.models import Report, Reporter
from bot.reports.selectors import uploads_of
from bot.reports.services import report_open, report_verdict
from bot.reports.states import CLOSED, LABELS
from knowledge.selectors import stored_report_kinds


@never_cache
@require_safe
@needs(Action.REPORT_VIEW)
def board(request: HttpRequest) -> HttpResponse:
    """Show the open reports by state, or the reports of one state."""
    staff, wanted = staff_of(request), _wanted(request)
    shown = _list_frame(staff, wanted)
    if wanted.state:
        shown |= rows.page_of(staff, wanted)
        return render(request, "console/reports_list.html", shown)
    return render(request, "console/reports.html", shown | rows.board(staff, wanted))


@never_cache
@require_safe
@needs(Action.REPORT_VIEW)
def live(request: HttpRequest) -> HttpResponse:
    """Return the board's columns alone, or 204 if they are as the page has them."""
    shown = rows.board(staff_of(request), _wanted(request))
    return fragment(request, "console/_reports.html", shown | {"query": request.GET.urlencode()})


@never_cache
@require_POST
@needs(Action.CASE_SEARCH)
def search(request: HttpRequest) -> HttpResponse:
    """Show the reports found; words are sent as a form, so that no number stands in an address."""
    staff, words = staff_of(request), request.POST.get("words", "").strip()[:60]
    if not words:
        return redirect("staff-reports")
    found = rows.found_by(staff, words)
    if len(found) == 1:
        return redirect("staff-report", found[0].report.number)
    shown = _list_frame(staff, rows.Wanted()) | {"rows": found, "words": words, "label": "找到的"}
    return render(request, "console/reports_list.html", shown)


@require_safe
@needs(Action.CASE_EXPORT)
def export(request: HttpRequest) -> StreamingHttpResponse:
    """Hand out the reports as a table, without anybody's name, phone or place."""
    audit_note(AuditAction.EXPORT, staff_of(request), "诉求")
    name = f"诉求 {clock.now():%Y-%m-%d}.csv"
    return csv_response(
        name, rows.EXPORT_HEADER, rows.exported(staff_of(request), _wanted(request))
    )


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@needs(Action.REPORT_CREATE)
def new(request: HttpRequest) -> HttpResponse:
    """Take a report on behalf of somebody who calls, or from one's own round."""
    kinds = stored_report_kinds()
    form = ReportForm(request.POST or None, kinds=kinds, initial={"key": uuid4()})
    if request.method == "POST" and form.is_valid():
        key = f"staff-{form.cleaned_data['key']}"
        reporter = report_open(form.request(), key, staff=staff_of(request))
        return redirect("staff-report-opened", reporter.number)
    status = 422 if form.errors else 200
    return render(request, "console/report_new.html", {"form": form}, status=status)


@never_cache
@require_safe
@needs(Action.REPORT_CREATE)
def opened(request: HttpRequest, number: str) -> HttpResponse:
    """Tell the number to pass on; the report itself may be somebody else's."""
    reporters = Reporter.objects.select_related("report__community", "report__responsible")
    reporter, staff = get_object_or_404(reporters, number=number), staff_of(request)
    may_view = may(staff, Action.REPORT_VIEW, reporter.report)
    if not may_view and not reporter.report.events.filter(staff=staff).exists():
        raise Http404("somebody else took it")
    shown = {
        "reporter": reporter,
        "row": rows.row_of(reporter.report),
        "may_view": may_view,
        "is_joined": reporter.number != reporter.report.number,
    }
    return render(request, "console/report_opened.html", shown)


@never_cache
@require_safe
def report(request: HttpRequest, number: str) -> HttpResponse:
    """Show one report."""
    return _page(request, _found(request, number))


@require_POST
def take(request: HttpRequest, number: str, step: str) -> HttpResponse:
    """Take a step; what cannot be taken stays in its form, with the reason."""
    found, staff = _found(request, number), staff_of(request)
    if step not in STEPS:
        raise Http404(step)
    require(staff, STEPS[step].action, found)
    form = form_of(step, request.POST, request.FILES, rows.candidates(found))
    if not form.is_valid():
        return _page(request, found, form=form, problem=problems_of(form), status=422)
    try:
        left = STEPS[step].take(found, staff, form.cleaned_data)
    except (NotAllowed, ReportError, EvidenceError) as error:
        found.refresh_from_db()
        return _page(request, found, form=form, problem=str(error), status=409)
    return redirect("staff-report", left.number)


@never_cache
@require_POST
def place_look(request: HttpRequest, number: str) -> HttpResponse:
    """Show where it is and what was said word by word; it is noted."""
    found = _personal(request, number)
    look(staff_of(request), found.number, "place")
    return _page(request, found, is_place_shown=True)


@never_cache
@require_POST
def phone_look(request: HttpRequest, number: str) -> HttpResponse:
    """Show the number of one who reported it; it is noted."""
    found = _personal(request, number)
    reporter = get_object_or_404(found.reporters, number=request.POST.get("reporter", ""))
    look(staff_of(request), reporter.number, "phone")
    return _page(request, found, phone=reporter.sealed_phone, phone_of=reporter.pk)


@require_POST
def verdict(request: HttpRequest, number: str) -> HttpResponse:
    """Note what a resident says on the telephone about the result."""
    found, staff = _found(request, number), staff_of(request)
    require(staff, Action.REPORT_CLOSE, found)
    form = VerdictForm(request.POST)
    if not form.is_valid():
        return _page(request, found, problem="请点“解决了”或“没解决”。", status=422)
    if found.state != CLOSED:
        return _page(request, found, problem="还没办结，先不用评。", status=409)
    said = form.cleaned_data
    reporter = get_object_or_404(found.reporters, number=said["number"])
    report_verdict(reporter, said["solved"], f"{staff.display_name}电话回访：{said['words']}")
    return redirect("staff-report", found.number)


@require_safe
def photo(request: HttpRequest, number: str, upload_id: str) -> HttpResponse:
    """Return a picture; who is shown it is noted."""
    found = _personal(request, number)
    upload: Upload = get_object_or_404(uploads_of(found), upload_id=upload_id)
    try:
        data = upload_look(upload, staff_of(request))
    except EvidenceError as error:
        raise Http404("the file is lost") from error
    response = HttpResponse(data, content_type=upload.content_type)
    response.headers["Cache-Control"] = "no-store"
    return response


def _page(
    request: HttpRequest,
    found: Report,
    *,
    form: StepForm | None = None,
    status: int = 200,
    is_place_shown: bool = False,
    **more: Any,
) -> HttpResponse:
    staff = staff_of(request)
    people = rows.candidates(found) if may(staff, Action.REPORT_ASSIGN, found) else []
    shown = {
        **rows.report_page(found, staff, is_place_shown=is_place_shown),
        "offers": offers(found, staff, people, form),
        "joinable": rows.joinable(found, staff) if may(staff, Action.REPORT_JOIN, found) else [],
        **more,
    }
    response = render(request, "console/report.html", shown, status=status)
    response.headers["Cache-Control"] = "no-store"
    return response


def _found(request: HttpRequest, number: str) -> Report:
    """Return a report by its number, or that of one who reported it, to who may see it."""
    reports = Report.objects.select_related("community", "responsible", "joined_to")
    found = reports.filter(number=number).first()
    if found is None:
        reporter = get_object_or_404(Reporter, number=number)
        found = reports.get(pk=reporter.report_id)
    require(staff_of(request), Action.REPORT_VIEW, found)
    return found


def _personal(request: HttpRequest, number: str) -> Report:
    found = _found(request, number)
    require(staff_of(request), Action.PERSONAL_VIEW, found)
    return found


def _wanted(request: HttpRequest) -> rows.Wanted:
    asked = request.GET
    community = asked.get("community", "")
    state = asked.get("state", "")
    return rows.Wanted(
        state=state if state in LABELS else "",
        community=int(community) if community.isdecimal() and len(community) < 10 else None,
        is_mine=asked.get("mine") == "1",
        is_late=asked.get("late") == "1",
        after=asked.get("after", "")[:12],
    )


def _list_frame(staff: Staff, wanted: rows.Wanted) -> dict[str, Any]:
    return {
        "wanted": wanted,
        "query": urlencode(wanted.query),
        "states": LABELS.items(),
        "communities": rows.communities(),
        "may_create": may(staff, Action.REPORT_CREATE),
        "may_export": may(staff, Action.CASE_EXPORT),
    }
