"""Telegram as a Django application: it keeps updates and deliveries."""

from django.apps import AppConfig


class TelegramConfig(AppConfig):
    """What came from Telegram and what went there."""

    name = "bot.channels.telegram"
    label = "telegram"
