"""BM25 as the formula says, checked against a slow reading of it."""

from __future__ import annotations

from math import log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.search.lexical import COMMON_FROM_DOCUMENTS, K1, B, build_lexical

TERMS = st.sampled_from(["社", "保", "卡", "丢", "补", "证"])
COLLECTIONS = st.lists(st.lists(TERMS, max_size=12), min_size=1, max_size=12)


def slow_scores(documents: list[list[str]], query: list[str]) -> list[float]:
    """The formula of the module, term by term."""
    size = len(documents)
    mean = max(1.0, sum(map(len, documents)) / size)
    scores = []
    for document in documents:
        score = 0.0
        for term in set(query):
            df = sum(term in other for other in documents)
            tf = document.count(term)
            if tf:
                idf = log(1 + (size - df + 0.5) / (df + 0.5))
                score += idf * tf * (K1 + 1) / (tf + K1 * (1 - B + B * len(document) / mean))
        scores.append(score)
    return scores


@given(COLLECTIONS, st.lists(st.one_of(TERMS, st.just("没见过")), max_size=8))
def test_scores_are_those_of_the_formula(documents: list[list[str]], query: list[str]) -> None:
    index = build_lexical(documents)
    np.testing.assert_allclose(index.scores(query), slow_scores(documents, query), rtol=1e-4)


@given(COLLECTIONS, st.lists(TERMS, max_size=8))
def test_saying_a_word_twice_asks_for_it_once(documents: list[list[str]], query: list[str]) -> None:
    index = build_lexical(documents)
    np.testing.assert_array_equal(index.scores(query), index.scores(query * 2))
    assert index.weight(query) == pytest.approx(index.weight(query * 2))


def test_the_rarer_word_and_the_shorter_document_count_more() -> None:
    index = build_lexical([["卡", "补"], ["卡", "丢"], ["卡", "丢", "证", "证"]])
    assert index.scores(["补"])[0] > index.scores(["丢"])[1] > index.scores(["丢"])[2]


def test_the_weight_of_a_question_counts_unknown_words_as_the_rarest() -> None:
    index = build_lexical([["卡"], ["卡", "证"]])
    assert index.weight(["天气"]) == pytest.approx(log(1 + 2 * 2), rel=1e-5)
    assert index.weight(["天气"]) > index.weight(["证"]) > index.weight(["卡"])
    assert index.weight([]) == 0


@pytest.fixture(scope="module")
def crowd() -> list[list[str]]:
    """Many documents: 的 stands in all, 卡 in every third, 证 in every tenth."""
    return [
        ["的", *(["卡"] if n % 3 == 0 else []), *(["证"] if n % 10 == 0 else []), f"第{n}"]
        for n in range(COMMON_FROM_DOCUMENTS)
    ]


def test_common_words_of_a_large_collection_are_passed_over(crowd: list[list[str]]) -> None:
    index = build_lexical(crowd)
    np.testing.assert_array_equal(index.scores(["的", "卡", "证"]), index.scores(["证"]))


def test_a_question_of_common_words_only_is_answered_with_them(crowd: list[list[str]]) -> None:
    scores = build_lexical(crowd).scores(["的", "卡"])
    assert scores[0] > scores[1] > 0


def test_a_small_collection_keeps_its_common_words(crowd: list[list[str]]) -> None:
    index = build_lexical(crowd[:-1])
    assert index.scores(["的", "证"])[1] > 0


@pytest.mark.parametrize("documents", [[], [[]], [[], []]])
def test_nothing_to_index_scores_nothing(documents: list[list[str]]) -> None:
    index = build_lexical(documents)
    assert index.scores(["卡"]).tolist() == [0.0] * len(documents)
    assert index.size == len(documents)
