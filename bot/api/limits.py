"""How often a key, an address and a conversation may ask (per minute)."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest
from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle
from rest_framework.views import APIView


class _Limit(SimpleRateThrottle):
    """Counts in the process's cache; off only where the settings allow it."""

    def allow_request(self, request: Request, view: APIView) -> bool:
        """Let through when limits are off."""
        return settings.BOT_RATE_LIMITS == "off" or super().allow_request(request, view)


class KeyLimit(_Limit):
    """An outside program."""

    scope = "key"
    rate = "1200/min"

    def get_cache_key(self, request: Request, view: APIView) -> str | None:
        """Count by the speaker's name; pages are counted by address."""
        speaker = request.user
        if not getattr(speaker, "name", "") or speaker.conversation_id:  # type: ignore[union-attr]
            return None
        return f"limit:key:{speaker.name}"  # type: ignore[union-attr]


class AddressLimit(_Limit):
    """A machine in front of the page."""

    scope = "address"
    rate = "300/min"

    def get_cache_key(self, request: Request, view: APIView) -> str | None:
        """Count by address, pages only."""
        if not getattr(request.user, "conversation_id", ""):
            return None
        return f"limit:address:{self.get_ident(request)}"


class PageLimit(AddressLimit):
    """The form of the page, which works without scripts; counted with the page's messages."""

    def lets(self, request: HttpRequest) -> bool:
        """Whether one more may be taken from this address."""
        return self.allow_request(Request(request), APIView())

    def get_cache_key(self, request: Request, view: APIView) -> str:
        """Count by address."""
        return f"limit:address:{self.get_ident(request)}"


class ConversationLimit(_Limit):
    """One conversation, whoever speaks for it."""

    scope = "conversation"
    rate = "60/min"

    def get_cache_key(self, request: Request, view: APIView) -> str | None:
        """Count by speaker and conversation."""
        name = getattr(request.user, "name", "")
        data = request.data if isinstance(request.data, dict) else {}
        conversation = str(data.get("conversation_id", ""))[:200]
        return f"limit:conversation:{hash((name, conversation))}" if conversation else None


class AlertLimit(_Limit):
    """A source of alerts. A storm is joined, so it may be dense."""

    scope = "alerts"
    rate = "6000/min"

    def get_cache_key(self, request: Request, view: APIView) -> str | None:
        """Count by the source's name."""
        return f"limit:alerts:{request.user.name}"  # type: ignore[union-attr]


LIMITS = [KeyLimit, AddressLimit, ConversationLimit]
