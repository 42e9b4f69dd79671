"""Learns how much each sign of a match counts and when the office dares to answer.

Cross-validation keeps it honest: every phrasing is judged by an encoder, a reader and an index that
never saw it. A third is kept back each time.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import log, log1p
from pathlib import Path

import numpy as np
import numpy.typing as npt
from tqdm import tqdm

from knowledge.embedding import train_encoder
from knowledge.reading import train_reader
from knowledge.search.analysis import VIEWS, content, terms
from knowledge.search.encoder import Encoder, SentenceTransformerEncoder
from knowledge.search.linear import LinearClassifier
from knowledge.search.matcher import NEAREST, RERANKED, Matcher, decision_signs
from knowledge.search.passages import NOT_OURS, NOTHING, Document
from knowledge.search.reader import Reader
from knowledge.search.recipe import DECISION_SIGNS, RERANKER, SIGNS, Logistic, Recipe
from knowledge.search.reranker import Reranker
from knowledge.search.snapshot import Analysed, build_snapshot
from knowledge.search.vagueness import train_vague

FOLDS = 3
# A sign's weight of 1 costs as much as one question misjudged by a factor of e^(1/2).
REGULARISATION = 1.0
# Answers must be right at least so often, counted on the phrasings under cross-validation. These
# are harder than what people ask, and a fifth of them has no answer at all; what the threshold
# does to held-out questions of another author stands in docs/decisions.md.
WANTED_PRECISION = 0.94
# Below this share of the answering threshold the office does not even ask which is meant.
ASK_SHARE = 0.17
# Share of what is honestly ambiguous that is asked about.
ASKED_BACK = 0.83

Floats = npt.NDArray[np.float32]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Judged:
    """One question put to an index that never saw it: its NEAREST candidates with their signs.

    ``right`` names NOTHING for a question that nothing in the index answers, and every candidate
    for one that honestly means several things. ``told`` is what a re-ranker reads of each, if one
    will; ``heard`` what it made of them, 0 where it was not asked.
    """

    text: str
    signs: Floats
    owners: list[str]
    is_ours: Bools
    right: frozenset[str]
    twins: dict[str, str]
    known: float
    vague: float
    told: list[str] = field(default_factory=list)
    heard: Floats | None = None

    @property
    def is_right(self) -> Bools:
        """Which of the candidates are right."""
        return np.array([owner in self.right for owner in self.owners])

    def order(self, weights: Floats) -> npt.NDArray[np.int64]:
        """The candidates' places, the best first."""
        return np.argsort(-self.scores(weights), kind="stable")

    def scores(self, weights: Floats) -> Floats:
        """The candidates' scores; the weight of what was ``heard`` stands after those of SIGNS."""
        scores: Floats = self.signs @ weights[: len(SIGNS)]
        return scores if self.heard is None else scores + weights[len(SIGNS)] * self.heard

    def decisive(self, weights: Floats) -> dict[str, float]:
        """What the matcher would decide by."""
        order = self.order(weights)
        best = self.owners[order[0]]
        same = np.array([self._are_twins(best, self.owners[place]) for place in order])
        scores, query = self.scores(weights)[order], content(self.text)
        decisive = decision_signs(
            scores,
            self.signs[order],
            self.is_ours[order],
            same,
            self.known,
            query,
            self.vague,
        )
        if self.heard is not None:
            decisive[RERANKER] = float(self.heard[order[0]])
        return decisive

    def _are_twins(self, one: str, other: str) -> bool:
        return self.twins.get(one) == other or self.twins.get(other) == one


def train_recipe(
    documents: Sequence[Document],
    ambiguous: Mapping[str, Sequence[str]],
    facet_of: Mapping[str, str],
    workshop: Path,
) -> Recipe:
    """Learn weights, calibration and thresholds by cross-validation over the phrasings."""
    return learn(*cross_validate(documents, ambiguous, facet_of, workshop))


def learn(judged: Sequence[Judged], several: Sequence[Judged]) -> Recipe:
    """Learn a recipe from what was judged, and from what honestly means several things."""
    return _decide(_weigh(judged), judged, several)


