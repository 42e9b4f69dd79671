"""Danger now comes before anything else: looked for in every message, before the engine."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.conversations.messages import Reply
from knowledge.record import Emergency
from knowledge.search.analysis import normalise

MOST_BETWEEN = 6


class DangerWords:
    """The words of all emergencies, ready to be looked for."""

    def __init__(self, emergencies: Sequence[Emergency]) -> None:
        self._known = [(re.compile("|".join(map(_pattern, e.words))), e) for e in emergencies]

    def recognise(self, text: str) -> Emergency | None:
        """Return the emergency whose words stand in the text; the longest words decide."""
        said = normalise(text).replace(" ", "")
        found = [
            (m.end() - m.start(), -order, emergency)
            for order, (pattern, emergency) in enumerate(self._known)
            if (m := pattern.search(said))
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


def _pattern(word: str) -> str:
    """A word as it stands; “…” within it stands for at most MOST_BETWEEN characters."""
    parts = [re.escape(part) for part in normalise(word).replace("...", "…").split("…")]
    return f".{{0,{MOST_BETWEEN}}}".join(parts)
