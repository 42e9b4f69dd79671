"""Teach the network which phone each moment of the spoken material belongs to.

Plain cross entropy on short chunks of the stream, one cycle of learning rates. What comes out is
everything that ``export`` needs, in one file.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import torch
from torch import nn
from tqdm import tqdm

from voice.recognition.training.arrays import Array
from voice.recognition.training.dataset import STEP, Frames, priors
from voice.recognition.training.network import CONTEXT, frames_for, new_network
from voice.recognition.training.recipe import AcousticRecipe

_ANSWERS = 96  # per chunk
_BATCH = 32
_LEFT_OUT = 80  # chunks that measure progress
_PEAK_RATE = 3e-3
_JITTER_FRAMES = 9
_CHANNEL_SHIFT = 0.05  # of each cepstrum's deviation


@dataclass(frozen=True)
class Acoustics:
    """A trained network and what belongs to it."""

    network: Any
    phones: tuple[str, ...]
    mean: Array
    deviation: Array
    priors: Array


def train(frames: Frames, recipe: AcousticRecipe) -> Acoustics:
    """Return the trained network; shows a progress bar and the accuracy after each epoch."""
    torch.manual_seed(recipe.seed)
    school = _School(frames, recipe)
    with tqdm(
        total=recipe.epochs * school.steps_per_epoch, desc="network", unit="", mininterval=2.0
    ) as bar:
        for epoch in range(recipe.epochs):
            school.epoch(epoch, bar)
            bar.set_postfix(accuracy=f"{school.accuracy():.3f}")
            bar.refresh()
    return school.acoustics()


def save(acoustics: Acoustics, path: Path) -> None:
    """Write the acoustics to a file of torch's."""
    torch.save({**vars(acoustics), "network": acoustics.network.state_dict()}, path)


def load(path: Path) -> Acoustics:
    """Read what ``save`` wrote."""
    kept = torch.load(path, weights_only=False)
    state = kept["network"]
    sizes = [tensor.shape for name, tensor in state.items() if name.endswith("weight")]
    network = new_network(sizes[0][1], sizes[0][0], sizes[-1][0])
    network.load_state_dict(state)
    return Acoustics(**{**kept, "network": network.eval()})


class _School:
    def __init__(self, frames: Frames, recipe: AcousticRecipe) -> None:
        self._frames = frames
        self._random = np.random.default_rng(recipe.seed)
        sample = frames.cepstra[::7].astype(np.float32)
        self._mean, self._deviation = sample.mean(0), sample.std(0)
        chunks = (len(frames.cepstra) - frames_for(_ANSWERS) - _JITTER_FRAMES) // (STEP * _ANSWERS)
        left_out = self._random.choice(chunks, min(_LEFT_OUT, chunks // 10), replace=False)
        self._left_out = sorted(int(chunk) for chunk in left_out)
        self._chunks = sorted(set(range(chunks)) - set(self._left_out))
        self.steps_per_epoch = len(self._chunks) // _BATCH
        self._network = new_network(
            frames.cepstra.shape[1], recipe.network_units, frames.class_count
        )
        self._optimiser = torch.optim.AdamW(self._network.parameters(), weight_decay=1e-3)
        self._rates = torch.optim.lr_scheduler.OneCycleLR(
            self._optimiser,
            _PEAK_RATE,
            total_steps=recipe.epochs * self.steps_per_epoch,
            pct_start=0.15,
        )

    def epoch(self, number: int, bar: Any) -> None:
        self._network.train()
        chunks = self._chunks.copy()
        Random(number).shuffle(chunks)
        for step in range(self.steps_per_epoch):
            batch = chunks[step * _BATCH : (step + 1) * _BATCH]
            loss = nn.functional.cross_entropy(*self._answers(batch, is_training=True))
            self._optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(self._network.parameters(), 5.0)
            self._optimiser.step()
            self._rates.step()
            bar.update()

    def accuracy(self) -> float:
        self._network.eval()
        with torch.no_grad():
            answers, targets = self._answers(self._left_out, is_training=False)
        return float((answers.argmax(1) == targets).float().mean())

    def acoustics(self) -> Acoustics:
        shares = priors(self._frames.targets, self._frames.class_count)
        return Acoustics(
            self._network.eval(), self._frames.phones, self._mean, self._deviation, shares
        )

    def _answers(self, chunks: Sequence[int], is_training: bool) -> tuple[Any, Any]:
        starts = STEP * _ANSWERS * np.array(chunks)
        if is_training:
            starts = starts + self._random.integers(_JITTER_FRAMES, size=len(starts))
        cepstra = np.stack([self._frames.cepstra[s : s + frames_for(_ANSWERS)] for s in starts])
        normal = (cepstra.astype(np.float32) - self._mean) / self._deviation
        if is_training:
            shift = self._random.standard_normal((len(normal), 1, normal.shape[2]))
            normal += (_CHANNEL_SHIFT * shift).astype(np.float32)
        answered = starts[:, None] + CONTEXT + STEP * np.arange(_ANSWERS)
        answers = self._network(torch.from_numpy(normal).transpose(1, 2))
        return answers, torch.from_numpy(self._frames.targets[answered])
