"""What is asked of the record of conversations."""

from __future__ import annotations

from typing import Any

from bot.conversations.messages import Answer, Button, Card, Competent, Offer, Reply
from bot.conversations.models import Conversation, TurnRecord


def previous_reply(sender: str) -> Reply | None:
    """Return the last reply of a conversation that said something, or None."""
    turn = (
        TurnRecord.objects.filter(conversation__sender=sender, reply__isnull=False)
        .order_by("-id")
        .first()
    )
    return reply_of(turn.reply) if turn and turn.reply else None


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
    card = data["card"]
    if card is None:
        return Answer(**data)
    rows = tuple((label, value) for label, value in card["rows"])
    return Answer(**{**data, "card": Card(**{**card, "rows": rows})})
