"""Another sampling rate for the same sound, without aliases.

A polyphase filter of our own design: all that the narrower of the two rates can carry passes up to
92 % of its band, what lies beyond is at least 60 dB down. Whole sounds, not streams.
"""

from __future__ import annotations

from functools import lru_cache
from math import gcd

import numpy as np
from numpy.typing import NDArray
from scipy.signal import firwin, resample_poly

_HALF_LENGTH = 24  # taps on either side per sample of the narrower rate
_KAISER_BETA = 7.0  # about 70 dB beyond the band
_CUTOFF = 0.94  # of the narrower band, where the filter is 6 dB down


@lru_cache(maxsize=16)
def _low_pass(up: int, down: int) -> NDArray[np.float64]:
    """The filter at the common multiple of both rates."""
    widest = max(up, down)
    taps = firwin(2 * _HALF_LENGTH * widest + 1, _CUTOFF / widest, window=("kaiser", _KAISER_BETA))
    return np.asarray(taps, dtype=np.float64)


def resampled(pcm: bytes, from_hz: int, to_hz: int) -> bytes:
    """Return the sound ``pcm`` (s16le, mono) at ``to_hz``; equally long to within one sample."""
    if from_hz == to_hz or not pcm:
        return pcm
    common = gcd(from_hz, to_hz)
    up, down = to_hz // common, from_hz // common
    samples = np.frombuffer(pcm, dtype="<i2").astype(np.float64)
    wave = resample_poly(samples, up, down, window=_low_pass(up, down))
    other: bytes = np.clip(np.rint(wave), -32768, 32767).astype("<i2").tobytes()
    return other
