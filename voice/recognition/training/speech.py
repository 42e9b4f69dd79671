"""Training material: sentences spoken, sent over a line, cut into frames that know their phone.

Works chunk by chunk in child processes; each writes one file. The network's targets are made of it
by ``dataset``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from voice.recognition.training import augmentation
from voice.recognition.training.alignment import SILENCE, NotMandarin, Segment, segments
from voice.recognition.training.arrays import Array
from voice.recognition.training.children import Counter, work_in_children
from voice.recognition.training.espeak import Espeak, Manner, Spoken
from voice.recognition.training.features import Cepstra
from voice.recognition.training.recipe import AcousticRecipe
from voice.recognition.training.variants import TRAINED
from voice.recognition.training.voices import invented_names, with_invented_voices

_CHUNK = 1000
_SHORTEST_SAMPLES = 2000
_INVENTED_SHARE = 0.6


@dataclass(frozen=True)
class Job:
    """One utterance to make; the seed decides voice, pace and line."""

    text: str
    seed: int
    cepstra: Cepstra
    espeak_data: str


@dataclass(frozen=True)
class LabelledFrames:
    """Frames, the phone each belongs to, and whether a phone begins there."""

    cepstra: Array
    phones: Sequence[str]
    numbers: Array
    begins: Array


def speak_all(lines: Sequence[str], recipe: AcousticRecipe, folder: Path, processes: int) -> None:
    """Write the frames of all lines to ``folder``, a file per thousand."""
    data = str(with_invented_voices(folder.parent / "espeak", recipe.seed))
    first = recipe.seed * 1_000_000
    jobs = [Job(text, first + i, recipe.cepstra, data) for i, text in enumerate(lines)]
    chunks = [jobs[start : start + _CHUNK] for start in range(0, len(jobs), _CHUNK)]
    outputs = [str(folder / f"{number:03}.npz") for number in range(len(chunks))]
    work_in_children(write_chunk, chunks, outputs, processes, "speech")


def write_chunk(jobs: Sequence[Job], output: str, counter: Counter) -> None:
    """Speak one chunk; runs in a child process."""
    espeak = Espeak(jobs[0].espeak_data)
    made = []
    for job in jobs:
        counter.step()
        try:
            made.append(_labelled(espeak, job))
        except NotMandarin:
            continue
    _write(made, output)


def random_manner(random: np.random.Generator) -> Manner:
    """Return a voice of the training set, its speed, pitch and melody."""
    voices = invented_names() if random.random() < _INVENTED_SHARE else TRAINED
    return Manner(
        variant=str(random.choice(voices)),
        rate=int(random.uniform(115, 230)),
        pitch=int(random.uniform(15, 90)),
        pitch_range=int(random.uniform(25, 85)),
        word_gap=int(random.choice([0, 0, 0, 0, 1, 3])),
    )


def labels(
    said: Sequence[Segment], ratio: float, lead: int, cepstra: Cepstra, frame_count: int
) -> tuple[list[str], Array, Array]:
    """Return the phones, each frame's number among them, and where a segment begins.

    A frame belongs to the phone at its centre. ``ratio``: line samples per sample of espeak's;
    ``lead``: line samples of silence before the voice.
    """
    names = [SILENCE, *sorted({segment.phone for segment in said} - {SILENCE})]
    centres = np.arange(frame_count) * cepstra.shift_samples + cepstra.frame_samples // 2
    moments = (centres - lead) / ratio
    index = np.searchsorted([segment.start for segment in said], moments, "right") - 1
    outside = (index < 0) | (moments >= said[-1].end)
    number = np.array([names.index(segment.phone) for segment in said])[np.maximum(index, 0)]
    index[outside] = -1
    begins = np.diff(index, prepend=-2) != 0
    return names, np.where(outside, 0, number), begins


def _labelled(espeak: Espeak, job: Job) -> LabelledFrames:
    random = np.random.default_rng(job.seed)
    spoken = espeak.speak(job.text, random_manner(random))
    if len(spoken.samples) < _SHORTEST_SAMPLES:
        raise NotMandarin(job.text)
    said = segments(spoken.phones, len(spoken.samples))
    sound, ratio, lead = _over_a_line(spoken, random)
    frames = job.cepstra.of(sound)
    names, numbers, begins = labels(said, ratio, lead, job.cepstra, len(frames))
    return LabelledFrames(frames, names, numbers, begins)


def _over_a_line(spoken: Spoken, random: np.random.Generator) -> tuple[Array, float, int]:
    voice, ratio = augmentation.to_line_rate(spoken.samples, augmentation.random_pace(random))
    lead, tail = (
        int(
            augmentation.LINE_RATE_HZ
            * random.choice([0.02, 0.1, 0.3, 0.8])
            * random.uniform(0.5, 1.5)
        )
        for _ in range(2)
    )
    sound = np.concatenate([np.zeros(lead), voice, np.zeros(tail)])
    return augmentation.random_line(sound, random), ratio, lead


def _write(made: Sequence[LabelledFrames], output: str) -> None:
    names = sorted({name for one in made for name in one.phones})
    number_of = {name: number for number, name in enumerate(names)}
    numbers = [np.array([number_of[n] for n in one.phones])[one.numbers] for one in made]
    np.savez(
        output,
        names=np.array(names),
        cepstra=np.concatenate([one.cepstra for one in made]).astype(np.float16),
        phones=np.concatenate(numbers).astype(np.int16),
        begins=np.concatenate([one.begins for one in made]),
    )
