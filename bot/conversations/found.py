"""What a search for personal data finds: a kind, where it stands, and its value for a form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

Kind = Literal["phone", "id", "card", "address", "name", "email", "plate"]
KINDS: tuple[str, ...] = get_args(Kind)

# Stands where something was found already; no pattern matches it.
COVER = "\0"


@dataclass(frozen=True)
class Found:
    """Personal data in ``text[start:end]``.

    ``value`` is what a form may keep: plain digits for numbers, however they were said, and the
    words themselves for the rest. A phone that was misheard may have a digit too few or too many.
    """

    kind: Kind
    start: int
    end: int
    value: str


def covered(text: str, found: list[Found]) -> str:
    """Return the text with what was found made unreadable, each character in its place."""
    if not found:
        return text
    characters = list(text)
    for each in found:
        characters[each.start : each.end] = COVER * (each.end - each.start)
    return "".join(characters)
