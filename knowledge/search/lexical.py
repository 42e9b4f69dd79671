"""BM25 over terms, held as one sparse matrix of ready-made impacts.

Score of a document for a query: sum over the query's terms of
idf(t) * tf * (k1 + 1) / (tf + k1 * (1 - b + b * length / mean length))
with idf(t) = ln(1 + (N - df + 0.5) / (df + 0.5)) (Robertson and Zaragoza, 2009).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int32]

K1 = 1.2
B = 0.5
# A record as a whole says the same thing in fifty ways: what is said often counts for more.
WHOLE_RECORD = (3.0, 0.75)
# A term that stands in more of a large collection than this tells nothing and costs the most.
COMMON_SHARE = 0.2
COMMON_FROM_DOCUMENTS = 5000


@dataclass(frozen=True)
class LexicalIndex:
    """Postings by term: documents ``docs[starts[t]:starts[t+1]]`` with their impacts."""

    vocabulary: dict[str, int]
    starts: npt.NDArray[np.int64]
    docs: Ints
    impacts: Floats
    idf: Floats
    size: int

    def scores(self, query: Iterable[str]) -> Floats:
        """Return BM25 scores of shape (size,) for the query's distinct terms."""
        scores = np.zeros(self.size, dtype=np.float32)
        for term in self._known(query):
            span = slice(self.starts[term], self.starts[term + 1])
            scores[self.docs[span]] += self.impacts[span]
        return scores

    def weight(self, query: Iterable[str]) -> float:
        """Return the query's own weight: the idf of its distinct terms, unknown ones included."""
        unknown = float(np.log(1 + 2 * self.size))
        return sum(
            float(self.idf[self.vocabulary[term]]) if term in self.vocabulary else unknown
            for term in set(query)
        )

    def _known(self, query: Iterable[str]) -> list[int]:
        ids = {self.vocabulary[term] for term in query if term in self.vocabulary}
        if self.size < COMMON_FROM_DOCUMENTS:
            return sorted(ids)
        limit = COMMON_SHARE * self.size
        telling = [t for t in ids if self.starts[t + 1] - self.starts[t] <= limit]
        return sorted(telling or ids)


@dataclass(frozen=True)
class Counted:
    """The distinct terms of one text by their number in a vocabulary, and how often each stands."""

    terms: Ints
    counts: Ints


def count(terms: Iterable[str], vocabulary: dict[str, int]) -> Counted:
    """Count a text's terms; new ones are added to the vocabulary."""
    found = Counter(terms)
    numbers = [vocabulary.setdefault(term, len(vocabulary)) for term in found]
    return Counted(np.array(numbers, dtype=np.int32), np.array(list(found.values()), np.int32))


def build_lexical(documents: Sequence[Sequence[str]]) -> LexicalIndex:
    """Index documents given as lists of terms."""
    vocabulary: dict[str, int] = {}
    counted = [count(document, vocabulary) for document in documents]
    return index_counted(counted, range(len(documents)), len(documents), vocabulary)


def index_counted(
    texts: Sequence[Counted],
    owners: Sequence[int],
    size: int,
    vocabulary: dict[str, int],
    saturation: tuple[float, float] = (K1, B),
) -> LexicalIndex:
    """Index ``size`` documents from counted texts; ``owners`` tells whose each text is.

    ``saturation`` is (k1, b): how slowly repetition stops counting, how much length does.
    """
    k1, b = saturation
    term_of = np.concatenate([np.zeros(0, np.int32), *(text.terms for text in texts)])
    tf = np.concatenate([np.zeros(0, np.int32), *(text.counts for text in texts)])
    doc_of = np.repeat(np.array(owners, np.int32), [len(text.terms) for text in texts])
    # One entry a term and document, in the order of terms: the postings.
    key = term_of.astype(np.int64) * max(1, size) + doc_of
    keys, places = np.unique(key, return_inverse=True)
    tf = np.bincount(places, weights=tf, minlength=len(keys)).astype(np.float32)
    term_of, doc_of = keys // max(1, size), (keys % max(1, size)).astype(np.int32)
    frequency = np.bincount(term_of, minlength=len(vocabulary))
    lengths = np.bincount(doc_of, weights=tf, minlength=size)
    idf = np.log(1 + (size - frequency + 0.5) / (frequency + 0.5)).astype(np.float32)
    mean = max(1.0, float(lengths.mean())) if size else 1.0
    norm = k1 * (1 - b + b * lengths[doc_of] / mean)
    impacts = idf[term_of] * tf * (k1 + 1) / (tf + norm)
    starts = np.zeros(len(vocabulary) + 1, dtype=np.int64)
    starts[1:] = np.cumsum(frequency, dtype=np.int64)
    return LexicalIndex(dict(vocabulary), starts, doc_of, impacts.astype(np.float32), idf, size)
