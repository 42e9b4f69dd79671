"""Fills a database with a sample: guides, people, talks, errands, curation, counts of days."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings

from bot.conversations.models import Conversation, TurnRecord
from bot.figures.rollup import figures_fill
from bot.sample.curating import curation_make
from bot.sample.dice import Dice
from bot.sample.errands import Numbers, tickets_make
from bot.sample.guides import guides_make
from bot.sample.people import people_make
from bot.sample.reports import reports_make
from bot.sample.talks import OWNER, talks_make

# Reports are fewer than errands.
TICKETS_A_REPORT = 4


class SampleRefused(RuntimeError):
    """The database is not to be filled with a sample; the message says why."""


@dataclass(frozen=True)
class Size:
    """How much of everything."""

    turns: int = 200_000
    tickets: int = 20_000
    items: int = 5_000


def sample_make(size: Size, seed: int, now: datetime, *, is_sure: bool = False) -> None:
    """Fill the database; raises SampleRefused where real residents' words may be."""
    _refuse(is_sure)
    dice = Dice(seed, now)
    guides = guides_make(size.items)
    people = people_make()
    numbers = Numbers(dice)
    talks = talks_make(dice, size.turns, guides, people)
    tickets_make(dice, size.tickets, guides, people, talks, numbers)
    reports_make(dice, size.tickets // TICKETS_A_REPORT, people, numbers)
    curation_make(dice, guides, people)
    figures_fill(now)


def _refuse(is_sure: bool) -> None:
    if Conversation.objects.filter(owner=OWNER).exists():
        raise SampleRefused("the database holds a sample already")
    if is_sure:
        return
    if settings.PRODUCTION:
        raise SampleRefused("these are the settings of production; --yes fills it all the same")
    if TurnRecord.objects.exists():
        raise SampleRefused("the database holds talks of residents; --yes adds to them")
