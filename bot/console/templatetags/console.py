"""The bar of every staff page: where one can go, and what one has been told."""

from __future__ import annotations

from typing import Any

from django import template
from django.http import HttpRequest

from bot.accounts.models import Staff
from bot.casework.numbers import spaced_number
from bot.console.asking import staff_of
from bot.console.entrance import is_held
from bot.console.navigation import current_of, entries_for
from bot.handovers.selectors import staff_unseen

register = template.Library()
register.filter("spaced_number", spaced_number)


@register.inclusion_tag("console/_bar.html")
def staff_bar(request: HttpRequest) -> dict[str, Any]:
    """Show where its reader may go; nothing to whoever is not signed in."""
    if not isinstance(request.user, Staff) or is_held(request):
        return {"staff": None}
    staff = staff_of(request)
    entries = entries_for(staff)
    return {"staff": staff, "entries": entries, "current": current_of(entries, request.path)}


@register.inclusion_tag("console/_bell.html")
def staff_bell(request: HttpRequest) -> dict[str, Any]:
    """Show how much its reader has been told and not looked at."""
    if not isinstance(request.user, Staff) or is_held(request):
        return {"staff": None}
    return {"staff": request.user, "unseen": staff_unseen(request.user)}
