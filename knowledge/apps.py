"""The knowledge as a Django application."""

from django.apps import AppConfig


class KnowledgeConfig(AppConfig):
    """What the office knows."""

    name = "knowledge"
    default_auto_field = "django.db.models.BigAutoField"
