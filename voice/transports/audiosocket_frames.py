"""AudioSocket on the wire: kind (one byte), length (two, big-endian), payload.

Knows bytes only: whoever reads the socket feeds what came, however it was split or merged.
What the kinds are is defined by Asterisk's ``res_audiosocket.h``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

HANG_UP: Final = 0x00
UUID: Final = 0x01
DTMF: Final = 0x03
AUDIO: Final = 0x10
ERROR: Final = 0xFF

HEADER_BYTES = 3
UUID_BYTES = 16
LONGEST_PAYLOAD = 0xFFFF
# What Asterisk understands from us; anything else, or audio of no length, ends its call.
SENT_KINDS = frozenset({HANG_UP, AUDIO, ERROR})


@dataclass(frozen=True)
class Frame:
    """One message, of any kind: newer exchanges may send kinds unknown here."""

    kind: int
    payload: bytes = b""


def encoded(frame: Frame) -> bytes:
    """Return the bytes of a frame; raises ValueError for audio of no length or above 16 bits."""
    size = len(frame.payload)
    if size > LONGEST_PAYLOAD or (frame.kind == AUDIO and not size):
        raise ValueError(f"expected 1 to {LONGEST_PAYLOAD} bytes of audio, got {size}")
    return bytes((frame.kind,)) + size.to_bytes(2, "big") + frame.payload


class FrameReader:
    """Puts frames together from whatever pieces a socket delivers."""

    def __init__(self) -> None:
        self._pending = bytearray()

    @property
    def pending_bytes(self) -> int:
        """How much of an unfinished frame is kept, always less than the longest frame."""
        return len(self._pending)

    def feed(self, data: bytes) -> list[Frame]:
        """Return the frames that are complete now."""
        self._pending += data
        return list(self._complete())

    def _complete(self) -> Iterator[Frame]:
        at = 0
        while (end := self._end_of(at)) <= len(self._pending):
            yield Frame(self._pending[at], bytes(self._pending[at + HEADER_BYTES : end]))
            at = end
        del self._pending[:at]

    def _end_of(self, at: int) -> int:
        """Where the frame at ``at`` ends; beyond the data if its header is not there yet."""
        length = self._pending[at + 1 : at + HEADER_BYTES]
        if len(length) < 2:
            return len(self._pending) + 1
        return at + HEADER_BYTES + int.from_bytes(length, "big")
