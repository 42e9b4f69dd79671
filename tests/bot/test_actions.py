"""What is said to a question: answer, ask which, name who is competent, step back."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any, Literal

import pytest
from django.conf import settings
from django.core.handlers.base import BaseHandler
from django.test import Client, RequestFactory

from bot.actions import answer, small_talk
from bot.actions.context import Context, Guide, Outcome
from bot.actions.registry import ACTIONS
from bot.actions.single_turn import single_turn
from bot.conversations import phrases
from bot.conversations.messages import KINDS, Reply
from knowledge.files import KnowledgeFiles
from knowledge.publishing import records_of
from knowledge.record import plain
from knowledge.search.live import LiveMatcher
from knowledge.search.matcher import Candidate, Match, Matcher
from knowledge.search.passages import NOTHING
from nlu.protocol import KNOWLEDGE, Reading, Understanding, read_message, reading_to_json
from tests.bot.conftest import MONDAY_MORNING
from tests.people import small

NIGHT = MONDAY_MORNING.replace(hour=22)
Says = Callable[..., Context]


@pytest.fixture
def says(matcher: Matcher, guide: Guide) -> Says:
    """王阿姨 says something; ``slots`` is what the dialogue remembers, ``entities`` a button's."""

    def make(
        text: str,
        intent: str = "ask_item",
        *,
        slots: dict[str, Any] | None = None,
        entities: dict[str, str] | None = None,
        now: datetime = MONDAY_MORNING,
        previous: Reply | None = None,
    ) -> Context:
        reading = read_message(matcher, text)
        said = Understanding(text, intent, 0.9, reading, entities or {}, slots or {})
        return Context(said, guide, now, lambda: previous)

    return make


def test_a_clear_question_is_answered_from_the_guide(says: Says) -> None:
    outcome = answer.answer(says("社保卡丢了怎么补，要带什么材料"))
    reply = outcome.reply
    assert (reply.kind, reply.intent, reply.item, reply.facet) == (
        *("answer", "ask_item", "SB13", "materials"),
    )
    assert "居民身份证" in reply.text
    assert reply.text.count(phrases.UNVERIFIED) == 1
    assert outcome.slots == {"item": "SB13", "facet": "materials"}
    assert reply.candidates[0].item == "SB13"
    assert reply.confidence > 0.6
    assert reply.buttons[-1] == answer.HUMAN_BUTTON


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


def unsure(context: Context, decision: Literal["ask", "step_back"]) -> Context:
    """The same words where the matcher is not sure of any record."""
    said = context.understanding
    match = replace(said.match, decision=decision, probability=0.3)
    reading = replace(said.reading, match=match)
    return replace(context, understanding=replace(said, reading=reading))


def candidates(*owners: str) -> tuple[Candidate, ...]:
    """Candidates from the nearest on."""
    return tuple(Candidate(owner, "item", owner, 0.5, {}) for owner in owners)


def understood(match: Match, guide: Guide, slots: dict[str, Any] | None = None) -> Context:
    """A question that the matcher made this of."""
    reading = Reading(match, ("overview",), facet_is_cued=True, has_subject=True)
    said = Understanding("卡丢了", "ask_item", 0.9, reading, {}, slots or {})
    return Context(said, guide, MONDAY_MORNING)


@pytest.mark.parametrize("decision", ["ask", "step_back"])
@pytest.mark.parametrize(
    ("text", "facet"), [("要钱吗", "fee"), ("几天能好", "duration"), ("能代办吗", "proxy")]
)
def test_a_bare_facet_is_asked_of_the_item_at_hand(
    says: Says, text: str, facet: str, decision: Literal["ask", "step_back"]
) -> None:
    context = unsure(says(text, slots={"item": "GG08"}), decision)
    assert answer.is_follow_up(context)
    reply = answer.answer(context).reply
    assert (reply.kind, reply.item, reply.facet) == ("answer", "GG08", facet)


