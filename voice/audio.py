"""The sound of a call: 8 kHz, 16 bits, little-endian, mono, in frames of 20 ms.

Everything inside the line speaks this one form; transports, recordings and engines that know
another convert at their edge with the functions that this module gathers.
"""

from __future__ import annotations

from math import log10

import numpy as np
from numpy.typing import NDArray

from voice.g711 import alaw_decode, alaw_encode, ulaw_decode, ulaw_encode
from voice.resampling import resampled
from voice.wav import SAMPLE_RATE_HZ, wav_decoded, wav_read, wav_write

FRAME_MS = 20
FRAME_SECONDS = FRAME_MS / 1000
FRAME_SAMPLES = SAMPLE_RATE_HZ * FRAME_MS // 1000
FRAME_BYTES = FRAME_SAMPLES * 2
SILENCE = bytes(FRAME_BYTES)
QUIETEST_DBFS = -96.0  # what sixteen bits can just express; stands for digital silence

__all__ = [
    "FRAME_BYTES",
    "FRAME_MS",
    "FRAME_SAMPLES",
    "FRAME_SECONDS",
    "QUIETEST_DBFS",
    "SAMPLE_RATE_HZ",
    "SILENCE",
    "alaw_decode",
    "alaw_encode",
    "frames_of",
    "level_dbfs",
    "resampled",
    "seconds_of",
    "ulaw_decode",
    "ulaw_encode",
    "wav_decoded",
    "wav_read",
    "wav_write",
    "wave_dbfs",
]


def level_dbfs(pcm: bytes) -> float:
    """Return the root mean square of ``pcm`` against full scale; a full sine has −3 dBFS."""
    return wave_dbfs(np.frombuffer(pcm, dtype="<i2").astype(np.float64))


def wave_dbfs(wave: NDArray[np.float64]) -> float:
    """Return the same of samples that are floats on the scale of 16 bits."""
    power = float(wave @ wave) / (len(wave) * 32768.0**2) if len(wave) else 0.0
    return max(10 * log10(power), QUIETEST_DBFS) if power else QUIETEST_DBFS


def frames_of(pcm: bytes) -> list[bytes]:
    """Return ``pcm`` cut into frames; the last is padded with silence."""
    padded = pcm + bytes(-len(pcm) % FRAME_BYTES)
    return [padded[at : at + FRAME_BYTES] for at in range(0, len(padded), FRAME_BYTES)]


def seconds_of(pcm: bytes) -> float:
    """Return how long ``pcm`` sounds."""
    return len(pcm) / 2 / SAMPLE_RATE_HZ
