"""Count the days that are over and were not counted yet, or some days again."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import date, timedelta
from typing import Any

from django.core.management.base import BaseCommand

from bot import clock
from bot.figures.rollup import day_count, figures_fill


class Command(BaseCommand):
    """``count_figures`` fills the past; with ``--since`` days are counted again."""

    help = "Count the days that are over and were not counted yet."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the first day to count again."""
        parser.add_argument(
            "--since",
            type=date.fromisoformat,
            metavar="DAY",
            help="count again from this day (2026-11-01) until today; what was asked in words that"
            " are deleted by now is not counted again",
        )

    def handle(self, *args: Any, since: date | None = None, **options: Any) -> None:
        """Count."""
        now = clock.now()
        if since is None:
            done = figures_fill(now)
        else:
            done = (now.date() - since).days + 1
            for number in range(done):
                day_count(since + timedelta(days=number))
        self.stdout.write(f"{done} days counted")