@pytest.mark.parametrize(
    "text", ["居住证要带什么", "我想问问居住证在哪办啊，我是外地来的", "社保卡丢了"]
)
def test_a_message_with_its_own_subject_is_no_follow_up(says: Says, text: str) -> None:
    assert not answer.is_follow_up(says(text, slots={"item": "GG08"}))


@pytest.mark.parametrize(("held", "is_it"), [("GA02", True), ("GA03", True), ("GG08", False)])
def test_where_several_are_meant_a_follow_up_is_of_one_of_them(
    guide: Guide, held: str, is_it: bool
) -> None:
    choices = candidates("GA02", "GA03")
    context = understood(Match(choices, 0.5, "ask", choices), guide, {"item": held})
    assert answer.is_follow_up(context) is is_it


def test_without_an_item_at_hand_nothing_is_a_follow_up(says: Says) -> None:
    assert not answer.is_follow_up(says("要钱吗"))


@pytest.mark.parametrize(
    "text", ["要带什么", "在哪办", "网上能办吗", "要钱吗", "几天能好", "有效期多久"]
)
def test_a_bare_facet_without_an_item_asks_for_the_item(says: Says, text: str) -> None:
    reply = answer.answer(says(text)).reply
    assert (reply.kind, reply.slot, reply.text) == ("clarify", "item", phrases.ASK_ITEM_FIRST)


@pytest.mark.parametrize(
    ("entities", "item", "facet"),
    [
        ({"item": "GG08", "facet": "where"}, "GG08", "where"),
        ({"item": "GG08"}, "GG08", "overview"),
        ({"item": "GG08", "facet": "colour"}, "GG08", "overview"),
    ],
)
def test_a_button_names_item_and_facet_itself(
    says: Says, entities: dict[str, str], item: str, facet: str
) -> None:
    reply = answer.answer(says("", entities=entities, slots={"item": "SB13"})).reply
    assert (reply.kind, reply.item, reply.facet, reply.confidence) == ("answer", item, facet, 1.0)


def test_a_button_of_a_record_that_is_gone_steps_back(says: Says) -> None:
    reply = answer.answer(says("", entities={"item": "XX99", "facet": "where"})).reply
    assert reply.kind == "fallback"


def test_an_item_without_a_guide_says_so_and_invents_nothing(
    says: Says, shipped: KnowledgeFiles
) -> None:
    context = replace(says("要带什么"), guide=Guide(records_of(small(shipped, "SB13"))))
    outcome = answer.about(context, "GG08", ("materials",))
    assert (outcome.reply.kind, outcome.reply.item) == ("answer", "GG08")
    assert "指南还在整理" in outcome.reply.text
    assert "12345" in outcome.reply.text
    assert outcome.slots == {"item": "GG08", "facet": "materials"}


@pytest.mark.parametrize("text", ["卡丢了", "老年卡", "换证"])
def test_words_that_mean_several_things_are_asked_about(
    says: Says, guide: Guide, text: str
) -> None:
    reply = answer.answer(says(text)).reply
    assert (reply.kind, reply.slot, reply.intent) == ("clarify", "item", "ask_item")
    assert 2 <= len(reply.buttons) - 1 <= 3
    assert reply.buttons[-1].title == phrases.NONE_OF_THESE
    for number, button in enumerate(reply.buttons[:-1], start=1):
        assert f"{number}. {button.title}" in reply.text
        assert button.payload.startswith("ask:")
        assert guide.name(button.payload.split(":")[1]) == button.title


def offered(reply: Reply) -> list[str]:
    """Whose buttons a reply shows."""
    payloads = [button.payload.split(":") for button in reply.buttons]
    return [parts[1] for parts in payloads if parts[0] == "ask"]


@pytest.mark.parametrize("text", ["卡丢了", "老年卡", "换证"])
def test_what_is_asked_about_heads_the_candidates_in_the_same_order(says: Says, text: str) -> None:
    reply = answer.answer(says(text)).reply
    shown = offered(reply)
    assert [offer.item for offer in reply.candidates][: len(shown)] == shown


