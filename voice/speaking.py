"""The sentences that are being spoken: one after the other, cut off at once, taken up again.

Knows nothing of why something is said. Sound comes from ``Speech`` as futures; a sentence that
is not ready in time is left out rather than waited for in silence.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import Literal, Protocol

from voice.audio import FRAME_BYTES, SILENCE
from voice.events import EventLog
from voice.gain import amplified
from voice.timers import AudioClock

YieldsTo = Literal["speech", "keys", "nothing"]

RENDER_SECONDS = 2.5
# Room to take a sentence in before the next one.
PAUSE_SECONDS = 0.3
SLOW_PAUSE_SECONDS = 0.6
GAIN_STEP_DB = 6.0
MOST_GAIN_DB = 12.0
# A sentence that was cut off for nothing so often is said to its end.
MOST_RESUMPTIONS = 2
# An echo without pauses is one utterance, which may hold whatever we said in half a minute.
REMEMBERED_SENTENCES = 20


class Renders(Protocol):
    """What is needed of ``voice.synthesis.Speech``."""

    def render(self, sentence: str, *, slow: bool = False) -> Future[bytes]:
        """Return the sentence's sound in the future, b"" if it cannot be said."""


@dataclass(frozen=True)
class Sentence:
    """``is_answer``: given by the answerer; ``yields_to``: what may interrupt it.

    Keys interrupt whatever yields to speech. ``is_due``: comes before what is said later, even if
    that is ready first.
    """

    text: str
    is_answer: bool = False
    yields_to: YieldsTo = "speech"
    is_due: bool = False


class _Piece:
    """A sentence on its way to the caller's ear."""

    def __init__(self, sentence: Sentence) -> None:
        self.sentence = sentence
        self.position = 0
        self.asked_at = 0.0
        self._rendered: Future[bytes] | None = None

    def ask(self, speech: Renders, is_slow: bool, now_seconds: float) -> None:
        if self._rendered is None:
            self.asked_at = now_seconds
            self._rendered = speech.render(self.sentence.text, slow=is_slow)

    def sound(self, now_seconds: float) -> bytes | None:
        """Return None while it is awaited, b"" if it will not come."""
        assert self._rendered is not None
        if self._rendered.done():
            failed = self._rendered.cancelled() or self._rendered.exception() is not None
            return b"" if failed else self._rendered.result()
        return b"" if now_seconds - self.asked_at >= RENDER_SECONDS else None


class Speaking:
    """What is said now and next in one call."""

    def __init__(self, speech: Renders, clock: AudioClock, log: EventLog) -> None:
        self.is_slow = False
        self.gain_db = 0.0
        self._said_count = self._unsaid_count = 0
        self._speech, self._clock, self._log = speech, clock, log
        self._queue: deque[_Piece] = deque()
        self._cut: list[Sentence] = []
        self._resumptions = 0
        self._pause_until = self._run_began_at = 0.0
        self._heard: deque[list[float | str]] = deque(maxlen=REMEMBERED_SENTENCES)

    @property
    def is_speaking(self) -> bool:
        """Whether something is being said or about to be, or has just faded away."""
        return bool(self._queue) or self._clock.seconds < self._pause_until

    @property
    def was_mute(self) -> bool:
        """Whether nothing could be heard of what was to be said last."""
        return self._unsaid_count > 0 and self._said_count == 0

    @property
    def yields_to(self) -> YieldsTo:
        """What may interrupt now."""
        return self._queue[0].sentence.yields_to if self._queue else "speech"

    @property
    def has_answers_left(self) -> bool:
        """Whether something of the answerer's is still being said or to be said."""
        return any(piece.sentence.is_answer for piece in self._queue)

    @property
    def is_at_last(self) -> bool:
        """Whether no sentence follows the one that is being said, or was cut off."""
        return max(len(self._queue), len(self._cut)) <= 1

    @property
    def run_seconds(self) -> float:
        """How long we have been speaking since it was our turn."""
        return self._clock.seconds - self._run_began_at

    def say(self, sentences: Iterable[Sentence]) -> None:
        """Say these next, instead of what was to come; a sentence that has begun is finished."""
        first = self._queue[0] if self._queue else None
        if not self.is_speaking:
            self._run_began_at = self._clock.seconds
        self._queue = deque(_Piece(sentence) for sentence in sentences)
        if first and (first.position or first.sentence.is_due):
            self._queue.appendleft(first)
        self._said_count = self._unsaid_count = 0

    def flush(self) -> None:
        """Be silent at once; ``resume`` takes up what was cut off."""
        self._pause_until = 0.0
        if not self._queue:
            return
        self._cut = [piece.sentence for piece in self._queue]
        self._queue.clear()
        self._log.add("flush")

    def resume(self) -> bool:
        """Say what was cut off, from the beginning of its sentence; False if nothing was."""
        if not self._cut:
            return False
        cut, self._cut = self._cut, []
        self._resumptions += 1
        if self._resumptions > MOST_RESUMPTIONS and cut[0].yields_to == "speech":
            cut[0] = replace(cut[0], yields_to="keys")
        self.say(cut)
        self._log.add("resumed")
        return True

    @property
    def cut_off(self) -> tuple[Sentence, ...]:
        """What ``resume`` would say."""
        return tuple(self._cut)

    def forget(self) -> None:
        """What was cut off is not to be taken up."""
        self._cut, self._resumptions = [], 0

    def slow_down(self) -> None:
        """Speak slowly from the next sentence on."""
        self.is_slow = True

    def turn_up(self) -> bool:
        """Speak louder from now on; False if it cannot be louder."""
        if self.gain_db >= MOST_GAIN_DB:
            return False
        self.gain_db += GAIN_STEP_DB
        return True

    @property
    def last_sound_at(self) -> float:
        """When we were last heard, in seconds of the call; before its beginning if never."""
        return float(self._heard[-1][0]) if self._heard else -1.0

    def texts_since(self, seconds: float) -> str:
        """Return what was being said at ``seconds`` of the call or later, as one text."""
        return "".join(str(text) for end, text in self._heard if float(end) >= seconds)

    def step(self) -> bytes:
        """Return the next frame."""
        while self._queue and self._clock.seconds >= self._pause_until:
            piece = self._queue[0]
            for ahead in list(self._queue)[:2]:
                ahead.ask(self._speech, self.is_slow, self._clock.seconds)
            sound = piece.sound(self._clock.seconds)
            if sound is None:
                break
            if piece.position < len(sound):
                return self._frame(piece, sound)
            self._leave_out(piece)
        return SILENCE

    def _frame(self, piece: _Piece, sound: bytes) -> bytes:
        if not piece.position:
            self._begin(piece.sentence)
        frame = sound[piece.position : piece.position + FRAME_BYTES]
        piece.position += FRAME_BYTES
        self._heard[-1][0] = self._clock.seconds
        if piece.position >= len(sound):
            self._queue.popleft()
            pause_seconds = SLOW_PAUSE_SECONDS if self.is_slow else PAUSE_SECONDS
            self._pause_until = self._clock.seconds + pause_seconds
        return amplified(frame.ljust(FRAME_BYTES, b"\0"), self.gain_db)

    def _begin(self, sentence: Sentence) -> None:
        self._said_count += 1
        self._heard.append([self._clock.seconds, sentence.text])
        self._log.add("said", sentence.text)
        if sentence.is_answer:
            self._log.stage("first_audio")

    def _leave_out(self, piece: _Piece) -> None:
        self._queue.popleft()
        self._unsaid_count += 1
        self._log.add("unsaid", piece.sentence.text)
