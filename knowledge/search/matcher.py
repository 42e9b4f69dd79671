"""Finds which record the resident means, and how sure that is.

The one matching function: chat, hit test, batch evaluation and the publish gate all call
``Matcher.match``. It knows nothing of conversations; what to say is the caller's business.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import log1p, sqrt
from typing import Literal

import numpy as np
import numpy.typing as npt

from knowledge.search.analysis import VIEWS, View, content, squeezed, terms
from knowledge.search.encoder import Encoder
from knowledge.search.errors import EncoderUnavailable, RerankerUnavailable
from knowledge.search.linear import LinearClassifier
from knowledge.search.local_terms import rewriter
from knowledge.search.passages import NOT_OURS, NOTHING, Document, Kind
from knowledge.search.reader import Reader, shipped_reader
from knowledge.search.recipe import RERANKER, SIGNS, UNFITTED_WEIGHT, Recipe
from knowledge.search.reranker import Reranker
from knowledge.search.snapshot import Snapshot
from knowledge.search.vagueness import shipped_vague, vagueness

log = logging.getLogger(__name__)

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]
Decision = Literal["answer", "ask", "step_back"]

NEAR_PASSAGES = 120
MOST_CHOICES = 3
# So many documents are looked at to decide, and so many of them are the crowd behind the best.
NEAREST = 40
CROWD = 10
# So many are read by a re-ranker; what lies behind them stays as it is.
RERANKED = 20
# A choice is offered only if it is at least this near to the best one, in score.
CHOICE_REACH = 2.5
# Of what is vague the likeliest is less telling, so more is offered beside it.
VAGUE_REACH = 5.0
SHORTEST_NAME = 3
# The evidence of a record as a whole grows with the question (its root), where the other signs are
# shares of it: the more somebody tells, the less a single similar sentence proves.
WHOLE_SCALE = 12.0
# A second less probable than WORTH_NAMING is no reason to ask back about a first that is PLAIN.
PLAIN = 0.97
WORTH_NAMING = 0.1


@dataclass(frozen=True)
class Candidate:
    """One document with its score (0..1, higher is nearer) and the signs that speak for it."""

    owner: str
    kind: Kind
    name: str
    score: float
    signs: dict[str, float]

    @property
    def is_named(self) -> bool:
        """Whether one of its names stands in the question."""
        return self.signs.get("named", 0.0) > 0


@dataclass(frozen=True)
class Match:
    """Ranked candidates, the probability that the first is right, and what to do about it."""

    ranked: tuple[Candidate, ...]
    probability: float
    decision: Decision
    choices: tuple[Candidate, ...]

    @property
    def best(self) -> Candidate | None:
        """The first candidate, if anything matched at all."""
        return self.ranked[0] if self.ranked else None


@dataclass(frozen=True)
class _Order:
    """The nearest documents, the best first, with what is decided by them.

    ``scores`` are those of all documents.
    """

    top: Ints
    scores: Floats
    probability: float
    several: float


class Matcher:
    """Matches questions against one snapshot. Without an encoder it goes by words alone."""

    def __init__(
        self,
        snapshot: Snapshot,
        encoder: Encoder | None = None,
        reader: Reader | None = None,
        reranker: Reranker | None = None,
        vague: LinearClassifier | None = None,
    ) -> None:
        self.snapshot = snapshot
        # A recipe that gives a sign no weight was made without it.
        is_weighed = snapshot.recipe.sure.weights.get("vague", 0.0) != 0
        self._vague = vague or (shipped_vague() if is_weighed else None)
        self._reranker = reranker
        self._reranking = _learnt_with(snapshot, reranker)
        # A recipe that gives the reader no weight was made without one.
        is_read = snapshot.recipe.weights["reader"] > 0
        self._reader = reader or (shipped_reader() if is_read else None)
        self._encoder = _fitting(snapshot, encoder)
        owners = np.array([p.owner for p in snapshot.passages], dtype=np.int64)
        self._first = np.searchsorted(owners, np.arange(len(snapshot.documents)))
        self._owners = owners
        self._weights = np.array([snapshot.recipe.weights[s] for s in SIGNS], dtype=np.float32)
        self._ambiguous = {
            squeezed(content(text)): owners
            for text, owners in snapshot.records.get("ambiguous", {}).items()
        }
        self._is_ours = np.array([d.kind not in NOT_OURS for d in snapshot.documents], dtype=bool)
        self._reword = rewriter(snapshot.records.get("terms", {}))
        self._twins = {d.owner: d.twin for d in snapshot.documents if d.twin}
        self._names = [
            (squeezed(text), number)
            for number, document in enumerate(snapshot.documents)
            for field, text in document.texts
            if field in ("name", "alias") and len(squeezed(text)) >= SHORTEST_NAME
        ]

    @property
    def recipe(self) -> Recipe:
        """The recipe in force: that of the re-ranker, if there is one that it was learned with."""
        if self._reranker is not None and self._reranking is not None:
            return self._reranking
        return self.snapshot.recipe

    def match(self, text: str, top_k: int = 10) -> Match:
        """Rank the documents for a question and decide: answer, ask which, or step back."""
        query = self._reword(content(text))
        seen: dict[View, list[str]] = {view: terms(query, view) for view in VIEWS}
        if not self.snapshot.documents or not seen["chars"]:
            return Match((), 0.0, "step_back", ())
        match = _named_outright(self.rank(query, seen, self.encode(query), top_k), query)
        return self._between(match, self._ambiguous.get(squeezed(query), []))

    def _between(self, match: Match, owners: Sequence[str]) -> Match:
        """Ask which, where the office knows that these words mean several things."""
        known = {d.owner: d for d in self.snapshot.documents if d.owner in owners}
        if not known:
            return match
        choices = tuple(
            Candidate(owner, known[owner].kind, known[owner].name, 1 / len(owners), {})
            for owner in owners[:MOST_CHOICES]
            if owner in known
        )
        rest = tuple(c for c in match.ranked if c.owner not in owners)
        return Match((*choices, *rest), 1 / len(owners), "ask", choices)

    def encode(self, query: str) -> Floats | None:
        """Return the question's vector, or None when the matcher goes by words alone."""
        if self._encoder is None:
            return None
        try:
            vector: Floats = self._encoder.encode([query], query=True)[0]
        except EncoderUnavailable:
            self._encoder = None
            return None
        return vector

    def rank(
        self, query: str, seen: dict[View, list[str]], vector: Floats | None, top_k: int
    ) -> Match:
        """Search, fuse and decide for an analysed question (the part that a benchmark times)."""
        signs = self.signs(query, seen, vector)
        scores = signs @ self._weights
        known = self.known(seen)
        count = max(top_k, NEAREST)
        order = self._order(scores, signs, known, query, count, None)
        heard = self._heard(query, seen, vector, order)
        if heard is not None:
            order = self._reordered(order, signs, known, query, count, heard)
        shown = order.top[: max(top_k, MOST_CHOICES + 1)]
        ranked = tuple(self._candidate(int(n), signs, order, heard) for n in shown)
        match = self._decide(ranked, order.probability, order.several)
        return replace(match, ranked=match.ranked[:top_k])

    def _order(
        self,
        scores: Floats,
        signs: Floats,
        known: float,
        query: str,
        count: int,
        heard: Floats | None,
    ) -> _Order:
        """The ``count`` best by score and what speaks for the first; ``heard`` by a re-ranker."""
        count = min(count, len(scores))
        top = np.argpartition(-scores, count - 1)[:count]
        top = top[np.argsort(-scores[top], kind="stable")]
        decisive = decision_signs(
            scores[top],
            signs[top],
            self._is_ours[top],
            self._same(top),
            known,
            query,
            self.vague(query),
        )
        recipe = self.snapshot.recipe
        if heard is not None:
            decisive[RERANKER] = float(heard[top[0]])
            recipe = self.recipe
        return _Order(top, scores, recipe.sure(decisive), recipe.several(decisive))

    def _heard(
        self, query: str, seen: dict[View, list[str]], vector: Floats | None, order: _Order
    ) -> Floats | None:
        """The re-ranker's sign for every document (0 beyond RERANKED), or None without one."""
        if self._reranker is None:
            return None
        first = order.top[:RERANKED]
        try:
            judged = self._reranker.judge(query, self.told(first, seen, vector))
        except RerankerUnavailable as error:
            log.warning("%s; matching goes on without it", error)
            self._reranker = None
            return None
        heard = np.zeros(len(self.snapshot.documents), dtype=np.float32)
        heard[first] = judged
        return heard

    def _reordered(
        self,
        order: _Order,
        signs: Floats,
        known: float,
        query: str,
        count: int,
        heard: Floats,
    ) -> _Order:
        """The order with the re-ranker's sign added, which lifts none that it was not asked about.

        One that no recipe was learned with may change the order but never make surer.
        """
        weight = self.recipe.weights.get(RERANKER, UNFITTED_WEIGHT)
        again = self._order(order.scores + weight * heard, signs, known, query, count, heard)
        if self._reranking is not None:
            return again
        return replace(
            again,
            probability=min(order.probability, again.probability),
            several=max(order.several, again.several),
        )

    def told(
        self, numbers: Sequence[int] | Ints, seen: dict[View, list[str]], vector: Floats | None
    ) -> list[str]:
        """What a re-ranker reads of each document: its name and the passage nearest by meaning.

        Where meaning knows none, it is the nearest by characters.
        """
        nearest: dict[int, int] = {}
        if vector is not None and self.snapshot.vectors is not None:
            for row in self.snapshot.vectors.search(vector, NEAR_PASSAGES)[0]:
                nearest.setdefault(int(self._owners[row]), int(row))
        scores = self.snapshot.lexical["chars"].scores(seen["chars"])
        ends = np.append(self._first[1:], len(scores))
        for number in map(int, numbers):
            start = int(self._first[number])
            nearest.setdefault(number, start + int(scores[start : ends[number]].argmax()))
        return [self._told(number, nearest[number]) for number in map(int, numbers)]

    def _told(self, number: int, row: int) -> str:
        document, text = self.snapshot.documents[number], self.snapshot.passages[row].text
        return text if document.name in (document.owner, text) else f"{document.name}：{text}"

    def signs(self, query: str, seen: dict[View, list[str]], vector: Floats | None) -> Floats:
        """Return all signs for all documents, shape (documents, len(SIGNS))."""
        table = np.zeros((len(self.snapshot.documents), len(SIGNS)), dtype=np.float32)
        for column, view in enumerate(VIEWS):
            index = self.snapshot.lexical[view]
            scores = index.scores(seen[view]) / max(1.0, index.weight(seen[view]))
            table[:, column] = np.maximum.reduceat(scores, self._first)
        if vector is not None and self.snapshot.vectors is not None:
            table[:, 3], table[:, 4] = self._near(vector)
        both = seen["chars"] + seen["words"]
        whole = self.snapshot.whole
        table[:, 5] = whole.scores(both) / sqrt(max(1.0, whole.weight(both))) / WHOLE_SCALE
        asked = squeezed(query)
        for name, number in self._names:
            if name in asked:
                table[number, 6] = max(table[number, 6], len(name) / len(asked))
        if self._reader is not None:
            signs = self._reader.read(query).signs
            table[:, 7] = [signs.get(d.owner, 0.0) for d in self.snapshot.documents]
        return table

    def _near(self, vector: Floats) -> tuple[Floats, Floats]:
        """The best cosine of each document, and the mean of its three best among the nearest."""
        assert self.snapshot.vectors is not None
        rows, cosines = self.snapshot.vectors.search(vector, NEAR_PASSAGES)
        size = len(self.snapshot.documents)
        floor = float(cosines[-1]) if len(cosines) else 0.0
        three = np.full((3, size), floor, dtype=np.float32)
        filled = np.zeros(size, dtype=np.int64)
        for row, cosine in zip(self._owners[rows], cosines, strict=True):
            if filled[row] < 3:
                three[filled[row], row] = cosine
                filled[row] += 1
        return three[0], three.mean(axis=0)

    def _same(self, top: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        """Which of the candidates mean the same matter as the first."""
        documents = self.snapshot.documents
        return np.array([are_twins(documents[top[0]], documents[number]) for number in top])

    def known(self, seen: dict[View, list[str]]) -> float:
        """Share of the question's characters and pairs that the knowledge has ever seen."""
        vocabulary = self.snapshot.lexical["chars"].vocabulary
        return sum(term in vocabulary for term in seen["chars"]) / len(seen["chars"])

    def vague(self, query: str) -> float:
        """The log-odds that a question's words leave open what is meant; 0 where none can tell."""
        return vagueness(query, self._vague) if self._vague is not None else 0.0

    def _candidate(
        self, number: int, signs: Floats, order: _Order, heard: Floats | None
    ) -> Candidate:
        document = self.snapshot.documents[number]
        distance = float(order.scores[order.top[0]] - order.scores[number])
        shown = dict(zip(SIGNS, signs[number], strict=True))
        if heard is not None:
            shown[RERANKER] = heard[number]
        return Candidate(
            owner=document.owner,
            kind=document.kind,
            name=document.name,
            score=round(order.probability * float(np.exp(-distance)), 4),
            signs={sign: round(float(value), 3) for sign, value in shown.items()},
        )

    def _has_twin(self, candidate: Candidate, better: Sequence[Candidate]) -> bool:
        twin = self._twins.get(candidate.owner)
        return any(c.owner == twin or self._twins.get(c.owner) == candidate.owner for c in better)

    def _decide(self, ranked: tuple[Candidate, ...], probability: float, several: float) -> Match:
        best = ranked[0]
        is_vague = several >= self.recipe.several_at
        reach = best.score * float(np.exp(-(VAGUE_REACH if is_vague else CHOICE_REACH)))
        choices = tuple(
            c
            for n, c in enumerate(ranked)
            if c.score >= reach and c.owner != NOTHING and not self._has_twin(c, ranked[:n])
        )
        choices = choices[:MOST_CHOICES]
        if best.owner == NOTHING or probability < self.recipe.ask_at or not choices:
            return Match(ranked, probability, "step_back", choices)
        is_far = len(ranked) > 1 and ranked[1].score < WORTH_NAMING
        is_one = not is_vague or len(choices) == 1 or (is_far and probability >= PLAIN)
        if probability >= self.recipe.answer_at and is_one:
            return Match(ranked, probability, "answer", choices)
        return Match(ranked, probability, "ask", choices)


def _named_outright(match: Match, query: str) -> Match:
    """Answer who says exactly a record's name, and nothing but the name."""
    asked = squeezed(query)
    named = next((c for c in match.ranked if squeezed(c.name) == asked), None)
    if named is None or (match.decision == "answer" and named is match.best):
        return match
    rest = tuple(c for c in match.ranked if c is not named)
    return replace(match, ranked=(named, *rest), decision="answer", choices=(named,))


def decision_signs(
    scores: Floats,
    signs: Floats,
    is_ours: npt.NDArray[np.bool_],
    is_same: npt.NDArray[np.bool_],
    known: float,
    query: str,
    vague: float,
) -> dict[str, float]:
    """Return DECISION_SIGNS and the SIGNS of the best for candidates ordered by score.

    ``is_same`` marks those that mean the same matter as the best and so do not compete with it.
    Without a competitor a lead is the score itself.
    """
    best = float(scores[0])
    others = scores[1:][~is_same[1:]]
    not_ours = scores[1:][~is_ours[1:]]
    leads = [best - float(score) for score in (*others[:2], 0.0, 0.0)]
    crowd = float(others[:CROWD].mean()) if len(others) else 0.0
    values = {
        "score": best,
        "lead": leads[0],
        "second_lead": leads[1],
        "crowd_lead": best - crowd,
        "scope_lead": best - float(not_ours[0]) if len(not_ours) else leads[0],
        "is_ours": float(is_ours[0]),
        "known": known,
        "length": log1p(len(squeezed(query))),
        "vague": vague,
        **_crowded(scores, is_same),
        **_sign_by_sign(signs, is_ours, is_same),
    }
    return {**values, **dict(zip(SIGNS, map(float, signs[0]), strict=True))}


def _crowded(scores: Floats, is_same: npt.NDArray[np.bool_]) -> dict[str, float]:
    """How the probabilities by score are spread over the candidates."""
    chances = np.exp((scores - scores[0]).astype(np.float64))
    chances /= chances.sum()
    own = chances[0] + chances[1:][is_same[1:]].sum()
    return {"share": float(own), "entropy": float(-(chances * np.log(chances + 1e-12)).sum())}


def _sign_by_sign(
    signs: Floats, is_ours: npt.NDArray[np.bool_], is_same: npt.NDArray[np.bool_]
) -> dict[str, float]:
    """What each sign alone says of the best against the others."""
    others, not_ours = signs[1:][~is_same[1:]], signs[1:][~is_ours[1:]]
    leads = signs[0] - (others.max(axis=0) if len(others) else 0.0)
    scopes = signs[0] - (not_ours.max(axis=0) if len(not_ours) else 0.0)
    agrees = signs[0] >= signs.max(axis=0)
    return {
        f"{sign}_{kind}": float(values[place])
        for kind, values in (("lead", leads), ("scope", scopes), ("agrees", agrees))
        for place, sign in enumerate(SIGNS)
    }


def are_twins(one: Document, other: Document) -> bool:
    """Whether two documents mean the same matter."""
    return one.twin == other.owner or other.twin == one.owner


def _fitting(snapshot: Snapshot, encoder: Encoder | None) -> Encoder | None:
    """The encoder, if the snapshot's vectors were made with it; two models do not mix."""
    if encoder is None or snapshot.vectors is None:
        return None
    try:
        return encoder if encoder.fingerprint == snapshot.encoder_fingerprint else None
    except (EncoderUnavailable, OSError):
        return None


def _learnt_with(snapshot: Snapshot, reranker: Reranker | None) -> Recipe | None:
    """The recipe that was learned with this re-ranker, or None if none was."""
    if reranker is None or snapshot.reranked is None:
        return None
    try:
        is_same = reranker.fingerprint == snapshot.reranker_fingerprint
    except OSError:
        return None
    return snapshot.reranked if is_same else None
