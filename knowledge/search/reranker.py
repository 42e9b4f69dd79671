"""Reads a question and a record's words together and tells how well they go with each other.

A cross-encoder of sentence-transformers by name or folder. It is too slow for all records and is
asked about the first few only; there is none unless the operator names one.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from knowledge.search.encoder import folder_of, hash_of, stay_offline, why
from knowledge.search.errors import RerankerUnavailable

Floats = npt.NDArray[np.float32]

# Models give 5 to 10 for whatever belongs together; divided by this, a sign still tells them apart.
TEMPERATURE = 4.0


class Reranker(Protocol):
    """What the matcher needs of a re-ranker."""

    @property
    def fingerprint(self) -> str:
        """Identify the model: its weight in the recipe was learned with it alone."""

    def judge(self, query: str, texts: Sequence[str]) -> Floats:
        """Return how well each text answers the question, 0..1; raises RerankerUnavailable."""


class CrossEncoderReranker:
    """A cross-encoder of sentence-transformers, loaded on first use."""

    def __init__(self, name: str) -> None:
        self.name = name

    @cached_property
    def _model(self) -> Any:
        place = folder_of(self.name)
        if place is None:
            stay_offline()
        try:
            from sentence_transformers import CrossEncoder
            from transformers import AutoConfig

            made_for = AutoConfig.from_pretrained(str(place or self.name)).architectures or []
            model = CrossEncoder(str(place or self.name), device="cpu")
        except Exception as error:  # as for the encoder: everybody's own
            raise RerankerUnavailable(
                f"re-ranker “{self.name}” cannot be loaded: {why(error)}"
            ) from error
        if any(each.endswith(("Model", "ForMaskedLM")) for each in made_for):
            # The library would put a head of random weights on it.
            raise RerankerUnavailable(
                f"re-ranker “{self.name}”: expected a cross-encoder, got {made_for[0]}"
            )
        if model.num_labels != 1:
            raise RerankerUnavailable(
                f"re-ranker “{self.name}”: expected one figure a pair, got {model.num_labels}"
            )
        return model

    @cached_property
    def fingerprint(self) -> str:
        """Hash of the weights where they lie on disk, else of the name."""
        return hash_of(self.name)

    def judge(self, query: str, texts: Sequence[str]) -> Floats:
        """Return how well each text answers the question, 0..1; raises RerankerUnavailable."""
        model = self._model
        from torch.nn import Identity

        try:
            raw = model.predict(
                [(query, text) for text in texts],
                activation_fn=Identity(),
                show_progress_bar=False,
                convert_to_numpy=True,
            )
        except Exception as error:  # a model whose tokenizer or shapes do not fit each other
            raise RerankerUnavailable(f"re-ranker “{self.name}” failed: {why(error)}") from error
        judged: Floats = 1 / (1 + np.exp(-np.asarray(raw, dtype=np.float32) / TEMPERATURE))
        return judged
