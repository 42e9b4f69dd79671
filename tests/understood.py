"""What the matcher might have made of a message: turns whose understanding is made up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Literal

from bot.actions.context import Context, Guide
from bot.conversations.messages import Reply
from knowledge.search.matcher import Candidate, Match
from knowledge.search.passages import NOTHING
from nlu.protocol import Reading, Understanding
from tests.fakes import FakeDesk
from tests.people import OFFICE

MORNING = datetime(2026, 11, 23, 10, 0, tzinfo=OFFICE)


def candidates(*owners: str, score: float = 0.5) -> tuple[Candidate, ...]:
    """Candidates from the nearest on."""
    return tuple(_candidate(owner, score) for owner in owners)


def _candidate(owner: str, score: float) -> Candidate:
    return Candidate(owner, NOTHING if owner == NOTHING else "item", owner, score, {})


def understood(
    match: Match,
    guide: Guide,
    slots: Mapping[str, Any] | None = None,
    *,
    text: str = "卡丢了",
    intent: str = "ask_item",
    desk: FakeDesk | None = None,
) -> Context:
    """A question that the matcher made this of, and makes of every other text too."""
    reading = Reading(match, ("overview",), facet_is_cued=False, has_subject=True)
    said = Understanding(text, intent, 0.9, reading, {}, slots or {})
    return Context(said, guide, MORNING, lambda text, top_k: match, desk or FakeDesk())


def unsure(context: Context, decision: Literal["ask", "step_back"]) -> Context:
    """The same words where the matcher is not sure of any record."""
    said = context.understanding
    match = replace(said.match, decision=decision, probability=0.3)
    reading = replace(said.reading, match=match)
    return replace(context, understanding=replace(said, reading=reading))


def offered(reply: Reply) -> list[str]:
    """Whose buttons a reply shows."""
    payloads = [button.payload.split(":") for button in reply.buttons]
    return [parts[1] for parts in payloads if parts[0] == "ask"]