def rescaled(recipe: Recipe, asked: Sequence[Judged]) -> Recipe:
    """Let the probability say how often the first is right for what people ask.

    Cross-validation is harder than that, so what it teaches is too timid. A line through the
    log-odds (Platt 1999), fitted on questions of writers whose words nothing was trained on, leaves
    their order, and so what is answered, as it was: the thresholds move along.
    """
    from sklearn.linear_model import LogisticRegression

    weights = _weights(recipe)
    odds = np.array([_log_odds(recipe.sure(question.decisive(weights))) for question in asked])
    model = LogisticRegression(C=100.0).fit(odds[:, None], _is_first(weights, asked))
    slope, offset = float(model.coef_[0][0]), float(model.intercept_[0])
    moved = Logistic(
        {sign: round(slope * weight, 4) for sign, weight in recipe.sure.weights.items()},
        round(slope * recipe.sure.offset + offset, 4),
    )
    line = Logistic({"odds": slope}, offset)
    answer_at, ask_at = (
        round(line({"odds": _log_odds(at)}), 4) for at in (recipe.answer_at, recipe.ask_at)
    )
    return replace(recipe, sure=moved, answer_at=answer_at, ask_at=ask_at)


def _log_odds(probability: float) -> float:
    return log(probability) - log1p(-probability)


def learn_reranked(
    recipe: Recipe, judged: Sequence[Judged], several: Sequence[Judged], reranker: Reranker
) -> Recipe:
    """Add a re-ranker to a recipe: its weight, and what is decided with it, learned anew.

    The other weights stay: they choose whom it is asked about. Raises RerankerUnavailable.
    """
    weights = _weights(recipe)
    heard = [_heard(q, weights, reranker) for q in tqdm(judged, "re-ranking", unit="question")]
    unclear = [_heard(q, weights, reranker) for q in several]
    weight = _weigh_heard(weights, heard)
    recipe = replace(recipe, weights={**recipe.weights, RERANKER: weight})
    return _decide(recipe, heard, unclear)


def _decide(recipe: Recipe, judged: Sequence[Judged], several: Sequence[Judged]) -> Recipe:
    recipe = replace(recipe, sure=_believe(recipe, judged))
    return _ask_back(_thresholds(recipe, judged), judged, several)


def _heard(question: Judged, weights: Floats, reranker: Reranker) -> Judged:
    first = question.order(weights)[:RERANKED]
    heard = np.zeros(len(question.owners), dtype=np.float32)
    heard[first] = reranker.judge(content(question.text), [question.told[p] for p in first])
    return replace(question, heard=heard)


def cross_validate(
    documents: Sequence[Document],
    ambiguous: Mapping[str, Sequence[str]],
    facet_of: Mapping[str, str],
    workshop: Path,
    encoder: Encoder | None = None,
    *,
    is_told: bool = False,
) -> tuple[list[Judged], list[Judged]]:
    """Put phrasings, and all that is ambiguous, to a matcher trained and indexed without them.

    The built-in encoder is trained anew each time; another one has never seen any of this. Of the
    subjects and of what is out of scope, whole parts are left out, so that there are
    questions which nothing in the index can answer.
    """
    judged: list[Judged] = []
    several: list[Judged] = []
    for fold in range(FOLDS):
        kept, asked = split(documents, fold)
        unclear = [(t, frozenset(ids)) for t, ids in ambiguous.items() if _fold(t) == fold]
        used = encoder or fold_encoder(kept, fold, workshop)
        reader = fold_reader(kept, asked, facet_of, fold)
        snapshot = build_snapshot(kept, Recipe(), used, analysed=Analysed())
        matcher = Matcher(snapshot, used, reader, vague=fold_vague(kept, ambiguous, fold))
        pairs = [(text, frozenset({right})) for text, right in asked]
        judged += judge(matcher, pairs, is_told=is_told)
        several += judge(matcher, unclear, is_told=is_told)
    shutil.rmtree(workshop, ignore_errors=True)
    return judged, several


def fold_encoder(kept: Sequence[Document], fold: int, workshop: Path) -> Encoder:
    """The built-in encoder as it comes out when only ``kept`` is there to learn from."""
    train_encoder(kept, workshop / str(fold), f"encoder for fold {fold + 1} of {FOLDS}")
    return SentenceTransformerEncoder(str(workshop / str(fold)))


def fold_reader(
    kept: Sequence[Document],
    asked: Sequence[tuple[str, str]],
    facet_of: Mapping[str, str],
    fold: int,
) -> Reader:
    """The reader as it comes out when it never saw what is ``asked``."""
    asked_texts = {text for text, _ in asked}
    facets = {text: facet for text, facet in facet_of.items() if text not in asked_texts}
    return train_reader(kept, facets, f"reader for fold {fold + 1} of {FOLDS}")


