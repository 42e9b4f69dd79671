"""The network: convolutions over time, small enough for a telephone line's test.

Five frames, then three with a stride of three (10 ms become 30 ms), then three at a time four times
over; each convolution is followed by a rectifier and a normalisation. Exported to vosk as affine
layers by ``export``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from torch import nn

from voice.recognition.training.dataset import STEP


@dataclass(frozen=True)
class Layer:
    """One convolution; ``spacing`` is how many input frames lie between its taps."""

    taps: int
    stride: int
    spacing: int

    @property
    def offsets(self) -> tuple[int, ...]:
        """Return where its taps lie around the answer, in input frames."""
        reach = self.taps // 2
        return tuple(self.spacing * tap for tap in range(-reach, reach + 1))


LAYERS = (Layer(5, 1, 1), Layer(3, STEP, 1), *[Layer(3, 1, STEP)] * 4)
CONTEXT = sum(layer.offsets[-1] for layer in LAYERS)  # frames needed on either side


def new_network(input_size: int, units: int, class_count: int) -> Any:
    """Return an untrained network: (batch, input_size, frames) → (batch, class_count, answers)."""
    parts: list[Any] = []
    size = input_size
    for layer in LAYERS:
        parts += [nn.Conv1d(size, units, layer.taps, layer.stride), nn.ReLU()]
        parts += [nn.BatchNorm1d(units)]
        size = units
    return nn.Sequential(*parts, nn.Conv1d(size, class_count, 1))


def frames_for(answers: int) -> int:
    """Return how many frames must go in for so many answers to come out."""
    return STEP * (answers - 1) + 1 + 2 * CONTEXT
