"""Which of the words that were recognised are meant for us, and when they may interrupt.

Our own voice coming back, a mere 嗯 while we speak and noise are not. Puts words together that
were torn apart by a pause. What the words then mean is decided by ``voice.dialogue``.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from voice.answerer import Expects, Hypothesis
from voice.commands import bare, is_backchannel
from voice.events import EventLog
from voice.floor import Floor
from voice.listening import Listening, Utterance
from voice.speaking import Speaking
from voice.timers import AudioClock, Limits

INTERRUPTION_SECONDS = 0.3
INTERRUPTION_CHARACTERS = 2
# When we begin to speak, the exchange's echo canceller has yet to adapt.
GUARD_SECONDS = 1.0
FALSE_ALARM_SECONDS = 2.0
# A line's echo comes back after 0.1–0.3 s; the recogniser's words later still.
ECHO_TAIL_SECONDS = 0.5
# Sound without words that is longer than a cough.
NOTICED_SECONDS = 0.8


class Echoes(Protocol):
    """What is needed of ``voice.echo.EchoGuard``."""

    def is_echo(self, partial: str, speaking: str) -> bool:
        """Return whether ``partial`` is our own ``speaking`` coming back."""


@dataclass
class Words:
    """What was said, once it is recognised.

    ``over``: our own words that sounded then; ``is_beside``: it ended while the line spoke or
    thought, not while it listened; ``is_overlapping``: it began while the line spoke;
    ``is_at_last``: the line was saying its last sentence, or nothing more.
    """

    utterance: Utterance
    over: str
    is_beside: bool
    is_overlapping: bool
    is_at_last: bool

    @property
    def hypotheses(self) -> tuple[Hypothesis, ...]:
        """Readings, best first."""
        return self.utterance.hypotheses

    @property
    def text(self) -> str:
        """The best reading, "" if nothing was recognised."""
        return bare(self.hypotheses[0].text) if self.hypotheses else ""

    @property
    def is_noticeable(self) -> bool:
        """Whether the caller may expect that it was heard."""
        return self.utterance.seconds >= NOTICED_SECONDS and not self.is_overlapping


class Hearing:
    """Turns sound into words for one call."""

    def __init__(
        self,
        floor: Floor,
        listening: Listening,
        speaking: Speaking,
        echoes: Echoes,
        clock: AudioClock,
        log: EventLog,
        limits: Limits,
    ) -> None:
        self._floor, self._listening, self._speaking = floor, listening, speaking
        self._echoes, self._clock, self._log, self._limits = echoes, clock, log, limits
        self._awaited: deque[Words] = deque()
        self._partial = ""
        self._interrupted_at = 0.0
        self._asked: tuple[float, tuple[Hypothesis, ...]] | None = None

    @property
    def is_awaiting(self) -> bool:
        """Whether something was said and is not yet recognised."""
        return bool(self._awaited)

    def drop(self, deaf_seconds: float = 0.0) -> None:
        """What is being said or recognised does not count."""
        self._awaited.clear()
        self._asked = None
        self._listening.discard(deaf_seconds)

    def step(self, frame: bytes) -> bool:
        """Take a frame; return True if the caller has just ended a turn."""
        self._listening.is_over_ours = self._floor.state == "speak"
        ended = self._listening.step(frame)
        self._note_partial()
        if ended is None:
            if self._listening.is_open:
                self._notice()
            return False
        self._await(ended)
        return self._floor.state == "capture"

    def next_words(self) -> Words | None:
        """Return what was recognised next, in the order of speaking; waits while shielded."""
        if self._floor.is_shielded or not self._awaited:
            return None
        if not self._awaited[0].utterance.readings.done():
            return None
        words = self._awaited.popleft()
        if words.text:
            self._log.add("final", words.text)
        return words

    def is_meant(self, words: Words, expects: Expects) -> bool:
        """Whether ``words`` are said to us."""
        text = words.text
        if not text or (words.over and self._echoes.is_echo(text, words.over)):
            return False
        if not words.is_overlapping and not words.is_beside:
            return True
        if is_backchannel(text):
            return words.is_at_last and expects == "yes_no"
        is_answer = words.is_at_last and expects != "free"
        return is_answer or len(text) >= INTERRUPTION_CHARACTERS

    def promote_next(self) -> None:
        """What was listened for was nothing; what came after it takes its place."""
        self._awaited[0].is_beside = False

    def joined(self, words: Words) -> tuple[Hypothesis, ...]:
        """Return the readings of ``words``, put behind those they were torn from."""
        if self._asked is None or not self._is_soon(words.utterance.began_at):
            return words.hypotheses
        first = self._asked[1][0]
        return tuple(
            Hypothesis(bare(first.text) + h.text, min(first.confidence, h.confidence))
            for h in words.hypotheses
        )

    def remember(self, ended_at: float, hypotheses: Sequence[Hypothesis], can_grow: bool) -> None:
        """These words are being answered; more may follow, if ``can_grow``."""
        self._asked = (ended_at, tuple(hypotheses)) if can_grow and hypotheses else None

    @property
    def is_adding(self) -> bool:
        """Whether the caller is adding to what is being answered."""
        if any(self._is_soon(words.utterance.began_at) for words in self._awaited):
            return True
        if not self._listening.is_open or not self._is_soon(self._listening.began_at):
            return False
        is_new = self._clock.seconds - self._listening.began_at < 1.0
        return is_new or bool(bare(self._listening.partial))

    @property
    def is_false_alarm(self) -> bool:
        """Whether we were interrupted, and nothing came of it."""
        if not self._listening.is_open or not self._speaking.cut_off:
            return False
        is_late = self._clock.seconds - self._interrupted_at >= FALSE_ALARM_SECONDS
        return is_late and not self._is_interrupting()

    @property
    def is_hopeless(self) -> bool:
        """Whether there is sound and sound, and not a word."""
        is_long = self._floor.seconds_in_state >= self._limits.unrecognised_seconds
        return self._listening.is_open and is_long and not bare(self._listening.partial)

    def _notice(self) -> None:
        if self._floor.state == "listen":
            self._floor.enter("capture")
            return
        is_guarded = self._floor.is_shielded or self._speaking.run_seconds < GUARD_SECONDS
        if self._floor.state == "speak" and not is_guarded and self._is_interrupting():
            self._interrupted_at = self._clock.seconds
            self._speaking.flush()
            self._floor.enter("capture")

    def _is_interrupting(self) -> bool:
        partial = bare(self._listening.partial)
        return (
            self._listening.speech_seconds >= INTERRUPTION_SECONDS
            and len(partial) >= INTERRUPTION_CHARACTERS
            and not is_backchannel(partial)
            and not self._is_echo(partial)
        )

    def _is_echo(self, text: str) -> bool:
        over = self._speaking.texts_since(self._listening.began_at - ECHO_TAIL_SECONDS)
        return bool(over) and self._echoes.is_echo(text, over)

    def _note_partial(self) -> None:
        partial = self._listening.partial
        if partial != self._partial:
            self._partial = partial
            if partial:
                self._log.add("partial", partial)

    def _await(self, ended: Utterance) -> None:
        is_overlapping = self._speaking.last_sound_at >= ended.began_at
        # Words that outlast the echo of our last ones are a caller's, even if they are our own.
        may_be_echo = ended.spoken_until <= self._speaking.last_sound_at + ECHO_TAIL_SECONDS
        over = self._speaking.texts_since(ended.began_at - ECHO_TAIL_SECONDS)
        words = Words(
            ended,
            over=over if is_overlapping or may_be_echo else "",
            is_beside=self._floor.state != "capture",
            is_overlapping=is_overlapping,
            is_at_last=self._speaking.is_at_last,
        )
        self._awaited.append(words)

    def _is_soon(self, began_at: float) -> bool:
        return self._asked is not None and began_at - self._asked[0] <= self._limits.join_seconds
