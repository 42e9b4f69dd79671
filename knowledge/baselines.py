"""What every figure is held against: plain methods, trained on the same words as the matcher."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from itertools import pairwise
from math import log

import numpy as np
import numpy.typing as npt

from knowledge.evaluation import Outcome
from knowledge.search.analysis import squeezed
from knowledge.search.passages import NOTHING, Document

K1, B = 1.2, 0.75
RANKED = 10

Baseline = Callable[[str], Outcome]


def bm25(documents: Sequence[Document], ids: Sequence[str] | None = None) -> Baseline:
    """Okapi BM25 over characters and pairs of them, one bag a document (Robertson 1994).

    ``k1`` 1.2, ``b`` 0.75, inverse document frequency log(1 + (N - n + 0.5) / (n + 0.5)).
    """
    ids = ids or [document.owner for document in documents]
    bags = [Counter(t for _, text in d.texts for t in _units(text)) for d in documents]
    lengths = [sum(bag.values()) for bag in bags]
    mean = sum(lengths) / max(1, len(lengths))
    postings: dict[str, list[tuple[int, float]]] = defaultdict(list)
    for number, bag in enumerate(bags):
        drag = K1 * (1 - B + B * lengths[number] / mean)
        for unit, count in bag.items():
            postings[unit].append((number, count * (K1 + 1) / (count + drag)))
    rarity = {u: log(1 + (len(bags) - len(p) + 0.5) / (len(p) + 0.5)) for u, p in postings.items()}

    def answer(text: str) -> Outcome:
        scores = np.zeros(len(bags))
        for unit in _units(text):
            for number, weight in postings.get(unit, ()):
                scores[number] += weight * rarity[unit]
        return _outcome(scores, ids)

    return answer


def _units(text: str) -> list[str]:
    letters = squeezed(text)
    return [*letters, *(a + b for a, b in pairwise(letters))]


def linear_svm(documents: Sequence[Document]) -> Baseline:
    """TF-IDF over groups of 1 to 3 characters and a linear support vector machine."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.svm import LinearSVC

    rows = [(text, d.owner) for d in documents if d.owner != NOTHING for _, text in d.texts]
    vectorizer = TfidfVectorizer(analyzer="char", ngram_range=(1, 3), sublinear_tf=True)
    table = vectorizer.fit_transform([squeezed(text) for text, _ in rows])
    model = LinearSVC(C=0.5).fit(table, [owner for _, owner in rows])
    ids = list(model.classes_)

    def answer(text: str) -> Outcome:
        scores = model.decision_function(vectorizer.transform([squeezed(text)]))[0]
        return _outcome(scores, ids)

    return answer


def _outcome(scores: npt.NDArray[np.float64], ids: Sequence[str]) -> Outcome:
    """The surest answers, without any decision: a baseline always answers."""
    top = np.argsort(-scores, kind="stable")[:RANKED]
    ranked = tuple(ids[number] for number in top)
    lead = float(scores[top[0]] - scores[top[1]]) if len(top) > 1 else 1.0
    return Outcome("answer", ranked[:1], ranked, confidence=lead / (1 + abs(lead)))
