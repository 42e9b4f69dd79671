"""Reminders in working hours, taking back, supervisors: each once, and never behind a back."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from bot.handovers.models import Notice, StaffNotice
from bot.tickets import clockwork, services
from bot.tickets.clockwork import tickets_sweep
from bot.tickets.models import Ticket
from tests.bot.ticketing import (
    MONDAY,
    Town,
    TurnedClock,
    make_town,
    steps_of,
    turn_clock,
)
from tests.people import OFFICE

pytestmark = pytest.mark.django_db


@pytest.fixture
def office_clock(monkeypatch: pytest.MonkeyPatch) -> TurnedClock:
    """Monday morning, until the test says otherwise."""
    return turn_clock(monkeypatch)


@pytest.fixture
def town(office_clock: TurnedClock) -> Town:
    """The office and its people."""
    return make_town()


def at(day: int, hour: int, minute: int = 0, month: int = 11) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=OFFICE)


def sweep_until(office_clock: TurnedClock, end: datetime, minutes: int = 10) -> None:
    """The worker at work every so many minutes, day and night."""
    while office_clock.now < end:
        office_clock.goes_on(minutes=minutes)
        tickets_sweep()


def bell(person: object) -> list[str]:
    return [row.text for row in StaffNotice.objects.order_by("id") if row.staff == person]


def test_who_is_to_accept_is_reminded_once_and_after_that_the_supervisors_hear(
    town: Town, office_clock: TurnedClock
) -> None:
    ticket = town.opened()
    sweep_until(office_clock, at(23, 14, 50))
    assert steps_of(ticket) == ["open"]
    sweep_until(office_clock, at(23, 15, 10))
    assert steps_of(ticket) == ["open", "remind"]
    assert "请抓紧" in bell(town.intake)[-1]
    # Four working hours from three o'clock end on Tuesday at half past ten.
    sweep_until(office_clock, at(24, 10, 20))
    assert steps_of(ticket) == ["open", "remind"]
    sweep_until(office_clock, at(25, 17), minutes=120)
    assert steps_of(ticket) == ["open", "remind", "escalate"]
    assert ["催过" in text for text in bell(town.supervisor)] == [True]


def test_what_was_dispatched_and_not_begun_is_taken_back(
    town: Town, office_clock: TurnedClock
) -> None:
    ticket = town.dispatched()
    sweep_until(office_clock, at(24, 10, 40))
    assert steps_of(ticket)[-1] == "remind"
    assert "请抓紧" in bell(town.grid)[-1]
    sweep_until(office_clock, at(24, 16, 10))
    ticket.refresh_from_db()
    assert (ticket.state, ticket.assignee) == ("accepted", None)
    event = ticket.events.last()
    assert event is not None
    assert (event.step, event.by, event.staff) == ("take_back", "office", None)
    assert "收回" in bell(town.grid)[-1]
    assert "没人动" in bell(town.supervisor)[-1]
    assert "请重新派人" in bell(town.dispatcher)[-1]
    assert "换人" in Notice.objects.latest("id").text


def test_who_begins_after_the_reminder_keeps_it(town: Town, office_clock: TurnedClock) -> None:
    ticket = town.dispatched()
    sweep_until(office_clock, at(24, 10, 40))
    services.ticket_start(ticket, town.grid)
    sweep_until(office_clock, at(26, 17), minutes=120)
    assert steps_of(ticket)[-1] == "start"


def test_who_begins_between_the_look_and_the_lock_keeps_it(
    town: Town, office_clock: TurnedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticket = town.dispatched()
    sweep_until(office_clock, at(24, 10, 40))
    office_clock.now = at(25, 10)
    seen = list(clockwork.selectors.reminded())
    services.ticket_start(ticket, town.grid)
    monkeypatch.setattr(clockwork.selectors, "reminded", lambda: seen)
    tickets_sweep()
    assert steps_of(ticket)[-1] == "start"


@pytest.mark.parametrize(
    "moment",
    [
        at(23, 22),
        at(24, 12, 30),
        at(28, 10),
        # National Day, a Thursday.
        at(1, 10, month=10),
    ],
)
def test_nobody_is_reminded_outside_working_hours(
    town: Town, office_clock: TurnedClock, moment: datetime
) -> None:
    ticket = town.opened()
    Ticket.objects.update(step_due_at=moment - timedelta(days=2), due_at=moment - timedelta(days=2))
    office_clock.now = moment
    tickets_sweep()
    assert steps_of(ticket) == ["open"]


def test_on_a_weekend_day_that_is_worked_somebody_is_reminded(
    town: Town, office_clock: TurnedClock
) -> None:
    ticket = town.opened()
    # Saturday, worked for the National Day of 2026.
    office_clock.now = datetime(2026, 10, 10, 10, 0, tzinfo=OFFICE)
    Ticket.objects.update(step_due_at=office_clock.now - timedelta(days=1))
    tickets_sweep()
    assert steps_of(ticket) == ["open", "remind"]


def test_a_broken_promise_is_told_once_and_once_more_after_it_was_put_off(
    town: Town, office_clock: TurnedClock
) -> None:
    ticket = town.started()
    sweep_until(office_clock, at(2, 17, month=12), minutes=180)
    assert steps_of(ticket)[4:] == ["overdue"]
    assert ["超过" in text for text in bell(town.supervisor)] == [True]
    assert "超过" in bell(town.grid)[-1]
    services.ticket_change(ticket, time_text="下周", time_at=at(8, 9, month=12))
    sweep_until(office_clock, at(10, 17, month=12), minutes=180)
    assert steps_of(ticket)[4:] == ["overdue", "change", "overdue"]


def test_the_clock_of_a_suspended_ticket_stands(town: Town, office_clock: TurnedClock) -> None:
    ticket = services.ticket_suspend(town.started(), town.grid, "缺户口本")
    sweep_until(office_clock, at(10, 12, month=12), minutes=180)
    assert steps_of(ticket)[-1] == "suspend"


def test_what_is_not_called_back_is_told_to_the_intake(
    town: Town, office_clock: TurnedClock
) -> None:
    ticket = town.delivered()
    sweep_until(office_clock, at(27, 17), minutes=120)
    assert steps_of(ticket)[-1] == "remind"
    assert steps_of(ticket).count("remind") == 1
    assert "请抓紧" in bell(town.intake)[-1]


def test_a_bad_rating_is_told_before_and_after_its_time(
    town: Town, office_clock: TurnedClock
) -> None:
    ticket = town.delivered()
    services.ticket_rate(ticket, 1, "没人理")
    services.ticket_call_back(ticket, town.intake, solved=True)
    sweep_until(office_clock, at(16, 12, month=12), minutes=180)
    assert steps_of(ticket)[-2:] == ["rectify_near", "rectify_late"]
    near = ticket.events.get(step="rectify_near").happened_at
    assert at(9, 9, month=12) <= near <= at(9, 17, month=12)


def test_a_bad_rating_that_was_made_good_or_taken_back_is_left_in_peace(
    town: Town, office_clock: TurnedClock
) -> None:
    first, second = town.delivered(), town.delivered(key="yes-2")
    rating = services.ticket_rate(first, 1, "没人理")
    services.rating_call_back(rating, town.supervisor, "说了")
    services.rating_rectify(rating, town.supervisor, "改了")
    services.ticket_rate(second, 1)
    services.ticket_rate(second, 5)
    office_clock.now = at(20, 10, month=12) + timedelta(days=1)
    tickets_sweep()
    for ticket in (first, second):
        assert not {"rectify_near", "rectify_late"} & set(steps_of(ticket))


def test_one_ticket_that_fails_does_not_stop_the_others(
    town: Town, office_clock: TurnedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, whole = town.opened("yes-1"), town.opened("yes-2")
    office_clock.now = MONDAY + timedelta(days=1)
    remind = clockwork._remind

    def fails(ticket: Ticket) -> None:
        if ticket == broken:
            raise RuntimeError("its key is gone")
        remind(ticket)

    monkeypatch.setattr(clockwork, "_remind", fails)
    tickets_sweep()
    assert steps_of(whole) == ["open", "remind"]
    assert steps_of(broken) == ["open"]
