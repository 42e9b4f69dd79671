"""Calls announced before they connect: once, for a short time, without leaving the number behind."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.voice.fakes_transport import Calls
from voice.answerer import CallInfo
from voice.errors import RegistrationRefused
from voice.gateway import Gateway
from voice.http import VoiceApp
from voice.register import ANNOUNCED_SECONDS, CLAIMED_SECONDS, CallRegister, NextStep

CALL = UUID("11111111-2222-3333-4444-555555555555")
NUMBER = "13951234567"
KEY = {"x-api-key": "exchange-key"}


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def register(clock: Clock) -> CallRegister:
    return CallRegister("8601", clock)


def test_an_announced_call_is_claimed_once_with_its_number(register: CallRegister) -> None:
    register.announce(CALL, NUMBER)
    assert register.claim(CALL) == NUMBER
    with pytest.raises(RegistrationRefused):
        register.claim(CALL)
    with pytest.raises(RegistrationRefused):
        register.claim(uuid4())


def test_a_call_announced_twice_keeps_its_first_number(register: CallRegister) -> None:
    register.announce(CALL, NUMBER)
    with pytest.raises(RegistrationRefused):
        register.announce(CALL, "110")
    assert register.claim(CALL) == NUMBER


def test_an_announcement_expires(register: CallRegister, clock: Clock) -> None:
    register.announce(CALL, NUMBER)
    clock.now += ANNOUNCED_SECONDS
    with pytest.raises(RegistrationRefused):
        register.claim(CALL)
    assert register.next_step(CALL) is None
    assert len(register) == 0


def test_a_call_that_is_talking_does_not_expire_with_its_announcement(
    register: CallRegister, clock: Clock
) -> None:
    register.announce(CALL, NUMBER)
    register.claim(CALL)
    clock.now += ANNOUNCED_SECONDS * 10
    register.conclude(CALL, "hang_up")
    assert register.next_step(CALL) == NextStep("hangup")
    clock.now += CLAIMED_SECONDS
    assert register.next_step(CALL) is None


@pytest.mark.parametrize("outcome", ["hand_over", "failed", ""])
def test_whoever_was_not_served_to_the_end_is_handed_to_a_person(
    register: CallRegister, outcome: str
) -> None:
    register.announce(CALL, NUMBER)
    assert register.next_step(CALL) == NextStep("handover", "8601")
    register.claim(CALL)
    register.conclude(CALL, outcome)
    assert register.next_step(CALL) == NextStep("handover", "8601")


def test_without_anybody_to_hand_over_to_the_dialplan_hangs_up(clock: Clock) -> None:
    register = CallRegister("", clock)
    register.announce(CALL, NUMBER)
    register.claim(CALL)
    register.conclude(CALL, "hand_over")
    assert register.next_step(CALL) == NextStep("hangup")


def test_a_conclusion_nobody_announced_is_not_kept(register: CallRegister) -> None:
    register.conclude(CALL, "hang_up")
    assert register.next_step(CALL) is None


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("+8613951234567", "+8613951234567"),
        ("025-8321 0000", "02583210000"),
        ("110", "110"),
        ("", ""),
        ("anonymous", ""),
        ("1" * 21, ""),
        ("１３９", ""),
    ],
)
def test_whatever_is_no_number_counts_as_withheld(
    register: CallRegister, written: str, kept: str
) -> None:
    register.announce(CALL, written)
    assert register.claim(CALL) == kept


def test_the_register_does_not_grow_without_end(
    register: CallRegister, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("voice.register.MOST_ENTRIES", 3)
    for _ in range(3):
        register.announce(uuid4(), "")
    with pytest.raises(RegistrationRefused):
        register.announce(uuid4(), "")


# ---- over HTTP ----


class Web:
    """Asks the application without a server."""

    def __init__(self, register: CallRegister, key: str = "exchange-key") -> None:
        self.gateway = Gateway(Calls(), 3)
        self.app = VoiceApp(self.gateway, register, key)

    def ask(
        self, method: str, path: str, body: bytes = b"", headers: dict[str, str] = KEY, cut: int = 7
    ) -> tuple[int, Any]:
        pieces = [body[at : at + cut] for at in range(0, len(body), cut)] or [b""]
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            piece = pieces.pop(0)
            return {"type": "http.request", "body": piece, "more_body": bool(pieces)}

        async def send(message: Any) -> None:
            sent.append(message)

        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        }
        asyncio.run(self.app(scope, receive, send))
        return sent[0]["status"], json.loads(sent[1]["body"])


@pytest.fixture
def web(register: CallRegister) -> Web:
    return Web(register)


def test_an_exchange_announces_a_call_and_asks_for_the_next_step(
    web: Web, register: CallRegister, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        body = json.dumps({"uuid": str(CALL), "caller": NUMBER}).encode()
        assert web.ask("POST", "/voice/calls", body) == (201, {"uuid": str(CALL)})
        assert register.claim(CALL) == NUMBER
        register.conclude(CALL, "hand_over")
        answer = web.ask("GET", f"/voice/calls/{CALL}/next")
        assert answer == (200, {"next": "handover", "target": "8601"})
    assert NUMBER not in caplog.text


def test_a_form_as_asterisk_posts_it_does_as_well(web: Web, register: CallRegister) -> None:
    body = f"uuid={CALL}&caller=%2B8613951234567".encode()
    assert web.ask("POST", "/voice/calls", body)[0] == 201
    assert register.claim(CALL) == "+8613951234567"


@pytest.mark.parametrize("headers", [{}, {"x-api-key": "wrong"}, {"x-api-key": ""}])
def test_without_the_key_nothing_is_announced_or_told(
    web: Web, register: CallRegister, headers: dict[str, str]
) -> None:
    register.announce(CALL, NUMBER)
    body = json.dumps({"uuid": str(uuid4())}).encode()
    assert web.ask("POST", "/voice/calls", body, headers)[0] == 401
    assert web.ask("GET", f"/voice/calls/{CALL}/next", headers=headers)[0] == 401
    assert len(register) == 1


def test_without_a_configured_key_the_door_is_closed(register: CallRegister) -> None:
    body = json.dumps({"uuid": str(CALL)}).encode()
    assert Web(register, "").ask("POST", "/voice/calls", body, {"x-api-key": ""})[0] == 401


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b'{"uuid": 7}',
        b'{"uuid": "no"}',
        b'{"uuid": "%s", "caller": 139}' % str(CALL).encode(),
        b"{" * 3000,
        b'{"a":' * 700,
        b'{"uuid": "%s", "x": "%s"}' % (str(CALL).encode(), b"x" * 5000),
        b"\xff\xfe",
    ],
)
def test_what_cannot_be_read_is_refused(web: Web, register: CallRegister, body: bytes) -> None:
    assert web.ask("POST", "/voice/calls", body)[0] == 400
    assert len(register) == 0


def test_a_second_announcement_is_a_conflict(web: Web) -> None:
    first = json.dumps({"uuid": str(CALL), "caller": NUMBER}).encode()
    assert web.ask("POST", "/voice/calls", first)[0] == 201
    status, said = web.ask("POST", "/voice/calls", first)
    assert status == 409
    assert NUMBER not in str(said)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"),
        ("GET", "/voice/calls"),
        ("GET", "/voice/calls/99999999-8888-7777-6666-555555555555/next"),
        ("GET", "/voice/calls/x/next"),
        ("GET", "/voice/calls//next"),
        ("DELETE", f"/voice/calls/{CALL}/next"),
        ("POST", "/healthz"),
    ],
)
def test_what_is_not_offered_is_not_found(web: Web, method: str, path: str) -> None:
    assert web.ask(method, path)[0] == 404


def test_health_and_figures_hold_counts_only(web: Web, register: CallRegister) -> None:
    register.announce(CALL, NUMBER)
    web.gateway.open(CallInfo("a", NUMBER, "test"))
    assert web.ask("GET", "/healthz", headers={}) == (200, {"ok": True})
    status, figures = web.ask("GET", "/metrics", headers={})
    assert status == 200
    assert figures["running"] == figures["announced"] == figures["opened"] == 1
    assert all(isinstance(value, int) for value in figures.values())


def test_a_line_that_is_closing_says_so(web: Web) -> None:
    web.gateway.is_draining = True
    assert web.ask("GET", "/healthz", headers={})[0] == 503
