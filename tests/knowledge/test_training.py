"""Training is given everything that was written for it, and knows when it is out of date."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from knowledge import training
from knowledge.documents import documents_of
from knowledge.files import KnowledgeFiles
from knowledge.record import FACETS, GateQuestion
from knowledge.training import HARD_CALM, input_fingerprint, is_trained
from tests.people import tiny


def test_facets_are_learnt_from_phrasings_and_from_questions_of_any_item(
    shipped: KnowledgeFiles,
) -> None:
    files = tiny(shipped, "SB13", "GG08")
    examples = training.faceted(files)
    for phrasing in files.phrasings["SB13"]:
        assert (phrasing.text, phrasing.facet) in examples
    assert ("fee", files.facet_questions["fee"][0]) in [(f, t) for t, f in examples]
    assert {facet for _, facet in training.faceted(shipped)} == set(FACETS)


def test_danger_is_learnt_against_everything_else_that_is_asked(shipped: KnowledgeFiles) -> None:
    files = tiny(shipped, "SB13", "GG08")
    dangerous, calm = training._dangerous(files), training._calm(documents_of(files), files)
    assert {kind for _, kind in dangerous} == {danger.kind for danger in files.emergencies}
    assert not {text for text, _ in dangerous} & set(calm)
    for text in (
        files.phrasings["GG08"][0].text,
        files.subjects[0].phrasings[0],
        files.topics[0].phrasings[0],
        files.out_of_scope[0],
        *files.ambiguous,
    ):
        assert text in calm
    assert calm.count(files.calm[0]) == HARD_CALM


def test_facets_are_learnt_from_what_others_asked_too(shipped: KnowledgeFiles) -> None:
    asked = GateQuestion(text="我腿断了，儿子去成不成", expected=["SB13"], facet="proxy")
    files = replace(tiny(shipped, "SB13", "GG08"), others=[asked])
    assert (asked.text, "proxy") in training.faceted(files)
    assert asked.text not in {text for d in documents_of(files) for _, text in d.texts}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder with two files, one of them in a folder of its own."""
    (tmp_path / "items").mkdir()
    (tmp_path / "items" / "SB13.yml").write_text("name: 补卡", encoding="utf-8")
    (tmp_path / "catalogue.csv").write_text("item_id", encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("name", ["items/SB13.yml", "catalogue.csv", "training/calm.yml"])
def test_another_input_makes_what_is_trained_stale(data: Path, name: str) -> None:
    before = input_fingerprint(data)
    assert input_fingerprint(data) == before
    (data / name).parent.mkdir(exist_ok=True)
    (data / name).write_text("- 别的", encoding="utf-8")
    assert input_fingerprint(data) != before


def test_what_was_trained_is_no_input(data: Path) -> None:
    before = input_fingerprint(data)
    (data / "recipe.json").write_text("{}", encoding="utf-8")
    assert input_fingerprint(data) == before


@pytest.mark.parametrize(("inputs", "is_fresh"), [("", False), ("old", False), ("today", True)])
def test_the_manifest_tells_whether_training_is_due(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, inputs: str, is_fresh: bool
) -> None:
    manifest = tmp_path / "manifest.json"
    if inputs:
        manifest.write_text(json.dumps({"inputs": inputs, "files": {}}), encoding="utf-8")
    monkeypatch.setattr(training, "MANIFEST", manifest)
    monkeypatch.setattr(training, "input_fingerprint", lambda: "today")
    assert is_trained() is is_fresh


def test_the_manifest_names_every_trained_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "encoder").mkdir()
    (tmp_path / "encoder" / "weights").write_bytes(b"1")
    monkeypatch.setattr(training, "TRAINED_DIR", tmp_path)
    monkeypatch.setattr(training, "MANIFEST", tmp_path / "manifest.json")
    training.write_manifest()
    training.write_manifest()
    manifest = json.loads((tmp_path / "manifest.json").read_text("utf-8"))
    assert list(manifest["files"]) == ["encoder/weights"]
    assert manifest["inputs"] == input_fingerprint()
    assert is_trained()
