"""People and errands of the ticket tests: staff with roles, what 王阿姨 wants, a clock to turn."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from bot.accounts.models import Staff, StaffRole
from bot.conversations.models import Conversation
from bot.gazetteer.models import Community, Estate
from bot.tickets import services
from bot.tickets.models import Ticket
from bot.tickets.services import Consent, TicketRequest
from tests.people import OFFICE

Role = StaffRole.Role
MONDAY = datetime(2026, 11, 23, 9, 30, tzinfo=OFFICE)
PHONE = "13900000000"
CONSENT = Consent(
    "老年人优待证，代办，电话139 0000 0000，周四下午，对吗？", "对的", "t1", date(2027, 5, 23)
)
REQUEST = TicketRequest(
    item_id="MZ10",
    item_name="老年人优待证办理",
    mode="代办",
    reason="elderly",
    name="王秀英",
    phone=PHONE,
    address="珍珠花园3栋502",
    time_text="周四下午",
    reason_text="腿脚不好",
    materials=(("身份证", "原件"), ("一寸照片", "两张")),
    promised_days=5,
)


@dataclass
class TurnedClock:
    """The office's clock, stopped; it goes on when it is told to."""

    now: datetime = MONDAY

    def __call__(self) -> datetime:
        """Return the moment."""
        return self.now

    def goes_on(self, **more: float) -> None:
        """Let time pass."""
        self.now += timedelta(**more)


def make_staff(name: str, role: str, community: Community | None = None) -> Staff:
    """An account with one role."""
    staff = Staff.objects.create_user(f"staff{Staff.objects.count()}", display_name=name)
    StaffRole.objects.create(staff=staff, role=role, community=community)
    return staff


def make_talk(channel: str = "web", name: str = "") -> Conversation:
    """A conversation of its own."""
    name = name or f"talk{Conversation.objects.count()}"
    return Conversation.objects.create(
        owner="web", channel=channel, external_id=name, sender=f"sender-{name}"
    )


@dataclass(frozen=True)
class Town:
    """Two communities, and who works for the first."""

    pearl: Community
    river: Community
    intake: Staff
    dispatcher: Staff
    grid: Staff
    supervisor: Staff

    def opened(self, key: str = "yes-1", **changes: Any) -> Ticket:
        """Her ticket, by herself on the page unless something else is said."""
        given = {name: changes.pop(name) for name in ("staff", "conversation") if name in changes}
        if not given:
            given["conversation"] = make_talk()
        return services.ticket_open(replace(REQUEST, **changes), key, CONSENT, **given)

    def accepted(self, **changes: Any) -> Ticket:
        """Accepted by the intake."""
        return services.ticket_accept(self.opened(**changes), self.intake)

    def dispatched(self, **changes: Any) -> Ticket:
        """Given to the grid worker."""
        return services.ticket_dispatch(self.accepted(**changes), self.dispatcher)

    def started(self, **changes: Any) -> Ticket:
        """Begun."""
        return services.ticket_start(self.dispatched(**changes), self.grid)

    def delivered(self, **changes: Any) -> Ticket:
        """Done and handed over."""
        return services.ticket_deliver(self.started(**changes), self.grid, "证已交到本人手里")


def make_town() -> Town:
    """珍珠路社区 with 珍珠花园, 临江社区 with nobody, and staff everywhere."""
    pearl = Community.objects.create(name="珍珠路社区")
    river = Community.objects.create(name="临江社区")
    Estate.objects.create(name="珍珠花园", community=pearl)
    Estate.objects.create(name="江畔人家", community=river)
    return Town(
        pearl,
        river,
        intake=make_staff("小周", Role.INTAKE, pearl),
        dispatcher=make_staff("小陈", Role.DISPATCHER),
        grid=make_staff("小李", Role.GRID, pearl),
        supervisor=make_staff("老赵", Role.SUPERVISOR),
    )


def turn_clock(monkeypatch: pytest.MonkeyPatch) -> TurnedClock:
    """Stop the office's clock on Monday morning."""
    clock = TurnedClock()
    monkeypatch.setattr("bot.clock.now", clock)
    return clock


def steps_of(ticket: Ticket) -> list[str]:
    """The log, by steps."""
    return list(ticket.events.values_list("step", flat=True))
