"""The baselines are what their names say: BM25 by its formula, a support vector machine."""

from __future__ import annotations

from math import log

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.baselines import K1, RANKED, B, Baseline, bm25, linear_svm
from knowledge.search.passages import NOTHING, Document
from tests.people import page

CARD = page("card", "补卡", "卡丢了怎么补", "社保卡坏了")
HOME = page("home", "居住证", "外地人办什么证", "租房子登记")
OLD = page("old", "老年卡", "老人坐车免费", "七十岁坐公交")


@pytest.fixture(scope="module")
def machine() -> Baseline:
    """A support vector machine over three records and what is nobody's."""
    nothing = Document(NOTHING, "nothing", (("phrasing", "天气怎么样"),))
    return linear_svm([CARD, HOME, OLD, nothing])


def test_bm25_gives_the_value_worked_out_by_hand() -> None:
    # Units of d1: 补, 卡, 补卡 (3); of d2: 卡, 卡, 坏, 卡卡, 卡坏 (5); mean length 4.
    # “卡” stands in both, once and twice; 补 and 补卡 only in d1, once each.
    documents = [
        Document("d1", "item", (("name", "补卡"),)),
        Document("d2", "item", (("name", "卡卡坏"),)),
    ]
    common, rare = log(1 + 0.5 / 2.5), log(1 + 1.5 / 1.5)
    first = 2.2 / (1 + 1.2 * (1 - 0.75 + 0.75 * 3 / 4))
    twice = 2 * 2.2 / (2 + 1.2 * (1 - 0.75 + 0.75 * 5 / 4))
    one, other = first * (common + 2 * rare), twice * common
    outcome = bm25(documents)("补卡")
    assert outcome.ranked == ("d1", "d2")
    lead = one - other
    assert outcome.confidence == pytest.approx(lead / (1 + lead))
    assert (K1, B) == (1.2, 0.75)


@pytest.mark.parametrize(
    ("text", "owner"), [("社保卡坏了", "card"), ("外地人租房子", "home"), ("老人坐公交", "old")]
)
def test_both_baselines_rank_the_right_record_first(
    machine: Baseline, text: str, owner: str
) -> None:
    for baseline in (bm25([CARD, HOME, OLD]), machine):
        outcome = baseline(text)
        assert outcome.offered == (owner,)
        assert outcome.ranked[0] == owner
        assert sorted(outcome.ranked) == ["card", "home", "old"]


def test_bm25_reads_letters_alone() -> None:
    baseline = bm25([CARD, HOME])
    assert baseline("居住证") == baseline(" 居，住。证！ ")


def test_saying_a_word_twice_counts_twice() -> None:
    apart = baseline_lead("卡，证证")
    assert apart > baseline_lead("卡，证")


def baseline_lead(text: str) -> float:
    """How surely 居住证 is ahead of 补卡."""
    outcome = bm25([CARD, HOME])(text)
    return outcome.confidence if outcome.ranked[0] == "home" else -outcome.confidence


def test_documents_may_go_by_other_ids() -> None:
    assert bm25([CARD, HOME], ["k1", "k2"])("居住证").ranked == ("k2", "k1")


def test_no_more_than_a_few_are_ranked() -> None:
    pages = [page(f"d{n}", f"第{n}号事项") for n in range(RANKED + 5)]
    assert len(bm25(pages)("第3号事项").ranked) == RANKED


def test_one_document_alone_is_always_it() -> None:
    outcome = bm25([CARD])("居住证")
    assert (outcome.decision, outcome.offered) == ("answer", ("card",))


@given(st.text(max_size=40))
def test_a_baseline_always_answers(text: str) -> None:
    outcome = bm25([CARD, HOME, OLD])(text)
    assert (outcome.decision, len(outcome.offered), len(outcome.ranked)) == ("answer", 1, 3)
    assert 0 <= outcome.confidence < 1


def test_a_baseline_is_unsure_of_what_it_never_saw(machine: Baseline) -> None:
    assert bm25([CARD, HOME])("％＆").confidence == 0
    assert machine("社保卡坏了").confidence > machine("飞机票").confidence


def test_the_machine_learns_nothing_of_what_is_nobodys(machine: Baseline) -> None:
    assert NOTHING not in machine("天气怎么样").ranked
