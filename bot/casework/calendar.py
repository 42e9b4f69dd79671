"""Working time: when the office works, and when so and so much of it will have passed.

Which days are worked follows the Chinese working calendar (``knowledge.opening``): holidays do not
count, a weekend day that is worked for one (调休) does, and so does every Monday to Friday of a
year that is not announced yet. Moments come in with any zone and go out with the office's.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from itertools import pairwise

from django.conf import settings

from bot.clock import OFFICE_ZONE
from knowledge.opening import day

_DAY = timedelta(days=1)
_MINUTE = timedelta(minutes=1)


class WorkingCalendar:
    """A day's working periods, in force on every working day.

    A moment is worked from a period's first second to just before its end. Raises ValueError for
    periods that overlap, are out of order or empty, and for moments without a zone.
    """

    def __init__(self, periods: Sequence[tuple[time, time]]) -> None:
        edges = [edge for period in periods for edge in period]
        if not edges or any(late <= early for early, late in pairwise(edges)):
            raise ValueError(f"expected periods one after the other, got {list(periods)}")
        self._periods = tuple(periods)

    def is_working(self, at: datetime) -> bool:
        """Whether the office works at this moment."""
        at = _of_office(at)
        return any(opens <= at < closes for opens, closes in self._on(at.date()))

    def next_working(self, at: datetime) -> datetime:
        """Return the moment itself if it is worked, else when work begins next."""
        opens, _ = next(self._from(at))
        return opens

    def add_minutes(self, start: datetime, minutes: int) -> datetime:
        """Return the first moment by which so many working minutes have passed since ``start``."""
        left = timedelta(minutes=_not_negative(minutes))
        if not left:
            return _of_office(start)
        for opens, closes in self._from(start):
            if left <= closes - opens:
                return opens + left
            left -= closes - opens
        raise AssertionError("working days never end")

    def add_days(self, start: datetime, days: int) -> datetime:
        """Return the end of work on the day that is so many working days after ``start``'s.

        The day of ``start`` does not count; with 0 days it is the end of work that comes first.
        """
        left, start = _not_negative(days), _of_office(start)
        first = start.date() + _DAY if left else start.date()
        for on in self._working_days(first):
            end = datetime.combine(on, self._periods[-1][1], OFFICE_ZONE)
            left -= 1
            if left <= 0 and end > start:
                return end
        raise AssertionError("working days never end")

    def minutes_between(self, start: datetime, end: datetime) -> int:
        """Return the whole working minutes from ``start`` to ``end``; 0 when it is not later."""
        end, worked = _of_office(end), timedelta()
        for opens, closes in self._from(start):
            if opens >= end:
                break
            worked += min(closes, end) - opens
        return worked // _MINUTE

    def _from(self, start: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Return the working periods from ``start`` on, the first one cut if it has begun."""
        start = _of_office(start)
        for on in self._working_days(start.date()):
            for opens, closes in self._on(on):
                if closes > start:
                    yield max(opens, start), closes

    def _on(self, on: date) -> list[tuple[datetime, datetime]]:
        if day(on).kind != "workday":
            return []
        return [
            (
                datetime.combine(on, opens, OFFICE_ZONE),
                datetime.combine(on, closes, OFFICE_ZONE),
            )
            for opens, closes in self._periods
        ]

    def _working_days(self, first: date) -> Iterator[date]:
        on = first
        while True:
            if day(on).kind == "workday":
                yield on
            on += _DAY


def parse_hours(text: str) -> tuple[tuple[time, time], ...]:
    """Read “09:00-12:00,13:30-17:30”. Raises ValueError."""
    try:
        found = tuple(_period(part) for part in text.split(","))
        WorkingCalendar(found)
    except ValueError as error:
        raise ValueError(f"expected periods like 09:00-12:00,13:30-17:30, got “{text}”") from error
    return found


def office_calendar() -> WorkingCalendar:
    """Return the calendar with the office's hours (``BOT_WORKING_HOURS``)."""
    return _calendar(settings.BOT_WORKING_HOURS)


@lru_cache(maxsize=4)
def _calendar(hours: str) -> WorkingCalendar:
    return WorkingCalendar(parse_hours(hours))


def _period(text: str) -> tuple[time, time]:
    opens, _, closes = text.partition("-")
    return time.fromisoformat(opens.strip()), time.fromisoformat(closes.strip())


def _of_office(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError(f"expected a moment with a zone, got {at}")
    return at.astimezone(OFFICE_ZONE)


def _not_negative(number: int) -> int:
    if number < 0:
        raise ValueError(f"expected 0 or more, got {number}")
    return number
