"""Nobody gets past ``/staff/`` without having signed in: a page is closed unless it says so."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from bot.accounts.models import Staff
from bot.accounts.services import staff_seen

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
            staff_seen(request.user)
        return refused
