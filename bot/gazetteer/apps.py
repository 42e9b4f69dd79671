"""Communities and estates as a Django application."""

from django.apps import AppConfig


class GazetteerConfig(AppConfig):
    """Communities and estates."""

    name = "bot.gazetteer"
    label = "gazetteer"
