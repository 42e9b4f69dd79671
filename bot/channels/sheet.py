"""The 一次性告知单: one item on paper, narrowed to the resident's situation where it is known.

What the sheet says is the card's (``bot.actions.rendering``); here it is put in a clerk's order,
with boxes to tick and a code that leads back to the conversation. Knows nothing of conversations.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import segno
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from bot import clock
from bot.actions import office
from bot.actions.rendering import Asked, card
from bot.channels.lines import Line, lines_of
from knowledge.record import ServiceItem
from knowledge.search.errors import SearchError

# The card's rows, sorted onto the sheet.
MATERIALS = "申请材料"
IN_FULL = ("办理步骤", "办理条件", "不能办的", "能领多少")
IN_SHORT = ("在哪办", "办理时间", "多久办好", "收费", "期限", "网上办理", "代办", "办理结果")
SMALL_PRINT = ("受理单位", "决定单位", "依据")


@dataclass(frozen=True)
class Choice:
    """One answer to a situation's question; ``options`` are all that hold once it is chosen."""

    label: str
    options: str
    is_chosen: bool


@require_safe
def sheet(request: HttpRequest, item_id: str) -> HttpResponse:
    """Show the sheet of an item; ``?s=`` holds the option ids of the resident's situation."""
    item = _item(item_id)
    if item is None:
        return render(request, "notice_missing.html", status=404)
    chosen = options_in(item, request.GET.get("s", ""))
    asked = Asked(office.guide().places, clock.now(), options=frozenset(chosen))
    shown = card(item, asked)
    rows = {label: lines_of(value) for label, value in shown.rows}
    page = {
        "item": item,
        "card": shown,
        "scope": item.scope,
        "materials": rows.get(MATERIALS, []),
        "in_full": _picked(rows, IN_FULL),
        "in_short": _picked(rows, IN_SHORT),
        "small_print": _picked(rows, SMALL_PRINT),
        "mine": _labels(item, chosen),
        "questions": _questions(item, chosen),
        "code": code_of(f"{settings.BOT_URL.rstrip('/')}/?ask={item.item_id}"),
        "printed": clock.now(),
    }
    return render(request, "notice_sheet.html", page)


def _item(item_id: str) -> ServiceItem | None:
    try:
        return office.guide().item(item_id)
    except SearchError:
        return None


def options_in(item: ServiceItem, text: str) -> tuple[str, ...]:
    """Return the item's options that a comma-separated text names; of each question the last."""
    named = text.split(",")
    found = [
        max(answers, key=lambda option: named.index(option.id)).id
        for situation in item.situations
        if (answers := [option for option in situation.options if option.id in named])
    ]
    return tuple(found)


def _labels(item: ServiceItem, chosen: Collection[str]) -> list[str]:
    return [o.label for s in item.situations for o in s.options if o.id in chosen]


def _questions(item: ServiceItem, chosen: Sequence[str]) -> list[tuple[str, list[Choice]]]:
    """The situations as questions whose answers are links."""
    return [
        (
            situation.question,
            [
                Choice(
                    option.label,
                    ",".join([*_others(chosen, {o.id for o in situation.options}), option.id]),
                    option.id in chosen,
                )
                for option in situation.options
            ],
        )
        for situation in item.situations
    ]


def _others(chosen: Sequence[str], options: Collection[str]) -> list[str]:
    return [option for option in chosen if option not in options]


def _picked(rows: dict[str, list[Line]], labels: Sequence[str]) -> list[tuple[str, list[Line]]]:
    return [(label, rows[label]) for label in labels if rows.get(label)]


def code_of(address: str) -> str:
    """Return a QR code of the address as a picture that fits into the page itself (data: URI)."""
    code = segno.make(address, error="m", micro=False)
    return code.svg_data_uri(scale=4, border=2, dark="#000", light="#fff")
