"""Proxy tickets as a Django application."""

from django.apps import AppConfig


class TicketsConfig(AppConfig):
    """Proxy tickets."""

    name = "bot.tickets"
    label = "tickets"
