"""The outbox's way into a Telegram chat: one attempt, synchronous, nothing sent twice."""

from __future__ import annotations

import asyncio

from bot.channels.delivery import Outgoing, TryLater, Undeliverable
from bot.channels.telegram.connection import Config, bot_for, request_for
from bot.channels.telegram.posting import Letter, send_letter


class TelegramSender:
    """Sends to a chat of its own accord."""

    def __init__(self, config: Config) -> None:
        self._config = config

    def send(self, external_id: str, message: Outgoing) -> None:
        """Deliver to the chat with this number; raises Undeliverable or TryLater.

        Must not be called where an event loop runs.
        """
        if not self._config.token:
            raise TryLater("no token", seconds=300.0)
        try:
            chat_id = int(external_id)
        except ValueError:
            # A question asked in a group: the answer to it is not for everybody's eyes.
            raise Undeliverable("no private chat") from None
        letter = Letter(f"out-{message.key}", chat_id, message.text, message.buttons)
        asyncio.run(self._send(letter))

    async def _send(self, letter: Letter) -> None:
        async with request_for(self._config, connections=2) as request:
            await send_letter(bot_for(self._config, request), letter)
