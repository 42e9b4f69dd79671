"""The staff's pages about tickets: board, one ticket, my tickets, papers, the table.

Every rule behind them is in bot.tickets and accounts.policies; what is not allowed becomes a page
with a sentence (doorkeeper).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from bot import clock
from bot.accounts.models import Staff
from bot.accounts.policies import Action, cases_within, may, require
from bot.audit.models import AuditAction
from bot.audit.services import audit_note
from bot.casework.life import NotAllowed
from bot.casework.looks import look
from bot.console import tickets_rows as rows
from bot.console.asking import needs, problems_of, staff_of
from bot.console.csv_files import csv_response
from bot.console.tickets_forms import (
    ChangeForm,
    EvidenceForm,
    MaterialForm,
    RatingForm,
    StepForm,
    WantedForm,
)
from bot.console.tickets_steps import STEPS
from bot.evidence.errors import EvidenceError
from bot.evidence.models import Upload
from bot.evidence.phrases import TOO_LARGE
from bot.evidence.pictures import LARGEST_BYTES
from bot.evidence.services import upload_look
from bot.tickets import board as queries
from bot.tickets import papers, services
from bot.tickets.errors import TicketError
from bot.tickets.evidence import evidence_give
from bot.tickets.models import Rating, Ticket, TicketMaterial

# What a form's answer may be refused for; the message is a sentence for staff.
REFUSED: Final = (TicketError, NotAllowed, EvidenceError)
LOOKED_AT: Final = ("phone", "address", "id_number")


@never_cache
@require_safe
@needs(Action.TICKET_VIEW)
def board(request: HttpRequest) -> HttpResponse:
    """Show what is open, by state, the late ones first; or what is looked for."""
    staff = staff_of(request)
    shown = {
        **_board(request, staff),
        "communities": rows.communities_for(staff),
        "may_search": may(staff, Action.CASE_SEARCH),
        "may_export": may(staff, Action.CASE_EXPORT),
        "may_create": may(staff, Action.TICKET_CREATE),
    }
    return render(request, "console/ticket_board.html", shown)


@never_cache
@require_safe
@needs(Action.TICKET_VIEW)
def board_list(request: HttpRequest) -> HttpResponse:
    """Return the board's lists alone, or 204 if they are as the page has them."""
    if _is_current(request, rows.board_version()):
        return HttpResponse(status=204)
    return render(request, "console/_ticket_board.html", _board(request, staff_of(request)))


@require_safe
@needs(Action.CASE_EXPORT)
def table(request: HttpRequest) -> HttpResponseBase:
    """Return what is looked for as a table that a spreadsheet opens."""
    staff, now = staff_of(request), clock.now()
    seen = queries.tickets_wanted(staff, WantedForm(request.GET).wanted, now)
    found = cases_within(staff, Action.CASE_EXPORT, seen)
    audit_note(AuditAction.EXPORT, staff, "代办单")
    return csv_response(f"代办单-{now:%Y%m%d-%H%M}.csv", rows.CSV_HEADER, rows.csv_rows(found))


@never_cache
@require_safe
@needs(Action.TICKET_VIEW)
def mine(request: HttpRequest) -> HttpResponse:
    """Show what I work on, made for the telephone."""
    shown = rows.mine_page(staff_of(request), request.GET.get("after", ""))
    return render(request, "console/ticket_mine.html", shown)


@never_cache
@require_safe
@needs(Action.TICKET_VIEW)
def mine_version(request: HttpRequest) -> HttpResponse:
    """Tell an open page whether my tickets have changed."""
    version = rows.mine_version(staff_of(request))
    if _is_current(request, version):
        return HttpResponse(status=204)
    return render(request, "console/_ticket_mark.html", {"version": version, "mark": version})


@never_cache
@require_safe
def ticket(request: HttpRequest, number: str) -> HttpResponse:
    """Show one ticket."""
    return _page(request, _found(number))


@never_cache
@require_safe
def live(request: HttpRequest, number: str) -> HttpResponse:
    """Return a ticket's history alone, or 204 if it is as the page has it."""
    found, staff = _found(number), staff_of(request)
    require(staff, Action.TICKET_VIEW, found)
    if _is_current(request, rows.ticket_version(found)):
        return HttpResponse(status=204)
    return render(request, "console/_ticket_live.html", rows.ticket_page(found, staff))


@require_POST
def step(request: HttpRequest, number: str, step: str) -> HttpResponse:
    """Take a step."""
    if step not in STEPS:
        raise Http404
    found, form = _found(number), StepForm(request.POST)

    def take(staff: Staff) -> object:
        return STEPS[step].take(found, staff, form.cleaned_data)

    return _answered(request, found, form, take, tried=step)


@never_cache
@require_POST
def look_at(request: HttpRequest, number: str) -> HttpResponse:
    """Show a phone number, or where somebody lives, to who may see it; it is noted."""
    found, staff, what = _found(number), staff_of(request), request.POST.get("what", "")
    if what not in LOOKED_AT:
        raise Http404
    require(staff, Action.PERSONAL_VIEW, found)
    look(staff, found.number, what)
    personal: dict[str, Any] = {"opened": rows.opened(found, what), "opened_number": found.number}
    if request.POST.get("back") == "mine":
        shown = {**rows.mine_page(staff), **personal}
        numbers = {card["row"].number for card in shown["cards"]}
        # What stands on a later page is shown on its own.
        if found.number not in numbers:
            return _page(request, found, **personal)
        return _unstored(render(request, "console/ticket_mine.html", shown))
    return _page(request, found, **personal)


