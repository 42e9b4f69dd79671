"""Who asks for a staff page, and whether she may have it; what all pages answer alike."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from django.db.models import prefetch_related_objects
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render

from bot.accounts.models import Staff
from bot.accounts.policies import Action, require

P = ParamSpec("P")
R = TypeVar("R", bound=HttpResponseBase)


def staff_of(request: HttpRequest) -> Staff:
    """Return who is signed in, her roles at hand; the doorkeeper has seen to it that she is."""
    staff = request.user
    assert isinstance(staff, Staff)
    prefetch_related_objects([staff], "roles")
    return staff


def needs(
    action: Action,
) -> Callable[[Callable[Concatenate[HttpRequest, P], R]], Callable[Concatenate[HttpRequest, P], R]]:
    """Open a page only to those who may do something; the others are told so in a sentence."""

    def wrap(
        view: Callable[Concatenate[HttpRequest, P], R],
    ) -> Callable[Concatenate[HttpRequest, P], R]:
        @wraps(view)
        def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> R:
            require(staff_of(request), action)
            return view(request, *args, **kwargs)

        return guarded

    return wrap


def fragment(request: HttpRequest, template: str, shown: dict[str, Any]) -> HttpResponse:
    """Return a part of a page, or 204 if it is as the page has it."""
    if request.GET.get("version") == shown["version"]:
        return HttpResponse(status=204)
    return render(request, template, shown)


def problems_of(form: Any) -> str:
    """Return what is wrong with a form as sentences."""
    return " ".join(str(error) for errors in form.errors.values() for error in errors)
