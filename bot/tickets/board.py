"""What the staff's board asks of tickets: filtered, in the order of urgency, a page at a time.

Only what somebody may see is ever returned (accounts.policies). Pages go on by key: the last row's
due time (or, of what is over, its last change) and id.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from django.db.models import Count, Max, Q, QuerySet

from bot.accounts.models import Staff, StaffRole
from bot.accounts.policies import POLICY, Action, Role, cases_visible
from bot.casework.digests import phone_digest
from bot.casework.numbers import number_in
from bot.casework.routing import least_loaded, on_shift
from bot.tickets import states
from bot.tickets.models import Ticket, TicketEvent

PAGE: Final = 30
# What stands on the board: in the office's hands, or done and not called back yet.
ON_BOARD: Final = (*states.OPEN, states.DELIVERED)
_WORKERS: Final = tuple(Role(role) for role in POLICY[Action.TICKET_WORK])
_FEWEST_PHONE_DIGITS: Final = 7


@dataclass(frozen=True)
class Wanted:
    """What is looked for; empty wants everything that is not over."""

    words: str = ""
    state: str = ""
    community: int | None = None
    is_mine: bool = False
    is_overdue: bool = False

    @property
    def is_by_change(self) -> bool:
        """Whether the newest change stands first: what is over has no time left."""
        return self.state in states.OVER


@dataclass(frozen=True)
class Page:
    """Some tickets, and the key after which the next page begins (empty on the last)."""

    tickets: list[Ticket]
    next_key: str = ""


@dataclass(frozen=True)
class Candidate:
    """Somebody who may be given a ticket."""

    staff: Staff
    is_near: bool
    is_on_shift: bool
    open_cases: int


@dataclass(frozen=True)
class Candidates:
    """Who may be given a ticket, those near it first; ``preset`` is whose turn it is."""

    rows: list[Candidate] = field(default_factory=list)
    preset: Staff | None = None


def tickets_wanted(staff: Staff, wanted: Wanted, now: datetime) -> QuerySet[Ticket]:
    """Return what somebody looks for among what she may see, unordered."""
    rows = cases_visible(staff, Ticket.objects.all()).select_related(
        "assignee", "helper", "community"
    )
    if wanted.state:
        rows = rows.filter(state=wanted.state)
    elif not wanted.words:
        rows = rows.filter(state__in=ON_BOARD)
    if wanted.words:
        rows = rows.filter(_said(wanted.words))
    if wanted.community is not None:
        rows = rows.filter(community=wanted.community)
    if wanted.is_mine:
        rows = rows.filter(Q(assignee=staff) | Q(helper=staff))
    if wanted.is_overdue:
        rows = rows.filter(_late(now))
    return rows


def counts_by_state(rows: QuerySet[Ticket]) -> dict[str, int]:
    """Return how many tickets stand in each state."""
    return dict(rows.order_by().values_list("state").annotate(Count("pk")))


def page_of(rows: QuerySet[Ticket], wanted: Wanted, after: str = "", size: int = PAGE) -> Page:
    """Return a page: the most urgent first; ``after`` is the ``next_key`` of the one before."""
    name, sign, step = ("changed_at", "-", "lt") if wanted.is_by_change else ("due_at", "", "gt")
    if key := _key(after):
        at, pk = key
        rows = rows.filter(Q(**{f"{name}__{step}": at}) | Q(**{name: at, f"pk__{step}": pk}))
    found = list(rows.order_by(f"{sign}{name}", f"{sign}pk")[: size + 1])
    shown = found[:size]
    last = shown[-1] if len(found) > size else None
    return Page(shown, f"{getattr(last, name).isoformat()}_{last.pk}" if last else "")


def tickets_of(staff: Staff) -> QuerySet[Ticket]:
    """Return the open tickets that somebody works on, the most urgent first."""
    rows = Ticket.objects.filter(Q(assignee=staff) | Q(helper=staff), state__in=states.OPEN)
    return rows.order_by("due_at", "pk")


def newest_event(staff: Staff | None = None) -> int:
    """Return the newest event of all tickets, or of those that somebody works on; 0 for none."""
    rows = TicketEvent.objects.order_by()
    if staff is not None:
        rows = rows.filter(ticket__in=tickets_of(staff).order_by())
    newest: int | None = rows.aggregate(newest=Max("pk"))["newest"]
    return newest or 0


def is_overdue(ticket: Ticket, now: datetime) -> bool:
    """Whether the promised time is over; while suspended its clock stands."""
    return ticket.state in _RUNNING and ticket.due_at <= now


def is_silent(ticket: Ticket, now: datetime) -> bool:
    """Whether the next step should have been taken by now."""
    return ticket.step_due_at is not None and ticket.step_due_at <= now


def candidates(ticket: Ticket, now: datetime) -> Candidates:
    """Return who may be given a ticket."""
    grid = StaffRole.Role.GRID
    working = {person.pk for person in on_shift(grid, ticket.community, now)}
    people = Staff.objects.filter(is_active=True, roles__role__in=_WORKERS).distinct()
    counted = people.annotate(
        open_cases=Count(
            "tickets",
            filter=Q(tickets__closed_at=None, tickets__isnull=False),
            distinct=True,
        )
    ).order_by("display_name", "pk")
    rows = [
        Candidate(
            person,
            is_near=_is_near(person, ticket),
            is_on_shift=person.pk in working,
            open_cases=person.open_cases,
        )
        for person in counted.prefetch_related("roles")
    ]
    rows.sort(key=lambda row: (not row.is_near, not row.is_on_shift, row.open_cases))
    return Candidates(rows, least_loaded(grid, ticket.community, now))


_RUNNING: Final = tuple(state for state in states.OPEN if state != states.SUSPENDED)


def overdue(now: datetime) -> Q:
    """Say to the database what ``is_overdue`` says of one ticket."""
    return Q(state__in=_RUNNING, due_at__lte=now)


def _late(now: datetime) -> Q:
    return overdue(now) | Q(step_due_at__lte=now)


def _said(words: str) -> Q:
    """A ticket's number, a phone number, or some of what the errand is called.

    Names are encrypted and cannot be looked for.
    """
    digits = "".join(character for character in words if character.isdigit())
    if number := number_in(words):
        return Q(number=number)
    if len(digits) >= _FEWEST_PHONE_DIGITS:
        return Q(phone_digest=phone_digest(digits)) | Q(number=digits)
    found = Q(item_name__icontains=words) | Q(item_id__iexact=words)
    return found | Q(number__endswith=digits) if digits and digits == words else found


def _key(after: str) -> tuple[datetime, int] | None:
    moment, _, pk = after.rpartition("_")
    try:
        return datetime.fromisoformat(moment), int(pk)
    except ValueError:
        return None


def _is_near(person: Staff, ticket: Ticket) -> bool:
    roles: Sequence[StaffRole] = list(person.roles.all())
    return any(
        role.role == StaffRole.Role.GRID and role.community_id in (None, ticket.community_id)
        for role in roles
    )
