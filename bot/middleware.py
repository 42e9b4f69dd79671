"""Small things done to every request: which port it came to, what a page may load."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

GetResponse = Callable[[HttpRequest], HttpResponse]

POLICY = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)


def internal_port(get_response: GetResponse) -> GetResponse:
    """Serve the action endpoint on the internal port only, and nothing else there."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if getattr(request, "scope", {}).get("bot.internal"):
            request.urlconf = "bot.urls_internal"  # type: ignore[attr-defined]
        return get_response(request)

    return middleware


def in_one_thread(get_response: GetResponse) -> GetResponse:
    """Last in the list and plainly synchronous: the whole chain runs in the request's one thread.

    Else each of Django's own would go to a thread and back, twice a request.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        return get_response(request)

    return middleware


def content_security_policy(get_response: GetResponse) -> GetResponse:
    """Pages load nothing from elsewhere and run no inline script; the API page needs its own."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        policy = POLICY
        if request.path.startswith("/api/docs"):
            policy += "; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'"
        response.headers.setdefault("Content-Security-Policy", policy)
        return response

    return middleware
