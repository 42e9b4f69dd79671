"""The one way in for every channel: store, look for danger, ask the dialogue engine, store, reply.

Messages of one conversation are answered one after the other; the same message id is answered once.
Whatever fails below here becomes a sentence. No transaction is held while the engine thinks.
"""

from __future__ import annotations

import hashlib
import logging
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import lru_cache
from uuid import uuid4

from django.conf import settings
from django.db import IntegrityError, transaction

from bot import clock
from bot.actions import office
from bot.actions.emergencies import emergency_reply, enquiry_in
from bot.actions.rendering import with_cards
from bot.actions.single_turn import single_turn
from bot.channels.phone import speakable
from bot.conversations import phrases
from bot.conversations.messages import Reply, Turn
from bot.conversations.models import Conversation, TurnRecord
from bot.conversations.privacy import mask
from bot.conversations.selectors import reply_of
from knowledge.search.errors import SearchError
from nlu.client import RasaDialogue
from nlu.protocol import Dialogue, DialogueUnavailable

log = logging.getLogger(__name__)

_ASK = re.compile(r"ask:([A-Za-z]{1,2}\d{2,4}):([a-z]+)")
_SAY = "say:"


class PayloadRefused(ValueError):
    """A button's payload that no reply of ours carries; the message says what was expected."""


@lru_cache(maxsize=1)
def dialogue() -> Dialogue:
    """The dialogue engine that the settings name."""
    return RasaDialogue(settings.BOT_RASA_URL, settings.BOT_RASA_TIMEOUT_SECONDS)


def answer(turn: Turn) -> Reply:
    """Answer one turn; raises PayloadRefused for a payload that was never offered."""
    turn = _with_payload_text(turn)
    message_id = turn.message_id or f"own-{uuid4().hex}"
    conversation = conversation_of(turn)
    with _in_order(conversation.sender):
        record, is_new = _record(conversation, turn, message_id)
        if not is_new and record.reply is not None:
            return reply_of(record.reply)
        started = time.perf_counter()
        reply = _reply(conversation, turn, record)
        reply = reply.placed(turn.conversation_id, record.turn_id)
        if not reply.speech:
            reply = replace(reply, speech=speakable(reply))
        record.reply = reply.as_json()
        record.answered_at = clock.now()
        record.took_ms = round(1000 * (time.perf_counter() - started))
        record.save(update_fields=["reply", "answered_at", "took_ms"])
    return reply


def conversation_of(turn: Turn) -> Conversation:
    """Return the conversation that a turn belongs to; it begins with its first turn."""
    scope = f"{turn.owner}\n{turn.channel}\n{turn.conversation_id}"
    conversation, _ = Conversation.objects.get_or_create(
        owner=turn.owner,
        channel=turn.channel,
        external_id=turn.conversation_id,
        defaults={"sender": hashlib.sha256(scope.encode()).hexdigest()[:40]},
    )
    return conversation


def _with_payload_text(turn: Turn) -> Turn:
    """Check a payload; one that stands for words becomes those words."""
    payload = turn.payload
    if not payload:
        return turn
    if payload.startswith(_SAY):
        return replace(turn, text=payload.removeprefix(_SAY), payload="")
    if payload == phrases.HUMAN_PAYLOAD:
        return replace(turn, text="人工", payload="")
    if payload == "none":
        return replace(turn, text=phrases.NONE_OF_THESE, payload="")
    if _ASK.fullmatch(payload):
        return turn
    raise PayloadRefused(f"payload: expected one that a reply offered, got “{payload[:40]}”")


def _record(conversation: Conversation, turn: Turn, message_id: str) -> tuple[TurnRecord, bool]:
    """Store the turn before anything else is done with it."""
    try:
        with transaction.atomic():
            record = TurnRecord.objects.create(
                conversation=conversation,
                turn_id=uuid4().hex,
                message_id=message_id,
                text=mask(turn.text),
                payload=turn.payload,
                asked_at=clock.now(),
            )
    except IntegrityError:
        return conversation.turns.get(message_id=message_id), False
    return record, True


def _reply(conversation: Conversation, turn: Turn, record: TurnRecord) -> Reply:
    try:
        return _with_cards(_think(conversation, turn, record))
    except Exception:
        # What nobody named reaches the top here: logged with its turn, answered with an apology.
        log.exception("turn %s failed", record.turn_id)
        return Reply(kind="fallback", text=phrases.APOLOGY)


def _think(conversation: Conversation, turn: Turn, record: TurnRecord) -> Reply:
    text = record.text.strip()
    if not text and not turn.payload:
        return Reply(kind="fallback", text=phrases.EMPTY)
    guide = office.guide()
    danger = None
    if not turn.payload:
        danger = guide.danger.recognise(
            turn.text, lambda: enquiry_in(office.matcher().match(turn.text))
        )
    if danger is not None:
        log.warning("emergency %s in turn %s", danger.kind, record.turn_id)
        return emergency_reply(danger)
    entities = _entities(turn.payload)
    try:
        return _ask_engine(conversation, text, entities, record.turn_id)
    except DialogueUnavailable as error:
        log.warning("dialogue unavailable (%s), turn %s answered alone", error, record.turn_id)
        return single_turn(office.matcher(), guide, text, entities, clock.now())
    except SearchError:
        log.exception("nothing to answer from, turn %s", record.turn_id)
        return Reply(kind="fallback", text=phrases.APOLOGY)


def _with_cards(reply: Reply) -> Reply:
    return with_cards(reply, office.guide(), clock.now()) if reply.answers else reply


def _entities(payload: str) -> dict[str, str]:
    found = _ASK.fullmatch(payload)
    return {"item": found[1], "facet": found[2]} if found else {}


def _ask_engine(
    conversation: Conversation, text: str, entities: dict[str, str], turn_id: str
) -> Reply:
    """Send words as words: what begins with a slash would be a command to the engine."""
    said = f"／{text[1:]}" if text.startswith("/") else text
    if entities:
        said = '/ask_item{{"item": "{item}", "facet": "{facet}"}}'.format(**entities)
    messages = dialogue().send(conversation.sender, said, {"turn_id": turn_id})
    for message in messages:
        if isinstance(message.get("custom"), dict):
            return reply_of(message["custom"])
    raise DialogueUnavailable("no reply in the engine's answer")


@dataclass
class _Queue:
    lock: threading.Lock = field(default_factory=threading.Lock)
    waiting: int = 0


_queues: dict[str, _Queue] = {}
_queues_guard = threading.Lock()


@contextmanager
def _in_order(sender: str) -> Iterator[None]:
    """Let one message of a conversation through at a time."""
    with _queues_guard:
        queue = _queues.setdefault(sender, _Queue())
        queue.waiting += 1
    try:
        with queue.lock:
            yield
    finally:
        with _queues_guard:
            queue.waiting -= 1
            if not queue.waiting:
                del _queues[sender]
