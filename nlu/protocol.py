"""What passes between the dialogue engine and those who use it. No Rasa here, no HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from knowledge.search.facets import OVERVIEW, cued_facets, facets, has_subject
from knowledge.search.matcher import Candidate, Match, Matcher

# Under this key the matcher's result travels in a message's parse data.
KNOWLEDGE = "street_knowledge"


class DialogueUnavailable(Exception):
    """The dialogue process did not answer; safe to go on with single-turn answers."""


@dataclass(frozen=True)
class Reading:
    """What matcher and facets make of a text, before any dialogue."""

    match: Match
    facets: tuple[str, ...]
    # Whether the facets stand in plain words, so that a short message may be a follow-up.
    facet_is_cued: bool
    # Whether the message says what it is about; without a subject its match means nothing.
    has_subject: bool


@dataclass(frozen=True)
class Understanding:
    """What the engine made of one message."""

    text: str
    intent: str
    confidence: float
    reading: Reading
    entities: Mapping[str, str] = field(default_factory=dict)
    slots: Mapping[str, Any] = field(default_factory=dict)

    @property
    def match(self) -> Match:
        """The ranked records."""
        return self.reading.match

    @property
    def facets(self) -> tuple[str, ...]:
        """The facets asked for."""
        return self.reading.facets


class Dialogue(Protocol):
    """Keeps the thread of a conversation and calls the actions."""

    def send(self, sender: str, text: str, metadata: Mapping[str, str]) -> list[dict[str, Any]]:
        """Return the engine's messages in order; raises DialogueUnavailable."""

    def is_ready(self) -> bool:
        """Whether the engine answers with a trained model."""


NOTHING_READ = Reading(Match((), 0.0, "step_back", ()), (OVERVIEW,), False, False)


def read_message(matcher: Matcher, text: str, top_k: int = 5) -> Reading:
    """Match a message and recognise its facets: one way for engine and single turns alike."""
    match = matcher.match(text, top_k)
    return Reading(match, tuple(facets(text)), bool(cued_facets(text)), has_subject(text))


def reading_to_json(reading: Reading) -> dict[str, Any]:
    """Return what ``reading_from_json`` reads back."""
    match = reading.match
    return {
        "ranked": [
            {
                "owner": c.owner,
                "kind": c.kind,
                "name": c.name,
                "score": c.score,
                # The one sign that decides between a subject and a follow-up.
                "signs": {"named": c.signs.get("named", 0.0)},
            }
            for c in match.ranked
        ],
        "chosen": [c.owner for c in match.choices],
        "probability": match.probability,
        "decision": match.decision,
        "facets": list(reading.facets),
        "facet_is_cued": reading.facet_is_cued,
        "has_subject": reading.has_subject,
    }


def reading_from_json(data: Mapping[str, Any]) -> Reading:
    """Read what the matcher component put into the parse data; empty data is nothing read."""
    if not data:
        return NOTHING_READ
    ranked = tuple(Candidate(**row) for row in data["ranked"])
    chosen = set(data["chosen"])
    choices = tuple(c for c in ranked if c.owner in chosen)
    match = Match(ranked, data["probability"], data["decision"], choices)
    return Reading(match, tuple(data["facets"]), data["facet_is_cued"], data["has_subject"])
