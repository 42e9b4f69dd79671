"""The log of changes as a Django application."""

from django.apps import AppConfig


class AuditConfig(AppConfig):
    """What was done by whom."""

    name = "bot.audit"
    label = "audit"
