"""Staff accounts as a Django application."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """The people of the office."""

    name = "bot.accounts"
    label = "accounts"
