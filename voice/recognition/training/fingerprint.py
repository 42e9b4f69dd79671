"""Whether the committed model belongs to this code.

Two fingerprints, since a new graph costs seconds and new acoustics half an hour. Each covers what
the modules do, not how they are commented or laid out, and the figures of the recipe. The texts are
left out on purpose: staff and developers change phrasings every week, the model stays as good as it
was, and a rebuild at leisure picks the new words up. Only which folders they came from is kept.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterable
from pathlib import Path

from voice.recognition.training.recipe import AcousticRecipe, GraphRecipe

ACOUSTIC_MODULES = (
    *("alignment", "augmentation", "dataset", "espeak", "export", "features", "kaldi", "network"),
    *("speech", "spoken_lines", "train", "variants", "voices"),
)
GRAPH_MODULES = (
    *("dictionary", "graph", "language_model", "lexicon", "numerals", "openfst"),
    *("phone_tree", "templates", "texts", "vocabulary"),
)


def acoustic_fingerprint(recipe: AcousticRecipe) -> str:
    """Return what must be equal for the network to be the one this code trains."""
    return _digest(ACOUSTIC_MODULES, recipe)


def graph_fingerprint(recipe: GraphRecipe) -> str:
    """Return what must be equal for the graph to be the one this code builds, texts aside."""
    return _digest(GRAPH_MODULES, recipe)


def meaning(source: str) -> str:
    """Return a module's source without comments, docstrings and layout."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)) and ast.get_docstring(
            node
        ):
            node.body = node.body[1:] or [ast.Pass()]
    return ast.dump(tree)


def _digest(modules: Iterable[str], recipe: AcousticRecipe | GraphRecipe) -> str:
    folder = Path(__file__).parent
    parts = [meaning((folder / f"{name}.py").read_text(encoding="utf-8")) for name in modules]
    return hashlib.sha256("\n".join([*parts, repr(recipe)]).encode()).hexdigest()
