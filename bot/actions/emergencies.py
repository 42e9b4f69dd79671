"""Danger now comes before anything else: looked for in every message, before the engine."""

from __future__ import annotations

import re
from functools import lru_cache

from bot.actions.context import Guide
from bot.conversations.messages import Reply
from knowledge.record import Emergency
from knowledge.search.analysis import normalise

MOST_BETWEEN = 6


def emergency(guide: Guide, text: str) -> Reply | None:
    """Return the emergency reply if the words give danger away, else None."""
    found = recognise(guide.emergencies, text)
    if found is None:
        return None
    sentences = [f"请马上打{found.number}！", *found.safety]
    return Reply(
        kind="emergency",
        intent="emergency",
        text="".join(sentences),
        speech=tuple(sentences),
        confidence=1.0,
    )


def recognise(emergencies: list[Emergency], text: str) -> Emergency | None:
    """Return the emergency whose words stand in the text; the longest words decide."""
    said = normalise(text).replace(" ", "")
    found = [
        (len(word), -order, emergency)
        for order, emergency in enumerate(emergencies)
        for word in emergency.words
        if _pattern(word).search(said)
    ]
    return max(found, key=lambda f: f[:2])[2] if found else None


@lru_cache(maxsize=5000)
def _pattern(word: str) -> re.Pattern[str]:
    """A word as it stands; “…” within it stands for at most MOST_BETWEEN characters."""
    parts = [re.escape(part) for part in normalise(word).replace("...", "…").split("…")]
    return re.compile(f".{{0,{MOST_BETWEEN}}}".join(parts))
