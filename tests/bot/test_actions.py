"""The actions that decide what a question is, courtesies, and the endpoint that Rasa calls."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from http import HTTPStatus
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from hypothesis import HealthCheck, given
from hypothesis import settings as settings_of
from hypothesis import strategies as st

from bot.actions import answer, endpoint, small_talk
from bot.actions.context import Outcome
from bot.actions.endpoint import run_action
from bot.actions.registry import ACTIONS
from bot.actions.single_turn import single_turn
from bot.actions.telling import HUMAN_BUTTON
from bot.api.serializers import ReplySerializer
from bot.conversations import phrases
from bot.conversations.messages import KINDS, Reply, Turn
from bot.conversations.models import Conversation
from bot.conversations.service import conversation_of
from bot.conversations.through_engine import given_to_engine, taken_from_engine
from knowledge.search.live import LiveMatcher
from knowledge.search.matcher import Matcher
from nlu.protocol import KNOWLEDGE, read_message, reading_to_json
from tests.bot.conftest import MONDAY_MORNING, Says
from tests.nlu.test_data import domain_slots, intents

# What only takes note, opens a form, or ends one: the form itself asks.
SILENT = {
    *("validate_contact_form", "action_ask_contact", "validate_ticket_form"),
    *("validate_report_form", "validate_lookup_form", "action_proxy", "action_report"),
    *("action_ticket_read_back", "action_report_read_back", "action_looked_up"),
    *("action_progress", "action_change", "action_cancel_ticket", "action_rate"),
}


@pytest.fixture
def aunt(db: None) -> Conversation:
    """王阿姨's conversation."""
    return conversation_of(Turn("web", "web", "王阿姨", ""))


def test_a_clear_question_is_answered_from_the_guide(says: Says) -> None:
    outcome = answer.answer(says("社保卡丢了怎么补，要带什么材料"))
    reply = outcome.reply
    assert (reply.kind, reply.intent, reply.item, reply.facet) == (
        *("answer", "ask_item", "SB13", "materials"),
    )
    assert "居民身份证" in reply.text
    assert reply.text.count(phrases.UNVERIFIED) == 1
    assert (outcome.slots["item"], outcome.slots["facet"]) == ("SB13", "materials")
    assert reply.candidates[0].item == "SB13"
    assert reply.confidence > 0.6
    assert reply.buttons[-1] == HUMAN_BUTTON


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


def test_a_complaint_says_what_happens_with_it(says: Says) -> None:
    reply = answer.report(says("楼道里堆满了东西没人管", "report_problem")).reply
    assert reply.kind == "handover"
    assert phrases.TICKET_BY_PHONE in reply.text


def test_what_no_office_does_is_said_to_be_so(says: Says) -> None:
    reply = answer.out_of_scope(says("今天天气怎么样", "out_of_scope")).reply
    assert (reply.kind, reply.intent, reply.text) == (
        *("fallback", "out_of_scope", phrases.NOT_OURS_AT_ALL),
    )


def test_what_is_asked_of_an_item_is_answered_though_heard_as_a_report(says: Says) -> None:
    reply = answer.report(says("轮到我们小区抽血得几月份", "report_problem")).reply
    assert (reply.kind, reply.item, reply.facet) == ("answer", "WJ16", "when")


def test_a_fair_match_is_given_its_chance_against_out_of_scope(says: Says) -> None:
    assert answer.out_of_scope(says("社保卡丢了怎么补", "out_of_scope")).reply.item == "SB13"


@pytest.mark.parametrize(
    ("text", "slots", "kind", "item"),
    [
        ("我上周补的社保卡好了没有", {}, "answer", "SB13"),
        ("好了没有啊", {"item": "GG08"}, "answer", "GG08"),
    ],
)
def test_progress_is_of_an_item_if_one_is_known(
    says: Says, aunt: Conversation, text: str, slots: dict[str, Any], kind: str, item: str | None
) -> None:
    context = replace(says(text, "ask_progress", slots=slots), sender=aunt.sender)
    reply = ACTIONS["action_progress"](context).reply
    assert (reply.kind, reply.item, reply.intent) == (kind, item, "ask_progress")


def test_progress_of_something_unknown_opens_the_look_up(says: Says, aunt: Conversation) -> None:
    context = replace(says("我那个事怎么样了", "ask_progress"), sender=aunt.sender)
    outcome = ACTIONS["action_progress"](context)
    assert outcome.slots["lookup_wanted"] is True
    assert not outcome.reply.text


def test_somebody_who_asks_whether_another_may_act_learns_how(says: Says) -> None:
    outcome = answer.proxy(says("补社保卡别人能代办吗", "request_proxy"))
    assert (outcome.reply.kind, outcome.reply.item, outcome.reply.facet) == (
        *("answer", "SB13", "proxy"),
    )
    assert outcome.reply.intent == "request_proxy"
    assert phrases.PROXY_OFFER in outcome.reply.text


