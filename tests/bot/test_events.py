"""Live events over a real server: a clerk's words reach the page that may have them, once.

Conversations, clerks and calls are made by a second process on the same database.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.test import Client

from bot.api import events
from bot.api.auth import token_for
from tests.running import free_port

ROOT = Path(__file__).resolve().parents[2]
KEY = {"X-API-Key": "events-key-1"}
OTHER_KEY = {"X-API-Key": "other-key-22"}
PATIENCE_SECONDS = 40.0

# Reads one order a line, answers with one line: the office behind the server.
OFFICE = """
import json, sys
import django
django.setup()
from django.core.management import call_command
call_command("migrate", run_syncdb=True, verbosity=0, skip_checks=True)
from bot.accounts.models import Staff
from bot.api.auth import token_for
from bot.channels.outbox import notice_send
from bot.conversations.messages import Button
from bot.conversations.models import Conversation
from bot.handovers import services
from bot.handovers.desk import Desk
from bot.handovers.models import Notice
from bot.handovers.selectors import open_handover

li = Staff.objects.create_user("xiaoli", display_name="小李")

def of(sender):
    return Conversation.objects.get(sender=sender)

def begins(sender, owner="web", channel="web"):
    Conversation.objects.create(owner=owner, channel=channel, external_id=sender, sender=sender)
    return token_for(sender)

def calls(sender):
    Desk().call(sender, "asked")

def takes(sender):
    services.handover_take(open_handover(of(sender)), li)

def says(sender, text):
    services.handover_say(open_handover(of(sender)), li, text)

def closes(sender):
    services.handover_close(open_handover(of(sender)), li)

def news(sender, text):
    notice_send(of(sender), text, (Button("好", "say:好"),))

def states(sender):
    return list(of(sender).notices.values_list("state", flat=True))

print("ready", flush=True)
for line in sys.stdin:
    name, *rest = json.loads(line)
    print(json.dumps(globals()[name](*rest)), flush=True)
"""


@dataclass
class Office:
    """The office's process, told what happens."""

    process: subprocess.Popen[str]

    def __getattr__(self, name: str) -> Any:
        def tell(*rest: str) -> Any:
            assert self.process.stdin
            assert self.process.stdout
            print(json.dumps([name, *rest]), file=self.process.stdin, flush=True)
            return json.loads(self.process.stdout.readline())

        return tell


@contextmanager
def ended(process: subprocess.Popen[Any]) -> Iterator[None]:
    try:
        yield
    finally:
        process.kill()
        process.wait()


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    given = dict(os.environ)
    for name in ("BOT_DATABASE_URL", "BOT_RASA_URL"):
        given.pop(name, None)
    return given | {
        "BOT_DATA_DIR": str(tmp_path_factory.mktemp("events")),
        "BOT_API_KEYS": "site:events-key-1:web+api+telegram,other:other-key-22:web",
        "BOT_RATE_LIMITS": "off",
        "DJANGO_SETTINGS_MODULE": "bot.settings",
        "PYTHONPATH": str(ROOT),
    }


