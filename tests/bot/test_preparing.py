"""What the start says of models that are not the built-in one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bot import preparing
from bot.actions import office
from bot.preparing import _warnings
from knowledge.files import KnowledgeFiles
from knowledge.publishing import Publisher
from knowledge.search.encoder import SentenceTransformerEncoder
from knowledge.search.matcher import Matcher
from knowledge.search.recipe import Recipe, Recipes, save_fitted
from knowledge.search.reranker import CrossEncoderReranker
from knowledge.search.snapshot import load_snapshot
from tests.people import OFFICE, tiny
from tests.tiny_models import save_encoder, save_reranker


class Start:
    """The start of an office with these models; ``says`` are its warnings."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, settings: Any, place: Path) -> None:
        self._patch, self._settings, self.place = monkeypatch, settings, place
        settings.RECIPE_DIR = place / "recipes"

    def says(self, encoder: str = "built-in", reranker: str = "") -> list[str]:
        """The sentences printed for an encoder and a re-ranker."""
        one = SentenceTransformerEncoder(encoder)
        other = CrossEncoderReranker(reranker) if reranker else None
        self._patch.setattr(office, "encoder", lambda: one)
        self._patch.setattr(office, "reranker", lambda: other)
        shelf = self.place / "snapshots"
        publisher = Publisher(shelf, one, lambda: OFFICE, self._settings.RECIPE_DIR, other)  # type: ignore[arg-type, return-value]
        return list(_warnings(publisher))


@pytest.fixture
def start(monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Path) -> Start:
    """An office that has learned nothing of its own."""
    return Start(monkeypatch, settings, tmp_path)


def test_the_built_in_encoder_starts_without_a_word(start: Start) -> None:
    assert start.says() == []


def test_a_model_that_nothing_was_learned_with_costs_one_sentence(start: Start) -> None:
    place = str(save_encoder(start.place / "tiny"))
    (sentence,) = start.says(place)
    assert f"nothing was learned with encoder “{place}”" in sentence
    assert f"python -m bot encoders fit {place}" in sentence
    learned = Recipes(Recipe(answer_at=0.7))
    save_fitted(learned, start.place / "recipes", SentenceTransformerEncoder(place).fingerprint)
    assert start.says(place) == []


def test_a_re_ranker_that_nothing_was_learned_with_costs_one_sentence(start: Start) -> None:
    place = str(save_reranker(start.place / "tiny"))
    (sentence,) = start.says(reranker=place)
    assert "makes no answer surer" in sentence
    assert f"encoders fit built-in --reranker {place}" in sentence
    learned = Recipes(Recipe(), Recipe(), CrossEncoderReranker(place).fingerprint)
    save_fitted(learned, start.place / "recipes", SentenceTransformerEncoder().fingerprint)
    assert start.says(reranker=place) == []


def test_a_re_ranker_that_cannot_be_loaded_costs_one_sentence(start: Start) -> None:
    (sentence,) = start.says(reranker=str(start.place / "nowhere"))
    assert sentence.endswith("; matching goes on without it")
    assert "cannot be loaded" in sentence


@pytest.mark.django_db
def test_prepared_with_a_public_model_the_office_matches_with_it(
    shipped: KnowledgeFiles,
    start: Start,
    monkeypatch: pytest.MonkeyPatch,
    settings: Any,
    capsys: pytest.CaptureFixture[str],
) -> None:
    place = str(save_encoder(start.place / "bge-small-zh-tiny", pooling="cls"))
    encoder = SentenceTransformerEncoder(place)
    settings.SNAPSHOT_DIR = start.place / "snapshots"
    monkeypatch.setattr(settings, "BOT_ENCODER", place)
    monkeypatch.setattr(office, "encoder", lambda: encoder)
    few = tiny(shipped, "SB13", "GG08")
    monkeypatch.setattr(preparing, "load_knowledge", lambda: few)
    monkeypatch.setattr(preparing, "_prepare_tracker", lambda: None)
    preparing.prepare()
    told = capsys.readouterr().out
    assert "nothing was learned with encoder" in told
    assert "by words alone" not in told
    matcher = Matcher(load_snapshot(settings.SNAPSHOT_DIR), encoder)
    assert matcher.match("社保卡丢了").ranked[0].signs["dense"] > 0
    preparing.prepare()
    assert "snapshot is up to date" in capsys.readouterr().out
