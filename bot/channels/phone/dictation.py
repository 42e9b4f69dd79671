"""A phone number on its way from the caller: the number she calls from first, else dictated.

What was heard is read back and needs a yes; what was pressed does not. The number itself is kept
by whoever asked for it, in the way of all personal data; here it lives as long as the question.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from bot.actions.intake.said import is_whole
from bot.actions.person import spaced
from bot.channels.phone import sentences
from bot.channels.phone.hearing import yes_or_no
from voice.answerer import Expects, Hypothesis
from voice.recognition.numbers import dictated, spoken_digits

LENGTHS = (11, 8, 12)
MOBILE_DIGITS = 11
TAIL_DIGITS = 4
# Fewer digits among words are none of a number.
SHORTEST_PIECE = 3
# Words that may stand around a piece of a number, and what is counted otherwise.
MOST_AROUND_PIECE = 3
_NO_PHONE = re.compile(r"[栋幢室楼岁点层]|单元")
_NOISE = re.compile(r"[\W_]+")
_ABROAD = re.compile(r"(?:\+|00)?86(?=1[3-9]\d{9}$)|0(?=1[3-9]\d{9}$)")

Stage = Literal["offered", "asked", "heard"]


@dataclass(frozen=True)
class Step:
    """What follows: sentences to say, a number that was settled, or neither: it was no number."""

    sentences: tuple[str, ...] = ()
    expects: Expects = "digits"
    number: str = ""
    is_sure: bool = True


NO_NUMBER = Step()


def caller_number(caller: str) -> str:
    """Return the number a call comes from as one would dictate it, "" if it is no whole number."""
    number = _ABROAD.sub("", re.sub(r"[^\d+]", "", caller))
    return number if is_whole(number) else ""


class Dictation:
    """One question for a phone number; ``question`` is how it is asked without caller's number."""

    def __init__(self, question: Sequence[str], caller: str = "") -> None:
        self.is_refused = False
        self._question = tuple(question)
        self._caller = caller
        self._stage: Stage = "offered" if caller else "asked"
        self._digits = ""

    def opening(self, lead: Sequence[str] = ()) -> Step:
        """Ask; ``lead`` is said before the caller's own number is offered."""
        if self._stage == "offered":
            tail = self._caller[-TAIL_DIGITS:]
            return Step((*lead, sentences.CALLER_NUMBER.format(tail=tail)), "yes_no")
        return Step((*self._question, sentences.SAY_NUMBER))

    def hear(self, hypotheses: Sequence[Hypothesis], keys: str = "") -> Step:
        """Take what was said or pressed."""
        if keys:
            return self._pressed(keys)
        if not hypotheses:
            return NO_NUMBER
        if digits := self._dictated(hypotheses):
            return self._spoken(digits)
        told = next((told for h in hypotheses if (told := yes_or_no(h.text)) is not None), None)
        if told is None or self._stage == "asked":
            return NO_NUMBER
        return self._settled() if told else self._refused()

    def _dictated(self, hypotheses: Sequence[Hypothesis]) -> str:
        """The digits, with what was heard of the number before; "" if it is no dictation."""
        said = _NOISE.sub("", hypotheses[0].text)
        readings = (spoken_digits(one.text, LENGTHS) for one in hypotheses)
        digits = next(filter(is_whole, readings), "") or dictated(hypotheses, LENGTHS)
        if len(digits) < SHORTEST_PIECE or 2 * len(digits) < len(said):
            return ""
        is_piece = len(said) - len(digits) <= MOST_AROUND_PIECE and not _NO_PHONE.search(said)
        if not is_piece and not is_whole(digits):
            return ""
        if self._stage == "heard" and not is_whole(digits):
            return spoken_digits(f"{self._digits}不对{digits}", LENGTHS)
        return digits

    def _pressed(self, keys: str) -> Step:
        number = keys if is_whole(keys) else self._digits + keys
        return Step(number=number) if is_whole(number) else self._spoken(keys)

    def _spoken(self, digits: str) -> Step:
        """Read a whole number back; ask for what is missing of one that has begun."""
        whole = next((d for d in (digits, self._digits + digits) if is_whole(d)), "")
        if whole:
            self._stage, self._digits = "heard", whole
            asked = sentences.NUMBER_RIGHT.format(number=spaced(whole))
            return Step((asked,), "yes_no")
        self._stage = "asked"
        joined = self._digits + digits
        if len(joined) < MOBILE_DIGITS:
            self._digits = joined
            return Step((sentences.NUMBER_GOES_ON.format(number=_grouped(joined)),))
        self._digits = ""
        heard = sentences.NUMBER_WRONG.format(number=_grouped(digits), count=len(digits))
        return Step((heard,), is_sure=False)

    def _settled(self) -> Step:
        return Step(number=self._caller if self._stage == "offered" else self._digits)

    def _refused(self) -> Step:
        was_offered, self._stage, self._digits = self._stage == "offered", "asked", ""
        self.is_refused = self.is_refused or was_offered
        return self.opening() if was_offered else Step((sentences.NUMBER_ONCE_MORE,))


def _grouped(digits: str) -> str:
    """A number as it is read, 3-4-4, also one that is not whole."""
    groups = (digits[:3], digits[3:7], digits[7:])
    return " ".join(group for group in groups if group)
