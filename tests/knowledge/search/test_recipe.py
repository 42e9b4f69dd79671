"""How signs become probabilities, and how what was learnt is kept."""

from __future__ import annotations

import json
from dataclasses import asdict
from math import exp
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.search.recipe import (
    DECISION_SIGNS,
    SIGNS,
    Logistic,
    Recipe,
    load_recipe,
    recipe_from,
    save_recipe,
)

LEARNT = Recipe(
    weights=dict.fromkeys(SIGNS, 1.5),
    sure=Logistic({"score": 2.0, "lead": 0.5}, -3.0),
    several=Logistic({"lead": -4.0}, 1.0),
    several_at=0.25,
    answer_at=0.7,
    ask_at=0.1,
)


def test_a_probability_is_that_of_the_formula() -> None:
    sure = Logistic({"score": 2.0, "lead": -1.0}, 0.5)
    assert sure({"score": 1.5, "lead": 4.0}) == pytest.approx(1 / (1 + exp(0.5)))
    assert Logistic({}, 0.0)({}) == 0.5


def test_signs_without_a_weight_count_for_nothing() -> None:
    sure = Logistic({"score": 1.0}, 0.0)
    assert sure({"score": 1.0, "lead": 99.0}) == sure({"score": 1.0})


def test_a_sign_that_has_a_weight_may_not_be_missing() -> None:
    with pytest.raises(KeyError, match="lead"):
        Logistic({"lead": 1.0}, 0.0)({"score": 1.0})


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))
def test_any_figures_give_a_probability(score: float, offset: float) -> None:
    assert 0 <= Logistic({"score": 1.0}, offset)({"score": score}) <= 1


def test_more_of_a_good_sign_is_surer() -> None:
    sure = Recipe().sure
    low, high = ({"score": score, "lead": 1.0} for score in (1.0, 5.0))
    assert sure(high) > sure(low)


def test_without_training_nothing_means_several_things() -> None:
    recipe = Recipe()
    assert recipe.several(dict.fromkeys((*DECISION_SIGNS, *SIGNS), 9.0)) < recipe.several_at


def test_what_is_saved_reads_back_the_same(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "recipe.json"
    save_recipe(LEARNT, path)
    assert load_recipe(path) == LEARNT
    assert json.loads(path.read_text("utf-8"))["several_at"] == 0.25


def test_plain_data_makes_the_recipe_again() -> None:
    assert recipe_from(asdict(LEARNT)) == LEARNT


def test_without_a_file_the_defaults_serve(tmp_path: Path) -> None:
    assert load_recipe(tmp_path / "nowhere.json") == Recipe()


@pytest.mark.parametrize("change", [{"offset": 1.0}, {"sure": {"weights": {}}}])
def test_a_recipe_of_another_form_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(TypeError):
        recipe_from({**asdict(LEARNT), **change})


@pytest.mark.parametrize("missing", ["sure", "several"])
def test_a_recipe_without_its_probabilities_is_refused(missing: str) -> None:
    data = asdict(LEARNT)
    del data[missing]
    with pytest.raises(KeyError, match=missing):
        recipe_from(data)


def test_the_defaults_weigh_every_sign() -> None:
    assert tuple(Recipe().weights) == SIGNS


def test_the_shipped_recipe_fits_the_signs_and_its_own_thresholds() -> None:
    recipe = load_recipe()
    assert recipe != Recipe()
    assert set(recipe.weights) == set(SIGNS)
    assert all(weight >= 0 for weight in recipe.weights.values())
    for learnt in (recipe.sure, recipe.several):
        assert set(learnt.weights) == {*DECISION_SIGNS, *SIGNS}
    assert 0 < recipe.ask_at < recipe.answer_at < 1
    assert 0 < recipe.several_at < 1
