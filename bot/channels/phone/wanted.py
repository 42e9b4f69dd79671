"""Whether this machine is to have a telephone line; nothing heavy is imported for the question."""

from __future__ import annotations

from importlib.util import find_spec

from django.conf import settings


def is_wanted() -> bool:
    """Whether ``serve`` starts the line: as the setting says, or if it could speak."""
    if settings.BOT_VOICE != "auto":
        return bool(settings.BOT_VOICE == "on")
    return settings.BOT_VOICE_ENGINE != "espeak" or find_spec("espeakng_loader") is not None
