"""Whether a message tells of danger that is there now, and of which kind.

A multinomial linear classifier over groups of characters and of toneless sounds, trained on what
people blurt out in danger against everything else they say, worry and anger included.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from knowledge.search.analysis import normalise, sounds
from knowledge.search.encoder import TRAINED_DIR
from knowledge.search.linear import LinearClassifier, train_linear

DANGER_FILE = TRAINED_DIR / "danger.npz"
CALM = "calm"
STRENGTH = 4.0
# Sounds count a little less than characters: they forgive homophones, but are shared by more words.
SOUND = 0.7


def danger(text: str, classifier: LinearClassifier | None = None) -> tuple[str, float]:
    """Return the likeliest kind of danger and the probability that there is any (0..1)."""
    classifier = classifier or shipped_danger()
    if classifier is None:
        return CALM, 0.0
    probabilities = classifier.probabilities(_features(text))
    calm = probabilities.pop(CALM)
    return max(probabilities, key=lambda kind: probabilities[kind]), 1 - calm


def train_danger(dangerous: Sequence[tuple[str, str]], calm: Sequence[str]) -> LinearClassifier:
    """Train on (text, kind) pairs of danger and on texts without any."""
    rows = [*dangerous, *((text, CALM) for text in calm)]
    return train_linear([_features(text) for text, _ in rows], [kind for _, kind in rows], STRENGTH)


@lru_cache(maxsize=1)
def shipped_danger() -> LinearClassifier | None:
    """Return the trained classifier, or None if none was trained."""
    return LinearClassifier.load(DANGER_FILE) if DANGER_FILE.is_file() else None


def _features(text: str) -> dict[str, float]:
    said = normalise(text)
    letters = "".join(c for c in said if c.isalnum())
    heard = sounds(said)
    return {
        **{letters[i : i + n]: 1.0 for n in (1, 2, 3) for i in range(len(letters) - n + 1)},
        **{" ".join(heard[i : i + n]): SOUND for n in (2, 3) for i in range(len(heard) - n + 1)},
    }
