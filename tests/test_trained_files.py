"""What is committed trained belongs to today's inputs, is small, and is rebuilt by one command."""

from __future__ import annotations

import hashlib
import json

import pytest

from bot.preparing import dialogue_is_trained, model_path
from knowledge.search.encoder import TRAINED_DIR
from knowledge.training import MANIFEST, is_trained

LARGEST_BYTES = 20_000_000


def test_the_encoder_and_recipe_were_made_from_todays_knowledge():
    assert is_trained(), "stale: run python -m bot train knowledge"


def test_the_trained_files_are_the_ones_of_the_manifest():
    manifest = json.loads(MANIFEST.read_text(encoding="utf-8"))
    for name, digest in manifest["files"].items():
        assert hashlib.sha256((TRAINED_DIR / name).read_bytes()).hexdigest() == digest, name


def test_the_dialogue_model_was_made_from_todays_intents():
    assert dialogue_is_trained(), "stale: run python -m bot train dialogue"


def test_trained_files_are_small_enough_to_commit():
    files = [*TRAINED_DIR.rglob("*"), *model_path().parent.rglob("*")]
    assert sum(path.stat().st_size for path in files if path.is_file()) <= LARGEST_BYTES


@pytest.mark.embedding
def test_the_shipped_understanding_keeps_its_quality():
    from tests.quality import report

    figures = report()
    assert figures["items"]["right_first"] >= 0.86
    assert figures["items"]["right_in_3"] >= 0.95
    assert figures["items"]["answered_wrong"] <= 0.03
    assert figures["other_items"]["right_first"] >= 0.88
    assert figures["other_items"]["answered_wrong"] <= 0.03
    assert figures["out_of_scope"]["answered_wrong"] <= 0.04
    assert figures["emergencies"]["false_alarms"] <= 0.03
