"""python -m bot encoders: learn weights for a public model, or compare some on the same questions.

The questions are those of a folder, or the office's own phrasings under cross-validation. A model
that cannot be loaded is a row with its reason, not the end of the comparison.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import numpy as np
from django.conf import settings
from tqdm import tqdm

from bot.actions.emergencies import DangerSense
from bot.evaluating import matched
from knowledge.calibration import FOLDS, fold_encoder, fold_reader, split
from knowledge.documents import documents_of
from knowledge.embedding import SEED
from knowledge.evaluation import (
    Marked,
    Outcome,
    Questions,
    Row,
    Share,
    System,
    item_figures,
    mark,
)
from knowledge.files import KnowledgeFiles
from knowledge.fitting import Remembering, fit
from knowledge.search.analysis import content
from knowledge.search.encoder import BUILT_IN, Encoder, SentenceTransformerEncoder, size_of, why
from knowledge.search.matcher import Matcher
from knowledge.search.passages import Document
from knowledge.search.reader import Reader
from knowledge.search.recipe import Recipes, is_fitted, recipes_for, save_fitted
from knowledge.search.reranker import CrossEncoderReranker
from knowledge.search.snapshot import build_snapshot
from knowledge.training import faceted

# So many phrasings of each fold are asked: enough for an interval of two points.
ASKED_PER_FOLD = 1000
TIMED = 200
MEGABYTE = 1_000_000
SHOWN = ("right first", "in three", "answered wrong")


@dataclass(frozen=True)
class Compared:
    """One model: its shares for all questions and by style, or the reason why there are none."""

    name: str
    reason: str = ""
    recipe: str = ""
    figures: dict[str, dict[str, Share]] = field(default_factory=dict)
    encode_ms: tuple[float, float] = (0.0, 0.0)
    size_bytes: int = 0


@dataclass(frozen=True)
class Fold:
    """What stays in the index, what is asked of it, and the reader that never saw that."""

    kept: list[Document]
    questions: Questions
    reader: Reader | None


def fit_encoder(name: str, reranker_name: str, files: KnowledgeFiles) -> Recipes:
    """Learn and store the recipe for an encoder, and for a re-ranker if one is named.

    Raises EncoderUnavailable, RerankerUnavailable.
    """
    encoder = SentenceTransformerEncoder(name)
    reranker = CrossEncoderReranker(reranker_name) if reranker_name else None
    with tempfile.TemporaryDirectory() as workshop:
        recipes = fit(
            documents_of(files),
            files.ambiguous,
            dict(faceted(files)),
            Path(workshop),
            None if name == BUILT_IN else encoder,
            reranker,
            others=files.others,
        )
    save_fitted(recipes, settings.RECIPE_DIR, encoder.fingerprint)
    return recipes


def compare(
    names: Sequence[str], questions: Questions | None, reranker_name: str, files: KnowledgeFiles
) -> list[Compared]:
    """Put the same questions to every encoder; None stands for the office's own phrasings.

    Raises RerankerUnavailable: without it every row would tell of something else.
    """
    reranker = CrossEncoderReranker(reranker_name) if reranker_name else None
    if reranker is not None:
        reranker.judge("社保卡", ["社保卡补办"])
    whole = questions is not None
    folds = (
        [Fold(documents_of(files), questions, None)]
        if questions is not None
        else list(_folds(files))
    )
    found = []
    for name in names:
        try:
            found.append(_compared(name, folds, reranker, files, is_whole=whole))
        except Exception as error:  # noqa: BLE001 (a model's own code may raise anything)
            found.append(Compared(name, why(error)))
    return found


def told(found: Sequence[Compared]) -> Iterator[str]:
    """The comparison as lines: all questions first, then right first by style."""
    width = max(len(each.name) for each in found)
    of = max((each.figures["all"]["in three"].of for each in found if each.figures), default=0)
    yield f"{of} questions; shares with their 95 % interval (Wilson)"
    heads = "".join(f"{name:27}" for name in SHOWN)
    yield f"{'encoder':{width}}  {'recipe':8}{heads}{'encode p50/p95':>16}{'on disk':>12}"
    for each in found:
        if each.reason:
            yield f"{each.name:{width}}  {each.reason}"
            continue
        shares = "".join(f"{each.figures['all'][name]!s:27}" for name in SHOWN)
        times = f"{each.encode_ms[0]:.1f}/{each.encode_ms[1]:.1f} ms"
        size = f"{each.size_bytes / MEGABYTE:.1f} MB"
        yield f"{each.name:{width}}  {each.recipe:8}{shares}{times:>16}{size:>12}"
    styles = sorted({style for each in found for style in each.figures} - {"all"})
    for style in styles:
        for each in found:
            if style in each.figures:
                share = each.figures[style]["right first"]
                yield f"{each.name:{width}}  right first, {style:12} {share}  of {share.of}"


def _folds(files: KnowledgeFiles) -> Iterator[Fold]:
    """The folds by which the shipped recipe was learned, with a share of their questions."""
    said = {(i, p.text): p for i, ps in files.phrasings.items() for p in ps}
    told_facets, draw = dict(faceted(files)), Random(SEED)
    for fold in range(FOLDS):
        kept, asked = split(documents_of(files), fold)
        known = [(owner, said[owner, text]) for text, owner in asked if (owner, text) in said]
        rows: list[Row] = [
            {"text": one.text, "item": owner, "style": one.style, "facet": one.facet}
            for owner, one in draw.sample(known, min(ASKED_PER_FOLD, len(known)))
        ]
        yield Fold(kept, Questions(items=rows), fold_reader(kept, asked, told_facets, fold))


def _compared(
    name: str,
    folds: Sequence[Fold],
    reranker: CrossEncoderReranker | None,
    files: KnowledgeFiles,
    *,
    is_whole: bool,
) -> Compared:
    encoder = SentenceTransformerEncoder(name)
    asked = [str(row["text"]) for fold in folds for row in fold.questions.items]
    encode_ms = _timed(encoder, asked[:TIMED])
    judge = reranker.fingerprint if reranker else ""
    recipes = recipes_for(settings.RECIPE_DIR, encoder.fingerprint, judge)
    twins = {kind.kind_id: kind.linked_item for kind in files.report_kinds}
    sense, used = DangerSense(files.emergencies), Remembering(encoder)
    marked: list[Marked] = []
    with (
        tempfile.TemporaryDirectory() as workshop,
        tqdm(total=len(asked), desc=name, unit="question") as bar,
    ):
        for number, fold in enumerate(folds):
            # The built-in encoder has seen the phrasings; trained anew it has not.
            is_seen = name == BUILT_IN and not is_whole
            one = fold_encoder(fold.kept, number, Path(workshop)) if is_seen else used
            records = {"ambiguous": files.ambiguous}
            snapshot = build_snapshot(fold.kept, recipes, one, records=records)
            matcher = Matcher(snapshot, one, fold.reader, reranker)
            system = _watched(matched(matcher, sense), bar.update)
            marked += mark(fold.questions, system, twins)
    fitted = "own" if is_fitted(settings.RECIPE_DIR, encoder.fingerprint) else "shipped"
    return Compared(name, "", fitted, item_figures(marked), encode_ms, size_of(name))


def _watched(system: System, done: Callable[[], object]) -> System:
    def watched(text: str) -> Outcome:
        done()
        return system(text)

    return watched


def _timed(encoder: Encoder, asked: Sequence[str]) -> tuple[float, float]:
    """Median and 95th percentile of milliseconds to encode one question, on one thread."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        # The first question pays for loading.
        encoder.encode([content(asked[0])], query=True)
        times = []
        for text in asked:
            started = time.perf_counter()
            encoder.encode([content(text)], query=True)
            times.append(1000 * (time.perf_counter() - started))
    finally:
        torch.set_num_threads(threads)
    return float(np.percentile(times, 50)), float(np.percentile(times, 95))