@pytest.mark.parametrize(
    ("text", "day"), [("你们周六开门吗", "11月28日（周六）"), ("现在开门吗", "现在开着门")]
)
def test_hours_alone_need_no_item(says: Says, text: str, day: str) -> None:
    reply = answer.answer(says(text)).reply
    assert (reply.kind, reply.facet, reply.item) == ("answer", "when", None)
    assert day in reply.text


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
def test_every_action_has_something_to_say_to_anything(
    says: Says, aunt: Conversation, name: str, text: str
) -> None:
    context = replace(says(text, draft={"said_phone": "13900000000"}), sender=aunt.sender)
    outcome: Outcome = ACTIONS[name](context)
    assert outcome.reply.kind in KINDS
    assert outcome.reply.text or name in SILENT
    assert json.dumps(outcome.reply.as_json(), ensure_ascii=False)
    assert "None" not in outcome.reply.text


ITEMS = st.sampled_from(["SB13", "GG08", "GA08", "MZ04", "CL07", "XX99", "E01", "S102", ""])
OPTIONS = st.sampled_from(["SB13:why", "GA08:age", "CL07:hardship", "XX99:who", "SB13", ":"])
SOME_ITEMS = st.none() | st.lists(ITEMS.filter(bool), max_size=8, unique=True)
PIECES = st.sampled_from(
    [
        *(
            "社保卡",
            "居住证",
            "和",
            "，",
            "要带什么",
            "要钱吗",
            "第一个",
            "最后",
            "2",
            "都不是",
            "那",
        ),
        *(
            "我妈",
            "80岁了",
            "不是",
            "丢了",
            "代办",
            "是的",
            "一样一样说",
            "下一项",
            "区别",
            "？",
            "😀",
        ),
        *("<phone>", "/", "周六上班吗", "孩子出生", "呢", "12345", "\n", " ", "asdf"),
    ]
)
MEMORY = st.fixed_dictionaries(
    {},
    optional={
        "item": st.none() | ITEMS,
        "facet": st.none() | st.sampled_from(["fee", "materials", "colour", "progress"]),
        "previous_item": st.none() | ITEMS,
        "awaiting": st.none()
        | st.sampled_from(
            [
                "choice",
                "situation",
                "deletion",
                "ticket",
                "report",
                "change",
                "withdrawal",
                "rating",
            ]
        ),
        "question": st.none() | st.just("卡丢了"),
        "offered": SOME_ITEMS,
        "refused": SOME_ITEMS,
        "misses": st.none() | st.sampled_from(["once", "twice"]),
        "chosen": st.none()
        | st.dictionaries(ITEMS, st.lists(st.sampled_from(["lost", "self", "x"]), max_size=3)),
        "posed": st.none() | st.lists(OPTIONS, max_size=4),
        "told": st.none() | st.lists(st.sampled_from(["我妈80岁", "卡丢了", ""]), max_size=8),
        "part": st.none() | st.dictionaries(ITEMS, st.integers(0, 30), max_size=3),
        "contact_asked": st.none() | st.integers(0, 5),
    },
)


TICKET = {
    "ticket_item": "MZ11",
    "ticket_reason": "elderly",
    "ticket_mode": "代办",
    "ticket_name": "王小明",
    "ticket_phone": "13900000000",
    "ticket_address": "临江社区",
    "ticket_time": "周四下午",
}
REPORT = {
    "kind": "R01",
    "report_location": "临江社区门口",
    "report_description": "车乱停",
    "report_contact": "匿名",
}
FORM = st.sampled_from(
    [
        {},
        {"form": "ticket", "asked": "name", "key": "k1", "ticket_item": "MZ11"},
        {"form": "ticket", "asked": "item", "key": "k2", "asker": "child"},
        {"form": "ticket", "asked": "time", "key": "k3", **TICKET, "ticket_time": ""},
        {"form": "ticket_read_back", "key": "k4", "words": "念过", **TICKET},
        {"form": "report", "asked": "location", "key": "k5", "kind": "R01"},
        {"form": "report", "asked": "phone", "key": "k6", **REPORT, "report_contact": ""},
        {"form": "report_read_back", "key": "k7", **REPORT},
        {"form": "lookup", "asked": "phone", "purpose": "rate"},
        {"form": "lookup", "lookup_phone": "13900000000", "lookup_number": "2611230001"},
        {"case": "2611230001", "proved": "2611230001", "asked": "time"},
    ]
)


@settings_of(
    max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    name=st.sampled_from(sorted(ACTIONS)),
    intent=st.sampled_from([*intents(), "unknown"]),
    text=st.text(max_size=20) | st.lists(PIECES, max_size=5).map("".join),
    slots=MEMORY,
    entities=st.fixed_dictionaries(
        {}, optional={"item": ITEMS, "facet": st.just("fee"), "option": st.just("lost")}
    ),
    form=FORM,
)
def test_every_action_answers_anything_whatever_is_remembered(
    says: Says,
    aunt: Conversation,
    name: str,
    intent: str,
    text: str,
    slots: dict[str, Any],
    entities: dict[str, str],
    form: dict[str, str],
) -> None:
    draft = {"said_phone": "13900000000", **form}
    said = says(text, intent, slots=slots, entities=entities, draft=draft)
    context = replace(said, sender=aunt.sender)
    outcome = ACTIONS[name](context)
    assert isinstance(outcome, Outcome)
    assert {*outcome.settled()} <= {*domain_slots(), "requested_slot"}
    assert json.loads(json.dumps(outcome.settled())) == outcome.settled()
    if not outcome.reply.text:
        assert name in SILENT
        return
    reply = json.loads(json.dumps(outcome.reply.placed("conversation", "turn").as_json()))
    fits = ReplySerializer(data=reply)
    assert fits.is_valid(), fits.errors
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
def test_without_the_engine_single_turns_are_answered(says: Says, text: str, kind: str) -> None:
    assert single_turn(says(text)).kind == kind


