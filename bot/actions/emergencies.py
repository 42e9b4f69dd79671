"""Danger now comes before anything else: looked for in every message, before the engine."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.conversations.messages import Reply
from knowledge.record import Emergency
from knowledge.search.analysis import normalise

MOST_BETWEEN = 6
# What is told of another day, or only feared, is no danger now, unless it goes on.
_NOT_NOW = re.compile(
    r"前年|去年|上个?月|上周|上礼拜|以前|从前|那年|前几天|当年|昨[天晚]|前天|小时候|年前"
    r"|差点|万一|预防|怎么防|怕哪天"
)
_PRESENT = re.compile(r"现在|正在|还在|刚才|刚刚|马上|快来|救命|又")


class DangerWords:
    """The words of all emergencies, ready to be looked for."""

    def __init__(self, emergencies: Sequence[Emergency]) -> None:
        self._known = [(_any_of([*e.words, *e.phrasings]), e) for e in emergencies]

    def recognise(self, text: str) -> Emergency | None:
        """Return the emergency whose words stand in the text; the longest words decide."""
        said = normalise(text).replace(" ", "")
        if _NOT_NOW.search(said) and not _PRESENT.search(said):
            return None
        found = [
            (m.end() - m.start(), -order, emergency)
            for order, (pattern, emergency) in enumerate(self._known)
            for m in pattern.finditer(said)
        ]
        return max(found, key=lambda f: f[:2])[2] if found else None


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
