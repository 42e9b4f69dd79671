"""What a message refers to: the item at hand, another, or several."""

from __future__ import annotations

from typing import Literal

import pytest

from bot.actions import answer, reference
from bot.actions.context import Guide
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
        ("她走不动", ("materials",)),
    ],
)
def test_a_follow_up_without_a_facet_asks_what_was_asked_last(
    says: Says, text: str, facets: tuple[str, ...]
) -> None:
    context = says(text, slots={"item": "SB13", "facet": "materials"})
    assert reference.facets_of_follow_up(context) == facets


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
    found = reference.items_asked_together(says(text))
    assert {item.item_id for item, _ in found} == wanted


@pytest.mark.parametrize(
    "text",
    ["社保卡丢了怎么补，要带什么", "要带什么，在哪办，要钱吗", "户口本和身份证要带吗", "", "，，"],
)
def test_several_questions_about_one_item_are_not_several_items(says: Says, text: str) -> None:
    assert reference.items_asked_together(says(text)) == []


@pytest.mark.xfail(reason="a second item named by an ambiguous word falls to the first")
def test_one_of_two_items_is_never_answered_in_the_name_of_the_other(says: Says) -> None:
    reply = answer.answer(says("社保卡补办要带什么，居住证多少钱")).reply
    assert not [a for a in reply.answers if (a.item, a.facet) == ("SB13", "fee")]


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
