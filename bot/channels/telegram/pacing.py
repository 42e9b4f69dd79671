"""No faster than Telegram allows: a message a second to a chat, fewer to a group, 25 to all.

Only messages are paced. A flood that Telegram reports all the same is waited out where messages
are sent (``posting``).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from telegram.ext import BaseRateLimiter

_MOST_CHATS = 10_000


@dataclass(frozen=True)
class Pace:
    """Seconds between two messages: to one person, to one group, to anybody."""

    chat_seconds: float = 1.0
    group_seconds: float = 3.0
    any_seconds: float = 1 / 25


class Pacer(BaseRateLimiter[None]):
    """Lets messages wait for their turn: first their chat's, then everybody's."""

    def __init__(
        self,
        pace: Pace,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._pace = pace
        self._clock = clock
        self._sleep = sleep
        self._chats: dict[int, float] = {}
        self._anybody = 0.0

    async def initialize(self) -> None:
        """Nothing to prepare."""

    async def shutdown(self) -> None:
        """Nothing to give back."""

    async def process_request(
        self,
        callback: Callable[..., Coroutine[Any, Any, Any]],
        args: Any,
        kwargs: dict[str, Any],
        endpoint: str,
        data: dict[str, Any],
        rate_limit_args: None,
    ) -> Any:
        """Make the request when it is its turn."""
        if endpoint == "sendMessage":
            await self._wait(int(data["chat_id"]))
        return await callback(*args, **kwargs)

    async def _wait(self, chat_id: int) -> None:
        pause = self._pace.group_seconds if chat_id < 0 else self._pace.chat_seconds
        await self._until(self._take_chat(chat_id, pause))
        at = max(self._clock(), self._anybody)
        self._anybody = at + self._pace.any_seconds
        await self._until(at)

    def _take_chat(self, chat_id: int, pause: float) -> float:
        now = self._clock()
        if len(self._chats) > _MOST_CHATS:
            self._chats = {chat: at for chat, at in self._chats.items() if at > now}
        at = max(now, self._chats.get(chat_id, 0.0))
        self._chats[chat_id] = at + pause
        return at

    async def _until(self, at: float) -> None:
        pause = at - self._clock()
        if pause > 0:
            await self._sleep(pause)
