"""A person: who can be reached now, how long it takes, and a number to call back."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

import pytest

from bot.actions import person
from bot.actions.context import Guide
from bot.conversations import phrases
from tests.bot.conftest import MONDAY_MORNING, NIGHT, Says
from tests.fakes import FakeDesk
from tests.people import OFFICE

SUNDAY_NIGHT = datetime(2026, 11, 22, 21, 0, tzinfo=OFFICE)
PHONE = "13900000000"


@dataclass(frozen=True)
class Taken:
    """A clerk has the conversation."""

    state: str = "taken"
    position: int = 0
    staff_online: bool = True


@pytest.mark.parametrize(
    ("intent", "reason", "lead"),
    [
        ("human", "asked", "好的"),
        ("complain_bot", "anger", phrases.SORRY),
        ("trouble", "trouble", phrases.NO_HURRY),
        ("ask_item", "asked", "好的"),
    ],
)
def test_a_person_is_called_for_a_reason(says: Says, intent: str, reason: str, lead: str) -> None:
    desk = FakeDesk()
    reply = person.human(says("人工", intent, desk=desk)).reply
    assert desk.calls == [reason]
    assert reply.kind == "handover"
    assert reply.text.startswith(lead)


def test_who_was_not_understood_is_told_so_and_the_intent_stays_unknown(says: Says) -> None:
    outcome = person.call_person(says("asdf"), "failures")
    assert (outcome.reply.kind, outcome.reply.intent) == ("handover", "unknown")
    assert outcome.reply.text.startswith(phrases.NOT_UNDERSTOOD_AGAIN)
    assert "contact_wanted" not in outcome.slots


@pytest.mark.parametrize(
    ("position", "text"),
    [
        (1, phrases.QUEUE_NEXT),
        (2, phrases.QUEUE_BEHIND.format(before=1)),
        (7, phrases.QUEUE_BEHIND.format(before=6)),
    ],
)
def test_it_is_said_how_many_are_before_her(says: Says, position: int, text: str) -> None:
    reply = person.human(says("人工", "human", desk=FakeDesk(position=position))).reply
    assert reply.text == text


@pytest.mark.parametrize(
    ("now", "when"),
    [
        (NIGHT, "11月24日上午9点"),
        (MONDAY_MORNING.replace(hour=7), "今天上午9点"),
        (SUNDAY_NIGHT, "11月23日上午9点"),
    ],
)
def test_out_of_hours_it_is_said_when_somebody_is_there_and_a_number_is_asked_for(
    says: Says, now: datetime, when: str
) -> None:
    outcome = person.human(says("人工", "human", now=now))
    assert outcome.reply.text == phrases.OFFICE_CLOSED.format(when=when)
    assert "12345" in outcome.reply.text
    assert outcome.settled()["contact_wanted"] is True


def test_a_clerk_who_is_online_after_hours_is_a_person_now(says: Says) -> None:
    desk = FakeDesk(staff_online=True)
    outcome = person.human(says("人工", "human", now=NIGHT, desk=desk))
    assert outcome.reply.text == phrases.QUEUE_NEXT
    assert outcome.slots["contact_wanted"] is None


def test_within_hours_no_number_is_asked_for(says: Says) -> None:
    outcome = person.human(says("人工", "human"))
    assert outcome.slots == {"contact": None, "contact_asked": None, "contact_wanted": None}


def test_a_clerk_who_has_it_already_is_there(says: Says, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = FakeDesk()
    monkeypatch.setattr(desk, "call", lambda *given, **named: Taken())
    reply = person.human(says("人工", "human", now=NIGHT, desk=desk)).reply
    assert reply.text == phrases.CLERK_IS_HERE


def test_an_office_without_known_hours_is_taken_for_open(says: Says) -> None:
    context = replace(says("人工", "human", now=NIGHT), guide=Guide({}))
    assert person.human(context).reply.text == phrases.QUEUE_NEXT


# The number to call back


def test_the_engine_learns_only_that_there_is_a_number(says: Says) -> None:
    outcome = person.validate_contact(says("我电话<phone>", draft={"said_phone": PHONE}))
    assert (outcome.settled(), outcome.reply.text) == ({"contact": "filled"}, "")
    assert person.validate_contact(says("我不想留")).settled() == {}


@pytest.mark.parametrize(
    ("asked", "text"),
    [(None, phrases.ASK_CONTACT), (1, phrases.CONTACT_STILL), (2, ""), (9, "")],
)
def test_who_goes_on_to_other_things_is_not_asked_for_ever(
    says: Says, asked: int | None, text: str
) -> None:
    outcome = person.ask_contact(says("社保卡要带什么", slots={"contact_asked": asked}))
    assert (outcome.reply.kind, outcome.reply.slot, outcome.reply.text) == (
        "ask_slot",
        "phone",
        text,
    )
    assert outcome.settled() == {"contact_asked": (asked or 0) + 1}


@pytest.mark.parametrize("text", ["1390000", "139 0000 00", "号码是13900"])
def test_a_number_that_is_not_whole_is_asked_for_again(says: Says, text: str) -> None:
    reply = person.ask_contact(says(text, slots={"contact_asked": 2})).reply
    assert reply.text == phrases.ASK_CONTACT_AGAIN


def test_the_number_is_kept_and_read_back(says: Says) -> None:
    desk = FakeDesk()
    context = says("<phone>", now=NIGHT, desk=desk, draft={"said_phone": PHONE})
    outcome = person.keep_contact(context)
    assert desk.contacts == [PHONE]
    assert "139 0000 0000" in outcome.reply.text
    assert "11月24日上午9点以后" in outcome.reply.text
    assert outcome.reply.slots == {"phone": PHONE}
    assert outcome.settled() == {"contact": None, "contact_wanted": None, "contact_asked": None}


def test_a_number_that_was_never_kept_aside_is_none(says: Says) -> None:
    assert person.validate_contact(says("<phone>")).settled() == {}


def test_nobody_has_to_leave_a_number(says: Says) -> None:
    outcome = person.no_contact(says("不用了", "deny"))
    assert (outcome.reply.kind, outcome.reply.text) == ("smalltalk", phrases.NO_CONTACT)
    assert outcome.settled()["contact_wanted"] is None


@pytest.mark.parametrize(
    ("phone", "read"), [(PHONE, "139 0000 0000"), ("58000000", "58000000"), ("", "")]
)
def test_a_mobile_number_is_read_in_three_parts(phone: str, read: str) -> None:
    assert person.spaced(phone) == read
