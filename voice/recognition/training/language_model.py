"""What is likely to be said next: a trigram model with interpolated Kneser-Ney smoothing.

Modified discounts after Chen and Goodman (1999); lower orders count in how many contexts a word
appears, not how often. A share of the unigrams belongs to a background (general words and single
characters), so that nothing in the vocabulary is impossible. What tells little more than its
shorter context is pruned (weighted difference, Seymore and Rosenfeld 1996); the rest sums to one.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

START, END = "<s>", "</s>"
ORDER = 3
Context = tuple[str, ...]
_Counts = dict[Context, Counter[str]]


@dataclass(frozen=True)
class LanguageModel:
    """``words[h][w]``: probability of w after h; ``backoff[h]``: what the shorter context gets."""

    words: Mapping[Context, Mapping[str, float]]
    backoff: Mapping[Context, float]

    def probability(self, word: str, context: Sequence[str]) -> float:
        """Return how likely the word is after the last words of ``context``."""
        history = tuple(context[-(ORDER - 1) :])
        weight = 1.0
        while history:
            if word in self.words.get(history, {}):
                return weight * self.words[history][word]
            weight *= self.backoff.get(history, 1.0)
            history = history[1:]
        return weight * self.words[()][word]

    def log_likelihood(self, sentence: Sequence[str]) -> float:
        """Return the natural logarithm of the probability of a whole sentence and its end."""
        said = [START, *sentence, END]
        return sum(math.log(self.probability(said[i], said[:i])) for i in range(1, len(said)))


def trained(
    sentences: Iterable[Sequence[str]],
    background: Mapping[str, float],
    background_share: float,
    least_gain: float = 0.0,
) -> LanguageModel:
    """Return the model of the sentences; every word of theirs must be in ``background``.

    ``least_gain``: an n-gram stays if it makes the text likelier by more than so many nats.
    """
    raw = _counted(sentences)
    smoothed, backoff = _smoothed(_with_continuations(raw), background, background_share)
    if least_gain > 0:
        smoothed = _pruned(smoothed, backoff, raw, least_gain)
        backoff = _backoffs(smoothed)
    return LanguageModel(smoothed, backoff)


def _counted(sentences: Iterable[Sequence[str]]) -> _Counts:
    counts: _Counts = defaultdict(Counter)
    for sentence in sentences:
        said = [START, *sentence, END]
        for i in range(1, len(said)):
            for length in range(min(i, ORDER - 1) + 1):
                counts[tuple(said[i - length : i])][said[i]] += 1
    return counts


def _with_continuations(raw: _Counts) -> _Counts:
    """Return the counts, those of shorter contexts replaced by numbers of different contexts."""
    counts: _Counts = defaultdict(Counter)
    for context, following in raw.items():
        if len(context) == ORDER - 1 or context[:1] == (START,):
            counts[context].update(following)
        if context:
            counts[context[1:]].update(dict.fromkeys(following, 1))
    return counts


def _discounts(counts: Iterable[int]) -> tuple[float, float, float]:
    """Return what is taken from n-grams seen once, twice, and more often."""
    of = Counter(min(count, 4) for count in counts)
    once, twice, thrice, often = (max(1, of[i]) for i in (1, 2, 3, 4))
    share = once / (once + 2 * twice)
    raw = (1 - 2 * share * twice / once, 2 - 3 * share * thrice / twice)
    last = 3 - 4 * share * often / thrice
    return (
        min(max(raw[0], 0.1), 0.95),
        min(max(raw[1], 0.1), 1.9),
        min(max(last, 0.1), 2.9),
    )


def _smoothed(
    counts: _Counts, background: Mapping[str, float], share: float
) -> tuple[dict[Context, dict[str, float]], dict[Context, float]]:
    probabilities: dict[Context, dict[str, float]] = {(): _unigrams(counts[()], background, share)}
    backoff: dict[Context, float] = {}
    for length in range(1, ORDER):
        contexts = [context for context in counts if len(context) == length]
        discounts = _discounts(count for h in contexts for count in counts[h].values())
        for context in contexts:
            total = counts[context].total()
            taken = {w: discounts[min(c, 3) - 1] for w, c in counts[context].items()}
            backoff[context] = sum(taken.values()) / total
            shorter = LanguageModel(probabilities, backoff)
            probabilities[context] = {
                word: (count - taken[word]) / total
                + backoff[context] * shorter.probability(word, context[1:])
                for word, count in counts[context].items()
            }
    return probabilities, backoff


def _unigrams(
    counts: Counter[str], background: Mapping[str, float], share: float
) -> dict[str, float]:
    seen, general = counts.total(), sum(background.values())
    unknown = set(counts) - set(background) - {END}
    if unknown:
        raise ValueError(f"expected every word in the background, missing {sorted(unknown)[:5]}")
    words = [*background, END]
    return {
        word: (1 - share) * counts[word] / seen + share * background.get(word, 0.0) / general
        for word in words
    }


def _pruned(
    probabilities: Mapping[Context, Mapping[str, float]],
    backoff: Mapping[Context, float],
    raw: _Counts,
    least_gain: float,
) -> dict[Context, dict[str, float]]:
    """Return what is worth its place; what leads to a longer context that stays, stays too."""
    model = LanguageModel(probabilities, backoff)
    kept: dict[Context, dict[str, float]] = {(): dict(probabilities[()])}
    for context in sorted(probabilities, key=len, reverse=True):
        if not context:
            continue
        worth = {
            word: probability
            for word, probability in probabilities[context].items()
            if (*context, word) in kept
            or raw[context][word]
            * math.log(probability / (backoff[context] * model.probability(word, context[1:])))
            > least_gain
        }
        if worth:
            kept[context] = worth
    return kept


def _backoffs(probabilities: Mapping[Context, Mapping[str, float]]) -> dict[Context, float]:
    backoff: dict[Context, float] = {}
    shorter = LanguageModel(probabilities, backoff)
    for context in sorted(probabilities, key=len):
        if context:
            known = probabilities[context]
            left = 1.0 - sum(known.values())
            below = 1.0 - sum(shorter.probability(word, context[1:]) for word in known)
            backoff[context] = left / below if below > 1e-9 else 1.0
    return backoff
