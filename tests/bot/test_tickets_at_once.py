"""The same yes from several sides at the same moment, on a database file as in service."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import close_old_connections, connections

from bot.casework.life import NotAllowed
from bot.casework.models import CaseNumber
from bot.handovers.models import StaffNotice
from bot.tickets import services
from bot.tickets.errors import TooManyTries
from bot.tickets.lookup import PER_ASKER, case_find
from bot.tickets.models import LookupTry, Ticket, TicketEvent
from tests.bot.ticketing import (
    CONSENT,
    REQUEST,
    Town,
    TurnedClock,
    make_talk,
    make_town,
    steps_of,
    turn_clock,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def office_clock(monkeypatch: pytest.MonkeyPatch) -> TurnedClock:
    """Monday morning, until the test says otherwise."""
    return turn_clock(monkeypatch)


@pytest.fixture
def town(office_clock: TurnedClock) -> Iterator[Town]:
    """The office and its people."""
    yield make_town()
    connections.close_all()


def together(times: int, do: Callable[[int], Any]) -> list[Any]:
    """Let several do it at the same moment; returns what came of each, errors included."""
    results: list[Any] = [None] * times
    gate = threading.Barrier(times)

    def run(number: int) -> None:
        gate.wait()
        try:
            results[number] = do(number)
        except Exception as error:  # noqa: BLE001 (the test looks at it)
            results[number] = error
        finally:
            close_old_connections()
            connections.close_all()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_the_same_yes_eight_times_at_once_is_one_ticket(town: Town) -> None:
    talk = make_talk()
    opened = together(
        8, lambda _: services.ticket_open(REQUEST, "yes-1", CONSENT, conversation=talk)
    )
    ticket = Ticket.objects.get()
    assert opened == [ticket] * 8
    assert steps_of(ticket) == ["open"]
    assert ticket.materials.count() == 2
    assert CaseNumber.objects.count() == 1
    assert StaffNotice.objects.filter(staff=town.intake).count() == 1


def test_whoever_looked_a_moment_too_early_finds_the_others_ticket(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a database that lets two write side by side: the second only meets the constraint."""
    first = town.opened("yes-1")
    known = services._known
    answers = iter([None, known("yes-1")])
    monkeypatch.setattr(services, "_known", lambda key: next(answers))
    again = services.ticket_open(REQUEST, "yes-1", CONSENT, conversation=make_talk())
    assert again == first
    assert TicketEvent.objects.count() == 1
    assert CaseNumber.objects.count() == 1


def test_different_yeses_at_once_are_different_tickets_without_a_lock_error(town: Town) -> None:
    opened = together(
        8, lambda n: services.ticket_open(REQUEST, f"yes-{n}", CONSENT, staff=town.intake)
    )
    assert len({ticket.number for ticket in opened}) == 8


def test_of_several_who_accept_at_once_one_succeeds(town: Town) -> None:
    ticket = town.opened()
    results = together(6, lambda _: services.ticket_accept(ticket, town.intake))
    assert sum(isinstance(result, Ticket) for result in results) == 1
    assert sum(isinstance(result, NotAllowed) for result in results) == 5
    assert steps_of(ticket) == ["open", "accept"]


def test_guessing_from_many_sides_at_once_gets_no_more_tries(town: Town) -> None:
    number = town.opened().number
    results = together(12, lambda _: case_find(number, "13911112222", "one guesser"))
    assert results.count(None) <= PER_ASKER
    assert sum(isinstance(result, TooManyTries) for result in results) >= 12 - PER_ASKER
    assert LookupTry.objects.count() <= PER_ASKER
