"""Notices on their way out: written with their cause, sent by the worker until taken or given up.

What has to be sent stands in the database alone, so a killed worker loses nothing; a notice may
arrive twice then, with the same key. Telegram, WeChat, text messages and e-mail are sent to; web,
kiosk and api fetch; a caller is called back by a person. Of a resident's ways the nearest is tried
first, and a text message stands in for what did not arrive.
"""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import close_old_connections, transaction
from django.db.models import Q
from django.utils.crypto import salted_hmac
from django.utils.module_loading import import_string

from bot import clock
from bot.accounts.models import Staff
from bot.channels.delivery import Outgoing, Sender, TryLater, Undeliverable
from bot.channels.email import Mail, mail_send
from bot.channels.email import is_set_up as has_email
from bot.channels.sms import Sms, is_mobile, sms_send
from bot.channels.sms import is_set_up as has_sms
from bot.conversations.messages import Button
from bot.conversations.models import Conversation
from bot.handovers.models import (
    LONGEST_NOTE,
    LONGEST_SUBJECT,
    LONGEST_TEXT,
    Notice,
    StaffNotice,
    new_key,
)
from bot.tasks import queue

log = logging.getLogger(__name__)

# Channel → what returns its Sender. By name: a channel that is not set up must not stop the others.
SENDERS: dict[str, str] = {
    "telegram": "bot.channels.telegram.sender",
    "wechat": "bot.channels.wechat.sender",
}
FETCHED = frozenset({"web", "kiosk", "api"})
# A kiosk's page belongs to whoever stands there next.
OWN_PAGES = frozenset({"web", "api"})
# An open page has fetched a notice by then.
PAGE_WAIT = timedelta(seconds=30)
# Before a person calls somebody who cannot be sent a text message; she may open the page yet.
CALL_WAIT = timedelta(hours=1)
LONGEST_PAUSE = timedelta(hours=1)
GIVEN_UP_AFTER = timedelta(hours=24)
# A sender that is killed at work holds its notice no longer than this.
CLAIM = timedelta(seconds=120)
# Words and a number at the end; the ids of residents are neither.
_CODE = re.compile(r"[A-Za-z]{1,20}(?:(?:: | |_)[A-Za-z]{1,20}){0,9}(?::? \d{1,6})?")


def notice_send(
    conversation: Conversation,
    text: str,
    buttons: Sequence[Button] = (),
    author: Staff | None = None,
    key: str = "",
) -> Notice:
    """Write a notice; it goes out when the surrounding transaction is done.

    The same ``key`` writes one notice. Without an author it is the office's own.
    """
    return _write(
        key,
        target=str(conversation.pk),
        conversation=conversation,
        origin=conversation,
        author=author,
        text=text[:LONGEST_TEXT],
        buttons=[asdict(button) for button in buttons],
        next_try_at=clock.now() if conversation.channel in SENDERS else None,
    )


def notice_sms(
    phone: str,
    text: str,
    key: str,
    template: str = "",
    params: Mapping[str, str] | None = None,
    *,
    staff: Staff | None = None,
    **more: Any,
) -> Notice:
    """Write a text message; the same ``key`` writes one. Without a template the general one's.

    ``more`` are further fields of Notice.
    """
    return _write(
        key,
        medium=Notice.Medium.SMS,
        target=_target(Notice.Medium.SMS, phone),
        sealed_address=phone,
        text=text[:LONGEST_TEXT],
        template=template,
        sealed_params=dict(params) if params else None,
        staff=staff,
        next_try_at=clock.now(),
        **more,
    )


def notice_email(
    address: str, subject: str, text: str, key: str, *, staff: Staff | None = None
) -> Notice:
    """Write an e-mail; the same ``key`` writes one."""
    return _write(
        key,
        medium=Notice.Medium.EMAIL,
        target=_target(Notice.Medium.EMAIL, address),
        sealed_address=address,
        subject=" ".join(subject.split())[:LONGEST_SUBJECT],
        text=text[:LONGEST_TEXT],
        staff=staff,
        next_try_at=clock.now(),
    )


def resident_tell(
    conversation: Conversation | None,
    phone: str,
    text: str,
    key: str,
    *,
    is_about_staff: bool = False,
) -> Notice | None:
    """Tell a resident in the way that reaches her; None if there is none. Once for each ``key``.

    Her chat or page has it first; what it cannot deliver, or what nobody fetches within half a
    minute, goes to her phone as well. After a call or a kiosk it goes to the phone at once, as a
    text message or, where none can be sent, by a person's call; that has an hour's time where her
    page may yet be opened. ``phone`` may be empty.
    """
    of_it = {"origin": conversation, "is_about_staff": is_about_staff}
    if conversation and conversation.channel in OWN_PAGES | SENDERS.keys():
        return _write(
            key,
            target=str(conversation.pk),
            conversation=conversation,
            sealed_address=phone,
            text=text[:LONGEST_TEXT],
            next_try_at=clock.now() if conversation.channel in SENDERS else _falls_back_at(phone),
            **of_it,
        )
    return _to_phone(phone, text, key, **of_it) if phone else None


