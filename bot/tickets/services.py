"""What is done with proxy tickets, each in one short transaction with its event and its notices.

A ticket passed in only says which one is meant: it is read again, locked, and returned as it is
then. Steps of staff raise Forbidden (accounts.policies) for whoever may not take them; every step
raises NotAllowed (casework.life) where the ticket's state has no room for it, and Incomplete where
something is missing.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from django.db import IntegrityError, transaction

from bot import clock
from bot.accounts.models import Staff, StaffRole
from bot.accounts.policies import Action, may, require
from bot.casework.calendar import office_calendar
from bot.casework.digests import phone_digest
from bot.casework.life import NotAllowed
from bot.casework.models import CaseNumber
from bot.casework.numbers import number_new
from bot.casework.routing import least_loaded
from bot.conversations.models import Conversation
from bot.gazetteer.selectors import community_of
from bot.tickets import phrases, states, telling
from bot.tickets.errors import Incomplete, NobodyThere, Unsuitable
from bot.tickets.models import Rating, Ticket, TicketEvent, TicketMaterial
from bot.tickets.steps import (
    OFFICE,
    RESIDENT,
    STAFF,
    locked,
    require_state,
    step_due,
    step_note,
    step_take,
)

# A bad rating is made good within so many working days (好差评).
RECTIFY_DAYS: Final = 15
SCORES: Final = range(1, 6)
LONGEST_TIME: Final = 60
_PHONE = re.compile(r"\d{7,12}")
_EMS = re.compile(r"[A-Z0-9]{8,20}")
# Originals are handed back after the errand too.
_HAS_MATERIALS: Final = (*states.OPEN, *states.DONE)


@dataclass(frozen=True)
class TicketRequest:
    """An errand as it was read back.

    ``mode``, ``reason`` and ``asker`` are values of Ticket.Mode, .Reason and .Asker; ``time_text``
    is the resident's words, ``time_at`` the moment they mean if they mean one; ``materials`` are
    names with details.
    """

    item_id: str
    item_name: str
    mode: str
    reason: str
    name: str
    phone: str
    address: str
    time_text: str
    reason_text: str = ""
    situations: tuple[str, ...] = ()
    time_at: datetime | None = None
    asker: str = Ticket.Asker.SELF
    groups: tuple[str, ...] = ()
    emergency_contact: str = ""
    id_number: str = ""
    materials: tuple[tuple[str, str], ...] = ()
    promised_days: int = 5


# “办完为止，最长半年”: what every read-back says.
CONSENT_LASTS: Final = timedelta(days=180)


@dataclass(frozen=True)
class Consent:
    """What was read back, and the yes to it; ``until`` is the last day on which it holds."""

    words: str
    yes: str
    turn_id: str
    until: date


def ticket_open(
    request: TicketRequest,
    request_key: str,
    consent: Consent,
    *,
    conversation: Conversation | None = None,
    channel: str = "",
    staff: Staff | None = None,
) -> Ticket:
    """Open a ticket with its number, its materials and its first event.

    The same ``request_key`` returns the same ticket, whatever happens at the same moment.
    """
    if staff is not None:
        require(staff, Action.TICKET_CREATE)
    _require_complete(request)
    if known := _known(request_key):
        return known
    ticket = _drawn_up(request, request_key, consent, conversation, channel, staff)
    try:
        with transaction.atomic():
            _write(ticket, request.materials)
    except IntegrityError:
        # The same yes came in twice, and the other was faster by a moment.
        if known := _known(request_key):
            return known
        raise
    return ticket


def _known(request_key: str) -> Ticket | None:
    rows = Ticket.objects.select_related("conversation", "community", "assignee", "helper")
    return rows.filter(request_key=request_key).first()


def _drawn_up(
    request: TicketRequest,
    request_key: str,
    consent: Consent,
    conversation: Conversation | None,
    channel: str,
    staff: Staff | None,
) -> Ticket:
    """Return the ticket without its number, not yet in the database."""
    now, phone = clock.now(), _digits(request.phone)
    ticket = Ticket(
        request_key=request_key,
        conversation=conversation,
        channel=channel or (conversation.channel if conversation else STAFF),
        created_by=staff,
        item_id=request.item_id,
        item_name=request.item_name,
        situations=list(request.situations),
        mode=request.mode,
        reason=request.reason,
        groups=list(request.groups),
        asker=request.asker,
        sealed_person=_person(request, phone),
        phone_digest=phone_digest(phone),
        sealed_consent=_consent(request, consent, now),
        community=community_of(request.address),
        time_text=request.time_text[:LONGEST_TIME],
        time_at=request.time_at,
        opened_at=now,
        due_at=_promised(now, request.promised_days, request.time_at),
        promised_days=request.promised_days,
        changed_at=now,
    )
    ticket.step_due_at = step_due(ticket, now)
    return ticket


def _write(ticket: Ticket, materials: Iterable[tuple[str, str]]) -> None:
    """Give a ticket its number and write it with all that belongs to it, in one transaction."""
    ticket.number = number_new(CaseNumber.Kind.TICKET)
    ticket.save()
    TicketMaterial.objects.bulk_create(
        TicketMaterial(
            ticket=ticket, name=name[:120], details=details[:200], changed_at=ticket.opened_at
        )
        for name, details in materials
    )
    event = TicketEvent.objects.create(
        ticket=ticket,
        step="open",
        after=ticket.state,
        staff=ticket.created_by,
        by=STAFF if ticket.created_by else RESIDENT,
        happened_at=ticket.opened_at,
    )
    telling.event_tell(ticket, event)


def ticket_accept(ticket: Ticket, staff: Staff) -> Ticket:
    """Accept an ordered ticket (接单)."""
    return _step(ticket, "accept", staff, Action.TICKET_ACCEPT)


def ticket_dispatch(
    ticket: Ticket, staff: Staff, assignee: Staff | None = None, helper: Staff | None = None
) -> Ticket:
    """Give an accepted ticket to somebody (派单); without ``assignee`` to whose turn it is.

    Raises NobodyThere, Unsuitable.
    """
    with transaction.atomic():
        fresh = _fresh(ticket, staff, Action.TICKET_DISPATCH)
        fresh.assignee = assignee or _grid_worker(fresh)
        fresh.helper = helper if helper != fresh.assignee else None
        for person in filter(None, (fresh.assignee, fresh.helper)):
            if not may(person, Action.TICKET_WORK, fresh):
                raise Unsuitable(f"{person.display_name}的账号不能办理代办件，请换一个人。")
        step_take(fresh, "dispatch", staff)
    return fresh


def ticket_start(ticket: Ticket, staff: Staff) -> Ticket:
    """Begin the errand (开始办理)."""
    return _step(ticket, "start", staff, Action.TICKET_WORK)


def ticket_suspend(ticket: Ticket, staff: Staff, reason: str) -> Ticket:
    """Stop for a while (中止); what is left of the promised time is kept."""
    with transaction.atomic():
        fresh = _fresh(ticket, staff, Action.TICKET_WORK)
        fresh.suspended_minutes = office_calendar().minutes_between(clock.now(), fresh.due_at)
        step_take(fresh, "suspend", staff, _said(reason, "请写明为什么中止，居民会看到。"))
    return fresh


def ticket_resume(ticket: Ticket, staff: Staff) -> Ticket:
    """Go on (恢复办理); the rest of the promised time runs from now. What was late stays late."""
    with transaction.atomic():
        fresh = _fresh(ticket, staff, Action.TICKET_WORK)
        if fresh.suspended_minutes:
            rest = office_calendar().add_minutes(clock.now(), fresh.suspended_minutes)
            fresh.due_at = max(fresh.due_at, rest)
        fresh.suspended_minutes = None
        step_take(fresh, "resume", staff)
    return fresh


def ticket_ready(ticket: Ticket, staff: Staff, ems_number: str = "") -> Ticket:
    """Note that it is done and on its way to the resident (待送达), by EMS or by hand."""
    ems_number = re.sub(r"[\s-]", "", ems_number).upper()
    if ems_number and not _EMS.fullmatch(ems_number):
        raise Incomplete("EMS单号不对：应是8到20位字母和数字，请核对后再填。")
    with transaction.atomic():
        fresh = _fresh(ticket, staff, Action.TICKET_WORK)
        fresh.ems_number = ems_number
        step_take(fresh, "ready", staff, ems_number)
    return fresh


def ticket_deliver(ticket: Ticket, staff: Staff, outcome: str) -> Ticket:
    """Hand over the result (送单办结)."""
    with transaction.atomic():
        fresh = _fresh(ticket, staff, Action.TICKET_WORK)
        fresh.outcome = _said(outcome, "请写明办成了什么、东西交给了谁。")
        step_take(fresh, "deliver", staff, fresh.outcome)
    return fresh


def ticket_call_back(ticket: Ticket, staff: Staff, solved: bool, note: str = "") -> Ticket:
    """Note what the resident says when asked (回访); what is not solved is done again."""
    with transaction.atomic():
        fresh = _fresh(ticket, staff, Action.TICKET_CALL_BACK)
        step_take(fresh, "call_back", staff, note.strip())
        if not solved:
            _reopen(fresh, _said(note, "没解决的请写明差在哪里。"), staff)
    return fresh


def ticket_end(ticket: Ticket, staff: Staff, reason: str) -> Ticket:
    """End it without a result (终止)."""
    why = _said(reason, "请写明为什么终止，居民会看到。")
    return _step(ticket, "end", staff, Action.TICKET_END, why)


def ticket_refuse(ticket: Ticket, staff: Staff, reason: str, competent: str) -> Ticket:
    """Say that it is not taken on, why, and who is competent (不予受理)."""
    why = _said(reason, "请写明为什么不予受理，居民会看到。")
    whose = _said(competent, "请写明这件事归哪里管，好告诉居民。")
    return _step(ticket, "refuse", staff, Action.TICKET_REFUSE, phrases.refusal(why, whose))


def ticket_reopen(ticket: Ticket, reason: str, staff: Staff | None = None) -> Ticket:
    """Do a finished ticket again (重新办理); without ``staff`` the resident says so."""
    with transaction.atomic():
        fresh = _fresh(ticket, staff, Action.TICKET_REOPEN)
        _reopen(fresh, reason.strip(), staff)
    return fresh


def _reopen(ticket: Ticket, reason: str, staff: Staff | None) -> None:
    now = clock.now()
    ticket.assignee = ticket.helper = None
    ticket.ems_number = ticket.outcome = ""
    ticket.suspended_minutes = None
    ticket.reopened_count += 1
    ticket.due_at = max(ticket.due_at, _promised(now, ticket.promised_days, None))
    step_take(ticket, "reopen", staff, reason)


def ticket_withdraw(ticket: Ticket, reason: str = "", staff: Staff | None = None) -> Ticket:
    """Withdraw it (撤销) as the resident wishes; ``staff`` does it for her."""
    return _step(ticket, "withdraw", staff, Action.TICKET_WITHDRAW, reason.strip())


def ticket_take_back(ticket: Ticket, staff: Staff | None = None) -> Ticket:
    """Take a ticket from who has it (收回重派).

    Without ``staff`` it is the office's clockwork: that takes back only what nobody has begun
    after a reminder.
    """
    with transaction.atomic():
        fresh = _fresh(ticket, staff, Action.TICKET_TAKE_BACK)
        if staff is None and not (fresh.state == states.DISPATCHED and fresh.reminded_at):
            raise NotAllowed("只有催过还没开始的才自动收回。")
        former = [person for person in (fresh.assignee, fresh.helper) if person]
        fresh.assignee = fresh.helper = None
        event = step_take(fresh, "take_back", staff, by="" if staff else OFFICE)
        telling.taking_back_tell(fresh, event, former)
    return fresh


def ticket_change(
    ticket: Ticket,
    *,
    phone: str | None = None,
    time_text: str | None = None,
    time_at: datetime | None = None,
    address: str | None = None,
    mode: str | None = None,
    staff: Staff | None = None,
) -> Ticket:
    """Change what the resident wants changed; nothing new changes nothing.

    ``time_at`` belongs to ``time_text``. A later day puts the promised time off, an earlier one
    leaves it.
    """
    if phone is not None:
        phone = _digits(phone)
    if mode is not None and mode not in Ticket.Mode.values:
        raise Incomplete(f"帮办方式只有{'、'.join(Ticket.Mode.values)}。")
    with transaction.atomic():
        fresh = _fresh(ticket, staff, Action.TICKET_CHANGE)
        require_state(fresh, states.OPEN, "再改")
        former = fresh.sealed_person.get("phone", "")
        noted = [
            *_phone_change(fresh, phone),
            *_address_change(fresh, address),
            *_mode_change(fresh, mode),
            *_time_change(fresh, time_text, time_at),
        ]
        if noted:
            event = step_note(fresh, "change", staff, "；".join(noted))
            telling.former_phone_tell(fresh, event, former)
    return fresh


def _phone_change(ticket: Ticket, phone: str | None) -> list[str]:
    before = ticket.sealed_person.get("phone", "")
    if phone is None or phone == before:
        return []
    ticket.sealed_person = {**ticket.sealed_person, "phone": phone}
    ticket.phone_digest = phone_digest(phone)
    return [f"电话：尾号{before[-4:]}改成尾号{phone[-4:]}"]


def _address_change(ticket: Ticket, address: str | None) -> list[str]:
    address = (address or "").strip()
    if not address or address == ticket.sealed_person.get("address"):
        return []
    ticket.sealed_person = {**ticket.sealed_person, "address": address}
    ticket.community = community_of(address)
    return ["地址改了"]


def _mode_change(ticket: Ticket, mode: str | None) -> list[str]:
    if mode is None or mode == ticket.mode:
        return []
    before, ticket.mode = ticket.mode, mode
    return [f"方式：{before}改成{mode}"]


def _time_change(ticket: Ticket, time_text: str | None, time_at: datetime | None) -> list[str]:
    text = (time_text or "").strip()[:LONGEST_TIME]
    if not text or (text, time_at) == (ticket.time_text, ticket.time_at):
        return []
    before = ticket.time_text
    ticket.time_text, ticket.time_at = text, time_at
    if time_at is not None:
        ticket.due_at = max(ticket.due_at, office_calendar().add_days(time_at, 0))
    if ticket.state == states.DISPATCHED:
        # Whoever has it begins by the new day; a reminder of the old one is void.
        ticket.step_due_at, ticket.reminded_at = step_due(ticket, clock.now()), None
    return [f"时间：{before}改成{text}"]


def material_set(material: TicketMaterial, state: str, staff: Staff) -> TicketMaterial:
    """Note where a material is; the same again is no event."""
    if state not in TicketMaterial.State.values:
        raise Incomplete(f"材料只有{'、'.join(TicketMaterial.State.labels)}三种。")
    with transaction.atomic():
        fresh = _fresh(material.ticket, staff, Action.TICKET_WORK)
        require_state(fresh, _HAS_MATERIALS, "再动材料")
        row = fresh.materials.get(pk=material.pk)
        if row.state == state:
            return row
        row.state, row.changed_at, row.changed_by = state, clock.now(), staff
        row.save()
        step_note(fresh, "material", staff, f"{row.name}：{TicketMaterial.State(state).label}")
    return row


def ticket_rate(
    ticket: Ticket, score: int, words: str = "", dimensions: Collection[str] = ()
) -> Rating:
    """Take the resident's rating, at any time; a bad one is to be made good."""
    if score not in SCORES:
        raise Incomplete(f"打分是1到5分，这里是{score}。")
    is_bad = score < Rating.WORST_GOOD
    with transaction.atomic():
        fresh, now = locked(ticket), clock.now()
        rating = Rating.objects.create(
            ticket=fresh,
            score=score,
            dimensions=list(dimensions),
            words=words.strip(),
            given_at=now,
            rectify_due_at=office_calendar().add_days(now, RECTIFY_DAYS) if is_bad else None,
        )
        step_note(fresh, "rate_bad" if is_bad else "rate", None, f"{score}分")
    return rating


