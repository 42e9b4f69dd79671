"""Voice messages as phones send them: Opus in Ogg, AMR, made with PyAV."""

from __future__ import annotations

import io

import av
import numpy as np

_HZ = 440.0


def tone(seconds: float, rate_hz: int) -> np.ndarray:
    """A tone, as samples of s16."""
    at = np.arange(int(seconds * rate_hz)) / rate_hz
    return (8000 * np.sin(2 * np.pi * _HZ * at)).astype("<i2")


def opus(seconds: float = 2.0) -> bytes:
    """What Telegram sends."""
    return _encoded("ogg", "libopus", 48000, seconds)


def amr(seconds: float = 2.0) -> bytes:
    """What WeChat sends."""
    return _encoded("amr", "libopencore_amrnb", 8000, seconds, bit_rate=12200)


def _encoded(kind: str, codec: str, rate_hz: int, seconds: float, bit_rate: int = 24000) -> bytes:
    file = io.BytesIO()
    with av.open(file, "w", format=kind) as container:
        stream = container.add_stream(codec, rate=rate_hz, layout="mono", bit_rate=bit_rate)
        frame = av.AudioFrame.from_ndarray(tone(seconds, rate_hz)[None, :], "s16", "mono")
        frame.sample_rate = rate_hz
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            container.mux(packet)
    return file.getvalue()
