"""What is said of a record: its facets, narrowed to a situation, and what it leads to."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Literal

import pytest

from bot.actions import answer
from bot.actions.context import Context, Guide, Outcome
from bot.actions.telling import HUMAN_BUTTON, MOST_CHOSEN, MOST_LINKS, about, about_items
from bot.actions.telling import plain as plain_reply
from bot.conversations import phrases
from knowledge.files import KnowledgeFiles
from knowledge.publishing import records_of
from knowledge.record import plain
from knowledge.search.matcher import Match
from knowledge.search.passages import NOTHING
from tests.bot.conftest import MONDAY_MORNING, NIGHT, Says
from tests.people import small
from tests.understood import candidates, offered, understood

PAYLOAD = re.compile(r"human|none|say:.+|(ask|tell):[A-Za-z]{1,2}\d{2,4}:[a-z0-9_]+")


def told(context: Context, owner: str, facets: Sequence[str]) -> Outcome:
    """What is said of a record that exists."""
    outcome = about(context, owner, facets)
    assert outcome is not None
    return outcome


def test_several_questions_get_several_answers(says: Says) -> None:
    reply = answer.answer(says("补社保卡要带什么材料，几天能好，要钱吗")).reply
    assert [each.facet for each in reply.answers] == ["materials", "duration", "fee"]
    assert (reply.item, reply.facet) == ("SB13", "materials")
    assert all(each.text in reply.text or phrases.UNVERIFIED in each.text for each in reply.answers)
    assert reply.text.count(phrases.UNVERIFIED) == 1


def test_a_frequent_question_gets_its_own_answer_first(says: Says) -> None:
    reply = answer.answer(says("社保卡补换，旧的社保卡找到了还能用吗")).reply
    assert reply.item == "SB13"
    assert reply.answers[0].text.startswith("新卡一做，旧卡的社保功能就停了")


def test_an_item_without_a_guide_says_so_and_invents_nothing(
    says: Says, shipped: KnowledgeFiles
) -> None:
    context = replace(says("要带什么"), guide=Guide(records_of(small(shipped, "SB13"))))
    outcome = told(context, "GG08", ("materials",))
    assert (outcome.reply.kind, outcome.reply.item) == ("answer", "GG08")
    assert "指南还在整理" in outcome.reply.text
    assert "12345" in outcome.reply.text
    assert outcome.slots == {"item": "GG08", "facet": "materials"}


@pytest.mark.parametrize(
    ("text", "number"),
    [("我想办退休", None), ("拆迁补偿能拿多少钱", None), ("公积金怎么提取", "12329")],
)
def test_what_is_not_ours_is_referred_to_who_is_competent(
    says: Says, text: str, number: str | None
) -> None:
    outcome = answer.answer(says(text, slots={"item": "SB13"}))
    reply = outcome.reply
    assert (reply.kind, reply.intent) == ("referral", "ask_item")
    assert reply.competent is not None
    assert reply.competent.body in reply.text
    assert number is None or reply.competent.phone == number
    assert outcome.slots["item"] is None


def test_a_turn_of_life_lists_its_errands_in_order(says: Says, guide: Guide) -> None:
    outcome = told(says("孩子出生"), "E01", ("overview",))
    event = guide.event("E01")
    assert event is not None
    assert outcome.reply.kind == "answer"
    assert outcome.reply.text.startswith(event.intro)
    *titles, person = [button.title for button in outcome.reply.buttons]
    assert titles == [guide.name(entry.item) for entry in event.items[:MOST_LINKS]]
    assert not [title for title in titles if title[0].isascii()]
    assert person == HUMAN_BUTTON.title
    assert outcome.slots["item"] is None


def test_a_long_turn_of_life_shows_its_first_buttons_only(says: Says, guide: Guide) -> None:
    event = guide.event("E01")
    assert event is not None
    errands = [{"item": f"SB{number:02}"} for number in range(10, 10 + MOST_LINKS + 1)]
    records = {"events": {"E01": {**plain(event), "items": errands}}}
    reply = told(replace(says("孩子出生"), guide=Guide(records)), "E01", ()).reply
    assert offered(reply) == [errand["item"] for errand in errands[:MOST_LINKS]]
    assert errands[-1]["item"] in reply.text


@pytest.mark.parametrize(
    ("text", "entities"),
    [("小餐馆检查清单", {}), ("后厨检查看什么", {}), ("", {"item": "J01", "facet": "materials"})],
)
def test_a_checklist_is_gone_through_point_by_point(
    says: Says, guide: Guide, text: str, entities: dict[str, str]
) -> None:
    outcome = answer.answer(says(text, entities=entities, slots={"item": "SB13"}))
    reply, checklist = outcome.reply, guide.checklist("J01")
    assert checklist is not None
    assert (reply.kind, reply.intent, reply.item, reply.facet) == (
        *("answer", "ask_item", None, "overview"),
    )
    intro, *points, papers, unverified = reply.text.splitlines()
    assert intro == checklist.intro
    assert points == [
        f"{number}. {point.name}：{point.in_order}"
        for number, point in enumerate(checklist.points, start=1)
    ]
    assert papers == f"手边备好：{'、'.join(checklist.papers)}。"
    assert unverified == phrases.UNVERIFIED
    assert [button.payload for button in reply.buttons] == [
        *(f"ask:{item}:overview" for item in ("SC14", "SC18", "WJ21", "CG20")),
        "human",
    ]
    assert reply.buttons[0].title == guide.name("SC14") == "食品经营许可证新办"
    assert outcome.slots["item"] is None


def test_a_topic_is_answered_with_the_items_it_leads_to(says: Says, guide: Guide) -> None:
    outcome = answer.answer(says("三个帮办套餐是什么", slots={"item": "SB13"}))
    reply, topic = outcome.reply, guide.topic("Q07")
    assert topic is not None
    assert (reply.kind, reply.intent, reply.item, reply.facet) == (
        *("answer", "ask_item", None, "overview"),
    )
    assert reply.text == topic.answer
    assert offered(reply) == ["MZ10", "MZ11", "GG08", "CL20"]
    assert reply.buttons[-1] == HUMAN_BUTTON
    assert outcome.slots["item"] is None


def test_a_topic_that_leads_nowhere_still_offers_a_person(says: Says) -> None:
    reply = answer.answer(says("网格员是谁怎么找")).reply
    assert reply.text.startswith("网格员是专门管您家这一片的人")
    assert reply.buttons == (HUMAN_BUTTON,)


@pytest.mark.parametrize(
    ("now", "wanted"), [(MONDAY_MORNING, "现在开着门，到中午12点"), (NIGHT, "现在关着门")]
)
def test_a_topic_tells_the_hours_of_the_moment_when_it_is_asked(
    says: Says, guide: Guide, now: datetime, wanted: str
) -> None:
    topic = guide.topic("Q29")
    assert topic is not None
    reply = answer.answer(says("中午能不能办", now=now)).reply
    assert reply.text.startswith(f"{topic.answer}\n街道为民服务大厅：{wanted}")


def test_a_topic_names_the_places_that_are_published_now(says: Says, guide: Guide) -> None:
    assert len(guide.places) > 1
    reply = answer.answer(says("最近的社区")).reply
    assert reply.text.endswith(f"：{'、'.join(place.name for place in guide.places)}。")


def test_every_checklist_and_topic_can_be_said_and_leads_to_published_guides(
    says: Says, shipped: KnowledgeFiles
) -> None:
    context = says("开门时间")
    for owner in (
        *(checklist.checklist_id for checklist in shipped.checklists),
        *(topic.topic_id for topic in shipped.topics),
    ):
        reply = told(context, owner, ("overview",)).reply
        assert (reply.kind, reply.buttons[-1]) == ("answer", HUMAN_BUTTON), owner
        assert {*offered(reply)} <= {*shipped.items}, owner


def test_checklists_and_topics_have_a_name_to_be_asked_about(guide: Guide) -> None:
    assert guide.name("J01") == "小餐馆检查清单"
    assert guide.name("Q01") == "开门时间和周末节假日"
    assert guide.name("J99") == "J99"
    assert (guide.checklist("Q01"), guide.topic("J01")) == (None, None)


@pytest.mark.parametrize("decision", ["answer", "ask", "step_back"])
def test_nothing_is_no_candidate(
    guide: Guide, decision: Literal["answer", "ask", "step_back"]
) -> None:
    ranked = candidates("SB13", NOTHING, "GG08")
    context = understood(Match(ranked, 0.5, decision, ranked[:1]), guide)
    reply = answer.answer(context).reply
    assert [offer.item for offer in reply.candidates] == ["SB13", "GG08"]


def test_at_most_three_candidates_are_shown_the_nearest_first(guide: Guide) -> None:
    ranked = candidates("SB13", "GG08", "MZ10", "GA02")
    reply = answer.answer(understood(Match(ranked, 0.9, "answer", ranked[2:]), guide)).reply
    assert [offer.item for offer in reply.candidates] == ["SB13", "GG08", "MZ10"]


# The resident's situation


@pytest.mark.parametrize(
    ("slots", "text"),
    [
        ({"chosen": {"SB13": ["broken"]}}, "社保卡补办要带什么材料"),
        ({"told": ["我的卡坏了"]}, "社保卡补办要带什么材料"),
        ({}, "社保卡坏了，补办要带什么材料"),
    ],
)
def test_what_is_known_narrows_the_rows_and_is_said_so(
    says: Says, slots: dict[str, Any], text: str
) -> None:
    outcome = told(says(text, slots=slots), "SB13", ("materials",))
    assert outcome.reply.text.startswith("社保卡补换——\n按您说的（卡还在，要换）：")
    assert "【卡还在，要换】" not in outcome.reply.text
    assert outcome.slots["chosen"] == {"SB13": ["broken"]}


def test_what_is_open_is_asked_at_the_end_with_its_options_as_buttons(says: Says) -> None:
    outcome = told(says("社保卡补办要带什么材料"), "SB13", ("materials",))
    reply = outcome.reply
    assert reply.slot == "situation"
    assert reply.text.endswith("您的卡是丢了，还是坏了、到期了想换？")
    assert [b.payload for b in reply.buttons][:2] == ["tell:SB13:lost", "tell:SB13:broken"]
    assert (outcome.slots["awaiting"], outcome.slots["posed"]) == ("situation", ["SB13:why"])


def test_a_question_is_asked_once_and_then_the_next_one(says: Says) -> None:
    text = "社保卡补办要带什么材料"
    posed = ["SB13:why"]
    second = told(says(text, slots={"posed": posed}), "SB13", ("materials",))
    assert second.slots["posed"] == ["SB13:why", "SB13:who"]
    posed = second.slots["posed"]
    third = told(says(text, slots={"posed": posed}), "SB13", ("materials",))
    assert third.reply.slot is None
    assert "awaiting" not in third.slots


def test_a_facet_that_depends_on_nothing_asks_nothing(says: Says) -> None:
    reply = told(says("社保卡补办要钱吗"), "SB13", ("fee",)).reply
    assert (reply.slot, [b for b in reply.buttons if b.payload.startswith("tell:")]) == (None, [])


def test_a_correction_takes_the_place_of_what_was_known(says: Says) -> None:
    slots = {"chosen": {"SB13": ["lost", "self"]}, "told": ["我的卡丢了"]}
    outcome = told(says("不对，是卡坏了", slots=slots), "SB13", ("materials",))
    assert outcome.slots["chosen"]["SB13"] == ["broken", "self"]
    assert outcome.slots["told"] == ["我的卡丢了", "不对，是卡坏了"]


def test_a_pressed_option_is_known_from_then_on(says: Says) -> None:
    context = says("", entities={"item": "SB13", "option": "agent"}, slots={"facet": "materials"})
    outcome = answer.answer(context)
    assert (outcome.reply.item, outcome.reply.facet) == ("SB13", "materials")
    assert "代办人的居民身份证" in outcome.reply.text
    assert outcome.slots["chosen"] == {"SB13": ["agent"]}


def test_situations_of_the_last_few_items_are_kept(says: Says) -> None:
    many = {f"SB{number:02}": ["x"] for number in range(20, 20 + MOST_CHOSEN)}
    slots = {"chosen": many}
    outcome = told(says("社保卡坏了补办要带什么", slots=slots), "SB13", ("materials",))
    kept = outcome.slots["chosen"]
    assert len(kept) == MOST_CHOSEN
    assert "SB13" in kept
    assert "SB20" not in kept


@pytest.mark.parametrize(
    ("told_before", "note"),
    [
        (["我妈58岁"], "您说58岁，还差2岁"),
        (["我妈62岁"], "您说62岁，年龄够"),
        (["我妈62岁", "我爸呢"], ""),
        ([], ""),
    ],
)
def test_a_told_age_is_held_against_the_conditions(
    says: Says, told_before: list[str], note: str
) -> None:
    context = says("老年优待证要什么条件", slots={"told": told_before})
    text = told(context, "MZ10", ("conditions",)).reply.text
    assert note in text
    assert bool(note) or "您说" not in text


@pytest.mark.parametrize(
    ("owner", "facets"), [("GG08", ["fee", "amount"]), ("SB13", ["fee"]), ("MZ11", ["fee"])]
)
def test_where_one_gets_to_pay_less_the_fee_is_told_with_it(
    says: Says, owner: str, facets: list[str]
) -> None:
    reply = told(says("要钱吗"), owner, ("fee",)).reply
    assert [each.facet for each in reply.answers] == facets
    assert ("免费" in reply.answers[-1].text) is (owner == "GG08")


def test_of_several_items_all_that_was_told_is_remembered_and_one_question_asked(
    says: Says, guide: Guide
) -> None:
    one, other = guide.item("SB13"), guide.item("GG08")
    assert one is not None
    assert other is not None
    wanted = [(one, ["materials"]), (other, ["materials"])]
    outcome = about_items(says("卡坏了，人也满七十了，各要带什么"), wanted)
    assert outcome.slots["chosen"] == {"SB13": ["broken"], "GG08": ["seventies"]}
    assert [pair.split(":")[0] for pair in outcome.slots["posed"]] == ["GG08"]
    assert outcome.slots["offered"] == ["SB13", "GG08"]
    silent = about_items(says("要带什么"), wanted, poses=False)
    assert (silent.reply.slot, "posed" in silent.slots) == (None, False)


def test_several_items_are_answered_and_the_last_is_at_hand(says: Says, guide: Guide) -> None:
    one, other = guide.item("SB13"), guide.item("GG08")
    assert one is not None
    assert other is not None
    outcome = about_items(says("要钱吗"), [(one, ["fee"]), (other, ["where"])])
    assert [(a.item, a.facet) for a in outcome.reply.answers] == [
        ("SB13", "fee"),
        ("GG08", "where"),
    ]
    assert (outcome.reply.item, outcome.reply.facet) == ("SB13", "fee")
    assert (outcome.slots["item"], outcome.slots["previous_item"]) == ("GG08", "SB13")
    assert outcome.reply.text.count(phrases.UNVERIFIED) <= 1


def test_a_facet_that_does_not_exist_is_an_overview(says: Says) -> None:
    assert told(says("社保卡"), "SB13", ("colour",)).reply.facet == "overview"
    assert told(says("社保卡"), "SB13", ()).reply.facet == "overview"


def test_a_record_that_does_not_exist_is_nothing(says: Says) -> None:
    assert about(says("社保卡"), "XX99", ("fee",)) is None


@pytest.mark.parametrize(
    ("heard", "shown"),
    [("compare", "ask_item"), ("none_of_these", "deny"), ("trouble", "human"), ("help", "help")],
)
def test_outside_only_the_contracts_intents_are_seen(says: Says, heard: str, shown: str) -> None:
    assert plain_reply(says("好", heard), "smalltalk", "好").intent == shown


def test_the_buttons_to_press_next_are_ones_the_door_accepts(
    says: Says, shipped: KnowledgeFiles
) -> None:
    context = says("要带什么材料")
    for item_id in shipped.items:
        for button in told(context, item_id, ("materials",)).reply.buttons:
            assert PAYLOAD.fullmatch(button.payload), button
            assert button.title
