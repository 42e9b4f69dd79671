"""Telegram: updates in, replies and news out. The only package that imports ``telegram``.

``inbox`` keeps every update until it is dealt with, ``reception`` decides what each one gets,
``posting`` sends and notes what was sent, ``process`` runs it all, ``webhook`` is its door in web.
What is answered is decided by ``bot.conversations.service``.
"""

from __future__ import annotations

from bot.channels.delivery import Sender


def sender() -> Sender:
    """Return the way to a Telegram chat, for what nobody has just asked for."""
    from bot.channels.telegram.connection import config_from_settings
    from bot.channels.telegram.outgoing import TelegramSender

    return TelegramSender(config_from_settings())
