"""The sample's conversations: turns on every channel at every hour, votes, hand-overs, calls."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import Min, OuterRef, QuerySet, Subquery

from bot.channels.phone.models import CallRecord
from bot.conversations.messages import Offer, Reply
from bot.conversations.models import Conversation, Feedback, TurnRecord
from bot.handovers.models import Handover
from bot.sample.dice import Dice, in_batches, stored
from bot.sample.people import People

OWNER: Final = "sample"
TURNS_OF_A_TALK: Final = 4
CHANNELS: Final = {"web": 40.0, "wechat": 25, "voice": 20, "telegram": 5, "kiosk": 8, "api": 2}
KINDS: Final = {
    "answer": 62.0,
    "clarify": 14,
    "fallback": 7,
    "referral": 4,
    "handover": 2,
    "smalltalk": 5,
    "ask_slot": 3,
    "ticket_status": 2,
    "emergency": 1,
}
QUESTIONS: Final = (
    "{}怎么办",
    "{}要带什么材料",
    "{}多久能办好",
    "办{}收钱吗",
    "{}在哪办",
    "{}能代办吗",
)
TOLD: Final = "带上身份证和户口簿，到街道便民中心窗口办理，材料齐了当场受理，五个工作日办好。"
VOTES: Final = 0.12
HANDOVERS_EVERY: Final = 60
OPEN_HANDOVERS: Final = 40
Guides = Sequence[tuple[str, str]]


def talks_make(dice: Dice, turns: int, guides: Guides, people: People) -> list[Conversation]:
    """Store so many turns, and what belongs to them; returns the conversations."""
    count = max(1, turns // TURNS_OF_A_TALK) if turns else 0
    begun = [dice.moment() for _ in range(count)]
    talks = [
        Conversation(
            owner=OWNER,
            channel=dice.weighed(CHANNELS),
            external_id=f"sample-{number}",
            sender=f"sample-{number}",
        )
        for number in range(count)
    ]
    stored(talks, count, "conversations")
    pairs = list(zip(talks, begun, strict=True))
    # Turns are told apart by their order, so they are stored as they were said.
    pairs.sort(key=lambda pair: pair[1])
    stored(_turns(dice, pairs, turns, guides), turns, "turns")
    _votes(dice)
    stored(_handovers(dice, pairs, people), len(pairs[::HANDOVERS_EVERY]), "hand-overs")
    calls = [pair for pair in pairs if pair[0].channel == "voice"]
    stored(_calls(dice, calls), len(calls), "calls")
    _at_their_time()
    return talks


def _turns(
    dice: Dice, talks: Sequence[tuple[Conversation, datetime]], count: int, guides: Guides
) -> Iterator[TurnRecord]:
    for number in range(count):
        talk, begun = talks[number * len(talks) // count]
        at = min(dice.now, begun + timedelta(seconds=40 * (number % TURNS_OF_A_TALK)))
        took = dice.lot.randrange(20, 900)
        item = dice.one(guides)
        yield TurnRecord(
            conversation=talk,
            turn_id=f"sample-{number}",
            message_id=f"sample-{number}",
            text=dice.one(QUESTIONS).format(item[1]),
            reply=_reply(dice, item, guides),
            asked_at=at,
            answered_at=at + timedelta(milliseconds=took),
            took_ms=took,
        )


def _reply(dice: Dice, item: tuple[str, str], guides: Guides) -> dict[str, Any]:
    kind: Any = dice.weighed(KINDS)
    told = item[0] if kind == "answer" else None
    offers: tuple[Offer, ...] = ()
    if kind == "clarify":
        other = dice.one(guides)
        offers = (Offer(*item, 0.5), Offer(*other, 0.4))
    confidence = round(dice.lot.random(), 3)
    reply = Reply(kind=kind, text=TOLD, item=told, candidates=offers, confidence=confidence)
    held: dict[str, Any] = reply.as_json()
    return held


def _votes(dice: Dice) -> None:
    mine = TurnRecord.objects.filter(conversation__owner=OWNER, reply__kind="answer")
    turns = [pk for pk in mine.order_by("pk").values_list("pk", flat=True) if dice.happens(VOTES)]
    votes = (
        Feedback(turn_id=pk, helpful=helpful, reason="" if helpful else "没说清楚要带什么")
        for pk in turns
        for helpful in [dice.happens(0.85)]
    )
    stored(votes, len(turns), "votes")


def _handovers(
    dice: Dice, talks: Sequence[tuple[Conversation, datetime]], people: People
) -> Iterator[Handover]:
    chosen = talks[::HANDOVERS_EVERY]
    for number, (talk, begun) in enumerate(chosen):
        state = (
            "closed" if number < len(chosen) - OPEN_HANDOVERS else dice.one(["waiting", "taken"])
        )
        opened = min(dice.now, begun + timedelta(minutes=2))
        is_closed, is_taken = state == "closed", state != "waiting"
        yield Handover(
            conversation=talk,
            reason=dice.one(Handover.Reason.values),
            note="问了两次都没答好。",
            urgent=dice.happens(0.05),
            state=state,
            opened_at=opened,
            taken_by=dice.one(people.by_role["intake"]) if is_taken else None,
            taken_at=dice.later(opened, 0.5) if is_taken else None,
            closed_at=dice.later(opened, 2) if is_closed else None,
            changed_at=dice.later(opened, 2),
        )


def _calls(dice: Dice, talks: Sequence[tuple[Conversation, datetime]]) -> Iterator[CallRecord]:
    for number, (talk, begun) in enumerate(talks):
        yield CallRecord(
            call_id=f"sample-{number}",
            conversation=talk,
            transport=dice.one(["sip", "audiosocket", "browser"]),
            started_at=begun,
            ended_at=begun + timedelta(seconds=dice.lot.randrange(20, 400)),
            how=dice.one(CallRecord.How.values),
            turns=TURNS_OF_A_TALK,
        )


def _at_their_time() -> None:
    """Talks and votes note by themselves when they are stored; here they were earlier."""
    mine: QuerySet[Conversation] = Conversation.objects.filter(owner=OWNER, turns__isnull=False)
    said = TurnRecord.objects.filter(conversation=OuterRef("pk")).order_by()
    first = said.values("conversation").annotate(at=Min("asked_at")).values("at")
    for keys in in_batches(mine.distinct().values_list("pk", flat=True), 5000):
        Conversation.objects.filter(pk__in=keys).update(started_at=Subquery(first))
    asked = TurnRecord.objects.filter(pk=OuterRef("turn_id")).values("asked_at")
    votes = Feedback.objects.filter(turn__conversation__owner=OWNER)
    Feedback.objects.filter(pk__in=votes.values("pk")).update(given_at=Subquery(asked))
