"""How much each sign of a match counts, and when the office dares to answer.

The figures come from ``knowledge.calibration`` (cross-validated over the phrasings) and lie in
``knowledge/data/trained/recipe.json``; the defaults below serve foreign knowledge bases, which have
no phrasings to learn from.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from math import exp
from pathlib import Path

from knowledge.search.encoder import BUILT_IN, TRAINED_DIR, hash_of

RECIPE_FILE = TRAINED_DIR / "recipe.json"
# The sign of the re-ranker: only a recipe that was learned with one weighs it.
RERANKER = "reranker"
# What the sign of a re-ranker counts that no recipe was learned with: enough to put the second
# first, too little to lift what nothing else speaks for.
UNFITTED_WEIGHT = 3.0

# The signs of a match between a question and one document, in this order everywhere.
SIGNS = ("chars", "words", "pinyin", "dense", "support", "whole", "named", "reader")
# The signs by which the best match of a question is believed or doubted, beside SIGNS of the best.
DECISION_SIGNS = (
    "score",  # of the best, weighed
    "lead",  # over the first that means something else
    "second_lead",  # over the second that means something else
    "crowd_lead",  # over the mean of the next ten
    "scope_lead",  # over the nearest that is not ours
    "is_ours",  # 1 if the best is ours, else 0
    "known",  # share of the question's characters and pairs that the knowledge has ever seen
    "length",  # of the question: logarithm of characters
    "vague",  # log-odds that the words alone leave open what is meant
    "share",  # of the best among the nearest, as probabilities by score (softmax)
    "entropy",  # of these probabilities, in nats
    *(f"{sign}_lead" for sign in SIGNS),  # by this sign alone, over all that mean something else
    *(f"{sign}_scope" for sign in SIGNS),  # by this sign alone, over all that is not ours
    *(f"{sign}_agrees" for sign in SIGNS),  # 1 if by this sign alone the best is the best too
)


@dataclass(frozen=True)
class Logistic:
    """A probability (0..1) from named signs: logistic(sum of weight times sign + offset)."""

    weights: dict[str, float]
    offset: float

    def __call__(self, signs: Mapping[str, float]) -> float:
        """Return the probability; signs without a weight count for nothing."""
        z = sum(weight * signs[sign] for sign, weight in self.weights.items()) + self.offset
        return 1 / (1 + exp(-max(-30.0, min(30.0, z))))


@dataclass(frozen=True)
class Recipe:
    """Weights of SIGNS, what is made of DECISION_SIGNS, and the thresholds of the decision."""

    weights: dict[str, float] = field(
        default_factory=lambda: {
            "chars": 3.0,
            "words": 2.0,
            "pinyin": 0.5,
            "dense": 3.0,
            "support": 2.0,
            "whole": 8.0,
            "named": 1.0,
            "reader": 0.0,
        }
    )
    # The probability that the best document is the right one.
    sure: Logistic = field(default_factory=lambda: Logistic({"score": 1.0, "lead": 1.0}, -4.0))
    # The probability that the question honestly means several things; from ``several_at`` on the
    # office asks which.
    several: Logistic = field(default_factory=lambda: Logistic({}, -30.0))
    several_at: float = 1.0
    # Below ``answer_at`` the office asks back, below ``ask_at`` it steps back.
    answer_at: float = 0.6
    ask_at: float = 0.2


@dataclass(frozen=True)
class Recipes:
    """The recipe for an encoder; and, if there was one to learn with, that for its re-ranker."""

    plain: Recipe
    reranked: Recipe | None = None
    reranker_fingerprint: str = ""


def load_recipe(path: Path = RECIPE_FILE) -> Recipe:
    """Read the trained recipe, or return the defaults if none was trained."""
    if not path.is_file():
        return Recipe()
    return recipe_from(json.loads(path.read_text(encoding="utf-8")))


def recipe_from(data: dict[str, object]) -> Recipe:
    """Return the recipe that ``asdict`` made plain."""
    learnt = {name: Logistic(**data[name]) for name in ("sure", "several")}  # type: ignore[arg-type]
    return Recipe(**{**data, **learnt})  # type: ignore[arg-type]


def save_recipe(recipe: Recipe, path: Path = RECIPE_FILE) -> None:
    """Write a recipe as readable JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(asdict(recipe), indent=2) + "\n", encoding="utf-8")


def recipes_for(place: Path, encoder: str, reranker: str = "") -> Recipes:
    """Return what was learned for an encoder (and a re-ranker), by fingerprint.

    Where nothing was, the shipped recipe stands in.
    """
    plain, both = place / f"{encoder}.json", place / f"{encoder}-{reranker}.json"
    recipe = load_recipe(plain if plain.is_file() else RECIPE_FILE)
    if not reranker or not both.is_file():
        return Recipes(recipe)
    return Recipes(recipe, load_recipe(both), reranker)


def is_fitted(place: Path, encoder: str) -> bool:
    """Whether the recipe for an encoder was learned with it; the shipped one with the built-in."""
    return (place / f"{encoder}.json").is_file() or encoder in ("", hash_of(BUILT_IN))


def save_fitted(recipes: Recipes, place: Path, encoder: str) -> None:
    """Keep what was learned for an encoder (and a re-ranker); the built-in one's is shipped."""
    if encoder != hash_of(BUILT_IN):
        save_recipe(recipes.plain, place / f"{encoder}.json")
    if recipes.reranked is not None:
        both = place / f"{encoder}-{recipes.reranker_fingerprint}.json"
        save_recipe(recipes.reranked, both)