def fold_vague(
    kept: Sequence[Document], ambiguous: Mapping[str, Sequence[str]], fold: int
) -> LinearClassifier | None:
    """The ear for what is vague as it comes out when it never saw what is asked; maybe none."""
    known = [text for text in ambiguous if _fold(text) != fold]
    return train_vague(known, phrasings_of(kept)) if known else None


def phrasings_of(documents: Sequence[Document]) -> list[str]:
    """All that the documents are asked for in."""
    return [text for d in documents for field, text in d.texts if field == "phrasing"]


def split(documents: Sequence[Document], fold: int) -> tuple[list[Document], list[tuple[str, str]]]:
    """Return the documents that stay and the (text, right owner) pairs that are asked.

    The phrasings of one fold are asked and do not stay. A subject of this fold goes as a whole and
    is asked for in vain.
    """
    kept: list[Document] = []
    asked: list[tuple[str, str]] = []
    for document in documents:
        said = [text for field, text in document.texts if field == "phrasing"]
        if document.kind == "subject" and _fold(document.owner) == fold:
            asked += [(text, NOTHING) for text in said]
            continue
        asked += [(text, document.owner) for text in said if _fold(text) == fold]
        texts = tuple((f, t) for f, t in document.texts if f != "phrasing" or _fold(t) != fold)
        if texts:
            kept.append(replace(document, texts=texts))
    return kept, asked


def _fold(text: str) -> int:
    return hashlib.sha256(text.encode()).digest()[0] % FOLDS


def judge(
    matcher: Matcher, asked: Sequence[tuple[str, frozenset[str]]], *, is_told: bool = False
) -> list[Judged]:
    """Put texts to a matcher, each with the owners that are right for it."""
    documents = matcher.snapshot.documents
    ids = [document.owner for document in documents]
    is_ours = np.array([document.kind not in NOT_OURS for document in documents])
    twins = {d.owner: d.twin for d in documents if d.twin}
    judged = []
    for text, right in asked:
        query = content(text)
        seen = {view: terms(query, view) for view in VIEWS}
        if not seen["chars"]:
            continue
        vector = matcher.encode(query)
        signs = matcher.signs(query, seen, vector)
        top = np.argsort(-signs.sum(axis=1))[:NEAREST]
        owners = [ids[n] for n in top]
        same = {o for o in owners if any(twins.get(o) == r or twins.get(r) == o for r in right)}
        known = matcher.known(seen)
        vague = matcher.vague(query)
        told = matcher.told(top, seen, vector) if is_told else []
        judged.append(
            Judged(text, signs[top], owners, is_ours[top], right | same, twins, known, vague, told)
        )
    return judged


def _weigh(judged: Sequence[Judged]) -> Recipe:
    """Weights by multinomial logistic regression: the right candidate among all of a question.

    Only questions with an answer of ours count: what is out of scope is one big mixed bag that
    would teach to distrust a record as a whole. No sign may speak against a document
    (weights >= 0): that would only exploit how signs overlap in this knowledge.
    """
    from scipy.optimize import minimize
    from scipy.special import logsumexp

    answerable = _answerable(judged)
    table = np.stack([question.signs for question in answerable]).astype(np.float64)
    right = np.stack([question.is_right for question in answerable])

    def loss(weights: npt.NDArray[np.float64]) -> tuple[float, npt.NDArray[np.float64]]:
        scores = table @ weights
        of_right = np.where(right, scores, -np.inf)
        everything, good = logsumexp(scores, axis=1), logsumexp(of_right, axis=1)
        gap = np.exp(scores - everything[:, None]) - np.exp(of_right - good[:, None])
        slope = np.einsum("ij,ijk->k", gap, table) + REGULARISATION * weights
        return float((everything - good).sum() + REGULARISATION * weights @ weights / 2), slope

    found = minimize(loss, np.ones(len(SIGNS)), jac=True, bounds=[(0, None)] * len(SIGNS))
    return Recipe(
        weights={sign: round(float(w), 4) for sign, w in zip(SIGNS, found.x, strict=True)}
    )


def _answerable(judged: Sequence[Judged]) -> list[Judged]:
    return [
        question
        for question in judged
        if (question.is_right & question.is_ours).any() and len(question.owners) == NEAREST
    ]


