"""A page's WebSocket without a browser: what it may send, and what it gets."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Coroutine
from typing import Any

import pytest

from tests.voice.fakes_transport import Calls, Event, tone
from voice.answerer import CallInfo
from voice.audio import FRAME_BYTES, frames_of
from voice.gateway import Gateway
from voice.http import BROWSER_PATH, VoiceApp
from voice.register import CallRegister
from voice.transports import browser
from voice.transports.browser import GARBLED, NOT_ALLOWED, BrowserLine

ORIGIN = "https://ask.example.org"
START = {"text": '{"event": "start", "token": "good"}'}


class WebPage:
    """One WebSocket of a page; keeps what comes."""

    def __init__(self, calls: Calls, max_calls: int = 2) -> None:
        self.gateway = Gateway(calls, max_calls, refusal_frames=frames_of(tone(300, 0.1)))
        door = BrowserLine(self.gateway, {"good": "call-1"}.get, lambda origin: origin == ORIGIN)
        self.app = VoiceApp(self.gateway, CallRegister(), "", door)
        self.inbox: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.got: list[dict[str, Any]] = []
        self.is_stuck = False

    async def visit(
        self, *messages: dict[str, Any], origin: str = ORIGIN, path: str = BROWSER_PATH
    ) -> None:
        self.inbox.put_nowait({"type": "websocket.connect"})
        for message in messages:
            self.send(**message)
        headers = [(b"origin", origin.encode())] if origin else []
        scope = {"type": "websocket", "path": path, "headers": headers}
        await asyncio.wait_for(self.app(scope, self.inbox.get, self._take), 10)

    def send(self, **message: Any) -> None:
        kind = "websocket.disconnect" if message.get("gone") else "websocket.receive"
        self.inbox.put_nowait({"type": kind, **message})

    async def _take(self, message: Any) -> None:
        if self.is_stuck:
            await asyncio.sleep(60)
        self.got.append(message)

    @property
    def events(self) -> list[dict[str, str]]:
        return [json.loads(message["text"]) for message in self.got if "text" in message]

    @property
    def sound(self) -> bytes:
        return b"".join(message.get("bytes") or b"" for message in self.got)

    @property
    def closed_with(self) -> int:
        assert self.got[-1]["type"] == "websocket.close"
        return int(self.got[-1]["code"])


def run(test: Coroutine[Any, Any, None]) -> None:
    async def watched() -> None:
        before = asyncio.all_tasks()
        await test
        await asyncio.sleep(0)
        assert asyncio.all_tasks() == before, "a task is left"

    asyncio.run(watched())


def test_a_call_says_its_piece_tells_its_events_and_ends() -> None:
    async def call() -> None:
        said = tone(440, 0.2)
        told = {
            2: Event("said", text="您好。"),
            4: Event("answered", text="inner"),
            6: Event("flush"),
        }
        calls = Calls(says=frames_of(said), ends_after=10, told=told)
        page = WebPage(calls)
        await page.visit(START)
        assert page.got[0]["type"] == "websocket.accept"
        assert page.events == [
            {"event": "start"},
            {"event": "said", "text": "您好。"},
            {"event": "flush", "text": ""},
            {"event": "hangup", "text": "hang_up"},
        ]
        assert page.sound == said
        assert page.closed_with == 1000
        assert calls.only.info == CallInfo("call-1", "", "browser")
        # The flush overtakes nothing and comes before the sound of its own step.
        kinds = [json.loads(m["text"])["event"] if "text" in m else "" for m in page.got]
        assert kinds.index("flush") == kinds.index("said") + 5
        assert page.gateway.counts()["completed"] == 1

    run(call())


def test_sound_and_keys_reach_the_call() -> None:
    async def call() -> None:
        calls = Calls(ends_on_key="#")
        page = WebPage(calls)
        frames = [{"bytes": frame} for frame in frames_of(tone(500, 0.1))]
        keys = [
            {"text": json.dumps({"event": "dtmf", "keys": "15x9"})},
            {"text": '{"event": "person"}'},
        ]
        await page.visit(START, *frames, {"text": '{"event": "news"}'}, *keys)
        assert calls.only.keys == "159*0#"
        assert any(any(frame) for frame in calls.only.heard)

    run(call())


@pytest.mark.parametrize("goodbye", [{"text": '{"event": "hangup"}'}, {"gone": True}])
def test_the_page_hangs_up(goodbye: dict[str, Any]) -> None:
    async def call() -> None:
        calls = Calls()
        page = WebPage(calls)
        await page.visit(START, goodbye)
        assert calls.only.is_gone
        assert page.gateway.counts()["hung_up"] == 1

    run(call())


@pytest.mark.parametrize("origin", ["", "https://evil.example.org", "null"])
def test_a_page_of_somebody_else_is_not_let_in(origin: str) -> None:
    async def call() -> None:
        calls = Calls()
        page = WebPage(calls)
        await page.visit(START, origin=origin)
        assert [message["type"] for message in page.got] == ["websocket.close"]
        assert not calls.made

    run(call())


def test_no_other_address_is_a_line() -> None:
    async def call() -> None:
        page = WebPage(Calls())
        await page.visit(START, path="/voice/other")
        assert page.closed_with == 1008

    run(call())


@pytest.mark.parametrize(
    "first",
    [
        {"text": '{"event": "start", "token": "bad"}'},
        {"text": '{"event": "start"}'},
        {"text": '{"event": "start", "token": ["good"]}'},
        {"text": '{"event": "dtmf", "token": "good"}'},
    ],
)
def test_without_a_token_of_ours_no_call_begins(first: dict[str, Any]) -> None:
    async def call() -> None:
        calls = Calls()
        page = WebPage(calls)
        await page.visit(first)
        assert page.closed_with == NOT_ALLOWED
        assert not calls.made

    run(call())


def test_a_token_begins_one_call_at_a_time() -> None:
    async def call() -> None:
        calls = Calls()
        page = WebPage(calls)
        page.gateway.open(CallInfo("call-1", "", "browser"))
        await page.visit(START)
        assert page.closed_with == NOT_ALLOWED
        assert len(calls.made) == 1

    run(call())


def test_a_page_that_says_nothing_is_shown_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(browser, "TOKEN_SECONDS", 0.05)

    async def call() -> None:
        page = WebPage(Calls())
        await page.visit()
        assert page.closed_with == NOT_ALLOWED

    run(call())


GARBAGE = [
    "",
    "no json",
    "[]",
    "7",
    '{"event": 7}',
    '{"event": "start"' + " " * 5000 + "}",
    "[" * 4000,
]


@pytest.mark.parametrize("text", GARBAGE)
def test_garbage_for_a_token_is_garbage(text: str) -> None:
    async def call() -> None:
        page = WebPage(Calls())
        await page.visit({"text": text})
        assert page.closed_with == GARBLED

    run(call())


@pytest.mark.parametrize(
    "garbage", [*({"text": text} for text in GARBAGE), {"bytes": b"abc"}, {"bytes": bytes(4000)}]
)
def test_garbage_in_a_call_ends_this_call(garbage: dict[str, Any]) -> None:
    async def call() -> None:
        calls = Calls()
        await WebPage(calls).visit(START, garbage)
        assert calls.only.is_gone

    run(call())


def test_a_full_line_says_so() -> None:
    async def call() -> None:
        calls = Calls()
        page = WebPage(calls, max_calls=0)
        await page.visit(START)
        assert page.sound == tone(300, 0.1)
        assert page.events[-1] == {"event": "hangup", "text": "hang_up"}
        assert not calls.made

    run(call())


def test_a_page_that_takes_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(browser, "MOST_UNSENT", 5)
    monkeypatch.setattr(browser, "TOKEN_SECONDS", 0.2)

    async def call() -> None:
        calls = Calls()
        page = WebPage(calls)
        visiting = asyncio.create_task(page.visit(START))
        while not calls.made:
            await asyncio.sleep(0)
        page.is_stuck = True
        while page.gateway.counts()["running"]:
            await asyncio.sleep(0.01)
        assert calls.only.is_gone
        visiting.cancel()
        await asyncio.gather(visiting, return_exceptions=True)

    run(call())


def test_a_sound_frame_is_a_frame() -> None:
    assert FRAME_BYTES == 320 < browser.LONGEST_SOUND_BYTES