def rating_call_back(rating: Rating, staff: Staff, note: str) -> Rating:
    """Note that somebody has talked to the resident about a bad rating."""
    with transaction.atomic():
        fresh, row = _bad_rating(rating, staff)
        said = _said(note, "请写明居民怎么说的。")
        row.called_back_at = clock.now()
        row.save(update_fields=["called_back_at"])
        step_note(fresh, "rating_call_back", staff, said)
    return row


def rating_rectify(rating: Rating, staff: Staff, words: str) -> Rating:
    """Note how a bad rating was made good; only after she was called back."""
    with transaction.atomic():
        fresh, row = _bad_rating(rating, staff)
        if row.called_back_at is None:
            raise NotAllowed("差评先回访，再写整改结果。")
        row.rectification = _said(words, "请写明怎么整改的。")
        row.rectified_at, row.rectified_by = clock.now(), staff
        row.save(update_fields=["rectification", "rectified_at", "rectified_by"])
        step_note(fresh, "rectify", staff, row.rectification)
    return row


def _bad_rating(rating: Rating, staff: Staff) -> tuple[Ticket, Rating]:
    fresh = _fresh(rating.ticket, staff, Action.RATING_RECTIFY)
    row = fresh.ratings.get(pk=rating.pk)
    if row.rectify_due_at is None:
        raise NotAllowed("只有差评才要回访和整改。")
    if row.rectified_at is not None:
        raise NotAllowed("这个差评已经整改过了。")
    return fresh, row


