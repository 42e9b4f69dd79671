"""The page of what could not be delivered: try again, or tell it oneself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from bot.accounts.models import Staff
from bot.accounts.policies import Action, cases_within, may
from bot.console.asking import needs, staff_of
from bot.console.rows import CHANNELS
from bot.conversations.privacy import mask
from bot.handovers.models import Notice
from bot.handovers.selectors import dead_letters
from bot.handovers.services import notice_look, notice_retry, notice_told

MOST_COUNTED: Final = 1000
ON_PAGE: Final = 50
_WHY: Final = {
    "": "没有说原因",
    "Forbidden": "对方拉黑或停用了",
    "told by a person": "已经转告",
}


@dataclass(frozen=True)
class Letter:
    """One notice that was given up."""

    notice: Notice
    to: str
    way: str
    why: str
    text: str


@never_cache
@require_safe
@needs(Action.DEADLETTERS_VIEW)
def letters(request: HttpRequest) -> HttpResponse:
    """Show what was given up, the newest first."""
    return _page(request)


@never_cache
@require_POST
@needs(Action.DEADLETTERS_VIEW)
def act(request: HttpRequest, notice_id: int, what: str) -> HttpResponse:
    """Try one again, note that it was told, or show where it was to go."""
    staff = staff_of(request)
    notice = get_object_or_404(_hers(staff), pk=notice_id)
    if what == "look":
        address = notice_look(notice, staff)
        return _page(request, address=address, address_of=notice.pk)
    if what not in _ACTS:
        raise Http404(what)
    _ACTS[what](notice, staff)
    return redirect("staff-letters")


_ACTS: Final[dict[str, Callable[[Notice, Staff], None]]] = {
    "retry": notice_retry,
    "told": notice_told,
}


def _hers(staff: Staff) -> QuerySet[Notice]:
    return cases_within(staff, Action.DEADLETTERS_VIEW, dead_letters())


def _page(request: HttpRequest, **more: Any) -> HttpResponse:
    before = request.GET.get("before", "")
    rows = _hers(staff_of(request))
    # Nobody reads on there; so many are as good as all.
    count = rows[: MOST_COUNTED + 1].count()
    if before.isdecimal():
        rows = rows.filter(pk__lt=int(before[:18]))
    found = list(rows[: ON_PAGE + 1])
    shown = {
        "letters": [_letter(notice) for notice in found[:ON_PAGE]],
        "count": min(count, MOST_COUNTED),
        "is_more": count > MOST_COUNTED,
        "following": found[ON_PAGE - 1].pk if len(found) > ON_PAGE else "",
        "may_talk": may(staff_of(request), Action.DESK_USE),
        **more,
    }
    return render(request, "console/letters.html", shown)


def _letter(notice: Notice) -> Letter:
    channel = notice.conversation.channel if notice.conversation else ""
    return Letter(
        notice=notice,
        to=f"工作人员{notice.staff}" if notice.staff else "居民",
        way=CHANNELS.get(channel, str(notice.get_medium_display())),
        why=_WHY.get(notice.last_error, notice.last_error),
        text=mask(notice.text),
    )
