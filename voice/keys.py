"""What a pressed key means, which depends on what the line has asked for.

0 person · * again · 7 slower · 8 louder, at any time but while digits are asked for: there all of
them are digits, * clears and # ends, 11 digits of a mobile number end by themselves, and a 0 that
stays alone is again the wish for a person.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from voice.answerer import Expects
from voice.timers import Alarm, AudioClock

Meaning = Literal[
    "person",
    "repeat",
    "slower",
    "louder",
    "yes",
    "no",
    "call_back",
    "entry",
    "typing",
    "cleared",
    "unfinished",
    "unknown",
    "nothing",
]

MOBILE_DIGITS = 11
MOST_DIGITS = 20
_COMMANDS: dict[str, Meaning] = {"0": "person", "*": "repeat", "7": "slower", "8": "louder"}


@dataclass(frozen=True)
class Pressed:
    """``digits`` only if ``meaning`` is "entry": what was entered."""

    meaning: Meaning
    digits: str = ""


@dataclass(frozen=True)
class KeyPlan:
    """What keys are for at the moment."""

    expects: Expects = "free"
    choices: int = 0
    offers_call_back: bool = False


class Keypad:
    """Keys of one call; pauses between digits count in audio time."""

    def __init__(self, clock: AudioClock, pause_seconds: float) -> None:
        self._digits = ""
        self._pause_seconds = pause_seconds
        self._pause = Alarm(clock)
        self._was_reminded = False

    @property
    def is_open(self) -> bool:
        """Whether digits were pressed that are not yet handed on."""
        return bool(self._digits)

    def clear(self) -> None:
        """Forget what was entered."""
        self._digits, self._was_reminded = "", False
        self._pause.clear()

    def press(self, key: str, plan: KeyPlan) -> Pressed:
        """Return what this key means now."""
        if plan.expects == "digits":
            return self._typed(key)
        if plan.expects == "choice" and key.isdigit() and 1 <= int(key) <= plan.choices:
            return Pressed("entry", key)
        if plan.expects == "yes_no" and key in "12":
            return Pressed("yes" if key == "1" else "no")
        if plan.offers_call_back and key == "1":
            return Pressed("call_back")
        if key == "#":
            # Pressed out of habit after a number that had ended by itself.
            return Pressed("nothing")
        return Pressed(_COMMANDS.get(key, "unknown"))

    def pause(self) -> Pressed | None:
        """Return what a pause after digits means: first a reminder of #, then the end."""
        if not self._pause.is_due:
            return None
        if self._was_reminded or self._wants_person:
            return self._ended()
        self._was_reminded = True
        self._pause.set(2 * self._pause_seconds)
        return Pressed("unfinished")

    def _typed(self, key: str) -> Pressed:
        if key == "*":
            self.clear()
            return Pressed("cleared")
        if key == "#":
            return self._ended() if self._digits else Pressed("nothing")
        self._digits += key
        self._pause.set(self._pause_seconds)
        if self._is_whole:
            return self._ended()
        return Pressed("typing")

    @property
    def _is_whole(self) -> bool:
        is_mobile = self._digits.startswith("1") and len(self._digits) == MOBILE_DIGITS
        return is_mobile or len(self._digits) == MOST_DIGITS

    @property
    def _wants_person(self) -> bool:
        return self._digits == "0"

    def _ended(self) -> Pressed:
        pressed = Pressed("person") if self._wants_person else Pressed("entry", self._digits)
        self.clear()
        return pressed
