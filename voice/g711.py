"""G.711: the two laws by which telephones write a sample in eight bits.

Encoding follows the reference code of ITU-T G.191 bit for bit: the sixteen-bit sample loses its
lowest bits (two for the µ-law, four for the A-law), a negative one is complemented. All 65,536
samples are worked out once, at import; a frame is then a look-up.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.int16]
Codes = NDArray[np.uint8]

_ULAW_BIAS = 33  # in fourteen-bit steps; makes every segment start at a power of two
_ULAW_LARGEST = 0x1FFF


def _all_samples() -> NDArray[np.int64]:
    """Every sixteen-bit sample, in the order of its bits as an unsigned number."""
    return np.arange(65536, dtype=np.uint16).view(np.int16).astype(np.int64)


def _segment(magnitude: NDArray[np.int64], first_bit: int) -> NDArray[np.int64]:
    """How far the highest bit set lies above ``first_bit``; 0 if it lies at it or below."""
    segment = np.zeros_like(magnitude)
    for bit in range(first_bit + 1, first_bit + 8):
        segment += (magnitude >> bit) > 0
    return segment


def _alaw_codes() -> Codes:
    samples = _all_samples()
    magnitude = np.where(samples < 0, ~samples, samples) >> 4
    segment = _segment(magnitude, first_bit=3)
    mantissa = (magnitude >> np.maximum(segment - 1, 0)) & 0x0F
    sign = np.where(samples < 0, 0, 0x80)
    codes: Codes = ((sign | (segment << 4) | mantissa) ^ 0x55).astype(np.uint8)
    return codes


def _alaw_samples() -> Samples:
    codes = np.arange(256, dtype=np.int64) ^ 0x55
    segment, mantissa = (codes >> 4) & 0x07, codes & 0x0F
    step = (mantissa << 4) + 8
    magnitude = np.where(segment == 0, step, (step + 0x100) << np.maximum(segment - 1, 0))
    return np.where(codes & 0x80, magnitude, -magnitude).astype(np.int16)


def _ulaw_codes() -> Codes:
    samples = _all_samples()
    magnitude = np.where(samples < 0, ~samples, samples) >> 2
    biased = np.minimum(magnitude + _ULAW_BIAS, _ULAW_LARGEST)
    segment = _segment(biased, first_bit=5)
    mantissa = (biased >> (segment + 1)) & 0x0F
    sign = np.where(samples < 0, 0x80, 0)
    codes: Codes = (~(sign | (segment << 4) | mantissa) & 0xFF).astype(np.uint8)
    return codes


def _ulaw_samples() -> Samples:
    codes = ~np.arange(256, dtype=np.int64) & 0xFF
    segment, mantissa = (codes >> 4) & 0x07, codes & 0x0F
    magnitude = ((((mantissa << 1) + _ULAW_BIAS) << segment) - _ULAW_BIAS) << 2
    return np.where(codes & 0x80, -magnitude, magnitude).astype(np.int16)


_ALAW_CODES, _ALAW_SAMPLES = _alaw_codes(), _alaw_samples()
_ULAW_CODES, _ULAW_SAMPLES = _ulaw_codes(), _ulaw_samples()


def alaw_encode(pcm: bytes) -> bytes:
    """Return one A-law byte per sample of ``pcm`` (s16le)."""
    codes: bytes = _ALAW_CODES[np.frombuffer(pcm, dtype="<u2")].tobytes()
    return codes


def alaw_decode(codes: bytes) -> bytes:
    """Return s16le, one sample per A-law byte."""
    pcm: bytes = _ALAW_SAMPLES[np.frombuffer(codes, dtype=np.uint8)].astype("<i2").tobytes()
    return pcm


def ulaw_encode(pcm: bytes) -> bytes:
    """Return one µ-law byte per sample of ``pcm`` (s16le)."""
    codes: bytes = _ULAW_CODES[np.frombuffer(pcm, dtype="<u2")].tobytes()
    return codes


def ulaw_decode(codes: bytes) -> bytes:
    """Return s16le, one sample per µ-law byte; 0x7F, the µ-law's minus zero, becomes 0."""
    pcm: bytes = _ULAW_SAMPLES[np.frombuffer(codes, dtype=np.uint8)].astype("<i2").tobytes()
    return pcm
