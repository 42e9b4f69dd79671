"""What the line does about what it hears, what is pressed, and what is not said.

Everything that the caller can notice is decided here and in ``voice.replying``, in audio time;
sound, recognition, speech and the answers come from the parts that are handed in.
"""

from __future__ import annotations

from voice.commands import Command, command_of, is_no, is_yes
from voice.floor import prompts
from voice.hearing import Words
from voice.ladders import PERSON_RUNG, SLOWER_RUNG, Ladder, no_input_prompts
from voice.parts import Parts
from voice.pressing import Pressing
from voice.replying import Replying
from voice.speaking import Sentence
from voice.timers import Alarm

# After so many turns without a sound of ours the line gives up: nothing can be said.
MOST_MUTE_TURNS = 3


class Dialogue:
    """The course of one call."""

    def __init__(self, parts: Parts) -> None:
        self._clock, self._log, self._limits = parts.clock, parts.log, parts.limits
        self._floor, self._hearing, self._listening = parts.floor, parts.hearing, parts.listening
        self._speaking, self._office = parts.speaking, parts.office
        self._replying = Replying(parts)
        self._reading = self._replying.reading
        self._pressing = Pressing(parts, self._replying)
        self._silence = Alarm(parts.clock)
        self._no_input = Ladder()
        self._mute_turns = 0
        self._is_warned = self._time_is_up = False

    def begin(self) -> None:
        """Greet."""
        self._replying.greet(self._office)

    def press(self, keys: str) -> None:
        """Take the keys that were pressed."""
        if self._time_is_up:
            keys = "".join(key for key in keys if key == "0")
        if self._pressing.press(keys):
            self._no_input.reset()

    def hear(self, frame: bytes) -> None:
        """Take a frame of the caller's voice."""
        if self._hearing.step(frame):
            self._replying.await_words()
        while (words := self._hearing.next_words()) is not None:
            if self._hearing.is_meant(words, self._reading.keys_for):
                self._take_words(words)
            else:
                self._pass_over(words)

    def run(self) -> None:
        """Do what has fallen due."""
        self._watch_time()
        if self._floor.state == "speak" and self._floor.after == "go_on":
            # “Go on?” can be answered while it is being asked.
            self._reading.is_paused = not self._speaking.has_answers_left
        if self._floor.state in ("listen", "capture"):
            self._pressing.watch()
        if self._floor.state == "capture":
            self._watch_capture()
        elif self._floor.state == "listen" and self._silence.is_due and not self._pressing.is_open:
            self._on_silence()
        self._replying.watch()

    def settle(self) -> None:
        """Go on when everything is said."""
        if self._floor.state != "speak" or self._speaking.is_speaking:
            return
        self._mute_turns = self._mute_turns + 1 if self._speaking.was_mute else 0
        if self._floor.is_leaving:
            self._floor.close()
        elif self._mute_turns >= MOST_MUTE_TURNS:
            self._floor.finish("hand_over", "failed")
        elif self._floor.after == "opening":
            self._replying.open()
        else:
            self._reading.is_paused = self._floor.after == "go_on"
            self._listen()

    def collapse(self) -> None:
        """Something broke that should not: apologise, and give the caller to a person."""
        self._replying.drop()
        self._hearing.drop()
        self._speaking.flush()
        self._floor.say(prompts("sorry_person", yields_to="nothing"), "break_off")

    # What the caller says.

    def _take_words(self, words: Words) -> None:
        command = command_of(words.hypotheses)
        if self._replying.is_seeking_person:
            return
        if self._pressing.is_open and command != "person":
            self._pass_over(words)
            return
        self._no_input.reset()
        self._log.begin_turn(words.utterance.ended_at, words.utterance.spoken_until)
        self._log.stage("recognised")
        self._floor.interrupt()
        if command is not None:
            self._obey(command)
        elif self._reading.is_paused and (is_yes(words.text) or is_no(words.text)):
            self._replying.go_on(is_yes(words.text))
        else:
            self._answer(words)

    def _answer(self, words: Words) -> None:
        hypotheses = self._hearing.joined(words)
        can_grow = self._reading.expects in ("free", "digits")
        self._replying.ask(hypotheses)
        self._hearing.remember(words.utterance.ended_at, hypotheses, can_grow)

    def _pass_over(self, words: Words) -> None:
        """What was recognised is nothing, or not meant for us."""
        self._log.add("ignored", words.text)
        if words.is_beside or self._floor.resume():
            return
        if self._hearing.is_awaiting:
            self._hearing.promote_next()
        elif words.is_noticeable and not words.text:
            self._replying.on_no_match()
        else:
            self._wait_on()

    def _obey(self, command: Command) -> None:
        self._pressing.clear()
        if command == "person":
            self._replying.seek_person()
        elif command == "goodbye":
            self._replying.drop()
            self._floor.say(prompts("goodbye"), "hang_up")
        else:
            self._replying.change(command)

    # Silence and time.

    def _listen(self) -> None:
        if self._time_is_up:
            self._say_time_is_up()
        elif self._clock.seconds >= self._limits.warning_seconds and not self._is_warned:
            self._is_warned = True
            self._floor.say(prompts("nearly_over"), self._reading.after_hint)
        else:
            is_brief = self._reading.is_paused and not self._reading.went_on_silently
            limits = self._limits
            self._silence.set(limits.go_on_seconds if is_brief else limits.no_input_seconds)
            self._wait_on()

    def _wait_on(self) -> None:
        """Listen; the caller's silence counts from before."""
        self._listening.expect(self._reading.expects, self._reading.reply.hot_words)
        self._floor.enter("capture" if self._listening.is_open else "listen")

    def _watch_capture(self) -> None:
        if self._hearing.is_false_alarm:
            self._hearing.drop()
            self._floor.resume()
        elif self._hearing.is_hopeless:
            self._hearing.drop()
            self._on_silence()
        elif not self._listening.is_open and not self._hearing.is_awaiting:
            self._wait_on()

    def _on_silence(self) -> None:
        if self._reading.is_paused and not self._reading.went_on_silently:
            self._reading.went_on_silently = True
            self._replying.go_on(True)
            return
        rung = self._no_input.climb()
        if rung == SLOWER_RUNG:
            self._speaking.slow_down()
        if rung == PERSON_RUNG:
            self._replying.offers_call_back = True
        ids = no_input_prompts(rung, self._reading.keys_for, not self._listening.is_ready)
        if rung > PERSON_RUNG:
            self._floor.say(prompts(*ids), "give_up")
            return
        asked = self._question_again() if rung == 1 else ()
        self._floor.say((*asked, *prompts(*ids)), self._reading.after_hint)

    def _question_again(self) -> tuple[Sentence, ...]:
        """What yes or no was asked of is said again; a choice, with all that can be chosen."""
        expects, sentences = self._reading.keys_for, self._replying.page.sentences
        if expects == "yes_no":
            return sentences[-1:]
        return sentences if expects == "choice" else ()

    def _watch_time(self) -> None:
        seconds = self._clock.seconds - self._limits.call_seconds
        if seconds >= self._limits.grace_seconds:
            self._floor.finish("hang_up", "completed")
        elif seconds >= 0 and not self._time_is_up and not self._floor.is_deaf_to_keys:
            self._time_is_up = True
            if not self._floor.is_leaving:
                self._say_time_is_up()

    def _say_time_is_up(self) -> None:
        self._replying.drop()
        self._hearing.drop()
        self._pressing.clear()
        self._speaking.flush()
        self._floor.say(prompts("time_is_up", "call_again", yields_to="keys"), "hang_up")
