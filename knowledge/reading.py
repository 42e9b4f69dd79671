"""Trains the reader: a convolutional network over characters and sounds with two heads.

One head names the record, the other the facet; what is known of one text only teaches that head.
Characters are dropped more often than sounds, so that it learns to hear through homophones.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import numpy.typing as npt
import torch
from torch import nn
from tqdm import tqdm

from knowledge.embedding import SEED
from knowledge.record import FACETS
from knowledge.search.analysis import content, spoken_units
from knowledge.search.passages import NOTHING, Document
from knowledge.search.reader import LONGEST, PADDING, SHORTEST, UNKNOWN, Reader, Units, Vocabulary

EPOCHS = 8
BATCH = 64
PEAK_RATE = 3e-3
WEIGHT_DECAY = 0.01
LABEL_SMOOTHING = 0.05
FACET_SHARE = 0.5
CHARACTER_DEPTH, SOUND_DEPTH = 96, 48
WIDTHS = (1, 2, 3, 4)
FILTERS = 256
FILTER_DROPOUT = 0.5
CHARACTER_DROPOUT, SOUND_DROPOUT = 0.12, 0.04
UNTOLD = -100  # PyTorch's mark for a row that teaches a head nothing

Table = npt.NDArray[np.int64]


def train_reader(documents: Sequence[Document], facet_of: Mapping[str, str], label: str) -> Reader:
    """Train on all texts of the documents and on the texts of which only the facet is known."""
    torch.manual_seed(SEED)
    draw = np.random.default_rng(SEED)
    told = [(text, d.owner) for d in documents if d.owner != NOTHING for _, text in d.texts]
    texts = [*(text for text, _ in told), *sorted(set(facet_of) - {text for text, _ in told})]
    owners = sorted({owner for _, owner in told})
    vocabulary = _vocabulary(texts)
    read = [vocabulary.units(text) for text in texts]
    number = {owner: at for at, owner in enumerate(owners)}
    wanted = np.full((len(texts), 2), UNTOLD)
    wanted[: len(told), 0] = [number[owner] for _, owner in told]
    wanted[:, 1] = [FACETS.index(facet_of[t]) if t in facet_of else UNTOLD for t in texts]
    usable = np.array([at for at, (units, _) in enumerate(read) if units])
    network = _Network(vocabulary, len(owners))
    _fit(network, read, wanted, usable, draw, label)
    return network.as_reader(vocabulary, owners)


def _vocabulary(texts: Iterable[str]) -> Vocabulary:
    units = [unit for text in texts for unit in spoken_units(content(text))]
    seen = Counter(character for character, _ in units)
    characters = sorted(c for c, count in seen.items() if c and count > 1)
    sounds = sorted({sound for _, sound in units})
    return Vocabulary(
        {character: at for at, character in enumerate(characters, start=2)},
        {sound: at for at, sound in enumerate(sounds, start=2)},
    )


class _Network(nn.Module):  # type: ignore[misc]
    """Embeddings, convolutions of several widths, each filter's strongest answer, two heads."""

    def __init__(self, vocabulary: Vocabulary, owners: int) -> None:
        super().__init__()
        self.characters = nn.Embedding(
            len(vocabulary.characters) + 2, CHARACTER_DEPTH, padding_idx=PADDING
        )
        self.sounds = nn.Embedding(len(vocabulary.sounds) + 2, SOUND_DEPTH, padding_idx=PADDING)
        depth = CHARACTER_DEPTH + SOUND_DEPTH
        self.convolutions = nn.ModuleList(
            nn.Conv1d(depth, FILTERS, width, padding=width // 2) for width in WIDTHS
        )
        self.dropout = nn.Dropout(FILTER_DROPOUT)
        self.owner = nn.Linear(FILTERS * len(WIDTHS), owners)
        self.facet = nn.Linear(FILTERS * len(WIDTHS), len(FACETS))

    def forward(
        self, characters: torch.Tensor, sounds: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return scores of records and of facets for numbers of shape (texts, length)."""
        table = torch.cat([self.characters(characters), self.sounds(sounds)], 2).transpose(1, 2)
        outside = (characters == PADDING)[:, None, :]
        length = characters.shape[1]
        strongest = [
            torch.relu(each(table))[:, :, :length].masked_fill(outside, 0).max(2).values
            for each in self.convolutions
        ]
        heard = self.dropout(torch.cat(strongest, 1))
        return self.owner(heard), self.facet(heard)

    def as_reader(self, vocabulary: Vocabulary, owners: Sequence[str]) -> Reader:
        """Return the same network for NumPy."""

        def array(tensor: torch.Tensor) -> npt.NDArray[np.float32]:
            return np.asarray(tensor.detach().numpy(), dtype=np.float32)

        return Reader(
            vocabulary,
            (array(self.characters.weight), array(self.sounds.weight)),
            [
                (array(each.weight.permute(2, 1, 0).reshape(-1, FILTERS)), array(each.bias))
                for each in self.convolutions
            ],
            (
                (array(self.owner.weight.T), array(self.owner.bias)),
                (array(self.facet.weight.T), array(self.facet.bias)),
            ),
            (owners, FACETS),
        )


def _fit(
    network: _Network,
    read: Sequence[Units],
    wanted: Table,
    usable: Table,
    draw: np.random.Generator,
    label: str,
) -> None:
    steps = EPOCHS * -(-len(usable) // BATCH)
    optimizer = torch.optim.AdamW(network.parameters(), lr=PEAK_RATE, weight_decay=WEIGHT_DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, PEAK_RATE, total_steps=steps + 1)
    loss_of_owner = nn.CrossEntropyLoss(label_smoothing=LABEL_SMOOTHING, ignore_index=UNTOLD)
    loss_of_facet = nn.CrossEntropyLoss(ignore_index=UNTOLD, reduction="sum")
    network.train()
    with tqdm(total=steps, desc=f"training {label}", unit="step") as bar:
        for _ in range(EPOCHS):
            order = draw.permutation(usable)
            for start in range(0, len(order), BATCH):
                rows = order[start : start + BATCH]
                owner, facet = network(*_batch([read[row] for row in rows], draw))
                targets = torch.from_numpy(wanted[rows])
                loss = FACET_SHARE * loss_of_facet(facet, targets[:, 1]) / len(rows)
                if (targets[:, 0] != UNTOLD).any():
                    loss = loss + loss_of_owner(owner, targets[:, 0])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                schedule.step()
                bar.update()
    network.eval()


def _batch(read: Sequence[Units], draw: np.random.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    """Numbers of equal length, some of them forgotten."""
    length = min(LONGEST, max(SHORTEST, *(len(units) for units, _ in read)))
    tables = np.full((2, len(read), length), PADDING)
    for row, both in enumerate(read):
        for table, units, share in zip(
            tables, both, (CHARACTER_DROPOUT, SOUND_DROPOUT), strict=True
        ):
            kept = np.where(draw.random(len(units)) < share, UNKNOWN, units)
            table[row, : len(units)] = kept
    return torch.from_numpy(tables[0]), torch.from_numpy(tables[1])