def test_the_choices_come_before_what_is_nearer_and_was_not_asked_about(guide: Guide) -> None:
    ranked = candidates(NOTHING, "MZ10", "SB13", "GG08", "GA02")
    match = Match(ranked, 0.5, "ask", candidates("GG08", "SB13"))
    reply = answer.answer(understood(match, guide)).reply
    assert reply.kind == "clarify"
    assert offered(reply) == ["GG08", "SB13"]
    assert [offer.item for offer in reply.candidates] == ["GG08", "SB13", "MZ10"]


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
    assert outcome.slots == {"item": None}


def test_a_turn_of_life_lists_its_errands_in_order(says: Says, guide: Guide) -> None:
    outcome = answer.about(says("孩子出生"), "E01", ("overview",))
    event = guide.event("E01")
    assert event is not None
    assert outcome.reply.kind == "answer"
    assert outcome.reply.text.startswith(event.intro)
    *titles, person = [button.title for button in outcome.reply.buttons]
    assert titles == [guide.name(entry.item) for entry in event.items[: answer.MOST_LINKS]]
    assert not [title for title in titles if title[0].isascii()]
    assert person == answer.HUMAN_BUTTON.title
    assert outcome.slots == {"item": None}


def test_a_long_turn_of_life_shows_its_first_buttons_only(says: Says, guide: Guide) -> None:
    event = guide.event("E01")
    assert event is not None
    errands = [{"item": f"SB{number:02}"} for number in range(10, 10 + answer.MOST_LINKS + 1)]
    records = {"events": {"E01": {**plain(event), "items": errands}}}
    reply = answer.about(replace(says("孩子出生"), guide=Guide(records)), "E01", ()).reply
    assert offered(reply) == [errand["item"] for errand in errands[: answer.MOST_LINKS]]
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
    assert outcome.slots == {"item": None}


def test_a_topic_is_answered_with_the_items_it_leads_to(says: Says, guide: Guide) -> None:
    outcome = answer.answer(says("三个帮办套餐是什么", slots={"item": "SB13"}))
    reply, topic = outcome.reply, guide.topic("Q07")
    assert topic is not None
    assert (reply.kind, reply.intent, reply.item, reply.facet) == (
        *("answer", "ask_item", None, "overview"),
    )
    assert reply.text == topic.answer
    assert offered(reply) == ["MZ10", "MZ11", "GG08", "CL20"]
    assert reply.buttons[-1] == answer.HUMAN_BUTTON
    assert outcome.slots == {"item": None}


def test_a_topic_that_leads_nowhere_still_offers_a_person(says: Says) -> None:
    reply = answer.answer(says("网格员是谁怎么找")).reply
    assert reply.text.startswith("网格员是专门管您家这一片的人")
    assert reply.buttons == (answer.HUMAN_BUTTON,)


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
        reply = answer.about(context, owner, ("overview",)).reply
        assert (reply.kind, reply.buttons[-1]) == ("answer", answer.HUMAN_BUTTON), owner
        assert {*offered(reply)} <= {*shipped.items}, owner


def test_checklists_and_topics_have_a_name_to_be_asked_about(guide: Guide) -> None:
    assert guide.name("J01") == "小餐馆检查清单"
    assert guide.name("Q01") == "开门时间和周末节假日"
    assert guide.name("J99") == "J99"
    assert (guide.checklist("Q01"), guide.topic("J01")) == (None, None)


def test_a_complaint_says_what_happens_with_it(says: Says) -> None:
    reply = answer.report(says("楼道里堆满了东西没人管", "report_problem")).reply
    assert reply.kind == "handover"
    assert phrases.TICKET_BY_PHONE in reply.text


@pytest.mark.parametrize("text", ["asdfgh", "qwerty uiop", "？", ""])
def test_what_is_not_understood_steps_back_with_a_person(says: Says, text: str) -> None:
    reply = answer.answer(says(text)).reply
    assert (reply.kind, reply.intent, reply.text) == ("fallback", "unknown", phrases.NOT_UNDERSTOOD)
    assert reply.buttons[-1].payload == "human"


