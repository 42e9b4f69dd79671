"""The frames on disk as one stream with the network's targets.

Each phone has two classes: its onset and its rest. With one class only, a phone said twice in a
row (二二) could not be told from a long one. The network answers every third frame; a target is an
onset if a phone began in the frame answered for or in the two before it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from voice.recognition.training.alignment import SILENCE
from voice.recognition.training.arrays import Array

STEP = 3  # frames of input per answer


@dataclass(frozen=True)
class Frames:
    """``cepstra``: (frames, size); ``targets``: phones, then the same phones again for rests."""

    cepstra: Array
    targets: Array
    phones: tuple[str, ...]

    @property
    def class_count(self) -> int:
        """Return how many answers the network has."""
        return 2 * len(self.phones)


def load_frames(folder: Path) -> Frames:
    """Return all that ``speech`` wrote to the folder; silence is the first phone."""
    parts = [np.load(path) for path in sorted(folder.glob("*.npz"))]
    if not parts:
        raise FileNotFoundError(f"expected spoken frames in {folder}, found none")
    found = {str(name) for part in parts for name in part["names"]}
    phones = (SILENCE, *sorted(found - {SILENCE}))
    number_of = {name: number for number, name in enumerate(phones)}
    numbers = [
        np.array([number_of[str(name)] for name in part["names"]])[part["phones"]] for part in parts
    ]
    targets = classes(
        np.concatenate(numbers), np.concatenate([part["begins"] for part in parts]), len(phones)
    )
    return Frames(np.concatenate([part["cepstra"] for part in parts]), targets, phones)


def classes(numbers: Array, begins: Array, phone_count: int) -> Array:
    """Return the class of each frame: the phone's number at its onset, else that plus the count."""
    onset = begins.copy()
    for frames in range(1, STEP):
        onset[frames:] |= begins[:-frames]
    return np.where(onset, numbers, numbers + phone_count).astype(np.int64)


def priors(targets: Array, class_count: int) -> Array:
    """Return how often each class occurs; none is impossible."""
    counts = np.bincount(targets[::STEP], minlength=class_count) + 30.0
    shares: Array = counts / counts.sum()
    return shares
