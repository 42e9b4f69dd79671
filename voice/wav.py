"""WAV files in and out.

Reads what recorders, telephones and sound editors write: integers of 8 to 32 bits, floats, both
G.711 laws, any number of channels, headers of the extensible kind, files whose writer died before
it could fill in the length. Writes one kind: 16 bits, mono, 8 kHz.
"""

from __future__ import annotations

import struct
import wave
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from voice.errors import AudioUnreadable
from voice.g711 import alaw_decode, ulaw_decode
from voice.resampling import resampled

SAMPLE_RATE_HZ = 8000
_INTEGER, _FLOAT, _ALAW, _ULAW, _EXTENSIBLE = 1, 3, 6, 7, 0xFFFE
_LOWEST_RATE_HZ, _HIGHEST_RATE_HZ = 4000, 192_000


@dataclass(frozen=True)
class _Format:
    coding: int
    channels: int
    rate_hz: int
    bits: int


def wav_read(path: str | Path) -> bytes:
    """Return the sound of a WAV file as s16le, mono, 8 kHz. Raises AudioUnreadable, OSError."""
    return wav_decoded(Path(path).read_bytes())


def wav_decoded(content: bytes) -> bytes:
    """Return the sound of a WAV file's bytes as s16le, mono, 8 kHz. Raises AudioUnreadable."""
    if content[:4] != b"RIFF" or content[8:12] != b"WAVE":
        raise AudioUnreadable("expected a WAV file (RIFF … WAVE), got something else")
    chunks = dict(_chunks(content))
    if b"fmt " not in chunks or b"data" not in chunks:
        raise AudioUnreadable("expected the chunks 'fmt ' and 'data', one is missing")
    form = _format(chunks[b"fmt "])
    mono = _mono(_samples(chunks[b"data"], form), form.channels)
    pcm = np.clip(np.rint(mono), -32768, 32767).astype("<i2").tobytes()
    return resampled(pcm, form.rate_hz, SAMPLE_RATE_HZ)


def wav_write(path: str | Path, pcm: bytes) -> None:
    """Write ``pcm`` (s16le, mono, 8 kHz) as a WAV file."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE_HZ)
        file.writeframes(pcm)


def _chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Name and body of each chunk; a length beyond the end means "up to the end"."""
    at = 12
    while at + 8 <= len(content):
        name, length = content[at : at + 4], struct.unpack_from("<I", content, at + 4)[0]
        unfinished = name == b"data" and length == 0  # its writer never came back to fill it in
        body = content[at + 8 :] if unfinished else content[at + 8 : at + 8 + length]
        yield name, body
        at += 8 + len(body) + len(body) % 2


def _format(body: bytes) -> _Format:
    if len(body) < 16:
        raise AudioUnreadable(f"expected at least 16 bytes of format, got {len(body)}")
    coding, channels, rate_hz, _, _, bits = struct.unpack_from("<HHIIHH", body)
    if coding == _EXTENSIBLE and len(body) >= 26:
        coding = struct.unpack_from("<H", body, 24)[0]
    if not channels or not _LOWEST_RATE_HZ <= rate_hz <= _HIGHEST_RATE_HZ:
        raise AudioUnreadable(f"expected sound at 4 to 192 kHz, got {channels} × {rate_hz} Hz")
    return _Format(coding, channels, rate_hz, bits)


def _samples(data: bytes, form: _Format) -> NDArray[np.float64]:
    """All channels interleaved, on the scale of 16 bits."""
    width = max(form.bits // 8, 1)
    data = data[: len(data) // (width * form.channels) * width * form.channels]
    if form.coding in (_ALAW, _ULAW) and form.bits == 8:
        pcm = (alaw_decode if form.coding == _ALAW else ulaw_decode)(data)
        return np.frombuffer(pcm, dtype="<i2").astype(np.float64)
    if form.coding == _FLOAT and form.bits in (32, 64):
        floats = np.frombuffer(data, dtype=f"<f{width}").astype(np.float64)
        return np.nan_to_num(np.clip(floats, -1.0, 1.0)) * 32768
    if form.coding == _INTEGER and form.bits in (8, 16, 24, 32):
        return _integers(data, width)
    raise AudioUnreadable(f"expected PCM, float or G.711, got {form.bits} bits of {form.coding}")


def _integers(data: bytes, width: int) -> NDArray[np.float64]:
    """Integers of ``width`` bytes on the scale of 16 bits; those of one byte are unsigned."""
    if width == 1:
        return (np.frombuffer(data, dtype=np.uint8).astype(np.float64) - 128) * 256
    padded = np.zeros((len(data) // width, 4), dtype=np.uint8)
    padded[:, 4 - width :] = np.frombuffer(data, dtype=np.uint8).reshape(-1, width)
    return padded.reshape(-1).view("<i4").astype(np.float64) / 65536


def _mono(samples: NDArray[np.float64], channels: int) -> NDArray[np.float64]:
    return np.asarray(samples.reshape(-1, channels).mean(axis=1), dtype=np.float64)
