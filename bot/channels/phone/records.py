"""The record of a call, written once, when it is over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from bot import clock
from bot.channels.phone.call_backs import sender_of_call
from bot.channels.phone.dictation import caller_number
from bot.channels.phone.models import CallRecord
from bot.conversations.models import Conversation
from voice.answerer import CallInfo, Ending


def call_record(
    info: CallInfo,
    started_at: datetime,
    how: Ending,
    turns: int = 0,
    timings: Mapping[str, Sequence[float | None]] | None = None,
) -> CallRecord:
    """Keep what is kept of a call."""
    conversation = Conversation.objects.filter(sender=sender_of_call(info.call_id)).first()
    return CallRecord.objects.create(
        call_id=info.call_id[:200],
        conversation=conversation,
        transport=info.transport[:20],
        caller=caller_number(info.caller),
        started_at=started_at,
        ended_at=clock.now(),
        how=how,
        turns=turns,
        timings={stage: list(seconds) for stage, seconds in (timings or {}).items()},
    )
