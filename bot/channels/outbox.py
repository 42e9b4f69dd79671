"""Notices on their way out: written with their cause, sent by the worker until taken or given up.

What has to be sent stands in the database alone, so a killed worker loses nothing; a notice may
arrive twice then, with the same key. Telegram and WeChat are sent to; web, kiosk and api fetch; a
caller is called back by a person.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from django.db import close_old_connections, transaction
from django.db.models import Q
from django.utils.module_loading import import_string

from bot import clock
from bot.accounts.models import Staff
from bot.channels.delivery import Outgoing, Sender, TryLater, Undeliverable
from bot.conversations.messages import Button
from bot.conversations.models import Conversation
from bot.handovers.models import LONGEST_TEXT, Notice, new_key
from bot.tasks import queue

log = logging.getLogger(__name__)

# Channel → what returns its Sender. By name: a channel that is not set up must not stop the others.
SENDERS: dict[str, str] = {
    "telegram": "bot.channels.telegram.sender",
    "wechat": "bot.channels.wechat.sender",
}
FETCHED = frozenset({"web", "kiosk", "api"})
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
    is_pushed = conversation.channel in SENDERS
    now = clock.now()
    notice, is_new = Notice.objects.get_or_create(
        key=key or new_key(),
        defaults={
            "conversation": conversation,
            "author": author,
            "text": text[:LONGEST_TEXT],
            "buttons": [asdict(button) for button in buttons],
            "created_at": now,
            "next_try_at": now if is_pushed else None,
        },
    )
    if is_new and is_pushed:
        # If the queue cannot be written, the sweep finds the notice.
        transaction.on_commit(lambda: notices_deliver(conversation.pk), robust=True)
    return notice


def notices_fetched(notices: Iterable[Notice]) -> None:
    """Note that a resident's own page or program has been given these."""
    waiting = [notice.pk for notice in notices if notice.state == Notice.State.WAITING]
    if waiting:
        Notice.objects.filter(
            pk__in=waiting, state=Notice.State.WAITING, conversation__channel__in=FETCHED
        ).update(state=Notice.State.SENT, sent_at=clock.now())


def _notices_deliver(conversation_id: int) -> None:
    """Deliver in the worker what a conversation has waiting; come back when it is time again."""
    close_old_connections()
    try:
        pause = deliver(conversation_id)
    finally:
        close_old_connections()
    if pause is not None:
        notices_deliver.schedule((conversation_id,), delay=max(1, round(pause.total_seconds())))


notices_deliver: Any = queue.task(name="notices_deliver")(_notices_deliver)


def deliver(conversation_id: int) -> timedelta | None:
    """Send a conversation's notices in order; returns how long to wait for the next attempt.

    None means that nothing waits, or that somebody else is at it.
    """
    while (notice := _claim(conversation_id)) is not None:
        _attempt(notice)
    head = _head(conversation_id)
    if head is None or head.next_try_at is None or head.claimed_until is not None:
        return None
    return max(timedelta(), head.next_try_at - clock.now())


def due_conversations() -> list[int]:
    """Return the conversations with a notice that should have gone out."""
    now = clock.now()
    due = Notice.objects.filter(_unclaimed(), state=Notice.State.WAITING, next_try_at__lte=now)
    return list(due.order_by().values_list("conversation_id", flat=True).distinct())


def _head(conversation_id: int) -> Notice | None:
    rows = Notice.objects.filter(conversation_id=conversation_id, state=Notice.State.WAITING)
    return rows.select_related("conversation").order_by("id").first()


def _claim(conversation_id: int) -> Notice | None:
    """Take the oldest waiting notice if it is due; nobody else can take it or one behind it."""
    now = clock.now()
    head = _head(conversation_id)
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
    buttons = tuple(Button(**button) for button in notice.buttons)
    outgoing = Outgoing(notice.key, notice.text, buttons)
    try:
        _sender(notice.conversation.channel).send(notice.conversation.external_id, outgoing)
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


def _sender(channel: str) -> Sender:
    make = import_string(SENDERS[channel])
    sender: Sender = make()
    return sender


def _code(error: Exception) -> str:
    text = str(error)
    return text if _CODE.fullmatch(text) else type(error).__name__


def _postpone(notice: Notice, code: str, at_least: timedelta) -> None:
    now = clock.now()
    if now - notice.created_at >= GIVEN_UP_AFTER:
        _give_up(notice, code)
        return
    pause = min(LONGEST_PAUSE, timedelta(seconds=2.0 ** min(notice.attempts - 1, 12)))
    notice.next_try_at = now + max(pause, at_least)
    notice.claimed_until = None
    notice.last_error = code[:60]
    notice.save(update_fields=["next_try_at", "claimed_until", "last_error"])


def _give_up(notice: Notice, code: str) -> None:
    log.warning("notice %s given up: %s", notice.key, code)
    _settle(notice, Notice.State.GONE, code)


def _settle(notice: Notice, state: str, code: str) -> None:
    notice.state = state
    notice.sent_at = clock.now() if state == Notice.State.SENT else None
    notice.next_try_at = notice.claimed_until = None
    notice.last_error = code[:60]
    notice.save(update_fields=["state", "sent_at", "next_try_at", "claimed_until", "last_error"])
