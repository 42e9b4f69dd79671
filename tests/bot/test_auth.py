"""Who may speak, and for whom."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request
from rest_framework.test import APIRequestFactory

from bot.api import auth
from bot.api.auth import (
    ALL_CHANNELS,
    DEFAULT_CHANNELS,
    TOKEN_DAYS,
    ApiKeyAuthentication,
    ConversationTokenAuthentication,
    conversation_of_token,
    parse_keys,
    token_for,
)


def request_with(**headers: str) -> Request:
    """A request with headers."""
    given = {f"HTTP_{name.upper()}": value for name, value in headers.items()}
    return Request(APIRequestFactory().post("/", **given))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "names", "channels"),
    [
        ("", [], []),
        ("kiosk:12345678", ["kiosk"], [DEFAULT_CHANNELS]),
        ("a:12345678:api", ["a"], [{"api"}]),
        ("a:12345678:api+voice, b:87654321", ["a", "b"], [{"api", "voice"}, DEFAULT_CHANNELS]),
        ("a:12345678:,,", ["a"], [DEFAULT_CHANNELS]),
    ],
)
def test_keys_are_read_with_their_channels(
    text: str, names: list[str], channels: list[set[str]]
) -> None:
    speakers = parse_keys(text).values()
    assert [speaker.name for speaker in speakers] == names
    assert [set(speaker.channels) for speaker in speakers] == [set(each) for each in channels]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("kiosk", "kiosk"),
        ("kiosk:short", "kiosk"),
        (":12345678", ""),
        ("ok:12345678,kiosk:12345678:radio", "kiosk"),
    ],
)
def test_a_wrong_entry_is_named_without_its_key(text: str, name: str) -> None:
    with pytest.raises(ValueError, match=f"entry “{name}”") as error:
        parse_keys(text)
    assert "12345678" not in str(error.value)


@pytest.mark.parametrize(
    "text", ["a:12345678,b:12345678", "a:12345678,a:87654321:voice", "web:12345678"]
)
def test_a_key_or_name_that_is_taken_is_refused(text: str) -> None:
    # “web” is the page's own name: such a key would share the page's conversations.
    with pytest.raises(ValueError, match="entry") as error:
        parse_keys(text)
    assert "12345678" not in str(error.value)


def test_a_known_key_speaks() -> None:
    found = ApiKeyAuthentication().authenticate(request_with(x_api_key="tester-key-1"))
    assert found is not None
    assert (found[0].name, found[0].channels) == ("tester", ALL_CHANNELS)


@pytest.mark.parametrize("key", ["", "tester-key-2", "tester", "钥匙", "x" * 10_000])
def test_a_wrong_key_is_refused(key: str) -> None:
    with pytest.raises(AuthenticationFailed, match="not known"):
        ApiKeyAuthentication().authenticate(request_with(x_api_key=key))


def test_no_key_is_left_to_others() -> None:
    assert ApiKeyAuthentication().authenticate(request_with()) is None
    assert ConversationTokenAuthentication().authenticate(request_with()) is None


def test_a_token_speaks_for_its_own_conversation() -> None:
    request = request_with(x_conversation_token=token_for("王阿姨的谈话"))
    found = ConversationTokenAuthentication().authenticate(request)
    assert found is not None
    assert (found[0].conversation_id, found[0].name) == ("王阿姨的谈话", "web")


@given(st.text(max_size=40))
def test_any_conversation_comes_back_from_its_token(conversation_id: str) -> None:
    assert conversation_of_token(token_for(conversation_id)) == conversation_id


@given(st.text(max_size=80))
def test_nobody_invents_a_token(token: str) -> None:
    assert conversation_of_token(token) is None


def test_a_token_that_was_tampered_with_is_false() -> None:
    token = token_for("a")
    assert conversation_of_token(token[:-1] + ("A" if token[-1] != "A" else "B")) is None
    with pytest.raises(AuthenticationFailed, match="expired or not ours"):
        ConversationTokenAuthentication().authenticate(request_with(x_conversation_token="a.b.c"))


def test_a_token_expires() -> None:
    with time_machine.travel("2026-11-23T01:00:00+00:00", tick=False) as machine:
        token = token_for("a")
        machine.shift(TOKEN_DAYS * 86400 - 5)
        assert conversation_of_token(token) == "a"
        machine.shift(10)
        assert conversation_of_token(token) is None


def test_a_development_machine_makes_a_key_only_its_owner_may_read(
    settings: Any, tmp_path: Path
) -> None:
    settings.DEVELOPMENT_KEY_FILE = tmp_path / "var" / "api_key"
    key = auth.development_key()
    assert len(key) >= 32
    assert auth.development_key() == key
    assert stat.S_IMODE(settings.DEVELOPMENT_KEY_FILE.stat().st_mode) == 0o600
    assert [path.name for path in (tmp_path / "var").iterdir()] == ["api_key"]
