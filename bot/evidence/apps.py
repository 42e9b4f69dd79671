"""Pictures and signatures as a Django application."""

from django.apps import AppConfig


class EvidenceConfig(AppConfig):
    """Pictures and signatures."""

    name = "bot.evidence"
    label = "evidence"