def _weigh_heard(weights: Floats, judged: Sequence[Judged]) -> float:
    """The weight of a re-ranker beside given ones, by the same regression."""
    from scipy.optimize import minimize
    from scipy.special import logsumexp

    answerable = _answerable(judged)
    before = np.stack([q.signs @ weights for q in answerable]).astype(np.float64)
    heard = np.stack([q.heard for q in answerable if q.heard is not None]).astype(np.float64)
    right = np.stack([q.is_right for q in answerable])

    def loss(weight: npt.NDArray[np.float64]) -> float:
        scores = before + weight[0] * heard
        of_right = np.where(right, scores, -np.inf)
        gap = (logsumexp(scores, axis=1) - logsumexp(of_right, axis=1)).sum()
        return float(gap + REGULARISATION * weight[0] ** 2 / 2)

    return round(float(minimize(loss, np.ones(1), bounds=[(0, None)]).x[0]), 4)


def _weights(recipe: Recipe) -> Floats:
    signs = (*SIGNS, RERANKER) if RERANKER in recipe.weights else SIGNS
    return np.array([recipe.weights[sign] for sign in signs], dtype=np.float32)


def _logistic(rows: Sequence[Mapping[str, float]], is_so: Bools) -> Logistic:
    """Logistic regression over standardised signs, given back for signs as they are."""
    from sklearn.linear_model import LogisticRegression

    names = [*DECISION_SIGNS, *SIGNS, *(sign for sign in rows[0] if sign == RERANKER)]
    table = np.array([[row[name] for name in names] for row in rows])
    mean, spread = table.mean(axis=0), table.std(axis=0) + 1e-9
    model = LogisticRegression(C=1.0, max_iter=3000).fit((table - mean) / spread, is_so)
    weights = model.coef_[0] / spread
    return Logistic(
        {name: round(float(weight), 4) for name, weight in zip(names, weights, strict=True)},
        round(float(model.intercept_[0] - weights @ mean), 4),
    )


def _believe(recipe: Recipe, judged: Sequence[Judged]) -> Logistic:
    """The probability that the best candidate is right."""
    weights = _weights(recipe)
    return _logistic([q.decisive(weights) for q in judged], _is_first(weights, judged))


def _is_first(weights: Floats, judged: Sequence[Judged]) -> Bools:
    return np.array([question.is_right[question.order(weights)[0]] for question in judged])


def _thresholds(recipe: Recipe, judged: Sequence[Judged]) -> Recipe:
    """The lowest probability from which on answers of ours are right often enough."""
    weights = _weights(recipe)
    right = _is_first(weights, judged)
    rows = [question.decisive(weights) for question in judged]
    sure = np.array([recipe.sure(row) for row in rows])
    ours = np.array([row["is_ours"] > 0 for row in rows])
    steps = [step / 100 for step in range(30, 96)]
    good = [s for s in steps if right[ours & (sure >= s)].mean() >= WANTED_PRECISION]
    answer_at = min(good, default=0.95)
    answered = (sure >= answer_at).mean()
    print(
        f"cross-validated over {len(judged)} questions: {right.mean():.3f} right first, "
        f"{answered:.3f} answered, {WANTED_PRECISION} of them right"
    )
    return replace(recipe, answer_at=answer_at, ask_at=round(answer_at * ASK_SHARE, 3))


def _ask_back(recipe: Recipe, judged: Sequence[Judged], several: Sequence[Judged]) -> Recipe:
    """Learn from what is ambiguous when to ask back although the best looks sure.

    The threshold is the highest at which ASKED_BACK of the ambiguous are asked about, be it for
    doubt or for this.
    """
    if not several:
        return recipe
    weights = _weights(recipe)
    unclear = [question.decisive(weights) for question in several]
    others = [question.decisive(weights) for question in judged]
    is_several = np.arange(len(unclear) + len(others)) < len(unclear)
    recipe = replace(recipe, several=_logistic([*unclear, *others], is_several))
    asked = sorted(
        1.0 if recipe.sure(row) < recipe.answer_at else recipe.several(row) for row in unclear
    )
    at = round(asked[int((1 - ASKED_BACK) * len(asked))], 4)
    rest = [recipe.sure(r) >= recipe.answer_at and recipe.several(r) < at for r in others]
    print(f"{ASKED_BACK} of the ambiguous asked back, {np.mean(rest):.3f} of the others answered")
    return replace(recipe, several_at=at)