def _falls_back_at(phone: str) -> datetime | None:
    if not phone:
        return None
    return clock.now() + (PAGE_WAIT if _takes_sms(phone) else CALL_WAIT)


def _to_phone(phone: str, text: str, key: str, **more: Any) -> Notice:
    """Write a text message or, where none can be sent, what a person is to say on the phone."""
    if _takes_sms(phone):
        return notice_sms(phone, text, key, **more)
    return _write(
        key,
        medium=Notice.Medium.CALL,
        target=_target(Notice.Medium.CALL, phone),
        sealed_address=phone,
        text=text[:LONGEST_TEXT],
        next_try_at=None,
        **more,
    )


def staff_tell(staff: Staff, text: str, key: str, path: str = "") -> None:
    """Tell one of the staff on her pages, and by the ways of BOT_STAFF_NOTICES that she has.

    The same ``key`` is told once to each. ``path`` is the page it is about, from its first slash.
    """
    if path and not re.match(r"/(?!/)", path):
        raise ValueError(f"expected a path of this server, got “{path}”")
    if not staff.is_active:
        return
    values = {"text": text[:LONGEST_NOTE], "path": path, "created_at": clock.now()}
    _, is_new = StaffNotice.objects.get_or_create(staff=staff, key=key, defaults=values)
    if not is_new:
        return
    ways = settings.BOT_STAFF_NOTICES.split("+")
    if "email" in ways and staff.email and has_email():
        link = f"\n\n{settings.BOT_URL.rstrip('/')}{path}" if path else ""
        own_key = _derived(key, f"{staff.pk} email")
        notice_email(staff.email, text, f"{text}{link}", own_key, staff=staff)
    if "sms" in ways and _takes_sms(staff.sealed_phone):
        notice_sms(staff.sealed_phone, text, _derived(key, f"{staff.pk} sms"), staff=staff)


def _takes_sms(phone: str) -> bool:
    return is_mobile(phone) and has_sms()


def _target(medium: str, address: str) -> str:
    return f"{medium}-{salted_hmac('bot.channels.outbox', address, algorithm='sha256').hexdigest()}"


def _derived(key: str, suffix: str) -> str:
    return hashlib.sha256(f"{key} {suffix}".encode()).hexdigest()


def _write(key: str, *, target: str, **values: Any) -> Notice:
    now = clock.now()
    notice, is_new = Notice.objects.get_or_create(
        key=key or new_key(), defaults={"target": target, "created_at": now, **values}
    )
    if is_new and notice.next_try_at is not None and notice.next_try_at <= clock.now():
        # If the queue cannot be written, the sweep finds the notice.
        transaction.on_commit(lambda: notices_deliver(target), robust=True)
    return notice


def notices_fetched(notices: Iterable[Notice]) -> None:
    """Note that a resident's own page or program has been given these; nobody need call then."""
    waiting = [notice.pk for notice in notices if notice.state == Notice.State.WAITING]
    if waiting:
        fetched = Q(pk__in=waiting, conversation__channel__in=FETCHED)
        call = Q(instead_of__in=waiting, medium=Notice.Medium.CALL)
        Notice.objects.filter(fetched | call, state=Notice.State.WAITING).update(
            state=Notice.State.SENT, sent_at=clock.now(), next_try_at=None
        )


def _notices_deliver(target: str) -> None:
    """Deliver in the worker what a recipient has waiting; come back when it is time again."""
    close_old_connections()
    try:
        pause = deliver(target)
    finally:
        close_old_connections()
    if pause is not None:
        notices_deliver.schedule((target,), delay=max(1, round(pause.total_seconds())))


notices_deliver: Any = queue.task(name="notices_deliver")(_notices_deliver)


def deliver(target: str) -> timedelta | None:
    """Send a recipient's notices in order; returns how long to wait for the next attempt.

    None means that nothing waits, or that somebody else is at it.
    """
    while (notice := _claim(target)) is not None:
        _attempt(notice)
    head = _head(target)
    if head is None or head.next_try_at is None or head.claimed_until is not None:
        return None
    return max(timedelta(), head.next_try_at - clock.now())