@pytest.fixture(scope="module")
def office(environment: dict[str, str]) -> Iterator[Office]:
    """The second process, its database made."""
    process = subprocess.Popen(
        [sys.executable, "-c", OFFICE],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with ended(process):
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
        yield Office(process)


@pytest.fixture(scope="module")
def server(
    environment: dict[str, str], office: Office, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The public application under a real uvicorn; its log is looked at in the end."""
    port = free_port()
    log = tmp_path_factory.mktemp("log") / "server.log"
    command = [sys.executable, "-m", "uvicorn", "bot.asgi:application", "--port", str(port)]
    command += ["--lifespan", "off", "--ws", "none", "--no-access-log", "--log-level", "info"]
    with log.open("wb") as lines:
        process = subprocess.Popen(command, env=environment, stdout=lines, stderr=lines, cwd=ROOT)
    with ended(process):
        url = f"http://127.0.0.1:{port}"
        _wait(url, log)
        yield url
    text = log.read_text()
    assert "token=" not in text
    assert "Traceback" not in text


def _wait(url: str, log: Path) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        try:
            if httpx.get(f"{url}/healthz", trust_env=False).status_code == 200:
                return
        except httpx.HTTPError:
            time.sleep(0.1)
    raise AssertionError(log.read_text()[-2000:])


class Page:
    """A page that listens; reads events one after the other."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self._lines = response.iter_lines()

    def next(self) -> tuple[str, dict[str, Any], str]:
        """The next event: its name, its data, its id."""
        fields: dict[str, str] = {}
        for line in self._lines:
            if not line and "data" in fields:
                return fields["event"], json.loads(fields["data"]), fields.get("id", "")
            name, _, value = line.partition(": ")
            fields[name] = value
        raise AssertionError("the stream ended")

    def said(self) -> str:
        """The text of the next message, states left out."""
        while True:
            name, data, _ = self.next()
            if name == "message":
                return str(data["text"])


@contextmanager
def listening(url: str, talk: str, **more: Any) -> Iterator[Page]:
    """Open the stream of a conversation."""
    query = {"channel": "web", **more.pop("params", {})}
    with (
        httpx.Client(trust_env=False, timeout=PATIENCE_SECONDS) as client,
        client.stream(
            "GET", f"{url}/api/v1/conversations/{talk}/events", params=query, **more
        ) as response,
    ):
        yield Page(response)


def refused(url: str, talk: str, **more: Any) -> httpx.Response:
    """Ask for a stream that is not given."""
    with listening(url, talk, **more) as page:
        page.response.read()
        return page.response


def test_a_page_hears_the_queue_move_and_the_clerk_speak(server: str, office: Office) -> None:
    before, token = office.begins("before"), office.begins("anna")
    assert before
    with listening(server, "anna", params={"token": token}) as page:
        assert page.response.headers["Content-Type"].startswith("text/event-stream")
        assert page.response.headers["Cache-Control"] == "no-store"
        office.calls("before")
        office.calls("anna")
        assert page.next()[:2] == ("handover", {"state": "waiting", "position": 2, "author": ""})
        office.closes("before")
        assert page.next()[:2] == ("handover", {"state": "waiting", "position": 1, "author": ""})
        office.takes("anna")
        name, data, event_id = page.next()
        assert (name, data["author"]) == ("message", "小李")
        assert data["id"] == event_id
        assert set(data) == {"id", "text", "buttons", "author", "at"}
        taken = {"state": "taken", "position": 0, "author": "小李"}
        assert page.next()[:2] == ("handover", taken)
        office.says("anna", "带身份证\n来一趟")
        assert page.said() == "带身份证\n来一趟"
        office.closes("anna")
        assert page.next()[1]["author"] == ""
        assert page.next()[1]["state"] == "closed"
    assert set(office.states("anna")) == {"sent"}


def test_words_arrive_within_two_seconds(server: str, office: Office) -> None:
    token = office.begins("quick")
    with listening(server, "quick", params={"token": token}) as page:
        office.calls("quick")
        page.next()
        office.takes("quick")
        page.said()
        started = time.monotonic()
        office.says("quick", "您好")
        assert page.said() == "您好"
        assert time.monotonic() - started < 2


def test_what_was_written_while_the_page_was_away_comes_first(server: str, office: Office) -> None:
    token = office.begins("away")
    office.news("away", "一")
    office.news("away", "二")
    with listening(server, "away", headers={"X-Conversation-Token": token}) as page:
        assert [page.said(), page.said()] == ["一", "二"]


def test_a_page_that_comes_back_goes_on_where_it_was(server: str, office: Office) -> None:
    token = office.begins("back")
    office.news("back", "一")
    with listening(server, "back", params={"token": token}) as page:
        _, data, event_id = page.next()
        assert (data["text"], data["buttons"]) == ("一", [{"title": "好", "payload": "say:好"}])
    office.news("back", "二")
    with listening(
        server, "back", params={"token": token}, headers={"Last-Event-ID": event_id}
    ) as page:
        assert page.said() == "二"
    with listening(
        server, "back", params={"token": token}, headers={"Last-Event-ID": event_id}
    ) as page:
        assert page.said() == "二"
    with listening(server, "back", params={"token": token}) as page:
        office.news("back", "三")
        assert page.said() == "三"


@pytest.mark.parametrize("mark", ["notice-", "nonsense", "notice-9999999999999999999999", "-1"])
def test_a_mark_that_is_none_is_left_aside(server: str, office: Office, mark: str) -> None:
    token = office.begins(f"mark{mark}")
    office.news(f"mark{mark}", "一")
    headers = {"Last-Event-ID": mark}
    with listening(server, f"mark{mark}", params={"token": token}, headers=headers) as page:
        assert page.said() == "一"


def test_a_conversation_may_be_listened_to_before_it_begins(server: str, office: Office) -> None:
    office.begins("other")
    with listening(server, "unborn", headers=KEY) as page:
        office.begins("unborn", "site")
        office.news("unborn", "一")
        assert page.said() == "一"


def test_two_pages_of_one_conversation_hear_the_same(server: str, office: Office) -> None:
    params = {"token": office.begins("twice")}
    with (
        listening(server, "twice", params=params) as one,
        listening(server, "twice", params=params) as two,
    ):
        office.calls("twice")
        assert one.next() == two.next()
        office.news("twice", "一")
        assert one.said() == two.said() == "一"


@pytest.mark.parametrize(
    "given",
    [
        {"params": {"token": "false"}},
        {"headers": {"X-Conversation-Token": "false"}},
        {"headers": {"X-API-Key": "false-key"}},
        {},
    ],
)
def test_whoever_cannot_say_who_she_is_hears_nothing(
    server: str, office: Office, given: dict[str, Any]
) -> None:
    response = refused(server, "anna", **given)
    assert response.status_code in (401, 403)
    assert response.headers["Content-Type"].startswith("application/problem+json")


def test_a_token_opens_its_own_conversation_and_no_other(server: str, office: Office) -> None:
    office.begins("mine")
    token = office.begins("yours")
    assert refused(server, "mine", params={"token": token}).status_code == 404


def test_a_key_hears_its_own_conversations_on_its_own_channels(server: str, office: Office) -> None:
    office.begins("site-talk", "site")
    office.news("site-talk", "一")
    with listening(server, "site-talk", headers=KEY) as page:
        assert page.said() == "一"
    assert refused(server, "x", headers=OTHER_KEY, params={"channel": "api"}).status_code == 404
    assert refused(server, "x", headers=KEY, params={"channel": "smoke"}).status_code == 400


def test_listening_does_not_count_as_delivery_by_telegram(server: str, office: Office) -> None:
    office.begins("tg", "site", "telegram")
    office.news("tg", "一")
    with listening(server, "tg", headers=KEY, params={"channel": "telegram"}) as page:
        assert page.said() == "一"
    assert office.states("tg") == ["waiting"]


def test_the_history_holds_what_the_clerk_wrote_and_counts_as_delivery(
    server: str, office: Office
) -> None:
    token = office.begins("past")
    office.news("past", "您的证好了")
    address = f"{server}/api/v1/conversations/past/turns"
    headers = {"X-Conversation-Token": token}
    rows = httpx.get(address, headers=headers, trust_env=False).json()
    assert [row["text"] for row in rows] == [""]
    reply = rows[0]["reply"]
    assert (reply["kind"], reply["intent"], reply["text"]) == ("handover", "human", "您的证好了")
    assert reply["turn_id"] == rows[0]["turn_id"]
    assert rows[0]["turn_id"].startswith("notice-")
    assert reply["buttons"] == [{"title": "好", "payload": "say:好"}]
    assert reply["conversation_id"] == "past"
    assert office.states("past") == ["sent"]


def test_the_page_without_scripts_shows_what_the_clerk_wrote(server: str, office: Office) -> None:
    token = office.begins("plain")
    office.news("plain", "您的证好了")
    page = httpx.get(server, cookies={"conversation": token}, trust_env=False)
    assert "您的证好了" in page.text
    assert office.states("plain") == ["sent"]


def test_many_pages_may_listen_and_the_server_still_answers(server: str, office: Office) -> None:
    token = office.begins("crowd")
    pages = [listening(server, "crowd", params={"token": token}) for _ in range(20)]
    opened = [page.__enter__() for page in pages]
    try:
        office.news("crowd", "一")
        assert {page.said() for page in opened} == {"一"}
        assert httpx.get(f"{server}/healthz", trust_env=False).status_code == 200
    finally:
        for page in pages:
            page.__exit__(None, None, None)


class Hours:
    """A clock that only sleeping moves on."""

    def __init__(self) -> None:
        self.at = 0.0

    def monotonic(self) -> float:
        return self.at

    async def sleep(self, seconds: float) -> None:
        self.at += seconds


def test_a_quiet_stream_shows_every_15_seconds_that_it_lives_and_ends_after_ten_minutes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hours = Hours()

    async def nothing(ask: Any) -> Any:
        return ""

    async def heard() -> list[tuple[float, str]]:
        stream = events.Stream({"external_id": "quiet"}, None)
        return [(hours.at, text) async for text in stream.lines()]

    monkeypatch.setattr(events, "time", hours)
    monkeypatch.setattr(events.asyncio, "sleep", hours.sleep)
    monkeypatch.setattr(events, "_in_thread", nothing)
    told = asyncio.run(heard())
    assert not events.OPEN
    assert told[0][1].startswith("retry: ")
    beats = [at for at, text in told if text.startswith(":")]
    assert beats == [15.0 * n for n in range(1, len(beats) + 1)]
    assert 580 < beats[-1] <= 600
    assert hours.at == 600


@pytest.mark.django_db
def test_one_listener_too_many_is_asked_to_come_back_later(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "MOST_STREAMS", 0)
    response = client.get("/api/v1/conversations/full/events", {"token": token_for("full")})
    assert response.status_code == 429
    assert response.headers["Retry-After"] == "2"


def test_the_schema_describes_the_stream(server: str) -> None:
    schema = httpx.get(
        f"{server}/api/schema", params={"format": "json"}, trust_env=False, timeout=30
    ).json()
    operation = schema["paths"]["/api/v1/conversations/{conversation_id}/events"]["get"]
    assert "text/event-stream" in operation["responses"]["200"]["content"]
