"""Tells our own sentence, coming back over the line, from a caller's words.

An echo is the sentence as a bad ear writes it: other characters, some syllables wrong, a few
missing. So toneless pinyin is compared, syllable by syllable, with any stretch of the sentence. A
caller who takes up a word of ours and adds words of her own is no echo; one who repeats a word of
ours and nothing else cannot be told from one, and is heard with her next words.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from pypinyin import lazy_pinyin

from voice.commands import bare
from voice.ear import for_ear

# Of the syllables heard, so many may be wrong in an echo; sounds that are near count half.
_WRONG_SHARE = 0.34
_NEAR = 0.5
_SKIPPED = 0.5  # a syllable of ours that was not recognised
_TAIL, _OWN_WORDS = 3, 2.3  # the last three about all wrong: somebody is adding words
# Asking, denying, telling a loss: where these are not ours, somebody says them.
_OWN = re.compile(r"什么|怎么|哪|多少|吗|没|不|别|丢")
_SAME_WORD = str.maketrans("〇幺两", "零一二")
_SYLLABLE = re.compile(r"(zh|ch|sh|[bpmfdtnlgkhjqxrzcsyw]?)(.*)")
# What a telephone, an accent and a small model take for one another.
_NEAR_INITIALS = {"zh": "z", "ch": "c", "sh": "s", "n": "l", "r": "l", "p": "b", "t": "d", "k": "g"}

Syllable = tuple[str, str]


class EchoGuard:
    """Compares; one per call, it remembers what it was asked last, for it is asked every frame."""

    def __init__(self) -> None:
        self._partial = self._speaking = ""
        self._ours: tuple[Syllable, ...] = ()
        self._verdict = False

    def is_echo(self, partial: str, speaking: str) -> bool:
        """Return whether ``partial`` is a part of ``speaking``, the sentence being spoken."""
        if (partial, speaking) == (self._partial, self._speaking):
            return self._verdict
        if speaking != self._speaking:
            self._ours = _syllables(for_ear(speaking))
        self._partial, self._speaking = partial, speaking
        self._verdict = _is_echo(bare(partial), self._ours)
        return self._verdict


def _is_echo(heard: str, ours: Sequence[Syllable]) -> bool:
    asked = {syllable for words in _OWN.findall(heard) for syllable in _syllables(words)}
    return asked <= set(ours) and _is_part(_syllables(heard), ours)


def _syllables(text: str) -> tuple[Syllable, ...]:
    plain = bare(text).translate(_SAME_WORD)
    return tuple(_folded(syllable.lower()) for syllable in lazy_pinyin(plain, errors="ignore"))


@lru_cache(maxsize=1024)
def _folded(syllable: str) -> Syllable:
    """Initial and final of a syllable, without the differences that are not heard."""
    match = _SYLLABLE.fullmatch(syllable)
    initial, final = match.groups() if match else ("", syllable)
    return _NEAR_INITIALS.get(initial, initial), final.removesuffix("g")


def _is_part(heard: Sequence[Syllable], ours: Sequence[Syllable]) -> bool:
    if not heard or not ours:
        return False
    wrong = _wrong(heard, ours)
    added = wrong[-1] - wrong[max(0, len(heard) - _TAIL)]
    return wrong[-1] <= _WRONG_SHARE * len(heard) and added < _OWN_WORDS


def _wrong(heard: Sequence[Syllable], ours: Sequence[Syllable]) -> list[float]:
    """Return for each beginning of ``heard`` what tells it from the nearest stretch of ``ours``.

    Edit distance with a free beginning and end in ``ours``.
    """
    row = [0.0] * (len(ours) + 1)
    wrong = [0.0]
    for syllable in heard:
        above, row = row, [row[0] + 1.0]
        for at, our in enumerate(ours):
            replaced = above[at] + _distance(syllable, our)
            row.append(min(replaced, above[at + 1] + 1.0, row[at] + _SKIPPED))
        wrong.append(min(row))
    return wrong


def _distance(heard: Syllable, our: Syllable) -> float:
    if heard == our:
        return 0.0
    return _NEAR if heard[0] == our[0] or heard[1] == our[1] else 1.0
