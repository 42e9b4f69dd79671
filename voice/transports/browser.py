"""The way in from a page: one WebSocket, sound as binary frames, everything else as JSON.

The page first sends ``{"event": "start", "token": …}``; after that both sides send 320 bytes of
sound every 20 ms. From the page come ``dtmf`` (with ``keys``), ``person`` and ``hangup``; to it
go ``start``, the call's own events as far as a page shows them (``TOLD``, with ``text``), and
``hangup`` with how the call ended. Who may call is decided outside: ``verify`` reads the token,
``is_own_origin`` says which pages are ours. The token travels in a message, not in the address,
which proxies log.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from voice.answerer import CallInfo
from voice.errors import RegistrationRefused, TransportClosed, TransportGarbled
from voice.gateway import Gateway
from voice.guard import Stepped
from voice.pacing import paced
from voice.transports.inbox import Inbox

log = logging.getLogger(__name__)

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

TOKEN_SECONDS = 5.0
# Two seconds that the page does not take: it is gone without a word.
MOST_UNSENT = 100
LONGEST_SOUND_BYTES = 3200
LONGEST_TEXT = 4096
TOLD = frozenset(
    {"state", "partial", "final", "key", "said", "unsaid", "flush", "resumed", "ignored"}
)
# A person, whatever the line waits for: clears what was entered, 0, and # where digits are asked.
PERSON_KEYS = "*0#"
# Closing codes of the application's own range.
NOT_ALLOWED = 4401
GARBLED = 4400


class BrowserLine:
    """An ASGI application for the one WebSocket of a call."""

    def __init__(
        self,
        gateway: Gateway,
        verify: Callable[[str], str | None],
        is_own_origin: Callable[[str], bool],
    ) -> None:
        self._gateway = gateway
        self._verify = verify
        self._is_own_origin = is_own_origin

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Serve one connection from handshake to close."""
        await receive()  # websocket.connect
        if not self._is_own_origin(_origin(scope)):
            await send({"type": "websocket.close", "code": 1008})
            return
        await send({"type": "websocket.accept"})
        code = await self._served(receive, send)
        # The page may be gone already.
        with contextlib.suppress(Exception):
            await send({"type": "websocket.close", "code": code})

    async def _served(self, receive: Receive, send: Send) -> int:
        """Return the code to close with."""
        try:
            call_id = await asyncio.wait_for(self._started(receive), TOKEN_SECONDS)
            call = self._gateway.answer(CallInfo(call_id, "", "browser"))
        except (RegistrationRefused, asyncio.TimeoutError):
            return NOT_ALLOWED
        except TransportGarbled:
            return GARBLED
        except TransportClosed:
            return 1000
        try:
            await _Talk(call, receive, send).run()
        finally:
            self._gateway.close(call)
        return 1000

    async def _started(self, receive: Receive) -> str:
        message = await _next(receive)
        event = _event(message.get("text") or "")
        token = event.get("token")
        is_start = event["event"] == "start" and isinstance(token, str)
        call_id = self._verify(str(token)) if is_start else None
        if call_id is None:
            raise RegistrationRefused("the page's token is false or expired")
        return call_id


class _Talk:
    """The call while it lasts: steps it, sends what it says, takes what the page sends."""

    def __init__(self, call: Stepped, receive: Receive, send: Send) -> None:
        self._call = call
        self._receive = receive
        self._send = send
        self._inbox = Inbox()
        self._outbox: asyncio.Queue[Message] = asyncio.Queue()

    async def run(self) -> None:
        """Talk until the call is over or the page is gone."""
        self._tell("start")
        tasks = [
            asyncio.create_task(work)
            for work in (self._take(), self._give(), paced(self._step, self._is_over))
        ]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        await self._finish()

    def _is_over(self) -> bool:
        return self._call.is_over or self._outbox.qsize() > MOST_UNSENT

    def _step(self) -> None:
        sound = self._call.step(*self._inbox.take())
        # A flush comes before the sound that follows it.
        self._tell_events()
        self._outbox.put_nowait({"type": "websocket.send", "bytes": sound})

    def _tell_events(self) -> None:
        for event in self._call.events:
            if event.name in TOLD:
                self._tell(event.name, text=event.text)

    def _tell(self, name: str, **more: str) -> None:
        text = json.dumps({"event": name, **more}, ensure_ascii=False)
        self._outbox.put_nowait({"type": "websocket.send", "text": text})

    async def _give(self) -> None:
        while True:
            await self._send(await self._outbox.get())

    async def _take(self) -> None:
        with contextlib.suppress(TransportClosed, TransportGarbled):
            while True:
                self._read(await _next(self._receive))
        self._call.hung_up()

    def _read(self, message: Message) -> None:
        sound = message.get("bytes")
        if sound is not None:
            if len(sound) % 2 or len(sound) > LONGEST_SOUND_BYTES:
                raise TransportGarbled(f"expected 320 bytes of sound, got {len(sound)}")
            self._inbox.hear(sound)
            return
        event = _event(message.get("text") or "")
        if event["event"] == "hangup":
            raise TransportClosed("the page hung up")
        if event["event"] == "dtmf":
            self._inbox.press(str(event.get("keys", "")))
        if event["event"] == "person":
            self._inbox.press(PERSON_KEYS)

    async def _finish(self) -> None:
        """Send what is still unsent, and how the call ended; a page that is gone hears nothing."""
        self._tell_events()
        self._tell("hangup", text=self._call.outcome)
        with contextlib.suppress(Exception):
            while not self._outbox.empty():
                await asyncio.wait_for(self._send(self._outbox.get_nowait()), TOKEN_SECONDS)


def _origin(scope: Message) -> str:
    found = [value for name, value in scope["headers"] if name == b"origin"]
    return found[0].decode("latin-1") if len(found) == 1 else ""


async def _next(receive: Receive) -> Message:
    message = await receive()
    if message["type"] == "websocket.disconnect":
        raise TransportClosed("the page is gone")
    return message


def _event(text: str) -> dict[str, Any]:
    """Return a message of the page; raises TransportGarbled if it is none."""
    try:
        event = json.loads(text) if len(text) <= LONGEST_TEXT else None
    except (ValueError, RecursionError):
        event = None
    if not isinstance(event, dict) or not isinstance(event.get("event"), str):
        raise TransportGarbled("expected a JSON object with an event")
    return event