def test_without_the_engine_a_button_still_works(says: Says) -> None:
    reply = single_turn(says("", entities={"item": "GG08", "facet": "fee"}))
    assert (reply.item, reply.facet) == ("GG08", "fee")


def test_without_the_engine_none_of_these_leads_to_a_person(says: Says) -> None:
    assert single_turn(says(phrases.NONE_OF_THESE)).kind == "handover"


def call(action: str, text: str, matcher: Matcher | None = None, **latest: Any) -> dict[str, Any]:
    """What Rasa sends for an action."""
    message: dict[str, Any] = {"text": text, "intent": {"name": "ask_item", "confidence": 0.9}}
    if matcher is not None:
        message[KNOWLEDGE] = reading_to_json(read_message(matcher, text))
    tracker = {"latest_message": {**message, **latest}, "slots": {"item": None, "facet": None}}
    return {"next_action": action, "sender_id": "王阿姨", "tracker": tracker}


def run(body: dict[str, Any]) -> dict[str, Any]:
    """Run an action; it is one that we have."""
    status, told = run_action(body)
    assert status == HTTPStatus.OK
    return told


async def post(
    body: bytes, secret: str | None = None, path: str = "/actions", method: str = "POST"
) -> tuple[int, dict[str, Any]]:
    """Send a request to the internal port's application, its body in two parts."""
    key = settings.BOT_ACTION_SECRET if secret is None else secret
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "headers": [(b"x-action-secret", key.encode())],
    }
    parts = [
        {"type": "http.request", "body": body[:9], "more_body": True},
        {"type": "http.request", "body": body[9:]},
    ]
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return parts.pop(0)

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    await endpoint.application(scope, receive, send)
    return sent[0]["status"], json.loads(sent[1]["body"])


@pytest.mark.django_db
@pytest.mark.parametrize("is_understood", [True, False])
def test_the_engine_runs_an_action_and_gets_reply_and_slots(
    office: LiveMatcher, is_understood: bool
) -> None:
    current = office.current() if is_understood else None
    data = run(call("action_answer", "社保卡丢了怎么补", current))
    assert data["responses"][0]["custom"]["item"] == "SB13"
    assert {"event": "slot", "name": "item", "value": "SB13"} in data["events"]


@pytest.mark.parametrize(
    "reply",
    [
        *(Reply(kind, "张三，电话138 0013 8000") for kind in ("confirm", "ask_slot", "handover")),
        Reply("ticket_status", "交给张三了", ticket={"number": "2611230001", "status": "ready"}),
        Reply("answer", "张三，您好", slots={"name": "张三"}),
    ],
)
def test_what_repeats_her_own_words_goes_through_the_engine_sealed(reply: Reply) -> None:
    custom = given_to_engine(reply)
    assert "张三" not in json.dumps(custom, ensure_ascii=False)
    assert taken_from_engine(custom) == reply


def test_what_is_beside_a_reply_is_none() -> None:
    assert taken_from_engine({"then": "calm"}) is None


@pytest.mark.django_db
def test_a_button_reaches_the_action_as_entities(office: LiveMatcher) -> None:
    entities = [{"entity": "item", "value": "GG08"}, {"entity": "facet", "value": "fee"}]
    data = run(call("action_answer", "/ask_item{}", entities=entities))
    custom = data["responses"][0]["custom"]
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
    assert asyncio.run(post(b"{}" * 9, secret))[0] == HTTPStatus.FORBIDDEN


@pytest.mark.parametrize(
    ("body", "where", "status"),
    [
        (json.dumps({"next_action": "action_dance"}).encode(), {}, HTTPStatus.NOT_FOUND),
        (b"no JSON at all", {}, HTTPStatus.INTERNAL_SERVER_ERROR),
        (b"", {"path": "/api/v1/items"}, HTTPStatus.NOT_FOUND),
        (b"", {"method": "GET"}, HTTPStatus.METHOD_NOT_ALLOWED),
    ],
)
def test_the_internal_port_serves_known_actions_alone(
    body: bytes, where: dict[str, str], status: HTTPStatus
) -> None:
    answered, told = asyncio.run(post(body, **where))
    assert answered == status
    assert told["error"]


def test_the_public_port_knows_no_actions() -> None:
    headers = {"X-Action-Secret": settings.BOT_ACTION_SECRET}
    response = Client().post("/actions", "{}", content_type="application/json", headers=headers)
    assert response.status_code == 404
