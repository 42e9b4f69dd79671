"""Sums of the stored counts over days."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from typing import Any

from django.db.models import QuerySet, Sum

from bot.figures.models import DailyFigure
from bot.figures.window import Window


def sums_by_key(window: Window, *names: str) -> dict[tuple[str, str], int]:
    """Return how often in all, by (name, key)."""
    rows = _of(window, names).values_list("name", "key").annotate(Sum("value"))
    return {(name, key): value for name, key, value in rows}


def sums_by_channel(window: Window, *names: str) -> dict[tuple[str, str, str], int]:
    """Return how often in all, by (name, channel, key)."""
    rows = _of(window, names).values_list("name", "channel", "key").annotate(Sum("value"))
    return {(name, channel, key): value for name, channel, key, value in rows}


def sums_by_step(window: Window, *names: str) -> dict[date, dict[tuple[str, str], int]]:
    """Return how often by (name, key) in every step of the window, also the empty ones."""
    found: dict[date, dict[tuple[str, str], int]] = {
        step: defaultdict(int) for step in window.steps()
    }
    rows = _of(window, names).values_list("day", "name", "key").annotate(Sum("value"))
    for day, name, key, value in rows:
        found[window.step_of(day)][name, key] += value
    return found


def _of(window: Window, names: Iterable[str]) -> QuerySet[DailyFigure, Any]:
    rows = DailyFigure.objects.filter(
        name__in=names, day__gte=window.first, day__lte=window.last
    ).order_by()
    return rows.filter(channel=window.channel) if window.channel else rows
