"""What callers may say, cut into words: the sentences of the language model and its vocabulary.

The vocabulary holds the words of our sentences, the commoner ones of the guides' prose, general
words, and single characters, out of which any other word can be put together. A word that occurs
once and is rare elsewhere too would cost more room than it is worth: it counts as its characters.
What corrects a dictated number is one word each, since among digits no syllable may stand alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from random import Random

import jieba

from voice.recognition import grammars
from voice.recognition.training.dictionary import (
    character_frequencies,
    common_characters,
    common_words,
)
from voice.recognition.training.numerals import PAUSE, spelled
from voice.recognition.training.recipe import GraphRecipe
from voice.recognition.training.templates import dictated_lines, service_lines, short_answers
from voice.recognition.training.texts import Texts

_FIGURES = frozenset("零一二三四五六七八九十百千万两幺点")
_LEAST_CHARACTER = 20.0  # as often as a character of no frequency counts
_QUIET = 60


@dataclass(frozen=True)
class Language:
    """``sentences``: line → its words; ``repeats``: how often; ``background``: unigrams."""

    sentences: dict[str, list[str]]
    repeats: Counter[str]
    background: dict[str, float]

    def counted(self) -> list[list[str]]:
        """Return the sentences, each as often as it counts."""
        return [words for line, words in self.sentences.items() for _ in range(self.repeats[line])]


def language_of(texts: Texts, recipe: GraphRecipe) -> Language:
    """Return the sentences and the vocabulary with its general frequencies."""
    jieba.setLogLevel(_QUIET)
    lines = Counter(line for line in _lines(texts, recipe) if line)
    whole = frozenset(grammars.CORRECTIONS)
    cut = {line: [line] if line in whole else words_of(line) for line in lines}
    seen = Counter(word for line, words in cut.items() for word in words * lines[line])
    prose = Counter(word for line in texts.prose for word in words_of(spelled(line)))
    kept = {
        *whole,
        *(word for word, count in seen.items() if count > 1),
        *(word for word, count in prose.items() if count >= recipe.least_prose_count),
        *(seen.keys() & common_words(recipe.general_words_if_seen).keys()),
        *common_words(recipe.general_words),
    }
    sentences = {line: _within(kept, words) for line, words in cut.items()}
    kept.update(word for words in sentences.values() for word in words)
    return Language(sentences, lines, _background(kept, recipe))


def words_of(line: str) -> list[str]:
    """Return the words of a line; figures stand one by one, pauses are left out."""
    cut = [word for part in line.split(PAUSE) for word in jieba.cut(part, HMM=False)]
    return [part for word in cut for part in _parted(word)]


def _within(vocabulary: set[str], words: Sequence[str]) -> list[str]:
    return [part for word in words for part in ([word] if word in vocabulary else word)]


def _parted(word: str) -> Sequence[str]:
    return list(word) if _FIGURES.issuperset(word) else [word]


def _lines(texts: Texts, recipe: GraphRecipe) -> Iterable[str]:
    random = Random(recipe.seed)
    yield from map(spelled, (*texts.questions, *texts.names, *texts.places))
    yield from service_lines(texts.names, random, recipe.questions_per_name)
    yield from dictated_lines(random, recipe.dictated)
    yield from short_answers() * recipe.short_answer_repeats


def _background(words: set[str], recipe: GraphRecipe) -> dict[str, float]:
    within = {character for word in words for character in word}
    often = character_frequencies()
    general = common_words(200_000)
    vocabulary = words | within | set(common_characters(recipe.general_characters))
    return {
        word: often.get(word, 0.0) + _LEAST_CHARACTER
        if len(word) == 1
        else float(general.get(word, 1))
        for word in sorted(vocabulary)
    }
