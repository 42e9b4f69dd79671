"""Louder speech for a caller who hears badly, without the crackle of clipped peaks."""

from __future__ import annotations

import numpy as np

FULL_SCALE = 32767.0
# Samples up to here are amplified as they are; what goes beyond is bent, not cut.
KNEE = 0.6 * FULL_SCALE


def amplified(pcm: bytes, gain_db: float) -> bytes:
    """Return s16le samples louder by ``gain_db``; no sample leaves full scale.

    Without memory, so frames may be amplified one by one and the gain may change between them.
    """
    if not gain_db:
        return pcm
    wave = np.frombuffer(pcm, dtype="<i2").astype(np.float32) * 10 ** (gain_db / 20)
    loud, room = np.abs(wave), FULL_SCALE - KNEE
    bent = KNEE + room * np.tanh((loud - KNEE) / room)
    limited = np.where(loud > KNEE, np.sign(wave) * bent, wave)
    louder: bytes = np.rint(limited).astype("<i2").tobytes()
    return louder
