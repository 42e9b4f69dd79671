"""What the matcher makes of questions: rows, figures, groups, mix-ups."""

from __future__ import annotations

import pytest

from knowledge.hits import (
    NOTHING_NAME,
    Asked,
    Reference,
    Row,
    by_item,
    confusions_of,
    figures_of,
    groups_of,
    row_of,
)
from knowledge.search.matcher import Candidate, Decision, Match, Matcher

CARD, BUS = "SB13", "GG08"


@pytest.fixture(scope="module")
def reference(matcher: Matcher) -> Reference:
    return Reference(matcher.snapshot)


def match(decision: Decision, *owners: str) -> Match:
    ranked = tuple(Candidate(o, "item", o, 0.9, {"chars": 0.5, "reader": 0.1}) for o in owners)
    return Match(ranked, 0.9, decision, ranked)


def row(reference: Reference, expected: list[str] | None, came: Match) -> Row:
    return row_of(Asked("社保卡丢了", expected), came, reference)


@pytest.mark.parametrize(
    ("expected", "came", "verdict"),
    [
        ([CARD], match("answer", CARD), "first"),
        ([CARD], match("ask", CARD, BUS), "first"),
        ([CARD], match("ask", BUS, CARD), "near"),
        ([CARD], match("step_back", CARD), "near"),
        ([CARD], match("answer", BUS), "missed"),
        ([], match("step_back", BUS), "first"),
        ([], match("answer", BUS), "missed"),
        (None, match("answer", BUS), ""),
    ],
)
def test_a_question_is_right_only_if_its_answer_comes_first(
    reference: Reference, expected: list[str] | None, came: Match, verdict: str
) -> None:
    assert row(reference, expected, came)["verdict"] == verdict


def test_whatever_signs_the_matcher_has_stand_in_the_row(reference: Reference) -> None:
    found = row(reference, [CARD], match("answer", CARD))
    assert found["ranked"][0]["signs"] == {"chars": 0.5, "reader": 0.1}


def test_a_record_is_found_by_its_id_and_by_its_names(
    reference: Reference, matcher: Matcher
) -> None:
    name = matcher.snapshot.records["items"][CARD]["name"]
    short = matcher.snapshot.records["items"][CARD]["short_name"]
    assert [reference.find(said) for said in (CARD, name, short)] == [CARD] * 3
    assert reference.find("没有这一条") is None


def test_figures_count_what_was_judged_and_what_was_decided(reference: Reference) -> None:
    rows = [
        row(reference, [CARD], match("answer", CARD)),
        row(reference, [CARD], match("answer", BUS)),
        row(reference, [BUS], match("ask", CARD, BUS)),
        row(reference, None, match("step_back", CARD)),
    ]
    assert figures_of(rows) == {
        "questions": 4, "answered": 2, "asked_back": 1, "stepped_back": 1,
        "judged": 3, "right_first": 1, "in_three": 2, "answered_wrong": 1,
    }  # fmt: skip


def test_the_worst_record_stands_first_and_what_was_not_judged_nowhere(
    reference: Reference,
) -> None:
    rows = [
        row(reference, [BUS], match("answer", BUS)),
        row(reference, [CARD], match("answer", BUS)),
        row(reference, [], match("step_back", BUS)),
        row(reference, None, match("answer", BUS)),
    ]
    groups = by_item(rows)
    assert [group.key for group in groups] == [CARD, "", BUS]
    assert groups[1].name == NOTHING_NAME
    classes = groups_of(rows, lambda r: r["category"], lambda r: r["category"])
    assert sum(group.right.of for group in classes) == 3


def test_what_is_taken_for_what_is_counted_with_an_example(reference: Reference) -> None:
    rows = [row(reference, [CARD], match("answer", BUS))] * 2
    rows.append(row(reference, [CARD], match("step_back", CARD)))
    [pair] = confusions_of(rows)
    assert (pair.right, pair.came, pair.count, pair.example) == (CARD, BUS, 2, "社保卡丢了")
