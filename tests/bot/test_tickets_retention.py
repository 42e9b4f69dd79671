"""Tickets are an archive: a resident's wish leaves them, their time empties what is personal."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from bot.conversations.erasure import conversation_erase
from bot.conversations.retention import retention_apply
from bot.tickets import papers, services
from bot.tickets.lookup import case_find
from bot.tickets.models import LookupTry, Rating, Ticket, TicketEvent
from tests.bot.ticketing import (
    PHONE,
    Town,
    TurnedClock,
    make_talk,
    make_town,
    turn_clock,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def office_clock(monkeypatch: pytest.MonkeyPatch) -> TurnedClock:
    """Monday morning, until the test says otherwise."""
    return turn_clock(monkeypatch)


@pytest.fixture
def town(office_clock: TurnedClock) -> Town:
    """The office and its people."""
    return make_town()


def test_after_its_time_a_closed_ticket_is_a_figure(
    town: Town, office_clock: TurnedClock, settings: Any
) -> None:
    ticket = town.delivered(conversation=make_talk("api"))
    services.ticket_rate(ticket, 1, "没人理我")
    case_find(ticket.number, "13911112222", "a")
    settings.BOT_KEEP_TICKETS_DAYS = 3650
    office_clock.goes_on(days=3649)
    retention_apply(office_clock.now)
    assert Ticket.objects.get().sealed_person["phone"] == PHONE
    office_clock.goes_on(days=2)
    counts = retention_apply(office_clock.now)
    assert counts["tickets.Ticket"] == 1
    kept = Ticket.objects.get()
    assert (kept.sealed_person, kept.sealed_consent, kept.outcome) == ({}, {}, "")
    assert (kept.phone_digest, kept.time_text) == ("", "")
    assert (kept.item_id, kept.number, kept.assignee) == ("MZ10", ticket.number, town.grid)
    assert {event.note for event in TicketEvent.objects.all()} == {""}
    assert (Rating.objects.get().words, Rating.objects.get().score) == ("", 1)
    assert not LookupTry.objects.exists()
    assert retention_apply(office_clock.now)["tickets.Ticket"] == 0
    assert papers.mandate(kept).title == "帮办代办委托书"


def test_an_open_ticket_does_not_grow_old(town: Town, office_clock: TurnedClock) -> None:
    town.started()
    office_clock.goes_on(days=4000)
    assert retention_apply(office_clock.now)["tickets.Ticket"] == 0


def test_a_residents_wish_leaves_the_archive(town: Town, office_clock: TurnedClock) -> None:
    talk = make_talk()
    ticket = town.delivered(conversation=talk)
    erased = conversation_erase(talk)
    assert "tickets.Ticket" not in erased.tables
    assert Ticket.objects.get().sealed_person["phone"] == PHONE
    office_clock.goes_on(minutes=1)
    assert case_find(ticket.number, PHONE, "a") == ticket


def test_no_column_of_the_log_is_readable_in_the_file(town: Town) -> None:
    services.ticket_withdraw(town.opened(), "不想办了")
    with connection.cursor() as cursor:
        cursor.execute("SELECT note FROM tickets_ticketevent")
        assert "不想办了" not in str(cursor.fetchall())


def test_tries_go_after_their_days(town: Town, office_clock: TurnedClock) -> None:
    case_find(town.opened().number, "13911112222", "a")
    retention_apply(office_clock.now + timedelta(days=29))
    assert LookupTry.objects.count() == 1
    retention_apply(office_clock.now + timedelta(days=31))
    assert not LookupTry.objects.exists()
