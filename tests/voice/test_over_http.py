"""Answers fetched from the running service."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from voice.answerer import CallInfo, Hypothesis, SpokenReply
from voice.errors import AnswererFailed
from voice.over_http import AnswererOverHttp

ANSWER: dict[str, Any] = {
    "kind": "answer",
    "intent": "ask_item",
    "text": "带身份证。",
    "speech": ["请带身份证。", "还有照片。"],
    "slot": None,
    "candidates": [],
}


def service(reply: object, status: int = 200) -> tuple[AnswererOverHttp, list[httpx.Request]]:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(status, json=reply)

    answerer = AnswererOverHttp("http://127.0.0.1:8000", "key-1", httpx.MockTransport(answer))
    return answerer, asked


def test_the_surest_reading_is_put_to_the_service() -> None:
    answerer, asked = service(ANSWER)
    reply = answerer.answer("call-1", [Hypothesis("社保卡", 0.8), Hypothesis("蛇宝卡", 0.1)])
    assert reply == SpokenReply(("请带身份证。", "还有照片。"))
    assert asked[0].url.path == "/api/v1/messages"
    assert asked[0].headers["X-API-Key"] == "key-1"
    message = json.loads(asked[0].content)
    assert message.pop("message_id")
    assert message == {"conversation_id": "call-1", "channel": "voice", "text": "社保卡"}


def test_keys_and_silence_are_put_too() -> None:
    answerer, asked = service(ANSWER)
    answerer.answer("call-1", [Hypothesis("社保卡", 0.8)], keys="2")
    answerer.answer("call-1", [])
    said = [json.loads(request.content) for request in asked]
    assert [one["text"] for one in said] == ["2", ""]
    assert said[0]["message_id"] != said[1]["message_id"]


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        ({"kind": "confirm", "slot": "confirm"}, {"expects": "yes_no"}),
        ({"kind": "ask_slot", "slot": "phone"}, {"expects": "digits"}),
        ({"kind": "ask_slot", "slot": "address"}, {"expects": "free"}),
        (
            {"kind": "clarify", "candidates": [{"name": "居住证"}, {"name": "社保卡"}]},
            {"expects": "choice", "choices": 2, "hot_words": ("居住证", "社保卡")},
        ),
        ({"kind": "fallback"}, {"is_sure": False}),
        ({"kind": "emergency"}, {"is_urgent": True}),
        ({"intent": "goodbye"}, {"then": "hang_up"}),
        ({"speech": []}, {"sentences": ("带身份证。",)}),
    ],
)
def test_what_the_service_says_tells_what_is_awaited(
    change: dict[str, Any], wanted: dict[str, Any]
) -> None:
    answerer, _ = service(ANSWER | change)
    reply = answerer.answer("call-1", [Hypothesis("好", 1.0)])
    assert {name: getattr(reply, name) for name in wanted} == wanted


@pytest.mark.parametrize(("reply", "status"), [({}, 500), ({}, 401), ({}, 200), (["no"], 200)])
def test_a_service_that_fails_is_one_kind_of_error(reply: object, status: int) -> None:
    answerer, _ = service(reply, status)
    with pytest.raises(AnswererFailed):
        answerer.answer("call-1", [Hypothesis("好", 1.0)])


def test_a_service_that_is_not_there_is_the_same_error() -> None:
    answerer = AnswererOverHttp("http://127.0.0.1:9", "key-1")
    with pytest.raises(AnswererFailed, match="ConnectError"):
        answerer.answer("call-1", [Hypothesis("好", 1.0)])
    answerer.close()


def test_beginning_and_end_say_nothing() -> None:
    answerer, asked = service(ANSWER)
    assert answerer.begin(CallInfo("call-1")) == SpokenReply(())
    answerer.end("call-1", "completed")
    assert asked == []
