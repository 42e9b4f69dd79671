"""Opening a ticket for somebody who calls or stands at the door: item, particulars, read-back.

The read-back is spoken to the caller; her yes is written down as she said it, and only then is
there a ticket. The form's key makes a second click open nothing new.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import uuid4

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from bot import clock
from bot.accounts.models import Staff
from bot.accounts.policies import Action
from bot.actions import office
from bot.actions.rendering import Asked, material_rows
from bot.console.asking import needs, staff_of
from bot.console.tickets_forms import ASKERS, GROUPS, MODES, REASONS, CallerForm, appointment
from bot.tickets import services
from bot.tickets.errors import TicketError
from bot.tickets.models import Ticket
from bot.tickets.services import CONSENT_LASTS, Consent, TicketRequest
from knowledge.record import ServiceItem
from knowledge.search.errors import SearchError

PROMISED_DAYS: Final = 5
MOST_FOUND: Final = 12
LONGEST_MATERIAL: Final = 120
YES_WORDS: Final = ("对的，就这样办", "可以，麻烦你们了")


@dataclass(frozen=True)
class Choice:
    """An item to choose."""

    item_id: str
    name: str
    category: str


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@needs(Action.TICKET_CREATE)
def new(request: HttpRequest) -> HttpResponse:
    """Ask which item, then for the rest; read it back, and open the ticket upon her yes."""
    try:
        return _asked(request)
    except SearchError:
        problem = "办事指南还没有发布，现在登记不了，请告诉管理员。"
        return render(request, "console/ticket_item.html", {"problem": problem}, status=503)


def _asked(request: HttpRequest) -> HttpResponse:
    item_id = request.POST.get("item") or request.GET.get("item", "")
    item = office.guide().item(item_id) if item_id else None
    if item is None:
        return _item_page(request)
    if request.method != "POST":
        return _form_page(request, item, CallerForm(initial={"key": uuid4()}))
    form = CallerForm(request.POST, options=_options(item))
    if not form.is_valid():
        return _form_page(request, item, form, status=422)
    if problem := _against_law(item, form.cleaned_data["mode"]):
        form.add_error("mode", problem)
        return _form_page(request, item, form, status=422)
    if request.POST.get("do") == "edit":
        return _form_page(request, item, form)
    if request.POST.get("do") != "open":
        return _read_back(request, item, form)
    if not form.cleaned_data["yes"].strip():
        return _read_back(request, item, form, "请写下居民是怎么答应的。没有答应就不能登记。", 422)
    try:
        ticket = _opened(item, form.cleaned_data, staff_of(request))
    except TicketError as error:
        return _read_back(request, item, form, str(error), 422)
    return redirect("staff-ticket", ticket.number)


def items_found(words: str) -> list[Choice]:
    """Return the items that are called like this; none for no words."""
    words = words.strip()
    if not words:
        return []
    records: Iterable[dict[str, Any]] = office.matcher().snapshot.records["items"].values()
    found = [
        (not record["name"].startswith(words), Choice(**_named(record)))
        for record in records
        if any(words in name for name in _names(record))
    ]
    return [choice for _, choice in sorted(found, key=lambda f: (f[0], f[1].item_id))][:MOST_FOUND]


def _named(record: dict[str, Any]) -> dict[str, str]:
    return {name: record[name] for name in ("item_id", "name", "category")}


def _names(record: dict[str, Any]) -> list[str]:
    return [record["item_id"], record["name"], record["short_name"], *record.get("aliases", [])]


def _item_page(request: HttpRequest) -> HttpResponse:
    words = request.GET.get("words", "")
    shown = {"words": words, "found": items_found(words)}
    return render(request, "console/ticket_item.html", shown)


def _form_page(
    request: HttpRequest, item: ServiceItem, form: CallerForm, status: int = 200
) -> HttpResponse:
    chosen = set(request.POST.getlist("situations"))
    shown = {
        "item": item,
        "form": form,
        "modes": MODES,
        "reasons": REASONS,
        "askers": ASKERS,
        "groups": GROUPS,
        "chosen_groups": request.POST.getlist("groups"),
        "questions": [
            (s.question, [(o.id, o.label, o.id in chosen) for o in s.options])
            for s in item.situations
        ],
        "materials": _materials(item, chosen),
        "in_person": _against_law(item, "代办"),
    }
    return render(request, "console/ticket_new.html", shown, status=status)


def _read_back(
    request: HttpRequest,
    item: ServiceItem,
    form: CallerForm,
    problem: str = "",
    status: int = 200,
) -> HttpResponse:
    said = form.cleaned_data
    kept = [(name, value) for name in request.POST for value in request.POST.getlist(name)]
    hidden = [pair for pair in kept if pair[0] not in ("csrfmiddlewaretoken", "do", "yes")]
    shown = {
        "item": item,
        "spoken": words_read_back(item, said),
        "hidden": hidden,
        "problem": problem,
        "yes": said["yes"],
        "yes_words": YES_WORDS,
        "materials": _materials(item, said["situations"]),
    }
    return render(request, "console/ticket_read_back.html", shown, status=status)


def words_read_back(item: ServiceItem, said: dict[str, Any]) -> str:
    """Return what is read to the caller before her yes."""
    phone, reasons = said["phone"], dict(REASONS)
    spoken_phone = f"{phone[:3]} {phone[3:7]} {phone[7:]}" if len(phone) == 11 else phone
    why = said["reason_text"] or reasons[said["reason"]]
    return (
        f"{said['name']}，电话{spoken_phone}，住{said['address']}。"
        f"委托我们{said['mode']}“{item.name}”，因为{why}。"
        f"时间：{said['time_text']}。办完为止，最长半年，随时可以撤销。您看对不对？"
    )


def _opened(item: ServiceItem, said: dict[str, Any], staff: Staff) -> Ticket:
    today, wish = clock.now().date(), appointment(said["time_text"])
    promised = item.handling.promised
    request = TicketRequest(
        item_id=item.item_id,
        item_name=item.name,
        mode=said["mode"],
        reason=said["reason"],
        name=said["name"],
        phone=said["phone"],
        address=said["address"],
        time_text=said["time_text"],
        reason_text=said["reason_text"],
        situations=tuple(said["situations"]),
        time_at=wish.at,
        asker=said["asker"],
        groups=tuple(said["groups"]),
        emergency_contact=said["emergency_contact"],
        id_number=said["id_number"].upper(),
        materials=tuple(
            (row[:LONGEST_MATERIAL], "") for row in _materials(item, said["situations"])
        ),
        promised_days=promised.days if promised and promised.days else PROMISED_DAYS,
    )
    spoken = Consent(words_read_back(item, said), said["yes"].strip(), "", _until(today))
    return services.ticket_open(request, f"staff-{said['key']}", spoken, staff=staff)


def _until(today: date) -> date:
    return today + CONSENT_LASTS


def _options(item: ServiceItem) -> tuple[str, ...]:
    return tuple(option.id for situation in item.situations for option in situation.options)


def _materials(item: ServiceItem, chosen: Iterable[str]) -> list[str]:
    asked = Asked(office.guide().places, clock.now(), options=frozenset(chosen))
    return material_rows(item, asked)


def _against_law(item: ServiceItem, mode: str) -> str:
    """Say what stands against doing it for her; empty if nothing does."""
    if mode != "代办" or item.handling.proxy.allowed:
        return ""
    visit = "腿脚不便的可以约上门；" if item.handling.proxy.home_visit else ""
    return f"这件事要本人当面办，不能代办。{visit}请改选陪办或帮办。"
