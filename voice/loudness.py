"""What a telephone carries of a sound, and how loud the speech in it is."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, sosfilt

from voice.audio import FRAME_BYTES, QUIETEST_DBFS, SAMPLE_RATE_HZ, frames_of, level_dbfs

LOWEST_HZ, HIGHEST_HZ = 300.0, 3400.0
SPOKEN_DBFS = -20.0
_PAUSE_BELOW_DB = 25.0  # under the loudest frame: a pause, which says nothing of the loudness


def band_limited(pcm: bytes) -> bytes:
    """Return ``pcm`` without what a telephone does not carry; equally long."""
    return _pcm(np.asarray(sosfilt(_band(), _wave(pcm)))) if pcm else pcm


def speech_dbfs(pcm: bytes) -> float:
    """Return the level of ``pcm`` without its pauses; `QUIETEST_DBFS` if it is silent."""
    levels = [level_dbfs(pcm[at : at + FRAME_BYTES]) for at in range(0, len(pcm), FRAME_BYTES)]
    loudest = max(levels, default=QUIETEST_DBFS)
    frames = zip(frames_of(pcm), levels, strict=True)
    return level_dbfs(b"".join(frame for frame, dbfs in frames if dbfs > loudest - _PAUSE_BELOW_DB))


@lru_cache(maxsize=1)
def _band() -> NDArray[np.float64]:
    edges = [LOWEST_HZ, HIGHEST_HZ]
    return np.asarray(butter(4, edges, "bandpass", fs=SAMPLE_RATE_HZ, output="sos"))


def _wave(pcm: bytes) -> NDArray[np.float64]:
    return np.frombuffer(pcm, dtype="<i2").astype(np.float64)


def _pcm(wave: NDArray[np.float64]) -> bytes:
    pcm: bytes = np.clip(np.rint(wave), -32768, 32767).astype("<i2").tobytes()
    return pcm
