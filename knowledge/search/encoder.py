"""Sentences to vectors with sentence-transformers: any model by name or path, or the built-in one.

The model hub is never asked unless the operator names a model that is not on disk and allows it.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from knowledge.search.errors import EncoderUnavailable

Floats = npt.NDArray[np.float32]

BUILT_IN = "built-in"
TRAINED_DIR = Path(__file__).parent.parent / "data" / "trained"
BUILT_IN_DIR = TRAINED_DIR / "encoder"
# These models want a sentence of instruction before a question (their model cards).
_QUERY_PREFIX = {
    "bge-small-zh": "为这个句子生成表示以用于检索相关文章：",
    "bge-base-zh": "为这个句子生成表示以用于检索相关文章：",
    "bge-large-zh": "为这个句子生成表示以用于检索相关文章：",
}


class Encoder(Protocol):
    """What the matcher needs of an encoder."""

    @property
    def fingerprint(self) -> str:
        """Identify the model: vectors of different fingerprints do not mix."""

    def encode(self, texts: Sequence[str], *, query: bool = False) -> Floats:
        """Return float32 vectors of shape (len(texts), dimensions), L2-normalised."""


class SentenceTransformerEncoder:
    """A sentence-transformers model, loaded on first use."""

    def __init__(self, name: str = BUILT_IN) -> None:
        self.name = name

    @cached_property
    def _model(self) -> Any:
        place = folder_of(self.name)
        if self.name == BUILT_IN and not (BUILT_IN_DIR / "modules.json").is_file():
            raise EncoderUnavailable("the built-in encoder is not trained: python -m bot train")
        if place is None:
            stay_offline()
        try:
            from sentence_transformers import SentenceTransformer

            return SentenceTransformer(str(place or self.name), device="cpu")
        except Exception as error:  # the library raises OSError, ValueError, its own and others'
            raise EncoderUnavailable(
                f"model “{self.name}” cannot be loaded: {why(error)}"
            ) from error

    @cached_property
    def fingerprint(self) -> str:
        """Hash of the weights where they lie on disk, else of the name."""
        return hash_of(self.name)

    @cached_property
    def _query_prefix(self) -> str:
        return next((p for key, p in _QUERY_PREFIX.items() if key in self.name), "")

    def encode(self, texts: Sequence[str], *, query: bool = False) -> Floats:
        """Return float32 vectors of shape (len(texts), dimensions), L2-normalised.

        Raises EncoderUnavailable if the model cannot be loaded.
        """
        prefix = self._query_prefix if query else ""
        vectors = self._model.encode(
            [prefix + text for text in texts],
            batch_size=256,
            normalize_embeddings=True,
            show_progress_bar=False,
            convert_to_numpy=True,
        )
        return np.asarray(vectors, dtype=np.float32)


def folder_of(name: str) -> Path | None:
    """Return the folder that a model's name means, or None for one of the hub."""
    place = BUILT_IN_DIR if name == BUILT_IN else Path(name).expanduser()
    return place if place.is_dir() else None


def size_of(name: str) -> int:
    """Bytes of a model on disk, 0 if it is not there."""
    place = folder_of(name)
    if place is None:
        from huggingface_hub import snapshot_download

        try:
            place = Path(snapshot_download(name, local_files_only=True))
        except (OSError, ValueError):  # not fetched, or no name of the hub at all
            return 0
    return sum(path.stat().st_size for path in place.rglob("*") if path.is_file())


def hash_of(name: str) -> str:
    """Hash of a model's weights where they lie on disk, else of its name."""
    place = folder_of(name)
    digest = hashlib.sha256(name.encode() if place is None else b"")
    if place is not None:
        for path in sorted(place.rglob("*")):
            if path.suffix in {".safetensors", ".bin", ".json"} and path.is_file():
                digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def stay_offline() -> None:
    """Keep the model hub from being asked, unless the operator allows it."""
    if os.environ.get("BOT_MODEL_DOWNLOAD", "off") != "on":
        os.environ.setdefault("HF_HUB_OFFLINE", "1")


def why(error: Exception) -> str:
    """The first line of what a library says, or what kind of error it is."""
    return str(error).splitlines()[0] if str(error) else type(error).__name__
