"""What a folder with a Vosk model can do, read from its files without loading it.

Vosk itself dies or misreads silently where these disagree, so they are looked at first.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from voice.errors import ModelUnavailable

TELEPHONE_HZ = 8000
_WIDEBAND_HZ = 16000
_NETWORKS = ("am/final.mdl", "final.mdl")
_FEATURES = ("conf/mfcc.conf", "mfcc.conf", "conf/fbank.conf")
_GRAMMAR_PARTS = ("graph/HCLr.fst", "graph/Gr.fst")
_STATIC_GRAPH = "graph/HCLG.fst"


@dataclass(frozen=True)
class ModelLayout:
    """``sample_rate_hz`` is what the recogniser is opened with: 8000, or 16000 after upsampling."""

    path: Path
    sample_rate_hz: int
    has_grammars: bool


def model_layout(path: Path) -> ModelLayout:
    """Return what the model in ``path`` can do; raises ModelUnavailable if it is none."""
    if not path.is_dir():
        raise ModelUnavailable(f"expected a folder with a Vosk model, found none at {path}")
    _one_of(path, _NETWORKS)
    features = _one_of(path, _FEATURES).read_text(encoding="utf-8", errors="replace")
    if not _has_graph(path):
        raise ModelUnavailable(f"expected a graph in {path}, the model is incomplete")
    return ModelLayout(path, _rate_of(features), _has_grammars(path))


def _one_of(path: Path, names: tuple[str, ...]) -> Path:
    for name in names:
        if (path / name).is_file():
            return path / name
    raise ModelUnavailable(f"expected {' or '.join(names)} in {path}, the model is incomplete")


def _has_graph(path: Path) -> bool:
    return _has_grammars(path) or any(
        (path / name).is_file() for name in (_STATIC_GRAPH, "HCLG.fst", "HCLr.fst")
    )


def _has_grammars(path: Path) -> bool:
    # A static graph wins over the two parts where a model has both, and takes no grammar.
    return all((path / name).is_file() for name in _GRAMMAR_PARTS) and not (
        (path / _STATIC_GRAPH).is_file()
    )


def _rate_of(features: str) -> int:
    stated = re.search(r"^\s*--sample-frequency=(\d+)", features, re.MULTILINE)
    if stated and int(stated[1]) <= TELEPHONE_HZ:
        return TELEPHONE_HZ
    if re.search(r"^\s*--allow-upsample=true", features, re.MULTILINE):
        return TELEPHONE_HZ
    return _WIDEBAND_HZ
