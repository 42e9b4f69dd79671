"""What one of the staff is told: the bell in the bar, and the page behind it."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from bot.console.asking import staff_of
from bot.handovers.selectors import staff_notices, staff_unseen
from bot.handovers.services import staff_notices_seen

MOST_SHOWN = 100


@never_cache
@require_safe
def bell(request: HttpRequest) -> HttpResponse:
    """Return the bell alone, or 204 if it is as the page has it."""
    if request.GET.get("version") == str(staff_unseen(staff_of(request))):
        return HttpResponse(status=204)
    return render(request, "console/bell.html")


@never_cache
@require_safe
def notices(request: HttpRequest) -> HttpResponse:
    """Show what she was told, what is new marked; then it counts as looked at."""
    staff = staff_of(request)
    told = list(staff_notices(staff, MOST_SHOWN))
    if told:
        staff_notices_seen(staff, told[0].pk)
    return render(request, "console/notices.html", {"told": told})
