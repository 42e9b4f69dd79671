"""What an engine's child process and its supervisor write to each other.

A request is a rate (float64), the length of a text and the text; what the rate means is the
engine's affair. A reply is a sampling rate and the length of the sound that follows (s16le, mono);
the rate 0 means that it went wrong, and what follows says why. The first reply comes unasked: the
child is ready.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO

REQUEST = struct.Struct(">dI")
REPLY = struct.Struct(">II")


@dataclass(frozen=True)
class Sound:
    """Samples as an engine gives them: s16le, mono."""

    rate_hz: int
    pcm: bytes


Speak = Callable[[str, float], Sound]


def request(text: str, rate: float) -> bytes:
    """Return a request as bytes."""
    body = text.encode()
    return REQUEST.pack(rate, len(body)) + body


def serve(prepare: Callable[[], Speak]) -> None:
    """Speak what is asked on standard input until it is closed; runs in the child.

    Whatever a library prints goes to standard error, the real standard output is ours alone.
    """
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    requests = os.fdopen(os.dup(0), "rb")
    try:
        speak = prepare()
    except Exception as fault:  # noqa: BLE001 - told to the supervisor, whatever it is
        _refuse(replies, f"{type(fault).__name__}: {fault}")
        return
    _send(replies, REPLY.pack(1, 0))
    while len(head := requests.read(REQUEST.size)) == REQUEST.size:
        rate, length = REQUEST.unpack(head)
        text = requests.read(length).decode()
        try:
            sound = speak(text, rate)
        except Exception as fault:  # noqa: BLE001 - told to the supervisor, whatever it is
            # Its own words may quote what was to be spoken.
            _refuse(replies, type(fault).__name__)
            continue
        _send(replies, REPLY.pack(sound.rate_hz, len(sound.pcm)) + sound.pcm)


def _refuse(replies: BinaryIO, why: str) -> None:
    body = why.encode()
    _send(replies, REPLY.pack(0, len(body)) + body)


def _send(replies: BinaryIO, message: bytes) -> None:
    replies.write(message)
    replies.flush()
