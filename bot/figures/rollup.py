"""The counts of days are stored, and are stored again as long as their day goes on.

Counting a day twice changes nothing. Words are let go of after a while (conversations.retention):
a day that is counted only then misses what was asked back about.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Final

from django.db import transaction

from bot import clock
from bot.channels.phone.models import CallRecord
from bot.clock import OFFICE_ZONE
from bot.conversations.models import TurnRecord
from bot.figures.counting import day_counts
from bot.figures.models import CountedDay, DailyFigure
from bot.figures.window import begin_of

FRESH: Final = timedelta(minutes=5)
_ROWS: Final = 1000


def day_count(day: date) -> int:
    """Count a day and store it in place of what was counted before; returns how many rows."""
    now = clock.now()
    rows = [
        DailyFigure(day=day, name=name, channel=channel, key=key, value=value)
        for (name, channel, key), value in day_counts(day).items()
    ]
    with transaction.atomic():
        # Two who count the same day at once wait for each other here.
        CountedDay.objects.select_for_update().get_or_create(day=day, defaults={"counted_at": now})
        DailyFigure.objects.filter(day=day).delete()
        DailyFigure.objects.bulk_create(rows, batch_size=_ROWS)
        CountedDay.objects.filter(day=day).update(counted_at=now)
    return len(rows)


def figures_refresh(now: datetime) -> None:
    """Count today and yesterday for somebody who looks, unless that was done just now."""
    today = now.date()
    days = (today - timedelta(days=1), today)
    counted = dict(CountedDay.objects.filter(day__in=days).values_list("day", "counted_at"))
    for day in days:
        at = counted.get(day)
        if at is None or not (_is_over(day, at) or now - at < FRESH):
            day_count(day)


def days_uncounted(now: datetime) -> Iterator[date]:
    """Yield the days before today, the oldest first, that were not counted after their end."""
    first = _first_day()
    if first is None:
        return
    counted = dict(CountedDay.objects.values_list("day", "counted_at"))
    for number in range((now.date() - first).days):
        day = first + timedelta(days=number)
        if day not in counted or not _is_over(day, counted[day]):
            yield day


def figures_fill(now: datetime) -> int:
    """Count every day that is over and not counted; returns how many."""
    done = 0
    for day in list(days_uncounted(now)):
        day_count(day)
        done += 1
    return done


def _is_over(day: date, counted_at: datetime) -> bool:
    return counted_at >= begin_of(day + timedelta(days=1))


def _first_day() -> date | None:
    turns = TurnRecord.objects.order_by("asked_at").values_list("asked_at", flat=True).first()
    calls = CallRecord.objects.order_by("started_at").values_list("started_at", flat=True).first()
    known = [at for at in (turns, calls) if at is not None]
    return min(known).astimezone(OFFICE_ZONE).date() if known else None
