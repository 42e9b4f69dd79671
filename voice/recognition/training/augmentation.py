"""What a telephone line does to a voice: band, tilt, level, noise, G.711; and the voice's own pace.

Everything works on float samples at 8 kHz in the range of int16 and draws from the generator it
is given, so that the same seed gives the same line.
"""

from __future__ import annotations

import numpy as np
from scipy.signal import butter, resample_poly, sosfilt

from voice import g711
from voice.recognition.training.arrays import Array
from voice.recognition.training.espeak import SAMPLE_RATE_HZ

LINE_RATE_HZ = 8000
_DOWN = 441  # 22,050 Hz → 8,000 Hz is 160 : 441
_UP = 160
_FULL_SCALE = 32767.0
_LOUD_SHARE = 0.05  # samples above this share of the peak count as speech


def to_line_rate(samples: Array, pace: float = 1.0) -> tuple[Array, float]:
    """Return the voice at 8 kHz and how many of its samples one of espeak's became.

    A pace above 1 speaks faster and higher, as a smaller person would.
    """
    down = round(_DOWN * pace)
    return resample_poly(samples.astype(np.float64), _UP, down), _UP / down


def random_pace(random: np.random.Generator) -> float:
    """Return 1 for two voices of five, else up to a sixth slower or faster."""
    return 1.0 if random.random() < 0.4 else random.uniform(0.84, 1.19)


def random_line(voice: Array, random: np.random.Generator) -> Array:
    """Return the voice as it arrives over some line, as int16 values."""
    if random.random() < 0.5:
        voice = _banded(voice, random)
    if random.random() < 0.5:
        voice = _tilted(voice, random.uniform(-0.5, 0.5))
    voice = voice * (_FULL_SCALE * 10 ** (-random.uniform(1, 30) / 20) / _peak(voice))
    kind = random.random()
    if kind < 0.7:
        voice = with_noise(voice, random.uniform(5, 40), random)
    elif kind < 0.85:
        voice = voice + random.standard_normal(len(voice)) * random.uniform(0.3, 10)
    return coded(voice, random.choice(["", "alaw", "ulaw"]))


def with_noise(voice: Array, ratio_db: float, random: np.random.Generator) -> Array:
    """Return the voice with noise of a random colour, ``ratio_db`` below the speech in it."""
    loud = voice[np.abs(voice) > _LOUD_SHARE * _peak(voice)]
    level = loud.std() if len(loud) else 1.0
    noisy: Array = voice + _noise(len(voice), random) * level * 10 ** (-ratio_db / 20)
    return noisy


def coded(voice: Array, law: str) -> Array:
    """Return int16 samples after G.711: ``alaw``, ``ulaw``, or neither."""
    samples = np.clip(np.rint(voice), -32768, 32767).astype("<i2")
    if law == "alaw":
        return np.frombuffer(g711.alaw_decode(g711.alaw_encode(samples.tobytes())), "<i2")
    if law == "ulaw":
        return np.frombuffer(g711.ulaw_decode(g711.ulaw_encode(samples.tobytes())), "<i2")
    return samples


def _peak(voice: Array) -> float:
    return float(np.abs(voice).max(initial=0.0)) + 1e-6


def _banded(voice: Array, random: np.random.Generator) -> Array:
    edges = [random.uniform(60, 320), random.uniform(3200, 3900)]
    order = int(random.integers(2, 5))
    return _filtered(voice, order, edges)


def _tilted(voice: Array, slope: float) -> Array:
    tilted: Array = voice + slope * np.concatenate([voice[:1] * 0, voice[:-1]])
    return tilted


def _noise(count: int, random: np.random.Generator) -> Array:
    white = random.standard_normal(count)
    kind = random.integers(4)
    if kind == 1:
        walk = np.cumsum(white)
        white = walk - np.convolve(walk, np.ones(400) / 400, "same")
    elif kind == 2:
        white = _filtered(white, 2, [100, 1200])
    elif kind == 3:
        turns = 2 * np.pi * np.arange(count) / LINE_RATE_HZ
        white = np.sin(50 * turns) + 0.3 * np.sin(150 * turns) + 0.2 * white
    noise: Array = white / (white.std() + 1e-9)
    return noise


def _filtered(voice: Array, order: int, edges: list[float]) -> Array:
    bands = butter(order, edges, "band", fs=LINE_RATE_HZ, output="sos")
    filtered: Array = sosfilt(bands, voice)
    return filtered


assert SAMPLE_RATE_HZ * _UP == LINE_RATE_HZ * _DOWN
