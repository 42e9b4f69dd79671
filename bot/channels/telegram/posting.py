"""Sends a message to a chat, part by part, and notes each part: a restart goes on where it was.

``Poster`` keeps trying for a reply; the outbox has its own patience and tries once (``outgoing``).
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.db import DatabaseError
from telegram import (
    Bot,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    LinkPreviewOptions,
    ReplyParameters,
)
from telegram.error import TelegramError

from bot.channels.delivery import TryLater, Undeliverable
from bot.channels.telegram import records
from bot.channels.telegram.errors import delivery_error
from bot.channels.telegram.models import TelegramDelivery
from bot.channels.telegram.splitting import parts
from bot.channels.telegram.threads import in_thread
from bot.conversations.messages import Button

log = logging.getLogger(__name__)

# A reply to what was said a day ago helps nobody any more.
GIVE_UP_SECONDS = 86_400.0
LONGEST_PAUSE_SECONDS = 60.0


@dataclass(frozen=True)
class Letter:
    """What is to be sent; ``key`` is the same at every attempt, ``answers`` a message's number."""

    key: str
    chat_id: int
    text: str
    buttons: Sequence[Button] = ()
    turn_id: str = ""
    answers: int | None = None


async def send_letter(bot: Bot, letter: Letter) -> None:
    """Send what is not sent yet; raises Undeliverable or TryLater."""
    delivery = await in_thread(
        records.delivery_begin,
        letter.key,
        letter.chat_id,
        tuple(letter.buttons),
        letter.turn_id,
    )
    if delivery.is_complete:
        return
    pieces = parts(letter.text)
    for number, piece in enumerate(pieces[delivery.parts_sent :], start=delivery.parts_sent + 1):
        is_last = number == len(pieces)
        try:
            await bot.send_message(
                letter.chat_id,
                piece,
                reply_markup=_keyboard(delivery, letter.buttons) if is_last else None,
                reply_parameters=_reply_to(letter),
                link_preview_options=LinkPreviewOptions(is_disabled=True),
            )
        except TelegramError as error:
            raise delivery_error(error) from None
        await _note(delivery, number, is_complete=is_last)


async def _note(delivery: TelegramDelivery, parts_sent: int, *, is_complete: bool) -> None:
    """Note what was sent. If that fails, only a restart at this moment would send it again."""
    try:
        await in_thread(records.delivery_progress, delivery, parts_sent, is_complete=is_complete)
    except DatabaseError as error:
        log.error("%s was sent but not noted (%s)", delivery.key, type(error).__name__)


def _keyboard(delivery: TelegramDelivery, buttons: Sequence[Button]) -> InlineKeyboardMarkup | None:
    """One button a row: large enough for every finger."""
    if not buttons:
        return None
    rows = [
        [InlineKeyboardButton(button.title, callback_data=records.callback_data(delivery, number))]
        for number, button in enumerate(buttons)
    ]
    return InlineKeyboardMarkup(rows)


def _reply_to(letter: Letter) -> ReplyParameters | None:
    if letter.answers is None:
        return None
    return ReplyParameters(letter.answers, allow_sending_without_reply=True)


@dataclass
class Poster:
    """Sends replies until they are there, refused for good, or the process ends.

    ``closing`` ends every waiting at once; the update then stays open and the next start goes on.
    """

    bot: Bot
    closing: asyncio.Event
    first_pause_seconds: float = 1.0
    clock: Callable[[], float] = time.monotonic

    async def post(self, letter: Letter) -> None:
        """Send a letter; raises CancelledError when the process ends before it is sent."""
        pause, until = self.first_pause_seconds, self.clock() + GIVE_UP_SECONDS
        while self.clock() < until:
            try:
                await send_letter(self.bot, letter)
                return
            except Undeliverable as refusal:
                log.warning("%s is not deliverable (%s)", letter.key, refusal)
                return
            except TryLater as later:
                is_flood = str(later) == "RetryAfter"
                log.warning("%s is sent again soon (%s)", letter.key, later)
                await self._wait(later.seconds if is_flood else pause)
                pause = min(LONGEST_PAUSE_SECONDS, 2 * pause)
        log.error("%s was not delivered in a day, given up", letter.key)

    async def _wait(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self.closing.wait(), seconds)
        except asyncio.TimeoutError:
            return
        raise asyncio.CancelledError
