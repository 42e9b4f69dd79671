"""Sentences made from patterns: services in the usual questions, numbers, addresses, short answers.

What ships as text holds few dictated numbers and not every service in every question; these fill
the gap. The patterns lie in ``templates.yml``; chance comes from the generator that is handed in.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random

import yaml

from voice.recognition import grammars
from voice.recognition.training.numerals import DIGITS, as_number, digit_by_digit, spelled


def _patterns() -> dict[str, list[str]]:
    path = Path(__file__).with_name("templates.yml")
    lists: dict[str, str] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return {name: words.split() for name, words in lists.items()}


_PATTERNS = _patterns()


def service_lines(names: Sequence[str], random: Random, each: int) -> list[str]:
    """Return every service in ``each`` of the usual questions."""
    questions = _PATTERNS["questions"]
    spoken = [name for name in map(spelled, names) if name]
    return [
        question.format(name) for name in spoken for question in random.sample(questions, k=each)
    ]


def short_answers() -> list[str]:
    """Return what the line listens for by grammar, and the digits one by one."""
    said = (*grammars.YES, *grammars.NO, *grammars.CHOICES, *grammars.COMMANDS)
    said = (*said, *grammars.CORRECTIONS)
    return [*dict.fromkeys((*said, *DIGITS, *_PATTERNS["single"]))]


def dictated_lines(random: Random, count: int) -> list[str]:
    """Return numbers, addresses, names and times as callers dictate them."""
    kinds: list[Callable[[Random], str]] = [_phone, _phone, _phone, _number, _address, _name, _time]
    return [random.choice(kinds)(random) for _ in range(count)]


def phone_number(random: Random) -> str:
    """Return a mobile number, or now and then one of seven or eight figures."""
    if random.random() < 0.15:
        return random.choice("23456789") + _figures(random, random.choice([6, 7]))
    return "1" + random.choice("3456789") + _figures(random, 9)


def _any(random: Random, kind: str) -> str:
    return random.choice(_PATTERNS[kind])


def _figures(random: Random, count: int) -> str:
    return "".join(random.choices("0123456789", k=count))


def _dictated(figures: str, random: Random) -> str:
    said = digit_by_digit(figures, random.choice("一幺"))
    if random.random() < 0.06:
        place = random.randrange(len(said))
        repeated = _any(random, "repeated_figures").format(said[place])
        said = said[:place] + repeated + said[place + 1 :]
    return said


def _phone(random: Random) -> str:
    return _any(random, "phone_leads").format(_dictated(phone_number(random), random))


def _number(random: Random) -> str:
    figures = _figures(random, random.choice([4, 4, 6, 8, 12, 18]))
    return _any(random, "number_leads").format(_dictated(figures, random))


def _address(random: Random) -> str:
    if random.random() < 0.5:
        place = _any(random, "roads") + "路" + as_number(random.randint(1, 400)) + "号"
    else:
        place = _any(random, "estates") + random.choice(["小区", "花园", "苑", "家园"])
    if random.random() < 0.7:
        place += as_number(random.randint(1, 40)) + random.choice("栋幢号")
        place += as_number(random.randint(1, 8)) + "单元"
        place += _dictated(str(random.randint(101, 3206)), random) + random.choice(["", "室"])
    return _any(random, "address_leads").format(place)


def _name(random: Random) -> str:
    given = _any(random, "given_names") if random.random() < 0.5 else ""
    return _any(random, "name_leads").format(_any(random, "surnames") + given)


def _time(random: Random) -> str:
    hour = as_number(random.randint(7, 12))
    return _any(random, "time_leads").format(_any(random, "days"), hour)
