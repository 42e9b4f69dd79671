"""How well questions of other authors are understood, at least. The only place with such floors.

Counted by what ``python -m bot evaluate`` runs. The held-out files are never trained on; the floors
leave room for the interval of each figure, so that only a real loss breaks them.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from bot import evaluating
from knowledge.documents import documents_of
from knowledge.evaluation import load_questions
from knowledge.files import KnowledgeFiles
from knowledge.search.analysis import squeezed
from knowledge.search.encoder import Encoder
from knowledge.search.matcher import Matcher
from knowledge.search.passages import Document
from knowledge.search.recipe import Recipe
from knowledge.search.snapshot import Snapshot, build_snapshot

pytestmark = pytest.mark.embedding

DATA = Path(__file__).parents[1] / "data"
# So few held-out questions may be, by chance, literally what a record is called or said like.
MOST_KNOWN = 0.01
FLOORS = {
    ("items", "all", "right first"): 0.86,
    ("items", "all", "in three"): 0.93,
    ("items", "all", "facet"): 0.84,
    ("others", "product", "emergencies recognised"): 0.95,
}
CEILINGS = {
    ("items", "all", "answered wrong"): 0.05,
    ("others", "product", "far questions answered as ours"): 0.05,
    ("others", "product", "near misses answered as ours"): 0.08,
    ("others", "product", "false alarms elsewhere"): 0.01,
}
# So many questions at least, or a share says little.
ENOUGH = 80
# Of the many questions about items every third is asked; ``python -m bot evaluate`` asks all.
EVERY = 3


@pytest.fixture(scope="module")
def figures(matcher: Matcher, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """All figures of the evaluation, without baselines and pictures."""
    out, asked = (tmp_path_factory.mktemp(name) for name in ("evaluation", "asked"))
    for path in (DATA / "heldout").glob("*.jsonl"):
        lines = path.read_text("utf-8").splitlines()[:: EVERY if path.stem == "items" else 1]
        (asked / path.name).write_text("\n".join(lines), encoding="utf-8")

    def build(
        documents: Sequence[Document], recipe: Recipe, encoder: Encoder, **more: Any
    ) -> Snapshot:
        """The shared snapshot where the same would be built again."""
        shared = matcher.snapshot
        is_same = (list(documents), recipe) == (shared.documents, shared.recipe)
        return shared if is_same else build_snapshot(documents, recipe, encoder, **more)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(evaluating, "build_snapshot", build)
        patched.setattr(evaluating, "draw", lambda *_: [])
        evaluating.evaluate(asked, DATA / "foreign", out, (), is_through_server=False)
    found: dict[str, Any] = json.loads((out / "figures.json").read_text("utf-8"))
    return found


def share(figures: dict[str, Any], where: tuple[str, str, str]) -> float:
    """One figure; of too few questions it would say nothing."""
    figure = figures[where[0]][where[1]][where[2]]
    assert figure["of"] >= ENOUGH
    return float(figure["share"])


@pytest.mark.parametrize("where", FLOORS, ids=lambda where: str(where[-1]))
def test_enough_is_understood(figures: dict[str, Any], where: tuple[str, str, str]) -> None:
    assert share(figures, where) >= FLOORS[where]


@pytest.mark.parametrize("where", CEILINGS, ids=lambda where: str(where[-1]))
def test_little_goes_wrong(figures: dict[str, Any], where: tuple[str, str, str]) -> None:
    assert share(figures, where) <= CEILINGS[where]


@pytest.mark.parametrize("office", ["county", "library"])
def test_the_knowledge_of_another_office_is_matched_better_than_by_bm25(
    figures: dict[str, Any], office: str
) -> None:
    found = figures["foreign"][office]
    assert found["of"] >= ENOUGH
    assert found["product"] > found["bm25"]


def test_held_out_questions_stand_in_no_file_that_is_trained_on(shipped: KnowledgeFiles) -> None:
    known = [text for d in documents_of(shipped) for _, text in d.texts]
    known += [*shipped.ambiguous, *shipped.calm]
    known += [text for danger in shipped.emergencies for text in danger.phrasings]
    known += [text for asked in shipped.facet_questions.values() for text in asked]
    seen = {squeezed(text) for text in known}
    for kind, rows in vars(load_questions(DATA / "heldout")).items():
        literal = [row["text"] for row in rows if squeezed(row["text"]) in seen]
        assert len(literal) <= MOST_KNOWN * len(rows) + 1, (kind, literal)
