"""The page that calls: its address of the line, its token, who may use it."""

from __future__ import annotations

from typing import Any

import pytest
import time_machine
from django.core import signing
from django.test import Client

from bot.channels.call import (
    TOKEN_SALT,
    TOKEN_SECONDS,
    call_of_token,
    is_own_origin,
    token_for_call,
)
from tests.fakes import FakeDialogue

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("office")]


@pytest.fixture
def page(client: Client) -> Any:
    return client.get("/call", headers={"host": "localhost:8000"})


def test_the_page_finds_the_line_on_its_own_machine_and_may_reach_nothing_else(page: Any) -> None:
    assert 'data-line="ws://localhost:8010/voice/browser"' in page.content.decode()
    policy = page.headers["Content-Security-Policy"]
    assert policy.endswith("connect-src 'self' ws://localhost:8010")
    assert policy.startswith("default-src 'self'")
    assert "unsafe" not in policy
    assert page.headers["Permissions-Policy"] == "microphone=(self)"
    assert page.headers["Cache-Control"] == "no-store"


def test_the_page_goes_where_the_settings_say(client: Client, settings: Any) -> None:
    settings.BOT_VOICE_URL = "wss://ask.example.org/voice/browser"
    page = client.get("/call")
    assert 'data-line="wss://ask.example.org/voice/browser"' in page.content.decode()
    assert page.headers["Content-Security-Policy"].endswith("wss://ask.example.org")


def test_a_secure_page_calls_securely(client: Client) -> None:
    assert 'data-line="wss://testserver:8010/' in client.get("/call", secure=True).content.decode()


def test_an_address_with_six_groups_keeps_its_brackets(client: Client) -> None:
    page = client.get("/call", headers={"host": "[::1]:8000"}).content.decode()
    assert 'data-line="ws://[::1]:8010/' in page


def test_nothing_comes_from_elsewhere_and_no_script_stands_in_the_page(page: Any) -> None:
    text = page.content.decode()
    assert "https://" not in text
    assert "style=" not in text
    assert " onclick" not in text
    assert text.count("<script") == text.count('<script type="module" src="/static/')


def test_a_person_and_the_keyboard_are_there_without_a_script(page: Any) -> None:
    text = page.content.decode()
    assert 'name="text" value="人工"' in text
    assert 'href="tel:12345"' in text
    assert 'href="/"' in text


def test_the_elder_version_is_remembered(client: Client) -> None:
    page = client.get("/call?elder=1&size=32")
    assert "elder letters-32" in page.content.decode()
    assert client.cookies["elder"].value == "32"
    assert "elder letters-32" in client.get("/call").content.decode()
    client.get("/call?elder=0")
    assert "letters-32" not in client.get("/call").content.decode()


def test_a_token_is_for_one_new_call_and_a_short_time(client: Client) -> None:
    with time_machine.travel(1_800_000_000, tick=False):
        first, second = (client.get("/call/token") for _ in range(2))
        assert first.headers["Cache-Control"] == "no-store"
        token = first.json()["token"]
        assert call_of_token(token) != call_of_token(second.json()["token"])
    with time_machine.travel(1_800_000_000 + TOKEN_SECONDS - 1):
        assert call_of_token(token)
    with time_machine.travel(1_800_000_000 + TOKEN_SECONDS + 1):
        assert call_of_token(token) is None


@pytest.mark.parametrize(
    "token",
    [
        *("", "x", "a:b:c"),
        pytest.param(signing.dumps("c", salt="web-conversation"), id="of a conversation"),
    ],
)
def test_a_false_token_is_nobodys(token: str) -> None:
    assert call_of_token(token) is None


def test_a_changed_token_is_nobodys() -> None:
    token = token_for_call("call-1")
    assert call_of_token(token) == "call-1"
    assert signing.loads(token, salt=TOKEN_SALT) == "call-1"
    assert call_of_token("x" + token) is None


def test_tokens_are_not_given_without_end(client: Client, settings: Any) -> None:
    settings.BOT_RATE_LIMITS = "on"
    statuses = [client.get("/call/token", REMOTE_ADDR="192.0.2.77").status_code for _ in range(21)]
    assert statuses == [200] * 20 + [429]
    assert client.get("/call/token", REMOTE_ADDR="192.0.2.78").status_code == 200


@pytest.mark.parametrize(
    ("origin", "is_ours"),
    [
        ("http://localhost:8000", True),
        ("https://TESTSERVER", True),
        ("http://[::1]:8000", True),
        ("https://evil.example.org", False),
        ("http://localhost.evil.example.org", False),
        ("file://localhost", False),
        ("null", False),
        ("", False),
    ],
)
def test_only_our_own_pages_may_call(origin: str, is_ours: bool) -> None:
    assert is_own_origin(origin) is is_ours


@pytest.mark.parametrize(("wanted", "count"), [("on", 1), ("off", 0)])
def test_the_chat_page_leads_to_it_if_there_is_a_line(
    client: Client, settings: Any, dialogue: FakeDialogue, wanted: str, count: int
) -> None:
    settings.BOT_VOICE = wanted
    assert client.get("/").content.decode().count('href="/call"') == count
