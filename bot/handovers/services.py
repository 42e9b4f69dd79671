"""What is done with hand-overs, each in one short transaction.

What goes out to the resident is written in the same transaction, and sent by the outbox.
"""

from __future__ import annotations

import re

from django.db import IntegrityError, transaction

from bot import clock
from bot.accounts.models import Staff
from bot.channels.outbox import notice_send, notices_deliver
from bot.conversations.models import Conversation
from bot.conversations.privacy import mask
from bot.encryption import decrypt, encrypt
from bot.handovers import phrases
from bot.handovers.errors import AlreadyTaken, NotOpen, NotYours
from bot.handovers.models import (
    LONGEST_NOTE,
    LONGEST_TEXT,
    ContactLook,
    Handover,
    Notice,
    StaffNotice,
)
from bot.handovers.selectors import free_to_take, open_handover

_PHONE = re.compile(r"\d{7,12}")
_GRAVITY = {reason: place for place, reason in enumerate(Handover.Reason.values)}
# A clerk is not in the telephone call; she calls back.
_UNREACHED = "voice"


def handover_open(
    conversation: Conversation, reason: str, note: str = "", urgent: bool = False
) -> Handover:
    """Call a person. An open hand-over is returned, made graver if this call is graver.

    ``note`` is masked here once more. Raises ValueError for a reason that is none.
    """
    if reason not in _GRAVITY:
        raise ValueError(f"expected a reason of {list(_GRAVITY)}, got “{reason}”")
    note = mask(note)[:LONGEST_NOTE]
    now = clock.now()
    try:
        with transaction.atomic():
            present = open_handover(conversation)
            if present is None:
                return Handover.objects.create(
                    conversation=conversation,
                    reason=reason,
                    note=note,
                    urgent=urgent,
                    opened_at=now,
                    changed_at=now,
                )
            return _raise(present, reason, note, urgent=urgent)
    except IntegrityError:
        # Another process was faster by a moment.
        return handover_open(conversation, reason, note, urgent)


def _raise(handover: Handover, reason: str, note: str, *, urgent: bool) -> Handover:
    is_graver = _GRAVITY[reason] > _GRAVITY[handover.reason]
    if not is_graver and handover.urgent >= urgent and (handover.note or not note):
        return handover
    handover.reason = reason if is_graver else handover.reason
    handover.note = note if note and (is_graver or not handover.note) else handover.note
    handover.urgent = handover.urgent or urgent
    handover.changed_at = clock.now()
    handover.save(update_fields=["reason", "note", "urgent", "changed_at"])
    return handover


def handover_take(handover: Handover, staff: Staff) -> Handover:
    """Look after a conversation. Raises AlreadyTaken for all but the first, NotOpen when closed.

    From a clerk who has been away for a while it can be taken over.
    """
    now = clock.now()
    with transaction.atomic():
        taken = Handover.objects.filter(free_to_take(now), pk=handover.pk).update(
            state=Handover.State.TAKEN, taken_by=staff, taken_at=now, changed_at=now, unread=0
        )
        fresh = _locked(handover)
        if not taken:
            _refuse_taking(fresh, staff)
            return fresh
        _tell(fresh, phrases.taken(staff.display_name), staff)
    return fresh


def _refuse_taking(handover: Handover, staff: Staff) -> None:
    if handover.state == Handover.State.CLOSED:
        raise NotOpen("这个对话已经结束了。")
    if handover.taken_by != staff:
        raise AlreadyTaken(f"{handover.taken_by}已经先接手了。")


def handover_say(handover: Handover, staff: Staff, text: str, key: str = "") -> Notice:
    """Write to the resident as the clerk who took it; the same ``key`` is written once.

    Raises NotYours, NotOpen; ValueError for an empty or overlong text.
    """
    text = text.strip()
    if not 0 < len(text) <= LONGEST_TEXT:
        raise ValueError(f"一次写1到{LONGEST_TEXT}个字，这里有{len(text)}个。")
    with transaction.atomic():
        fresh = _yours(handover, staff)
        notice = notice_send(fresh.conversation, text, author=staff, key=key)
        fresh.unread = 0
        fresh.changed_at = clock.now()
        fresh.save(update_fields=["unread", "changed_at"])
    return notice


