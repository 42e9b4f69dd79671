"""Long texts in parts that Telegram takes; a list entry stays whole.

Telegram counts UTF-16 units: a character outside the basic plane counts twice.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

LONGEST_UNITS = 4096
_SENTENCES = re.compile(r"(?<=[。！？；])")
# What follows an entry's first line and belongs to it: it is set in.
_SET_IN = re.compile(r"[ \t\u3000]")


def units(text: str) -> int:
    """Return the length as Telegram counts it."""
    return len(text.encode("utf-16-le")) // 2


def parts(text: str, longest: int = LONGEST_UNITS) -> list[str]:
    """Split a text; between entries if possible, else lines, sentences, characters.

    Nothing is lost but the line breaks at the seams. A text of blanks has no part.
    """
    pieces = _joined(_entries(text), "\n", longest, _entry_parts)
    return [piece for piece in pieces if piece.strip()]


def _entries(text: str) -> list[str]:
    entries: list[str] = []
    for line in text.split("\n"):
        if entries and _SET_IN.match(line):
            entries[-1] += f"\n{line}"
        else:
            entries.append(line)
    return entries


def _entry_parts(entry: str, longest: int) -> list[str]:
    return _joined(entry.split("\n"), "\n", longest, _line_parts)


def _line_parts(line: str, longest: int) -> list[str]:
    return _joined(_SENTENCES.split(line), "", longest, _character_parts)


def _character_parts(sentence: str, longest: int) -> list[str]:
    return _joined(sentence, "", longest, lambda character, _: [character])


def _joined(
    pieces: Iterable[str], seam: str, longest: int, smaller: Callable[[str, int], list[str]]
) -> list[str]:
    """Put pieces together as far as they fit; one that never fits is taken apart."""
    found: list[str] = []
    current = ""
    is_begun = False
    for piece in pieces:
        joined = f"{current}{seam}{piece}" if is_begun else piece
        if units(joined) <= longest:
            current, is_begun = joined, True
            continue
        if is_begun:
            found.append(current)
        *whole, current = [piece] if units(piece) <= longest else smaller(piece, longest)
        found.extend(whole)
        is_begun = True
    return [*found, current] if is_begun else found
