"""The staff's pages as a Django application."""

from django.apps import AppConfig


class ConsoleConfig(AppConfig):
    """Pages only; what they show and do belongs to the apps behind them."""

    name = "bot.console"
    label = "console"
