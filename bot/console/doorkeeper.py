"""Nobody gets past ``/staff/`` without having signed in: a page is closed unless it says so.

Whoever has signed in and still owes something (a code, a password) is led there first.
What somebody may not do, or is not there, is told her in a sentence.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render

from bot.accounts.models import Staff
from bot.accounts.policies import Forbidden
from bot.accounts.services import staff_seen
from bot.console.asking import staff_of
from bot.console.entrance import held_back
from bot.console.navigation import home_of

STAFF = "staff/"


class StaffOnly(LoginRequiredMiddleware):
    """Django's own rule for the staff's pages alone; who passes was seen."""

    def process_view(
        self,
        request: HttpRequest,
        view_func: Callable[..., HttpResponseBase],
        view_args: tuple[Any, ...],
        view_kwargs: dict[str, Any],
    ) -> HttpResponseBase | None:
        """Send strangers to the sign-in page; None lets the request through."""
        match = request.resolver_match
        if match is None or not match.route.startswith(STAFF):
            return None
        refused = super().process_view(request, view_func, view_args, view_kwargs)
        if refused is None and isinstance(request.user, Staff):
            refused = held_back(request, match.url_name)
        if refused is None and isinstance(request.user, Staff):
            staff_seen(request.user)
        return refused

    def process_exception(
        self, request: HttpRequest, exception: Exception
    ) -> HttpResponseBase | None:
        """Put into a page why there is none; None leaves other failures to Django."""
        match = request.resolver_match
        if match is None or not match.route.startswith(STAFF):
            return None
        if isinstance(exception, PermissionDenied):
            sentence = str(exception) if isinstance(exception, Forbidden) else "这一页不归您看。"
            return _told(request, 403, "不能看", sentence)
        if isinstance(exception, Http404):
            return _told(request, 404, "没有找到", "没有这一页，可能已经删掉了，或者地址不对。")
        return None


def _told(request: HttpRequest, status: int, title: str, sentence: str) -> HttpResponseBase:
    home = home_of(staff_of(request)) if isinstance(request.user, Staff) else "/staff/"
    shown = {"title": title, "sentence": sentence, "home": home}
    return render(request, "console/forbidden.html", shown, status=status)
