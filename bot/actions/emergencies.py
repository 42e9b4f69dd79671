"""Danger now comes before anything else: looked for in every message, before the engine.

Two witnesses: words that a clerk can add in the file, and a classifier that knows how people talk
in danger. Words are believed unless the classifier hears nothing at all in them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from bot.conversations.messages import Reply
from knowledge.record import Emergency
from knowledge.search.analysis import normalise, squeezed
from knowledge.search.danger import CALM, danger
from knowledge.search.matcher import Match
from knowledge.search.passages import NOT_OURS

MOST_BETWEEN = 6
# From BELIEVED on the classifier alone is believed, unless it is likelier that the message asks for
# something of the office; from CERTAIN on in any case; below DOUBTED not even words are.
BELIEVED, CERTAIN, DOUBTED = 0.28, 0.97, 0.12
_CLAUSE = re.compile(r"[,，、。;；?？!！…\s]+")
# What is told of another day, or only feared, is no danger now, unless it goes on.
_NOT_NOW = re.compile(
    r"前年|去年|上个?月|上周|上礼拜|以前|从前|那年|前几天|当年|昨[天晚]|前天|小时候|年前"
    r"|差点|万一|预防|怎么防|怕哪天"
)
_PRESENT = re.compile(r"现在|正在|还在|刚才|刚刚|马上|快来|救命|又")

# Text to the likeliest kind of danger and the probability (0..1) that there is any.
Hear = Callable[[str], tuple[str, float]]


class DangerSense:
    """Hears danger in words and in the way of talking."""

    def __init__(self, emergencies: Sequence[Emergency], hear: Hear = danger) -> None:
        self._known = [(_any_of(e.words), e) for e in emergencies]
        self._hear = hear
        self._by_kind = {e.kind: e for e in emergencies}
        self._said = {squeezed(text): e for e in emergencies for text in e.phrasings}

    def recognise(self, text: str, enquiry: Callable[[], float] = lambda: 0.0) -> Emergency | None:
        """Return the danger that a text tells of, or None.

        ``enquiry`` gives the probability (0..1) that the text asks for something of the office; it
        is called only where the classifier alone hears danger and is not certain.
        """
        exactly = self._said.get(squeezed(text))
        if exactly is not None:
            return exactly
        said = normalise(text).replace(" ", "")
        kind, probability = self._hear(text)
        is_past = _NOT_NOW.search(said) and not _PRESENT.search(said)
        if is_past and probability < CERTAIN:
            return None
        worded = self._worded(said)
        if worded is not None and (kind == CALM or self._is_heard(text, probability)):
            return worded
        if probability < BELIEVED or (probability < CERTAIN and probability <= enquiry()):
            return None
        return self._by_kind.get(kind)

    def _is_heard(self, text: str, probability: float) -> bool:
        """Whether words are believed: an errand told before them may drown what they tell."""
        alone = [clause for clause in _CLAUSE.split(text) if self._worded(normalise(clause))]
        return max(probability, *(self._hear(clause)[1] for clause in alone), 0.0) >= DOUBTED

    def _worded(self, said: str) -> Emergency | None:
        """The emergency whose words stand in the text; the longest words decide."""
        found = [
            (m.end() - m.start(), -order, emergency)
            for order, (pattern, emergency) in enumerate(self._known)
            for m in pattern.finditer(said)
        ]
        return max(found, key=lambda f: f[:2])[2] if found else None


def enquiry_in(match: Match) -> float:
    """Return the probability (0..1) that a matched text asks for something of the office."""
    is_ours = match.best is not None and match.best.kind not in NOT_OURS
    return match.probability if is_ours else 0.0


def emergency_reply(found: Emergency) -> Reply:
    """The number in the first sentence, then what keeps people safe."""
    sentences = [f"请马上打{found.number}！", *found.safety]
    return Reply(
        kind="emergency",
        intent="emergency",
        text="".join(sentences),
        speech=tuple(sentences),
        confidence=1.0,
    )


def _any_of(words: Sequence[str]) -> re.Pattern[str]:
    """One pattern for all words, the longest first."""
    kept = sorted({word for word in words if word}, key=len, reverse=True)
    return re.compile("|".join(map(_pattern, kept)) or r"(?!)")


def _pattern(word: str) -> str:
    """A word as it stands; “…” within it stands for at most MOST_BETWEEN characters."""
    parts = [re.escape(part) for part in normalise(word).replace("...", "…").split("…")]
    return f".{{0,{MOST_BETWEEN}}}".join(parts)
