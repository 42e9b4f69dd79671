"""Who is believed where classifier and matcher do not agree."""

from __future__ import annotations

from typing import Literal

import pytest
import yaml

from knowledge.search.matcher import Candidate, Match
from nlu.protocol import NOTHING_READ, Reading
from nlu.settling import ASKS, settled_intent
from tests.nlu.test_data import ROOT, intents

OUTRANKED = {"greet", "choose", "human"}
DOUBTED_AT = 0.6


def reading(
    decision: Literal["answer", "ask", "step_back"] = "answer",
    probability: float = 0.8,
    *,
    kind: str = "item",
    is_cued: bool = False,
    has_subject: bool = True,
) -> Reading:
    """What matcher and facets make of a message."""
    best = Candidate("SB13", kind, "社保卡", probability, {})
    return Reading(Match((best,), probability, decision, (best,)), ("fee",), is_cued, has_subject)


def settled(intent: str, confidence: float, read: Reading) -> str | None:
    """The intent, or None where the classifier is believed."""
    return settled_intent(intent, confidence, read, OUTRANKED, DOUBTED_AT)


@pytest.mark.parametrize(
    ("confidence", "probability", "is_cued", "asks"),
    [
        (0.5, 0.8, False, True),
        (0.8, 0.8, False, True),
        (0.89, 0.7, False, True),
        (0.89, 0.69, False, False),
        (0.9, 0.8, False, False),
        (0.9, 0.8, True, False),
        (0.59, 0.2, True, True),
        (0.6, 0.2, True, False),
        (0.59, 0.2, False, False),
        (1.0, 0.99, False, True),
        (1.0, 0.98, False, False),
        (0.0, 0.0, False, True),
    ],
)
def test_whoever_is_surer_is_believed_and_a_plain_question_before_a_doubtful_courtesy(
    confidence: float, probability: float, is_cued: bool, asks: bool
) -> None:
    read = reading(probability=probability, is_cued=is_cued)
    assert settled("greet", confidence, read) == (ASKS if asks else None)


@pytest.mark.parametrize("decision", ["answer", "ask"])
def test_a_match_that_has_to_be_asked_about_counts_too(
    decision: Literal["answer", "ask"],
) -> None:
    assert settled("greet", 0.5, reading(decision)) == ASKS


@pytest.mark.parametrize("is_cued", [True, False])
def test_a_match_that_steps_back_outranks_nothing(is_cued: bool) -> None:
    assert settled("greet", 0.1, reading("step_back", is_cued=is_cued)) is None


def test_a_topic_about_the_assistant_itself_outranks_nothing() -> None:
    assert settled("greet", 0.1, reading(kind="topic", is_cued=True)) is None


@pytest.mark.parametrize(
    ("confidence", "is_cued", "asks"),
    [(0.59, True, True), (0.89, True, True), (0.9, True, False), (0.1, False, False)],
)
def test_without_a_subject_only_a_plain_question_counts(
    confidence: float, is_cued: bool, asks: bool
) -> None:
    read = reading(probability=0.99, is_cued=is_cued, has_subject=False)
    assert settled("human", confidence, read) == (ASKS if asks else None)


@pytest.mark.parametrize("intent", ["ask_item", "delete_data", "request_proxy", "unheard_of", ""])
def test_an_intent_that_may_not_be_outranked_stays(intent: str) -> None:
    assert settled(intent, 0.0, reading(probability=1.0, is_cued=True)) is None


def test_where_nothing_was_read_the_classifier_is_believed() -> None:
    assert settled("greet", 0.0, NOTHING_READ) is None


def test_a_match_without_candidates_outranks_nothing() -> None:
    empty = Reading(Match((), 0.9, "answer", ()), ("fee",), True, True)
    assert settled("greet", 0.0, empty) is None


def test_what_the_pipeline_lets_be_outranked_are_intents_and_never_the_grave_ones() -> None:
    pipeline = yaml.safe_load((ROOT / "config.yml").read_text(encoding="utf-8"))["pipeline"]
    outranked = {intent for part in pipeline for intent in part.get("outranks", [])}
    assert outranked
    assert outranked <= {*intents(), "nlu_fallback"}
    assert not outranked & {ASKS, "delete_data"}
