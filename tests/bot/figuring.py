"""A day in the office, to be counted: turns, votes, hand-overs, calls."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import count
from typing import Any

from bot.channels.phone.models import CallRecord
from bot.conversations.messages import Offer, Reply
from bot.conversations.models import Conversation, Feedback, TurnRecord
from bot.handovers.models import Handover
from knowledge.models import ServiceItem
from tests.bot.conftest import MONDAY_MORNING

_numbers = count(1)


def make_item(item_id: str = "SB13", name: str = "社会保障卡补领", **more: Any) -> ServiceItem:
    """A guide with nothing but what it must have."""
    given = {
        "category": "社会保障",
        "state": "published",
        "source_retrieved_on": MONDAY_MORNING.date(),
        **more,
    }
    return ServiceItem.objects.create(item_id=item_id, name=name, **given)


def talk(channel: str = "web") -> Conversation:
    """A conversation begins."""
    name = f"figures{next(_numbers)}"
    return Conversation.objects.create(
        owner="web", channel=channel, external_id=name, sender=f"sender-{name}"
    )


def asks(
    kind: Any = "answer",
    item: str | None = "SB13",
    at: datetime = MONDAY_MORNING,
    *,
    channel: str = "web",
    conversation: Conversation | None = None,
    offers: tuple[str, ...] = (),
    text: str = "带上身份证。",
) -> TurnRecord:
    """Somebody asks and gets a reply."""
    candidates = tuple(Offer(each, each, 0.5) for each in offers)
    reply = Reply(kind=kind, text=text, item=item, candidates=candidates)
    number = next(_numbers)
    return TurnRecord.objects.create(
        conversation=conversation or talk(channel),
        turn_id=f"turn-{number}",
        message_id=f"message-{number}",
        text="怎么办",
        reply=reply.as_json(),
        asked_at=at,
        answered_at=at,
    )


def votes(turn: TurnRecord, helpful: bool, at: datetime = MONDAY_MORNING) -> None:
    """She says whether it helped."""
    given = Feedback.objects.create(turn=turn, helpful=helpful)
    Feedback.objects.filter(pk=given.pk).update(given_at=at)


def hands_over(turn: TurnRecord, reason: str = "asked", at: datetime = MONDAY_MORNING) -> None:
    """A person is called."""
    Handover.objects.create(
        conversation=turn.conversation, reason=reason, opened_at=at, changed_at=at, state="closed"
    )


def rings(how: str = "completed", at: datetime = MONDAY_MORNING, seconds: int = 90) -> None:
    """Somebody calls."""
    CallRecord.objects.create(
        call_id=f"call-{next(_numbers)}",
        transport="sip",
        started_at=at,
        ended_at=at + timedelta(seconds=seconds),
        how=how,
        turns=6,
    )
