"""What the line offers over HTTP: calls announced and asked about, pages that call, figures.

    POST /voice/calls {"uuid", "caller"}   an exchange announces a call          201
    GET  /voice/calls/{uuid}/next          what its dialplan does afterwards     {"next", "target"}
    WS   /voice/browser                    a page that calls (``transports.browser``)
    GET  /healthz   GET /metrics           whether calls are taken; counts, nothing personal

The first two want the shared key in ``X-API-Key``; without a key they are closed.
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any
from urllib.parse import parse_qsl
from uuid import UUID

import uvicorn

from voice.errors import RegistrationRefused
from voice.gateway import Gateway
from voice.register import CallRegister
from voice.transports.browser import BrowserLine, Message, Receive, Send

BROWSER_PATH = "/voice/browser"
CALLS_PATH = "/voice/calls"
LONGEST_BODY = 4096
Answer = tuple[int, dict[str, Any]]


class VoiceApp:
    """A small ASGI application; what is not named above is not found."""

    def __init__(
        self,
        gateway: Gateway,
        register: CallRegister,
        key: str = "",
        browser: BrowserLine | None = None,
    ) -> None:
        self._gateway = gateway
        self._register = register
        self._key = key.encode()
        self._browser = browser

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Serve one request or one page's call."""
        if scope["type"] == "websocket":
            if self._browser is not None and scope["path"] == BROWSER_PATH:
                await self._browser(scope, receive, send)
            else:
                await send({"type": "websocket.close", "code": 1008})
        elif scope["type"] == "http":
            await _respond(send, *await self._answer(scope, receive))

    async def _answer(self, scope: Message, receive: Receive) -> Answer:
        method, path = scope["method"], scope["path"]
        if method == "GET" and path == "/healthz":
            return (503, {"ok": False}) if self._gateway.is_draining else (200, {"ok": True})
        if method == "GET" and path == "/metrics":
            tasks = len(asyncio.all_tasks())
            return 200, {**self._gateway.counts(), "announced": len(self._register), "tasks": tasks}
        if path != CALLS_PATH and not path.startswith(f"{CALLS_PATH}/"):
            return 404, {"detail": "not found"}
        if not self._is_exchange(scope):
            return 401, {"detail": "X-API-Key: this key is not known"}
        if method == "POST" and path == CALLS_PATH:
            return self._announced(await _body(receive))
        if method == "GET" and path.endswith("/next"):
            return self._next(path[len(CALLS_PATH) + 1 : -len("/next")])
        return 404, {"detail": "not found"}

    def _is_exchange(self, scope: Message) -> bool:
        given = dict(scope["headers"]).get(b"x-api-key", b"")
        return bool(self._key) and hmac.compare_digest(self._key, given)

    def _announced(self, body: dict[str, Any]) -> Answer:
        call_id, caller = _uuid(body.get("uuid")), body.get("caller", "")
        if call_id is None or not isinstance(caller, str):
            return 400, {"detail": 'expected {"uuid": "…", "caller": "…"}'}
        try:
            self._register.announce(call_id, caller.strip())
        except RegistrationRefused as error:
            return 409, {"detail": str(error)}
        return 201, {"uuid": str(call_id)}

    def _next(self, text: str) -> Answer:
        call_id = _uuid(text)
        step = self._register.next_step(call_id) if call_id is not None else None
        return (404, {"detail": "no such call"}) if step is None else (200, asdict(step))


class VoiceServer(uvicorn.Server):
    """Serves the application beside other tasks of a loop, and leaves the signals to its owner."""

    def __init__(self, app: VoiceApp, host: str, port: int) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                host=host,
                port=port,
                log_config=None,
                access_log=False,
                server_header=False,
                lifespan="off",
                # The installed websockets is too old for uvicorn.
                ws="wsproto",
                ws_max_size=64 * 1024,
                # Sound does not shrink.
                ws_per_message_deflate=False,
                timeout_graceful_shutdown=5,
            )
        )

    @property
    def port(self) -> int:
        """The port that is listened on, once ``started``."""
        return int(self.servers[0].sockets[0].getsockname()[1])

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals alone."""
        yield


async def _respond(send: Send, status: int, content: dict[str, Any]) -> None:
    body = json.dumps(content, ensure_ascii=False).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _body(receive: Receive) -> dict[str, Any]:
    """Return a JSON object, or the form that Asterisk's CURL() posts; empty if it is neither."""
    data = b""
    while len(data) <= LONGEST_BODY:
        message = await receive()
        data += message.get("body", b"")
        if not message.get("more_body"):
            return _read(data) if len(data) <= LONGEST_BODY else {}
    return {}


def _read(data: bytes) -> dict[str, Any]:
    text = data.decode("utf-8", "replace")
    try:
        found = json.loads(text) if text.lstrip().startswith("{") else dict(parse_qsl(text))
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _uuid(text: object) -> UUID | None:
    try:
        return UUID(text) if isinstance(text, str) else None
    except ValueError:
        return None
