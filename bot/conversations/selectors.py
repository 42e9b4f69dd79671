"""What is asked of the record of conversations."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

from bot import clock
from bot.conversations.messages import Answer, Button, Card, Competent, Offer, Reply
from bot.conversations.models import Conversation, TurnRecord
from bot.conversations.privacy import mask
from bot.encryption import decrypt

# Courtesies between an answer and the wish to hear it again.
LOOKS_BACK = 4
# As long as uploads wait for a case.
LATELY = timedelta(days=1)


def previous_reply(sender: str) -> Reply | None:
    """Return the last reply of a conversation that was more than a courtesy, or None."""
    turns = TurnRecord.objects.filter(conversation__sender=sender, reply__isnull=False)
    recent = [stored_reply(turn) for turn in turns.order_by("-id")[:LOOKS_BACK]]
    said = [reply for reply in recent if reply.kind != "smalltalk" or reply.intent == "repeat"]
    return next(iter(said or recent), None)


def stored_reply(turn: TurnRecord) -> Reply:
    """Return a turn's reply as it was said."""
    sealed = turn.sealed_reply
    return reply_of(json.loads(decrypt(sealed)) if sealed else turn.reply or {})


def masked_reply(reply: Reply) -> Reply:
    """Return a reply with what its slots repeat of the resident's data made unreadable."""
    name = reply.slots.get("name", "")

    def hidden(text: str) -> str:
        # Of a surname alone nobody is known.
        return mask(text).replace(name, "<name>") if len(name) > 1 else mask(text)

    return replace(
        reply,
        text=hidden(reply.text),
        speech=tuple(hidden(sentence) for sentence in reply.speech),
        slots={slot: hidden(value) for slot, value in reply.slots.items()},
    )


def attachments_lately(sender: str) -> tuple[str, ...]:
    """Return the ids of uploads that were sent along within the last day, oldest first."""
    turns = TurnRecord.objects.filter(
        conversation__sender=sender, asked_at__gte=clock.now() - LATELY
    ).exclude(attachments=[])
    return tuple(one for given in turns.values_list("attachments", flat=True) for one in given)


def turns_of(conversation: Conversation, limit: int = 50) -> list[TurnRecord]:
    """Return the last answered turns, oldest first."""
    turns = conversation.turns.filter(reply__isnull=False).order_by("-id")[:limit]
    return list(reversed(turns))


def reply_of(data: dict[str, Any]) -> Reply:
    """Read a reply that ``Reply.as_json`` wrote."""
    return Reply(
        **{
            **data,
            "speech": tuple(data["speech"]),
            "answers": tuple(_answer(answer) for answer in data["answers"]),
            "candidates": tuple(Offer(**offer) for offer in data["candidates"]),
            "buttons": tuple(Button(**button) for button in data["buttons"]),
            "competent": Competent(**data["competent"]) if data["competent"] else None,
        }
    )


def _answer(data: dict[str, Any]) -> Answer:
    given = {**data, "situations": tuple(data.get("situations", ()))}
    card = data["card"]
    if card is None:
        return Answer(**given)
    rows = tuple((label, value) for label, value in card["rows"])
    return Answer(**{**given, "card": Card(**{**card, "rows": rows})})
