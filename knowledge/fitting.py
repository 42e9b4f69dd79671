"""Learns weights and thresholds anew for an encoder that is not ours, and for a re-ranker.

The same cross-validation that made the shipped recipe. A foreign encoder is not trained, so its
vectors are worked out once; the reader is trained for every fold as ever.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from random import Random

import numpy as np
import numpy.typing as npt
from tqdm import tqdm

from knowledge.calibration import (
    Judged,
    cross_validate,
    judge,
    learn,
    learn_reranked,
    rescaled,
)
from knowledge.embedding import SEED
from knowledge.record import GateQuestion
from knowledge.search.analysis import content
from knowledge.search.encoder import Encoder
from knowledge.search.matcher import Matcher
from knowledge.search.passages import Document
from knowledge.search.recipe import Recipes, load_recipe
from knowledge.search.reranker import Reranker
from knowledge.search.snapshot import build_snapshot

BATCH = 64
# A re-ranker reads twenty pairs a question: with all phrasings that would take a day.
RERANKED_QUESTIONS = 2000

Floats = npt.NDArray[np.float32]


class Remembering:
    """An encoder that works out every text once, some at a time, with a bar to watch."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._kept: dict[tuple[str, bool], Floats] = {}

    @property
    def fingerprint(self) -> str:
        """That of the encoder."""
        return self._encoder.fingerprint

    def encode(self, texts: Sequence[str], *, query: bool = False) -> Floats:
        """Return vectors of shape (len(texts), dimensions); raises EncoderUnavailable."""
        new = [text for text in dict.fromkeys(texts) if (text, query) not in self._kept]
        with tqdm(total=len(new), desc="embedding", unit="text", disable=len(new) < BATCH) as bar:
            for start in range(0, len(new), BATCH):
                some = new[start : start + BATCH]
                vectors = self._encoder.encode(some, query=query)
                self._kept.update(
                    ((text, query), vector) for text, vector in zip(some, vectors, strict=True)
                )
                bar.update(len(some))
        return np.stack([self._kept[text, query] for text in texts])


def fit(
    documents: Sequence[Document],
    ambiguous: Mapping[str, Sequence[str]],
    facet_of: Mapping[str, str],
    workshop: Path,
    encoder: Encoder | None = None,
    reranker: Reranker | None = None,
    others: Sequence[GateQuestion] = (),
) -> Recipes:
    """Learn the recipes for an encoder and a re-ranker; ``others`` rescale the probability.

    None stands for the built-in encoder, whose recipe is the shipped one. Raises
    EncoderUnavailable, RerankerUnavailable.
    """
    if reranker is not None:
        # Hours are not to be spent before it is known to load.
        reranker.judge("社保卡", ["社保卡补办"])
    used = None
    if encoder is not None:
        used = Remembering(encoder)
        said = [text for document in documents for _, text in document.texts]
        used.encode([content(text) or text for text in said])
        asked = [*(t for d in documents for f, t in d.texts if f == "phrasing"), *ambiguous]
        used.encode([content(text) for text in asked], query=True)
    judged, several = cross_validate(
        documents, ambiguous, facet_of, workshop, used, is_told=reranker is not None
    )
    plain = load_recipe() if used is None else learn(judged, several)
    if used is not None and others:
        matcher = Matcher(build_snapshot(documents, plain, used), used)
        pairs = [(question.text, frozenset(question.expected)) for question in others]
        plain = rescaled(plain, judge(matcher, pairs))
    if reranker is None:
        return Recipes(plain)
    both = learn_reranked(plain, _some(judged), several, reranker)
    return Recipes(plain, both, reranker.fingerprint)


def _some(judged: Sequence[Judged]) -> Sequence[Judged]:
    if len(judged) <= RERANKED_QUESTIONS:
        return judged
    return Random(SEED).sample(list(judged), RERANKED_QUESTIONS)
