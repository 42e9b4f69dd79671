"""What a resident wants to know of an item, by the contract's table of facets."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.files import KnowledgeFiles
from knowledge.record import FACETS
from knowledge.search import facets as module
from knowledge.search.facets import (
    MOST_FACETS,
    cued_facets,
    facets,
    has_subject,
    shipped_facets,
    train_facets,
)
from knowledge.search.linear import LinearClassifier

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
        ("申请最晚到哪天", ["when"]),
        ("你们大厅在哪里", ["where"]),
        ("社保卡丢了，我急着看病，补一张要多少钱", ["fee"]),
        ("我妈八十了走不动路，我能不能替她去办", ["proxy"]),
    ],
)
def test_a_question_asks_for_nothing_beside(text: str, wanted: list[str]) -> None:
    assert facets(text) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("补贴要在几天里办", "when"),
        ("孩子出生多久以内要上户口", "when"),
        ("居住证到期前几天去签注", "when"),
        ("几天之内能办好", "duration"),
        ("多久之内给答复", "duration"),
        ("居住证几天能拿", "duration"),
    ],
)
def test_a_deadline_is_told_from_how_long_the_office_takes(text: str, wanted: str) -> None:
    assert cued_facets(text) == [wanted]
    assert facets(text) == [wanted]


@pytest.mark.parametrize(
    "text", ["这个补贴给哪些人", "尊老金给哪些人领", "单身一个人能申请公租房吗"]
)
def test_who_is_meant_is_a_question_of_conditions(text: str) -> None:
    assert facets(text) == ["conditions"]


@pytest.mark.parametrize("particle", ["不", "没", "啵", "噻", "哇"])
def test_a_clause_asks_with_a_particle_alone(particle: str) -> None:
    assert module._asking([f"办这个要花钱{particle},", "我着急"]) == f"办这个要花钱{particle},"


def test_most_phrasings_ask_for_the_facet_written_beside_them(shipped: KnowledgeFiles) -> None:
    written = [p for phrasings in shipped.phrasings.values() for p in phrasings][::10]
    right = sum(facets(phrasing.text)[0] == phrasing.facet for phrasing in written)
    assert right / len(written) >= 0.75


@given(st.text(max_size=60))
@settings(deadline=None)  # the first one pays for the dictionaries
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


def test_without_a_classifier_several_cues_are_several_questions(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "shipped_facets", lambda: None)
    assert facets("补卡要带什么，几天能好，要钱吗，网上能办吗") == ["materials", "duration", "fee"]


@pytest.mark.parametrize(
    ("text", "has_one"),
    [
        ("社保卡要带什么", True),
        ("居住证", True),
        ("要带什么", False),
        ("我妈行不行", False),
        ("周六开门吗", False),
        ("能不能让我儿子代办", False),
        ("？", False),
        ("", False),
    ],
)
def test_words_that_only_ask_are_no_subject(text: str, has_one: bool) -> None:
    assert has_subject(text) is has_one


ASKING = {
    "materials": ("要带什么", "带什么材料"),
    "duration": ("几天能好", "要等多久"),
    "fee": ("要钱吗", "收不收费"),
    "overview": ("怎么弄", "想办一个"),
}
SUBJECTS = ("补卡", "居住证", "老年卡", "失业金", "低保")
EXAMPLES = [
    (f"{subject}{asking}", facet)
    for facet, askings in ASKING.items()
    for asking in askings
    for subject in SUBJECTS
]
STORY = "我妈前天把东西弄丢了,她急坏了,"


@pytest.fixture(scope="module")
def learnt() -> LinearClassifier:
    """A classifier of four facets, learnt from invented examples."""
    return train_facets(EXAMPLES, seed=1)


@pytest.mark.parametrize(
    ("text", "facet"),
    [("医保要带什么", "materials"), ("医保几天能好", "duration"), ("医保怎么弄", "overview")],
)
def test_a_classifier_learns_from_examples(learnt: LinearClassifier, text: str, facet: str) -> None:
    assert facets(text, learnt) == [facet]


def test_the_clause_that_asks_counts_more_than_the_story_around_it(
    learnt: LinearClassifier,
) -> None:
    assert facets(f"{STORY}居住证几天能好", learnt) == ["duration"]
    assert facets(f"居住证几天能好，{STORY}", learnt) == ["duration"]


@pytest.mark.parametrize(
    "after",
    [
        "我着急",
        pytest.param(
            "我急得不得了",
            marks=pytest.mark.xfail(reason="“得不得” is taken for a question", strict=True),
        ),
    ],
)
def test_the_clause_that_asks_is_found_before_a_story(after: str) -> None:
    assert module._asking(["居住证几天能好,", after]) == "居住证几天能好,"


def test_a_very_short_question_is_read_with_what_stands_before_it() -> None:
    assert module._asking(["我的居住证,", "办了,", "几天"]) == "我的居住证,办了,几天"
    assert module._asking(["社保卡丢了,", "急用"]) == "社保卡丢了,急用"


def test_clauses_that_each_ask_are_questions_of_their_own(learnt: LinearClassifier) -> None:
    assert facets("居住证要带什么，几天能好，要钱吗", learnt) == ["materials", "duration", "fee"]
    assert facets("居住证几天能好，要带什么", learnt) == ["duration", "materials"]


def test_training_again_with_the_same_seed_gives_the_same_classifier() -> None:
    told = [*EXAMPLES, *((f"{STORY}{text}", facet) for text, facet in EXAMPLES)]
    one, other, third = (train_facets(told, seed=seed) for seed in (1, 1, 2))
    asked = module._features(module._clauses("她急坏了，几天能好"))
    assert one.probabilities(asked) == other.probabilities(asked) != third.probabilities(asked)


def test_stories_are_put_before_the_questions_of_others() -> None:
    given = [(module._clauses(f"{STORY}居住证"), "overview"), (["要钱吗"], "fee")] * 10
    composed = module._composed(given, seed=1)
    assert len(composed) == int(module.COMPOSED_SHARE * len(given))
    for clauses, facet in composed:
        assert (clauses[-1], facet) == ("要钱吗", "fee")
        assert "".join(clauses[:-1]) == STORY
    assert module._composed([(["要钱吗"], "fee")], seed=1) == []


def test_nothing_trained_is_no_classifier(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FACETS_FILE", module.TRAINED_DIR / "nowhere.npz")
    assert shipped_facets.__wrapped__() is None


def test_the_shipped_classifier_knows_every_facet() -> None:
    trained = shipped_facets()
    assert trained is not None
    assert set(trained.classes) == set(FACETS)


def test_a_doubtful_facet_is_told_together_with_the_next() -> None:
    likely = {"conditions": 0.5, "proxy": 0.3, "overview": 0.2}
    assert module._with_second("conditions", likely) == ["conditions", "proxy"]
    assert module._with_second("conditions", {**likely, "conditions": 0.8}) == ["conditions"]
    assert module._with_second("conditions", {**likely, "proxy": 0.1, "overview": 0.1}) == [
        "conditions"
    ]
