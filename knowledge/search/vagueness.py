"""Whether a question leaves out what would tell one record from another.

A linear classifier over groups of characters, trained on what a good clerk would ask back about
against what means one thing: “那个补贴怎么领” reads unlike “高龄老人尊老金怎么领”.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from math import log, log1p, sqrt

from knowledge.search.analysis import content
from knowledge.search.encoder import TRAINED_DIR
from knowledge.search.linear import LinearClassifier, train_linear

VAGUE_FILE = TRAINED_DIR / "vague.npz"
VAGUE, PLAIN = "vague", "plain"
STRENGTH = 0.3
# What is vague is rare among the examples; each counts so often.
EACH_COUNTS = 8
# The groups of a text weigh this much together, however many there are.
TOGETHER = 3.0
LENGTH = "#"
FURTHEST = 8.0


def vagueness(text: str, classifier: LinearClassifier) -> float:
    """Return the log-odds (natural, within FURTHEST of 0) that a text means several things."""
    odds = classifier.probabilities(_features(text))
    return max(-FURTHEST, min(FURTHEST, log(odds[VAGUE] + 1e-9) - log(odds[PLAIN] + 1e-9)))


def train_vague(vague: Sequence[str], plain: Sequence[str]) -> LinearClassifier:
    """Train on texts that mean several things and on texts that mean one."""
    rows = [*([_features(text) for text in vague] * EACH_COUNTS), *map(_features, plain)]
    labels = [VAGUE] * (EACH_COUNTS * len(vague)) + [PLAIN] * len(plain)
    return train_linear(rows, labels, STRENGTH)


@lru_cache(maxsize=1)
def shipped_vague() -> LinearClassifier | None:
    """Return the trained classifier, or None if none was trained."""
    return LinearClassifier.load(VAGUE_FILE) if VAGUE_FILE.is_file() else None


def _features(text: str) -> dict[str, float]:
    letters = "".join(c for c in content(text) if c.isalnum())
    groups = {letters[i : i + n] for n in (1, 2, 3) for i in range(len(letters) - n + 1)}
    weight = TOGETHER / sqrt(max(1, len(groups)))
    return {**dict.fromkeys(groups, weight), LENGTH: log1p(len(letters))}
