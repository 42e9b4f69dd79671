"""What is asked about tickets."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet

from bot.casework.digests import phone_digest
from bot.conversations.models import Conversation
from bot.reports.models import Reporter
from bot.tickets import states
from bot.tickets.models import Rating, Ticket, TicketEvent

Case = Ticket | Reporter


def cases_of(conversation: Conversation) -> list[Case]:
    """Return the tickets and reports of a conversation, the newest first."""
    return _cases(Q(conversation=conversation))


def cases_of_phone(phone: str) -> list[Case]:
    """Return the tickets and reports with a phone number, the newest first; for staff only."""
    return _cases(Q(phone_digest=phone_digest(phone)))


def ticket_alike(conversation: Conversation, item_id: str, name: str, phone: str) -> Ticket | None:
    """Return the open ticket of a conversation for the same item, person and phone, if any."""
    open_ones = Ticket.objects.filter(
        conversation=conversation,
        item_id=item_id,
        phone_digest=phone_digest(phone),
        state__in=states.OPEN,
    )
    return next((t for t in open_ones if t.sealed_person.get("name") == name), None)


def case_numbered(number: str) -> Case | None:
    """Return the ticket or report with a number, for whom it has been proved to be hers."""
    ticket = Ticket.objects.filter(number=number).select_related("assignee", "community").first()
    return ticket or Reporter.objects.filter(number=number).select_related("report").first()


def case_of_request(request_key: str) -> Case | None:
    """Return the ticket or report that a form has opened already, if it has."""
    if not request_key:
        return None
    ticket = Ticket.objects.filter(request_key=request_key).select_related("community").first()
    reporters = Reporter.objects.filter(request_key=request_key).select_related("report")
    return ticket or reporters.first()


def _cases(which: Q) -> list[Case]:
    tickets = Ticket.objects.filter(which).select_related("assignee", "community", "conversation")
    reporters = Reporter.objects.filter(which).select_related("report", "conversation")
    return sorted([*tickets, *reporters], key=opened_at, reverse=True)


def opened_at(case: Case) -> datetime:
    """Return when a resident was given her number."""
    return case.opened_at if isinstance(case, Ticket) else case.reported_at


def note_of(ticket: Ticket, step: str) -> str:
    """Return what was noted when a step was last taken, empty if it never was."""
    event = ticket.events.filter(step=step).last()
    return event.note if event else ""


def unheeded(now: datetime) -> QuerySet[Ticket]:
    """Return the tickets whose next step is due and nobody has been reminded of it."""
    return Ticket.objects.filter(step_due_at__lte=now, reminded_at=None).order_by("pk")


def reminded() -> QuerySet[Ticket]:
    """Return the tickets that still wait for a first step after somebody was reminded.

    Those that have gone to the supervisors since are left out.
    """
    told = TicketEvent.objects.filter(
        ticket=OuterRef("pk"), step="escalate", happened_at__gte=OuterRef("reminded_at")
    )
    waiting = (states.ORDERED, states.ACCEPTED, states.DISPATCHED)
    rows = Ticket.objects.filter(state__in=waiting, reminded_at__isnull=False)
    return rows.exclude(Exists(told)).order_by("pk")


def overdue(now: datetime) -> QuerySet[Ticket]:
    """Return the open tickets whose promised time is over; while suspended its clock stands."""
    running = [state for state in states.OPEN if state != states.SUSPENDED]
    return Ticket.objects.filter(state__in=running, due_at__lte=now).order_by("due_at", "pk")


def overdue_untold(now: datetime) -> QuerySet[Ticket]:
    """Return the overdue tickets of which the supervisors have not been told yet."""
    told = TicketEvent.objects.filter(
        ticket=OuterRef("pk"), step="overdue", happened_at__gte=OuterRef("due_at")
    )
    return overdue(now).exclude(Exists(told))


def unrectified_late(now: datetime) -> QuerySet[Rating]:
    """Return the bad ratings past their time of which the supervisors have not been told yet."""
    return _unrectified("rectify_late").filter(rectify_due_at__lte=now)


def unrectified_near(now: datetime, soon: datetime) -> QuerySet[Rating]:
    """Return the bad ratings due soon of which the supervisors have not been told yet."""
    return _unrectified("rectify_near").filter(rectify_due_at__gt=now, rectify_due_at__lte=soon)


def _unrectified(step: str) -> QuerySet[Rating]:
    """Return the bad ratings that count, are not made good, and have no ``step`` noted yet."""
    newer = Rating.objects.filter(ticket=OuterRef("ticket"), pk__gt=OuterRef("pk"))
    told = TicketEvent.objects.filter(
        ticket=OuterRef("ticket"), step=step, happened_at__gte=OuterRef("given_at")
    )
    rows = Rating.objects.filter(score__lt=Rating.WORST_GOOD, rectified_at=None)
    return rows.exclude(Exists(newer)).exclude(Exists(told)).select_related("ticket").order_by("pk")
