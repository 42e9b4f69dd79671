"""Time in a call: seconds of audio, counted in frames. No clock on the wall, nothing sleeps."""

from __future__ import annotations

from dataclasses import dataclass

from voice.audio import FRAME_SECONDS


class AudioClock:
    """Seconds since the call was answered."""

    def __init__(self) -> None:
        self._frames = 0

    def tick(self) -> None:
        """One more frame has passed."""
        self._frames += 1

    @property
    def seconds(self) -> float:
        """Audio time, exact to a frame."""
        return self._frames * FRAME_SECONDS


class Alarm:
    """Something that falls due once, some seconds after it was set."""

    def __init__(self, clock: AudioClock) -> None:
        self._clock = clock
        self._due_at: float | None = None

    def set(self, seconds: float) -> None:
        """Fall due in ``seconds`` from now."""
        self._due_at = self._clock.seconds + seconds

    def clear(self) -> None:
        """Never fall due."""
        self._due_at = None

    @property
    def is_due(self) -> bool:
        """Whether it was set and the time has come."""
        return self._due_at is not None and self._clock.seconds >= self._due_at


@dataclass(frozen=True)
class Limits:
    """How long the line waits for what."""

    no_input_seconds: float = 8.0  # silence of the caller, each rung of the ladder
    go_on_seconds: float = 4.0  # silence after “go on?” means yes, once
    filler_seconds: float = 1.2
    second_filler_seconds: float = 4.5
    answer_seconds: float = 8.0
    person_seconds: float = 5.0  # then a person is called without the answerer's word
    join_seconds: float = 0.6  # words added so soon belong to the ones before
    key_pause_seconds: float = 4.0
    utterance_seconds: float = 30.0
    unrecognised_seconds: float = 8.0  # sound without a single word: a television, a street
    warning_seconds: float = 28 * 60.0
    call_seconds: float = 30 * 60.0
    grace_seconds: float = 60.0  # for the last words, after which the call ends whatever happens
