"""Is it worth writing more? Right first on held-out questions by phrasings an item.

At every size a new encoder and a new reader are trained on the first so many phrasings of a drawn
order; the weights of the recipe stay. Where a curve is flat, more of the same says nothing new.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from random import Random

from knowledge.documents import documents_of
from knowledge.embedding import SEED, train_encoder
from knowledge.evaluation import Marked, Outcome, Questions, Share, mark
from knowledge.files import KnowledgeFiles
from knowledge.reading import train_reader
from knowledge.search.encoder import SentenceTransformerEncoder
from knowledge.search.matcher import Matcher
from knowledge.search.passages import NOTHING
from knowledge.search.recipe import Recipe
from knowledge.search.snapshot import build_snapshot

SIZES = (10, 20, 40, 70, 100)
Curve = dict[int, dict[str, Share]]


def learning_curve(
    files: KnowledgeFiles, questions: Questions, recipe: Recipe, workshop: Path
) -> Curve:
    """Return the share right first by size and style; the encoders are left in ``workshop``."""
    return {size: _at(size, files, questions, recipe, workshop / str(size)) for size in SIZES}


def _at(
    size: int, files: KnowledgeFiles, questions: Questions, recipe: Recipe, place: Path
) -> dict[str, Share]:
    fewer = {
        item: Random(f"{SEED}{item}").sample(said, min(size, len(said)))
        for item, said in files.phrasings.items()
    }
    documents = documents_of(replace(files, phrasings=fewer))
    train_encoder(documents, place, f"encoder at {size}")
    reader = train_reader(documents, {}, f"reader at {size}")
    encoder = SentenceTransformerEncoder(str(place))
    matcher = Matcher(build_snapshot(documents, recipe, encoder), encoder, reader)

    def system(text: str) -> Outcome:
        match = matcher.match(text)
        ranked = tuple(c.owner for c in match.ranked if c.owner != NOTHING)
        return Outcome("answer", ranked[:1], ranked, match.probability)

    twins = {kind.kind_id: kind.linked_item for kind in files.report_kinds}
    marked = mark(questions, system, twins)
    styles = sorted({str(each.row["style"]) for each in marked})
    by_style = {style: [m for m in marked if m.row["style"] == style] for style in styles}
    return {name: _first(group) for name, group in {"all": marked, **by_style}.items()}


def _first(group: Sequence[Marked]) -> Share:
    return Share(sum(each.is_first for each in group), len(group))


def draw_curve(curve: Curve, path: Path) -> None:
    """Draw a line a style."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(6.4, 4.4), constrained_layout=True)
    for style in next(iter(curve.values())):
        shares = [100 * by_style[style].value for by_style in curve.values()]
        width = 2.4 if style == "all" else 1.2
        axes.plot([*curve], shares, marker="o", markersize=3, linewidth=width, label=style)
    axes.set(xlabel="phrasings an item", ylabel="right first, %", xticks=[*curve])
    axes.grid(linewidth=0.3)
    axes.legend(ncol=3, fontsize=8)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=130)
    pyplot.close(figure)
