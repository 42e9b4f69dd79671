"""The office's one clock: every rule about hours, due dates and greetings asks it.

``BOT_NOW`` starts it at another moment; it runs on from there, in step in all processes.
"""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from django.conf import settings

OFFICE_ZONE = ZoneInfo("Asia/Shanghai")
_STARTED = time.time()


def now() -> datetime:
    """Return the office's present moment, with its zone."""
    return datetime.now(OFFICE_ZONE) + _shift(settings.BOT_NOW, settings.BOT_NOW_SINCE)


@lru_cache(maxsize=4)
def _shift(start: str, since: str) -> timedelta:
    if not start:
        return timedelta()
    return parse_moment(start) - datetime.fromtimestamp(float(since or _STARTED), OFFICE_ZONE)


def parse_moment(text: str) -> datetime:
    """Read an ISO moment; without a zone it is the office's. Raises ValueError."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=OFFICE_ZONE)