def handover_close(handover: Handover, staff: Staff) -> Handover:
    """Give the resident back to the assistant; closing a closed one changes nothing.

    The clerk who took it may, and anybody while it waits. Raises NotYours.
    """
    with transaction.atomic():
        fresh = _locked(handover)
        if fresh.state == Handover.State.CLOSED:
            return fresh
        if fresh.taken_by not in (None, staff):
            raise NotYours(f"这个对话由{fresh.taken_by}接手，只有本人能交还。")
        _tell(fresh, phrases.CLOSED if fresh.taken_by else phrases.CLOSED_UNTAKEN)
        fresh.state = Handover.State.CLOSED
        fresh.closed_at = fresh.changed_at = clock.now()
        fresh.unread = 0
        fresh.save(update_fields=["state", "closed_at", "changed_at", "unread"])
    return fresh


def handover_contact(handover: Handover, phone: str) -> Handover:
    """Keep a number for a call back, encrypted. Raises ValueError without repeating the number."""
    digits = re.sub(r"\D", "", phone.strip().removeprefix("+86"))
    if not _PHONE.fullmatch(digits):
        raise ValueError(f"expected a phone number of 7 to 12 digits, got {len(digits)} digits")
    handover.contact = encrypt(digits)
    handover.changed_at = clock.now()
    handover.save(update_fields=["contact", "changed_at"])
    return handover


def contact_look(handover: Handover, staff: Staff) -> str:
    """Return the resident's number to the clerk who took it, and note who looked.

    Raises NotYours for everybody else, also when it is closed.
    """
    with transaction.atomic():
        fresh = _yours(handover, staff)
        ContactLook.objects.create(handover=fresh, staff=staff, looked_at=clock.now())
    return decrypt(fresh.contact) if fresh.contact else ""


def notice_told(notice: Notice, staff: Staff) -> None:
    """Note who has passed a notice on, by telephone or at the counter."""
    Notice.objects.filter(pk=notice.pk).exclude(state=Notice.State.SENT).update(
        state=Notice.State.SENT,
        sent_at=clock.now(),
        next_try_at=None,
        last_error="told by a person",
        told_by=staff,
    )


def notice_retry(notice: Notice, staff: Staff) -> None:
    """Try again for a day what was given up; the same key is sent, whatever stands waits behind."""
    now = clock.now()
    with transaction.atomic():
        retried = Notice.objects.filter(pk=notice.pk, state=Notice.State.GONE, is_emptied=False)
        if retried.update(
            state=Notice.State.WAITING,
            next_try_at=now,
            attempts=0,
            retried_by=staff,
            retried_at=now,
        ):
            transaction.on_commit(lambda: notices_deliver(notice.target), robust=True)


def notice_look(notice: Notice, staff: Staff) -> str:
    """Return the number or address a notice goes to, and note who looked."""
    ContactLook.objects.create(notice=notice, staff=staff, looked_at=clock.now())
    return str(notice.sealed_address)


def staff_notices_seen(staff: Staff, newest: int) -> None:
    """Note that one of the staff has looked at what she was told, up to the newest shown."""
    StaffNotice.objects.filter(staff=staff, seen_at=None, pk__lte=newest).update(
        seen_at=clock.now()
    )


def handover_read(handover: Handover, staff: Staff) -> None:
    """Note that the clerk who took it has seen what the resident wrote."""
    Handover.objects.filter(pk=handover.pk, taken_by=staff, unread__gt=0).update(unread=0)


def _yours(handover: Handover, staff: Staff) -> Handover:
    fresh = _locked(handover)
    if fresh.state == Handover.State.CLOSED:
        raise NotOpen("这个对话已经交还给小顶了。")
    if fresh.taken_by != staff:
        raise NotYours("请先接手，再回复。" if fresh.taken_by is None else "这个对话由别人接手了。")
    return fresh


def _locked(handover: Handover) -> Handover:
    rows = Handover.objects.select_for_update(of=("self",))
    return rows.select_related("conversation", "taken_by").get(pk=handover.pk)


def _tell(handover: Handover, text: str, author: Staff | None = None) -> None:
    if handover.conversation.channel != _UNREACHED:
        notice_send(handover.conversation, text, author=author)
