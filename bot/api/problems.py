"""Errors as problem JSON (RFC 9457): what was expected, never how the inside looks."""

from __future__ import annotations

import logging
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, JsonResponse
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import exception_handler

log = logging.getLogger(__name__)

CONTENT_TYPE = "application/problem+json"
TITLES = {
    400: "The request cannot be understood",
    401: "Who is asking?",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    406: "Not acceptable",
    409: "Conflict",
    413: "Too large",
    415: "Expected another type of body",
    429: "Too many requests",
    500: "Something went wrong on our side",
    503: "Not ready yet",
}


def problem(status: int, detail: str, errors: Any = None) -> dict[str, Any]:
    """Return the body of a problem."""
    body = {"type": "about:blank", "title": TITLES.get(status, "Error"), "status": status}
    body["detail"] = detail
    return body if errors is None else {**body, "errors": errors}


def problem_response(error: Exception, context: dict[str, Any]) -> Response | None:
    """Django REST framework's exception handler."""
    if isinstance(error, RequestDataTooBig):
        return _drf(413, problem(413, "the body is larger than a message can be"))
    response = exception_handler(error, context)
    if response is None:
        return None
    errors = response.data if isinstance(error, exceptions.ValidationError) else None
    body = problem(response.status_code, _detail(error, response.data), errors)
    answer = _drf(response.status_code, body)
    for name in ("WWW-Authenticate", "Retry-After", "Allow"):
        if name in response.headers:
            answer[name] = response.headers[name]
    return answer


def _drf(status: int, body: dict[str, Any]) -> Response:
    return Response(body, status=status, content_type=CONTENT_TYPE)


def _detail(error: Exception, data: Any) -> str:
    if isinstance(error, exceptions.ValidationError):
        if isinstance(data, dict):
            return "; ".join(f"{name}: {_first(value)}" for name, value in data.items())
        return _first(data)
    return str(getattr(error, "detail", error))


def _first(value: Any) -> str:
    while isinstance(value, list | dict) and value:
        value = value[0] if isinstance(value, list) else next(iter(value.values()))
    return str(value)


def _plain(status: int, detail: str) -> HttpResponse:
    return JsonResponse(problem(status, detail), status=status, content_type=CONTENT_TYPE)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's own 400: a malformed header, host or form."""
    return _plain(400, "the request is malformed")


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's own 403."""
    return _plain(403, "this is not for you")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's own 404."""
    return _plain(404, "there is nothing at this address; see /api/schema")


def server_error(request: HttpRequest) -> HttpResponse:
    """Django's own 500: logged, told without its inside."""
    return _plain(500, "the error has been logged")
