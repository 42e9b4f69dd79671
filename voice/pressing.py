"""What the line does when a key is pressed; what a key means is known to ``voice.keys``."""

from __future__ import annotations

from voice.answerer import Hypothesis
from voice.commands import CALL_BACK, NO, YES
from voice.floor import prompts
from voice.keys import Keypad, KeyPlan, Meaning, Pressed
from voice.parts import Parts
from voice.replying import DEAF_SECONDS, Replying
from voice.speaking import Sentence

KEYS = frozenset("0123456789*#")
# As many keys wait for the end of a sentence that nothing interrupts.
MOST_HELD_KEYS = 20
_WHILE_THINKING: frozenset[Meaning] = frozenset({"person", "slower", "louder"})
_STANDS_FOR: dict[Meaning, Hypothesis] = {"yes": YES, "no": NO, "call_back": CALL_BACK}


class Pressing:
    """The keys of one call."""

    def __init__(self, parts: Parts, replying: Replying) -> None:
        self._clock, self._log, self._floor = parts.clock, parts.log, parts.floor
        self._hearing, self._listening = parts.hearing, parts.listening
        self._speaking = parts.speaking
        self._replying, self._reading = replying, replying.reading
        self._keypad = Keypad(parts.clock, parts.limits.key_pause_seconds)
        self._held = ""

    @property
    def is_open(self) -> bool:
        """Whether digits are being entered."""
        return self._keypad.is_open

    def clear(self) -> None:
        """Forget what was entered."""
        self._keypad.clear()

    def press(self, keys: str) -> bool:
        """Take the keys that were pressed; return whether one of them meant something.

        While a sentence is said that nothing interrupts, they wait for its end.
        """
        keys = self._held + "".join(key for key in keys if key in KEYS)
        self._held = ""
        is_meant = False
        for at, key in enumerate(keys):
            if self._floor.is_deaf_to_keys:
                self._held = keys[at:][:MOST_HELD_KEYS]
                break
            is_meant |= self._take(self._keypad.press(key, self._plan()))
        return is_meant

    def watch(self) -> None:
        """Go on if nothing follows the digits that were entered."""
        paused = self._keypad.pause()
        if paused is not None:
            self._hearing.drop()
            self._act_on(paused)

    def _plan(self) -> KeyPlan:
        if self._floor.state == "think":
            return KeyPlan()
        offers_call_back = self._replying.offers_call_back or not self._listening.is_ready
        return KeyPlan(self._reading.keys_for, self._reading.reply.choices, offers_call_back)

    def _take(self, pressed: Pressed) -> bool:
        is_thinking = self._floor.state == "think"
        if pressed.meaning == "nothing":
            return False
        if is_thinking and pressed.meaning not in _WHILE_THINKING:
            return False
        self._log.add("key")
        if not is_thinking or pressed.meaning == "person":
            self._hearing.drop(DEAF_SECONDS)
            self._floor.interrupt()
        self._act_on(pressed)
        return True

    def _act_on(self, pressed: Pressed) -> None:
        meaning = pressed.meaning
        if meaning in ("repeat", "slower", "louder"):
            self._replying.change(meaning)
        elif meaning in ("cleared", "unfinished", "unknown"):
            self._hint(meaning)
        elif meaning != "typing":
            self._log.begin_turn(self._clock.seconds)
            self._do(pressed)

    def _do(self, pressed: Pressed) -> None:
        if pressed.meaning == "person":
            self._replying.seek_person()
        elif pressed.meaning == "entry":
            self._log.add("final", pressed.digits)
            self._replying.ask((), pressed.digits)
        elif self._reading.is_paused and pressed.meaning in ("yes", "no"):
            self._replying.go_on(pressed.meaning == "yes")
        else:
            self._replying.ask((_STANDS_FOR[pressed.meaning],))

    def _hint(self, meaning: Meaning) -> None:
        """Say what keys are for, then go on with what the key has interrupted."""
        cut = self._speaking.cut_off
        after = self._floor.after if cut else self._reading.after_hint
        self._floor.say((*self._hints(meaning), *cut), after)

    def _hints(self, meaning: Meaning) -> tuple[Sentence, ...]:
        if meaning == "cleared":
            return prompts("digits_cleared")
        if meaning == "unfinished":
            return prompts("digits_finish")
        if self._reading.reply.expects == "choice":
            return prompts("no_such_choice", choices=self._reading.reply.choices)
        if self._listening.is_ready:
            return prompts("no_such_key")
        return prompts("keys_call_back", "keys_person")
