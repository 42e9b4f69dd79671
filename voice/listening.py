"""The caller's voice: from frames to utterances on their way through the recogniser.

Knows when somebody speaks and when a turn has ended; whether it was meant for us (an echo, a mere
嗯 while we speak) is decided by ``voice.hearing``.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Protocol

from voice.answerer import Expects, Hypothesis
from voice.audio import FRAME_SECONDS
from voice.endpointing import Endpointer, silence_wanted
from voice.errors import CallError
from voice.recognition import Recogniser, RecognitionStream
from voice.timers import AudioClock, Limits
from voice.vad import PRE_ROLL_MS, PreRoll, SpeechStart

log = logging.getLogger(__name__)

# Frames that pass until a beginning is noticed; they reach the recogniser beside the pre-roll.
_START_MS = 120
_START_SECONDS = _START_MS / 1000


class Activity(Protocol):
    """What is needed of ``voice.vad.VoiceActivity``."""

    def step(self, frame: bytes) -> bool:
        """Return whether there is speech in this frame."""


@dataclass(frozen=True)
class Utterance:
    """Something was said; its readings are on their way.

    ``spoken_until``: the last of its speech, ``ended_at``: when the end was noticed; ``seconds`` of
    speech were in it.
    """

    readings: Future[tuple[Hypothesis, ...]]
    began_at: float
    spoken_until: float
    ended_at: float
    seconds: float

    @property
    def hypotheses(self) -> tuple[Hypothesis, ...]:
        """What was recognised, best first, once ``readings`` is done; () also if that failed."""
        if self.readings.cancelled() or self.readings.exception() is not None:
            return ()
        return tuple(self.readings.result())


class Listening:
    """Hears one caller, in every state of the call."""

    def __init__(
        self, recogniser: Recogniser, activity: Activity, clock: AudioClock, limits: Limits
    ) -> None:
        self.speech_seconds = 0.0  # of the utterance that is open
        self.began_at = 0.0
        self._recogniser, self._activity = recogniser, activity
        self._clock, self._limits = clock, limits
        self._start = SpeechStart()
        self._pre_roll = PreRoll(PRE_ROLL_MS + _START_MS)
        self._end: Endpointer | None = None
        self._stream: RecognitionStream | None = None
        self._expects: Expects = "free"
        self._hot_words: tuple[str, ...] = ()
        self._wanted: tuple[str, float] | None = None
        self._deaf_until = 0.0
        self._is_broken = False
        self.is_over_ours = False  # we are speaking ourselves

    @property
    def is_ready(self) -> bool:
        """Whether anything can be recognised; if not, the line works by keys."""
        return self._recogniser.is_ready and not self._is_broken

    @property
    def is_open(self) -> bool:
        """Whether somebody is speaking."""
        return self._stream is not None

    @property
    def partial(self) -> str:
        """What was recognised so far of the utterance that is open."""
        return self._stream.partial if self._stream is not None else ""

    def expect(self, expects: Expects, hot_words: Sequence[str] = ()) -> None:
        """What utterances that begin from now on are likely to be."""
        self._expects, self._hot_words = expects, tuple(hot_words)

    def discard(self, deaf_seconds: float = 0.0) -> None:
        """Throw away what is being said, and what begins within ``deaf_seconds``."""
        if self._stream is not None:
            self._stream.close()
        self._forget()
        self._deaf_until = self._clock.seconds + deaf_seconds

    def step(self, frame: bytes) -> Utterance | None:
        """Take a frame; return what was said once its speaker is done."""
        is_speech = self._activity.step(frame)
        if self._stream is None:
            self._wait(frame, is_speech)
            return None
        self._stream.feed(frame)
        self.speech_seconds += FRAME_SECONDS * is_speech
        return self._finished() if self._is_finished(is_speech) else None

    def _wait(self, frame: bytes, is_speech: bool) -> None:
        self._pre_roll.step(frame)
        has_begun = self._start.step(is_speech)
        if has_begun and self._clock.seconds >= self._deaf_until and self._recogniser.is_ready:
            self._open()

    def _open(self) -> None:
        # A grammar would make its own few words of ours coming back, and of a question meanwhile.
        expects = "free" if self.is_over_ours else self._expects
        try:
            self._stream = self._recogniser.stream(expects, self._hot_words)
        except CallError as error:
            log.warning("nothing can be recognised: %s", type(error).__name__)
            self._is_broken = True
            self._start.reset()
            return
        self._is_broken = False
        self._stream.feed(self._pre_roll.taken())
        self.speech_seconds = _START_SECONDS
        self.began_at = self._clock.seconds - _START_SECONDS
        self._end = Endpointer(self._silence_wanted())

    def _is_finished(self, is_speech: bool) -> bool:
        assert self._end is not None
        is_too_long = self._clock.seconds - self.began_at >= self._limits.utterance_seconds
        return self._end.step(is_speech, self._silence_wanted()) or is_too_long

    def _silence_wanted(self) -> float:
        # Asked for every frame, worked out for every new partial.
        if self._wanted is None or self._wanted[0] != self.partial:
            is_dictating = self._expects == "digits"
            seconds = silence_wanted(self._expects, self.partial, is_dictating)
            self._wanted = (self.partial, seconds)
        return self._wanted[1]

    def _finished(self) -> Utterance:
        assert self._stream is not None
        assert self._end is not None
        now = self._clock.seconds
        until = now - self._end.silence_seconds
        readings = self._stream.finish()
        ended = Utterance(readings, self.began_at, until, now, self.speech_seconds)
        self._forget()
        return ended

    def _forget(self) -> None:
        self._stream, self._end, self._wanted = None, None, None
        self.speech_seconds = 0.0
        self._start.reset()
