"""The dialogue engine over HTTP: whatever it does wrong becomes DialogueUnavailable."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from nlu.client import RasaDialogue
from nlu.protocol import DialogueUnavailable

Answer = Callable[[httpx.Request], httpx.Response]


@pytest.fixture
def engine() -> Iterator[Callable[[Answer], RasaDialogue]]:
    """Makes a client whose engine is a function."""
    made: list[httpx.Client] = []

    def make(answer: Answer) -> RasaDialogue:
        dialogue = RasaDialogue("http://engine.invalid:5005", 3.0)
        dialogue._client.close()
        dialogue._client = httpx.Client(
            base_url="http://engine.invalid:5005", transport=httpx.MockTransport(answer)
        )
        made.append(dialogue._client)
        return dialogue

    yield make
    for client in made:
        client.close()


Make = Callable[[Answer], RasaDialogue]


def test_a_message_goes_out_with_its_sender_and_turn(engine: Make) -> None:
    seen: list[tuple[str, Any]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append((request.url.path, json.loads(request.content)))
        return httpx.Response(200, json=[{"recipient_id": "s", "custom": {"kind": "answer"}}])

    messages = engine(answer).send("s", "社保卡丢了", {"turn_id": "t1"})
    assert messages == [{"recipient_id": "s", "custom": {"kind": "answer"}}]
    assert seen == [
        (
            "/webhooks/rest/webhook",
            {"sender": "s", "message": "社保卡丢了", "metadata": {"turn_id": "t1"}},
        )
    ]


def raising(error: Exception) -> Answer:
    """An engine that cannot be reached."""

    def answer(request: httpx.Request) -> httpx.Response:
        raise error

    return answer


@pytest.mark.parametrize(
    "answer",
    [
        lambda request: httpx.Response(500, json={"status": "failure"}),
        lambda request: httpx.Response(404, text="no such place"),
        lambda request: httpx.Response(200, text="<html>not json</html>"),
        lambda request: httpx.Response(200, content=b""),
        raising(httpx.ConnectError("refused")),
        raising(httpx.ReadTimeout("slow")),
        raising(httpx.RemoteProtocolError("half an answer")),
    ],
)
def test_an_engine_that_fails_is_unavailable(engine: Make, answer: Answer) -> None:
    with pytest.raises(DialogueUnavailable):
        engine(answer).send("s", "你好", {})


@pytest.mark.parametrize("body", ['{"status": "failure"}', "null", '["你好"]'])
def test_an_answer_of_another_shape_is_unavailable(engine: Make, body: str) -> None:
    with pytest.raises(DialogueUnavailable):
        engine(lambda request: httpx.Response(200, text=body)).send("s", "你好", {})


@pytest.mark.parametrize(
    ("answer", "ready"),
    [
        (lambda request: httpx.Response(200, json={"status": "ok"}), True),
        (lambda request: httpx.Response(503), False),
        (raising(httpx.ConnectError("refused")), False),
        (raising(httpx.ConnectTimeout("slow")), False),
    ],
)
def test_ready_is_what_answers(engine: Make, answer: Answer, ready: bool) -> None:
    assert engine(answer).is_ready() is ready


def test_nobody_listening_is_not_ready_and_unavailable() -> None:
    # Port 9 (discard) on loopback: nothing listens there.
    dialogue = RasaDialogue("http://127.0.0.1:9", 1.0)
    assert not dialogue.is_ready()
    with pytest.raises(DialogueUnavailable, match="ConnectError"):
        dialogue.send("s", "你好", {})
    dialogue._client.close()
