"""A person, in one step: who can be reached now, how long it takes, how else."""

from __future__ import annotations

import re
from dataclasses import replace

from bot.actions.context import Context, Outcome, Queue
from bot.actions.telling import plain
from bot.conversations import phrases
from knowledge import opening
from knowledge.record import Hours
from nlu.settling import talks_to_person

# Why a person is called, by what the resident did; whatever else leads here was not understood.
_REASONS = {"human": "asked", "complain_bot": "anger", "trouble": "trouble"}
# What the engine sees of a number, and from how many digits on a message is meant for one.
PHONE_GIVEN = "<phone>"
SHORTEST_NUMBER = 5
_WANTS_PERSON = re.compile(
    r"^(我|就|只|快|给我|现在|马上)*要(个|找)?(真|活)?人|转(真|活)?人(?!社)|叫个人来|喊个人来|找个?(真|活)人"
)
_NO_CONTACT = {"contact": None, "contact_wanted": None, "contact_asked": None}
_ASKS_CONTACT = (phrases.ASK_CONTACT, phrases.CONTACT_STILL, "")
_LEADS = {
    "anger": phrases.SORRY,
    "trouble": phrases.NO_HURRY,
    "failures": phrases.NOT_UNDERSTOOD_AGAIN,
}


def wants_person(text: str) -> bool:
    """Whether a message plainly asks for a person, whatever else was heard in it."""
    return bool(_WANTS_PERSON.search(text)) or talks_to_person(text)


def is_meant_as_number(text: str) -> bool:
    """Whether a message is mostly digits: a number that was asked for, perhaps a wrong one."""
    digits = sum(character.isdigit() for character in text)
    return digits >= SHORTEST_NUMBER and 2 * digits >= len(text)


def human(context: Context) -> Outcome:
    """Call a person, whatever for."""
    return call_person(context, _REASONS.get(context.understanding.intent, "asked"))


def call_person(context: Context, reason: str) -> Outcome:
    """Put the conversation into the queue and say how it stands.

    Out of hours a number to call back is asked for; it is never seen by the engine.
    """
    queue = context.desk.call(reason, context.understanding.text)
    is_out = _is_out_of_hours(context) and not queue.staff_online
    text = f"{_LEADS.get(reason, '')}{_how_it_stands(context, queue, is_out)}"
    reply = plain(context, "handover", text, confidence=1.0)
    if reason == "failures":
        return Outcome(replace(reply, intent="unknown"))
    return Outcome(
        reply, {"contact": None, "contact_asked": None, "contact_wanted": is_out or None}
    )


def _how_it_stands(context: Context, queue: Queue, is_out: bool) -> str:
    if queue.state == "taken":
        return phrases.CLERK_IS_HERE
    if is_out:
        return phrases.OFFICE_CLOSED.format(when=_next_hours(context))
    if queue.position > 1:
        return phrases.QUEUE_BEHIND.format(before=queue.position - 1)
    return phrases.QUEUE_NEXT


def _is_out_of_hours(context: Context) -> bool:
    hall = _hall_hours(context)
    return hall is not None and not opening.is_open(hall, context.now)


def _next_hours(context: Context) -> str:
    hall = _hall_hours(context)
    soon = opening.next_opening(hall, context.now) if hall is not None else None
    if soon is None:
        return "下次上班"
    day = opening.day_in_words(soon.date(), context.now.date())
    return f"{day}{opening.clock(soon.time())}"


def _hall_hours(context: Context) -> Hours | None:
    hall = next((place for place in context.guide.places if place.kind == "hall"), None)
    return hall.hours if hall is not None else None


def validate_contact(context: Context) -> Outcome:
    """Take the number that was kept aside for the form, if this message gave one.

    The engine learns only that there is one.
    """
    is_given = PHONE_GIVEN in context.understanding.text and context.draft.get("said_phone")
    slots = {"contact": "filled"} if is_given else {}
    return Outcome(plain(context, "handover", ""), slots, leaves=True)


def ask_contact(context: Context) -> Outcome:
    """Ask for the number to call back; whoever goes on to other things is not asked for ever."""
    asked = int(context.understanding.slots.get("contact_asked") or 0)
    is_number = is_meant_as_number(context.understanding.text)
    text = phrases.ASK_CONTACT_AGAIN if is_number else _ASKS_CONTACT[min(asked, 2)]
    reply = plain(context, "ask_slot", text, slot="phone", confidence=1.0)
    return Outcome(reply, {"contact_asked": asked + 1}, leaves=True)


def keep_contact(context: Context) -> Outcome:
    """Say which number is called back, read 3-4-4."""
    phone = context.draft.get("said_phone", "")
    text = phrases.CONTACT_KEPT.format(phone=spaced(phone), when=_next_hours(context))
    reply = plain(context, "handover", text, slots={"phone": phone})
    context.desk.contact(phone)
    return Outcome(replace(reply, intent="human"), _NO_CONTACT, leaves=True)


def no_contact(context: Context) -> Outcome:
    """She would rather not leave a number."""
    return Outcome(plain(context, "smalltalk", phrases.NO_CONTACT), _NO_CONTACT)


def spaced(phone: str) -> str:
    """Return a mobile number as people read it: 3-4-4."""
    return f"{phone[:3]} {phone[3:7]} {phone[7:]}" if len(phone) == 11 else phone
