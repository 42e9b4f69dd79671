"""Number and full phone find a case; guessing is limited, told to whom it belongs, and learns nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from bot.handovers.models import Notice
from bot.tickets import phrases
from bot.tickets.clockwork import tickets_sweep
from bot.tickets.errors import TooManyTries
from bot.tickets.lookup import PER_ASKER, PER_NUMBER, PER_PHONE, case_find
from bot.tickets.models import LookupTry
from tests.bot.ticketing import (
    PHONE,
    Town,
    TurnedClock,
    make_town,
    turn_clock,
)

pytestmark = pytest.mark.django_db

WRONG = "13911112222"


@pytest.fixture
def office_clock(monkeypatch: pytest.MonkeyPatch) -> TurnedClock:
    """Monday morning, until the test says otherwise."""
    return turn_clock(monkeypatch)


@pytest.fixture
def town(office_clock: TurnedClock) -> Town:
    """The office and its people."""
    return make_town()


def test_number_and_phone_together_find_it_however_they_are_spaced(town: Town) -> None:
    ticket = town.opened()
    assert case_find(ticket.number, PHONE, "a") == ticket
    spaced = f"{ticket.number[:6]} {ticket.number[6:]}"
    assert case_find(spaced, "+86 139 0000 0000", "a") == ticket


@pytest.mark.parametrize("phone", [WRONG, "", "0000", PHONE[-4:]])
def test_another_phone_finds_nothing(town: Town, phone: str) -> None:
    assert case_find(town.opened().number, phone, "a") is None


@pytest.mark.parametrize("number", ["", "12", "2611239999", "没有", "26112300470047"])
def test_a_number_that_is_none_finds_nothing(town: Town, number: str) -> None:
    town.opened()
    assert case_find(number, PHONE, "a") is None


def test_an_erased_tickets_empty_digest_is_no_phone(town: Town) -> None:
    ticket = town.opened()
    type(ticket).objects.update(phone_digest="")
    assert case_find(ticket.number, "", "a") is None


def test_right_answers_are_not_counted(town: Town) -> None:
    ticket = town.opened()
    for _ in range(3 * PER_ASKER):
        assert case_find(ticket.number, PHONE, "a") == ticket
    assert not LookupTry.objects.exists()


def test_after_five_wrong_ones_an_asker_waits_a_quarter_of_an_hour(
    town: Town, office_clock: TurnedClock
) -> None:
    ticket = town.opened()
    for guess in range(PER_ASKER):
        assert case_find(f"261123{guess:04}", WRONG, "a") is None
    with pytest.raises(TooManyTries):
        case_find(ticket.number, PHONE, "a")
    assert case_find(ticket.number, PHONE, "b") == ticket
    office_clock.goes_on(minutes=15)
    assert case_find(ticket.number, PHONE, "a") == ticket


def test_a_number_is_closed_for_an_hour_after_ten_whoever_asks_and_whether_it_exists(
    town: Town, office_clock: TurnedClock
) -> None:
    number = town.opened().number
    nobodys = f"261123{(int(number[6:]) + 1) % 10000:04}"
    for tried in (number, nobodys):
        for asker in range(PER_NUMBER):
            assert case_find(tried, f"139{tried[6:]}{asker:04}", f"{tried}{asker}") is None
        with pytest.raises(TooManyTries):
            case_find(tried, PHONE, "somebody else")
    office_clock.goes_on(hours=1)
    assert case_find(number, PHONE, "a") is not None


def test_a_phone_is_closed_for_a_day_after_ten_numbers_whoever_asks(
    town: Town, office_clock: TurnedClock
) -> None:
    number = town.opened().number
    for guess in range(PER_PHONE):
        wrong = f"261123{(int(number[6:]) + 1 + guess) % 10000:04}"
        assert case_find(wrong, PHONE, f"asker {guess}") is None
    office_clock.goes_on(hours=23)
    with pytest.raises(TooManyTries):
        case_find(number, PHONE, "one more")
    office_clock.goes_on(hours=1)
    assert case_find(number, PHONE, "one more") is not None


def test_who_asks_is_not_written_down(town: Town) -> None:
    case_find(town.opened().number, WRONG, "192.0.2.7")
    assert "192.0.2.7" not in LookupTry.objects.get().asker


def test_the_stored_phone_is_told_once_a_day_and_at_no_hour_of_the_night(
    town: Town, office_clock: TurnedClock
) -> None:
    ticket = town.opened()
    office_clock.goes_on(hours=13)
    case_find(ticket.number, WRONG, "a")
    case_find("2611230000" if ticket.number != "2611230000" else "2611230001", WRONG, "b")
    office_clock.goes_on(minutes=1)
    tickets_sweep()
    assert not Notice.objects.exists()
    office_clock.goes_on(hours=10)
    tickets_sweep()
    tickets_sweep()
    notice = Notice.objects.get()
    assert (notice.sealed_address, notice.conversation) == (PHONE, None)
    assert phrases.spaced_number(ticket.number) in notice.text
    assert WRONG not in notice.text


def test_more_wrong_tries_of_a_day_are_one_notice(town: Town, office_clock: TurnedClock) -> None:
    ticket = town.opened()
    for hour in range(3):
        case_find(ticket.number, WRONG, f"asker {hour}")
        office_clock.goes_on(hours=1)
        tickets_sweep()
    assert Notice.objects.count() == 1


def test_whoever_asks_rightly_raises_no_alarm(town: Town, office_clock: TurnedClock) -> None:
    ticket = town.opened()
    case_find(ticket.number, PHONE, "a")
    office_clock.goes_on(minutes=1)
    tickets_sweep()
    assert not Notice.objects.exists()


# Over HTTP


def asks(number: str, phone: str, key: str = "tester-key-1") -> Any:
    cache.clear()
    return Client(raise_request_exception=False).post(
        "/api/v1/tickets/lookup",
        json.dumps({"number": number, "phone": phone}),
        content_type="application/json",
        headers={"X-API-Key": key},
    )


def test_the_program_reads_how_far_it_is(town: Town) -> None:
    ticket = town.dispatched()
    body = asks(ticket.number, PHONE).json()
    assert body["ticket"] == {"number": ticket.number, "status": "dispatched"}
    assert body["report"] is None
    assert "派给工作人员小李" in body["text"]
    assert PHONE not in str(body)


def test_what_does_not_match_is_one_sentence_whether_it_exists_or_not(town: Town) -> None:
    ticket = town.opened()
    wrong_phone, no_number = asks(ticket.number, WRONG), asks("2601010000", PHONE)
    assert wrong_phone.status_code == no_number.status_code == 404
    assert wrong_phone.content == no_number.content
    assert wrong_phone.json()["detail"] == phrases.NOT_MATCHED


def test_after_too_many_tries_the_program_is_told_to_wait(town: Town) -> None:
    ticket = town.opened()
    for _ in range(PER_ASKER):
        asks(ticket.number, WRONG)
    refused = asks(ticket.number, PHONE)
    assert refused.status_code == 429
    assert phrases.TOO_MANY_TRIES in refused.json()["detail"]


def test_a_stranger_asks_in_vain(town: Town) -> None:
    assert asks(town.opened().number, PHONE, key="nobodys-key").status_code == 401
