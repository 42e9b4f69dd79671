"""The Bot API over real HTTP on this machine: keeps updates until they are confirmed, notes calls.

Can be told to refuse, to be flooded, to break, to hang up, or to hold a call until it is let go.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

TOKEN = "123456:double-token-of-the-tests"
BOT = {"id": 123456, "is_bot": True, "first_name": "小顶", "username": "xiaoding_bot"}
RECORDED = Path(__file__).resolve().parents[1] / "data" / "telegram"
PATIENCE_SECONDS = 20.0


@dataclass
class Call:
    """A method that was called, and whether it took effect."""

    method: str
    given: dict[str, Any]
    message_id: int = 0


@dataclass
class Trouble:
    """What a call meets instead of success; ``hang_up`` closes the line without an answer."""

    status: int = 500
    retry_after: int = 0
    hang_up: bool = False
    description: str = "trouble"


@dataclass
class TelegramApi:
    """State of the double; every change is made and awaited under ``_changed``."""

    port: int = 0
    calls: list[Call] = field(default_factory=list)
    attempts: list[str] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    is_token_known: bool = True
    _updates: list[dict[str, Any]] = field(default_factory=list)
    _troubles: dict[str, list[Trouble]] = field(default_factory=dict)
    _held: dict[str, int] = field(default_factory=dict)
    _waiting: list[str] = field(default_factory=list)
    _is_closed: bool = False
    _changed: threading.Condition = field(default_factory=threading.Condition)
    _update_ids: Iterator[int] = field(default_factory=lambda: count(700_001))
    _message_ids: Iterator[int] = field(default_factory=lambda: count(1))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    # What people do.

    def push(self, update: dict[str, Any]) -> int:
        """Hand in an update; one without a number gets the next."""
        update = {"update_id": next(self._update_ids), **update}
        with self._changed:
            self._updates.append(update)
            self._changed.notify_all()
        return int(update["update_id"])

    def writes(self, chat_id: int, text: str, **more: Any) -> int:
        return self.push({"message": message_of(chat_id, text, **more)})

    def presses(self, call: Call, number: int) -> int:
        """Press a button of a message that was sent."""
        chat_id = int(call.given["chat_id"])
        keyboard = json.loads(call.given["reply_markup"])
        button = [button for row in keyboard["inline_keyboard"] for button in row][number]
        message = {
            **message_of(chat_id, call.given["text"]),
            "message_id": call.message_id,
            "reply_markup": keyboard,
        }
        press = {
            "id": f"press-{call.message_id}-{number}",
            "from": person(chat_id),
            "chat_instance": "1",
            "message": message,
            "data": button["callback_data"],
        }
        return self.push({"callback_query": press})

    # What is wrong today.

    def fails(self, method: str, *troubles: Trouble) -> None:
        with self._changed:
            self._troubles.setdefault(method, []).extend(troubles)

    def holds(self, method: str, after: int = 0) -> None:
        """Let calls of a method wait, without effect, until ``lets_go``; ``after`` some more."""
        with self._changed:
            self._held[method] = after

    def lets_go(self, method: str) -> None:
        with self._changed:
            self._held.pop(method, None)
            self._changed.notify_all()

    # What is to be seen.

    def sent(self, chat_id: int | None = None) -> list[Call]:
        with self._changed:
            return [
                call
                for call in self.calls
                if call.method == "sendMessage" and chat_id in (None, int(call.given["chat_id"]))
            ]

    def texts(self, chat_id: int) -> list[str]:
        return [call.given["text"] for call in self.sent(chat_id)]

    def called(self, method: str) -> list[Call]:
        with self._changed:
            return [call for call in self.calls if call.method == method]

    def unconfirmed(self) -> list[int]:
        with self._changed:
            return [update["update_id"] for update in self._updates]

    def until(self, is_so: Callable[[], bool]) -> None:
        """Wait for something to become true through calls."""
        with self._changed:
            assert self._changed.wait_for(is_so, PATIENCE_SECONDS), self.attempts[-20:]

    def until_sent(self, chat_id: int, number: int) -> list[str]:
        self.until(lambda: len(self.texts(chat_id)) >= number)
        return self.texts(chat_id)

    def until_confirmed(self) -> None:
        self.until(lambda: not self._updates)

    def until_held(self, method: str, number: int = 1) -> None:
        self.until(lambda: self._waiting.count(method) >= number)

    # The server's side.

    def answer(self, token: str, method: str, given: dict[str, Any]) -> tuple[int, Any] | None:
        """Return status and body, None to hang up."""
        with self._changed:
            self.attempts.append(method)
            self._changed.notify_all()
            if token != TOKEN or not self.is_token_known:
                return 401, refused(401, "Unauthorized")
            if self._is_held(method):
                self._waiting.append(method)
                self._changed.notify_all()
                self._changed.wait_for(lambda: method not in self._held or self._is_closed)
                # Whoever asked may be gone by now; nothing has happened.
                return None
            if self._troubles.get(method):
                return self._met(self._troubles[method].pop(0))
            if method == "getUpdates":
                return 200, {"ok": True, "result": self._fetch(given)}
            return self._done(method, given)

    def _is_held(self, method: str) -> bool:
        left = self._held.get(method)
        if left:
            self._held[method] = left - 1
        return left == 0

    def close(self) -> None:
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()

    def _met(self, trouble: Trouble) -> tuple[int, Any] | None:
        if trouble.hang_up:
            return None
        body = refused(trouble.status, trouble.description)
        if trouble.retry_after:
            body["parameters"] = {"retry_after": trouble.retry_after}
        return trouble.status, body

    def _fetch(self, given: dict[str, Any]) -> list[dict[str, Any]]:
        """Forget what is confirmed, wait for news, hand out what is there."""
        offset = int(given.get("offset", 0))
        self._updates = [u for u in self._updates if u["update_id"] >= offset]
        self._changed.notify_all()
        seconds = float(given.get("timeout", 0))
        self._changed.wait_for(lambda: bool(self._updates) or self._is_closed, seconds)
        return list(self._updates)

    def _done(self, method: str, given: dict[str, Any]) -> tuple[int, Any]:
        call = Call(method, given)
        result: Any = True
        if method == "getMe":
            result = BOT
        elif method == "getFile":
            path = given["file_id"]
            result = {"file_id": path, "file_unique_id": path, "file_path": path}
        elif method in ("sendMessage", "editMessageText", "editMessageReplyMarkup"):
            if problem := wrong_with(given):
                return 400, refused(400, problem)
            call.message_id = int(given.get("message_id") or next(self._message_ids))
            text = given.get("text", "…")
            result = {**message_of(int(given["chat_id"]), text), "message_id": call.message_id}
        self.calls.append(call)
        self._changed.notify_all()
        return 200, {"ok": True, "result": result}


def wrong_with(given: dict[str, Any]) -> str:
    """What Telegram would refuse, in a few points that matter here."""
    text = given.get("text", "…")
    if not text.strip():
        return "Bad Request: message text is empty"
    if len(text.encode("utf-16-le")) // 2 > 4096:
        return "Bad Request: message is too long"
    keyboard = json.loads(given.get("reply_markup", '{"inline_keyboard": []}'))
    for row in keyboard["inline_keyboard"]:
        for button in row:
            if not 1 <= len(button["callback_data"].encode()) <= 64:
                return "Bad Request: BUTTON_DATA_INVALID"
    return ""


def refused(status: int, description: str) -> dict[str, Any]:
    return {"ok": False, "error_code": status, "description": description}


def person(chat_id: int) -> dict[str, Any]:
    return {"id": abs(chat_id), "is_bot": False, "first_name": "王阿姨"}


def message_of(chat_id: int, text: str, **more: Any) -> dict[str, Any]:
    """A message as Telegram would bring it; a command is marked as one."""
    kind = "private" if chat_id > 0 else "supergroup"
    message: dict[str, Any] = {
        "message_id": 1,
        "date": 1_795_395_600,
        "chat": {"id": chat_id, "type": kind, "first_name": "王阿姨"},
        "from": person(chat_id),
        "text": text,
    }
    if text.startswith("/"):
        length = len(text.split()[0])
        message["entities"] = [{"type": "bot_command", "offset": 0, "length": length}]
    return {**message, **more}


def recorded(name: str) -> dict[str, Any]:
    """An update as it came, of an invented person."""
    update: dict[str, Any] = json.loads((RECORDED / f"{name}.json").read_text("utf-8"))
    return update


@contextmanager
def telegram_api() -> Iterator[TelegramApi]:
    """The double, listening."""
    api = TelegramApi()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            given = dict(parse_qsl(self.rfile.read(length).decode()))
            token, _, method = self.path.removeprefix("/bot").partition("/")
            self._respond(api.answer(token, method, given))

        def do_GET(self) -> None:
            content = api.files.get(self.path.rpartition("/")[2])
            self._send(200 if content is not None else 404, content or b"")

        def _respond(self, outcome: tuple[int, Any] | None) -> None:
            if outcome is None:
                self.close_connection = True
                return
            self._send(outcome[0], json.dumps(outcome[1]).encode())

        def _send(self, status: int, body: bytes) -> None:
            try:
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
            except OSError:
                self.close_connection = True

        def log_message(self, *_: Any) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        block_on_close = False

        def handle_error(self, *_: Any) -> None:
            pass

    server = Server(("127.0.0.1", 0), Handler)
    api.port = server.server_address[1]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield api
    finally:
        api.close()
        server.shutdown()
        server.server_close()
