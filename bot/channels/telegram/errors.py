"""What Telegram's failures mean for a delivery: for good, or try later. The one place that tells.

Telegram's own words stay outside: they may name an address with the token in it.
"""

from __future__ import annotations

import os

from telegram.error import (
    BadRequest,
    ChatMigrated,
    Forbidden,
    InvalidToken,
    RetryAfter,
    TelegramError,
)

from bot.channels.delivery import TryLater, Undeliverable

# The library then hands out time spans as such; otherwise every RetryAfter comes with a warning.
os.environ.setdefault("PTB_TIMEDELTA", "true")

PAUSE_SECONDS = 5.0
REFUSED_TOKEN_PAUSE_SECONDS = 300.0
# Blocked by the resident, a chat that is gone or never was, a request that is wrong every time.
_FOR_GOOD = (Forbidden, BadRequest, ChatMigrated)


class TokenRefused(Exception):
    """Telegram does not know the token: nothing works before somebody sets another one."""


def delivery_error(error: TelegramError) -> Undeliverable | TryLater:
    """Translate a failure of Telegram into what the outbox understands."""
    name = type(error).__name__
    if isinstance(error, RetryAfter):
        return TryLater(name, flood_seconds(error))
    if isinstance(error, _FOR_GOOD):
        return Undeliverable(name)
    if isinstance(error, InvalidToken):
        return TryLater(name, REFUSED_TOKEN_PAUSE_SECONDS)
    return TryLater(name, PAUSE_SECONDS)


def flood_seconds(error: TelegramError) -> float:
    """Return how long Telegram wants to be left alone, 0 if it did not say so."""
    if not isinstance(error, RetryAfter):
        return 0.0
    wanted = error.retry_after
    return float(wanted) if isinstance(wanted, int) else wanted.total_seconds()