@require_POST
def change(request: HttpRequest, number: str) -> HttpResponse:
    """Change what the resident wants changed."""
    found, form = _found(number), ChangeForm(request.POST)

    def make(staff: Staff) -> object:
        return services.ticket_change(found, staff=staff, **form.changes)

    return _answered(request, found, form, make, tried="change")


@require_POST
def material(request: HttpRequest, number: str, material_id: int) -> HttpResponse:
    """Note where a material is."""
    found, form = _found(number), MaterialForm(request.POST)
    chosen = get_object_or_404(TicketMaterial, pk=material_id, ticket=found)

    def note(staff: Staff) -> object:
        return services.material_set(chosen, form.cleaned_data["state"], staff)

    return _answered(request, found, form, note, place="materials")


@require_POST
def evidence(request: HttpRequest, number: str) -> HttpResponse:
    """Take a photo or a signature."""
    found, form = _found(number), EvidenceForm(request.POST, request.FILES)

    def give(staff: Staff) -> object:
        file = form.cleaned_data["file"]
        if file.size > LARGEST_BYTES:
            raise TicketError(TOO_LARGE)
        return evidence_give(found, staff, file.read(), form.cleaned_data["kind"])

    return _answered(request, found, form, give, place="evidence")


@never_cache
@require_safe
def picture(request: HttpRequest, number: str, upload_id: str) -> HttpResponse:
    """Show a photo or a signature to who may see it; it is noted."""
    found, staff = _found(number), staff_of(request)
    require(staff, Action.PERSONAL_VIEW, found)
    upload = get_object_or_404(Upload, upload_id=upload_id, number=found.number)
    try:
        data = upload_look(upload, staff)
    except EvidenceError:
        raise Http404("the picture is lost") from None
    response = HttpResponse(data, content_type=upload.content_type)
    response.headers["X-Content-Type-Options"] = "nosniff"
    return _unstored(response)


@require_POST
def rating(request: HttpRequest, number: str, rating_id: int) -> HttpResponse:
    """Note that a bad rating was called back, or made good."""
    found, form = _found(number), RatingForm(request.POST)
    chosen = get_object_or_404(Rating, pk=rating_id, ticket=found)
    do = {"call_back": services.rating_call_back, "rectify": services.rating_rectify}.get(
        request.POST.get("do", "")
    )
    if do is None:
        raise Http404

    def note(staff: Staff) -> object:
        return do(chosen, staff, form.cleaned_data["words"])

    return _answered(request, found, form, note, place="ratings")


@never_cache
@require_safe
def paper(request: HttpRequest, number: str, kind: str) -> HttpResponse:
    """Show a paper to print; it holds a name and an address, so the look is noted."""
    found, staff = _found(number), staff_of(request)
    require(staff, Action.PERSONAL_VIEW, found)
    if kind not in papers.papers_of(found):
        raise Http404
    look(staff, found.number, "paper")
    shown = {"paper": papers.PAPERS[kind][1](found), "ticket": found, "printed": clock.now()}
    return _unstored(render(request, "console/ticket_paper.html", shown))


def _is_current(request: HttpRequest, version: str) -> bool:
    """Whether an open page has this already; many ask, so that it is found out cheaply."""
    return request.GET.get("version") == version


def _board(request: HttpRequest, staff: Staff) -> dict[str, Any]:
    wanted = WantedForm(request.GET).wanted
    if wanted.words:
        require(staff, Action.CASE_SEARCH)
    query = request.GET.copy()
    query.pop("version", None)
    query.pop("after", None)
    shown = rows.board_page(staff, wanted, request.GET.get("after", ""))
    return {**shown, "query": query.urlencode(), "after": request.GET.get("after", "")}


def _found(number: str) -> Ticket:
    related = Ticket.objects.select_related("conversation", "community", "assignee", "helper")
    return get_object_or_404(related, number=number)


def _answered(
    request: HttpRequest,
    found: Ticket,
    form: Any,
    act: Callable[[Staff], object],
    *,
    tried: str = "",
    place: str = "",
) -> HttpResponse:
    """Do what a form asks for and go on; what cannot be done leaves the page as it was typed."""
    staff = staff_of(request)
    require(staff, Action.TICKET_VIEW, found)
    problem, status = problems_of(form), 422
    if not problem:
        try:
            act(staff)
        except NotAllowed as error:
            problem, status = str(error), 409
        except REFUSED as error:
            problem = str(error)
    if problem:
        typed = {"problem": problem, "tried": tried, "typed": request.POST}
        return _page(request, _found(found.number), status=status, **typed)
    if request.POST.get("back") == "mine":
        return redirect(f"{reverse('staff-tickets-mine')}#t{found.number}")
    if not may(staff, Action.TICKET_VIEW, _found(found.number)):
        # Taken from her by what she has just done.
        return redirect("staff-tickets")
    place = f"#{place}" if place else ""
    return redirect(f"{reverse('staff-ticket', args=[found.number])}{place}")


def _page(request: HttpRequest, found: Ticket, status: int = 200, **more: Any) -> HttpResponse:
    staff = staff_of(request)
    require(staff, Action.TICKET_VIEW, found)
    shown = {**rows.ticket_page(found, staff), **more}
    return _unstored(render(request, "console/ticket.html", shown, status=status))


def _unstored(response: HttpResponse) -> HttpResponse:
    response.headers["Cache-Control"] = "no-store"
    return response