def _step(ticket: Ticket, step: str, staff: Staff | None, action: Action, note: str = "") -> Ticket:
    with transaction.atomic():
        fresh = _fresh(ticket, staff, action)
        step_take(fresh, step, staff, note)
    return fresh


def _fresh(ticket: Ticket, staff: Staff | None, action: Action) -> Ticket:
    fresh = locked(ticket)
    if staff is not None:
        require(staff, action, fresh)
    return fresh


def _grid_worker(ticket: Ticket) -> Staff:
    person = least_loaded(StaffRole.Role.GRID, ticket.community, clock.now())
    if person is None:
        raise NobodyThere("没有找到能派的网格员，请先给这个社区排上网格员，或者直接选一个人。")
    return person


def _require_complete(request: TicketRequest) -> None:
    wanted: Mapping[str, Any] = {
        "事项": request.item_id and request.item_name,
        "姓名": request.name.strip(),
        "电话": _PHONE.fullmatch(_bare(request.phone)),
        "地址或社区": request.address.strip(),
        "原因": request.reason in Ticket.Reason.values,
        "帮办方式": request.mode in Ticket.Mode.values,
        "时间": request.time_text.strip(),
        "谁来申请": request.asker in Ticket.Asker.values,
    }
    if missing := [name for name, given in wanted.items() if not given]:
        raise Incomplete(f"还缺{'、'.join(missing)}，或者没写对。")


