"""Settings that contradict each other are named at start."""

from __future__ import annotations

from typing import Any

import pytest

from bot.checks import is_loopback, settings_agree

IN_PRODUCTION = {
    "PRODUCTION": True,
    "BOT_ENV": "production",
    "BOT_SECRET_KEY": "long enough",
    "BOT_FIELD_KEY": "f" * 32,
    "BOT_DIGEST_KEY": "d" * 32,
    "BOT_VOICE_DEMO_MODEL": "off",
    "BOT_PASSWORD_DAYS": 180,
    "BOT_SESSION_MINUTES": 60,
}


def complaints(settings: Any, **changes: Any) -> list[str]:
    """The ids of what is wrong with the settings."""
    for name, value in changes.items():
        setattr(settings, name, value)
    return [str(error.id) for error in settings_agree(None)]


def test_the_settings_of_the_tests_agree(settings: Any) -> None:
    assert complaints(settings) == []


@pytest.mark.parametrize(
    ("changes", "number"),
    [
        ({"BOT_RATE_LIMITS": "maybe"}, "bot.E001"),
        ({"BOT_RATE_LIMITS": "off", "BOT_HOST": "0.0.0.0"}, "bot.E002"),
        ({**IN_PRODUCTION, "BOT_NOW": "2026-11-23T09:00"}, "bot.E003"),
        ({"BOT_NOW": "tomorrow"}, "bot.E004"),
        ({"BOT_API_KEYS": "short:key"}, "bot.E005"),
        ({"BOT_API_KEYS": "nobody"}, "bot.E005"),
        ({"BOT_ENV": "staging"}, "bot.E006"),
        ({"BOT_KEEP_NOTICES_DAYS": 0}, "bot.E050"),
        ({"BOT_KEEP_TURNS_DAYS": 5, "BOT_KEEP_TRACKER_DAYS": 6}, "bot.E051"),
        ({**IN_PRODUCTION, "BOT_SECRET_KEY": ""}, "bot.E007"),
        ({**IN_PRODUCTION, "BOT_FIELD_KEY": ""}, "bot.E008"),
        ({"FIELD_KEYS": "short"}, "bot.E009"),
        ({"BOT_WORKING_HOURS": "9 to 5"}, "bot.E012"),
        ({**IN_PRODUCTION, "BOT_DIGEST_KEY": ""}, "bot.E013"),
        ({"DIGEST_KEY": "short"}, "bot.E014"),
        ({"BOT_STAFF_TOTP": "maybe"}, "bot.E060"),
        ({"BOT_PASSWORD_DAYS": -1}, "bot.E061"),
        ({**IN_PRODUCTION, "BOT_SESSION_MINUTES": 0}, "bot.E061"),
        ({"BOT_VOICE": "maybe"}, "bot.E090"),
        ({"BOT_VOICE_ENGINE": "parrot"}, "bot.E090"),
        ({**IN_PRODUCTION, "BOT_VOICE_DEMO_MODEL": "on"}, "bot.E091"),
        ({"BOT_VOICE_ENGINE": "sherpa"}, "bot.E092"),
        ({"BOT_VOICE_MAX_CALLS": 0}, "bot.E093"),
        ({"BOT_VOICE_HOST": "0.0.0.0"}, "bot.E094"),
        ({"BOT_SIP_PEERS": "the exchange"}, "bot.E095"),
        ({"BOT_SIP_PEERS": ""}, "bot.E095"),
        ({"BOT_RTP_PORTS": "20999-20000"}, "bot.E096"),
        ({"BOT_VOICE_TRANSFER": "8001"}, "bot.E097"),
    ],
)
def test_each_contradiction_has_its_number(
    settings: Any, changes: dict[str, Any], number: str
) -> None:
    assert complaints(settings, **changes) == [number]


@pytest.mark.parametrize(
    "changes",
    [
        {"BOT_RATE_LIMITS": "off", "BOT_HOST": "127.0.0.1"},
        {"BOT_RATE_LIMITS": "off", "BOT_HOST": "::1"},
        {"BOT_RATE_LIMITS": "on", "BOT_HOST": "0.0.0.0"},
        {"BOT_NOW": "2026-11-23T09:00+08:00"},
        {"BOT_API_KEYS": ""},
        IN_PRODUCTION,
        {"BOT_WORKING_HOURS": "08:30-17:00"},
    ],
)
def test_settings_that_agree_are_let_through(settings: Any, changes: dict[str, Any]) -> None:
    assert complaints(settings, **changes) == []


@pytest.mark.parametrize(
    ("host", "wanted"),
    [
        ("localhost", True),
        ("127.0.0.1", True),
        ("127.1.2.3", True),
        ("::1", True),
        ("0.0.0.0", False),
        ("::", False),
        ("10.0.0.5", False),
        ("example.org", False),
        ("", False),
    ],
)
def test_loopback_is_this_machine_only(host: str, wanted: bool) -> None:
    assert is_loopback(host) is wanted
