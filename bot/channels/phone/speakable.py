"""Replies for the ear: short sentences, a short one first; no brackets, addresses, list marks.

Numbers stay digits: how they are spoken is for ``voice``. What only a caller can do (press a key,
hear a long list in parts) is added in ``pages`` and ``choices``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.conversations.messages import Reply

LONGEST_SENTENCE = 25
# Said at once, so that something is heard while the rest is being prepared.
LONGEST_FIRST = 15
MOST_SENTENCES = 12
# The facet whose rows are things, with notes about each.
LISTED = "materials"
# Before a break that is worth a pause of its own.
SHORTEST_FIRST = 4
# A pair with no other inside.
_BRACKETS = re.compile(r"[（(【][^（(【】)）]*[】)）]")
# “【请别人代办】身份证” as a row, or where a row goes on after a colon: only some need it.
_ONLY_FOR = re.compile(r"(?P<before>^|[：；])【(?P<who>[^（(【】)）]+)】(?=[^\s。])")
_ADDRESS = re.compile(r"(?:https?://|www\.)[!-~]+")
_ROW = re.compile(r"(?P<number>\d{1,2})\. |· ")
_DIGITS = "零一二三四五六七八九"
_STOPS = re.compile(r"(?<=[。！？；])")
_BREAKS = re.compile(r"(?<=[，：、])")


@dataclass(frozen=True)
class Point:
    """One row of a list, or one sentence: the pieces that a breath can carry."""

    pieces: tuple[str, ...]
    is_row: bool = False


def speakable(reply: Reply) -> tuple[str, ...]:
    """Return the reply sentence by sentence as it should be heard."""
    said = points(reply.text)
    return flowing(briefly(said) if reply.facet == LISTED else said)[:MOST_SENTENCES]


def briefly(said: Sequence[Point]) -> list[Point]:
    """Return each row with what it names, without what is told about it.

    Nobody keeps seven rows with their notes in mind; what is unclear is asked.
    """
    return [Point(_first_sentence(p.pieces), True) if p.is_row else p for p in said]


def _first_sentence(pieces: tuple[str, ...]) -> tuple[str, ...]:
    end = next((n for n, piece in enumerate(pieces, 1) if piece.endswith("。")), len(pieces))
    return pieces[:end]


def flowing(said: Iterable[Point]) -> tuple[str, ...]:
    """Return the pieces one after the other, the first of them short."""
    pieces = [piece for point in said for piece in point.pieces]
    return (*_first_short(pieces[0]), *pieces[1:]) if pieces else ()


def points(text: str) -> list[Point]:
    """Return a text as what is said of it, point by point."""
    found: list[Point] = []
    for line in _without_addresses(text.replace("——\n", "，")).split("\n"):
        mark = _ROW.match(line)
        row = line[mark.end() :] if mark else line
        told = _without_brackets(_ONLY_FOR.sub(_for_whom, row)).strip(" ·")
        sentences = _STOPS.split(told)
        if mark and told:
            first = f"{_counted(mark['number'])}{sentences[0]}"
            found += _point([first, *sentences[1:]], is_row=True)
        else:
            found += [point for sentence in sentences for point in _point([sentence])]
    return found


def ordinal(number: int) -> str:
    """Return “第三” for 3, up to 99."""
    tens, ones = divmod(number, 10)
    if not tens:
        return f"第{_DIGITS[ones]}"
    return f"第{_DIGITS[tens] if tens > 1 else ''}十{_DIGITS[ones] if ones else ''}"


def _for_whom(found: re.Match[str]) -> str:
    who = found["who"]
    return f"{found['before']}{who}{'' if who.endswith('的') else '的话'}，"


def _counted(number: str | None) -> str:
    return f"{ordinal(int(number))}，" if number else ""


def _point(sentences: Sequence[str], *, is_row: bool = False) -> list[Point]:
    """The sentences as one point; none if nothing of them is left to say."""
    pieces = [piece for one in sentences for piece in _short(one.strip(" ·"))]
    kept = tuple(piece for piece in pieces if piece.strip("，：、。！？； "))
    return [Point(kept, is_row)] if kept else []


def _without_addresses(text: str) -> str:
    """Take out addresses of pages, with the line that only leads to one."""
    lines: list[str] = []
    for line in text.split("\n"):
        rest = _ADDRESS.sub("", line)
        if rest != line and not rest.strip():
            if lines and lines[-1].endswith("："):
                lines.pop()
        else:
            lines.append(rest)
    return "\n".join(lines)


def _without_brackets(text: str) -> str:
    """Take out bracketed asides from the innermost outwards."""
    while (shorter := _BRACKETS.sub("", text)) != text:
        text = shorter
    return text


def _short(sentence: str) -> list[str]:
    """Break a long sentence at its commas into pieces that one breath can carry."""
    pieces: list[str] = []
    for part in _BREAKS.split(sentence):
        if pieces and len(pieces[-1]) + len(part) <= LONGEST_SENTENCE:
            pieces[-1] += part
        else:
            pieces.append(part)
    return pieces


def _first_short(piece: str) -> tuple[str, ...]:
    """Break the first piece where that gives a short beginning."""
    if len(piece) <= LONGEST_FIRST:
        return (piece,)
    for found in _BREAKS.finditer(piece, SHORTEST_FIRST):
        if found.end() <= LONGEST_FIRST and piece[found.end() :]:
            return piece[: found.end()], piece[found.end() :]
    return (piece,)
