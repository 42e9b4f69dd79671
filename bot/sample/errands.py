"""The sample's tickets: every state, mode and community, with materials, history and ratings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from bot.casework.digests import phone_digest
from bot.casework.models import CaseNumber, PersonalLook
from bot.conversations.models import Conversation
from bot.sample.dice import Dice, stored
from bot.sample.people import People
from bot.tickets import states
from bot.tickets.models import Rating, Ticket, TicketEvent, TicketMaterial

# What stands in an office after half a year: most is over.
SHARES: Final = {
    states.ORDERED: 1.0,
    states.ACCEPTED: 1,
    states.DISPATCHED: 1,
    states.IN_PROGRESS: 2,
    states.SUSPENDED: 0.5,
    states.READY: 0.5,
    states.DELIVERED: 4,
    states.CALLED_BACK: 80,
    states.REFUSED: 4,
    states.ENDED: 3,
    states.WITHDRAWN: 3,
}
_WAY: Final = ("open", "accept", "dispatch", "start", "deliver")
_UNASSIGNED: Final = frozenset({states.ORDERED, states.ACCEPTED, states.REFUSED})
_OPEN_DAYS: Final = 10
Guides = Sequence[tuple[str, str]]


class Numbers:
    """Numbers of cases that nobody has yet."""

    def __init__(self, dice: Dice) -> None:
        self._dice = dice
        self._given: set[str] = set(CaseNumber.objects.values_list("number", flat=True))

    def give(self, at: datetime) -> str:
        """Return the day and four digits."""
        while (number := f"{at:%y%m%d}{self._dice.lot.randrange(10_000):04}") in self._given:
            pass
        self._given.add(number)
        return number


def tickets_make(
    dice: Dice,
    count: int,
    guides: Guides,
    people: People,
    talks: Sequence[Conversation],
    numbers: Numbers,
) -> None:
    """Store so many tickets with all that belongs to them."""
    tickets = [_ticket(dice, guides, people, talks, numbers) for _ in range(count)]
    tickets.sort(key=lambda ticket: ticket.opened_at)
    given = (
        CaseNumber(number=each.number, kind="ticket", given_at=each.opened_at) for each in tickets
    )
    stored(given, count, "numbers")
    stored(tickets, count, "tickets")
    stored(_events(tickets), count * len(_WAY), "tickets: events")
    stored(_materials(dice, tickets), count * 2, "tickets: materials")
    done = [each for each in tickets if each.state in states.DONE and dice.happens(0.6)]
    stored(_ratings(dice, done), len(done), "ratings")
    seen = [each for each in tickets if each.assignee_id and dice.happens(0.5)]
    stored(_looks(dice, seen), len(seen), "looks at personal data")


def _ticket(
    dice: Dice, guides: Guides, people: People, talks: Sequence[Conversation], numbers: Numbers
) -> Ticket:
    state = dice.weighed(SHARES)
    is_open = state in states.OPEN
    opened = dice.moment(_OPEN_DAYS) if is_open else dice.moment()
    item_id, item_name = dice.one(guides)
    phone, number = dice.phone(), numbers.give(opened)
    changed = dice.later(opened, 24 * 6)
    return Ticket(
        number=number,
        request_key=f"sample-{number}",
        conversation=dice.one(talks) if talks else None,
        channel="web",
        item_id=item_id,
        item_name=item_name[:80],
        mode=dice.one(Ticket.Mode.values),
        reason=dice.one(Ticket.Reason.values),
        asker=dice.one(Ticket.Asker.values),
        sealed_person={
            "name": dice.name(),
            "phone": phone,
            "address": "样例苑3栋502",
            "reason_text": "腿脚不便",
        },
        phone_digest=phone_digest(phone),
        sealed_consent={"words": "代办，对吗？", "yes": "对"},
        community=dice.one([None, *people.communities]),
        time_text="周四下午",
        state=state,
        assignee=None if state in _UNASSIGNED else dice.one(people.workers),
        opened_at=opened,
        step_due_at=dice.later(opened, 24) if is_open else None,
        due_at=opened + timedelta(days=7),
        suspended_minutes=600 if state == states.SUSPENDED else None,
        closed_at=None if is_open else changed,
        outcome="已办好，送到家里。" if state in states.DONE else "",
        changed_at=changed,
    )


def _events(tickets: Sequence[Ticket]) -> Iterator[TicketEvent]:
    for ticket in tickets:
        for number, step in enumerate(_WAY):
            is_last = number == len(_WAY) - 1
            yield TicketEvent(
                ticket=ticket,
                step=step,
                after=ticket.state if is_last else states.ORDERED,
                staff_id=ticket.assignee_id,
                by="staff" if ticket.assignee_id else "office",
                note="电话里说好了。" if step == "accept" else "",
                happened_at=min(ticket.changed_at, ticket.opened_at + timedelta(hours=number)),
            )


def _materials(dice: Dice, tickets: Sequence[Ticket]) -> Iterator[TicketMaterial]:
    for ticket in tickets:
        for name in ("身份证", "一寸照片"):
            state = dice.one(TicketMaterial.State.values)
            row: dict[str, Any] = {"name": name, "state": state, "changed_at": ticket.changed_at}
            yield TicketMaterial(ticket=ticket, **row)


def _ratings(dice: Dice, tickets: Sequence[Ticket]) -> Iterator[Rating]:
    for ticket in tickets:
        score = dice.weighed({5: 60.0, 4: 25, 3: 10, 2: 3, 1: 2})
        given = dice.later(ticket.changed_at, 48)
        due = given + timedelta(days=3) if score < Rating.WORST_GOOD else None
        yield Rating(ticket=ticket, score=score, given_at=given, rectify_due_at=due)


def _looks(dice: Dice, tickets: Sequence[Ticket]) -> Iterator[PersonalLook]:
    for ticket in tickets:
        at = dice.later(ticket.opened_at, 24)
        row: dict[str, Any] = {"staff_id": ticket.assignee_id, "looked_at": at}
        yield PersonalLook(number=ticket.number, what="phone", **row)
