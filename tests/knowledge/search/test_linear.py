"""The linear classifier: probabilities as the formula says, learnt, kept and read back."""

from __future__ import annotations

from math import exp
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.search.linear import SEEN_AT_LEAST, SMALLEST_WEIGHT, LinearClassifier, train_linear

FEATURES = ("漏", "水", "火")
VALUES = st.floats(-20, 20, width=32)


def classifier() -> LinearClassifier:
    """Three kinds, told by three features; 0.5 and 0.25 are exact in half precision too."""
    return LinearClassifier(
        ("calm", "fire", "gas"),
        np.array([1.0, 0.0, -1.0], dtype=np.float32),
        FEATURES,
        np.array([[0, 0, 2], [0.5, -2, 0.25], [-1, 3, 0]], dtype=np.float32),
    )


def shares(*scores: float) -> list[float]:
    """Softmax, read slowly."""
    return [exp(score) / sum(map(exp, scores)) for score in scores]


def test_probabilities_are_those_of_the_formula() -> None:
    found = classifier().probabilities({"水": 1.0, "火": 0.5})
    assert list(found) == ["calm", "fire", "gas"]
    expected = shares(1 + 0.5 - 0.5, 0 - 2 + 1.5, -1 + 0.25)
    assert list(found.values()) == pytest.approx(expected)


@pytest.mark.parametrize("features", [{}, {"没见过": 5.0}])
def test_without_a_known_feature_the_offsets_decide(features: dict[str, float]) -> None:
    found = classifier().probabilities(features)
    assert list(found.values()) == pytest.approx(shares(1, 0, -1))


@given(st.dictionaries(st.sampled_from([*FEATURES, "没见过"]), VALUES))
def test_probabilities_add_up_to_one(features: dict[str, float]) -> None:
    found = classifier().probabilities(features)
    assert sum(found.values()) == pytest.approx(1, abs=1e-5)
    assert all(0 <= probability <= 1 for probability in found.values())


def test_huge_scores_overflow_nowhere() -> None:
    found = classifier().probabilities({"火": 1000.0})
    assert found["fire"] == pytest.approx(1)


def test_what_is_saved_reads_back_the_same(tmp_path: Path) -> None:
    made = classifier()
    made.save(tmp_path / "kinds.npz")
    read = LinearClassifier.load(tmp_path / "kinds.npz")
    assert read.classes == made.classes
    for features in ({}, {"漏": 1.0}, {"水": 0.3, "火": 2.0}):
        assert read.probabilities(features) == pytest.approx(made.probabilities(features))


def test_the_same_weights_are_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one.npz", "other.npz"):
        classifier().save(tmp_path / name)
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "other.npz").read_bytes()


def test_a_file_may_not_bring_objects_along(tmp_path: Path) -> None:
    evil = np.array([{"run": "me"}], dtype=object)
    np.savez(tmp_path / "evil.npz", classes=evil, offsets=evil, features=evil, weights=evil)
    with pytest.raises(ValueError, match="allow_pickle"):
        LinearClassifier.load(tmp_path / "evil.npz")


ROWS = [{"火": 1.0, "了": 1.0}, {"水": 1.0, "了": 1.0}, {"卡": 1.0, "了": 1.0}] * 6
KINDS = ["fire", "flood", "calm"] * 6


def test_training_learns_which_feature_tells_which_class() -> None:
    learnt = train_linear(ROWS, KINDS, strength=1.0)
    for feature, kind in (("火", "fire"), ("水", "flood"), ("卡", "calm")):
        found = learnt.probabilities({feature: 1.0, "了": 1.0})
        assert max(found, key=lambda k: found[k]) == kind


def test_a_weaker_regularisation_is_surer() -> None:
    timid, bold = (train_linear(ROWS, KINDS, strength=c) for c in (0.1, 10.0))
    asked = {"火": 1.0}
    assert bold.probabilities(asked)["fire"] > timid.probabilities(asked)["fire"] > 1 / 3


def test_what_was_seen_too_rarely_is_not_learnt() -> None:
    often, rare = [{"常": 1.0}] * SEEN_AT_LEAST, [{"少": 1.0}] * (SEEN_AT_LEAST - 1)
    rows = [*often, *rare, *([{"卡": 1.0}] * 6), *([{"证": 1.0}] * 6)]
    kinds = ["x"] * (len(often) + len(rare)) + ["y"] * 6 + ["z"] * 6
    learnt = train_linear(rows, kinds, strength=10.0)
    unknown = learnt.probabilities({})
    assert learnt.probabilities({"少": 1.0}) == unknown
    assert learnt.probabilities({"常": 1.0})["x"] > unknown["x"]


def test_a_feature_that_tells_nothing_is_not_kept() -> None:
    learnt = train_linear(ROWS, KINDS, strength=1.0)
    plain, with_it = learnt.probabilities({"火": 1.0}), learnt.probabilities({"火": 1.0, "了": 1.0})
    assert with_it == plain
    assert SMALLEST_WEIGHT > 0


def test_two_classes_are_enough() -> None:
    learnt = train_linear([{"火": 1.0}, {"卡": 1.0}] * 6, ["fire", "calm"] * 6, strength=1.0)
    assert learnt.probabilities({"火": 1.0})["fire"] > 0.5
