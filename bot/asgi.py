"""The ASGI applications: the public one, and the internal one for Rasa's actions."""

from __future__ import annotations

import os
from typing import Any

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bot.settings")
application = get_asgi_application()


async def internal(scope: Any, receive: Any, send: Any) -> None:
    """The same application, told that the request came to the internal port."""
    await application({**scope, "bot.internal": True}, receive, send)
