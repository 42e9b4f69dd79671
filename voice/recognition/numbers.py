"""Digits in what a caller dictated: telephone, ID and ticket numbers, a year of birth.

People repeat, correct themselves, say 幺 and 两, 三个八 and 一百三十八; recognisers write 是 for 四
between digits. All of that becomes digits here. Whether they make a valid number, the asker knows,
and may hand in the lengths that would do.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from unicodedata import normalize

from voice.answerer import Hypothesis
from voice.recognition.digits import DIGIT, D, digits_of

_PAUSES = re.compile(r"[\s,，、.。·\-—–_:：;；!！?？~～/]+")
_START_OVER = re.compile(r"重新来|重新说|重新报|重来|从头来|从头说|再来一遍|我重说")
_CORRECTION = re.compile(
    r"(?:哦|啊|呃|哎)?(?:不不不?|不对|不是|说错了?|讲错了?|报错了?|弄错了?|搞错了?|错了|更正|应该是|哦不|啊不)"
    r"(?:了|啊|呀|吧)?"
)
_WHOLE_NUMBER = 7  # digits from which the same twice in a row is one number said twice
_SHORTEST_REPEAT = 2


def spoken_digits(text: str, lengths: Collection[int] = ()) -> str:
    """Return the digits in ``text``, "" if there are none; an ID number may end in X.

    ``lengths``: how long the number may be; helps where a caller repeated or corrected herself.
    """
    said = _PAUSES.sub("", normalize("NFKC", text))
    said = _START_OVER.split(said)[-1]
    digits = ""
    for part in _CORRECTION.split(said):
        digits = _corrected(digits, digits_of(part), lengths)
    return _once(digits, lengths)


def dictated(hypotheses: Sequence[Hypothesis], lengths: Collection[int]) -> str:
    """Return the digits of the surest reading that has a wanted length, else of the surest."""
    readings = [spoken_digits(one.text, lengths) for one in hypotheses]
    fitting = [digits for digits in readings if len(digits) in lengths]
    return next(iter(fitting or readings), "")


def spoken_choice(text: str, choices: int) -> int:
    """Return which of ``choices`` was chosen, counted from 1; 0 if none or several were named."""
    said = _PAUSES.sub("", normalize("NFKC", text))
    if re.search("都不|不是", said):
        return 0
    named = {int(DIGIT[one]) for one in re.findall(rf"(?:第|选|按|^)({D})", said)}
    if re.search("头一|前一个|前面|上面", said):
        named.add(1)
    if re.search("最后|后一个|后面|下面", said):
        named.add(choices)
    if re.search("中间", said) and choices > 2:
        named.add(2)
    fitting = {number for number in named if 1 <= number <= choices}
    return fitting.pop() if len(fitting) == 1 and len(named) == 1 else 0


def _corrected(before: str, after: str, lengths: Collection[int]) -> str:
    """Return ``before`` with what was said again in ``after`` in its place.

    A correction says the wrong stretch once more, nearly alike: of the tails of ``before`` that
    ``after`` may replace, the one most like its beginning is taken. Without any likeness a short
    correction replaces as much as it says, and a longer one goes on after the last digit.
    """
    if not before or not after:
        return before or after
    longest = min(len(before), len(after))

    def rank(replaced: int) -> tuple[bool, float, int]:
        tail = before[len(before) - replaced :]
        wrong = sum(a != b for a, b in zip(tail, after, strict=False))
        unlike = wrong / replaced if wrong or replaced > _SHORTEST_REPEAT else 1.0
        fits = not lengths or len(before) - replaced + len(after) in lengths
        return (not fits, unlike, -replaced if len(after) <= len(before) else replaced)

    replaced = min(range(1, longest + 1), key=rank)
    return before[: len(before) - replaced] + after


def _once(digits: str, lengths: Collection[int]) -> str:
    """Return ``digits`` without what was merely said twice."""
    half = len(digits) // 2
    if half >= _WHOLE_NUMBER and digits[:half] == digits[half:] and len(digits) not in lengths:
        return digits[:half]
    if not lengths or len(digits) in lengths:
        return digits
    shorter = {shorter for shorter in _without_a_repeat(digits) if len(shorter) in lengths}
    return shorter.pop() if len(shorter) == 1 else digits


def _without_a_repeat(digits: str) -> set[str]:
    """Every text that comes of leaving out one stretch that stands twice in a row."""
    return {
        digits[:start] + digits[start + size :]
        for size in range(_SHORTEST_REPEAT, len(digits) // 2 + 1)
        for start in range(len(digits) - 2 * size + 1)
        if digits[start : start + size] == digits[start + size : start + 2 * size]
    }
