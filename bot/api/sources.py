"""Which source an alert comes from: each has a key of its own and speaks for itself only."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from functools import lru_cache

from django.conf import settings
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from bot.api.auth import development_key

SHORTEST_KEY = 8
LONGEST_NAME = 40


@dataclass(frozen=True)
class AlertSource:
    """A sender of alerts; the development key's ``name`` is empty and stands for any."""

    name: str
    is_authenticated: bool = True


def parse_alert_keys(text: str) -> dict[str, AlertSource]:
    """Read ``name:key,…``; raises ValueError naming the entry. Names and keys are given once."""
    sources: dict[str, AlertSource] = {}
    for entry in filter(None, (part.strip() for part in text.split(","))):
        name, _, key = entry.partition(":")
        if not 0 < len(name) <= LONGEST_NAME or len(key) < SHORTEST_KEY:
            raise ValueError(
                f"BOT_ALERT_KEYS, entry “{name[:LONGEST_NAME]}”: expected name:key, a name of at "
                f"most {LONGEST_NAME} characters, a key of at least {SHORTEST_KEY}"
            )
        if key in sources or name in {source.name for source in sources.values()}:
            raise ValueError(f"BOT_ALERT_KEYS, entry “{name}”: name or key is another entry's")
        sources[key] = AlertSource(name)
    return sources


@lru_cache(maxsize=4)
def _sources(text: str) -> dict[str, AlertSource]:
    if text or settings.PRODUCTION:
        return parse_alert_keys(text)
    return {development_key(): AlertSource("")}


class AlertKeyAuthentication(BaseAuthentication):
    """``X-API-Key``, one of BOT_ALERT_KEYS."""

    def authenticate(self, request: Request) -> tuple[AlertSource, None] | None:
        """Return the source of the key, None without a key; a wrong key is refused."""
        given = request.headers.get("X-API-Key")
        if given is None:
            return None
        found = None
        for key, source in _sources(settings.BOT_ALERT_KEYS).items():
            if hmac.compare_digest(key.encode(), given.encode("utf-8", "replace")):
                found = source
        if found is None:
            raise AuthenticationFailed("X-API-Key: this key is not known as a source of alerts")
        return found, None

    def authenticate_header(self, request: Request) -> str:
        """What a 401 asks for."""
        return "X-API-Key"


class AlertKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the schema describes the key."""

    target_class = AlertKeyAuthentication
    name = "alertKey"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        """Return the OpenAPI security scheme."""
        return {"type": "apiKey", "in": "header", "name": "X-API-Key"}
