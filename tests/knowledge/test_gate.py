"""What was answered right stays right: the questions that a publication has to pass."""

from __future__ import annotations

from dataclasses import replace

import pytest

from knowledge.documents import documents_of
from knowledge.files import KnowledgeFiles
from knowledge.gate import Outcome, QuestionEncoder, compare, gate, is_right, rights_of
from knowledge.publishing import records_of
from knowledge.record import GateQuestion
from knowledge.search.matcher import Decision, Matcher
from knowledge.search.passages import Document
from knowledge.search.recipe import load_recipe
from knowledge.search.snapshot import Snapshot, build_snapshot
from tests.people import LetterEncoder, tiny

CARD, BUS = "社保卡丢了怎么补", "老年公交卡在哪办"
QUESTIONS = [GateQuestion(text=CARD, expected=["SB13"]), GateQuestion(text=BUS, expected=["GG08"])]
RIGHT = [frozenset({"SB13"}), frozenset({"GG08"})]


def said(decision: Decision, *offered: str) -> Outcome:
    return Outcome(decision, offered, offered)


def outcomes(card: Outcome, bus: Outcome) -> dict[str, Outcome]:
    return {CARD: card, BUS: bus}


FINE = outcomes(said("answer", "SB13"), said("answer", "GG08"))


def snapshot_of(files: KnowledgeFiles) -> Snapshot:
    return build_snapshot(documents_of(files), load_recipe(), None, records=records_of(files))


def test_nothing_broken_passes() -> None:
    verdict = compare(QUESTIONS, FINE, FINE, RIGHT, gone=())
    assert verdict.is_passed
    assert verdict.figures_after == {
        "questions": 2, "right_first": 2, "answered_wrong": 0, "set_aside": 0,
    }  # fmt: skip


@pytest.mark.parametrize("worse", [said("answer", "GG08"), said("ask", "GG08"), said("step_back")])
def test_a_question_that_was_right_and_is_wrong_is_broken(worse: Outcome) -> None:
    verdict = compare(QUESTIONS, FINE, outcomes(worse, FINE[BUS]), RIGHT, gone=())
    assert [broken.text for broken in verdict.broken] == [CARD]
    assert CARD in str(verdict)


def test_asking_back_with_the_right_one_first_is_still_right() -> None:
    asked = outcomes(said("ask", "SB13", "SB12"), FINE[BUS])
    assert compare(QUESTIONS, FINE, asked, RIGHT, gone=()).is_passed


def test_more_wrong_answers_than_before_are_broken_though_none_was_right() -> None:
    before = outcomes(said("ask", "SB12"), FINE[BUS])
    after = outcomes(said("answer", "SB12"), FINE[BUS])
    verdict = compare(QUESTIONS, before, after, RIGHT, gone=())
    assert [broken.text for broken in verdict.broken] == [CARD]


def test_a_wrong_answer_that_was_wrong_before_does_not_hold_anything_up() -> None:
    wrong = outcomes(said("answer", "SB12"), FINE[BUS])
    assert compare(QUESTIONS, wrong, wrong, RIGHT, gone=()).is_passed


def test_questions_about_what_goes_out_of_service_are_set_aside() -> None:
    after = outcomes(said("step_back"), FINE[BUS])
    verdict = compare(QUESTIONS, FINE, after, RIGHT, gone={"SB13"})
    assert verdict.is_passed
    assert verdict.figures_after["set_aside"] == 1


def test_where_no_answer_is_right_only_stepping_back_is() -> None:
    assert is_right(said("step_back", "SB13"), frozenset())
    assert not is_right(said("ask", "SB13"), frozenset())


def test_a_twin_is_as_right(shipped: KnowledgeFiles) -> None:
    twins = [Document("R01", "report", (("name", "停车乱"),), "CG13")]
    snapshot = replace(snapshot_of(tiny(shipped, "SB13")), documents=twins)
    assert rights_of(["CG13"], snapshot) == {"CG13", "R01"}


def test_two_snapshots_are_asked_the_same(shipped: KnowledgeFiles) -> None:
    files = tiny(shipped, "SB13", "GG08")
    one = Matcher(snapshot_of(files))
    names = [item.name for item in files.items.values()]
    asked = [
        GateQuestion(text=name, expected=[item_id])
        for item_id, name in zip(files.items, names, strict=True)
    ]
    assert gate(asked, one, one).is_passed
    without = Matcher(snapshot_of(tiny(shipped, "SB13")))
    assert gate(asked, one, without).figures_after["set_aside"] == 1


def test_questions_are_encoded_once_and_in_one_batch() -> None:
    encoder = LetterEncoder()
    questions = QuestionEncoder(encoder)
    questions.remember([CARD, BUS, CARD])
    assert encoder.asked == 2
    questions.remember([CARD])
    questions.encode([CARD], query=True)
    assert encoder.asked == 2
    questions.encode([BUS], query=True)
    assert encoder.asked == 3


def test_the_shipped_questions_name_what_there_is(shipped: KnowledgeFiles) -> None:
    known = {*shipped.catalogue, *(subject.subject_id for subject in shipped.subjects)}
    texts = [question.text for question in shipped.gate_questions]
    assert len(texts) == len(set(texts)) > 140
    assert {i for question in shipped.gate_questions for i in question.expected} <= known


def test_the_shipped_questions_are_no_training_data(shipped: KnowledgeFiles) -> None:
    trained = {p.text for said in shipped.phrasings.values() for p in said}
    assert not trained & {question.text for question in shipped.gate_questions}
