"""Comparing, one thing after the other, a sheet to print."""

from __future__ import annotations

from typing import Any

import pytest

from bot.actions import answer, following
from bot.actions.context import Guide
from bot.actions.registry import Action
from bot.conversations import phrases
from tests.bot.conftest import SITE, Says
from tests.understood import offered


@pytest.mark.parametrize(
    ("text", "slots", "pair"),
    [
        ("老年优待证和尊老金有什么区别", {}, ["MZ10", "MZ11"]),
        ("尊老金和老年优待证比，哪个划算", {}, ["MZ11", "MZ10"]),
        ("比一比", {"item": "MZ11", "previous_item": "MZ10"}, ["MZ10", "MZ11"]),
        ("跟尊老金有什么区别", {"item": "MZ10"}, ["MZ11", "MZ10"]),
    ],
)
def test_two_items_are_held_side_by_side(
    says: Says, text: str, slots: dict[str, Any], pair: list[str]
) -> None:
    outcome = following.compare(says(text, "compare", slots=slots))
    assert outcome.reply.kind == "answer"
    assert [each.item for each in outcome.reply.answers] == pair
    assert offered(outcome.reply) == pair
    assert (outcome.slots["previous_item"], outcome.slots["item"]) == tuple(pair)
    assert outcome.slots["awaiting"] == "choice"


@pytest.mark.parametrize(
    ("text", "facets"),
    [
        ("老年优待证和老年公交卡哪个快", ["duration"]),
        ("老年优待证跟老年公交卡哪个要花钱", ["fee"]),
        ("老年优待证、老年公交卡哪样省事", ["duration"]),
        ("老年优待证和老年公交卡哪个先办", ["overview"]),
        ("老年优待证和老年公交卡哪个给的钱多", ["amount"]),
    ],
)
def test_which_of_two_is_weighed_by_the_word_behind_it(
    says: Says, text: str, facets: list[str]
) -> None:
    reply = answer.answer(says(text)).reply
    assert [each.item for each in reply.answers] == ["MZ10", "GG08"]
    assert {each.facet for each in reply.answers} == {*facets}


@pytest.mark.parametrize("action", [answer.answer, answer.choose, answer.narrow, answer.compare])
@pytest.mark.parametrize("text", ["哪个要花钱", "那这两个哪个省事", "哪张不要钱"])
def test_which_is_asked_of_those_just_compared(says: Says, text: str, action: Action) -> None:
    compared = following.compare(says("失业登记和失业金有什么区别", "compare"))
    reply = action(says(text, slots=compared.settled())).reply
    assert [each.item for each in reply.answers] == ["SB20", "SB21"]


def test_which_is_asked_of_the_choices_that_are_open(says: Says) -> None:
    offered_before = ["SB13", "CL20", "GG08"]
    slots = {"awaiting": "choice", "offered": offered_before, "question": "卡丢了"}
    outcome = answer.choose(says("哪个快", slots=slots))
    assert [each.item for each in outcome.reply.answers] == offered_before
    assert (outcome.slots["awaiting"], outcome.slots["offered"]) == ("choice", offered_before)


@pytest.mark.parametrize(
    ("text", "slots"),
    [
        ("哪个窗口快", {"awaiting": "choice", "offered": ["SB13", "GG08"]}),
        ("哪个快", {"item": "SB13", "previous_item": "MZ10", "offered": ["GG08", "CL20"]}),
        ("哪个快", {"awaiting": "choice", "offered": ["SB13", "GG08", "CL20", "MZ10"]}),
        ("哪个快", {}),
        ("尊老金和社保卡补换哪个要先挂失", {"awaiting": "choice", "offered": ["GA02", "GA03"]}),
    ],
)
def test_which_of_what_is_not_shown_together_does_not_compare_that(
    says: Says, text: str, slots: dict[str, Any]
) -> None:
    shown = answer.answer(says(text, slots=slots)).reply.answers
    assert not {*slots.get("offered", ())} <= {each.item for each in shown} or not slots


def test_without_a_facet_cost_and_duration_are_compared(says: Says, guide: Guide) -> None:
    reply = following.compare(says("老年优待证和尊老金有什么区别", "compare")).reply
    for item_id in ("MZ10", "MZ11"):
        item = guide.item(item_id)
        assert item is not None
        assert item.scope in reply.text
    assert reply.facet == "overview"


def test_what_is_asked_for_is_compared(says: Says) -> None:
    reply = following.compare(says("老年优待证和尊老金哪个办得快，各要几天", "compare")).reply
    assert {each.facet for each in reply.answers} == {"duration"}


