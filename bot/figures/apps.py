"""The application of figures."""

from django.apps import AppConfig


class FiguresConfig(AppConfig):
    """Counts by day, and what is read from them."""

    name = "bot.figures"
    label = "figures"
