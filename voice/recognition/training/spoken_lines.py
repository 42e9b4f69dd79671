"""Which sentences espeak says for training.

The network must hear every syllable beside every other, so beside our own sentences it hears
strings of dictionary words and of bare syllables.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from voice.recognition.training.dictionary import common_words, syllable_characters
from voice.recognition.training.numerals import has_foreign_letters, spelled
from voice.recognition.training.recipe import AcousticRecipe
from voice.recognition.training.templates import dictated_lines, service_lines, short_answers
from voice.recognition.training.texts import Texts

_WORDS = 25_000


def spoken_lines(texts: Texts, recipe: AcousticRecipe) -> list[str]:
    """Return the sentences in random order."""
    random = Random(recipe.seed)
    amounts = recipe.speech
    sayable = (line for line in texts.questions if not has_foreign_letters(line))
    questions = [line for line in map(spelled, sayable) if 0 < len(line) <= amounts.longest]
    lines = [
        *_some(questions, random, amounts.questions),
        *_some(service_lines(texts.names, random, 1), random, amounts.services),
        *dictated_lines(random, amounts.dictated),
        *random.choices(short_answers(), k=amounts.short_answers),
        *_strung(list(common_words(_WORDS)), random, amounts.word_strings),
        *_strung(syllable_characters(), random, amounts.syllable_strings),
    ]
    random.shuffle(lines)
    return lines


def _some(lines: Sequence[str], random: Random, count: int) -> list[str]:
    return random.sample(lines, min(count, len(lines)))


def _strung(parts: Sequence[str], random: Random, count: int) -> list[str]:
    return ["".join(random.choices(parts, k=random.randint(2, 6))) for _ in range(count)]
