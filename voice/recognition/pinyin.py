"""Words of the office found again where a caller's accent or the line bent their sound.

A stretch of a reading that sounds like a domain word, as Nanjing's accent tells sounds apart, gives
one more reading with that word in it. The readings that were heard stay, and stay first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from voice.answerer import Hypothesis
from voice.recognition.sounds import RELATED, Syllables, distance, folded, syllables_of

_CLOSE_ENOUGH = 0.25  # mean cost per syllable of a word
_CLOSE_ENOUGH_SHORT = 0.125  # of a word of two syllables: at most one near sound
_SHORT = 2
_LONG = 4  # syllables from which one may be swallowed or added
_MOST_REPAIRS = 3
_REPAIRED_SHARE = 0.9  # a repair is never surer than what was heard


@dataclass(frozen=True)
class Repair:
    """``word`` instead of the characters ``start`` to ``end``; ``cost`` per syllable, 0..1."""

    start: int
    end: int
    word: str
    cost: float


class Repairer:
    """Knows the domain's words by their sound."""

    def __init__(self, words: Iterable[str]) -> None:
        self._words = {word: _sound_of(word) for word in words if len(word) > 1}
        self._by_syllable: dict[str, set[str]] = {}
        for word, syllables in self._words.items():
            for syllable in syllables:
                self._by_syllable.setdefault(folded(syllable), set()).add(word)

    def extended(self, words: Sequence[str]) -> Repairer:
        """Return one that knows ``words`` too."""
        missing = [word for word in words if word not in self._words]
        return Repairer((*self._words, *missing)) if missing else self

    def with_repairs(self, readings: tuple[Hypothesis, ...]) -> tuple[Hypothesis, ...]:
        """Return the readings and, behind them, what they may have been."""
        if not readings or not self._words:
            return readings
        heard = {one.text for one in readings}
        surest = readings[0]
        extra = [
            Hypothesis(text, surest.confidence * _REPAIRED_SHARE * (1 - cost))
            for text, cost in self.repaired(surest.text)
            if text not in heard
        ]
        return (*readings, *extra)

    def repaired(self, text: str) -> Iterator[tuple[str, float]]:
        """Yield texts with misheard words put right, and what each cost; none if all is well."""
        repairs = self._chosen(text)[:_MOST_REPAIRS]
        if not repairs:
            return
        yield _applied(text, repairs), max(repair.cost for repair in repairs)
        if len(repairs) > 1:
            yield from ((_applied(text, [repair]), repair.cost) for repair in repairs)

    def _chosen(self, text: str) -> list[Repair]:
        """The cheapest repairs that neither overlap nor touch a domain word that is there."""
        taken = self._domain_words_in(text)
        chosen: list[Repair] = []
        for repair in sorted(self._candidates(text), key=lambda r: (r.cost, -len(r.word))):
            span = set(range(repair.start, repair.end))
            if not span & taken:
                taken |= span
                chosen.append(repair)
        return chosen

    def _domain_words_in(self, text: str) -> set[int]:
        return {
            at
            for word in self._words
            for start in _places(text, word)
            for at in range(start, start + len(word))
        }

    def _candidates(self, text: str) -> Iterator[Repair]:
        heard = syllables_of(text)
        if len(heard) != len(text):
            return
        for word in self._sounding_like(heard):
            yield from _repairs_by(word, self._words[word], heard)

    def _sounding_like(self, heard: Syllables) -> Iterator[str]:
        """Words of which enough syllables are there, in whatever order."""
        counts: dict[str, int] = {}
        for syllable in {folded(syllable) for syllable in heard}:
            for word in self._by_syllable.get(syllable, ()):
                counts[word] = counts.get(word, 0) + 1
        return (word for word, count in counts.items() if count >= _needed(self._words[word]))


@lru_cache(maxsize=8192)
def _sound_of(word: str) -> Syllables:
    return syllables_of(word)


def _limit(meant: Syllables) -> float:
    return len(meant) * (_CLOSE_ENOUGH if len(meant) > _SHORT else _CLOSE_ENOUGH_SHORT)


@lru_cache(maxsize=4096)
def _needed(meant: Syllables) -> int:
    """How many different sounds must be there at least, since each that is not costs RELATED."""
    return len({folded(syllable) for syllable in meant}) - int(_limit(meant) / RELATED)


def _repairs_by(word: str, meant: Syllables, heard: Syllables) -> Iterator[Repair]:
    slack = 1 if len(meant) >= _LONG else 0
    sounds = {folded(syllable) for syllable in meant}
    is_there = [folded(syllable) in sounds for syllable in heard]
    for length in range(len(meant) - slack, len(meant) + slack + 1):
        for start in range(len(heard) - length + 1):
            if sum(is_there[start : start + length]) < _needed(meant):
                continue
            cost = distance(heard[start : start + length], meant)
            if cost <= _limit(meant):
                yield Repair(start, start + length, word, cost / len(meant))


def _applied(text: str, repairs: Sequence[Repair]) -> str:
    for repair in sorted(repairs, key=lambda r: r.start, reverse=True):
        text = text[: repair.start] + repair.word + text[repair.end :]
    return text


def _places(text: str, word: str) -> Iterator[int]:
    start = text.find(word)
    while start >= 0:
        yield start
        start = text.find(word, start + 1)
