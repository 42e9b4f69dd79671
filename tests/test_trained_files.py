"""What is committed trained belongs to today's inputs, is small, and is rebuilt by one command."""

from __future__ import annotations

import hashlib
import json

from bot.preparing import dialogue_is_trained, model_path
from knowledge.search.encoder import TRAINED_DIR
from knowledge.training import MANIFEST, is_trained

LARGEST_BYTES = 20_000_000
TRAINED = {"recipe.json", "facets.npz", "danger.npz", "encoder/model.safetensors"}


def test_the_encoder_and_recipe_were_made_from_todays_knowledge():
    assert is_trained(), "stale: run python -m bot train knowledge"


def test_the_trained_files_are_the_ones_of_the_manifest():
    manifest = json.loads(MANIFEST.read_text(encoding="utf-8"))
    found = {
        path.relative_to(TRAINED_DIR).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in TRAINED_DIR.rglob("*")
        if path.is_file() and path != MANIFEST
    }
    assert found == manifest["files"]
    assert set(found) >= TRAINED


def test_the_dialogue_model_was_made_from_todays_intents():
    assert dialogue_is_trained(), "stale: run python -m bot train dialogue"


def test_trained_files_are_small_enough_to_commit():
    files = [*TRAINED_DIR.rglob("*"), *model_path().parent.rglob("*")]
    assert sum(path.stat().st_size for path in files if path.is_file()) <= LARGEST_BYTES