def _person(request: TicketRequest, phone: str) -> dict[str, str]:
    return {
        "name": request.name.strip(),
        "phone": phone,
        "address": request.address.strip(),
        "id_number": request.id_number,
        "emergency_contact": request.emergency_contact,
        "reason_text": request.reason_text,
    }


def _consent(request: TicketRequest, consent: Consent, now: datetime) -> dict[str, str]:
    return {
        "who": request.name.strip(),
        "what": f"{request.mode}“{request.item_name}”",
        "words": consent.words,
        "yes": consent.yes,
        "turn_id": consent.turn_id,
        "given_at": now.isoformat(timespec="seconds"),
        "until": consent.until.isoformat(),
    }


def _promised(now: datetime, days: int, time_at: datetime | None) -> datetime:
    """Return the end of the last promised working day, not before the day that was agreed."""
    calendar = office_calendar()
    due = calendar.add_days(now, max(days, 1))
    return max(due, calendar.add_days(time_at, 0)) if time_at else due


def _digits(phone: str) -> str:
    digits = _bare(phone)
    if not _PHONE.fullmatch(digits):
        raise Incomplete(f"电话应是7到12位数字，这里有{len(digits)}位。")
    return digits


def _bare(phone: str) -> str:
    return re.sub(r"\D", "", phone.strip().removeprefix("+86"))


def _said(words: str, otherwise: str) -> str:
    words = words.strip()
    if not words:
        raise Incomplete(otherwise)
    return words
