"""Reads a question whole: which record and which facet it sounds like.

A small convolutional network (Kim 2014) over characters and their folded sounds, trained with
PyTorch by ``knowledge.reading`` and run with NumPy alone: about a millisecond a question. It knows
the records that were there when it was trained; what the office adds later is found by the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from knowledge.search.analysis import content, spoken_units
from knowledge.search.encoder import TRAINED_DIR

READER_FILE = TRAINED_DIR / "reader.npz"
# Of a longer text the beginning and the end are read.
LONGEST = 64
SHORTEST = 4
PADDING, UNKNOWN = 0, 1
# A record's logarithmic probability counts from this on.
FLOOR = 12.0

Floats = npt.NDArray[np.float32]
Units = tuple[list[int], list[int]]


@dataclass(frozen=True)
class Vocabulary:
    """Numbers of characters and sounds, from 2 on; 0 is padding, 1 is whatever else."""

    characters: dict[str, int]
    sounds: dict[str, int]

    def units(self, text: str) -> Units:
        """Return the numbers of a text's characters and of their sounds, equally many."""
        units = spoken_units(content(text))
        if len(units) > LONGEST:
            units = [*units[: LONGEST // 2], *units[-LONGEST // 2 :]]
        return (
            [self.characters.get(character, UNKNOWN) for character, _ in units],
            [self.sounds.get(sound, UNKNOWN) for _, sound in units],
        )


@dataclass(frozen=True)
class Reading:
    """Probabilities of facets, and of records as a sign (0..1) by id."""

    facets: dict[str, float]
    signs: dict[str, float]


class Reader:
    """The trained network.

    ``convolutions`` are (weights of shape (width · depth, filters), offsets); ``heads`` and
    ``names`` are those of records and of facets.
    """

    def __init__(
        self,
        vocabulary: Vocabulary,
        embeddings: tuple[Floats, Floats],
        convolutions: Sequence[tuple[Floats, Floats]],
        heads: tuple[tuple[Floats, Floats], tuple[Floats, Floats]],
        names: tuple[Sequence[str], Sequence[str]],
    ) -> None:
        self._vocabulary = vocabulary
        self._embeddings = embeddings
        self._convolutions = tuple(convolutions)
        self._heads = heads
        self._owners, self._facets = (tuple(each) for each in names)

    def read(self, text: str) -> Reading:
        """Return what a text sounds like; a text without letters like nothing."""
        units = self._vocabulary.units(text)
        if not units[0]:
            return Reading(dict.fromkeys(self._facets, 1 / len(self._facets)), {})
        heard = self._pooled(*units)
        owners, facets = (_log_softmax(heard @ weights + offset) for weights, offset in self._heads)
        signs = np.maximum(owners + FLOOR, 0.0) / FLOOR
        return Reading(
            dict(zip(self._facets, map(float, np.exp(facets)), strict=True)),
            dict(zip(self._owners, map(float, signs), strict=True)),
        )

    def _pooled(self, characters: list[int], sounds: list[int]) -> Floats:
        """The strongest answer of every filter anywhere in the text."""
        length = len(characters)
        missing = [PADDING] * max(0, SHORTEST - length)
        table = np.concatenate(
            [self._embeddings[0][characters + missing], self._embeddings[1][sounds + missing]],
            axis=1,
        )
        strongest = []
        for weights, offset in self._convolutions:
            width = len(weights) // table.shape[1]
            padded = np.pad(table, ((width // 2, width // 2), (0, 0)))
            windows = np.stack([padded[at : at + width].ravel() for at in range(length)])
            strongest.append(np.maximum(windows @ weights + offset, 0.0).max(axis=0))
        return np.concatenate(strongest)

    def save(self, path: Path) -> None:
        """Write everything to one compressed file, the same bytes for the same weights."""
        arrays: dict[str, npt.NDArray[np.generic]] = {
            "characters": np.array(list(self._vocabulary.characters)),
            "sounds": np.array(list(self._vocabulary.sounds)),
            "owners": np.array(self._owners),
            "facets": np.array(self._facets),
            "character_embedding": self._embeddings[0].astype(np.float16),
            "sound_embedding": self._embeddings[1].astype(np.float16),
        }
        pairs = (*self._convolutions, *self._heads)
        for number, (weights, offset) in enumerate(pairs):
            arrays[f"weights{number}"] = weights.astype(np.float16)
            arrays[f"offset{number}"] = offset.astype(np.float32)
        np.savez_compressed(path, **arrays)

    @classmethod
    def load(cls, path: Path) -> Reader:
        """Read what ``save`` wrote."""
        with np.load(path, allow_pickle=False) as stored:
            count = sum(name.startswith("weights") for name in stored.files)
            pairs = [
                (stored[f"weights{n}"].astype(np.float32), stored[f"offset{n}"])
                for n in range(count)
            ]
            numbered = (
                {unit: number for number, unit in enumerate(stored[name].tolist(), start=2)}
                for name in ("characters", "sounds")
            )
            return cls(
                Vocabulary(*numbered),
                (
                    stored["character_embedding"].astype(np.float32),
                    stored["sound_embedding"].astype(np.float32),
                ),
                pairs[:-2],
                (pairs[-2], pairs[-1]),
                (stored["owners"].tolist(), stored["facets"].tolist()),
            )


@lru_cache(maxsize=1)
def shipped_reader() -> Reader | None:
    """Return the trained reader, or None if none was trained."""
    return Reader.load(READER_FILE) if READER_FILE.is_file() else None


def _log_softmax(scores: Floats) -> Floats:
    shifted = scores - scores.max()
    logarithms: Floats = shifted - np.log(np.exp(shifted).sum())
    return logarithms
