"""Telephone numbers dictated to the line, read back, and confirmed or said again.

Callers are voices that no training heard. Recogniser, dictation, read-back and storing are the
product's; the dialogue engine is not needed, since being called back asks for nothing but a number.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from dataclasses import dataclass, field
from itertools import accumulate, pairwise

from django.core.management import call_command

from bot.channels.phone import call_backs, engines
from bot.channels.phone.answerer import PhoneAnswerer
from bot.encryption import decrypt
from bot.handovers.models import Handover
from bot.preparing import prepare
from voice.answerer import CallInfo, SpokenReply
from voice.commands import CALL_BACK, command_of
from voice.recognition import Recogniser, tiny_model_path
from voice.recognition.opening import recogniser_opened
from voice.recognition.training.espeak import Manner
from voice.recognition.training.numerals import DIGITS, digit_by_digit
from voice.recognition.training.saying import LAWS, RATES, Saying, say_all
from voice.recognition.training.variants import HELD_OUT

NUMBERS = 200
SEED = 20261122
NOISE_DB = 20.0
MOST_UTTERANCES = 12
GROUPS = ((3, 4, 4), (3, 3, 3, 2), (4, 4, 3), (11,))
_READ = re.compile(r"[\d ]{3,}")
_DIGIT = re.compile(r"\d")
_RUN = re.compile(r"(\d)\1{2,3}")


@dataclass
class Dictator:
    """Somebody with a number and a way to say it, whom the line asks for it."""

    place: int
    chance: random.Random
    reply: SpokenReply = field(default_factory=lambda: SpokenReply(()))
    utterances: int = 0
    times_read_wrong: int = 0
    number: str = ""

    def __post_init__(self) -> None:
        self.number = self._drawn()
        self._groups = self.chance.choice(GROUPS)
        self._one = self.chance.choice("一幺")
        self._counts_runs = self.chance.random() < 0.6

    @property
    def call_id(self) -> str:
        """The name of her call."""
        return f"dictation-{self.place}"

    @property
    def is_in_noise(self) -> bool:
        """Every second one is."""
        return self.place % 2 == 1

    def says(self) -> str:
        """Answer what the line has just said, "" if it no longer speaks of the number."""
        said = "".join(self.reply.sentences)
        read = "".join(_READ.findall(said)).replace(" ", "")
        if self.reply.expects == "yes_no" and read:
            self.times_read_wrong += read != self.number
            return "对" if read == self.number else "不对"
        if self.reply.expects != "digits":
            return ""
        goes_on = "接着说" in said and self.number.startswith(read)
        return self._said(len(read) if goes_on else 0)

    def saying(self, text: str) -> Saying:
        """Her voice and her line."""
        manner = Manner(HELD_OUT[self.place % len(HELD_OUT)], RATES[self.place % len(RATES)])
        noise_db = NOISE_DB if self.is_in_noise else None
        seed = MOST_UTTERANCES * self.place + self.utterances
        return Saying(text, manner, LAWS[self.place // 2 % len(LAWS)], noise_db, seed)

    def _drawn(self) -> str:
        digits = [self.chance.choice("3456789"), *self.chance.choices("0123456789", k=9)]
        if self.chance.random() < 0.3:
            # A number that people like has the same digit several times.
            at, length = self.chance.randrange(1, 7), self.chance.choice((3, 3, 4))
            digits[at : at + length] = digits[at] * length
        return "1" + "".join(digits)

    def _said(self, start: int) -> str:
        ends = [0, *accumulate(self._groups)]
        groups = [self.number[max(a, start) : b] for a, b in pairwise(ends) if b > start]
        return "，".join(self._group(group) for group in groups)

    def _group(self, digits: str) -> str:
        def counted(run: re.Match[str]) -> str:
            return f"{DIGITS[len(run[0])]}个{DIGITS[int(run[1])]}"

        said = _RUN.sub(counted, digits) if self._counts_runs else digits
        return _DIGIT.sub(lambda digit: digit_by_digit(digit[0], self._one), said)


def dictations() -> dict[str, object]:
    """Let everybody dictate until her number is confirmed; return what was stored."""
    prepare()
    call_command("flush", interactive=False, verbosity=0)
    recogniser = recogniser_opened(tiny_model_path(), engines.domain_words())
    answerer = PhoneAnswerer()
    callers = [Dictator(place, random.Random(SEED + place)) for place in range(NUMBERS)]
    for caller in callers:
        answerer.begin(CallInfo(caller.call_id))
        caller.reply = answerer.answer(caller.call_id, (CALL_BACK,))
    for _ in range(MOST_UTTERANCES):
        said = [(caller, text) for caller in callers if (text := caller.says())]
        if not said:
            break
        sounds = say_all([caller.saying(text) for caller, text in said])
        for (caller, _), sound in zip(said, sounds, strict=True):
            _hear(caller, sound, recogniser, answerer)
    return _figures(callers)


def _hear(caller: Dictator, sound: bytes, recogniser: Recogniser, answerer: PhoneAnswerer) -> None:
    """One utterance, from sound to reply."""
    caller.utterances += 1
    stream = recogniser.stream(caller.reply.expects, caller.reply.hot_words)
    stream.feed(sound)
    hypotheses = stream.finish().result()
    if hypotheses and command_of(hypotheses) is None:
        caller.reply = answerer.answer(caller.call_id, hypotheses)


def _figures(callers: list[Dictator]) -> dict[str, object]:
    stored = {
        row.conversation.sender: decrypt(row.contact)
        for row in Handover.objects.select_related("conversation")
        if row.contact
    }
    got = [stored.get(call_backs.sender_of_call(caller.call_id), "") for caller in callers]
    pairs = list(zip(callers, got, strict=True))

    def share(is_in_noise: bool) -> str:
        those = [(c, number) for c, number in pairs if c.is_in_noise == is_in_noise]
        return f"{sum(c.number == number for c, number in those)} of {len(those)}"

    return {
        "numbers": len(callers),
        "right": sum(caller.number == number for caller, number in pairs),
        "right_clean": share(False),
        "right_at_20_db": share(True),
        "wrong_confirmed": sum(
            bool(number) and caller.number != number for caller, number in pairs
        ),
        "not_settled": sum(not number for number in got),
        "read_back_right_at_once": sum(
            not c.times_read_wrong and c.utterances == 2 for c in callers
        ),
        "utterances_each": dict(sorted(Counter(c.utterances for c in callers).items())),
    }
