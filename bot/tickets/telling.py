"""Who hears of what happens to a ticket: the resident, whoever is to act next, supervisors.

Everything is written in the transaction of its cause. Keys come from the ticket's number and the
event, so that nothing is said twice.
"""

from __future__ import annotations

from collections.abc import Iterable

from bot import clock
from bot.accounts.models import Staff, StaffRole
from bot.casework.routing import least_loaded, on_shift
from bot.channels.outbox import resident_tell, staff_tell
from bot.tickets import phrases, states
from bot.tickets.models import Ticket, TicketEvent
from bot.tickets.selectors import note_of

Role = StaffRole.Role

# Step → what they read who are to act then.
_TO_DO = {
    "open": "新单子，请接单",
    "accept": "已接单，请派单",
    "dispatch": "派给你了，请跟居民约时间",
    "take_back": "收回了，请重新派人",
    "reopen": "居民说没办好，请重新派人",
    "change": "居民改了电话、时间或地址",
    "remind": "到时限了，请抓紧",
    "overdue": "超过答应居民的时限",
}
_TO_KNOW = {
    "refuse": "不予受理，不用办了",
    "end": "终止了，不用办了",
    "withdraw": "居民撤销了，不用办了",
}
_TO_SUPERVISE = {
    "reopen": "居民说没办好，重新办",
    "escalate": "催过还没动",
    "overdue": "超过答应居民的时限",
    "rate_bad": "居民打了差评，要回访、整改",
    "rectify_near": "差评整改快到期",
    "rectify_late": "差评整改超期",
}


def event_tell(ticket: Ticket, event: TicketEvent) -> None:
    """Tell whom an event concerns; nobody is told of what she has just done herself."""
    _resident_tell(ticket, event)
    if event.step in _TO_DO:
        staff_say(ticket, event, in_charge(ticket), _TO_DO[event.step])
    if event.step in _TO_KNOW:
        staff_say(ticket, event, _workers(ticket), _TO_KNOW[event.step])
    if event.step in _TO_SUPERVISE:
        staff_say(ticket, event, supervisors_of(ticket), _TO_SUPERVISE[event.step])


def staff_say(ticket: Ticket, event: TicketEvent, who: Iterable[Staff], what: str) -> None:
    """Tell some of the staff of an event in one line; each hears of it once."""
    for person in who:
        if person.pk != event.staff_id:
            staff_tell(
                person,
                phrases.staff_line(ticket, what),
                key=f"ticket:{ticket.number}:{event.pk}:{person.pk}",
                path=f"/staff/tickets/{ticket.number}/",
            )


def taking_back_tell(ticket: Ticket, event: TicketEvent, former: Iterable[Staff]) -> None:
    """Tell those who had it that it is no longer theirs; of silence the supervisors too."""
    staff_say(ticket, event, former, "收回了，不用办了")
    if event.staff_id is None:
        staff_say(ticket, event, supervisors_of(ticket), "派下去没人动，已收回")


def in_charge(ticket: Ticket) -> list[Staff]:
    """Return who is to take the next step."""
    if ticket.state in (states.ORDERED, states.DELIVERED):
        return _team(Role.INTAKE, ticket)
    if ticket.state == states.ACCEPTED:
        return _team(Role.DISPATCHER, ticket)
    return _workers(ticket)


def supervisors_of(ticket: Ticket) -> list[Staff]:
    """Return the supervisors of a ticket's community who are on shift, else the one whose turn."""
    return _present(Role.SUPERVISOR, ticket)


def standing(ticket: Ticket) -> str:
    """Say to the resident how far her ticket is."""
    step = phrases.NOTED_BY.get(ticket.state)
    return phrases.standing(ticket, note_of(ticket, step) if step else "", clock.now())


def _team(role: str, ticket: Ticket) -> list[Staff]:
    return _present(role, ticket) or supervisors_of(ticket)


def _present(role: str, ticket: Ticket) -> list[Staff]:
    now = clock.now()
    if present := on_shift(role, ticket.community, now):
        return present
    someone = least_loaded(role, ticket.community, now)
    return [someone] if someone else []


def _workers(ticket: Ticket) -> list[Staff]:
    return [person for person in (ticket.assignee, ticket.helper) if person]


def former_phone_tell(ticket: Ticket, event: TicketEvent, former: str) -> None:
    """Tell a number that was struck off a ticket: it may not have been she who had it changed."""
    if former and former != ticket.sealed_person.get("phone", ""):
        key = f"ticket:{ticket.number}:{event.pk}:former"
        resident_tell(None, former, phrases.phone_changed(ticket.number), key)


def _resident_tell(ticket: Ticket, event: TicketEvent) -> None:
    if event.by == "resident":
        # The reply to her own words says it.
        return
    if text := phrases.step(ticket, event.step, event.note, clock.now()):
        key = f"ticket:{ticket.number}:{event.pk}"
        resident_tell(ticket.conversation, ticket.sealed_person.get("phone", ""), text, key)