def test_what_a_clerk_says_to_keep_two_apart_comes_first(says: Says, guide: Guide) -> None:
    one, other = guide.item("SB11"), guide.item("SB13")
    assert one is not None
    assert other is not None
    known = [c.tell_apart for item in (one, other) for c in item.not_this]
    slots = {"item": "SB13", "previous_item": "SB11"}
    reply = following.compare(says("有什么区别", "compare", slots=slots)).reply
    assert reply.text.split("\n")[0] in known


@pytest.mark.parametrize(
    ("slots", "text"), [({}, phrases.ASK_ITEM_FIRST), ({"item": "SB13"}, phrases.COMPARE_WHAT)]
)
def test_with_fewer_than_two_items_the_other_is_asked_for(
    says: Says, slots: dict[str, Any], text: str
) -> None:
    reply = following.compare(says("有什么区别", "compare", slots=slots)).reply
    assert (reply.kind, reply.text) == ("clarify", text)


# One after the other


def test_materials_are_told_one_by_one_to_the_end(says: Says) -> None:
    slots: dict[str, Any] = {"item": "SB13"}
    first = following.stepwise(says("一样一样说", "stepwise", slots=slots))
    assert first.reply.text.startswith("一共4样，第1样：")
    texts = [first.reply.text]
    slots.update(first.settled())
    for _ in range(3):
        outcome = following.next_part(says("下一项", "next_part", slots=slots))
        slots.update(outcome.settled())
        texts.append(outcome.reply.text)
    assert len({*texts}) == 4
    assert texts[-1].startswith("一共4样，第4样：")
    end = following.next_part(says("下一项", "next_part", slots=slots))
    assert end.reply.text == phrases.NO_MORE_PARTS.format(count=4, name="社保卡补换")
    assert end.slots["part"] == {"SB13": 0}


def test_a_question_in_between_does_not_lose_the_place(says: Says) -> None:
    slots = {"item": "SB13", "part": {"SB13": 2}, "facet": "fee"}
    reply = following.next_part(says("下一项", "next_part", slots=slots)).reply
    assert reply.text.startswith("一共4样，第3样：")


def test_another_item_begins_with_its_first_thing(says: Says) -> None:
    slots = {"item": "GG08", "part": {"SB13": 2}}
    outcome = following.next_part(says("下一项", "next_part", slots=slots))
    assert "第1样：" in outcome.reply.text
    assert outcome.slots["part"] == {"GG08": 1}


def test_only_what_she_needs_is_counted(says: Says) -> None:
    slots = {"item": "SB13", "chosen": {"SB13": ["lost", "self"]}}
    reply = following.stepwise(says("一样一样说", "stepwise", slots=slots)).reply
    assert reply.text.startswith("一共2样，第1样：")


def test_the_next_button_says_so(says: Says) -> None:
    reply = following.stepwise(says("一样一样说", "stepwise", slots={"item": "SB13"})).reply
    assert reply.buttons[0].payload == "say:下一项"


def test_the_next_one_while_choices_are_open_is_the_next_choice(says: Says) -> None:
    slots = {"awaiting": "choice", "offered": ["SB13", "CL20"], "question": "卡丢了"}
    reply = following.next_part(says("下一个", "next_part", slots=slots)).reply
    assert reply.text.startswith(phrases.NEXT_BEST)


@pytest.mark.parametrize("action", [following.stepwise, following.next_part, following.printable])
def test_without_an_item_it_is_asked_for(says: Says, action: Any) -> None:
    reply = action(says("下一项")).reply
    assert (reply.kind, reply.text) == ("clarify", phrases.ASK_ITEM_FIRST)


# On paper


@pytest.mark.parametrize(
    ("slots", "path"),
    [
        ({}, "/guide/SB13/"),
        ({"chosen": {"SB13": ["self", "lost"]}}, "/guide/SB13/?s=lost,self"),
        ({"chosen": {"GG08": ["agent"]}}, "/guide/SB13/"),
    ],
)
def test_the_sheet_is_linked_with_what_is_known(
    says: Says, slots: dict[str, Any], path: str
) -> None:
    context = says("给我打印一张", "printable", slots={"item": "SB13", **slots})
    reply = following.printable(context).reply
    assert f"{SITE}{path}\n" in reply.text
    assert (reply.kind, reply.item, reply.facet) == ("answer", "SB13", "materials")


@pytest.mark.parametrize("text", ["给我打一张", "发我一份", "打印出来"])
def test_who_wants_it_on_paper_names_no_item_by_that(says: Says, text: str) -> None:
    assert following.printable(says(text, "printable")).reply.text == phrases.ASK_ITEM_FIRST
