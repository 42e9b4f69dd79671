"""How loud the line is when nobody speaks, and how much louder a speaker has to be made.

Works on levels in dBFS, one per frame of 20 ms; sound itself is touched elsewhere.
"""

from __future__ import annotations

from collections import deque

_QUIETEST_FLOOR_DBFS = -64.0  # idle lines of either law lie below; speech never does
_LOUDEST_FLOOR_DBFS = -22.0
_WINDOW_FRAMES = 25
_WINDOWS = 5  # five of half a second: nobody speaks 2.5 s without a gap
_STEADY_FRAMES = 20
_STEADY_DB = 4.5  # speech sways more than this within 0.4 s, a fan or a hiss does not
_SMOOTHING = 0.5

SPEECH_DBFS = -23.0
LARGEST_GAIN_DB = 24.0
SMALLEST_GAIN_DB = -12.0
_CLEARLY_ABOVE_DB = 12.0
_LOUDER_STEP = 0.1
_SOFTER_STEP = 0.01  # a vowel fading away is no reason to turn the gain up; a soft caller is


class NoiseFloor:
    """The level of the line's own noise, followed by its quietest moments.

    It falls at once. It rises when the line has been louder for 2.5 s, or when it has been so
    steady for 0.4 s that no voice can be in it.
    """

    def __init__(self) -> None:
        self.dbfs = _QUIETEST_FLOOR_DBFS
        self._smooth: float | None = None
        self._recent: deque[float] = deque(maxlen=_STEADY_FRAMES)
        self._minima: deque[float] = deque(maxlen=_WINDOWS)
        self._frames = 0

    def step(self, level_dbfs: float) -> float:
        """Take the level of one frame and return the floor in dBFS."""
        before = level_dbfs if self._smooth is None else self._smooth
        self._smooth = before + _SMOOTHING * (level_dbfs - before)
        self._recent.append(level_dbfs)
        self._follow(self._smooth)
        self.dbfs = min(max(min(self._minima), _QUIETEST_FLOOR_DBFS), _LOUDEST_FLOOR_DBFS)
        return self.dbfs

    def _follow(self, level_dbfs: float) -> None:
        if self._frames % _WINDOW_FRAMES == 0:
            self._minima.append(level_dbfs)
        self._frames += 1
        self._minima[-1] = min(self._minima[-1], level_dbfs)
        if self._is_steady():
            quietest = min(self._recent)
            for at, minimum in enumerate(self._minima):
                self._minima[at] = max(minimum, quietest)

    def _is_steady(self) -> bool:
        is_full = len(self._recent) == _STEADY_FRAMES
        return is_full and max(self._recent) - min(self._recent) < _STEADY_DB


class SlowGain:
    """The gain in dB that brings this caller's speech to about −23 dBFS; at most +24 dB."""

    def __init__(self) -> None:
        self._speech_dbfs = SPEECH_DBFS - LARGEST_GAIN_DB / 2  # the first word may be a soft one

    def step(self, level_dbfs: float, floor_dbfs: float) -> float:
        """Take the level of one frame, learn from it if it stands out, and return the gain."""
        if level_dbfs > floor_dbfs + _CLEARLY_ABOVE_DB:
            away = level_dbfs - self._speech_dbfs
            self._speech_dbfs += away * (_LOUDER_STEP if away > 0 else _SOFTER_STEP)
        return self.gain_db

    @property
    def gain_db(self) -> float:
        """The gain of now."""
        return min(max(SPEECH_DBFS - self._speech_dbfs, SMALLEST_GAIN_DB), LARGEST_GAIN_DB)
