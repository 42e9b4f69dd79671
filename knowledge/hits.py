"""What the matcher makes of questions, put down for reading: ranks, decisions, figures, mix-ups.

The rows are plain data, so that a run can be kept and read again later. Whoever calls brings the
matcher that residents are answered with.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any, Final

from knowledge.evaluation import Share
from knowledge.gate import rights_of
from knowledge.search.matcher import Candidate, Match, Matcher
from knowledge.search.passages import NOTHING
from knowledge.search.snapshot import Snapshot

Row = dict[str, Any]
FIRST, NEAR, MISSED, UNKNOWN = "first", "near", "missed", ""
KEPT_RANKS: Final = 5
NEAR_RANKS: Final = 3
NOTHING_NAME: Final = "（不该由我们答）"
# The kinds of records that have no category of their own.
KIND_NAMES: Final = {
    "item": "办事指南",
    "outline": "只有名称的事项",
    "event": "一件事",
    "subject": "不归我们办的事",
    "report": "诉求",
    "checklist": "检查清单",
    "topic": "关于服务本身",
    "nothing": "答不了的话",
}


@dataclass(frozen=True)
class Asked:
    """A question to try; ``expected`` None means that nobody said what is right."""

    text: str
    expected: list[str] | None = None
    style: str = "plain"
    facet: str = "overview"


class Reference:
    """Names and categories of a snapshot's records, and which answers are right for a question."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._names = {d.owner: d.name for d in snapshot.documents if d.owner != NOTHING}
        self._kinds = {d.owner: d.kind for d in snapshot.documents}
        self._items: dict[str, Any] = {
            **snapshot.records.get("outlines", {}),
            **snapshot.records.get("items", {}),
        }

    def name(self, owner: str) -> str:
        """Return what a record is called; of one that is gone, its id."""
        if owner == NOTHING:
            return NOTHING_NAME
        return self._names.get(owner) or str(self._items.get(owner, {}).get("name", owner))

    def category(self, owner: str) -> str:
        """Return the class that a record is counted in."""
        own = self._items.get(owner, {}).get("category")
        kind = self._kinds.get(owner, "nothing")
        return str(own or KIND_NAMES.get(kind, kind))

    def find(self, said: str) -> str | None:
        """Return the id that is meant by an id or a name, or None."""
        if said in self._names or said in self._items:
            return said
        return self._by_name.get(said)

    @cached_property
    def _by_name(self) -> dict[str, str]:
        """Ids by short name and name; of two with one name the whole name counts."""
        short = {str(item.get("short_name", "")): owner for owner, item in self._items.items()}
        short.pop("", None)
        return {**short, **{name: owner for owner, name in self._names.items()}}

    def right(self, expected: Iterable[str]) -> frozenset[str]:
        """Return the expected ids with those that mean the same matter."""
        return rights_of(expected, self._snapshot)


def row_of(
    asked: Asked, match: Match, reference: Reference, reply: str = "", keeps: int = KEPT_RANKS
) -> Row:
    """Return what became of one question as plain data, with the first ``keeps`` candidates."""
    expected = asked.expected
    right = None if expected is None else reference.right(expected)
    offered = match.choices if match.decision == "ask" else match.ranked[:1]
    return {
        **asdict(asked),
        "names": [reference.name(owner) for owner in expected or []],
        "category": reference.category(expected[0] if expected else NOTHING),
        "decision": match.decision,
        "probability": round(match.probability, 4),
        "verdict": _verdict(match, [c.owner for c in offered], right),
        "ranked": [_ranked(c) for c in match.ranked[:keeps] if c.owner != NOTHING],
        "reply": reply,
    }


def _ranked(candidate: Candidate) -> Row:
    return {
        "owner": candidate.owner,
        "name": candidate.name,
        "kind": candidate.kind,
        "score": candidate.score,
        "signs": candidate.signs,
    }


