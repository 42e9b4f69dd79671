"""Who speaks: an outside program with its key, or the web page for its own conversation."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from functools import lru_cache

from django.conf import settings
from django.core import signing
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from bot.secrets_file import kept_secret

DEFAULT_CHANNELS = frozenset({"api", "kiosk", "web"})
# The page speaks under this name; a key with it would share the page's conversations.
WEB_PAGE = "web"
# In development the printed key may try every channel.
ALL_CHANNELS = frozenset({"web", "voice", "telegram", "wechat", "kiosk", "api"})
TOKEN_HEADER = "X-Conversation-Token"  # noqa: S105 (a name, no secret)
TOKEN_SALT = "web-conversation"  # noqa: S105 (a name, no secret)
TOKEN_DAYS = 30


@dataclass(frozen=True)
class Speaker:
    """Who is allowed to speak, for which channels; ``conversation_id`` binds a page to its own."""

    name: str
    channels: frozenset[str] = field(default_factory=frozenset)
    conversation_id: str = ""
    is_authenticated: bool = True


def parse_keys(text: str) -> dict[str, Speaker]:
    """Read ``name:key[:channel+channel…],…``; raises ValueError naming the entry.

    Names and keys are each given once, and ``web`` is the page's own name.
    """
    speakers: dict[str, Speaker] = {}
    for entry in filter(None, (part.strip() for part in text.split(","))):
        name, _, rest = entry.partition(":")
        key, _, channels = rest.partition(":")
        wanted = frozenset(filter(None, channels.split("+"))) or DEFAULT_CHANNELS
        if not name or len(key) < 8 or not wanted <= ALL_CHANNELS:
            raise ValueError(
                f"BOT_API_KEYS, entry “{name}”: expected name:key[:channel+channel…], "
                f"a key of at least 8 characters, channels of {sorted(ALL_CHANNELS)}"
            )
        if name == WEB_PAGE or name in {speaker.name for speaker in speakers.values()}:
            raise ValueError(f"BOT_API_KEYS, entry “{name}”: this name is taken")
        if key in speakers:
            raise ValueError(f"BOT_API_KEYS, entry “{name}”: its key is another entry's")
        speakers[key] = Speaker(name, wanted)
    return speakers


@lru_cache(maxsize=4)
def _speakers(text: str) -> dict[str, Speaker]:
    if text or settings.PRODUCTION:
        return parse_keys(text)
    return {development_key(): Speaker("development", ALL_CHANNELS)}


def development_key() -> str:
    """Return the key that is made on first start; only for development."""
    return kept_secret(settings.DEVELOPMENT_KEY_FILE)


class ApiKeyAuthentication(BaseAuthentication):
    """``X-API-Key``."""

    def authenticate(self, request: Request) -> tuple[Speaker, None] | None:
        """Return the speaker of the key, None without a key; a wrong key is refused."""
        given = request.headers.get("X-API-Key")
        if given is None:
            return None
        for key, speaker in _speakers(settings.BOT_API_KEYS).items():
            if hmac.compare_digest(key.encode(), given.encode("utf-8", "replace")):
                return speaker, None
        raise AuthenticationFailed("X-API-Key: this key is not known")

    def authenticate_header(self, request: Request) -> str:
        """What a 401 asks for."""
        return "X-API-Key"


class ConversationTokenAuthentication(BaseAuthentication):
    """``X-Conversation-Token``: the web page's signed right to speak for its own conversation."""

    def authenticate(self, request: Request) -> tuple[Speaker, None] | None:
        """Return the page as a speaker, None without a token; a false token is refused."""
        token = request.headers.get(TOKEN_HEADER)
        if token is None:
            return None
        conversation_id = conversation_of_token(token)
        if conversation_id is None:
            raise AuthenticationFailed(f"{TOKEN_HEADER}: expired or not ours; reload the page")
        return Speaker(WEB_PAGE, frozenset({"web", "kiosk"}), conversation_id), None


def conversation_of_token(token: str) -> str | None:
    """Return the conversation a token was made for, None if it is false or expired."""
    try:
        found: str = signing.loads(token, salt=TOKEN_SALT, max_age=TOKEN_DAYS * 86400)
    except signing.BadSignature:
        return None
    return found


def token_for(conversation_id: str) -> str:
    """Sign a web page's right to its conversation."""
    return signing.dumps(conversation_id, salt=TOKEN_SALT)


class ApiKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the schema describes the key."""

    target_class = ApiKeyAuthentication
    name = "apiKey"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        """Return the OpenAPI security scheme."""
        return {"type": "apiKey", "in": "header", "name": "X-API-Key"}


class ConversationTokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the schema describes the page's token."""

    target_class = ConversationTokenAuthentication
    name = "conversationToken"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        """Return the OpenAPI security scheme."""
        return {"type": "apiKey", "in": "header", "name": TOKEN_HEADER}
