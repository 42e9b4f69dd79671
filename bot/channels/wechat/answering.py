"""Each message is answered once: in the reply to the push if time allows, else promised and sent.

WeChat waits five seconds and pushes a message up to three times. Attempts that meet share one
piece of work; ``Push`` decides, for all processes, which way the answer goes and that the outbox
gets what is owed exactly once. ``resume`` settles what a stopped process left behind.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotInTime
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Max

from bot import clock
from bot.channels.delivery import Outgoing, TryLater, Undeliverable
from bot.channels.outbox import notice_send
from bot.channels.voice_messages import VoiceUnreadable, heard, words_of
from bot.channels.wechat import sender, wording
from bot.channels.wechat.api import media_fetch
from bot.channels.wechat.models import Delivery, Push
from bot.conversations import phrases, service
from bot.conversations.messages import Button, Reply, Turn
from bot.conversations.models import Conversation
from bot.conversations.privacy import mask
from bot.conversations.selectors import previous_reply
from bot.handovers.models import Notice

log = logging.getLogger(__name__)

KEPT = timedelta(days=7)
# A payload of our own: a recording that WeChat keeps, still to be heard.
SOUND = "sound:"
WORKERS = 16
ENGINE_SECONDS = 120.0


@dataclass(frozen=True)
class Spoken:
    """What goes into the reply to the push; ``then`` is called when it has gone out."""

    text: str
    then: Callable[[], None] = lambda: None


def turn_of(message_id: str, openid: str, text: str, payload: str = "") -> Turn:
    """Return a resident's turn on this channel."""
    return Turn("wechat", "wechat", openid, text, message_id, payload)


def answer_within(turn: Turn, seconds: float) -> Spoken:
    """Answer a turn in time, or promise the answer; the same at each attempt."""
    push = _noted(turn)
    if push.state == Push.State.PROMISED:
        return Spoken(wording.WAIT)
    work = _in_work(push, turn)
    try:
        return _spoken(push, work.result(timeout=seconds))
    except NotInTime:
        return _promised(push, work)


def resume(stop: threading.Event) -> None:
    """Answer what the process before this one was asked and did not finish; runs at start."""
    try:
        Push.objects.filter(state=Push.State.OPEN).update(state=Push.State.PROMISED, is_owed=True)
        unfinished = list(Push.objects.filter(is_owed=True).select_related("conversation"))
        if unfinished:
            _await_engine(stop)
        for push in unfinished:
            if stop.is_set():
                return
            openid = push.conversation.external_id
            turn = turn_of(push.message_id, openid, push.text, push.payload)
            _pay(push, _in_work(push, turn).result())
        _forget_settled()
    except Exception:
        log.exception("what was left unfinished stays so until the next start")
    finally:
        connection.close()


def _await_engine(stop: threading.Event) -> None:
    """Give the engine time to start: who is in the middle of something needs its memory."""
    until = time.monotonic() + ENGINE_SECONDS
    while not service.dialogue().is_ready() and time.monotonic() < until:
        if stop.wait(1.0):
            return


def _forget_settled() -> None:
    old = clock.now() - KEPT
    Push.objects.filter(is_owed=False, came_at__lt=old).delete()
    Delivery.objects.filter(changed_at__lt=old).delete()


def _noted(turn: Turn) -> Push:
    """Note the message before anything is done with it."""
    noted = {
        "conversation": service.conversation_of(turn),
        "text": mask(turn.text),
        "payload": turn.payload,
    }
    push, _ = Push.objects.get_or_create(message_id=turn.message_id, defaults=noted)
    return push


def _spoken(push: Push, reply: Reply) -> Spoken:
    """Put the first part into the reply, unless another attempt has promised it all."""
    parts = _parts(reply)
    is_owed = len(parts) > 1
    open_pushes = Push.objects.filter(pk=push.pk, state=Push.State.OPEN)
    is_first = open_pushes.update(state=Push.State.SPOKEN, is_owed=is_owed)
    if not is_first and _state(push) == Push.State.PROMISED:
        return Spoken(wording.WAIT)
    # Without words there is nothing to say: a clerk has the conversation.
    first = parts[0] if parts else ""
    return Spoken(first, partial(_pay_late, push, reply)) if is_owed else Spoken(first)


def _promised(push: Push, work: Future[Reply]) -> Spoken:
    """Ask to wait; the answer follows when it is there, which may be this very moment."""
    open_pushes = Push.objects.filter(pk=push.pk, state=Push.State.OPEN)
    if open_pushes.update(state=Push.State.PROMISED, is_owed=True):
        work.add_done_callback(lambda done: _pay_late(push, done.result()))
        return Spoken(wording.WAIT)
    if _state(push) == Push.State.PROMISED:
        return Spoken(wording.WAIT)
    # Another attempt has spoken meanwhile, so the work is done.
    return _spoken(push, work.result())