def _verdict(match: Match, offered: Sequence[str], right: frozenset[str] | None) -> str:
    if right is None:
        return UNKNOWN
    is_silent = match.decision == "step_back"
    if not right:
        return FIRST if is_silent else MISSED
    if not is_silent and right & set(offered[:1]):
        return FIRST
    near = {*offered, *(c.owner for c in match.ranked[:NEAR_RANKS])}
    return NEAR if right & near else MISSED


def rows_of(
    questions: Sequence[Asked], matcher: Matcher, reply: Callable[[str, Match], str]
) -> list[Row]:
    """Put all questions to a matcher; ``reply`` says what residents would be told."""
    reference = Reference(matcher.snapshot)
    found = []
    for asked in questions:
        match = matcher.match(asked.text)
        found.append(row_of(asked, match, reference, reply(asked.text, match)))
    return found


def figures_of(rows: Sequence[Row]) -> dict[str, int]:
    """Count what became of the questions; ``judged`` are those with a known answer."""
    judged = [row for row in rows if row["verdict"] != UNKNOWN]
    return {
        "questions": len(rows),
        "answered": sum(row["decision"] == "answer" for row in rows),
        "asked_back": sum(row["decision"] == "ask" for row in rows),
        "stepped_back": sum(row["decision"] == "step_back" for row in rows),
        "judged": len(judged),
        "right_first": sum(row["verdict"] == FIRST for row in judged),
        "in_three": sum(row["verdict"] in (FIRST, NEAR) for row in judged),
        "answered_wrong": sum(_is_answered_wrong(row) for row in judged),
    }


def _is_answered_wrong(row: Mapping[str, Any]) -> bool:
    return bool(row["decision"] == "answer" and row["verdict"] != FIRST)


@dataclass(frozen=True)
class Group:
    """What became of the questions of one record or one class."""

    key: str
    name: str
    right: Share
    in_three: int
    answered_wrong: int


def groups_of(
    rows: Iterable[Row], key: Callable[[Row], str], name: Callable[[Row], str]
) -> list[Group]:
    """Return the judged questions in groups, those with most mistakes first."""
    held: dict[str, list[Row]] = {}
    for row in rows:
        if row["verdict"] != UNKNOWN:
            held.setdefault(key(row), []).append(row)
    groups = [_group(one, name(members[0]), members) for one, members in held.items()]
    return sorted(groups, key=lambda g: (g.right.hits - g.right.of, g.right.value, g.key))


def _group(key: str, name: str, rows: Sequence[Row]) -> Group:
    figures = figures_of(rows)
    right = Share(figures["right_first"], len(rows))
    return Group(key, name, right, figures["in_three"], figures["answered_wrong"])


def by_item(rows: Iterable[Row]) -> list[Group]:
    """Return a group for each expected record."""
    return groups_of(
        rows,
        lambda row: (row["expected"] or [""])[0],
        lambda row: (row["names"] or [NOTHING_NAME])[0],
    )


@dataclass(frozen=True)
class Confusion:
    """One record taken for another, how often, and one question that shows it."""

    right: str
    right_name: str
    came: str
    came_name: str
    count: int
    example: str


def confusions_of(rows: Iterable[Row]) -> list[Confusion]:
    """Return which records are taken for which, the most frequent first."""
    counts: Counter[tuple[str, str]] = Counter()
    shown: dict[tuple[str, str], tuple[str, str, str]] = {}
    for row in rows:
        if row["verdict"] in (UNKNOWN, FIRST) or not row["expected"] or not row["ranked"]:
            continue
        came = row["ranked"][0]
        if came["owner"] in row["expected"]:
            continue
        pair = (row["expected"][0], came["owner"])
        counts[pair] += 1
        shown.setdefault(pair, (row["names"][0], came["name"], row["text"]))
    return [
        Confusion(
            right, shown[right, came][0], came, shown[right, came][1], n, shown[right, came][2]
        )
        for (right, came), n in counts.most_common()
    ]
