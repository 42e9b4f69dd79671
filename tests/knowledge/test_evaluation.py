"""Figures are counted as they are named, and none is given without its interval."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.evaluation import (
    BINS,
    Decision,
    Marked,
    Outcome,
    Questions,
    Share,
    calibration_error,
    confusions,
    control_figure,
    draw,
    item_figures,
    load_questions,
    mark,
    other_figures,
    reliability,
    risk_coverage,
)

# matplotlib calls its parser by old names.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:matplotlib")

COUNTS = st.integers(0, 400).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of)))


def outcome(decision: Decision, *owners: str, confidence: float = 0.5, **more: object) -> Outcome:
    """What a system made of a text: asked are all the owners, answered the first, ranked all."""
    offered = owners if decision == "ask" else owners[:1] if decision == "answer" else ()
    return Outcome(decision, offered, owners, confidence, **more)  # type: ignore[arg-type]


def marked(made: Outcome, *right: str, style: str = "plain", facet: str = "fee") -> Marked:
    """One question with its outcome and what would have been right."""
    row = {"item": right[0], "style": style, "facet": facet}
    return Marked(row, made, frozenset(right))


def sure(*confident: tuple[float, bool]) -> list[Marked]:
    """Questions with their confidence and whether the first was right."""
    return [
        marked(outcome("answer", "SB13" if is_right else "GG08", confidence=confidence), "SB13")
        for confidence, is_right in confident
    ]


# The first four: Newcombe (1998), Statistics in Medicine 17, table I, method 3.
@pytest.mark.parametrize(
    ("hits", "of", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
        (10, 10, 0.7225, 1.0),
        (5, 10, 0.2366, 0.7634),
    ],
)
def test_the_interval_is_that_of_wilson(hits: int, of: int, low: float, high: float) -> None:
    assert Share(hits, of).interval == pytest.approx((low, high), abs=1e-4)


@given(COUNTS)
def test_an_interval_holds_its_share_and_stays_within_0_and_1(counts: tuple[int, int]) -> None:
    share = Share(*counts)
    low, high = share.interval
    assert -1e-9 <= low <= share.value + 1e-9
    assert share.value - 1e-9 <= high <= 1 + 1e-9


def test_more_questions_make_the_interval_narrower() -> None:
    widths = [high - low for low, high in (Share(n, 2 * n).interval for n in (1, 10, 100))]
    assert widths == sorted(widths, reverse=True)


def test_of_no_questions_nothing_is_known() -> None:
    assert (Share(0, 0).value, Share(0, 0).interval) == (0.0, (0.0, 1.0))


def test_a_share_is_written_with_its_interval() -> None:
    assert str(Share(81, 263)) == " 30.8 % [25.5–36.6]"


def test_questions_are_read_by_kind_and_a_missing_file_is_empty(tmp_path: Path) -> None:
    rows = [{"text": "卡丢了", "item": "SB13"}, {"text": "居住证", "item": "GA02"}]
    lines = [json.dumps(row, ensure_ascii=False) for row in rows]
    (tmp_path / "items.jsonl").write_text("\n\n".join(lines) + "\n", encoding="utf-8")
    assert load_questions(tmp_path) == Questions(items=rows)  # type: ignore[arg-type]


def test_acceptable_records_and_their_twins_are_right() -> None:
    questions = Questions(
        items=[
            {"text": "乱停车", "item": "CG01", "acceptable": ["CG02"]},
            {"text": "卡丢了", "item": "SB13"},
        ]
    )
    answers = {"乱停车": outcome("answer", "J01"), "卡丢了": outcome("answer", "J01")}
    twins = {"J01": "CG02", "J02": "SB99"}
    one, other = mark(questions, answers.__getitem__, twins)
    assert one.right == {"CG01", "CG02", "J01"}
    assert one.is_first
    assert other.right == {"SB13"}
    assert not other.is_first
    assert other.row["text"] == "卡丢了"


@pytest.mark.parametrize(
    ("made", "first", "ranked_first", "in_three", "answered"),
    [
        (outcome("answer", "a", "b"), True, True, True, True),
        (outcome("answer", "b", "a"), False, False, True, True),
        (outcome("ask", "a", "b"), True, True, True, False),
        (outcome("ask", "b", "c", "a"), False, False, True, False),
        (outcome("none", "a", "b"), False, True, True, False),
        (outcome("none", "b", "c", "d", "a"), False, False, False, False),
        # Choices may stand in another order than the ranking, and beyond its third place.
        (Outcome("ask", ("a",), ("b", "c", "d", "a")), True, False, True, False),
        (outcome("none"), False, False, False, False),
    ],
)
def test_an_outcome_is_marked(
    made: Outcome, first: bool, ranked_first: bool, in_three: bool, answered: bool
) -> None:
    one = marked(made, "a")
    assert (one.is_first, one.is_ranked_first) == (first, ranked_first)
    assert (one.is_in_three, one.is_answered) == (in_three, answered)


def hits(figures: dict[str, Share]) -> dict[str, tuple[int, int]]:
    """Shares as plain pairs."""
    return {name: (share.hits, share.of) for name, share in figures.items()}


def test_shares_are_counted_for_all_and_by_style() -> None:
    figures = item_figures(
        [
            marked(outcome("answer", "a", facets=("fee",)), "a", style="plain"),
            marked(outcome("answer", "b", "a", facets=("where", "fee")), "a", style="asr"),
            marked(outcome("ask", "a", "b", facets=("where",)), "a", style="asr"),
            marked(outcome("none", "a"), "a", style="asr"),
        ]
    )
    assert set(figures) == {"all", "plain", "asr"}
    assert hits(figures["all"]) == {
        "right first": (2, 4),
        "in three": (4, 4),
        "answered right": (1, 4),
        "answered wrong": (1, 4),
        "facet": (2, 4),
        "facet first": (1, 4),
    }
    assert hits(figures["asr"])["right first"] == (1, 3)
    assert hits(figures["plain"])["answered wrong"] == (0, 1)


OTHERS = Questions(
    out_of_scope=[
        {"text": "护照", "near_miss": True},
        {"text": "驾照", "near_miss": True},
        {"text": "天气", "near_miss": False},
    ],
    ambiguous=[
        {"text": "卡丢了", "candidates": ["SB13", "GG08"]},
        {"text": "补贴", "candidates": ["MZ11"]},
        {"text": "老人证", "candidates": ["GG08"]},
    ],
    emergencies=[
        {"text": "着火了", "number": "119"},
        {"text": "晕倒了", "number": "120"},
        {"text": "有人打我", "number": "110"},
    ],
    not_emergencies=[{"text": "火冒三丈"}, {"text": "打110投诉"}],
)
ANSWERS = {
    "护照": outcome("answer", "S001"),  # referred to its own office
    "驾照": outcome("answer", "SB13"),
    "天气": outcome("ask", "SB13", "GG08", emergency="119"),
    "卡丢了": outcome("ask", "GG08", "XX1"),
    "补贴": outcome("ask", "SB13"),
    "老人证": outcome("answer", "GG08"),
    "着火了": outcome("none", emergency="119"),
    "晕倒了": outcome("none", emergency="110"),
    "有人打我": outcome("answer", "SB13"),
    "火冒三丈": outcome("none", emergency="119"),
    "打110投诉": outcome("answer", "S002"),
}


def test_what_is_no_question_about_an_item_is_counted_by_its_kind() -> None:
    calm = marked(outcome("answer", "SB13"), "SB13")
    alarmed = marked(outcome("none", emergency="120"), "SB13")
    figures = other_figures(OTHERS, ANSWERS.__getitem__, ["SB13", "GG08"], [calm, alarmed])
    assert hits(figures) == {
        "near misses answered as ours": (1, 2),
        "far questions answered as ours": (0, 1),
        "ambiguous asked back": (1, 3),
        "emergencies recognised": (2, 3),
        "with the right number": (1, 3),
        "false alarms, angry": (1, 2),
        # 2 angry, 3 out of scope, 3 ambiguous, 2 about items.
        "false alarms elsewhere": (3, 10),
    }


def test_dialogue_control_is_heard_by_its_intent() -> None:
    questions = Questions(
        control=[{"text": "谢谢", "intent": "thanks"}, {"text": "再见", "intent": "goodbye"}]
    )
    figure = control_figure(questions, lambda text: outcome("none", intent="thanks"))
    assert (figure.hits, figure.of) == (1, 2)


def test_what_is_taken_for_what_is_counted_the_commonest_first() -> None:
    right = marked(outcome("answer", "a"), "a")
    wrong = marked(outcome("answer", "b"), "a")
    asked = marked(Outcome("ask", ("a",), ("c", "a")), "a")
    silent = marked(outcome("none"), "a")
    found = [right, asked, wrong, wrong, silent]
    assert confusions(found) == [("a", "b", 2), ("a", "c", 1)]
    assert confusions(found, most=1) == [("a", "b", 2)]


def test_risk_grows_as_less_sure_answers_are_given() -> None:
    questions = sure((0.5, False), (0.9, True), (0.7, False), (0.8, True))
    assert risk_coverage(questions) == [(0.25, 0), (0.5, 0), (0.75, 1 / 3), (1, 0.5)]
    assert risk_coverage([]) == []


def test_confidence_is_held_against_what_was_right() -> None:
    points = reliability(
        sure((0.0, False), (0.04, True), (0.31, False), (0.95, True), (1.0, True), (0.99, False))
    )
    assert points == [
        (pytest.approx(0.02), 0.5, 2),
        (pytest.approx(0.31), 0, 1),
        (pytest.approx(0.98), pytest.approx(2 / 3), 3),
    ]


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), max_size=30))
def test_every_question_lies_in_one_step_of_confidence(asked: list[tuple[float, bool]]) -> None:
    points = reliability(sure(*asked))
    assert sum(count for _, _, count in points) == len(asked)
    assert len(points) <= BINS
    assert sum(right * count for _, right, count in points) == pytest.approx(
        sum(is_right for _, is_right in asked)
    )


def test_pictures_are_written_where_they_are_wanted(tmp_path: Path) -> None:
    from matplotlib import pyplot

    questions = sure((0.9, True), (0.4, False))
    paths = draw({"product": questions, "bm25": questions}, tmp_path / "deep" / "out")
    assert [path.name for path in paths] == ["risk_coverage.png", "reliability.png"]
    for path in paths:
        assert path.parent == tmp_path / "deep" / "out"
        assert path.read_bytes().startswith(b"\x89PNG")
    assert pyplot.get_fignums() == []


def test_without_questions_about_items_the_pictures_are_empty(tmp_path: Path) -> None:
    assert draw({"product": []}, tmp_path) == []


def test_the_calibration_error_is_the_mean_distance_of_belief_and_truth() -> None:
    assert calibration_error([]) == 0
    assert calibration_error(sure((1.0, True), (1.0, True))) == 0
    # Two at .95 of which one is right, two at .05 of which none is.
    four = sure((0.95, True), (0.95, False), (0.05, False), (0.05, False))
    assert calibration_error(four) == pytest.approx((2 * 0.45 + 2 * 0.05) / 4)
