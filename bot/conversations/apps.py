"""Conversations as a Django application."""

from django.apps import AppConfig


class ConversationsConfig(AppConfig):
    """The record of conversations and the one way in for every channel."""

    name = "bot.conversations"
    label = "conversations"

    def ready(self) -> None:
        """Register the checks of the settings."""
        from bot import checks  # noqa: F401
        from bot.api import auth  # noqa: F401
