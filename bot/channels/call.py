"""The page that calls: a browser's microphone instead of a telephone.

The page itself, and a token for each call that is made from it. The sound goes to the line's own
process (``voice.transports.browser``), which asks this module whether a token is ours and whether
a page may call; nothing is said about the resident.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.http.request import split_domain_port, validate_host
from django.shortcuts import render
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_safe
from drf_spectacular.utils import extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from bot.api.limits import AddressLimit
from bot.channels.web import ELDER_COOKIE, ELDER_COOKIE_SECONDS, letter_size, open_now
from bot.middleware import POLICY
from voice.http import BROWSER_PATH

TOKEN_SALT = "voice-call"  # noqa: S105 (a name, no secret)
# The page asks for its token when the button is pressed, and connects at once.
TOKEN_SECONDS = 60
KEYS = ("1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "0", "#")


@ensure_csrf_cookie
@require_safe
def call(request: HttpRequest) -> HttpResponse:
    """Show the page with its call button."""
    letters = letter_size(request)
    response = render(request, "call.html", _page(request, letters))
    if "elder" in request.GET:
        # As on the chat page, whose scripts read and change it.
        response.set_cookie(
            ELDER_COOKIE, str(letters), max_age=ELDER_COOKIE_SECONDS, samesite="Lax"
        )
    line = urlsplit(line_address(request))
    response.headers["Content-Security-Policy"] = (
        f"{POLICY}; connect-src 'self' {line.scheme}://{line.netloc}"
    )
    response.headers["Permissions-Policy"] = "microphone=(self)"
    response.headers["Cache-Control"] = "no-store"
    return response


def _page(request: HttpRequest, letters: int) -> dict[str, Any]:
    return {
        "line": line_address(request),
        "keys": KEYS,
        "open_now": open_now(),
        "elder": bool(letters),
        "letters": letters,
    }


def line_address(request: HttpRequest) -> str:
    """Return where this browser reaches the line's WebSocket."""
    if settings.BOT_VOICE_URL:
        return str(settings.BOT_VOICE_URL)
    host, _ = split_domain_port(request.get_host())
    scheme = "wss" if request.is_secure() else "ws"
    return f"{scheme}://{host}:{settings.BOT_VOICE_HTTP_PORT}{BROWSER_PATH}"


class CallLimit(AddressLimit):
    """One address may begin so many calls."""

    scope = "call"
    rate = "20/min"

    def get_cache_key(self, request: Request, view: APIView) -> str:
        """Count by address."""
        return f"limit:call:{self.get_ident(request)}"


@extend_schema(exclude=True)
class CallTokenView(APIView):
    """A token for one call, valid for a minute."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    throttle_classes = (CallLimit,)

    def get(self, request: Request) -> Response:
        """Sign a new call."""
        headers = {"Cache-Control": "no-store"}
        return Response({"token": token_for_call(uuid4().hex)}, headers=headers)


def token_for_call(call_id: str) -> str:
    """Sign the right to make one call."""
    return signing.dumps(call_id, salt=TOKEN_SALT)


def call_of_token(token: str) -> str | None:
    """Return the call that a token was made for, None if it is false or expired."""
    try:
        found: str = signing.loads(token, salt=TOKEN_SALT, max_age=TOKEN_SECONDS)
    except signing.BadSignature:
        return None
    return found


def is_own_origin(origin: str) -> bool:
    """Whether a page of this address is one of ours."""
    parts = urlsplit(origin)
    host, _ = split_domain_port(parts.netloc.lower())
    return parts.scheme in ("http", "https") and validate_host(host, settings.ALLOWED_HOSTS)
