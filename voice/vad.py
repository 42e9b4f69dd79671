"""Voice activity: is there speech in this frame, and is somebody beginning to speak.

webrtcvad decides by the sound of a frame, after the line's hum was taken away and the caller was
brought to an even loudness. A frame that does not stand out from the line's own noise is never
speech, nor is one without a voice nearby. When a turn ends is decided elsewhere.
"""

from __future__ import annotations

from collections import deque

import numpy as np
import webrtcvad
from numpy.typing import NDArray
from scipy.signal import butter, lfilter

from voice.audio import FRAME_BYTES, FRAME_MS, SAMPLE_RATE_HZ, SILENCE, wave_dbfs
from voice.levels import NoiseFloor, SlowGain
from voice.voicing import Voicing

_MODE = 2  # mode 3 goes deaf to a soft caller
_OPENS_DB = 6.5  # above the floor; lower lets in the sway of a noisy room
_CLOSES_DB = 4.0
_HUM_BELOW_HZ = 180.0
_START_FRAMES, _START_OF = 5, 6
PRE_ROLL_MS = 300


class VoiceActivity:
    """Decides frame by frame; one per call, it learns the line's noise and the caller's voice."""

    def __init__(self) -> None:
        self._vad = webrtcvad.Vad(_MODE)
        self._hum = _HumFilter()
        self._floor = NoiseFloor()
        self._gain = SlowGain()
        self._voicing = Voicing()
        self._is_open = False

    def step(self, frame: bytes) -> bool:
        """Return whether ``frame`` (20 ms, s16le at 8 kHz) holds speech."""
        if len(frame) != FRAME_BYTES:
            raise ValueError(f"expected {FRAME_BYTES} bytes per frame, got {len(frame)}")
        wave = self._hum.step(frame)
        level = wave_dbfs(wave)
        floor = self._floor.step(level)
        gain_db = self._gain.step(level, floor)
        self._is_open = level > floor + (_CLOSES_DB if self._is_open else _OPENS_DB)
        sounds_like_speech = self._vad.is_speech(_pcm(wave * 10 ** (gain_db / 20)), SAMPLE_RATE_HZ)
        has_voice = self._voicing.step(wave)
        return bool(sounds_like_speech) and has_voice and self._is_open


class _HumFilter:
    """Takes away what lies below the telephone band, where 50 Hz and its first overtones are."""

    def __init__(self) -> None:
        self._forward, self._back = butter(4, _HUM_BELOW_HZ, "highpass", fs=SAMPLE_RATE_HZ)
        self._state = np.zeros(4)

    def step(self, frame: bytes) -> NDArray[np.float64]:
        samples = np.frombuffer(frame, dtype="<i2").astype(np.float64)
        wave, self._state = lfilter(self._forward, self._back, samples, zi=self._state)
        return np.asarray(wave, dtype=np.float64)


def _pcm(wave: NDArray[np.float64]) -> bytes:
    pcm: bytes = np.clip(np.rint(wave), -32768, 32767).astype("<i2").tobytes()
    return pcm


class SpeechStart:
    """Somebody is beginning to speak: five of the newest six frames held speech."""

    def __init__(self) -> None:
        self._recent: deque[bool] = deque(maxlen=_START_OF)

    def step(self, is_speech: bool) -> bool:
        """Return whether it is so; a click is no start, and it stays True while speech lasts."""
        self._recent.append(is_speech)
        return sum(self._recent) >= _START_FRAMES

    def reset(self) -> None:
        """Forget the frames of before, as after a turn."""
        self._recent.clear()


class PreRoll:
    """The newest 300 ms, so that the recogniser gets the beginning of the first word."""

    def __init__(self, milliseconds: int = PRE_ROLL_MS) -> None:
        count = milliseconds // FRAME_MS
        self._frames: deque[bytes] = deque([SILENCE] * count, maxlen=count)

    def step(self, frame: bytes) -> None:
        """Keep ``frame``, let the oldest go."""
        self._frames.append(frame)

    def taken(self) -> bytes:
        """Return what is kept, oldest first, and keep silence instead."""
        pcm = b"".join(self._frames)
        self._frames.extend([SILENCE] * len(self._frames))
        return pcm
