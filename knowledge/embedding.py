"""Trains the built-in encoder: a static embedding over learned groups of characters."""

from __future__ import annotations

import random
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from knowledge.search.analysis import content
from knowledge.search.passages import NOTHING, Document

SEED = 20261122
DIMENSIONS = 256
VOCABULARY = 6000
STEPS = 1000
BATCH = 64
LEARNING_RATE = 0.02
TOKEN_DROPOUT = 0.3


def train_encoder(documents: Sequence[Document], place: Path, label: str) -> None:
    """Train a static embedding over learned character groups and save it to ``place``.

    Contrastive with in-batch negatives: two texts of one document attract each other, the texts of
    the other documents in the batch repel (MultipleNegativesRankingLoss).
    """
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer import losses
    from sentence_transformers.sentence_transformer.modules import StaticEmbedding

    random.seed(SEED)
    np.random.seed(SEED)
    torch.manual_seed(SEED)
    texts = {
        d.owner: [content(t) or t for _, t in d.texts] for d in documents if d.owner != NOTHING
    }
    tokenizer = _tokenizer([text for group in texts.values() for text in group])
    weights = np.random.default_rng(SEED).normal(0, 0.05, (tokenizer.get_vocab_size(), DIMENSIONS))
    embedding = StaticEmbedding(tokenizer, embedding_weights=weights.astype(np.float32))
    model = SentenceTransformer(modules=[embedding], device="cpu")
    loss = losses.MultipleNegativesRankingLoss(model, scale=12.0)
    optimizer = torch.optim.Adam(model.parameters(), lr=LEARNING_RATE)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, STEPS)
    several = {owner: group for owner, group in texts.items() if len(group) > 1}
    model.train()
    for _ in tqdm(range(STEPS), desc=f"training {label}", unit="step"):
        embedding.tokenizer.model.dropout = TOKEN_DROPOUT
        owners = random.sample(sorted(several), min(BATCH, len(several)))
        pairs = [random.sample(several[owner], 2) for owner in owners]
        batch = [model.preprocess([pair[side] for pair in pairs]) for side in (0, 1)]
        optimizer.zero_grad()
        loss(batch, torch.empty(0)).backward()
        optimizer.step()
        schedule.step()
    embedding.tokenizer.model.dropout = None
    model.eval()
    shutil.rmtree(place, ignore_errors=True)
    model.save(str(place), create_model_card=False)
    # Written for eyes, as the model's own way is, it is twice as large.
    embedding.tokenizer.save(str(place / "tokenizer.json"), pretty=False)


def _tokenizer(texts: Sequence[str]) -> Any:
    """Byte-pair encoding over characters: frequent groups become tokens of their own."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE(unk_token="[UNK]"))  # noqa: S106 (no password)
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.NFKC(), normalizers.Lowercase(), normalizers.Replace(" ", "")]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Punctuation("removed")
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY, min_frequency=3, special_tokens=["[UNK]"], show_progress=False
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer
