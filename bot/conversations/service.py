"""The one way in for every channel: store, look for danger, ask the dialogue engine, store, reply.

Messages of one conversation are answered one after the other; the same message id is answered once.
Whatever fails below here becomes a sentence. No transaction is held while the engine thinks.
"""

from __future__ import annotations

import hashlib
import json
import logging
import re
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import lru_cache
from uuid import uuid4

from django.conf import settings
from django.db import IntegrityError, transaction

from bot import clock
from bot.actions import office
from bot.actions.context import THEN, Guide
from bot.actions.emergencies import (
    asked_after,
    danger_stays,
    emergency_reply,
    enquiry_in,
    is_over,
    only_called,
)
from bot.actions.gathering import context_for
from bot.actions.person import is_meant_as_number
from bot.actions.rendering import with_cards
from bot.actions.single_turn import single_turn
from bot.actions.telling import HUMAN_BUTTON
from bot.channels.phone import speakable
from bot.conversations import phrases
from bot.conversations.drafts import DraftOf, draft_hear
from bot.conversations.erasure import conversation_erase
from bot.conversations.hearing import Heard, hear
from bot.conversations.messages import Button, Reply, Turn
from bot.conversations.models import Conversation, TurnRecord
from bot.conversations.selectors import masked_reply, stored_reply
from bot.conversations.through_engine import taken_from_engine
from bot.encryption import encrypt
from bot.evidence.selectors import are_uploads_of
from bot.handovers.desk import Desk
from knowledge.record import Emergency
from knowledge.search.errors import SearchError
from nlu.client import RasaDialogue
from nlu.protocol import Dialogue, DialogueUnavailable, Understanding, read_message

log = logging.getLogger(__name__)

_ASK = re.compile(r"ask:([A-Za-z]{1,2}\d{2,4}):([a-z]+(?:\+[a-z]+){0,3})")
_TELL = re.compile(r"tell:([A-Za-z]{1,2}\d{2,4}):([a-z0-9_]+)")
_SAY = "say:"
_GAPS = re.compile(r"(?<=[一-鿿])[ \u3000]+(?=[一-鿿])")
_MISHEARD = re.compile(r"(?<=[们请帮找喊叫要人])[待带]办(?!事项|结)")
# What the engine reads where a picture came without a word.
PHOTO = "<photo>"
PHOTO_ALONE = Reply(
    kind="fallback",
    text=phrases.PHOTO_ALONE,
    buttons=(Button(phrases.REPORT, f"say:{phrases.REPORT}"), HUMAN_BUTTON),
)
# Characters a word, blank included, in what a recogniser writes.
MOST_PER_WORD = 4


class AttachmentRefused(ValueError):
    """An upload that is not hers, or is there no more; the message says what was expected."""


class PayloadRefused(ValueError):
    """A button's payload that no reply of ours carries; the message says what was expected."""


@lru_cache(maxsize=1)
def dialogue() -> Dialogue:
    """The dialogue engine that the settings name."""
    return RasaDialogue(settings.BOT_RASA_URL, settings.BOT_RASA_TIMEOUT_SECONDS)


@dataclass(frozen=True)
class _Said:
    """A reply, and what is to be done once it is stored."""

    reply: Reply
    then: str = ""


def answer(turn: Turn) -> Reply:
    """Answer one turn; raises PayloadRefused, AttachmentRefused for what can never have been."""
    turn = _with_payload_text(turn)
    message_id = turn.message_id or f"own-{uuid4().hex}"
    conversation = conversation_of(turn)
    with _in_order(conversation.sender):
        _check_attachments(conversation, turn.attachments, message_id)
        heard = hear(turn.text, DraftOf(conversation.sender).get("asked", ""))
        record, is_new = _record(conversation, turn, message_id, heard)
        if not is_new and record.reply is not None:
            return stored_reply(record)
        started = time.perf_counter()
        said = _reply(conversation, turn, record, heard)
        reply = said.reply.placed(turn.conversation_id, record.turn_id)
        if not reply.speech:
            reply = replace(reply, speech=speakable(reply))
        _keep(record, reply, started)
        if said.then == "erase":
            conversation_erase(conversation)
    return reply


def _keep(record: TurnRecord, reply: Reply, started: float) -> None:
    """Store the reply; one with personal data or words of staff is masked, and sealed as it is."""
    record.reply = reply.as_json()
    if reply.slots or reply.ticket or reply.report:
        record.sealed_reply = encrypt(json.dumps(record.reply, ensure_ascii=False))
        record.reply = masked_reply(reply).as_json()
    record.answered_at = clock.now()
    record.took_ms = round(1000 * (time.perf_counter() - started))
    record.save(update_fields=["reply", "sealed_reply", "answered_at", "took_ms"])


def conversation_of(turn: Turn) -> Conversation:
    """Return the conversation that a turn belongs to; it begins with its first turn."""
    conversation, _ = Conversation.objects.get_or_create(
        owner=turn.owner,
        channel=turn.channel,
        external_id=turn.conversation_id,
        defaults={"sender": sender_of(turn.owner, turn.channel, turn.conversation_id)},
    )
    return conversation


def sender_of(owner: str, channel: str, conversation_id: str) -> str:
    """Return the code of a conversation, whether it has begun or not."""
    scope = f"{owner}\n{channel}\n{conversation_id}"
    return hashlib.sha256(scope.encode()).hexdigest()[:40]


def attachment_add(sender: str, upload_id: str) -> bool:
    """Put an upload beside those of the last turn, as if sent with it; False without a turn."""
    last = TurnRecord.objects.filter(conversation__sender=sender).order_by("-id").first()
    if last is None or not are_uploads_of(sender, [upload_id]):
        return False
    last.attachments = [*last.attachments, upload_id]
    last.save(update_fields=["attachments"])
    return True


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
    if _entities(payload):
        return turn
    raise PayloadRefused(f"payload: expected one that a reply offered, got “{payload[:40]}”")


def _check_attachments(
    conversation: Conversation, attachments: Sequence[str], message_id: str
) -> None:
    """Let her own uploads through; a repeated message was checked when it first came."""
    if not attachments or are_uploads_of(conversation.sender, attachments):
        return
    if not conversation.turns.filter(message_id=message_id).exists():
        raise AttachmentRefused("expected uploads of this conversation, not older than a day")


def _record(
    conversation: Conversation, turn: Turn, message_id: str, heard: Heard
) -> tuple[TurnRecord, bool]:
    """Store the turn before anything else is done with it."""
    try:
        with transaction.atomic():
            record = TurnRecord.objects.create(
                conversation=conversation,
                turn_id=uuid4().hex,
                message_id=message_id,
                text=heard.text,
                payload=turn.payload,
                attachments=list(turn.attachments),
                asked_at=clock.now(),
            )
    except IntegrityError:
        return conversation.turns.get(message_id=message_id), False
    return record, True


def _reply(conversation: Conversation, turn: Turn, record: TurnRecord, heard: Heard) -> _Said:
    try:
        said = _think(conversation, turn, record, heard)
        return replace(said, reply=_with_cards(said.reply))
    except Exception:
        # What nobody named reaches the top here: logged with its turn, answered with an apology.
        log.exception("turn %s failed", record.turn_id)
        return _Said(Reply(kind="fallback", text=phrases.APOLOGY, buttons=(HUMAN_BUTTON,)))


def _think(conversation: Conversation, turn: Turn, record: TurnRecord, heard: Heard) -> _Said:
    guide = office.guide()
    lasting = guide.danger.of_kind(conversation.danger) if conversation.danger else None
    if lasting and is_over(turn.text):
        calmed, asks = _calmed(conversation), asked_after(record.text)
        if not asks:
            return _Said(calmed)
        said = _answered(conversation, turn, record, heard, asks)
        text = f"{calmed.text}\n\n{said.reply.text}"
        speech = (calmed.text, *said.reply.speech) if said.reply.speech else ()
        return replace(said, reply=replace(said.reply, text=text, speech=speech))
    # Who says that the call was made tells of no other danger.
    has_called = lasting is not None and only_called(turn.text)
    if not has_called and (found := _danger(guide, turn)):
        return _Said(_alarm(conversation, found, record))
    if _is_with_clerk(conversation):
        return _Said(Reply(kind="handover", intent="human", text=phrases.PASSED_ON))
    said = _answered(conversation, turn, record, heard)
    if lasting is None:
        return said
    if said.then == "calm" and not only_called(turn.text):
        return _Said(_calmed(conversation))
    return replace(said, reply=danger_stays(lasting, said.reply))


def _danger(guide: Guide, turn: Turn) -> Emergency | None:
    if turn.payload or not turn.text.strip():
        return None
    text = turn.text
    return guide.danger.recognise(text, lambda: enquiry_in(text, office.matcher().match(text)))


