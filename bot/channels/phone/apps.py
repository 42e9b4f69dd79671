"""The telephone line as a Django application."""

from django.apps import AppConfig


class PhoneConfig(AppConfig):
    """Calls, and what is kept of them."""

    name = "bot.channels.phone"
    label = "phone"
