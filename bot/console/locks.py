"""The page of those who are locked out after too many wrong passwords."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from bot.accounts.lockouts import lockout_end, lockouts
from bot.accounts.policies import Action
from bot.console.asking import needs, staff_of


@never_cache
@require_safe
@needs(Action.STAFF_EDIT)
def locks(request: HttpRequest) -> HttpResponse:
    """Show who is locked out now."""
    return render(request, "console/locks.html", {"lockouts": lockouts()})


@require_POST
@needs(Action.STAFF_EDIT)
def unlock(request: HttpRequest, attempt_id: int) -> HttpResponse:
    """Let somebody try again."""
    lockout_end(attempt_id, by=staff_of(request))
    return redirect("staff-locks")