def test_what_no_office_does_is_said_to_be_so(says: Says) -> None:
    reply = answer.out_of_scope(says("今天天气怎么样", "out_of_scope")).reply
    assert (reply.kind, reply.intent, reply.text) == (
        *("fallback", "out_of_scope", phrases.NOT_OURS_AT_ALL),
    )


def test_a_fair_match_is_given_its_chance_against_out_of_scope(says: Says) -> None:
    assert answer.out_of_scope(says("社保卡丢了怎么补", "out_of_scope")).reply.item == "SB13"


@pytest.mark.parametrize(
    ("text", "slots", "kind", "item"),
    [
        ("我上周补的社保卡好了没有", {}, "answer", "SB13"),
        ("好了没有啊", {"item": "GG08"}, "answer", "GG08"),
        ("我那个事怎么样了", {}, "handover", None),
    ],
)
def test_progress_is_of_an_item_if_one_is_known(
    says: Says, text: str, slots: dict[str, Any], kind: str, item: str | None
) -> None:
    reply = answer.progress(says(text, "ask_progress", slots=slots)).reply
    assert (reply.kind, reply.item, reply.intent) == (kind, item, "ask_progress")


def test_somebody_who_wants_a_proxy_learns_how(says: Says) -> None:
    outcome = answer.proxy(says("我腿脚不好，帮我代办补社保卡", "request_proxy"))
    assert (outcome.reply.kind, outcome.reply.item, outcome.reply.facet) == (
        *("answer", "SB13", "proxy"),
    )
    assert outcome.reply.intent == "request_proxy"
    assert phrases.TICKET_BY_PHONE in outcome.reply.text


@pytest.mark.parametrize(
    ("text", "day"), [("你们周六开门吗", "11月28日（周六）"), ("现在开门吗", "现在开着门")]
)
def test_hours_alone_need_no_item(says: Says, text: str, day: str) -> None:
    reply = answer.answer(says(text)).reply
    assert (reply.kind, reply.facet, reply.item) == ("answer", "when", None)
    assert day in reply.text


@pytest.mark.parametrize(
    ("now", "wanted"), [(MONDAY_MORNING, "现在是上班时间"), (NIGHT, "11月24日上午9点有人")]
)
def test_a_person_can_be_reached_at_any_hour(says: Says, now: datetime, wanted: str) -> None:
    reply = small_talk.human(says("人工", "human", now=now)).reply
    assert (reply.kind, reply.intent) == ("handover", "human")
    assert reply.text.startswith("好的，找真人帮您。请打12345")
    assert wanted in reply.text


@pytest.mark.parametrize("intent", [*phrases.SMALL_TALK, "greet", "repeat"])
def test_every_courtesy_has_its_sentence(says: Says, intent: str) -> None:
    reply = small_talk.small_talk(says("好", intent)).reply
    assert (reply.kind, reply.intent) == ("smalltalk", intent)
    assert reply.text


@pytest.mark.parametrize(
    ("hour", "words"),
    [(6, "早上好"), (11, "您好"), (12, "下午好"), (17, "下午好"), (20, "晚上好"), (3, "您好")],
)
def test_the_greeting_fits_the_time_of_day(says: Says, hour: int, words: str) -> None:
    reply = small_talk.small_talk(
        says("你好", "greet", now=MONDAY_MORNING.replace(hour=hour))
    ).reply
    assert reply.text.startswith(words)
    assert all(button.payload.startswith("say:") for button in reply.buttons)


def test_the_last_reply_is_said_again(says: Says) -> None:
    last = answer.answer(says("社保卡丢了怎么补")).reply
    again = small_talk.small_talk(says("再说一遍", "repeat", previous=last)).reply
    assert (again.kind, again.intent, again.text) == ("smalltalk", "repeat", last.text)


def test_with_nothing_said_yet_there_is_nothing_to_repeat(says: Says) -> None:
    assert small_talk.small_talk(says("再说一遍", "repeat")).reply.text == phrases.REPEAT_NOTHING


