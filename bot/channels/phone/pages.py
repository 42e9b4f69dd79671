"""A long answer in parts: three things at a time, then whether to go on.

What is said in one go and expects no certain answer is put into three sentences: after three the
line itself would ask whether it shall go on.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from bot.channels.phone import sentences
from bot.channels.phone.speakable import Point, flowing

POINTS_A_PART = 3
SENTENCES_IN_ONE_GO = 3
Part = tuple[str, ...]
_ENDS = tuple("，：、。！？；")


def parts_of(said: Sequence[Point], closing: Part = ()) -> list[Part]:
    """Return what is said in parts, each but the last ending with the offer to go on.

    ``closing`` is said at the end of the last: a question, what can be pressed. A single point is
    not left over for a part of its own.
    """
    groups = _grouped(said)
    parts: list[Part] = []
    for number, group in enumerate(groups, start=1):
        later = [point for rest in groups[number:] for point in rest]
        parts.append((*flowing(group), *(_offer(later) if later else closing)))
    return parts or [closing]


def in_one_go(part: Part) -> Part:
    """Return a part as three sentences at most; the first stays short as long as it can."""
    said = list(part)
    while len(said) > SENTENCES_IN_ONE_GO:
        at = min(range(1, len(said) - 1), key=lambda place: len(said[place] + said[place + 1]))
        said[at : at + 2] = [_joined(said[at], said[at + 1])]
    return tuple(said)


def _joined(first: str, second: str) -> str:
    return f"{first}{second}" if first.endswith(_ENDS) else f"{first}。{second}"


def _grouped(said: Sequence[Point]) -> list[list[Point]]:
    groups: list[list[Point]] = [[]]
    for number, point in enumerate(said):
        is_alone = not any(map(_counts, said[number + 1 :]))
        if _counts(point) and _weight(groups[-1]) >= POINTS_A_PART and not is_alone:
            groups.append([])
        groups[-1].append(point)
    return _leads_moved(groups)


def _leads_moved(groups: list[list[Point]]) -> list[list[Point]]:
    """A heading goes with what it leads to, into the next part."""
    for before, after in pairwise(groups):
        while len(before) > 1 and not _counts(before[-1]):
            after.insert(0, before.pop())
    return groups


def _weight(group: Sequence[Point]) -> int:
    return sum(map(_counts, group))


def _counts(point: Point) -> bool:
    """Whether a point says something by itself, rather than leading to what follows."""
    return point.is_row or not point.pieces[-1].endswith(("：", "，"))


def _offer(later: Sequence[Point]) -> Part:
    rows = [point for point in later if point.is_row]
    if len(rows) == _weight(later):
        return (sentences.GO_ON_ROWS.format(count=len(rows)),)
    return (sentences.GO_ON,)
