"""The machine in the hall: a page for one visitor after the other, each with her own conversation.

Nothing is kept in the browser, no cookie either: a page that is loaded anew knows nobody. When to
begin anew is decided by the page's script (``kiosk.js``), which looks after the quiet machine.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import uuid4

from django.core.cache import cache
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from bot import clock
from bot.actions import office
from bot.actions.context import Guide
from bot.api.auth import token_for
from bot.channels.web import open_now
from bot.conversations import phrases
from bot.conversations.models import TurnRecord
from knowledge.search.errors import SearchError

# A visitor who walks away: after how long the page asks, and how long it then waits.
IDLE_SECONDS = 60
COUNTDOWN_SECONDS = 20
MOST_TILES = 8
# What residents come to the hall for, until the record of conversations knows better.
USUAL_ITEMS = ("SB13", "GA02", "MZ11", "SB17", "GG08", "CL01", "WJ09", "CG07")
# Fewer questions than this say nothing about what is asked most.
FEWEST_ASKED = 5
COUNTED_DAYS = 30
KEPT_SECONDS = 600
_KEY = "kiosk:most-asked"


@dataclass(frozen=True)
class Tile:
    """A large field of the start screen: what it says and what is sent when it is touched."""

    title: str
    note: str
    payload: str


@require_safe
def kiosk(request: HttpRequest) -> HttpResponse:
    """Show the start screen to a new visitor."""
    conversation_id = uuid4().hex
    page = {
        "conversation_id": conversation_id,
        "token": token_for(conversation_id),
        "tiles": _tiles(),
        "notice": phrases.NOTICE,
        "open_now": open_now(),
        "idle_seconds": IDLE_SECONDS,
        "countdown_seconds": COUNTDOWN_SECONDS,
    }
    response = render(request, "kiosk.html", page)
    response.headers["Cache-Control"] = "no-store"
    return response


def _tiles() -> list[Tile]:
    try:
        guide = office.guide()
    except SearchError:
        return []
    wanted = dict.fromkeys((*most_asked(), *USUAL_ITEMS))
    tiles = [tile for item_id in wanted if (tile := _tile(guide, item_id))]
    return tiles[:MOST_TILES]


def _tile(guide: Guide, item_id: str) -> Tile | None:
    item = guide.item(item_id)
    if item is None:
        return None
    return Tile(item.short_name, item.category, f"ask:{item_id}:overview")


def most_asked() -> tuple[str, ...]:
    """Return the ids of the items answered most often of late, the most frequent first."""
    kept: tuple[str, ...] | None = cache.get(_KEY)
    if kept is None:
        kept = _counted()
        cache.set(_KEY, kept, KEPT_SECONDS)
    return kept


def _counted() -> tuple[str, ...]:
    since = clock.now() - timedelta(days=COUNTED_DAYS)
    rows = (
        TurnRecord.objects.filter(asked_at__gte=since, reply__kind="answer")
        .values_list("reply__item")
        .annotate(times=Count("id"))
        .filter(times__gte=FEWEST_ASKED)
        .order_by("-times")[:MOST_TILES]
    )
    return tuple(item_id for item_id, _ in rows if item_id)
