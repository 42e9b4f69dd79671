"""A snapshot on the shelf is complete and unaltered, or it is refused."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from knowledge.search.errors import SnapshotDamaged, SnapshotUnavailable
from knowledge.search.matcher import Matcher
from knowledge.search.passages import Document
from knowledge.search.recipe import Logistic, Recipe
from knowledge.search.snapshot import (
    FORMAT,
    KEPT_SNAPSHOTS,
    POINTER,
    Analysed,
    Snapshot,
    build_snapshot,
    current_fingerprint,
    load_snapshot,
    publish_snapshot,
)
from tests.people import LetterEncoder, page

PAGES = [
    page("card", "社保卡补办", "卡丢了怎么办", body="带身份证到大厅。当场拿卡。"),
    page("home", "居住证办理", "外地人办什么证", twin="card"),
]


def snapshot_of(*names: str, encoder: LetterEncoder | None = None) -> Snapshot:
    """A snapshot of the usual pages and some more."""
    more = [page(name, name) for name in names]
    return build_snapshot([*PAGES, *more], Recipe(), encoder, records={"items": {}})


def test_what_is_written_is_what_is_read(shelf: Path) -> None:
    encoder = LetterEncoder()
    made = build_snapshot(
        PAGES,
        Recipe(sure=Logistic({"lead": 2.0}, -3.0), several_at=0.4),
        encoder,
        records={"items": {"a": [1]}},
        published_at="now",
    )
    publish_snapshot(made, shelf)
    read = load_snapshot(shelf)
    for name in ("fingerprint", "encoder_fingerprint", "recipe", "documents", "passages"):
        assert getattr(read, name) == getattr(made, name), name
    assert (read.records, read.published_at) == (made.records, made.published_at)
    assert read.vectors is not None
    assert len(read.vectors) == len(made.passages)
    for one, other in [
        (read.whole, made.whole),
        *zip(read.lexical.values(), made.lexical.values(), strict=True),
    ]:
        assert one.vocabulary == other.vocabulary
        assert one.size == other.size
        for part in ("starts", "docs", "impacts", "idf"):
            np.testing.assert_array_equal(getattr(one, part), getattr(other, part))


def test_a_read_snapshot_matches_like_the_one_that_was_made(shelf: Path) -> None:
    encoder = LetterEncoder()
    made = snapshot_of(encoder=encoder)
    publish_snapshot(made, shelf)
    read = load_snapshot(shelf)
    for question in ("卡丢了", "外地人居住证", "天气"):
        assert Matcher(read, encoder).match(question) == Matcher(made, encoder).match(question)


def test_a_snapshot_without_an_encoder_has_no_vectors(shelf: Path) -> None:
    publish_snapshot(snapshot_of(), shelf)
    assert load_snapshot(shelf).vectors is None


def test_an_encoder_that_fails_leaves_a_lexical_snapshot() -> None:
    made = snapshot_of(encoder=LetterEncoder(fails=True))
    assert (made.vectors, made.encoder_fingerprint) == (None, "")


def test_the_fingerprint_tells_contents_apart() -> None:
    prints = {
        snapshot_of().fingerprint,
        snapshot_of("新事").fingerprint,
        snapshot_of(encoder=LetterEncoder()).fingerprint,
        snapshot_of(encoder=LetterEncoder("other")).fingerprint,
        build_snapshot(PAGES, Recipe(answer_at=0.9), None).fingerprint,
        build_snapshot(PAGES, Recipe(), None).fingerprint,
    }
    assert len(prints) == 6
    assert snapshot_of().fingerprint == snapshot_of().fingerprint


@pytest.mark.parametrize(
    "name", ["documents.json", "records.json", "words.npz", "whole.json", "vectors.faiss"]
)
@pytest.mark.parametrize("harm", ["altered", "missing"])
def test_an_altered_file_is_refused(shelf: Path, name: str, harm: str) -> None:
    place = publish_snapshot(snapshot_of(encoder=LetterEncoder()), shelf)
    if harm == "missing":
        (place / name).unlink()
    else:
        (place / name).write_bytes((place / name).read_bytes() + b" ")
    with pytest.raises(SnapshotDamaged, match=name):
        load_snapshot(shelf)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "7",
        "null",
        "{}",
        f'{{"format": {FORMAT}}}',
        f'{{"format": {FORMAT}, "files": []}}',
        f'{{"format": {FORMAT}, "files": {{}}}}',
    ],
)
def test_a_broken_manifest_is_refused(shelf: Path, text: str) -> None:
    place = publish_snapshot(snapshot_of(), shelf)
    (place / "manifest.json").write_text(text, encoding="utf-8")
    with pytest.raises(SnapshotDamaged):
        load_snapshot(shelf)


def test_a_snapshot_of_another_format_says_which(shelf: Path) -> None:
    place = publish_snapshot(snapshot_of(), shelf)
    manifest = json.loads((place / "manifest.json").read_text("utf-8"))
    (place / "manifest.json").write_text(json.dumps({**manifest, "format": FORMAT - 1}))
    with pytest.raises(SnapshotDamaged, match=f"format {FORMAT - 1}, expected {FORMAT}"):
        load_snapshot(shelf)


@pytest.mark.parametrize("recipe", [{}, {"offset": 1.0}, None])
def test_a_recipe_of_another_time_is_refused(shelf: Path, recipe: object) -> None:
    place = publish_snapshot(snapshot_of(), shelf)
    manifest = json.loads((place / "manifest.json").read_text("utf-8"))
    (place / "manifest.json").write_text(json.dumps({**manifest, "recipe": recipe}))
    with pytest.raises(SnapshotDamaged):
        load_snapshot(shelf)


def test_publishing_anew_cures_a_damaged_snapshot(shelf: Path) -> None:
    place = publish_snapshot(snapshot_of(), shelf)
    (place / "words.npz").write_bytes(b"")
    publish_snapshot(snapshot_of(), shelf)
    load_snapshot(shelf)


def test_a_whole_snapshot_is_not_written_again(shelf: Path) -> None:
    place = publish_snapshot(snapshot_of(), shelf)
    before = (place / "manifest.json").stat().st_ino
    publish_snapshot(snapshot_of(), shelf)
    assert (place / "manifest.json").stat().st_ino == before


def test_documents_without_texts_are_left_out() -> None:
    bare = build_snapshot([Document("bare", "nothing", ()), *PAGES], Recipe(), None)
    usual = build_snapshot(PAGES, Recipe(), None)
    assert (bare.documents, bare.fingerprint) == (usual.documents, usual.fingerprint)


def test_an_empty_shelf_says_that_nothing_is_published(shelf: Path) -> None:
    with pytest.raises(SnapshotUnavailable, match="nothing is published in snapshots"):
        current_fingerprint(shelf)
    with pytest.raises(SnapshotUnavailable):
        load_snapshot(shelf)


def test_a_pointer_to_nowhere_is_damage(shelf: Path) -> None:
    publish_snapshot(snapshot_of(), shelf)
    (shelf / POINTER).write_text("0123456789abcdef", encoding="ascii")
    with pytest.raises(SnapshotDamaged, match="0123456789abcdef"):
        load_snapshot(shelf)


def test_a_publication_that_breaks_off_leaves_the_old_one_in_force(
    shelf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish_snapshot(snapshot_of(), shelf)
    before = current_fingerprint(shelf)

    def full(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("knowledge.search.snapshot.os.replace", full)
    with pytest.raises(OSError, match="disk full"):
        publish_snapshot(snapshot_of("新事"), shelf)
    assert current_fingerprint(shelf) == before
    assert load_snapshot(shelf).fingerprint == before


def test_half_a_draft_is_never_mistaken_for_a_snapshot(
    shelf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = snapshot_of()
    with monkeypatch.context() as patched:
        patched.setattr("knowledge.search.snapshot._digest", lambda path: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            publish_snapshot(made, shelf)
    publish_snapshot(made, shelf)
    assert load_snapshot(shelf).fingerprint == made.fingerprint


def test_nothing_temporary_is_left_behind(shelf: Path) -> None:
    made = snapshot_of()
    publish_snapshot(made, shelf)
    assert {path.name for path in shelf.iterdir()} == {POINTER, made.fingerprint}
    assert (shelf / POINTER).read_text(encoding="ascii") == made.fingerprint


def test_tidying_keeps_the_newest_and_the_one_in_force(shelf: Path) -> None:
    made = [snapshot_of(f"事{n}") for n in range(KEPT_SNAPSHOTS + 2)]
    for age, snapshot in enumerate(made):
        place = publish_snapshot(snapshot, shelf)
        os.utime(place, (1_000_000 + age, 1_000_000 + age))
    kept = {path.name for path in shelf.iterdir() if path.is_dir()}
    assert kept == {snapshot.fingerprint for snapshot in made[-KEPT_SNAPSHOTS:]}
    # Going back to the oldest one still there puts it in force and keeps it.
    oldest = made[-KEPT_SNAPSHOTS]
    publish_snapshot(oldest, shelf)
    publish_snapshot(oldest, shelf)
    assert load_snapshot(shelf).fingerprint == oldest.fingerprint


def test_remembered_terms_give_the_same_snapshot(shelf: Path) -> None:
    analysed, encoder = Analysed(), LetterEncoder()
    build_snapshot(PAGES, Recipe(), encoder, analysed=analysed)
    again = build_snapshot([*PAGES, page("new", "新事")], Recipe(), encoder, analysed=analysed)
    fresh = build_snapshot([*PAGES, page("new", "新事")], Recipe(), LetterEncoder())
    question = "居住证怎么办"
    assert Matcher(again, encoder).match(question) == Matcher(fresh, encoder).match(question)


def test_the_manifest_counts_what_is_in_it(shelf: Path) -> None:
    made = snapshot_of()
    manifest = json.loads((publish_snapshot(made, shelf) / "manifest.json").read_text("utf-8"))
    assert (manifest["documents"], manifest["passages"]) == (2, len(made.passages))
    assert manifest["recipe"] == asdict(made.recipe)


def test_typed_initials_find_what_is_searched() -> None:
    pinyin = snapshot_of().lexical["pinyin"]
    assert "~jzz" in pinyin.vocabulary
    one, other = Matcher(snapshot_of()).match("jzz").ranked
    assert (one.owner, one.signs["pinyin"] > other.signs["pinyin"]) == ("home", True)
