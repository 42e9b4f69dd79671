"""What happened on one day, counted from the records of that day.

A turn is counted on the day it was asked, a vote when it was given, a hand-over when it was opened,
a call when it began: so a day that is over does not change any more.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from itertools import combinations
from typing import Any, Final

from django.db.models import OuterRef, QuerySet, Subquery

from bot.channels.phone.models import CallRecord
from bot.clock import OFFICE_ZONE
from bot.conversations import phrases
from bot.conversations.models import Feedback, TurnRecord
from bot.figures.window import begin_of
from bot.handovers.models import Handover
from knowledge.models import ServiceItem

# Names of what is counted.
OUTCOME: Final = "outcome"
CLASS: Final = "class"
HOUR: Final = "hour"
ITEM: Final = "item"
HELPFUL: Final = "helpful"
UNHELPFUL: Final = "unhelpful"
REASON: Final = "handover"
ITEM_HANDED: Final = "item_handed"
CONFUSED: Final = "confused"
CALL: Final = "call"
CALL_SECONDS: Final = "call_seconds"
CALL_TURNS: Final = "call_turns"

ANSWERED, ASKED, HANDED, UNANSWERED = "answered", "asked", "handed", "unanswered"
# Taking down a ticket, small talk and what is said to a clerk are no questions.
OUTCOMES: Final = {
    "answer": ANSWERED,
    "referral": ANSWERED,
    "ticket_status": ANSWERED,
    "emergency": ANSWERED,
    "clarify": ASKED,
    "handover": HANDED,
    "fallback": UNANSWERED,
}
ELSEWHERE: Final = "别处管的"
OTHER: Final = "其他"
# Between how many of the choices offered a question stood.
CLOSEST: Final = 2

Key = tuple[str, str, str]
_ROWS: Final = 500


def day_counts(day: date) -> Counter[Key]:
    """Count a day: how often, by (name, channel, key)."""
    counts: Counter[Key] = Counter()
    for part in (_turns(day), _votes(day), _handovers(day), _calls(day)):
        for name, channel, key, value in part:
            counts[name, channel, key] += value
    return counts


def pair_key(one: str, other: str) -> str:
    """Return the key of two records, whichever stands first."""
    return "|".join(sorted((one, other)))


def _turns(day: date) -> Iterator[tuple[str, str, str, int]]:
    classes = dict(ServiceItem.objects.values_list("item_id", "category"))
    rows = TurnRecord.objects.filter(**_on(day, "asked_at")).order_by()
    for channel, asked_at, reply in rows.values_list(
        "conversation__channel", "asked_at", "reply"
    ).iterator(_ROWS):
        outcome = outcome_of(reply)
        if not outcome:
            continue
        yield OUTCOME, channel, outcome, 1
        yield HOUR, channel, f"{asked_at.astimezone(OFFICE_ZONE):%H}", 1
        told = _told(reply)
        if outcome == ANSWERED:
            yield CLASS, channel, _class_of(reply, told, classes), 1
            for item_id in sorted(told & classes.keys()):
                yield ITEM, channel, item_id, 1
        if outcome == ASKED:
            for pair in _close(reply):
                yield CONFUSED, channel, pair, 1


def outcome_of(reply: dict[str, Any] | None) -> str:
    """Return what became of a turn, empty if it was no question; none at all is unanswered."""
    if reply is None:
        return UNANSWERED
    if reply.get("text") == phrases.PASSED_ON:
        return ""
    return OUTCOMES.get(reply["kind"], "")


def _told(reply: dict[str, Any] | None) -> set[str]:
    """Return the records that were told about."""
    if reply is None:
        return set()
    told = {answer["item"] for answer in reply.get("answers", ())}
    return (told | {reply.get("item") or ""}) - {""}


def _class_of(reply: dict[str, Any] | None, told: Iterable[str], classes: dict[str, str]) -> str:
    if reply and reply["kind"] == "referral":
        return ELSEWHERE
    return next((classes[each] for each in sorted(told) if each in classes), OTHER)


def _close(reply: dict[str, Any] | None) -> Iterator[str]:
    """Yield the two records that a question stood between."""
    offered = [each["item"] for each in (reply or {}).get("candidates", ())]
    for one, other in combinations(dict.fromkeys(offered[:CLOSEST]), 2):
        yield pair_key(one, other)


def _votes(day: date) -> Iterator[tuple[str, str, str, int]]:
    rows = Feedback.objects.filter(**_on(day, "given_at"))
    for helpful, channel, item in rows.values_list(
        "helpful", "turn__conversation__channel", "turn__reply__item"
    ):
        yield HELPFUL if helpful else UNHELPFUL, channel, item or "", 1


def _handovers(day: date) -> Iterator[tuple[str, str, str, int]]:
    rows = Handover.objects.filter(**_on(day, "opened_at")).annotate(item=Subquery(_last_item()))
    for reason, channel, item in rows.values_list("reason", "conversation__channel", "item"):
        yield REASON, channel, reason, 1
        if item:
            yield ITEM_HANDED, channel, item, 1


def _last_item() -> QuerySet[Any, Any]:
    """What was told last before a person was called."""
    turns = TurnRecord.objects.filter(
        conversation=OuterRef("conversation"),
        asked_at__lte=OuterRef("opened_at"),
        reply__kind__in=["answer", "clarify", "ask_slot"],
    )
    return turns.order_by("-id").values("reply__item")[:1]


def _calls(day: date) -> Iterator[tuple[str, str, str, int]]:
    rows = CallRecord.objects.filter(**_on(day, "started_at")).order_by()
    for line, how, begun, ended, turns in rows.values_list(
        "transport", "how", "started_at", "ended_at", "turns"
    ):
        yield CALL, line, how, 1
        yield CALL_SECONDS, line, how, max(0, round((ended - begun).total_seconds()))
        yield CALL_TURNS, line, how, turns


def _on(day: date, field: str) -> dict[str, Any]:
    ends = begin_of(day + timedelta(days=1))
    return {f"{field}__gte": begin_of(day), f"{field}__lt": ends}