@pytest.mark.parametrize("name", ACTIONS)
@pytest.mark.parametrize(
    "text", ["社保卡丢了怎么补", "卡丢了", "我想办退休", "asdf", "", "楼道堆东西"]
)
def test_every_action_has_something_to_say_to_anything(says: Says, name: str, text: str) -> None:
    outcome: Outcome = ACTIONS[name](says(text))
    assert outcome.reply.kind in KINDS
    assert outcome.reply.text
    assert json.dumps(outcome.reply.as_json(), ensure_ascii=False)
    assert "None" not in outcome.reply.text


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("社保卡丢了怎么补", "answer"),
        ("人工", "handover"),
        ("帮我找个人", "handover"),
        ("你好", "smalltalk"),
        ("卡丢了", "clarify"),
        ("asdfgh", "fallback"),
        ("我想办退休", "referral"),
    ],
)
def test_without_the_engine_single_turns_are_answered(
    matcher: Matcher, guide: Guide, text: str, kind: str
) -> None:
    assert single_turn(matcher, guide, text, {}, MONDAY_MORNING).kind == kind


def test_without_the_engine_a_button_still_works(matcher: Matcher, guide: Guide) -> None:
    entities = {"item": "GG08", "facet": "fee"}
    reply = single_turn(matcher, guide, "", entities, MONDAY_MORNING)
    assert (reply.item, reply.facet) == ("GG08", "fee")


def call(action: str, text: str, matcher: Matcher | None = None, **latest: Any) -> dict[str, Any]:
    """What Rasa sends for an action."""
    message: dict[str, Any] = {"text": text, "intent": {"name": "ask_item", "confidence": 0.9}}
    if matcher is not None:
        message[KNOWLEDGE] = reading_to_json(read_message(matcher, text))
    tracker = {"latest_message": {**message, **latest}, "slots": {"item": None, "facet": None}}
    return {"next_action": action, "sender_id": "王阿姨", "tracker": tracker}


def run(body: dict[str, Any], secret: str | None = None) -> Any:
    """Post to the internal port, through everything that stands in front of it."""
    key = settings.BOT_ACTION_SECRET if secret is None else secret
    request: Any = RequestFactory().post(
        "/actions", json.dumps(body), content_type="application/json", HTTP_X_ACTION_SECRET=key
    )
    request.scope = {"bot.internal": True}
    handler = BaseHandler()
    handler.load_middleware()
    return handler.get_response(request)


@pytest.mark.django_db
@pytest.mark.parametrize("is_understood", [True, False])
def test_the_engine_runs_an_action_and_gets_reply_and_slots(
    office: LiveMatcher, is_understood: bool
) -> None:
    current = office.current() if is_understood else None
    response = run(call("action_answer", "社保卡丢了怎么补", current))
    data = json.loads(response.content)
    assert data["responses"][0]["custom"]["item"] == "SB13"
    assert {"event": "slot", "name": "item", "value": "SB13"} in data["events"]


@pytest.mark.django_db
def test_a_button_reaches_the_action_as_entities(office: LiveMatcher) -> None:
    entities = [{"entity": "item", "value": "GG08"}, {"entity": "facet", "value": "fee"}]
    response = run(call("action_answer", "/ask_item{}", entities=entities))
    custom = json.loads(response.content)["responses"][0]["custom"]
    assert (custom["item"], custom["facet"]) == ("GG08", "fee")


@pytest.mark.parametrize(
    "secret",
    [
        "",
        "wrong",
        "é",
    ],
)
def test_a_stranger_cannot_run_actions(secret: str) -> None:
    assert run(call("action_answer", "社保卡"), secret).status_code == 403


def test_an_action_that_nobody_knows_is_refused(office: LiveMatcher) -> None:
    assert run(call("action_dance", "社保卡")).status_code == 404


def test_the_public_port_knows_no_actions() -> None:
    headers = {"X-Action-Secret": settings.BOT_ACTION_SECRET}
    response = Client().post("/actions", "{}", content_type="application/json", headers=headers)
    assert response.status_code == 404
