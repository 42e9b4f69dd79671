"""What residents asked and did not get answered well, read off the record of conversations.

Everything comes masked: the texts of turns are stored so, and what else is shown is masked here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any, Final

from django.db.models import QuerySet

from bot.conversations import phrases
from bot.conversations.models import Feedback, TurnRecord
from bot.conversations.privacy import mask
from bot.handovers.models import Handover, Notice
from knowledge.search.analysis import squeezed

FALLBACK, UNSURE, NONE_OF_THESE = "fallback", "unsure", "none_of_these"
UNHELPFUL, HANDOVER = "unhelpful", "handover"
WHY_NAMES: Final = {
    FALLBACK: "没听懂",
    UNSURE: "没把握",
    NONE_OF_THESE: "说“都不是”",
    UNHELPFUL: "点了“没帮上”",
    HANDOVER: "没答好，找了人工",
}
# A choice that was offered with less than this probability was a guess.
SURE_FROM: Final = 0.4
SHORTEST: Final = 2
LONGEST: Final = 120
# So many turns before a hand-over tell whether something had failed.
BEFORE_HANDOVER: Final = 3
_ASKED_FOR_HELP: Final = (Handover.Reason.ASKED, Handover.Reason.FAILURES)
_COLUMNS: Final = (
    "conversation_id",
    "turn_id",
    "text",
    "payload",
    "asked_at",
    "reply__kind",
    "reply__confidence",
)


@dataclass(frozen=True)
class Miss:
    """One question that was not answered well; ``note`` is what somebody said about it."""

    text: str
    why: str
    at: datetime
    turn: str
    note: str = ""


def misses_since(since: datetime) -> list[Miss]:
    """Return what went wrong since a moment, a question and reason once each."""
    handovers = _handovers(since)
    unhelpful = _unhelpful(since)
    found: dict[tuple[str, str], Miss] = {}
    turns = TurnRecord.objects.filter(asked_at__gte=since, reply__isnull=False)
    rows = turns.order_by("conversation_id", "id").values(*_COLUMNS).iterator(chunk_size=5000)
    for conversation, talk in groupby(rows, key=lambda row: row["conversation_id"]):
        for miss in _of_talk(list(talk), unhelpful, handovers.get(conversation, [])):
            found.setdefault((miss.turn, miss.why), miss)
    return list(found.values())


def _unhelpful(since: datetime) -> dict[str, str]:
    rows = Feedback.objects.filter(helpful=False, turn__asked_at__gte=since)
    return {turn: mask(reason) for turn, reason in rows.values_list("turn__turn_id", "reason")}


def _handovers(since: datetime) -> dict[int, list[tuple[datetime, str, str]]]:
    """Hand-overs by conversation: when, why, and what the clerk then wrote first."""
    rows: QuerySet[Handover] = Handover.objects.filter(
        opened_at__gte=since, reason__in=_ASKED_FOR_HELP
    )
    said = _clerks_words(since)
    found: dict[int, list[tuple[datetime, str, str]]] = {}
    for talk, at, reason in rows.values_list("conversation_id", "opened_at", "reason"):
        words = next((text for when, text in said.get(talk, []) if when >= at), "")
        found.setdefault(talk, []).append((at, reason, words))
    return found


def _clerks_words(since: datetime) -> dict[int, list[tuple[datetime, str]]]:
    rows = Notice.objects.filter(
        author__isnull=False, medium=Notice.Medium.CHANNEL, created_at__gte=since
    ).exclude(conversation=None)
    found: dict[int, list[tuple[datetime, str]]] = {}
    for talk, at, text in rows.order_by("id").values_list("conversation_id", "created_at", "text"):
        if talk is not None:
            found.setdefault(talk, []).append((at, mask(text)))
    return found


def _of_talk(
    talk: list[Mapping[str, Any]],
    unhelpful: Mapping[str, str],
    handovers: Iterable[tuple[datetime, str, str]],
) -> Iterator[Miss]:
    asked: Mapping[str, Any] | None = None
    for row in talk:
        is_none = row["payload"] == "none" or row["text"] == phrases.NONE_OF_THESE
        if _is_question(row):
            asked = row
        if asked is None:
            continue
        if is_none:
            yield _miss(asked, NONE_OF_THESE)
        elif why := _why(row):
            yield _miss(row, why)
        if row["turn_id"] in unhelpful:
            yield _miss(asked, UNHELPFUL, unhelpful[row["turn_id"]])
    for at, reason, words in handovers:
        if question := _before(talk, at, reason):
            yield _miss(question, HANDOVER, f"工作人员答：{words}" if words else "")


def _is_question(row: Mapping[str, Any]) -> bool:
    is_said = not row["payload"] and row["text"] != phrases.NONE_OF_THESE
    is_talk = row["reply__kind"] in ("smalltalk", "handover", "emergency")
    return is_said and not is_talk and len(squeezed(row["text"])) >= SHORTEST


def _why(row: Mapping[str, Any]) -> str:
    if not _is_question(row):
        return ""
    if row["reply__kind"] == "fallback":
        return FALLBACK
    is_guess = (row["reply__confidence"] or 0) < SURE_FROM
    return UNSURE if row["reply__kind"] == "clarify" and is_guess else ""


def _before(talk: list[Mapping[str, Any]], at: datetime, reason: str) -> Mapping[str, Any] | None:
    """The question before a hand-over, if something had failed by then."""
    earlier = [row for row in talk if row["asked_at"] <= at]
    failed = [row for row in earlier[-BEFORE_HANDOVER:] if _why(row)]
    if failed:
        return failed[-1]
    if reason != Handover.Reason.FAILURES:
        return None
    return next((row for row in reversed(earlier) if _is_question(row)), None)


def _miss(row: Mapping[str, Any], why: str, note: str = "") -> Miss:
    text = mask(row["text"].strip())[:LONGEST]
    return Miss(text, why, row["asked_at"], row["turn_id"], note.strip()[:300])
