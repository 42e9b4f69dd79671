"""The HTTP contract: every field is there, nothing is lost, errors say what was expected."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from bot.api.auth import token_for
from bot.conversations import phrases
from bot.conversations.messages import KINDS
from bot.conversations.models import Conversation, Feedback, TurnRecord
from knowledge.record import FACETS
from knowledge.search.errors import SnapshotUnavailable
from tests.fakes import FakeDialogue

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("dialogue")]

MESSAGES = "/api/v1/messages"
FIELDS = {
    *("conversation_id", "turn_id", "kind", "intent", "text", "speech", "item", "facet"),
    *("answers", "candidates", "confidence", "slot", "slots", "buttons"),
    *("competent", "ticket", "report"),
}


class Program:
    """An outside program with its key, or a page with its token."""

    def __init__(self, key: str | None = None, token: str | None = None) -> None:
        self.client = Client(raise_request_exception=False)
        given = {"X-API-Key": key, "X-Conversation-Token": token}
        self.headers = {name: value for name, value in given.items() if value is not None}

    def posts(self, path: str, body: Any) -> Any:
        """Post JSON; a string or bytes go out as they are."""
        raw = body if isinstance(body, str | bytes) else json.dumps(body)
        return self.client.post(path, raw, content_type="application/json", headers=self.headers)

    def gets(self, path: str) -> Any:
        """Get."""
        return self.client.get(path, headers=self.headers)

    def says(self, text: str = "", **more: Any) -> Any:
        """Say something in conversation c1."""
        message = {"conversation_id": "c1", "channel": "api", "text": text, **more}
        return self.posts(MESSAGES, message)


@pytest.fixture
def kiosk() -> Program:
    """A program that may use every channel."""
    return Program("tester-key-1")


@pytest.fixture
def website() -> Program:
    """Another program, for the channel api only."""
    return Program("other-key-22")


@pytest.fixture
def stranger() -> Program:
    """Somebody without a key."""
    return Program()


def assert_problem(response: Any, status: int, *words: str) -> dict[str, Any]:
    """A problem as RFC 9457 has it, with these words in its sentence."""
    assert response.status_code == status, response.content
    assert response["Content-Type"] == "application/problem+json"
    body: dict[str, Any] = response.json()
    assert body["status"] == status
    assert body["title"]
    assert body["type"] == "about:blank"
    for word in words:
        assert word in body["detail"]
    assert "Traceback" not in body["detail"]
    return body


def test_a_reply_has_every_field_of_the_contract(kiosk: Program) -> None:
    response = kiosk.says("社保卡丢了怎么补，要带什么材料")
    assert response.status_code == 200
    reply = response.json()
    assert set(reply) == FIELDS
    assert reply["conversation_id"] == "c1"
    assert reply["turn_id"]
    assert (reply["kind"], reply["intent"]) == ("answer", "ask_item")
    assert (reply["item"], reply["facet"]) == ("SB13", "materials")
    assert reply["kind"] in KINDS
    assert reply["facet"] in FACETS
    assert reply["speech"]
    assert all(isinstance(sentence, str) for sentence in reply["speech"])
    assert 0 <= reply["confidence"] <= 1
    assert (reply["ticket"], reply["report"], reply["slot"], reply["slots"]) == (
        None,
        None,
        "situation",
        {},
    )
    answer = reply["answers"][0]
    assert set(answer) == {"item", "facet", "text", "card", "situations"}
    assert set(answer["card"]) == {"title", "rows", "source", "updated", "verified"}
    assert answer["card"]["title"] == "社会保障卡补领换领"
    assert set(reply["candidates"][0]) == {"item", "name", "score"}
    assert set(reply["buttons"][0]) == {"title", "payload"}


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("卡丢了", "clarify"),
        ("我想办退休", "referral"),
        ("人工", "handover"),
        ("我家厨房着火了", "emergency"),
        ("asdfgh", "fallback"),
        ("你好", "smalltalk"),
    ],
)
def test_every_kind_of_reply_has_the_same_fields(kiosk: Program, text: str, kind: str) -> None:
    reply = kiosk.says(text).json()
    assert set(reply) == FIELDS
    assert reply["kind"] == kind
    assert reply["speech"]
    assert (reply["competent"] is not None) is (kind == "referral")


def test_danger_is_answered_before_the_engine_is_asked(
    kiosk: Program, dialogue: FakeDialogue
) -> None:
    reply = kiosk.says("我家厨房着火了，快来人").json()
    assert "119" in reply["speech"][0]
    assert dialogue.asked == []


def test_the_same_message_id_is_answered_once(kiosk: Program, dialogue: FakeDialogue) -> None:
    first = kiosk.says("社保卡丢了", message_id="m1").json()
    again = kiosk.says("别的话", message_id="m1").json()
    assert again == first
    assert len(dialogue.asked) == 1
    assert TurnRecord.objects.count() == 1
    assert kiosk.says("社保卡丢了", message_id="m2").json()["turn_id"] != first["turn_id"]
    other = kiosk.says("居住证怎么办", message_id="m1", conversation_id="c2").json()
    assert other["turn_id"] != first["turn_id"]


def test_messages_without_an_id_are_each_answered(kiosk: Program) -> None:
    turns = {kiosk.says("社保卡丢了").json()["turn_id"] for _ in range(2)}
    assert len(turns) == 2


def test_the_conversation_is_remembered(kiosk: Program, dialogue: FakeDialogue) -> None:
    kiosk.says("社保卡丢了怎么补")
    kiosk.says("要钱吗")
    kiosk.says("要钱吗", conversation_id="c2")
    first, second, other = (sender for sender, _ in dialogue.asked)
    assert first == second != other


def test_the_same_id_under_another_key_or_channel_is_another_conversation(
    kiosk: Program, website: Program, dialogue: FakeDialogue
) -> None:
    kiosk.says("社保卡丢了怎么补")
    website.says("社保卡丢了怎么补")
    kiosk.says("社保卡丢了怎么补", channel="web")
    assert Conversation.objects.count() == 3
    assert len({sender for sender, _ in dialogue.asked}) == 3
    assert len(website.gets("/api/v1/conversations/c1/turns?channel=api").json()) == 1


@pytest.mark.parametrize("key", ["", "wrong-key", "tester", "é" * 8])
def test_a_wrong_key_is_told_so(key: str) -> None:
    response = Program(key).says("你好")
    assert_problem(response, 401, "X-API-Key")
    assert response["WWW-Authenticate"] == "X-API-Key"


@pytest.mark.parametrize(
    "path", ["items", "items/SB13", "conversations/c1/turns", "search", "feedback", "messages"]
)
def test_a_stranger_is_asked_who_he_is(stranger: Program, path: str) -> None:
    is_read = path.split("/")[0] in ("items", "conversations")
    address = f"/api/v1/{path}"
    assert_problem(stranger.gets(address) if is_read else stranger.posts(address, {}), 401)


def test_a_channel_that_the_key_does_not_list_is_refused(website: Program) -> None:
    assert_problem(website.says("你好", channel="voice"), 403, "channel", "api")
    assert TurnRecord.objects.count() == 0


def test_a_page_speaks_for_its_own_conversation_only() -> None:
    page = Program(token=token_for("mine"))
    said = page.says("社保卡丢了", channel="web", conversation_id="mine")
    assert said.status_code == 200
    assert_problem(
        page.says("你好", channel="web", conversation_id="yours"), 403, "own conversation"
    )
    assert page.gets("/api/v1/conversations/mine/turns").status_code == 200
    assert_problem(page.gets("/api/v1/conversations/yours/turns"), 404)
    assert_problem(Program(token="false").says("你好", channel="web"), 401)


@pytest.mark.parametrize(
    ("body", "word"),
    [
        ("{", "JSON"),
        ("", "conversation_id"),
        (b"\xff\xfe{", "JSON"),
        ("[]", "dictionary"),
        ('"社保卡"', "dictionary"),
        ("null", ""),
        ({}, "conversation_id"),
        ({"conversation_id": "c1", "text": "你好"}, "channel"),
        ({"conversation_id": "c1", "text": "你好", "channel": "fax"}, "channel"),
        ({"conversation_id": "", "text": "你好", "channel": "api"}, "conversation_id"),
        ({"conversation_id": "c" * 201, "text": "你好", "channel": "api"}, "conversation_id"),
        ({"conversation_id": 5, "text": "你好", "channel": "api"}, "expected a string, got int"),
        ({"conversation_id": "c1", "text": ["你好"], "channel": "api"}, "got list"),
        ({"conversation_id": "c1", "text": None, "channel": "api"}, "text"),
        ({"conversation_id": "c1", "text": "", "channel": "api"}, "must not be empty"),
        ({"conversation_id": "c1", "text": " \n ", "channel": "web"}, "must not be empty"),
        ({"conversation_id": "c1", "channel": "kiosk"}, "must not be empty"),
        ({"conversation_id": "c1", "text": "\x00", "channel": "api"}, "must not be empty"),
        ({"conversation_id": "c1", "text": "话" * 100_000, "channel": "api"}, "4000"),
        (
            {"conversation_id": "c1", "text": "好", "channel": "api", "colour": "red"},
            "colour: unknown field",
        ),
        (
            {"conversation_id": "c1", "text": "好", "channel": "api", "message_id": "m" * 201},
            "message_id",
        ),
        (
            {"conversation_id": "c1", "text": "好", "channel": "api", "attachments": ["u1"]},
            "attachments",
        ),
    ],
)
def test_a_message_that_cannot_be_understood_says_what_was_expected(
    kiosk: Program, body: Any, word: str
) -> None:
    assert_problem(kiosk.posts(MESSAGES, body), 400, word)
    assert TurnRecord.objects.count() == 0


def test_a_body_beyond_all_measure_is_refused_unread(kiosk: Program) -> None:
    response = kiosk.posts(MESSAGES, b'{"text": "' + b"x" * 1_100_000 + b'"}')
    assert_problem(response, 413, "larger")


def test_what_is_no_json_by_its_type_is_refused(kiosk: Program) -> None:
    response = kiosk.client.post(MESSAGES, {"text": "你好"}, headers=kiosk.headers)
    assert_problem(response, 415)


def test_a_method_that_is_not_there_is_refused(kiosk: Program) -> None:
    assert_problem(kiosk.gets(MESSAGES), 405)


def test_control_characters_are_dropped_and_the_words_answered(kiosk: Program) -> None:
    response = kiosk.says("社保卡\x00丢了\x07怎么\ud800补")
    assert response.json()["item"] == "SB13"
    assert TurnRecord.objects.get().text == "社保卡丢了怎么补"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("话" * 4000, id="very long"),
        "/restart",
        '/ask_item{"item": "GG08"}',
        "' OR 1=1 --",
        "<script>",
        "😀" * 200,
        "\u202e社保卡",
    ],
)
def test_odd_but_allowed_words_get_a_reply(kiosk: Program, text: str) -> None:
    response = kiosk.says(text)
    assert response.status_code == 200
    assert response.json()["text"]


def test_words_that_begin_with_a_slash_are_no_command(
    kiosk: Program, dialogue: FakeDialogue
) -> None:
    kiosk.says('/ask_item{"item": "GG08", "facet": "fee"}')
    assert [text[0] for _, text in dialogue.asked] == ["／"]


def test_a_silent_caller_is_asked_to_speak(kiosk: Program) -> None:
    reply = kiosk.says("", channel="voice").json()
    assert (reply["kind"], reply["text"]) == ("fallback", phrases.EMPTY)


@pytest.mark.parametrize(
    ("payload", "kind", "item"),
    [
        ("ask:GG08:where", "answer", "GG08"),
        ("ask:GG08:materials+where", "answer", "GG08"),
        ("say:社保卡丢了怎么补", "answer", "SB13"),
        ("human", "handover", None),
    ],
)
def test_a_button_does_what_it_says(
    kiosk: Program, payload: str, kind: str, item: str | None
) -> None:
    reply = kiosk.says("按钮上的字", payload=payload).json()
    assert (reply["kind"], reply["item"]) == (kind, item)


@pytest.mark.parametrize(
    "payload",
    [
        "ask:GG08",
        "ask:GG08:where:now",
        "ask:../..:where",
        "drop",
        "/restart",
        "ask:GG08:WHERE",
        "ask:GG08:where+",
    ],
)
def test_a_payload_that_was_never_offered_is_refused(kiosk: Program, payload: str) -> None:
    assert_problem(
        kiosk.says("", payload=payload), 400, "payload", "expected one that a reply offered"
    )
    assert TurnRecord.objects.count() == 0


def test_every_button_that_is_offered_is_accepted(kiosk: Program) -> None:
    for text in ("社保卡丢了怎么补", "卡丢了", "asdfgh", "你好"):
        for button in kiosk.says(text).json()["buttons"]:
            response = kiosk.says(button["title"], payload=button["payload"])
            assert response.status_code == 200, button


def test_without_the_engine_questions_are_still_answered(
    kiosk: Program, dialogue: FakeDialogue
) -> None:
    dialogue.is_away = True
    assert kiosk.says("社保卡丢了怎么补").json()["item"] == "SB13"
    assert kiosk.says("", payload="ask:GG08:fee").json()["facet"] == "fee"
    assert kiosk.says("人工").json()["kind"] == "handover"
    assert kiosk.says("我家厨房着火了").json()["kind"] == "emergency"


def test_whatever_fails_inside_becomes_an_apology_and_loses_nothing(
    kiosk: Program, dialogue: FakeDialogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("inside")

    monkeypatch.setattr(dialogue, "send", broken)
    reply = kiosk.says("社保卡丢了怎么补").json()
    assert (reply["kind"], reply["text"]) == ("fallback", phrases.APOLOGY)
    assert TurnRecord.objects.get().text == "社保卡丢了怎么补"


def test_before_anything_is_published_residents_get_an_apology(
    kiosk: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nothing() -> None:
        raise SnapshotUnavailable("nothing is published")

    monkeypatch.setattr("bot.actions.office.matcher", nothing)
    assert kiosk.says("社保卡丢了").json()["text"] == phrases.APOLOGY


def test_personal_data_is_neither_stored_nor_shown_to_the_engine(
    kiosk: Program, dialogue: FakeDialogue
) -> None:
    kiosk.says("社保卡丢了，我电话13812345678，住康华新村3栋502室")
    stored = TurnRecord.objects.get().text
    assert stored == dialogue.asked[0][1]
    assert not any(character.isdigit() for character in stored)


def test_the_history_belongs_to_its_owner(kiosk: Program, website: Program) -> None:
    first = kiosk.says("社保卡丢了怎么补").json()
    kiosk.says("要钱吗")
    turns = kiosk.gets("/api/v1/conversations/c1/turns?channel=api").json()
    assert [turn["text"] for turn in turns] == ["社保卡丢了怎么补", "要钱吗"]
    assert turns[0]["reply"] == first
    assert set(turns[0]) == {"turn_id", "text", "attachments", "asked_at", "reply"}
    for address in ("c1/turns?channel=api", "c2/turns?channel=api"):
        assert_problem(website.gets(f"/api/v1/conversations/{address}"), 404)
    assert_problem(kiosk.gets("/api/v1/conversations/c1/turns?channel=fax"), 400, "channel")


def test_feedback_is_taken_for_ones_own_turns_and_the_last_word_counts(
    kiosk: Program, website: Program
) -> None:
    turn_id = kiosk.says("社保卡丢了怎么补").json()["turn_id"]
    for helpful in (True, False):
        said = {"turn_id": turn_id, "helpful": helpful, "reason": "打我13812345678"}
        assert kiosk.posts("/api/v1/feedback", said).status_code == 204
    feedback = Feedback.objects.get()
    assert (feedback.helpful, feedback.reason) == (False, "打我<phone>")
    assert_problem(website.posts("/api/v1/feedback", {"turn_id": turn_id, "helpful": True}), 404)
    assert_problem(kiosk.posts("/api/v1/feedback", {"turn_id": turn_id}), 400, "helpful")


def test_all_items_are_listed_guides_and_outlines(kiosk: Program) -> None:
    rows = kiosk.gets("/api/v1/items").json()
    assert len(rows) == 193
    assert {row["state"] for row in rows} <= {"published", "outline"}
    assert set(rows[0]) == {"item_id", "name", "category", "state"}
    guide = kiosk.gets("/api/v1/items/SB13").json()
    assert guide["name"] == "社会保障卡补领换领"
    assert_problem(kiosk.gets("/api/v1/items/XX99"), 404, "no published guide")


def test_search_is_the_matcher_by_itself(kiosk: Program) -> None:
    found = kiosk.posts("/api/v1/search", {"query": "社保卡丢了补办要带什么", "top_k": 4}).json()
    assert [len(found["ranked"]), found["ranked"][0]["id"], found["decision"]] == [
        4,
        "SB13",
        "answer",
    ]
    assert found["facets"] == ["materials"]
    assert set(found["ranked"][0]) == {"id", "kind", "name", "score", "signs"}
    assert found["snapshot"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"query": ""},
        {"query": "卡", "top_k": 0},
        {"query": "卡", "top_k": 51},
        {"query": "卡", "top_k": "many"},
        {"query": "卡", "k": 5},
    ],
)
def test_a_search_that_cannot_be_understood_is_refused(kiosk: Program, body: Any) -> None:
    assert_problem(kiosk.posts("/api/v1/search", body), 400)


def test_the_schema_describes_every_door(stranger: Program) -> None:
    response = stranger.client.get("/api/schema?format=json")
    schema = json.loads(response.content)
    assert set(schema["paths"]) >= {MESSAGES, "/api/v1/items", "/api/v1/search", "/api/v1/feedback"}
    reply = schema["components"]["schemas"]["Reply"]
    assert set(reply["properties"]) == FIELDS
    assert {"apiKey", "conversationToken"} <= set(schema["components"]["securitySchemes"])


def test_health_and_readiness_are_told_apart(stranger: Program, dialogue: FakeDialogue) -> None:
    assert stranger.client.get("/healthz").json()["status"] == "up"
    ready = stranger.client.get("/readyz")
    assert (ready.status_code, ready.json()["ready"]) == (200, True)
    dialogue.is_away = True
    waiting = stranger.client.get("/readyz")
    assert (waiting.status_code, waiting.json()["dialogue"]) == (503, False)


def test_an_address_that_is_not_there_is_a_problem_too(stranger: Program) -> None:
    assert_problem(stranger.client.get("/nowhere"), 404, "/api/schema")


def test_too_many_messages_of_one_conversation_are_slowed_down(
    kiosk: Program, settings: Any
) -> None:
    cache.clear()
    settings.BOT_RATE_LIMITS = "on"
    codes = [kiosk.says("", channel="voice", conversation_id="fast").status_code for _ in range(61)]
    assert codes == [200] * 60 + [429]
    refused = kiosk.says("", channel="voice", conversation_id="fast")
    assert_problem(refused, 429)
    assert int(refused["Retry-After"]) > 0
