"""What tickets and reports share as a Django application."""

from django.apps import AppConfig


class CaseworkConfig(AppConfig):
    """What tickets and reports share."""

    name = "bot.casework"
    label = "casework"
