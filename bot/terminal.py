"""Talking to the assistant from a terminal, through the same door as everybody else."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
from django.conf import settings
from tqdm import tqdm

from bot.api.auth import ALL_CHANNELS, development_key, parse_keys

START_SECONDS = 240.0
STOP_SECONDS = 60.0


class DoorClosed(Exception):
    """The server cannot be reached or refuses; the message says what to do."""


@contextmanager
def door() -> Iterator[httpx.Client]:
    """A client of the running server; starts one for the time being if none runs."""
    headers = {"X-API-Key": _key()}
    with httpx.Client(
        base_url=settings.BOT_URL, headers=headers, timeout=60, trust_env=False
    ) as client:
        if _is_ready(client):
            yield client
            return
        server = _start_server()
        try:
            _wait(client, server)
            yield client
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(30)


@contextmanager
def door_at(moment: str) -> Iterator[httpx.Client]:
    """A client of a server of its own whose office clock starts at a moment; it leaves nothing."""
    with tempfile.TemporaryDirectory() as folder:
        port, actions, dialogue = _free_ports(3)
        key = secrets.token_hex(16)
        url = f"http://127.0.0.1:{port}"
        kept = {k: v for k, v in os.environ.items() if k != "DJANGO_SETTINGS_MODULE"}
        environment = {
            **kept,
            "BOT_DATA_DIR": folder,
            "BOT_DATABASE_URL": f"sqlite:///{folder}/bot.sqlite3",
            "BOT_HOST": "127.0.0.1",
            "BOT_PORT": str(port),
            "BOT_URL": url,
            "BOT_ACTION_PORT": str(actions),
            "BOT_RASA_PORT": str(dialogue),
            "BOT_RASA_URL": f"http://127.0.0.1:{dialogue}",
            "BOT_NOW": moment,
            "BOT_RATE_LIMITS": "off",
            "BOT_API_KEYS": f"converse:{key}:{'+'.join(sorted(ALL_CHANNELS))}",
        }
        server = _start_server(environment)
        headers = {"X-API-Key": key}
        with httpx.Client(base_url=url, headers=headers, timeout=60, trust_env=False) as client:
            try:
                _wait(client, server)
                yield client
            finally:
                _stop(server)


def _stop(server: subprocess.Popen[bytes]) -> None:
    """End a server of our own; on a busy machine its last process may take its time."""
    server.send_signal(signal.SIGTERM)
    try:
        server.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def _free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def say(
    client: httpx.Client, conversation_id: str, text: str, payload: str = "", channel: str = "api"
) -> dict[str, Any]:
    """Send one message and return the reply; raises DoorClosed."""
    body = {
        "conversation_id": conversation_id,
        "text": text,
        "channel": channel,
        "message_id": uuid4().hex,
        "payload": payload,
    }
    try:
        response = client.post("/api/v1/messages", json=body)
    except httpx.HTTPError as error:
        raise DoorClosed(f"no answer from {settings.BOT_URL}: {error}") from error
    if response.status_code != 200:
        raise DoorClosed(str(response.json().get("detail", response.status_code)))
    reply: dict[str, Any] = response.json()
    return reply


def ask_one(text: str) -> None:
    """Ask one question and print the reply."""
    with door() as client:
        print(shown(say(client, uuid4().hex, text)))


def ask_many(source: Path, target: Path) -> None:
    """Ask every line ``{"id", "text"}``, each in a fresh conversation; write the replies."""
    rows = [json.loads(line) for line in source.read_text("utf-8").splitlines() if line.strip()]
    with door() as client, target.open("w", encoding="utf-8") as out:
        for row in tqdm(rows, unit="question"):
            reply = _asked(client, str(row["text"]))
            out.write(json.dumps({"id": row["id"], **reply}, ensure_ascii=False) + "\n")


def _asked(client: httpx.Client, text: str) -> dict[str, Any]:
    """One question of a file; a refusal is an entry of its own, the rest goes on."""
    try:
        return patiently(client, text)
    except DoorClosed as error:
        return {"error": str(error)}


def patiently(client: httpx.Client, text: str) -> dict[str, Any]:
    """Ask in a conversation of its own, again when the server is too busy; raises DoorClosed."""
    return patiently_say(client, uuid4().hex, text)


def patiently_say(
    client: httpx.Client, conversation_id: str, text: str, payload: str = "", channel: str = "api"
) -> dict[str, Any]:
    """Say something, again when the server is too busy; raises DoorClosed."""
    while True:
        try:
            return say(client, conversation_id, text, payload, channel)
        except DoorClosed as error:
            if "throttled" not in str(error):
                raise
            time.sleep(2)


def chat() -> None:
    """Talk until the resident goes; a number presses a button."""
    conversation_id = uuid4().hex
    buttons: list[dict[str, str]] = []
    with door() as client:
        print("小顶在听。输入数字选按钮，Ctrl-D 结束。")
        while True:
            try:
                text = input("您：").strip()
            except (EOFError, KeyboardInterrupt):
                print()
                return
            if not text:
                continue
            payload = ""
            if text.isdigit() and 0 < int(text) <= len(buttons):
                button = buttons[int(text) - 1]
                text, payload = button["title"], button["payload"]
            try:
                reply = say(client, conversation_id, text, payload)
            except DoorClosed as error:
                print(f"（{error}）")
                continue
            buttons = reply["buttons"]
            print(f"小顶：{shown(reply)}")


def shown(reply: dict[str, Any]) -> str:
    """Return a reply as lines for a terminal."""
    lines = [reply["text"]]
    lines += [f"  [{n}] {b['title']}" for n, b in enumerate(reply["buttons"], start=1)]
    return "\n".join(lines)


def _key() -> str:
    keys = parse_keys(settings.BOT_API_KEYS)
    return next((key for key, who in keys.items() if "api" in who.channels), development_key())


def _is_ready(client: httpx.Client) -> bool:
    try:
        return client.get("/readyz", timeout=3).status_code == 200
    except httpx.HTTPError:
        return False


def _start_server(environment: dict[str, str] | None = None) -> subprocess.Popen[bytes]:
    print("starting a server for this …", file=sys.stderr)
    return subprocess.Popen(
        [sys.executable, "-m", "bot", "serve"],
        env=environment or dict(os.environ),
        cwd=settings.ROOT,
        stdout=subprocess.DEVNULL,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    )


def _wait(client: httpx.Client, server: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        if server.poll() is not None:
            raise DoorClosed("the server ended while starting; see python -m bot serve")
        if _is_ready(client):
            return
        time.sleep(0.5)
    raise DoorClosed(f"the server was not ready within {START_SECONDS:.0f} s")
