"""Weights and thresholds for a model that is not ours."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from knowledge import calibration, fitting
from knowledge.fitting import BATCH, Remembering, fit
from knowledge.search.encoder import BUILT_IN, hash_of
from knowledge.search.errors import RerankerUnavailable
from knowledge.search.recipe import (
    DECISION_SIGNS,
    RERANKER,
    SIGNS,
    Recipe,
    Recipes,
    is_fitted,
    load_recipe,
    recipes_for,
    save_fitted,
)
from knowledge.search.reranker import CrossEncoderReranker
from tests.knowledge.test_calibration import LETTERS, records
from tests.people import LetterEncoder
from tests.tiny_models import save_reranker

AMBIGUOUS = {
    f"{LETTERS[n] * 2}{LETTERS[n + 1] * 2}": [f"item-{n}", f"item-{n + 1}"] for n in range(12)
}


class Judge:
    """Judges by the share of letters that question and text have in common."""

    fingerprint = "judge"

    def __init__(self, *, fails: bool = False) -> None:
        self.fails = fails
        self.asked = 0

    def judge(self, query: str, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Return the shares; counts the questions."""
        if self.fails:
            raise RerankerUnavailable("re-ranker “judge” cannot be loaded: no file")
        self.asked += 1
        return np.array([len({*query} & {*t}) / len({*query} | {*t}) for t in texts], np.float32)


@pytest.fixture(autouse=True)
def trained(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """No reader is trained; whoever trains an encoder is noted, and gets one of letters."""
    names: list[str] = []
    monkeypatch.setattr(calibration, "train_encoder", lambda docs, place, name: names.append(name))
    monkeypatch.setattr(calibration, "SentenceTransformerEncoder", LetterEncoder)
    monkeypatch.setattr(calibration, "train_reader", lambda *_: None)
    return names


# Embedding


def test_a_text_is_worked_out_once_for_question_and_passage_each() -> None:
    letters = LetterEncoder()
    encoder = Remembering(letters)
    texts = [f"第{n}句" for n in range(BATCH + 3)]
    first = encoder.encode([*texts, *texts])
    assert letters.asked == len(texts)
    assert encoder.encode(texts) == pytest.approx(first[: len(texts)])
    encoder.encode(texts[:5], query=True)
    assert letters.asked == len(texts) + 5
    assert encoder.fingerprint == letters.fingerprint


# Learning


def test_a_foreign_encoder_is_embedded_once_and_never_trained(
    trained: list[str], tmp_path: Path
) -> None:
    letters = LetterEncoder()
    recipes = fit(records(), AMBIGUOUS, {}, tmp_path / "folds", letters)
    assert trained == []
    texts = {text for document in records() for _, text in document.texts}
    assert letters.asked <= 2 * (len(texts) + len(AMBIGUOUS))
    assert set(recipes.plain.weights) == set(SIGNS)
    assert set(recipes.plain.sure.weights) == {*DECISION_SIGNS, *SIGNS}
    assert recipes.plain != Recipe()
    assert recipes.reranked is None


def test_a_re_ranker_gets_a_weight_beside_those_of_its_encoder(tmp_path: Path) -> None:
    recipes = fit(records(), AMBIGUOUS, {}, tmp_path / "folds", LetterEncoder(), Judge())
    assert recipes.reranked is not None
    weights = dict(recipes.reranked.weights)
    assert weights.pop(RERANKER) >= 0
    assert weights == recipes.plain.weights
    assert RERANKER in recipes.reranked.sure.weights
    assert RERANKER in recipes.reranked.several.weights
    assert 0 < recipes.reranked.ask_at < recipes.reranked.answer_at < 1
    assert recipes.reranker_fingerprint == "judge"


def test_a_re_ranker_learns_from_some_of_the_questions_only(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(fitting, "RERANKED_QUESTIONS", 60)
    judge = Judge()
    fit(records(), AMBIGUOUS, {}, tmp_path / "folds", LetterEncoder(), judge)
    # One more: whether it loads at all.
    assert judge.asked == 60 + len(AMBIGUOUS) + 1


def test_with_the_built_in_encoder_the_shipped_recipe_stays(
    trained: list[str], tmp_path: Path
) -> None:
    recipes = fit(records(), AMBIGUOUS, {}, tmp_path / "folds", None, Judge())
    assert len(trained) == calibration.FOLDS
    assert recipes.plain == load_recipe()
    assert recipes.reranked is not None


def test_a_re_ranker_that_does_not_load_is_told_before_anything_is_learned(
    tmp_path: Path,
) -> None:
    letters = LetterEncoder()
    with pytest.raises(RerankerUnavailable):
        fit(records(), AMBIGUOUS, {}, tmp_path / "folds", letters, Judge(fails=True))
    assert letters.asked == 0


def test_a_real_cross_encoder_can_be_learned_with(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(fitting, "RERANKED_QUESTIONS", 60)
    reranker = CrossEncoderReranker(str(save_reranker(tmp_path / "tiny")))
    recipes = fit(records(), {}, {}, tmp_path / "folds", LetterEncoder(), reranker)
    assert recipes.reranker_fingerprint == reranker.fingerprint


# Keeping


def test_what_was_learned_is_found_again_by_fingerprint(tmp_path: Path) -> None:
    plain, both = Recipe(answer_at=0.7), Recipe(answer_at=0.8)
    save_fitted(Recipes(plain, both, "judge"), tmp_path, "letters")
    assert recipes_for(tmp_path, "letters") == Recipes(plain)
    assert recipes_for(tmp_path, "letters", "judge") == Recipes(plain, both, "judge")
    assert recipes_for(tmp_path, "letters", "another") == Recipes(plain)
    assert recipes_for(tmp_path, "other", "judge") == Recipes(load_recipe())
    assert is_fitted(tmp_path, "letters")
    assert not is_fitted(tmp_path, "other")


def test_the_built_in_encoders_recipe_is_never_taken_from_elsewhere(tmp_path: Path) -> None:
    built_in = hash_of(BUILT_IN)
    save_fitted(Recipes(Recipe(), Recipe(answer_at=0.8), "judge"), tmp_path, built_in)
    found = recipes_for(tmp_path, built_in, "judge")
    assert found == Recipes(load_recipe(), Recipe(answer_at=0.8), "judge")
    assert is_fitted(tmp_path, built_in)
