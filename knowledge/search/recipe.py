"""How much each sign of a match counts, and when the office dares to answer.

The figures come from ``knowledge.training`` (cross-validated over the phrasings) and lie in
``knowledge/data/trained/recipe.json``; the defaults below serve foreign knowledge bases, which have
no phrasings to learn from.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from math import exp
from pathlib import Path

from knowledge.search.encoder import TRAINED_DIR

RECIPE_FILE = TRAINED_DIR / "recipe.json"

# The signs of a match between a question and one document, in this order everywhere.
SIGNS = ("chars", "words", "pinyin", "dense", "support", "whole", "named")


@dataclass(frozen=True)
class Recipe:
    """Weights of SIGNS, the calibration of the best score, and the thresholds of the decision."""

    weights: dict[str, float] = field(
        default_factory=lambda: {
            "chars": 3.0,
            "words": 2.0,
            "pinyin": 0.5,
            "dense": 3.0,
            "support": 2.0,
            "whole": 8.0,
            "named": 1.0,
        }
    )
    # probability = logistic(score * a + lead over the second * b + share of known terms * c + d)
    score_weight: float = 1.0
    lead_weight: float = 1.0
    known_weight: float = 0.0
    offset: float = -4.0
    # Below ``answer_at`` the office asks back, below ``ask_at`` it steps back.
    answer_at: float = 0.6
    ask_at: float = 0.2

    def probability(self, score: float, lead: float, known: float) -> float:
        """Return the calibrated probability that the best document is the right one."""
        z = (
            self.score_weight * score
            + self.lead_weight * lead
            + self.known_weight * known
            + self.offset
        )
        return 1 / (1 + exp(-max(-30.0, min(30.0, z))))


def load_recipe(path: Path = RECIPE_FILE) -> Recipe:
    """Read the trained recipe, or return the defaults if none was trained."""
    if not path.is_file():
        return Recipe()
    return Recipe(**json.loads(path.read_text(encoding="utf-8")))


def save_recipe(recipe: Recipe, path: Path = RECIPE_FILE) -> None:
    """Write a recipe as readable JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(asdict(recipe), indent=2) + "\n", encoding="utf-8")
