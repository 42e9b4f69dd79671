"""Brings together what an action may look at, for the engine's calls and for single turns alike."""

from __future__ import annotations

from functools import partial

from django.conf import settings

from bot import clock
from bot.actions import office
from bot.actions.context import Context
from bot.conversations.drafts import DraftOf
from bot.conversations.selectors import attachments_lately, previous_reply
from bot.evidence.selectors import uploads_waiting
from bot.handovers.desk import ConversationDesk
from knowledge.search.matcher import Match
from nlu.protocol import Understanding


def context_for(sender: str, understanding: Understanding) -> Context:
    """Return one turn of a conversation as an action sees it."""
    return Context(
        understanding,
        office.guide(),
        clock.now(),
        _match,
        ConversationDesk(sender),
        partial(previous_reply, sender),
        settings.BOT_URL,
        DraftOf(sender),
        partial(_attachments, sender),
        sender,
    )


def _attachments(sender: str) -> tuple[str, ...]:
    return uploads_waiting(sender, attachments_lately(sender))


def _match(text: str, top_k: int) -> Match:
    return office.matcher().match(text, top_k)
