"""Whether somebody can take a call now: the hall is open, or a clerk is at the desk anyway."""

from __future__ import annotations

from bot import clock
from bot.actions import office
from bot.handovers.desk import Desk
from knowledge import opening
from knowledge.search.errors import SearchError


def takes_calls(sender: str) -> bool:
    """Whether a call passed on now would be answered, as far as hours and desk tell."""
    queue = Desk().state(sender)
    return (queue is not None and queue.staff_online) or _hall_is_open()


def _hall_is_open() -> bool:
    try:
        places = office.guide().places
    except SearchError:
        return True
    hall = next((place for place in places if place.kind == "hall"), None)
    return hall is None or opening.is_open(hall.hours, clock.now())
