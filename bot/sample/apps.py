"""The application of the sample: no tables of its own, one command."""

from django.apps import AppConfig


class SampleConfig(AppConfig):
    """Fills a database with what never happened."""

    name = "bot.sample"
    label = "sample"
