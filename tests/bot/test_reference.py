"""What a message refers to: the item at hand, another, or several."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

import pytest

from bot.actions import answer, beside, reference
from bot.actions.context import Guide
from bot.actions.registry import Action
from bot.conversations import phrases
from knowledge.search.matcher import Match
from tests.bot.conftest import Says
from tests.understood import candidates, understood, unsure


@pytest.mark.parametrize("decision", ["ask", "step_back"])
@pytest.mark.parametrize(
    ("text", "facet"), [("要钱吗", "fee"), ("几天能好", "duration"), ("能代办吗", "proxy")]
)
def test_a_bare_facet_is_asked_of_the_item_at_hand(
    says: Says, text: str, facet: str, decision: Literal["ask", "step_back"]
) -> None:
    context = unsure(says(text, slots={"item": "GG08"}), decision)
    assert reference.is_follow_up(context)
    reply = answer.answer(context).reply
    assert (reply.kind, reply.item, reply.facet) == ("answer", "GG08", facet)


@pytest.mark.parametrize(
    "text", ["居住证要带什么", "我想问问居住证在哪办啊，我是外地来的", "社保卡丢了"]
)
def test_a_message_with_its_own_subject_is_no_follow_up(says: Says, text: str) -> None:
    assert not reference.is_follow_up(says(text, slots={"item": "GG08"}))


@pytest.mark.parametrize(("held", "is_it"), [("GA02", True), ("GA03", True), ("GG08", False)])
def test_where_several_are_meant_a_follow_up_is_of_one_of_them(
    guide: Guide, held: str, is_it: bool
) -> None:
    choices = candidates("GA02", "GA03")
    context = understood(Match(choices, 0.5, "ask", choices), guide, {"item": held})
    assert reference.is_follow_up(context) is is_it


@pytest.mark.parametrize(
    ("held", "text", "item"),
    [
        ("SB05", "火化的钱能不能减一点", "MZ22"),
        ("WJ05", "光荣证早没影了，能补一本不", "WJ03"),
        ("SB38", "那宝宝的户口在哪上", "GA06"),
        ("GG03", "改租外头房子有没有补贴", "GG02"),
    ],
)
def test_what_is_far_likelier_of_another_leaves_the_item_at_hand(
    says: Says, held: str, text: str, item: str
) -> None:
    reply = answer.answer(says(text, slots={"item": held})).reply
    assert reply.item != held
    assert item in (reply.item, *(offer.item for offer in reply.candidates[:1]))


@pytest.mark.parametrize(
    ("held", "text"),
    [
        ("GG11", "退伍证要带原件吗"),
        ("MZ11", "户口是去年从安徽迁来的"),
        ("MZ11", "那我婆婆呢，她是南京户口，今年79"),
        ("SB38", "上班没空跑，手机上能弄吗"),
        ("SB41", "收菲吗"),
    ],
)
def test_what_may_well_be_of_the_item_at_hand_stays_with_it(
    says: Says, held: str, text: str
) -> None:
    assert answer.answer(says(text, slots={"item": held, "facet": "conditions"})).reply.item == held


def test_without_an_item_at_hand_nothing_is_a_follow_up(says: Says) -> None:
    assert not reference.is_follow_up(says("要钱吗"))


@pytest.mark.parametrize(
    "text",
    [
        *("要钱吗", "那要带什么", "在哪办呢", "我妈能代办吗", "周六能办吗", "还要别的吗"),
        *("要是我妈去呢", "她走不动", "我80岁了行不行", "碍不碍事"),
    ],
)
def test_what_leans_on_the_item_at_hand_is_a_follow_up(says: Says, text: str) -> None:
    assert reference.is_follow_up(says(text, slots={"item": "SB13"}))


@pytest.mark.parametrize(
    "text",
    [
        *("尊老金怎么领", "那居住证呢", "旧沙发不要了，找谁来拉", "营业执照怎么办"),
        *("残疾人证要带什么", "公交卡要钱吗", "生育登记在哪办"),
    ],
)
def test_what_names_another_item_switches_to_it(says: Says, text: str) -> None:
    reply = answer.answer(says(text, slots={"item": "SB13", "facet": "materials"})).reply
    assert reply.kind in ("answer", "clarify")
    assert reply.item != "SB13"
    assert "SB13" not in [offer.item for offer in reply.candidates]


@pytest.mark.parametrize(
    ("text", "facets"),
    [
        ("我妈80岁，行不行", ("conditions",)),
        ("有高血压碍事吗", ("conditions",)),
        ("要钱吗", ("fee",)),
        ("她走不动", ("proxy",)),
    ],
)
def test_a_follow_up_without_a_facet_asks_what_was_asked_last(
    says: Says, text: str, facets: tuple[str, ...]
) -> None:
    context = says(text, slots={"item": "SB13", "facet": "materials"})
    assert reference.facets_of_follow_up(context) == facets


@pytest.mark.parametrize(
    ("held", "text"), [("MZ01", "老伴走了，丧葬费有没有补"), ("MZ11", "医保卡丢了")]
)
def test_who_brings_in_somebody_or_something_else_has_a_matter_of_its_own(
    says: Says, held: str, text: str
) -> None:
    assert not reference.is_follow_up(says(text, slots={"item": held, "facet": "materials"}))


@pytest.mark.parametrize("text", ["那居住证呢", "居住证呢？", "那么居住证呢"])
def test_and_that_one_asks_the_same_of_the_next_item(says: Says, text: str) -> None:
    context = says(text, slots={"item": "SB13", "facet": "fee"})
    assert reference.facets_asked(context) == ("fee",)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("尊老金要带什么，老年优待证在哪办", {"MZ11", "MZ10"}),
        ("尊老金要带什么？另外老年优待证要钱吗", {"MZ11", "MZ10"}),
        ("尊老金和残疾人证新办要带什么", {"MZ11", "CL01"}),
    ],
)
def test_several_items_in_one_message_are_each_asked_about(
    says: Says, text: str, wanted: set[str]
) -> None:
    found = reference.asked_together(says(text)).items
    assert {item.item_id for item, _ in found} == wanted


@pytest.mark.parametrize(
    "text",
    ["社保卡丢了怎么补，要带什么", "要带什么，在哪办，要钱吗", "户口本和身份证要带吗", "", "，，"],
)
def test_several_questions_about_one_item_are_not_several_items(says: Says, text: str) -> None:
    assert reference.asked_together(says(text)).items == []


def test_one_of_two_items_is_never_answered_in_the_name_of_the_other(says: Says) -> None:
    reply = answer.answer(says("社保卡补办要带什么，居住证多少钱")).reply
    assert not [a for a in reply.answers if (a.item, a.facet) == ("SB13", "fee")]


def test_what_is_unclear_beside_a_clear_question_is_asked_back_about(says: Says) -> None:
    outcome = answer.answer(says("社保卡补办要带什么，居住证在哪办"))
    reply = outcome.reply
    assert [(a.item, a.facet) for a in reply.answers] == [("SB13", "materials")]
    assert (reply.kind, reply.slot) == ("answer", "item")
    assert reply.text.count(phrases.WHICH) == 1
    assert {"GA02", "GA03"} <= {offer.item for offer in reply.candidates}
    slots = outcome.settled()
    assert (slots["awaiting"], slots["question"], slots["facet"]) == (
        *("choice", "居住证在哪办", "where"),
    )
    assert slots["offered"] == [offer.item for offer in reply.candidates]
    assert "posed" not in slots


TOGETHER = {"item": "SB38", "previous_item": "GA06", "offered": ["GA06", "SB38"]}


@pytest.mark.parametrize(
    ("text", "item"),
    [("户口那个要钱不", "GA06"), ("医保那个要钱不", "SB38"), ("第一个要带什么", "GA06")],
)
def test_each_of_those_answered_together_can_be_asked_about(
    says: Says, text: str, item: str
) -> None:
    assert answer.answer(says(text, slots=TOGETHER)).reply.item == item


@pytest.mark.parametrize("text", ["都能代办吗", "我走不动，都能由儿子代办吗", "两个要不要钱"])
def test_what_is_asked_of_all_is_answered_for_all(says: Says, text: str) -> None:
    reply = answer.answer(says(text, slots=TOGETHER)).reply
    assert list(dict.fromkeys(each.item for each in reply.answers)) == ["GA06", "SB38"]


@pytest.mark.parametrize(
    ("text", "slots"),
    [
        ("要不要钱", TOGETHER),
        ("我们都能代办吗", TOGETHER),
        ("都能代办吗", {**TOGETHER, "offered": ["CL01", "CL02"]}),
        ("都能代办吗", {"item": "SB38", "previous_item": "GA06"}),
    ],
)
def test_what_is_not_asked_of_all_is_asked_of_the_item_at_hand(
    says: Says, text: str, slots: dict[str, Any]
) -> None:
    reply = answer.answer(says(text, slots=slots)).reply
    assert {each.item for each in reply.answers} == {"SB38"}


LICENCES = {"item": "SC08", "previous_item": "SC07", "facet": "overview"}


@pytest.mark.parametrize(
    ("text", "facet"),
    [("还是说补纸质执照吧，几天能拿到", "duration"), ("还是问执照丢了补一张，要钱吗", "fee")],
)
def test_who_goes_back_to_the_item_before_describes_it(says: Says, text: str, facet: str) -> None:
    assert reference.goes_back_to(says(text, slots=LICENCES)) == "SC07"
    reply = answer.answer(says(text, slots=LICENCES)).reply
    assert (reply.item, reply.facet) == ("SC07", facet)
    reply = answer.go_back(says(text, "go_back", slots=LICENCES)).reply
    assert (reply.item, reply.facet) == ("SC07", facet)


@pytest.mark.parametrize(
    "text", ["刚才那个要钱吗", "补纸质执照几天", "还是说尊老金吧", "还是说手机上下载的那种吧"]
)
def test_what_is_not_the_item_before_is_no_going_back_to_it(says: Says, text: str) -> None:
    assert reference.goes_back_to(says(text, slots=LICENCES)) is None


@pytest.mark.parametrize(
    ("text", "is_about_her"),
    [("户口是去年从安徽迁来的", True), ("我是南京户口", True), ("社保卡丢了", False)],
)
def test_after_the_conditions_a_statement_is_about_her_unless_it_names_another_item(
    says: Says, text: str, is_about_her: bool
) -> None:
    slots = {"item": "MZ11", "facet": "conditions"}
    reply = answer.answer(says(text, slots=slots)).reply
    assert ((reply.item, reply.facet) == ("MZ11", "conditions")) is is_about_her


@pytest.mark.parametrize("text", ["就问你高血压行不行", "糖尿病能办吗"])
def test_whether_something_named_in_the_conditions_will_do_is_asked_of_the_item(
    says: Says, text: str
) -> None:
    slots = {"item": "SB42", "facet": "overview"}
    for action in (answer.answer, answer.narrow):
        reply = action(says(text, slots=slots)).reply
        assert (reply.item, reply.facet) == ("SB42", "conditions")


@pytest.mark.parametrize("text", ["失业金呢", "失业金能领几个月"])
def test_a_word_of_the_conditions_does_not_hold_what_is_another_item(says: Says, text: str) -> None:
    assert answer.answer(says(text, slots={"item": "SB20"})).reply.item == "SB21"


@pytest.mark.parametrize(
    "text", ["能叫网格员来家里办吗", "可以请你们的人到我家来不", "派人上门行吗"]
)
@pytest.mark.parametrize("action", [answer.answer, answer.proxy, answer.narrow])
def test_whom_to_call_to_the_house_is_the_proxy_facet_of_the_item_at_hand(
    says: Says, text: str, action: Action
) -> None:
    slots = {"item": "MZ11", "facet": "materials"}
    reply = action(says(text, "request_proxy", slots=slots)).reply
    assert (reply.item, reply.facet) == ("MZ11", "proxy")


def test_one_of_those_offered_before_is_meant_by_its_name(says: Says) -> None:
    slots = {"offered": ["WJ01", "GA06", "SB38"]}
    assert reference.of_those_offered(says("那医保呢", slots=slots)) in ("SB38", None)
    assert reference.of_those_offered(says("那医保呢")) is None


# The situation that was asked about

ASKED = {"item": "SB13", "facet": "materials", "awaiting": "situation", "posed": ["SB13:why"]}


@pytest.mark.parametrize(
    ("text", "option"),
    [
        ("丢了", "lost"),
        ("2", "broken"),
        ("第一个", "lost"),
        ("芯片坏了", "broken"),
        ("后面那个", "broken"),
    ],
)
def test_the_question_just_asked_is_answered_in_words_or_by_place(
    says: Says, guide: Guide, text: str, option: str
) -> None:
    item = guide.item("SB13")
    assert item is not None
    assert reference.options_told_by(says(text, slots=ASKED), item) == {option}
    outcome = answer.narrow(says(text, slots=ASKED))
    assert (outcome.reply.item, outcome.reply.facet) == ("SB13", "materials")
    assert outcome.slots["chosen"] == {"SB13": [option]}


@pytest.mark.parametrize("action", [answer.narrow, answer.proxy])
def test_a_situation_told_after_another_question_narrows_what_depends_on_it(
    says: Says, guide: Guide, action: Action
) -> None:
    item = guide.item("MZ01")
    assert item is not None
    posed = [f"MZ01:{situation.id}" for situation in item.situations]
    text = "是我一个人单独申请，我重残"
    outcome = action(
        says(text, "request_proxy", slots={"item": "MZ01", "facet": "duration", "posed": posed})
    )
    assert (outcome.reply.item, outcome.reply.facet) == ("MZ01", "materials")
    assert outcome.slots["chosen"]["MZ01"]


def test_a_situation_told_unasked_leaves_the_facet_as_it_is(says: Says) -> None:
    slots = {"item": "MZ01", "facet": "duration"}
    reply = answer.narrow(says("是我一个人单独申请，我重残", slots=slots)).reply
    assert (reply.item, reply.facet) == ("MZ01", "duration")


def test_a_place_means_nothing_where_no_situation_is_open(says: Says, guide: Guide) -> None:
    item = guide.item("SB13")
    assert item is not None
    context = says("2", slots={**ASKED, "awaiting": None})
    assert reference.options_told_by(context, item) == frozenset()


@pytest.mark.parametrize(
    ("text", "item", "facet"),
    [("要钱吗", "SB13", "fee"), ("尊老金怎么领", "MZ11", None), ("在哪办", "SB13", "where")],
)
def test_a_question_may_come_in_between_a_situation_and_its_answer(
    says: Says, text: str, item: str, facet: str | None
) -> None:
    reply = answer.narrow(says(text, slots=ASKED)).reply
    assert reply.item == item
    assert facet is None or reply.facet == facet


@pytest.mark.parametrize(
    ("text", "intent"),
    [("你好", "greet"), ("谢谢", "thanks"), ("好的", "affirm"), ("没听懂", "dont_understand")],
)
def test_a_courtesy_in_between_leaves_the_question_open(says: Says, text: str, intent: str) -> None:
    outcome = answer.narrow(says(text, intent, slots=ASKED))
    assert (outcome.reply.kind, outcome.reply.intent) == ("smalltalk", intent)
    assert "awaiting" not in outcome.settled()


@pytest.mark.parametrize(("text", "intent"), [("算了", "cancel"), ("不是", "deny")])
def test_who_will_not_go_on_is_not_told_everything_again(
    says: Says, text: str, intent: str
) -> None:
    outcome = answer.narrow(says(text, intent, slots=ASKED))
    assert (outcome.reply.kind, outcome.settled()["awaiting"]) == ("smalltalk", None)


@pytest.mark.parametrize(
    ("held", "text", "meant"),
    [
        ("GA08", "临时的呢", "GA09"),
        ("SC16", "注销呢", "SC17"),
        ("SC14", "那延续的呢", "SC16"),
        ("CL03", "换领的呢", "CL02"),
        # What is in its own name, who it is for and what is asked of it are no other item.
        *(("SC16", "延续呢", None), ("GA08", "我妈呢", None), ("GA08", "要钱呢", None)),
        ("GA08", "年检呢", None),
    ],
)
def test_a_word_that_its_sibling_has_in_its_name_means_the_sibling(
    says: Says, held: str, text: str, meant: str | None
) -> None:
    assert beside.other_of_kind(says(text, slots={"item": held})) == meant


def test_what_is_asked_of_an_item_is_told_from_what_is_wrong(says: Says) -> None:
    asks = says("占道经营我拍了照片发到哪个公众号上能投诉").understanding
    sure = replace(
        asks, reading=replace(asks.reading, match=replace(asks.match, decision="answer"))
    )
    assert reference.asks_of_its_item(
        replace(sure, reading=replace(sure.reading, facets=("online",)))
    )
    assert not reference.asks_of_its_item(
        replace(sure, reading=replace(sure.reading, facets=("overview",)))
    )
