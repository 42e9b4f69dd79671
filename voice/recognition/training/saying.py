"""Sentences said over a telephone line, many at once, for whoever measures what is understood.

espeak speaks in child processes, since it crashes now and then; what it crashed at stays unsaid.
"""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from voice.recognition.training import augmentation
from voice.recognition.training.arrays import Array
from voice.recognition.training.children import Counter, work_in_children
from voice.recognition.training.espeak import Espeak, Manner
from voice.recognition.training.variants import HELD_OUT

RATES = (150, 165, 185)
LAWS = ("alaw", "ulaw")
_SILENCE_SAMPLES = (2400, 6400)  # before and after
_LEVEL = 10_000.0
_CHUNK = 100
_PROCESSES = 2


@dataclass(frozen=True)
class Saying:
    """A sentence, how it is said and over what line; ``noise_db``: how far below the voice."""

    text: str
    manner: Manner
    law: str = "ulaw"
    noise_db: float | None = None
    seed: int = 0


def in_turn(texts: Sequence[str], noise_db: float | None = None) -> list[Saying]:
    """Let the voices that no training heard take turns, at changing speed and in both laws."""
    return [
        Saying(
            text,
            Manner(HELD_OUT[number % len(HELD_OUT)], RATES[number % len(RATES)]),
            LAWS[number % len(LAWS)],
            noise_db,
            number,
        )
        for number, text in enumerate(texts)
    ]


def say_all(sayings: Sequence[Saying], title: str = "saying") -> list[bytes]:
    """Return each as s16le at 8 kHz with silence around it, b"" for what espeak died of."""
    numbered = list(enumerate(sayings))
    chunks = [numbered[start : start + _CHUNK] for start in range(0, len(numbered), _CHUNK)]
    sounds: dict[int, bytes] = {}
    with TemporaryDirectory() as folder:
        outputs = [str(Path(folder) / f"{number}") for number in range(len(chunks))]
        work_in_children(say_chunk, chunks, outputs, _PROCESSES, title)
        for output in outputs:
            sounds |= pickle.loads(Path(output).read_bytes())  # noqa: S301 (written by our child)
    return [sounds.get(number, b"") for number in range(len(sayings))]


def say_chunk(sayings: Sequence[tuple[int, Saying]], output: str, counter: Counter) -> None:
    """Say one chunk; runs in a child process."""
    espeak, sounds = Espeak(), {}
    for number, saying in sayings:
        counter.step()
        spoken = espeak.speak(saying.text, saying.manner)
        sounds[number] = over_line(spoken.samples, saying.law, saying.noise_db, saying.seed)
    Path(output).write_bytes(pickle.dumps(sounds))


def over_line(samples: Array, law: str, noise_db: float | None, seed: int) -> bytes:
    """Return espeak's samples as they arrive at the far end, perhaps with noise."""
    voice, _ = augmentation.to_line_rate(samples)
    before, after = _SILENCE_SAMPLES
    sound = np.concatenate([np.zeros(before), voice, np.zeros(after)])
    sound *= _LEVEL / (np.abs(sound).max() + 1e-6)
    if noise_db is not None:
        sound = augmentation.with_noise(sound, noise_db, np.random.default_rng(seed))
    return augmentation.coded(sound, law).tobytes()
