"""What a page may load."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

GetResponse = Callable[[HttpRequest], HttpResponse]

POLICY = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)


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
