"""What passes between the dialogue engine and those who use it. No Rasa here, no HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from knowledge.search.facets import OVERVIEW, cued_facets, facets
from knowledge.search.matcher import Candidate, Match, Matcher

# Under this key the matcher's result travels in a message's parse data.
KNOWLEDGE = "street_knowledge"


class DialogueUnavailable(Exception):
    """The dialogue process did not answer; safe to go on with single-turn answers."""


@dataclass(frozen=True)
class Understanding:
    """What the engine made of one message."""

    text: str
    intent: str
    confidence: float
    match: Match
    facets: tuple[str, ...]
    # Whether the facets stand in plain words, so that a message without a subject is a follow-up.
    facet_is_cued: bool = False
    entities: Mapping[str, str] = field(default_factory=dict)
    slots: Mapping[str, Any] = field(default_factory=dict)


class Dialogue(Protocol):
    """Keeps the thread of a conversation and calls the actions."""

    def send(self, sender: str, text: str, metadata: Mapping[str, str]) -> list[dict[str, Any]]:
        """Return the engine's messages in order; raises DialogueUnavailable."""

    def is_ready(self) -> bool:
        """Whether the engine answers with a trained model."""


def understand(matcher: Matcher, text: str, top_k: int = 5) -> tuple[Match, tuple[str, ...], bool]:
    """Match a message and recognise its facets: the one way for engine and single turns alike."""
    match = matcher.match(text, top_k)
    return match, tuple(facets(text)), bool(cued_facets(text))


def match_to_json(match: Match, found: tuple[str, ...], cued: bool) -> dict[str, Any]:
    """Return what ``match_from_json`` reads back."""
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
        "facets": list(found),
        "cued": cued,
    }


def match_from_json(data: Mapping[str, Any]) -> tuple[Match, tuple[str, ...], bool]:
    """Read what the matcher component put into the parse data; empty data is no match."""
    if not data:
        return Match((), 0.0, "step_back", ()), (OVERVIEW,), False
    ranked = tuple(Candidate(**row) for row in data["ranked"])
    chosen = set(data["chosen"])
    choices = tuple(c for c in ranked if c.owner in chosen)
    match = Match(ranked, data["probability"], data["decision"], choices)
    return match, tuple(data["facets"]), bool(data["cued"])
