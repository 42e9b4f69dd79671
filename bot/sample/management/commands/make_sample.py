"""Fill the database with invented people, talks and errands, to see how pages bear it."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from bot import clock
from bot.sample.making import SampleRefused, Size, sample_make


class Command(BaseCommand):
    """``make_sample --turns 200000 --tickets 20000 --items 5000``."""

    help = "Fill the database with invented people, talks and errands."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take how much of everything, and the seed."""
        usual = Size()
        parser.add_argument("--turns", type=int, default=usual.turns)
        parser.add_argument("--tickets", type=int, default=usual.tickets)
        parser.add_argument("--items", type=int, default=usual.items)
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument(
            "--yes", action="store_true", help="fill it though it is in production or holds talks"
        )

    def handle(self, *args: Any, seed: int = 1, yes: bool = False, **options: Any) -> None:
        """Fill it."""
        size = Size(options["turns"], options["tickets"], options["items"])
        try:
            sample_make(size, seed, clock.now(), is_sure=yes)
        except SampleRefused as error:
            raise CommandError(str(error)) from error
