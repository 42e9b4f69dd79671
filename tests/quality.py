"""How well held-out questions of another author are understood. Never trained on, only counted."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

from bot.actions.emergencies import DangerWords
from knowledge.files import load_knowledge
from knowledge.search.encoder import SentenceTransformerEncoder
from knowledge.search.facets import facets
from knowledge.search.matcher import Matcher
from knowledge.search.recipe import load_recipe
from knowledge.search.snapshot import build_snapshot
from knowledge.training import documents_of

HELD_OUT = Path(__file__).parent / "data" / "heldout"
COUNTS = ("asked", "right_first", "right_in_3", "answered_right", "answered_wrong", "facet")


def rows(name: str) -> list[dict[str, Any]]:
    """The questions of one file."""
    lines = (HELD_OUT / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def report() -> dict[str, dict[str, float]]:
    """Shares by file and style."""
    files = load_knowledge()
    encoder = SentenceTransformerEncoder()
    matcher = Matcher(build_snapshot(documents_of(files), load_recipe(), encoder), encoder)
    twins = {kind.kind_id: kind.linked_item for kind in files.report_kinds}
    counts: dict[str, list[int]] = defaultdict(lambda: [0] * len(COUNTS))
    for name in ("items", "other_items"):
        for row in rows(name):
            marks = _marks(matcher, row, twins)
            for group in (name, f"{name}/{row['style']}"):
                counts[group] = [a + b for a, b in zip(counts[group], marks, strict=True)]
    figures: dict[str, dict[str, float]] = {
        group: {
            "asked": found[0],
            **{name: round(n / found[0], 3) for name, n in zip(COUNTS[1:], found[1:], strict=True)},
        }
        for group, found in sorted(counts.items())
    }
    figures["out_of_scope"] = _out_of_scope(matcher)
    figures["emergencies"] = _emergencies(DangerWords(files.emergencies))
    return figures


def _marks(matcher: Matcher, row: dict[str, Any], twins: dict[str, str]) -> list[int]:
    right = {row["item"], *row.get("acceptable", [])}
    right |= {kind for kind, item in twins.items() if item in right}
    match = matcher.match(row["text"])
    first = match.best is not None and match.best.owner in right
    answered = match.decision == "answer"
    return [
        1,
        first,
        any(candidate.owner in right for candidate in match.ranked[:3]),
        answered and first,
        answered and not first,
        row["facet"] in facets(row["text"]),
    ]


def _out_of_scope(matcher: Matcher) -> dict[str, float]:
    """An item answered to a question that is none of ours is the worst mistake."""
    asked = rows("out_of_scope")
    matches = [matcher.match(row["text"]) for row in asked]
    wrong = [
        m for m in matches if m.decision == "answer" and m.best and m.best.kind in ("item", "event")
    ]
    near = [m for m, row in zip(matches, asked, strict=True) if row["near_miss"]]
    referred = [m for m in near if m.decision == "answer" and m.best and m.best.kind == "subject"]
    return {
        "asked": len(asked),
        "answered_wrong": round(len(wrong) / len(asked), 3),
        "near_misses_referred": round(len(referred) / max(1, len(near)), 3),
    }


def _emergencies(words: DangerWords) -> dict[str, float]:
    danger, calm = rows("emergencies"), rows("not_emergencies")
    found = [words.recognise(row["text"]) for row in danger]
    return {
        "asked": len(danger),
        "recognised": round(sum(f is not None for f in found) / len(danger), 3),
        "false_alarms": round(
            sum(words.recognise(r["text"]) is not None for r in calm) / len(calm), 3
        ),
    }
