"""Whether a new snapshot still answers what the one in force answers right.

Asks the saved questions of both. What was right must stay right, and no more questions may be
answered wrong than before. A question all of whose right answers go out of service is set aside.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from knowledge.record import GateQuestion
from knowledge.search.analysis import content
from knowledge.search.encoder import Encoder
from knowledge.search.matcher import Decision, Matcher
from knowledge.search.passages import NOTHING
from knowledge.search.snapshot import Snapshot

Floats = npt.NDArray[np.float32]
SHOWN_IN_WORDS = 3


@dataclass(frozen=True)
class Outcome:
    """What a matcher made of a question; ``offered`` are ids, the first is the best."""

    decision: Decision
    offered: tuple[str, ...]
    names: tuple[str, ...]


@dataclass(frozen=True)
class Broken:
    """A question that the new snapshot answers worse, as staff read it."""

    text: str
    expected: list[str]
    before: list[str]
    before_decision: str
    after: list[str]
    after_decision: str
    after_names: list[str]


@dataclass(frozen=True)
class Verdict:
    """What the gate found; figures count questions, right first, answered wrong, set aside."""

    broken: list[Broken] = field(default_factory=list)
    figures_before: dict[str, int] = field(default_factory=dict)
    figures_after: dict[str, int] = field(default_factory=dict)

    @property
    def is_passed(self) -> bool:
        """Whether the new snapshot may come into force."""
        return not self.broken

    def plain(self) -> tuple[list[dict[str, Any]], dict[str, Any]]:
        """Return the broken questions and the figures as a publication keeps them."""
        figures = {"before": self.figures_before, "after": self.figures_after}
        return [asdict(each) for each in self.broken], figures

    def __str__(self) -> str:
        said = [_in_words(each) for each in self.broken[:SHOWN_IN_WORDS]]
        rest = "等" if len(self.broken) > SHOWN_IN_WORDS else ""
        return f"必过问题有 {len(self.broken)} 个会答错：{'；'.join(said)}{rest}"


def gate(questions: Sequence[GateQuestion], before: Matcher, after: Matcher) -> Verdict:
    """Ask the questions of both matchers and compare."""
    texts = [question.text for question in questions]
    gone = gone_between(before.snapshot, after.snapshot)
    right = [rights_of(q.expected, after.snapshot) for q in questions]
    return compare(questions, outcomes_of(texts, before), outcomes_of(texts, after), right, gone)


def gone_between(before: Snapshot, after: Snapshot) -> set[str]:
    """Return the records that went out of service; a bare name in the catalogue is no answer."""
    guides = set(before.records.get("items", {})) - set(after.records.get("items", {}))
    owners = {d.owner for d in before.documents} - {d.owner for d in after.documents}
    return guides | owners


def compare(
    questions: Sequence[GateQuestion],
    before: Mapping[str, Outcome],
    after: Mapping[str, Outcome],
    right: Sequence[frozenset[str]],
    gone: Collection[str],
) -> Verdict:
    """Compare outcomes by text; ``right`` are the ids that are right for each question."""
    asked = [
        (question, ids)
        for question, ids in zip(questions, right, strict=True)
        if not question.expected or not set(question.expected) <= set(gone)
    ]
    wrong_before = {q.text for q, ids in asked if _is_answered_wrong(before[q.text], ids)}
    wrong_after = {q.text for q, ids in asked if _is_answered_wrong(after[q.text], ids)}
    lost = {q.text for q, ids in asked if is_right(before[q.text], ids)} - {
        q.text for q, ids in asked if is_right(after[q.text], ids)
    }
    if len(wrong_after) > len(wrong_before):
        lost |= wrong_after - wrong_before
    broken = [_broken(q, before[q.text], after[q.text]) for q, _ in asked if q.text in lost]
    aside = len(questions) - len(asked)
    return Verdict(broken, figures_of(asked, before, aside), figures_of(asked, after, aside))


def figures_of(
    asked: Sequence[tuple[GateQuestion, frozenset[str]]],
    outcomes: Mapping[str, Outcome],
    set_aside: int = 0,
) -> dict[str, int]:
    """Count what became of the questions."""
    return {
        "questions": len(asked),
        "right_first": sum(is_right(outcomes[q.text], ids) for q, ids in asked),
        "answered_wrong": sum(_is_answered_wrong(outcomes[q.text], ids) for q, ids in asked),
        "set_aside": set_aside,
    }


def is_right(outcome: Outcome, right: frozenset[str]) -> bool:
    """Whether a right record was answered or heads the choices, or nothing was when nothing is."""
    if not right:
        return outcome.decision == "step_back"
    return outcome.decision != "step_back" and bool(right & set(outcome.offered[:1]))


def _is_answered_wrong(outcome: Outcome, right: frozenset[str]) -> bool:
    return outcome.decision == "answer" and not is_right(outcome, right)


def rights_of(expected: Iterable[str], snapshot: Snapshot) -> frozenset[str]:
    """Return the expected ids and the records that mean the same matter."""
    right = set(expected)
    for document in snapshot.documents:
        if document.twin and {document.owner, document.twin} & right:
            right |= {document.owner, document.twin}
    return frozenset(right - {NOTHING})


def outcomes_of(texts: Sequence[str], matcher: Matcher) -> dict[str, Outcome]:
    """Put texts to a matcher; with a QuestionEncoder behind it they are encoded in one batch."""
    return {text: _outcome(text, matcher) for text in dict.fromkeys(texts)}


def _outcome(text: str, matcher: Matcher) -> Outcome:
    match = matcher.match(text)
    offered = match.choices if match.decision == "ask" else match.ranked[:1]
    return Outcome(match.decision, tuple(c.owner for c in offered), tuple(c.name for c in offered))


class QuestionEncoder:
    """An encoder that remembers the vectors of questions it was told of, encoded in one batch."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._vectors: dict[str, Floats] = {}

    @property
    def fingerprint(self) -> str:
        """That of the encoder behind it."""
        return self._encoder.fingerprint

    def remember(self, texts: Sequence[str]) -> None:
        """Encode what is new of these, and forget all others; raises EncoderUnavailable."""
        queries = list(dict.fromkeys(content(text) for text in texts))
        new = [query for query in queries if query not in self._vectors]
        if new:
            vectors = self._encoder.encode(new, query=True)
            self._vectors.update(zip(new, vectors, strict=True))
        self._vectors = {query: self._vectors[query] for query in queries}

    def encode(self, texts: Sequence[str], *, query: bool = False) -> Floats:
        """Return vectors of shape (len(texts), dimensions); raises EncoderUnavailable."""
        if query and all(text in self._vectors for text in texts):
            return np.stack([self._vectors[text] for text in texts])
        return self._encoder.encode(texts, query=query)


def _broken(question: GateQuestion, before: Outcome, after: Outcome) -> Broken:
    return Broken(
        question.text,
        question.expected,
        list(before.offered),
        before.decision,
        list(after.offered),
        after.decision,
        list(after.names),
    )


def _in_words(broken: Broken) -> str:
    expected = "、".join(broken.expected) or "不回答"
    now = "、".join(broken.after_names) or "找不到"
    if broken.after_decision == "step_back":
        now = "答不上来"
    return f"“{broken.text}”应该是 {expected}，改了以后{now}"
