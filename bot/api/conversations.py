"""Whose conversation it is, and what was said in it, as the HTTP contract gives it."""

from __future__ import annotations

from typing import Any

from rest_framework.exceptions import NotFound
from rest_framework.request import Request

from bot.api.auth import Speaker
from bot.channels.outbox import notices_fetched
from bot.conversations.messages import Button, Reply
from bot.conversations.models import Conversation
from bot.handovers.models import Notice
from bot.handovers.selectors import said_in


def own_conversation(request: Request, conversation_id: str, channel: str) -> dict[str, str]:
    """Return how a conversation of the speaker's is looked up; raises NotFound for a stranger's."""
    speaker = request.user
    assert isinstance(speaker, Speaker)
    if speaker.conversation_id not in ("", conversation_id) or channel not in speaker.channels:
        raise NotFound("there is no such conversation of yours")
    return {"owner": speaker.name, "external_id": conversation_id, "channel": channel}


def history(conversation: Conversation) -> list[dict[str, Any]]:
    """Return the last turns and notices, oldest first; notices have been fetched by that."""
    said = said_in(conversation)
    notices_fetched(row for row in said if isinstance(row, Notice))
    return [
        _notice_row(row, conversation)
        if isinstance(row, Notice)
        else {
            "turn_id": row.turn_id,
            "text": row.text,
            "attachments": row.attachments,
            "asked_at": row.asked_at,
            "reply": row.reply,
        }
        for row in said
    ]


def _notice_row(notice: Notice, conversation: Conversation) -> dict[str, Any]:
    """A notice as a turn that nobody asked for."""
    turn_id = f"notice-{notice.pk}"
    buttons = tuple(Button(**button) for button in notice.buttons)
    reply = Reply(kind="handover", intent="human", text=notice.text, buttons=buttons)
    placed = reply.placed(conversation.external_id, turn_id)
    return {
        "turn_id": turn_id,
        "text": "",
        "attachments": [],
        "asked_at": notice.created_at,
        "reply": placed.as_json(),
    }