def _state(push: Push) -> str:
    """Return how far the push is by now; spoken if the resident has had her record erased."""
    state = Push.objects.filter(pk=push.pk).values_list("state", flat=True).first()
    return state or Push.State.SPOKEN


def _pay_late(push: Push, reply: Reply) -> None:
    try:
        _pay(push, reply)
    except Exception:
        # It stays owed and is paid at the next start.
        log.exception("what %s is owed did not reach the outbox", push.message_id)
    finally:
        connection.close()


def _pay(push: Push, reply: Reply) -> None:
    """Send on what the reply to the push did not carry; whoever comes first does it."""
    with transaction.atomic():
        if not Push.objects.filter(pk=push.pk, is_owed=True).update(is_owed=False):
            return
        rest = _rest(push, reply)
        if not reply.slots:
            for part in rest:
                notice_send(push.conversation, part.text, key=part.key)
            return
    # Read back to the resident, her own data must not lie in the outbox: sent at once or masked.
    for part in rest:
        try:
            sender().send(push.conversation.external_id, part)
        except (TryLater, Undeliverable):
            notice_send(push.conversation, mask(part.text), key=part.key)


def _rest(push: Push, reply: Reply) -> list[Outgoing]:
    parts = [Outgoing(f"{push.message_id}-{n}", part) for n, part in enumerate(_parts(reply))]
    return parts[1:] if _state(push) == Push.State.SPOKEN else parts


def _parts(reply: Reply) -> list[str]:
    base = settings.BOT_WECHAT_LINK.rstrip("/")
    link = f"{base}/guide/{reply.item}/" if base and reply.item else base
    return wording.parts_of(reply, link)


_workers = ThreadPoolExecutor(WORKERS, thread_name_prefix="wechat")
_working: dict[str, Future[Reply]] = {}
_working_guard = threading.Lock()


def _in_work(push: Push, turn: Turn) -> Future[Reply]:
    """Return the one piece of work on a message in this process."""
    with _working_guard:
        work = _working.get(turn.message_id)
        if work is None:
            work = _workers.submit(_answered, push, turn)
            _working[turn.message_id] = work
            work.add_done_callback(lambda _: _working.pop(turn.message_id, None))
        return work


def _answered(push: Push, turn: Turn) -> Reply:
    try:
        if turn.payload.startswith(SOUND):
            reply = _heard(turn)
        else:
            reply = _asked(_chosen(push.conversation, turn))
        # The record of the conversation has the words now, in its own keeping.
        Push.objects.filter(pk=push.pk).update(text="", payload="")
        return reply
    except Exception:
        log.exception("%s was not answered", turn.message_id)
        return Reply(kind="fallback", text=phrases.APOLOGY)
    finally:
        connection.close()


def _heard(turn: Turn) -> Reply:
    """Answer what was said, with what was heard in front; what is not heard has its sentence."""
    try:
        words = words_of(media_fetch(turn.payload.removeprefix(SOUND)))
    except VoiceUnreadable as error:
        return Reply(kind="fallback", text=str(error))
    except (TryLater, Undeliverable) as error:
        log.warning("%s: no recording (%s)", turn.message_id, error)
        return Reply(kind="fallback", text=wording.VOICE)
    reply = service.answer(replace(turn, text=words, payload=""))
    if reply.kind == "emergency":
        return reply
    return replace(reply, text=f"{heard(words)}\n{reply.text}")


def _chosen(conversation: Conversation, turn: Turn) -> Turn:
    """Read a bare number as the button that it stands for."""
    number = wording.number_in(turn.text)
    if number is None or turn.payload:
        return turn
    buttons = _offered(conversation)
    if not 1 <= number <= len(buttons):
        return turn
    button = buttons[number - 1]
    return replace(turn, text=button.title, payload=button.payload)


def _offered(conversation: Conversation) -> Sequence[Button]:
    """Return the buttons of what was said last: a reply, or a notice if one came after it."""
    last = previous_reply(conversation.sender)
    answered = conversation.turns.aggregate(at=Max("answered_at"))["at"]
    notices = Notice.objects.filter(conversation=conversation)
    # The rest of an answer is a notice too: the office's own, without buttons.
    notice = notices.exclude(author=None, buttons=[]).order_by("-id").first()
    if notice and (answered is None or notice.created_at > answered):
        return [Button(**button) for button in notice.buttons]
    return last.buttons if last else ()


def _asked(turn: Turn) -> Reply:
    try:
        return service.answer(turn)
    except service.PayloadRefused:
        return service.answer(replace(turn, payload=""))
