"""The last touch on a sentence, whoever spoke it: telephone band, even loudness, no silence around.

Speech comes to −20 dBFS, measured while somebody speaks, and peaks stay below −3 dBFS, so that the
"louder" of a caller finds room. The pause between two sentences is the call's affair.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import minimum_filter1d, uniform_filter1d

from voice.audio import FRAME_BYTES, FRAME_SAMPLES, QUIETEST_DBFS, SAMPLE_RATE_HZ, resampled
from voice.loudness import SPOKEN_DBFS, band_limited, speech_dbfs

PEAK_DBFS = -3.0
LEAD_FRAMES = 1
TAIL_FRAMES = 3
_MOST = 32767 * 10 ** (PEAK_DBFS / 20)
# What lies this far under the loudest frame at either end is not speech any more.
_EDGE_BELOW_DB = 40.0
# A file in which nobody speaks is not made to roar.
_LARGEST_GAIN_DB = 30.0
_LIMITER_SAMPLES = 65
# Limiting takes away loudness, which the second pass gives back.
_PASSES = 2


def finished(pcm: bytes, rate_hz: int) -> bytes:
    """Return speech (s16le, mono, any rate) as it goes out on the line, 8 kHz; b"" without any."""
    speech = _trimmed(band_limited(resampled(pcm, rate_hz, SAMPLE_RATE_HZ)))
    for _ in range(_PASSES):
        speech = _levelled(speech)
    return speech


def _levelled(pcm: bytes) -> bytes:
    gain_db = min(SPOKEN_DBFS - speech_dbfs(pcm), _LARGEST_GAIN_DB)
    wave = np.frombuffer(pcm, dtype="<i2").astype(np.float64) * 10 ** (gain_db / 20)
    levelled: bytes = np.rint(_limited(wave)).astype("<i2").tobytes()
    return levelled


def _limited(wave: NDArray[np.float64]) -> NDArray[np.float64]:
    """Turn the gain down softly around each peak; the window looks as far ahead as back."""
    gain = np.minimum(1.0, _MOST / np.maximum(np.abs(wave), 1.0))
    if gain.min(initial=1.0) == 1.0:
        return wave
    gain = uniform_filter1d(minimum_filter1d(gain, _LIMITER_SAMPLES), _LIMITER_SAMPLES)
    return np.asarray(np.clip(wave * gain, -_MOST, _MOST), dtype=np.float64)


def _trimmed(pcm: bytes) -> bytes:
    """Return ``pcm`` without the silence around its speech, b"" if it is all silence."""
    whole = np.frombuffer(pcm[: len(pcm) // FRAME_BYTES * FRAME_BYTES], dtype="<i2")
    powers = (whole.reshape(-1, FRAME_SAMPLES).astype(np.float64) ** 2).mean(axis=1)
    loudest = powers.max(initial=0.0)
    silence = 32768.0**2 * 10 ** (QUIETEST_DBFS / 10)
    if loudest <= silence:
        return b""
    loud = np.flatnonzero(powers > loudest * 10 ** (-_EDGE_BELOW_DB / 10))
    first = max(int(loud[0]) - LEAD_FRAMES, 0)
    return pcm[first * FRAME_BYTES : (int(loud[-1]) + 1 + TAIL_FRAMES) * FRAME_BYTES]
