"""Closed-loop reports as a Django application."""

from django.apps import AppConfig


class ReportsConfig(AppConfig):
    """Closed-loop reports."""

    name = "bot.reports"
    label = "reports"
