"""Numbers of cases: given once, told in two groups, recognised in what residents say.

A number is the day (261123) and four digits that nobody can guess from the one before.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from datetime import date
from itertools import pairwise

from django.db import IntegrityError, transaction

from bot import clock
from bot.casework.models import CaseNumber

_PER_DAY = 10_000
_BLIND_TRIES = 12
_DAY_DIGITS = 6
_LENGTH = 10

_VALUE = {
    character: str(value)
    for value, written in enumerate(
        (
            "0０零〇○洞",
            "1１一幺",
            "2２二两",
            "3３三",
            "4４四",
            "5５五",
            "6６六",
            "7７七拐",
            "8８八",
            "9９九勾",
        )
    )
    for character in written
}
_TIMES = {"两": 2, "二": 2, "三": 3, "四": 4}
_WRITTEN = "".join(_VALUE)
_REPEATED = re.compile(rf"([{''.join(_TIMES)}])个([{_WRITTEN}])")
_GROUP = re.compile(rf"[{_WRITTEN}]+")
# What may stand inside one number: blanks, a dash, a comma, a moment's thought.
_GAP = re.compile(r"[\s\-－—–_.·,，、/呃嗯啊哦]{0,4}")


class NumbersUsedUp(RuntimeError):
    """All ten thousand numbers of a day are given; tomorrow there are new ones."""


def number_new(kind: str) -> str:
    """Return a number that nobody has, noted inside the caller's transaction.

    ``kind`` is one of CaseNumber.Kind. Raises NumbersUsedUp.
    """
    now = clock.now()
    prefix = now.strftime("%y%m%d")
    for number in _drawn(prefix):
        try:
            with transaction.atomic():
                CaseNumber.objects.create(number=number, kind=CaseNumber.Kind(kind), given_at=now)
        except IntegrityError:
            continue
        return number
    raise NumbersUsedUp(f"no number is left for {prefix}")


def _drawn(prefix: str) -> Iterator[str]:
    """Draw blindly first; on a day that is nearly full, from what is left."""
    for _ in range(_BLIND_TRIES):
        yield f"{prefix}{secrets.randbelow(_PER_DAY):04}"
    given = set(
        CaseNumber.objects.filter(number__startswith=prefix).values_list("number", flat=True)
    )
    left = [n for n in (f"{prefix}{tail:04}" for tail in range(_PER_DAY)) if n not in given]
    secrets.SystemRandom().shuffle(left)
    yield from left


def spaced_number(number: str) -> str:
    """Return a number as it is written for residents: 261123 0047."""
    return f"{number[:_DAY_DIGITS]} {number[_DAY_DIGITS:]}"


def number_in(text: str) -> str | None:
    """Return the case number in a resident's words, None if there is none or more than one.

    Read in every script, in one piece or several; the first six digits must be a day.
    """
    found = {digits for digits in _candidates(text) if _is_dated(digits)}
    return found.pop() if len(found) == 1 else None


def _candidates(text: str) -> Iterator[str]:
    for groups in _chains(text):
        if len("".join(groups)) == _LENGTH:
            yield "".join(groups)
            continue
        # Beside a phone number it must be written in one piece, or the way it was told.
        yield from (group for group in groups if len(group) == _LENGTH)
        for first, second in pairwise(groups):
            if (len(first), len(second)) == (_DAY_DIGITS, _LENGTH - _DAY_DIGITS):
                yield first + second


def _chains(text: str) -> Iterator[list[str]]:
    """Return the groups of digits, those together that follow each other closely."""
    text = _REPEATED.sub(lambda match: match[2] * _TIMES[match[1]], text)
    chain: list[str] = []
    end = 0
    for match in _GROUP.finditer(text):
        if chain and not _GAP.fullmatch(text, end, match.start()):
            yield chain
            chain = []
        chain.append("".join(_VALUE[character] for character in match[0]))
        end = match.end()
    if chain:
        yield chain


def _is_dated(digits: str) -> bool:
    try:
        date(2000 + int(digits[:2]), int(digits[2:4]), int(digits[4:6]))
    except ValueError:
        return False
    return True