def _alarm(conversation: Conversation, found: Emergency, record: TurnRecord) -> Reply:
    """The number to call; whoever is at the desk is told, whatever else was open."""
    log.warning("emergency %s in turn %s", found.kind, record.turn_id)
    conversation.danger = found.kind
    conversation.save(update_fields=["danger"])
    if not found.report:
        return emergency_reply(found)
    queue = Desk().call(conversation.sender, "emergency", record.text, urgent=True)
    told = phrases.DANGER_REPORTED if queue.staff_online else phrases.DANGER_NOTED
    return emergency_reply(found, told)


def _calmed(conversation: Conversation) -> Reply:
    conversation.danger = ""
    conversation.save(update_fields=["danger"])
    return Reply(kind="smalltalk", intent="affirm", text=phrases.DANGER_OVER, confidence=1.0)


def _is_with_clerk(conversation: Conversation) -> bool:
    """Whether a clerk has the conversation; she is told that something was said."""
    state = Desk().standing(conversation.sender)
    if state:
        Desk().resident_said(conversation.sender)
    return state == "taken"


def _answered(
    conversation: Conversation, turn: Turn, record: TurnRecord, heard: Heard, asks: str = ""
) -> _Said:
    """What the dialogue makes of a turn; ``asks``: the part of it that is to be answered."""
    text = _spoken((asks or record.text).strip())
    if turn.attachments and not text and not turn.payload:
        if not DraftOf(conversation.sender).get("form"):
            return _Said(PHOTO_ALONE)
        text = PHOTO
    if not text and not turn.payload:
        return _Said(Reply(kind="fallback", text=phrases.EMPTY))
    draft_hear(conversation, turn.text, heard)
    entities = _entities(turn.payload)
    try:
        return _ask_engine(conversation, text, entities, record.turn_id)
    except DialogueUnavailable as error:
        log.warning("dialogue unavailable (%s), turn %s answered alone", error, record.turn_id)
        reading = read_message(office.matcher(), text)
        alone = Understanding(text, "ask_item", reading.match.probability, reading, entities)
        return _Said(single_turn(context_for(conversation.sender, alone)))
    except SearchError:
        log.exception("nothing to answer from, turn %s", record.turn_id)
        return _Said(Reply(kind="fallback", text=phrases.APOLOGY, buttons=(HUMAN_BUTTON,)))


def _spoken(text: str) -> str:
    """Join the words that a recogniser puts apart; blanks between clauses stay.

    “请你们待办” means the service, whose name sounds the same.
    """
    gaps = _GAPS.findall(text)
    joined = _GAPS.sub("", text) if len(gaps) * MOST_PER_WORD >= len(text) else text
    return _MISHEARD.sub("代办", joined)


def _with_cards(reply: Reply) -> Reply:
    return with_cards(reply, office.guide(), clock.now()) if reply.answers else reply


def _entities(payload: str) -> dict[str, str]:
    """What a button names: an item with a facet, or an item with an option of its situation."""
    if found := _ASK.fullmatch(payload):
        return {"item": found[1], "facet": found[2]}
    if found := _TELL.fullmatch(payload):
        return {"item": found[1], "option": found[2]}
    return {}


def _ask_engine(
    conversation: Conversation, text: str, entities: dict[str, str], turn_id: str
) -> _Said:
    """Send words as words: what begins with a slash would be a command to the engine."""
    said = f"／{text[1:]}" if text.startswith("/") else text
    if entities:
        said = f"/ask_item{json.dumps(entities)}"
    messages = dialogue().send(conversation.sender, said, {"turn_id": turn_id})
    customs = [m["custom"] for m in messages if isinstance(m.get("custom"), dict)]
    replies = [reply for custom in customs if (reply := taken_from_engine(custom)) is not None]
    if not replies:
        raise DialogueUnavailable("no reply in the engine's answer")
    then = next((str(custom[THEN]) for custom in customs if THEN in custom), "")
    # A number that was asked for and is none needs no answer before it is asked for again.
    is_retry = replies[-1].kind == "ask_slot" and is_meant_as_number(text)
    return _Said(_joined(replies[-1:] if is_retry else replies), then)


def _joined(replies: list[Reply]) -> Reply:
    """One reply of several: an answer, then what the form that it interrupted still asks for."""
    first = replies[0]
    for more in replies[1:]:
        first = replace(
            first,
            text=f"{first.text}\n{more.text}",
            slot=more.slot or first.slot,
            slots={**first.slots, **more.slots},
            buttons=(*more.buttons, *first.buttons),
        )
    return first


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
