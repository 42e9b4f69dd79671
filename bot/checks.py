"""Settings that contradict each other fail at start, in one sentence each."""

from __future__ import annotations

import ipaddress
from typing import Any

from django.conf import settings
from django.core.checks import Error, register

from bot.api.auth import parse_keys
from bot.clock import parse_moment


@register()
def settings_agree(app_configs: Any, **kwargs: Any) -> list[Error]:
    """Check the BOT_ settings against each other."""
    problems = [
        *_limits(),
        *_clock(),
        *_keys(),
        *_production(),
    ]
    return [Error(text, id=f"bot.E{number:03}") for number, text in problems]


def is_loopback(host: str) -> bool:
    """Whether a host to bind to is reached from this machine only."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _limits() -> list[tuple[int, str]]:
    if settings.BOT_RATE_LIMITS not in ("on", "off"):
        return [(1, f"BOT_RATE_LIMITS is on or off, not “{settings.BOT_RATE_LIMITS}”")]
    if settings.BOT_RATE_LIMITS == "off" and not is_loopback(settings.BOT_HOST):
        return [(2, f"BOT_RATE_LIMITS=off needs a loopback BOT_HOST, not {settings.BOT_HOST}")]
    return []


def _clock() -> list[tuple[int, str]]:
    if not settings.BOT_NOW:
        return []
    if settings.PRODUCTION:
        return [(3, "BOT_NOW is for trying things out; not with BOT_ENV=production")]
    try:
        parse_moment(settings.BOT_NOW)
    except ValueError:
        return [(4, f"BOT_NOW: expected 2026-11-23T09:00+08:00, got “{settings.BOT_NOW}”")]
    return []


def _keys() -> list[tuple[int, str]]:
    try:
        parse_keys(settings.BOT_API_KEYS)
    except ValueError as error:
        return [(5, str(error))]
    return []


def _production() -> list[tuple[int, str]]:
    if settings.BOT_ENV not in ("development", "production"):
        return [(6, f"BOT_ENV is development or production, not “{settings.BOT_ENV}”")]
    if settings.PRODUCTION and not settings.BOT_SECRET_KEY:
        return [(7, "BOT_ENV=production needs BOT_SECRET_KEY")]
    return []