def due_targets() -> list[str]:
    """Return the recipients with a notice that should have gone out."""
    now = clock.now()
    due = Notice.objects.filter(_unclaimed(), state=Notice.State.WAITING, next_try_at__lte=now)
    return list(due.order_by().values_list("target", flat=True).distinct())


def _head(target: str) -> Notice | None:
    """Return the oldest that is to be sent; what a page fetches has no time of its own."""
    rows = Notice.objects.filter(
        target=target, state=Notice.State.WAITING, next_try_at__isnull=False
    )
    return rows.select_related("conversation").order_by("id").first()


def _claim(target: str) -> Notice | None:
    """Take the oldest waiting notice if it is due; nobody else can take it or one behind it."""
    now = clock.now()
    head = _head(target)
    if head is None or head.next_try_at is None or head.next_try_at > now:
        return None
    claimed = Notice.objects.filter(
        _unclaimed(), pk=head.pk, state=Notice.State.WAITING, attempts=head.attempts
    ).update(claimed_until=now + CLAIM, attempts=head.attempts + 1)
    head.attempts += 1
    return head if claimed else None


def _unclaimed() -> Q:
    return Q(claimed_until=None) | Q(claimed_until__lte=clock.now())


def _attempt(notice: Notice) -> None:
    if notice.conversation and notice.conversation.channel in FETCHED:
        _stand_in(notice)
        return
    try:
        _send(notice)
    except Undeliverable as error:
        _give_up(notice, _code(error))
    except TryLater as error:
        _postpone(notice, _code(error), timedelta(seconds=error.seconds))
    except Exception as error:  # noqa: BLE001 (whatever a channel raises, the notice stays)
        # Its words may hold addresses of residents; its class cannot.
        log.warning("notice %s failed: %s", notice.key, type(error).__name__)
        _postpone(notice, type(error).__name__, timedelta())
    else:
        _settle(notice, Notice.State.SENT, "")


def _send(notice: Notice) -> None:
    if notice.medium == Notice.Medium.SMS:
        sms_send(_sms(notice))
    elif notice.medium == Notice.Medium.EMAIL:
        mail_send(Mail(notice.key, notice.sealed_address, notice.subject, notice.text))
    elif notice.conversation:
        buttons = tuple(Button(**button) for button in notice.buttons)
        outgoing = Outgoing(notice.key, notice.text, buttons)
        _sender(notice.conversation.channel).send(notice.conversation.external_id, outgoing)


def _sms(notice: Notice) -> Sms:
    return Sms(
        notice.key,
        notice.sealed_address,
        notice.text,
        notice.template,
        notice.sealed_params or {},
        clock.now() - notice.created_at if notice.attempts > 1 or notice.retried_at else None,
    )


def _stand_in(notice: Notice) -> None:
    """Bring to the phone what the page has not fetched; the page still has it when it is opened."""
    with transaction.atomic():
        Notice.objects.filter(pk=notice.pk).update(next_try_at=None, claimed_until=None)
        _phone_instead(notice)


def _phone_instead(notice: Notice) -> None:
    _to_phone(
        notice.sealed_address,
        notice.text,
        _derived(notice.key, "sms"),
        instead_of=notice,
        origin=notice.origin,
        is_about_staff=notice.is_about_staff,
    )


def _sender(channel: str) -> Sender:
    make = import_string(SENDERS[channel])
    sender: Sender = make()
    return sender


def _code(error: Exception) -> str:
    text = str(error)
    return text if _CODE.fullmatch(text) else type(error).__name__


def _postpone(notice: Notice, code: str, at_least: timedelta) -> None:
    now = clock.now()
    if now - (notice.retried_at or notice.created_at) >= GIVEN_UP_AFTER:
        _give_up(notice, code)
        return
    pause = min(LONGEST_PAUSE, timedelta(seconds=2.0 ** min(notice.attempts - 1, 12)))
    notice.next_try_at = now + max(pause, at_least)
    notice.claimed_until = None
    notice.last_error = code[:60]
    notice.save(update_fields=["next_try_at", "claimed_until", "last_error"])


def _give_up(notice: Notice, code: str) -> None:
    log.warning("notice %s given up: %s", notice.key, code)
    with transaction.atomic():
        _settle(notice, Notice.State.GONE, code)
        if notice.conversation and _takes_sms(notice.sealed_address):
            _phone_instead(notice)


def _settle(notice: Notice, state: str, code: str) -> None:
    notice.state = state
    notice.sent_at = clock.now() if state == Notice.State.SENT else None
    notice.next_try_at = notice.claimed_until = None
    notice.last_error = code[:60]
    notice.save(update_fields=["state", "sent_at", "next_try_at", "claimed_until", "last_error"])
