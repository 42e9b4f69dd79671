"""General Chinese: the words of jieba's dictionary (MIT licence) and how often it saw them."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import jieba
from pypinyin import Style, lazy_pinyin

_FIRST_HAN, _LAST_HAN = 0x4E00, 0x9FA5
_LONGEST_WORD = 4
_WITHIN_WORDS = 0.01  # how much an occurrence within a word counts for a character alone


def common_words(count: int) -> dict[str, int]:
    """Return the commonest words of two to four characters with their frequencies."""
    words = {word: often for word, often in _words() if 2 <= len(word) <= _LONGEST_WORD}
    return dict(sorted(words.items(), key=lambda item: -item[1])[:count])


@lru_cache(maxsize=1)
def character_frequencies() -> dict[str, float]:
    """Return how often each character stands alone or, counted little, within words."""
    often: dict[str, float] = {}
    for word, count in _words():
        for character in word:
            share = 1.0 if len(word) == 1 else _WITHIN_WORDS
            often[character] = often.get(character, 0.0) + share * count
    return often


def common_characters(count: int) -> list[str]:
    """Return the commonest characters."""
    often = character_frequencies()
    return sorted(often, key=lambda character: -often[character])[:count]


def syllable_characters() -> list[str]:
    """Return one character, its commonest, for every syllable and tone that Chinese has."""
    found: dict[str, str] = {}
    for character in common_characters(20_000):
        reading = lazy_pinyin(character, style=Style.TONE3, neutral_tone_with_five=True)[0]
        found.setdefault(reading, character)
    return list(found.values())


@lru_cache(maxsize=1)
def _words() -> tuple[tuple[str, int], ...]:
    path = Path(jieba.__file__).parent / "dict.txt"
    lines = (line.split() for line in path.read_text(encoding="utf-8").splitlines())
    return tuple((word, int(often)) for word, often, *_ in lines if _is_han(word))


def _is_han(word: str) -> bool:
    return all(_FIRST_HAN <= ord(character) <= _LAST_HAN for character in word)
