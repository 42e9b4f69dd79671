r"""The parts of Kaldi's binary file formats that vosk reads, written by ourselves.

A file opens with ``\0B``; tokens are ASCII with a blank behind; a number is its width in bytes and
itself, little-endian. Which tokens make a model is told by ``export``.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from voice.recognition.training.arrays import Array

_INT = b"\4"
_EIGHT_BITS = 255


@dataclass
class BinaryWriter:
    """Gathers the bytes of one file in ``data``."""

    data: bytearray = field(default_factory=lambda: bytearray(b"\0B"))

    def token(self, *names: str) -> None:
        """Write tokens such as ``<Topology>``."""
        for name in names:
            self.data += name.encode("ascii") + b" "

    def text(self, text: str) -> None:
        """Write configuration lines as they are."""
        self.data += text.encode("ascii")

    def integer(self, *values: int) -> None:
        """Write 32-bit integers."""
        for value in values:
            self.data += _INT + struct.pack("<i", value)

    def real(self, *values: float) -> None:
        """Write 32-bit floating-point numbers."""
        for value in values:
            self.data += _INT + struct.pack("<f", value)

    def integers(self, values: Sequence[int]) -> None:
        """Write a vector of integers, its length first."""
        self.data += _INT + struct.pack("<i", len(values)) + np.asarray(values, "<i4").tobytes()

    def vector(self, values: Sequence[float] | Array) -> None:
        """Write a vector of floating-point numbers."""
        self.token("FV")
        self.integer(len(values))
        self.data += np.asarray(values, "<f4").tobytes()

    def matrix(self, rows: Array) -> None:
        """Write a matrix in full."""
        self.token("FM")
        self.integer(*rows.shape)
        self.data += rows.astype("<f4").tobytes()

    def matrix_in_bytes(self, rows: Array) -> None:
        """Write a matrix with eight bits per number between its least and its greatest."""
        least, spread = float(rows.min()), float(np.ptp(rows)) or 1.0
        steps = np.rint((rows - least) / spread * _EIGHT_BITS)
        self.token("CM3")
        self.data += struct.pack("<ffii", least, spread, *rows.shape)
        self.data += steps.astype(np.uint8).tobytes()


def write_transition_model(file: BinaryWriter, phone_classes: Sequence[int], classes: int) -> None:
    """Write one state per phone that is entered with one class and stays with another.

    ``phone_classes[i]``: class on entering phone i + 1; on staying that plus half of ``classes``.
    Transition 2p leads on from phone p, 2p - 1 stays in it, both as likely.
    """
    phones = range(1, len(phone_classes) + 1)
    file.token("<TransitionModel>", "<Topology>")
    file.integers(list(phones))
    file.integers([-1] + [0] * len(phone_classes))
    file.integer(-1)  # states have a class for entering and one for staying
    file.integer(1, 2)  # one topology of two states
    file.integer(0, 1, 2)
    for destination in (0, 1):
        file.integer(destination)
        file.real(0.5)
    file.integer(-1, -1, 0)  # the last state emits nothing
    file.token("</Topology>", "<Tuples>")
    file.integer(len(phone_classes))
    for phone, entering in zip(phones, phone_classes, strict=True):
        file.integer(phone, 0, entering, entering + classes // 2)
    file.token("</Tuples>", "<LogProbs>")
    file.vector([0.0] + [float(np.log(0.5))] * (2 * len(phone_classes)))
    file.token("</LogProbs>", "</TransitionModel>")
