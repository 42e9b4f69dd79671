"""Every update is written down before Telegram may forget it, and dealt with once, chat by chat.

``Inbox`` is the queue between Telegram and the handlers; ``InOrder`` lets one update of a chat
through at a time and closes it. What an update gets is decided in ``reception``.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections import deque
from collections.abc import Awaitable, Coroutine
from typing import Any

from django.db import DatabaseError
from telegram import Bot, Update
from telegram.error import TelegramError
from telegram.ext import BaseUpdateProcessor

from bot.channels.telegram import records
from bot.channels.telegram.threads import in_thread

log = logging.getLogger(__name__)

MOST_AT_ONCE = 1024


class Inbox(asyncio.Queue[object]):
    """A queue whose updates are written down first; ``bot`` reads those of a former run."""

    def __init__(self) -> None:
        super().__init__()
        self._in_hand: set[int] = set()

    async def put(self, item: object) -> None:
        """Write an update down and queue it, unless it is known already.

        Raises TelegramError if it cannot be written: then Telegram is asked for it again.
        """
        if not isinstance(item, Update):
            await super().put(item)
            return
        try:
            is_open = await in_thread(records.update_keep, item.update_id, item.to_json())
        except DatabaseError as error:
            log.error("update %s cannot be kept (%s)", item.update_id, type(error).__name__)
            raise TelegramError("the inbox cannot be written") from None
        if is_open:
            await self._take(item)

    async def refill(self, bot: Bot) -> None:
        """Queue what is written down and not in hand: of a former run, or come by webhook."""
        for update_id, body in await in_thread(records.open_updates):
            if update_id in self._in_hand:
                continue
            update = _read(body, bot)
            if update is None:
                log.error("update %s cannot be read, given up", update_id)
                await in_thread(records.update_close, update_id, is_failed=True)
            else:
                await self._take(update)

    def leave(self) -> None:
        """Take nothing more in hand; what is queued stays written down for the next start."""
        while not self.empty():
            self.get_nowait()
            self.task_done()

    async def close(self, update_id: int, *, is_failed: bool) -> None:
        """Note that an update is dealt with."""
        await in_thread(records.update_close, update_id, is_failed=is_failed)
        self._in_hand.discard(update_id)

    async def _take(self, update: Update) -> None:
        if update.update_id not in self._in_hand:
            self._in_hand.add(update.update_id)
            await super().put(update)


def _read(body: str | None, bot: Bot) -> Update | None:
    try:
        return Update.de_json(json.loads(body), bot) if body else None
    except (ValueError, TypeError, KeyError, AttributeError):
        return None


class InOrder(BaseUpdateProcessor):
    """Chats in parallel, the updates of one chat one after the other."""

    def __init__(self, inbox: Inbox, closing: asyncio.Event) -> None:
        super().__init__(MOST_AT_ONCE)
        self._inbox = inbox
        self._closing = closing
        self._failed: set[int] = set()
        self._waiting: dict[int, deque[asyncio.Event]] = {}

    async def initialize(self) -> None:
        """Nothing to prepare."""

    async def shutdown(self) -> None:
        """Nothing to give back."""

    def failed(self, update_id: int) -> None:
        """Let an update be closed as one that failed."""
        self._failed.add(update_id)

    async def do_process_update(self, update: object, coroutine: Awaitable[Any]) -> None:
        """Deal with an update when those before it in its chat are dealt with."""
        assert isinstance(update, Update)
        assert isinstance(coroutine, Coroutine)
        chat_id = update.effective_chat.id if update.effective_chat else update.update_id
        await self._turn_of(chat_id)
        try:
            if self._closing.is_set():
                coroutine.close()
                return
            await coroutine
            is_failed = update.update_id in self._failed
            self._failed.discard(update.update_id)
            await self._inbox.close(update.update_id, is_failed=is_failed)
        finally:
            self._next(chat_id)

    async def _turn_of(self, chat_id: int) -> None:
        """Join the chat's queue and wait to be first."""
        queue = self._waiting.setdefault(chat_id, deque())
        ticket = asyncio.Event()
        queue.append(ticket)
        if queue[0] is not ticket:
            await ticket.wait()

    def _next(self, chat_id: int) -> None:
        queue = self._waiting[chat_id]
        queue.popleft()
        if queue:
            queue[0].set()
        else:
            del self._waiting[chat_id]
