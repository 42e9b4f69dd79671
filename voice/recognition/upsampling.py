"""Telephone sound for wideband models, chunk by chunk.

`voice.audio.resampled` is made for whole sounds: cut into chunks it would ring at every seam.
Here each chunk is resampled with a few milliseconds of its neighbours, and only its middle is kept.
"""

from __future__ import annotations

from voice.audio import resampled

_BYTES = 2
_NEIGHBOURS = 40 * _BYTES  # 5 ms on either side, more than the filter is long


class Upsampler:
    """Turns 8 kHz into 16 kHz; what comes out is 5 ms behind until ``flush``."""

    def __init__(self) -> None:
        self._before = bytes(_NEIGHBOURS)
        self._waiting = b""

    def step(self, pcm: bytes) -> bytes:
        """Take 8 kHz sound, return the 16 kHz sound that is settled by now."""
        self._waiting += pcm
        settled = len(self._waiting) - _NEIGHBOURS
        if settled <= 0:
            return b""
        wide = resampled(self._before + self._waiting, 8000, 16000)
        tail = (self._before + self._waiting)[: len(self._before) + settled]
        self._waiting = self._waiting[settled:]
        self._before = tail[-_NEIGHBOURS:]
        return wide[2 * _NEIGHBOURS : 2 * (_NEIGHBOURS + settled)]

    def flush(self) -> bytes:
        """Return what is left; the sound is over."""
        return self.step(bytes(_NEIGHBOURS))
