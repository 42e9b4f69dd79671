"""“删除我的数据”: a conversation's words go at the resident's wish, the counts stay.

What is emptied stands in ``retention.KEPT``; what a rule archives (``is_archived``) stays until its
time is over.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass

from bot.conversations.models import Conversation
from bot.conversations.retention import rows_empty, rows_of
from bot.conversations.tracker import tracker_forget
from bot.evidence.services import uploads_forget

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Erased:
    """How many rows of each table were emptied or deleted, and how many of Rasa's events."""

    tables: Mapping[str, int]
    tracker_events: int

    @property
    def turns(self) -> int:
        """How many turns lost their words."""
        return self.tables["conversations.TurnRecord"]


def conversation_erase(conversation: Conversation) -> Erased:
    """Erase what a conversation left, everything there is at this moment; again is harmless.

    To be called when the turn that asked for it has its reply stored: the confirming reply stays,
    and Rasa has written what it writes. What is still needed to finish something, or lies in Rasa's
    file while that is locked, the nightly sweep does.
    """
    tables = {kept.table: rows_empty(kept, rows) for kept, rows in rows_of(conversation.sender)}
    tables["evidence.Upload"] = uploads_forget(conversation.sender)
    return Erased(tables, _tracker_events(conversation))


def _tracker_events(conversation: Conversation) -> int:
    try:
        return tracker_forget(conversation.sender)
    except sqlite3.Error:
        log.warning("events of %s stay until the nightly sweep", conversation, exc_info=True)
        return 0
