"""Which days, and which channel, figures are asked for; days are the office's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

from bot.clock import OFFICE_ZONE

# So many columns are still told apart on a telephone.
MOST_DAYS: Final = 31
MOST_WEEKS: Final = 26


@dataclass(frozen=True)
class Window:
    """From the first to the last day, both included; without a channel all of them."""

    first: date
    last: date
    channel: str = ""

    @property
    def days(self) -> int:
        """How many days."""
        return (self.last - self.first).days + 1

    @property
    def begins(self) -> datetime:
        """The first moment."""
        return begin_of(self.first)

    @property
    def ends(self) -> datetime:
        """The first moment after it."""
        return begin_of(self.last + timedelta(days=1))

    @property
    def before(self) -> Window:
        """As many days before it, to compare."""
        last = self.first - timedelta(days=1)
        return Window(last - timedelta(days=self.days - 1), last, self.channel)

    def step_of(self, day: date) -> date:
        """Return the first day of the day, week or month that a day is drawn in."""
        if self.days <= MOST_DAYS:
            return day
        if self.days <= MOST_WEEKS * 7:
            return max(self.first, day - timedelta(days=day.weekday()))
        return max(self.first, day.replace(day=1))

    def steps(self) -> Iterator[date]:
        """Yield the first day of every step, also of those in which nothing happened."""
        seen = None
        for number in range(self.days):
            step = self.step_of(self.first + timedelta(days=number))
            if step != seen:
                yield step
            seen = step

    def name_of(self, step: date) -> str:
        """Return what a step is called."""
        if self.days <= MOST_DAYS:
            return f"{step.month}月{step.day}日"
        if self.days <= MOST_WEEKS * 7:
            return f"{step.month}月{step.day}日起"
        return f"{step.year}年{step.month}月"


def begin_of(day: date) -> datetime:
    """Return the first moment of a day."""
    return datetime.combine(day, time(), OFFICE_ZONE)
