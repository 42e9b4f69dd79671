"""Mel-frequency cepstra exactly as vosk computes them, and the file that tells vosk so.

Follows Kaldi's definition: frames without padding at the edges, each freed of its mean, then
pre-emphasis, Povey's window, power spectrum, triangles on the mel scale, logarithm, orthonormal
cosine transform, liftering. No dither, so that the same sound always gives the same words.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from voice.recognition.training.arrays import Array

_PRE_EMPHASIS = 0.97
_POVEY_EXPONENT = 0.85
_LIFTER = 22.0
_LOWEST_ENERGY = float(np.finfo(np.float32).eps)


@dataclass(frozen=True)
class Cepstra:
    """Turns samples of the int16 range at 8 kHz into one row of ``size`` numbers every 10 ms."""

    frame_ms: int = 25
    size: int = 40
    lowest_hz: float = 60.0
    highest_hz: float = 3700.0
    sample_rate_hz: int = 8000
    shift_ms: int = 10

    @property
    def frame_samples(self) -> int:
        """Return the length of a frame."""
        return self.sample_rate_hz * self.frame_ms // 1000

    @property
    def shift_samples(self) -> int:
        """Return how far frames lie apart."""
        return self.sample_rate_hz * self.shift_ms // 1000

    def frame_count(self, sample_count: int) -> int:
        """Return how many whole frames fit."""
        return max(0, 1 + (sample_count - self.frame_samples) // self.shift_samples)

    def of(self, samples: Array) -> Array:
        """Return float32 of shape (frames, size)."""
        count = self.frame_count(len(samples))
        if count == 0:
            return np.zeros((0, self.size), np.float32)
        windows = np.lib.stride_tricks.sliding_window_view(
            samples.astype(np.float32), self.frame_samples
        )
        frames = windows[:: self.shift_samples][:count]
        frames = frames - frames.mean(1, keepdims=True)
        before = np.concatenate([frames[:, :1], frames[:, :-1]], axis=1)
        emphasised = (frames - _PRE_EMPHASIS * before) * self._window
        power = np.abs(np.fft.rfft(emphasised, self._transform_size)) ** 2
        energies = power[:, :-1].astype(np.float32) @ self._triangles.T
        cepstra: Array = np.log(np.maximum(energies, _LOWEST_ENERGY)) @ self._cosines.T
        return cepstra

    def configuration(self) -> str:
        """Return the lines of ``conf/mfcc.conf``."""
        options = {
            "sample-frequency": self.sample_rate_hz,
            "frame-length": self.frame_ms,
            "use-energy": "false",
            "num-mel-bins": self.size,
            "num-ceps": self.size,
            "low-freq": self.lowest_hz,
            "high-freq": self.highest_hz,
            "dither": 0.0,
        }
        return "".join(f"--{name}={value}\n" for name, value in options.items())

    @property
    def _transform_size(self) -> int:
        return 1 << (self.frame_samples - 1).bit_length()

    @cached_property
    def _window(self) -> Array:
        phase = 2 * np.pi * np.arange(self.frame_samples) / (self.frame_samples - 1)
        window: Array = (0.5 - 0.5 * np.cos(phase)) ** _POVEY_EXPONENT
        return window.astype(np.float32)

    @cached_property
    def _triangles(self) -> Array:
        lowest, highest = _mel(self.lowest_hz), _mel(self.highest_hz)
        corners = np.linspace(lowest, highest, self.size + 2)
        half = self._transform_size // 2
        bins = _mel(np.arange(half) * self.sample_rate_hz / self._transform_size)
        left, centre, right = (corners[i : i + self.size, None] for i in range(3))
        rising, falling = (bins - left) / (centre - left), (right - bins) / (right - centre)
        triangles: Array = np.maximum(0.0, np.minimum(rising, falling))
        if not triangles.sum(1).all():
            raise ValueError(f"{self.size} bands are too many for frames of {self.frame_ms} ms")
        return triangles.astype(np.float32)

    @cached_property
    def _cosines(self) -> Array:
        order, band = np.arange(self.size)[:, None], np.arange(self.size)[None]
        cosines = np.cos(np.pi / self.size * (band + 0.5) * order) * np.sqrt(2.0 / self.size)
        cosines[0] = np.sqrt(1.0 / self.size)
        lifts = 1 + 0.5 * _LIFTER * np.sin(np.pi * np.arange(self.size) / _LIFTER)
        lifted: Array = (cosines * lifts[:, None]).astype(np.float32)
        return lifted


def _mel(hertz: float | Array) -> Array:
    mel: Array = 1127.0 * np.log(1.0 + np.asarray(hertz, float) / 700.0)
    return mel
