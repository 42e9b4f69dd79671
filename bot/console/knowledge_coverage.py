"""The map of the knowledge: which guide says what, what is empty, unconfirmed, never asked."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from bot import clock
from bot.accounts.policies import Action
from bot.console.asking import needs
from bot.console.charts import Chart, Side
from bot.console.csv_files import csv_response
from bot.figures import coverage
from bot.figures.coverage import FIELDS, LOOKS, Pair, Summary
from knowledge.models import ServiceItem
from knowledge.record import CATEGORIES

_LOOKS: Final = {look.name: look.label for look in LOOKS}


@never_cache
@require_safe
@needs(Action.KNOWLEDGE_VIEW)
def coverage_map(request: HttpRequest) -> HttpResponse:
    """Show guides and fields, and what residents made of them."""
    look, category = _asked(request)
    today = clock.now().date()
    wanted = coverage.items_wanted(look, category, today)
    rows, following = coverage.page_of(wanted, today, request.GET.get("after", ""))
    every = coverage.items_wanted("", category, today)
    summary = coverage.summary_of(every, today)
    shown = {
        "rows": rows,
        "following": following,
        "fields": FIELDS,
        "looks": _LOOKS.items(),
        "look": look,
        "category": category,
        "categories": CATEGORIES,
        "query": urlencode({"look": look, "category": category}),
        "summary": summary,
        "chart": _chart(summary),
        "days": coverage.LOOKED_BACK_DAYS,
        "soon_days": coverage.SOON_DAYS,
        **_pairs(coverage.pairs_confused(today)),
    }
    return render(request, "console/knowledge_coverage.html", shown)


@require_safe
@needs(Action.KNOWLEDGE_VIEW)
def coverage_table(request: HttpRequest) -> StreamingHttpResponse:
    """Hand out the whole map as a table."""
    look, category = _asked(request)
    now = clock.now()
    wanted = coverage.items_wanted(look, category, now.date())
    rows = (each.plain() for each in coverage.all_of(wanted, now.date()))
    return csv_response(f"覆盖情况 {now:%Y-%m-%d}.csv", coverage.COLUMNS, rows)


def _asked(request: HttpRequest) -> tuple[str, str]:
    look, category = request.GET.get("look", ""), request.GET.get("category", "")
    return (look if look in _LOOKS else "", category if category in CATEGORIES else "")


def _chart(summary: Summary) -> Chart:
    """How many guides lack each field."""
    sides = [
        Side(
            each.label,
            f"{100 * summary.gaps[each.name] / (summary.items or 1):.2f}%",
            f"{summary.gaps[each.name]}项空着",
            f"{each.label}：{summary.items}项里有{summary.gaps[each.name]}项空着",
        )
        for each in FIELDS
        if summary.gaps[each.name]
    ]
    return Chart("空着的内容", sides=sorted(sides, key=lambda side: -float(side.width[:-1])))


def _pairs(pairs: list[Pair]) -> dict[str, Any]:
    ids = {each for pair in pairs for each in (pair.one, pair.other)}
    names = dict(ServiceItem.objects.filter(pk__in=ids).values_list("item_id", "name"))
    rows = [
        (names.get(pair.one, pair.one), names.get(pair.other, pair.other), pair) for pair in pairs
    ]
    return {"pairs": rows}
