"""What a resident wants to know of an item, by the contract's table of facets."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.files import KnowledgeFiles
from knowledge.record import FACETS
from knowledge.search import facets as module
from knowledge.search.facets import (
    MOST_FACETS,
    cued_facets,
    facets,
    save_facets,
    shipped_facets,
    train_facets,
)

ASKED = {
    "overview": "社保卡坏了怎么弄|想办居住证|社保卡丢了|尊老金怎么申请|老年卡怎么办",
    "conditions": "我60了能办吗|要什么条件|我够不够条件|外地户口能申请吗|哪些人能领尊老金|有没有资格申请低保",
    "materials": "要带什么|户口本要不要|要什么材料|需要准备哪些证件|办居住证拿哪些东西来|要什么手续|照片要不要带",
    "process": "先到哪后到哪|分几步|办理流程是什么|先去社区还是先去银行|有哪些步骤",
    "where": "在哪块办|社区能办吗|去哪个窗口|在哪儿办啊|到什么地方办社保卡",
    "when": "周六开门吗|什么时候截止|几点下班|中午有人吗|国庆节上班吗",
    "fee": "要钱吗|补卡要多少钱|收不收费|办证工本费多少|是不是免费的",
    "amount": "一个月给多少|尊老金发多少钱|一年能领多少|补贴标准是多少|护理补贴每个月多少钱",
    "duration": "几天能好|要等多久|多长时间能办下来|当天能拿到吗|几个工作日",
    "online": "手机上能弄吗|网上能办吗|支付宝上可以办吗|能不能在家里线上弄",
    "proxy": "我儿子能代办吗|能上门吗|老人走不动了能让女儿去吗|可以委托别人办吗|必须本人去吗",
    "progress": "上周交的材料批了没|我申请的居住证办好了没有|怎么查进度|审核到哪一步了",
    "result": "证能寄家里吗|有效期多久|办好以后给个什么证",
}
QUESTIONS = [(text, facet) for facet, texts in ASKED.items() for text in texts.split("|")]


def test_the_table_asks_for_every_facet() -> None:
    assert set(ASKED) == set(FACETS)
    assert len(QUESTIONS) >= 60


@pytest.mark.parametrize(("text", "facet"), QUESTIONS)
def test_a_question_asks_for_its_facet(text: str, facet: str) -> None:
    assert facets(text) == [facet]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("要带什么，几天能好", ["materials", "duration"]),
        ("在哪办，要不要钱", ["where", "fee"]),
        ("要什么条件，还有一个月给多少", ["conditions", "amount"]),
    ],
)
def test_several_questions_keep_their_order(text: str, wanted: list[str]) -> None:
    assert facets(text) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        pytest.param(
            "申请最晚到哪天",
            ["when"],
        ),
        pytest.param(
            "你们大厅怎么走",
            ["where"],
        ),
    ],
)
def test_a_question_asks_for_nothing_beside(text: str, wanted: list[str]) -> None:
    assert facets(text) == wanted


def test_most_phrasings_ask_for_the_facet_written_beside_them(shipped: KnowledgeFiles) -> None:
    written = [p for phrasings in shipped.phrasings.values() for p in phrasings]
    right = sum(facets(phrasing.text)[0] == phrasing.facet for phrasing in written)
    assert right / len(written) >= 0.75


@given(st.text(max_size=60))
def test_any_text_asks_for_one_to_three_known_facets(text: str) -> None:
    found = facets(text)
    assert 1 <= len(found) <= MOST_FACETS
    assert set(found) <= set(FACETS)
    assert len(set(found)) == len(found)


@pytest.mark.parametrize("text", ["", "。", "你好"])
def test_saying_nothing_asks_for_no_cue(text: str) -> None:
    assert cued_facets(text) == []


def test_without_a_classifier_the_plain_cues_decide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "shipped_facets", lambda: None)
    assert facets("补卡要带什么") == ["materials"]
    assert facets("社保卡丢了") == ["overview"]


def test_a_classifier_learns_from_examples_and_reads_back(tmp_path: Path) -> None:
    examples = [
        ("补卡要带什么", "materials"),
        ("补卡几天能好", "duration"),
        ("补卡", "overview"),
    ] * 5
    learnt = train_facets(examples, seed=1)
    assert facets("补卡要带什么", learnt) == ["materials"]
    probabilities = learnt.probabilities("补卡几天能好")
    assert probabilities["duration"] > probabilities["materials"]
    save_facets(learnt, tmp_path / "facets.json")
    assert (tmp_path / "facets.json").read_text("utf-8").startswith("{")


def test_the_shipped_classifier_knows_every_facet() -> None:
    shipped = shipped_facets()
    assert shipped is not None
    assert set(shipped.probabilities("社保卡")) == set(FACETS)
