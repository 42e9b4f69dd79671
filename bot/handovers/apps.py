"""Hand-overs as a Django application."""

from django.apps import AppConfig


class HandoversConfig(AppConfig):
    """Conversations that a person looks after."""

    name = "bot.handovers"
    label = "handovers"
