"""The curation of the knowledge as a Django application."""

from django.apps import AppConfig


class CurationConfig(AppConfig):
    """Revisions of the knowledge."""

    name = "bot.curation"
    label = "curation"
