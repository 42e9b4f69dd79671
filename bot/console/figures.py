"""The pages of figures: charts with their tables, for some days and channels, and as files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlencode

from django import forms
from django.http import Http404, HttpRequest, HttpResponse, QueryDict, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from bot import clock
from bot.accounts.policies import Action, may
from bot.console.asking import needs, problems_of, staff_of
from bot.console.charts import Chart, chart_of
from bot.console.csv_files import csv_response
from bot.figures.catalogue import FIGURES, SECTIONS
from bot.figures.questions import CHANNELS
from bot.figures.rollup import figures_refresh
from bot.figures.tables import Cell, Figure, Row
from bot.figures.window import Window

SPANS: Final = (("7天", 7), ("30天", 30), ("90天", 90), ("一年", 365))
USUAL_DAYS: Final = 30
MOST_DAYS: Final = 3 * 366
MOST_ROWS: Final = 31
_BAD_DATE: Final = {"invalid": "日期写成 2026-11-01 这样。"}


class WindowForm(forms.Form):
    """Which days, and which channel."""

    first = forms.DateField(required=False, error_messages=_BAD_DATE)
    last = forms.DateField(required=False, error_messages=_BAD_DATE)
    channel = forms.ChoiceField(
        required=False,
        choices=[("", ""), *CHANNELS.items()],
        error_messages={"invalid_choice": "没有这个渠道。"},
    )

    def clean(self) -> dict[str, Any]:
        """Put the days in order and in bounds; raises ValidationError."""
        said = super().clean() or {}
        last = said.get("last") or clock.now().date()
        first = said.get("first") or last - timedelta(days=USUAL_DAYS - 1)
        if first > last:
            raise forms.ValidationError("开始的日子在结束的后面，换一下。")
        if (last - first).days >= MOST_DAYS:
            raise forms.ValidationError("一次最多看三年。")
        return {**said, "first": first, "last": last}


@dataclass(frozen=True)
class Shown:
    """A figure on the page; ``more`` rows are in the file only."""

    figure: Figure
    rows: list[Row]
    chart: Chart
    more: int


@dataclass(frozen=True)
class Head:
    """What stands in large, with the sentence that explains it."""

    label: str
    value: Cell
    sentence: str


@dataclass(frozen=True)
class Span:
    """Days that are often looked at."""

    label: str
    query: str
    is_chosen: bool


@never_cache
@require_safe
@needs(Action.FIGURES_VIEW)
def figures(request: HttpRequest, section_name: str = "questions") -> HttpResponse:
    """Show the figures of a section."""
    section = SECTIONS.get(section_name)
    if section is None:
        raise Http404(section_name)
    window, problem = window_of(request.GET)
    if section.is_counted:
        figures_refresh(clock.now())
    found = [(figure, list(figure.rows(window))) for figure in section.figures]
    shown = {
        "section": section,
        "sections": SECTIONS.values(),
        "window": window,
        "query": query_of(window),
        "spans": _spans(window),
        "channels": CHANNELS.items(),
        "heads": [head for figure, rows in found for head in _heads(figure, rows)],
        "shown": [_shown(figure, rows) for figure, rows in found],
        "may_see_coverage": may(staff_of(request), Action.KNOWLEDGE_VIEW),
        "problem": problem,
    }
    return render(request, "console/figures.html", shown, status=422 if problem else 200)


@require_safe
@needs(Action.FIGURES_VIEW)
def table(request: HttpRequest, name: str) -> StreamingHttpResponse:
    """Hand out all rows of a figure as a table."""
    figure = FIGURES.get(name)
    if figure is None:
        raise Http404(name)
    window, _ = window_of(request.GET)
    filename = f"{figure.title} {window.first:%Y-%m-%d} 到 {window.last:%Y-%m-%d}.csv"
    return csv_response(filename, figure.columns, figure.rows(window))


def window_of(given: QueryDict) -> tuple[Window, str]:
    """Return the days that are asked for, the usual ones and what is wrong if they cannot be."""
    form = WindowForm(given)
    if form.is_valid():
        said = form.cleaned_data
        return Window(said["first"], said["last"], said["channel"]), ""
    usual = WindowForm({})
    usual.full_clean()
    return Window(usual.cleaned_data["first"], usual.cleaned_data["last"]), problems_of(form)


def query_of(window: Window) -> str:
    """Return what in an address asks for these days."""
    asked = {"first": window.first, "last": window.last}
    return urlencode({**asked, "channel": window.channel} if window.channel else asked)


def _spans(window: Window) -> list[Span]:
    today = clock.now().date()
    spans = []
    for label, days in SPANS:
        span = Window(today - timedelta(days=days - 1), today, window.channel)
        spans.append(Span(label, query_of(span), span == window))
    return spans


def _heads(figure: Figure, rows: Sequence[Row]) -> list[Head]:
    return [Head(label, value, figure.sentence) for label, value in figure.heads(rows)]


def _shown(figure: Figure, rows: list[Row]) -> Shown:
    """Of many rows the page shows the first; over time, what is newest stands first."""
    chart = chart_of(figure, rows)
    ordered = rows[::-1] if figure.columns[0] in ("日期", "发布时间") else rows
    return Shown(figure, ordered[:MOST_ROWS], chart, max(0, len(rows) - MOST_ROWS))
