"""Danger is heard in the way of talking, homophones included, and in nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.files import KnowledgeFiles
from knowledge.search import danger as module
from knowledge.search.danger import CALM, danger, shipped_danger, train_danger
from knowledge.search.linear import LinearClassifier

DANGEROUS = [
    *((text, "fire") for text in ("家里着火了", "楼下着火了快来", "厨房起火了", "着火了好大的烟")),
    *((text, "water") for text in ("孩子掉河里了", "有人落水了", "老人掉水里了", "落水了快来人")),
]
CALM_TEXTS = ["社保卡丢了怎么补", "居住证怎么办", "老年卡在哪办", "我要投诉你们", "气得我冒火"] * 2
# What is plainly one or the other, for the classifier that ships.
PLAIN = {
    "我家厨房着火了": "fire",
    "闻到好重的煤气味": "gas_leak",
    "有人掉河里了快来人": "drowning",
    "被困在电梯里出不来了": "lift_trapped",
}
HARMLESS = (
    "社保卡丢了怎么补",
    "居住证怎么办",
    "老年卡要带什么",
    "你们几点下班",
    "低保一个月多少钱",
)


@pytest.fixture(scope="module")
def ear() -> LinearClassifier:
    """A classifier of two dangers, learnt from a handful of examples three times over."""
    return train_danger(DANGEROUS * 3, CALM_TEXTS * 3)


@pytest.mark.parametrize(
    ("text", "kind"), [("楼上着火了", "fire"), ("有个孩子落水了", "water"), ("掉河里了", "water")]
)
def test_danger_is_heard_with_its_kind(ear: LinearClassifier, text: str, kind: str) -> None:
    heard, probability = danger(text, ear)
    assert heard == kind
    assert probability > 0.5


@pytest.mark.parametrize("text", ["社保卡怎么补", "我气得冒火", "投诉你们", "居住证在哪办"])
def test_questions_and_anger_are_no_danger(ear: LinearClassifier, text: str) -> None:
    assert danger(text, ear)[1] < 0.5


def test_homophones_of_danger_are_nearer_to_it_than_other_words(ear: LinearClassifier) -> None:
    _, written = danger("着火了", ear)
    _, heard = danger("招货了", ear)
    _, other = danger("带本了", ear)
    assert written > heard > other


@given(st.text(max_size=60))
@settings(deadline=None)
def test_any_text_has_a_likeliest_danger_and_a_probability(
    ear: LinearClassifier, text: str
) -> None:
    kind, probability = danger(text, ear)
    assert kind in ("fire", "water")
    assert 0 <= probability <= 1


def test_the_probability_is_that_of_any_danger_at_all(ear: LinearClassifier) -> None:
    both = ear.probabilities(module._features("着火了，孩子掉河里了"))
    assert danger("着火了，孩子掉河里了", ear)[1] == pytest.approx(both["fire"] + both["water"])


def test_without_a_classifier_everything_is_calm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "shipped_danger", lambda: None)
    assert danger("着火了") == (CALM, 0.0)


def test_nothing_trained_is_no_classifier(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "DANGER_FILE", module.TRAINED_DIR / "nowhere.npz")
    assert shipped_danger.__wrapped__() is None


def test_the_shipped_classifier_knows_every_danger(shipped: KnowledgeFiles) -> None:
    trained = shipped_danger()
    assert trained is not None
    assert set(trained.classes) == {CALM, *(emergency.kind for emergency in shipped.emergencies)}


@pytest.mark.parametrize(("text", "kind"), PLAIN.items())
def test_the_shipped_classifier_hears_plain_danger(text: str, kind: str) -> None:
    heard, probability = danger(text)
    assert heard == kind
    assert probability >= 0.4


@pytest.mark.parametrize("text", HARMLESS)
def test_the_shipped_classifier_stays_calm_at_plain_questions(text: str) -> None:
    assert danger(text)[1] < 0.1
