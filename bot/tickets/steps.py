"""How a ticket changes: fresh and locked, by its table of states, logged, with the next due time.

Everything here runs inside the caller's transaction. Who may do it, and what else a step brings
with it, is for services.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from bot import clock
from bot.accounts.models import Staff
from bot.casework.calendar import office_calendar
from bot.casework.life import NotAllowed
from bot.tickets import states, telling
from bot.tickets.models import Ticket, TicketEvent

RESIDENT: Final = "resident"
STAFF: Final = "staff"
OFFICE: Final = "office"

ACCEPT_MINUTES: Final = 4 * 60
DISPATCH_MINUTES: Final = 4 * 60
START_MINUTES: Final = 8 * 60
# After a reminder; then it is given to somebody else, or goes to the supervisors.
SILENCE_MINUTES: Final = 4 * 60
CALL_BACK_DAYS: Final = 2


def locked(ticket: Ticket) -> Ticket:
    """Return the ticket as it stands now; nobody else changes it until the transaction ends."""
    rows = Ticket.objects.select_for_update(of=("self",))
    return rows.select_related("conversation", "community", "assignee", "helper").get(pk=ticket.pk)


def step_take(
    ticket: Ticket, step: str, staff: Staff | None, note: str = "", by: str = ""
) -> TicketEvent:
    """Take a step with a locked ticket, save and log it, and tell whom it concerns.

    Raises NotAllowed with a sentence when its state does not allow the step.
    """
    before, now = ticket.state, clock.now()
    ticket.state = states.LIFE.target(step, before)
    ticket.step_due_at = step_due(ticket, now)
    ticket.reminded_at = None
    ticket.closed_at = _closed_at(ticket, now)
    return _logged(ticket, step, before, staff, note, by, now)


def step_note(
    ticket: Ticket, step: str, staff: Staff | None, note: str = "", by: str = ""
) -> TicketEvent:
    """Save and log something that leaves a locked ticket's state as it is, and tell of it."""
    return _logged(ticket, step, ticket.state, staff, note, by, clock.now())


def step_due(ticket: Ticket, now: datetime) -> datetime | None:
    """Return until when the next step is to be taken; None if only the whole is promised."""
    calendar = office_calendar()
    if ticket.state == states.ORDERED:
        return calendar.add_minutes(now, ACCEPT_MINUTES)
    if ticket.state == states.ACCEPTED:
        return calendar.add_minutes(now, DISPATCH_MINUTES)
    if ticket.state == states.DISPATCHED:
        # Who waits for the day that was agreed is not silent.
        return max(calendar.add_minutes(now, START_MINUTES), ticket.time_at or now)
    if ticket.state == states.DELIVERED:
        return calendar.add_days(now, CALL_BACK_DAYS)
    return None


def require_state(ticket: Ticket, allowed: tuple[str, ...], what: str) -> None:
    """Raise NotAllowed with a sentence unless the ticket is in one of these states."""
    if ticket.state not in allowed:
        raise NotAllowed(f"现在是“{states.LABELS[ticket.state]}”，不能{what}。")


def _closed_at(ticket: Ticket, now: datetime) -> datetime | None:
    if ticket.state in states.OPEN:
        return None
    return ticket.closed_at or now


def _logged(
    ticket: Ticket,
    step: str,
    before: str,
    staff: Staff | None,
    note: str,
    by: str,
    now: datetime,
) -> TicketEvent:
    ticket.changed_at = now
    ticket.save()
    event = TicketEvent.objects.create(
        ticket=ticket,
        step=step,
        before=before,
        after=ticket.state,
        staff=staff,
        by=by or (STAFF if staff else RESIDENT),
        note=note,
        happened_at=now,
    )
    telling.event_tell(ticket, event)
    return event
