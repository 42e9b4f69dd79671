"""Whatever is tried in whatever order: no forbidden step, a whole log, due times by the calendar."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from bot.accounts.policies import Forbidden
from bot.casework.calendar import office_calendar
from bot.casework.life import NotAllowed
from bot.conversations.models import Conversation
from bot.handovers.models import Notice, StaffNotice
from bot.tickets import services, states
from bot.tickets.clockwork import tickets_sweep
from bot.tickets.models import Ticket
from bot.tickets.steps import CALL_BACK_DAYS
from tests.bot.ticketing import CONSENT, REQUEST, Town, TurnedClock, make_talk, make_town
from tests.people import OFFICE

# Around a holiday with days made up for it, the turn of a year that is announced, of one that is
# not, and a plain week.
STARTS = (
    datetime(2025, 9, 26, 16, 0, tzinfo=OFFICE),
    datetime(2025, 12, 30, 11, 55, tzinfo=OFFICE),
    datetime(2026, 2, 12, 8, 0, tzinfo=OFFICE),
    datetime(2026, 9, 24, 17, 29, tzinfo=OFFICE),
    datetime(2026, 12, 30, 13, 0, tzinfo=OFFICE),
    datetime(2027, 12, 31, 17, 30, tzinfo=OFFICE),
    datetime(2026, 11, 23, 9, 30, tzinfo=OFFICE),
)
STEPS_OF_STAFF: dict[str, Callable[[Town, Ticket], Ticket]] = {
    "accept": lambda town, ticket: services.ticket_accept(ticket, town.intake),
    "dispatch": lambda town, ticket: services.ticket_dispatch(ticket, town.dispatcher),
    "start": lambda town, ticket: services.ticket_start(ticket, town.grid),
    "take_back": lambda town, ticket: services.ticket_take_back(ticket, town.dispatcher),
    "suspend": lambda town, ticket: services.ticket_suspend(ticket, town.grid, "缺材料"),
    "resume": lambda town, ticket: services.ticket_resume(ticket, town.grid),
    "ready": lambda town, ticket: services.ticket_ready(ticket, town.grid),
    "deliver": lambda town, ticket: services.ticket_deliver(ticket, town.grid, "办好了"),
    "call_back": lambda town, ticket: services.ticket_call_back(ticket, town.intake, solved=True),
    "reopen": lambda town, ticket: services.ticket_reopen(ticket, "没办好"),
    "refuse": lambda town, ticket: services.ticket_refuse(ticket, town.intake, "不归我们", "医保"),
    "end": lambda town, ticket: services.ticket_end(ticket, town.dispatcher, "人搬走了"),
    "withdraw": lambda town, ticket: services.ticket_withdraw(ticket),
}
STEPS = st.sampled_from(sorted(STEPS_OF_STAFF))
_OUT = ("refuse", "end", "withdraw", "take_back")


class TicketLife(RuleBasedStateMachine):
    """One ticket, anything at any time, in an office whose clock jumps."""

    clock = TurnedClock()

    def __init__(self) -> None:
        super().__init__()
        self.undone = transaction.atomic()
        self.undone.__enter__()

    def teardown(self) -> None:
        """Leave nothing to the next walk."""
        transaction.set_rollback(True)
        self.undone.__exit__(None, None, None)

    @initialize(
        start=st.sampled_from(STARTS),
        channel=st.sampled_from(("web", "voice", "telegram")),
        days=st.integers(0, 20),
        ahead=st.none() | st.integers(1, 40),
    )
    def opens(self, start: datetime, channel: str, days: int, ahead: int | None) -> None:
        """Everybody is there, and 王阿姨 says yes."""
        self.clock.now = start
        self.town = make_town()
        self.talk: Conversation = make_talk(channel)
        self.request = replace(
            REQUEST, promised_days=days, time_at=start + timedelta(days=ahead) if ahead else None
        )
        self.ticket = self._opened()
        self.due_at = self.ticket.due_at
        assert self.due_at >= office_calendar().add_days(start, max(days, 1))

    def _opened(self) -> Ticket:
        return services.ticket_open(self.request, "yes", CONSENT, conversation=self.talk)

    @rule(choices=st.lists(st.integers(0, 5), min_size=1, max_size=5))
    def goes_on(self, choices: list[int]) -> None:
        """Steps are taken that lead on; without them most walks would end at the door."""
        for choice in choices:
            state = Ticket.objects.get(pk=self.ticket.pk).state
            onwards = [step for step in states.LIFE.open_steps(state) if step not in _OUT]
            if onwards:
                self.is_stepped(onwards[choice % len(onwards)])
                self.fields_agree_with_the_state()
                self.due_times_follow_the_calendar()

    @rule(step=STEPS)
    def is_stepped(self, step: str) -> None:
        """Somebody tries a step; only what the table allows happens."""
        before = Ticket.objects.get(pk=self.ticket.pk)
        known = before.events.count()
        is_allowed = before.state in states.LIFE.steps[step].sources
        try:
            after = STEPS_OF_STAFF[step](self.town, self.ticket)
        except NotAllowed:
            assert not is_allowed
            assert before.events.count() == known
        except Forbidden:
            # The grid worker's own steps, while nobody has the errand.
            assert before.assignee is None
            assert before.events.count() == known
        else:
            assert is_allowed
            assert after.state == states.LIFE.steps[step].target
            assert before.events.count() == known + 1

    @rule(days=st.integers(0, 30), phone=st.sampled_from((None, "13811111111", "02558881234")))
    def is_changed(self, days: int, phone: str | None) -> None:
        """She wants another day, or is reached elsewhere."""
        before = Ticket.objects.get(pk=self.ticket.pk)
        at = self.clock.now + timedelta(days=days)
        try:
            services.ticket_change(self.ticket, phone=phone, time_text=f"{days}天后", time_at=at)
        except NotAllowed:
            assert before.state not in states.OPEN

    @rule(score=st.integers(1, 5))
    def is_rated(self, score: int) -> None:
        """She rates it, whenever she likes."""
        services.ticket_rate(self.ticket, score)

    @rule()
    def says_yes_again(self) -> None:
        """The same message comes again."""
        assert self._opened().pk == self.ticket.pk
        assert Ticket.objects.count() == 1

    @rule(minutes=st.sampled_from((1, 45, 240, 479, 1440, 4320, 14400)))
    def waits(self, minutes: int) -> None:
        """Time passes, and the worker comes by."""
        self.clock.goes_on(minutes=minutes)
        known = self.ticket.events.count()
        tickets_sweep()
        if not office_calendar().is_working(self.clock.now):
            assert self.ticket.events.count() == known

    @invariant()
    def log_is_whole(self) -> None:
        """The events form a chain that ends at the state, and each step is one of the table."""
        if not hasattr(self, "ticket"):
            return
        ticket = Ticket.objects.get(pk=self.ticket.pk)
        events = list(ticket.events.all())
        assert (events[0].step, events[0].before, events[0].after) == ("open", "", states.ORDERED)
        for earlier, later in pairwise(events):
            assert later.before == earlier.after
            assert later.happened_at >= earlier.happened_at
            if later.step in states.LIFE.steps:
                step = states.LIFE.steps[later.step]
                assert later.before in step.sources
                assert later.after == step.target
            else:
                assert later.after == later.before
        assert events[-1].after == ticket.state
        assert all(event.by == ("staff" if event.staff else event.by) for event in events)

    @invariant()
    def due_times_follow_the_calendar(self) -> None:
        """The promise only moves later; a step is due at a worked moment, or at an agreed one."""
        if not hasattr(self, "ticket"):
            return
        ticket = Ticket.objects.get(pk=self.ticket.pk)
        assert ticket.due_at >= self.due_at
        self.due_at = ticket.due_at
        assert _is_end_of_work(ticket.due_at) or office_calendar().is_working(ticket.due_at)
        if ticket.step_due_at and ticket.step_due_at != ticket.time_at:
            assert _is_end_of_work(ticket.step_due_at) or office_calendar().is_working(
                ticket.step_due_at
            )
        waits = (states.ORDERED, states.ACCEPTED, states.DISPATCHED, states.DELIVERED)
        assert (ticket.step_due_at is not None) == (ticket.state in waits)

    @invariant()
    def fields_agree_with_the_state(self) -> None:
        """Somebody has what is being done; what is over has its day; rests are kept only then."""
        if not hasattr(self, "ticket"):
            return
        ticket = Ticket.objects.get(pk=self.ticket.pk)
        assert (ticket.closed_at is None) == (ticket.state in states.OPEN)
        if ticket.state in (states.DISPATCHED, states.IN_PROGRESS, states.READY):
            assert ticket.assignee is not None
        if ticket.state in (states.ORDERED, states.ACCEPTED):
            assert ticket.assignee is None
        if ticket.state == states.SUSPENDED:
            assert ticket.suspended_minutes is not None
        assert ticket.reopened_count == ticket.events.filter(step="reopen").count()

    @invariant()
    def nothing_is_said_twice(self) -> None:
        """A notice has its key, and nobody hears the same event twice."""
        if not hasattr(self, "ticket"):
            return
        keys = list(Notice.objects.values_list("key", flat=True))
        assert len(keys) == len(set(keys))
        bells = list(StaffNotice.objects.values_list("staff", "key"))
        assert len(bells) == len(set(bells))


def _is_end_of_work(at: datetime) -> bool:
    return office_calendar().is_working(at - timedelta(minutes=1))


@pytest.mark.django_db
def test_no_walk_through_a_tickets_life_breaks_its_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.clock.now", TicketLife.clock)
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        TicketLife,
        settings=settings(
            max_examples=40,
            stateful_step_count=25,
            deadline=None,
            # Shrinking walks of thirty steps takes longer than reading one.
            phases=(Phase.explicit, Phase.reuse, Phase.generate),
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.django_db
@pytest.mark.parametrize("start", STARTS)
def test_the_steps_of_a_life_are_due_one_after_the_other(
    monkeypatch: pytest.MonkeyPatch, start: datetime
) -> None:
    clock = TurnedClock(start)
    monkeypatch.setattr("bot.clock.now", clock)
    town, due = make_town(), []
    ticket: Any = services.ticket_open(REQUEST, "yes", CONSENT, conversation=make_talk())
    for step in ("accept", "dispatch", "start", "deliver"):
        if ticket.step_due_at:
            due.append(ticket.step_due_at)
            clock.now = ticket.step_due_at
        ticket = STEPS_OF_STAFF[step](town, ticket)
    due.append(ticket.step_due_at)
    assert due == sorted(due)
    assert len(set(due)) == len(due)
    calendar = office_calendar()
    assert calendar.minutes_between(start, due[2]) == (4 + 4 + 8) * 60
    assert due[3] == calendar.add_days(due[2], CALL_BACK_DAYS)
