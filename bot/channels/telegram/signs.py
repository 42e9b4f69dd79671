"""Small signs that somebody is there: typing, the pressed button. Failing, they cost nothing."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from telegram import CallbackQuery, InlineKeyboardButton, InlineKeyboardMarkup, Message, Update
from telegram.constants import ChatAction
from telegram.error import TelegramError

TYPING_SECONDS = 4.0
_PRESSED = "✓ "


async def acknowledge(query: CallbackQuery) -> None:
    """Stop the button's hourglass; if that is too late, nothing is lost."""
    with contextlib.suppress(TelegramError):
        await query.answer()


async def mark(query: CallbackQuery) -> None:
    """Show which button was pressed; all of them go on working."""
    message = query.message
    if not isinstance(message, Message) or message.reply_markup is None:
        return
    rows = [
        [_marked(button, button.callback_data == query.data) for button in row]
        for row in message.reply_markup.inline_keyboard
    ]
    with contextlib.suppress(TelegramError):
        await query.edit_message_reply_markup(InlineKeyboardMarkup(rows))


def _marked(button: InlineKeyboardButton, is_pressed: bool) -> InlineKeyboardButton:
    title = button.text.removeprefix(_PRESSED)
    return InlineKeyboardButton(
        f"{_PRESSED}{title}" if is_pressed else title, callback_data=button.callback_data
    )


@contextlib.asynccontextmanager
async def typing(update: Update) -> AsyncIterator[None]:
    """Show that somebody is at work for as long as it lasts."""
    done = asyncio.Event()
    showing = asyncio.create_task(_show_typing(update, done))
    try:
        yield
    finally:
        done.set()
        await asyncio.wait({showing}, timeout=1.0)
        showing.cancel()


async def _show_typing(update: Update, done: asyncio.Event) -> None:
    chat = update.effective_chat
    assert chat is not None
    while not done.is_set():
        with contextlib.suppress(TelegramError):
            await chat.send_action(ChatAction.TYPING)
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(done.wait(), TYPING_SECONDS)
