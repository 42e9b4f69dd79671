"""The door from the line to whoever knows the answers; declared by the side that needs it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

Expects = Literal["free", "yes_no", "digits", "choice"]


@dataclass(frozen=True)
class Hypothesis:
    """One reading of what a caller said; ``confidence`` 0..1, higher is surer."""

    text: str
    confidence: float


@dataclass(frozen=True)
class SpokenReply:
    """Sentences to speak in order, what kind of answer is awaited, words to listen for."""

    sentences: tuple[str, ...]
    expects: Expects = "free"
    hot_words: tuple[str, ...] = ()


class Answerer(Protocol):
    """Answers what was heard in a call."""

    def answer(self, call_id: str, hypotheses: Sequence[Hypothesis]) -> SpokenReply:
        """Return what to say; the n-best list lets the matcher on the other side choose."""
