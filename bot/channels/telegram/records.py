"""What is written down and looked up: updates, deliveries, and which button a press meant.

How long rows stay is decided in ``bot.conversations.retention``: an update no longer than Telegram
may repeat it, a delivery as long as its buttons are to work.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from django.db import IntegrityError, transaction

from bot import clock
from bot.channels.telegram.models import TelegramDelivery, TelegramUpdate
from bot.conversations.messages import Button, Reply
from bot.conversations.models import TurnRecord
from bot.conversations.selectors import reply_of
from bot.encryption import Undecipherable, decrypt, encrypt

_CALLBACK = re.compile(r"b:(\d{1,18}):(\d{1,2})")


@dataclass(frozen=True)
class Press:
    """The button that was pressed; ``conversation_id`` is its turn's, empty without a turn."""

    button: Button
    conversation_id: str = ""
    is_stale: bool = False


def update_keep(update_id: int, body: str) -> bool:
    """Write an update down; return whether it is still to be dealt with."""
    try:
        with transaction.atomic():
            TelegramUpdate.objects.create(
                update_id=update_id, body=encrypt(body), received_at=clock.now()
            )
    except IntegrityError:
        kept = TelegramUpdate.objects.get(update_id=update_id)
        return kept.state == TelegramUpdate.State.OPEN
    return True


def open_updates() -> list[tuple[int, str | None]]:
    """Return number and body of what is to be dealt with; None for a body nobody can read."""
    rows = TelegramUpdate.objects.filter(state=TelegramUpdate.State.OPEN)
    return [(row.update_id, _readable(row.body)) for row in rows]


def _readable(token: str) -> str | None:
    try:
        return decrypt(token)
    except Undecipherable:
        return None


def update_close(update_id: int, *, is_failed: bool = False) -> None:
    """Note that an update needs nothing more; what it said is forgotten."""
    state = TelegramUpdate.State.FAILED if is_failed else TelegramUpdate.State.DONE
    TelegramUpdate.objects.filter(update_id=update_id).update(state=state, body="")


def delivery_begin(
    key: str, chat_id: int, buttons: tuple[Button, ...], turn_id: str
) -> TelegramDelivery:
    """Return the delivery of a key; it begins with the first attempt."""
    kept = [] if turn_id else [[button.title, button.payload] for button in buttons]
    delivery, _ = TelegramDelivery.objects.get_or_create(
        key=key,
        defaults={
            "chat_id": chat_id,
            "turn_id": turn_id,
            "buttons": kept,
            "begun_at": clock.now(),
        },
    )
    return delivery


def delivery_progress(delivery: TelegramDelivery, parts_sent: int, *, is_complete: bool) -> None:
    """Note how far a delivery has come."""
    TelegramDelivery.objects.filter(pk=delivery.pk).update(
        parts_sent=parts_sent, is_complete=is_complete
    )


def callback_data(delivery: TelegramDelivery, number: int) -> str:
    """Return what Telegram sends back when a button is pressed: short, and good after a restart."""
    return f"b:{delivery.pk}:{number}"


def pressed(data: str, chat_id: int, message_id: str) -> Press | None:
    """Return what a press meant, None if it is not known any more.

    ``message_id`` is the press's own: a turn that it has made already does not make it stale.
    """
    found = _CALLBACK.fullmatch(data)
    delivery = (
        TelegramDelivery.objects.filter(pk=int(found[1]), chat_id=chat_id).first()
        if found
        else None
    )
    if found is None or delivery is None:
        return None
    if delivery.turn_id:
        return _pressed_of_turn(delivery.turn_id, int(found[2]), message_id)
    titles = delivery.buttons[int(found[2]) :][:1]
    return next((Press(Button(*both)) for both in titles), None)


def _pressed_of_turn(turn_id: str, number: int, message_id: str) -> Press | None:
    turn = TurnRecord.objects.filter(turn_id=turn_id).select_related("conversation").first()
    if turn is None or turn.reply is None:
        return None
    reply = reply_of(turn.reply)
    button = next(iter(reply.buttons[number : number + 1]), None)
    if button is None:
        return None
    later = turn.conversation.turns.filter(id__gt=turn.pk).exclude(message_id=message_id)
    is_stale = _needs_its_moment(reply, button) and later.exists()
    return Press(button, turn.conversation.external_id, is_stale)


def _needs_its_moment(reply: Reply, button: Button) -> bool:
    """Whether a button answers a question: a late “yes” would be said to another one."""
    is_short_answer = button.payload == "none" or button.payload.startswith("say:")
    return reply.slot is not None and is_short_answer


def asks_for_something(chat_id: int) -> bool:
    """Whether the last reply to a chat waits for a value or a yes."""
    turn = TurnRecord.objects.filter(
        conversation__owner="telegram",
        conversation__channel="telegram",
        conversation__external_id=str(chat_id),
        reply__isnull=False,
    ).last()
    return bool(turn and turn.reply and turn.reply["kind"] in ("ask_slot", "confirm"))
