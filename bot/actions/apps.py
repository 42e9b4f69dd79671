"""Rasa's actions as a Django application."""

from django.apps import AppConfig


class ActionsConfig(AppConfig):
    """The action endpoint."""

    name = "bot.actions"
    label = "actions"
