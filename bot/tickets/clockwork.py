"""What happens to tickets by themselves: reminders, taking back, supervisors; all in working hours.

Each ticket is looked at again under its lock: who has acted in the meantime is left in peace.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from datetime import datetime, time
from typing import Final

from django.db import transaction

from bot import clock
from bot.casework.calendar import office_calendar
from bot.casework.life import NotAllowed
from bot.tickets import lookup, selectors, states
from bot.tickets.models import Ticket
from bot.tickets.services import ticket_take_back
from bot.tickets.steps import OFFICE, SILENCE_MINUTES, locked, step_note

log = logging.getLogger(__name__)

# So many working days before a bad rating is to be made good its supervisors are told.
RECTIFY_NOTICE_DAYS: Final = 3
# When residents may be told something that can wait.
WAKING: Final = (time(8), time(20))


def tickets_sweep() -> None:
    """Do what is due; before and after work only whoever's number was tried hears of it."""
    now = clock.now()
    if WAKING[0] <= now.time() < WAKING[1]:
        lookup.tries_tell(now)
    if not office_calendar().is_working(now):
        return
    _each(selectors.reminded(), _press)
    _each(selectors.unheeded(now), _remind)
    _each(selectors.overdue_untold(now), _overdue)
    _each((row.ticket for row in selectors.unrectified_late(now)), _rectify_late)
    _each((row.ticket for row in selectors.unrectified_near(now, _soon(now))), _rectify_near)


def _each(tickets: Iterable[Ticket], do: Callable[[Ticket], None]) -> None:
    """Do it for each in a transaction of its own; one that fails does not stop the others."""
    for ticket in list(tickets):
        try:
            with transaction.atomic():
                do(locked(ticket))
        except NotAllowed:
            # Somebody was faster.
            continue
        except Exception:
            log.exception("ticket %s: the sweep's %s failed", ticket.number, do.__name__)


def _remind(ticket: Ticket) -> None:
    now = clock.now()
    if ticket.reminded_at or ticket.step_due_at is None or ticket.step_due_at > now:
        return
    ticket.reminded_at = now
    step_note(ticket, "remind", None, by=OFFICE)


def _press(ticket: Ticket) -> None:
    """After a reminder that nobody heeded: what was dispatched is taken back, the rest told of."""
    calendar = office_calendar()
    if ticket.reminded_at is None:
        return
    if calendar.add_minutes(ticket.reminded_at, SILENCE_MINUTES) > clock.now():
        return
    if ticket.state == states.DISPATCHED:
        ticket_take_back(ticket)
    elif ticket.state in (states.ORDERED, states.ACCEPTED):
        step_note(ticket, "escalate", None, by=OFFICE)


def _overdue(ticket: Ticket) -> None:
    if selectors.overdue_untold(clock.now()).filter(pk=ticket.pk).exists():
        step_note(ticket, "overdue", None, by=OFFICE)


def _rectify_late(ticket: Ticket) -> None:
    if selectors.unrectified_late(clock.now()).filter(ticket=ticket).exists():
        step_note(ticket, "rectify_late", None, by=OFFICE)


def _rectify_near(ticket: Ticket) -> None:
    now = clock.now()
    if selectors.unrectified_near(now, _soon(now)).filter(ticket=ticket).exists():
        step_note(ticket, "rectify_near", None, by=OFFICE)


def _soon(now: datetime) -> datetime:
    return office_calendar().add_days(now, RECTIFY_NOTICE_DAYS)
