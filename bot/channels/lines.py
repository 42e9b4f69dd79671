"""A reply's text as lines that a page can set: heading, numbered step, honesty note, plain words.

Only takes apart what ``bot.actions.rendering`` has put together; the words stay as they are. The
page's script (``turns.js``) takes lines apart in the same way: a change here belongs there too.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from bot.conversations.phrases import UNVERIFIED

_NUMBER = re.compile(r"(?:(\d{1,2})\. |([·•]) ?)(?=\S)")
_ONLY = re.compile(r"【([^【】]+)】")
_HEAD = "——"
_EMERGENCY_NUMBER = re.compile(r"(?<!\d)(110|119|120|122)(?!\d)")


@dataclass(frozen=True)
class Part:
    """Words of a line; ``is_only`` marks the name of the situation for which what follows holds."""

    text: str
    is_only: bool = False


@dataclass(frozen=True)
class Line:
    """One line; ``number`` is that of a list, or its dot."""

    kind: Literal["head", "step", "note", "plain"]
    parts: tuple[Part, ...]
    number: str = ""


def lines_of(text: str) -> list[Line]:
    """Take a text apart; empty lines fall away."""
    return [_line(line.strip()) for line in text.splitlines() if line.strip()]


def _line(line: str) -> Line:
    if line == UNVERIFIED:
        return Line("note", (Part(line.strip("（）")),))
    if line.endswith(_HEAD):
        return Line("head", (Part(line.removesuffix(_HEAD)),))
    found = _NUMBER.match(line)
    if found is None:
        return Line("plain", _parts(line))
    number = f"{found[1]}." if found[1] else found[2]
    return Line("step", _parts(line[found.end() :]), number)


def _parts(text: str) -> tuple[Part, ...]:
    """Words and marks in turn; a split by one group puts the marks at the odd places."""
    pieces = enumerate(_ONLY.split(text))
    return tuple(Part(piece, place % 2 == 1) for place, piece in pieces if piece)


def card_rows(rows: Sequence[Sequence[str]]) -> list[tuple[str, list[Line]]]:
    """Return a card's rows, each value as lines."""
    return [(label, lines_of(value)) for label, value in rows]


def calls_of(reply: dict[str, Any]) -> list[str]:
    """Return the numbers to ring: of an emergency's sentences, of the body that is competent."""
    if reply["kind"] == "emergency":
        return list(dict.fromkeys(_EMERGENCY_NUMBER.findall(reply["text"])))
    phone = (reply.get("competent") or {}).get("phone")
    return [phone] if phone else []
