"""What one publication put on the shelf: immutable, complete, with its fingerprint.

A snapshot is a folder; ``CURRENT`` in the shelf names the one in force and is replaced atomically.
Who reads during a publication sees the old one or the new one, never a mixture.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args
from uuid import uuid4

import numpy as np
import numpy.typing as npt

from knowledge.search.analysis import VIEWS, View, content, initials, terms
from knowledge.search.encoder import Encoder
from knowledge.search.errors import EncoderUnavailable, SnapshotDamaged, SnapshotUnavailable
from knowledge.search.index import VectorIndex
from knowledge.search.lexical import WHOLE_RECORD, Counted, LexicalIndex, count, index_counted
from knowledge.search.passages import Document, Passage, cut
from knowledge.search.recipe import Recipe, Recipes, recipe_from

FORMAT = 5
POINTER = "CURRENT"
KEPT_SNAPSHOTS = 5
STALE_DRAFT_SECONDS = 600

Floats = npt.NDArray[np.float32]
Bag = Literal["chars", "words", "pinyin", "whole"]
BAGS: tuple[Bag, ...] = get_args(Bag)


@dataclass(frozen=True)
class Snapshot:
    """Everything that answering needs. ``records`` are the published guides as plain data.

    ``reranked`` replaces ``recipe`` where the re-ranker of that fingerprint is at hand.
    """

    fingerprint: str
    encoder_fingerprint: str
    recipe: Recipe
    documents: list[Document]
    passages: list[Passage]
    lexical: Mapping[View, LexicalIndex]
    whole: LexicalIndex
    vectors: VectorIndex | None
    records: dict[str, Any] = field(default_factory=dict)
    published_at: str = ""
    reranked: Recipe | None = None
    reranker_fingerprint: str = ""


class Analysed:
    """Remembers what texts consist of, so that a publication works out only what is new."""

    def __init__(self) -> None:
        self.vocabularies: dict[Bag, dict[str, int]] = {bag: {} for bag in BAGS}
        self._counted: dict[str, dict[Bag, Counted]] = {}
        self._vectors: dict[str, Floats] = {}
        self._encoder_fingerprint = ""

    def remember(self, snapshot: Snapshot) -> None:
        """Take over the vectors of a snapshot: a process that has just begun encodes nothing."""
        if snapshot.vectors is None:
            return
        texts = [passage.text for passage in snapshot.passages]
        self._vectors = dict(zip(texts, snapshot.vectors.vectors(), strict=True))
        self._encoder_fingerprint = snapshot.encoder_fingerprint

    def counted(self, texts: Sequence[str]) -> list[dict[Bag, Counted]]:
        """Return the counted terms of each text, by view and as a whole."""
        kept = {text: self._counted.get(text) or self._count(text) for text in texts}
        self._counted = kept
        return [kept[text] for text in texts]

    def _count(self, text: str) -> dict[Bag, Counted]:
        said = content(text) or text
        found: dict[Bag, list[str]] = {view: terms(said, view) for view in VIEWS}
        found["pinyin"] += initials(said)
        found["whole"] = found["chars"] + found["words"]
        return {bag: count(found[bag], self.vocabularies[bag]) for bag in BAGS}

    def vectors(self, texts: Sequence[str], encoder: Encoder) -> Floats:
        """Return vectors of shape (len(texts), dimensions); raises EncoderUnavailable."""
        if encoder.fingerprint != self._encoder_fingerprint:
            self._vectors, self._encoder_fingerprint = {}, encoder.fingerprint
        new = list(dict.fromkeys(text for text in texts if text not in self._vectors))
        if new:
            encoded = encoder.encode([content(text) or text for text in new])
            self._vectors.update(zip(new, encoded, strict=True))
        self._vectors = {text: self._vectors[text] for text in texts}
        return np.stack([self._vectors[text] for text in texts])


def build_snapshot(
    documents: Sequence[Document],
    recipe: Recipe | Recipes,
    encoder: Encoder | None,
    *,
    records: dict[str, Any] | None = None,
    analysed: Analysed | None = None,
    published_at: str = "",
) -> Snapshot:
    """Index documents that have texts; without an encoder that loads, the snapshot is lexical."""
    analysed = analysed or Analysed()
    recipes = recipe if isinstance(recipe, Recipes) else Recipes(recipe)
    documents = _with_texts(documents)
    passages = cut(documents)
    texts = [passage.text for passage in passages]
    counted = analysed.counted(texts)
    owners = [passage.owner for passage in passages]
    vectors, encoder_fingerprint = None, ""
    if encoder is not None and texts:
        try:
            vectors = VectorIndex.build(analysed.vectors(texts, encoder))
            encoder_fingerprint = encoder.fingerprint
        except EncoderUnavailable:
            vectors = None

    def index(
        bag: Bag, owners: Sequence[int], size: int, *saturation: tuple[float, float]
    ) -> LexicalIndex:
        texts = [each[bag] for each in counted]
        return index_counted(texts, owners, size, analysed.vocabularies[bag], *saturation)

    return Snapshot(
        fingerprint=fingerprint(documents, recipes, encoder_fingerprint, records or {}),
        encoder_fingerprint=encoder_fingerprint,
        recipe=recipes.plain,
        documents=documents,
        passages=passages,
        lexical={view: index(view, range(len(passages)), len(passages)) for view in VIEWS},
        whole=index("whole", owners, len(documents), WHOLE_RECORD),
        vectors=vectors,
        records=records or {},
        published_at=published_at,
        reranked=recipes.reranked,
        reranker_fingerprint=recipes.reranker_fingerprint,
    )


def _with_texts(documents: Sequence[Document]) -> list[Document]:
    return [document for document in documents if document.texts]


def fingerprint(
    documents: Sequence[Document], recipe: Recipe | Recipes, encoder: str, records: dict[str, Any]
) -> str:
    """Hash of everything that makes a snapshot what it is."""
    recipes = recipe if isinstance(recipe, Recipes) else Recipes(recipe)
    content = [[d.owner, d.kind, d.texts, d.twin] for d in _with_texts(documents)]
    parts = [FORMAT, content, asdict(recipes.plain), encoder, records]
    if recipes.reranked is not None:
        parts += [asdict(recipes.reranked), recipes.reranker_fingerprint]
    text = json.dumps(parts, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def publish_snapshot(snapshot: Snapshot, shelf: Path) -> Path:
    """Write a snapshot and put it in force; older ones beyond KEPT_SNAPSHOTS are removed."""
    place = shelve_snapshot(snapshot, shelf)
    put_in_force(snapshot.fingerprint, shelf)
    return place


def shelve_snapshot(snapshot: Snapshot, shelf: Path) -> Path:
    """Write a snapshot beside the one in force.

    A folder of the same fingerprint is used again only if it is whole.
    """
    shelf.mkdir(parents=True, exist_ok=True)
    place = shelf / snapshot.fingerprint
    if not _is_whole(shelf, snapshot.fingerprint):
        draft = shelf / f".{snapshot.fingerprint}-{uuid4().hex[:8]}"
        _write(snapshot, draft)
        shutil.rmtree(place, ignore_errors=True)
        draft.rename(place)
    return place


def put_in_force(fingerprint: str, shelf: Path) -> None:
    """Let the shelf point at a snapshot that lies on it; older ones are removed."""
    pointer = shelf / f".{POINTER}-{uuid4().hex[:8]}"
    pointer.write_text(fingerprint, encoding="ascii")
    os.replace(pointer, shelf / POINTER)
    (shelf / fingerprint).touch()
    _tidy(shelf, keep=fingerprint)


def _is_whole(shelf: Path, name: str) -> bool:
    try:
        load_snapshot(shelf, name)
    except SnapshotDamaged:
        return False
    return True


def current_fingerprint(shelf: Path) -> str:
    """Return the fingerprint of the snapshot in force; raises SnapshotUnavailable."""
    try:
        return (shelf / POINTER).read_text(encoding="ascii").strip()
    except OSError as error:
        raise SnapshotUnavailable(f"nothing is published in {shelf.name}") from error


def load_snapshot(shelf: Path, name: str | None = None) -> Snapshot:
    """Load the snapshot in force (or a named one); raises SnapshotUnavailable, SnapshotDamaged."""
    place = shelf / (name or current_fingerprint(shelf))
    try:
        manifest = json.loads((place / "manifest.json").read_text(encoding="utf-8"))
        if not isinstance(manifest, dict):
            raise SnapshotDamaged(f"the manifest of {place.name} is no object")
        if manifest["format"] != FORMAT:
            raise SnapshotDamaged(f"format {manifest['format']}, expected {FORMAT}")
        for name, digest in manifest["files"].items():
            if _digest(place / name) != digest:
                raise SnapshotDamaged(f"{name} of snapshot {place.name} was altered")
        return _read(place, manifest)
    except (OSError, KeyError, ValueError, TypeError, AttributeError) as error:
        raise SnapshotDamaged(f"snapshot {place.name} cannot be read: {error}") from error


def _write(snapshot: Snapshot, place: Path) -> None:
    place.mkdir()
    _dump(
        place / "documents.json", [[d.owner, d.kind, d.texts, d.twin] for d in snapshot.documents]
    )
    _dump(place / "records.json", snapshot.records)
    for name, index in (*snapshot.lexical.items(), ("whole", snapshot.whole)):
        np.savez(
            place / f"{name}.npz",
            starts=index.starts,
            docs=index.docs,
            impacts=index.impacts,
            idf=index.idf,
        )
        _dump(place / f"{name}.json", {"size": index.size, "terms": list(index.vocabulary)})
    if snapshot.vectors is not None:
        snapshot.vectors.save(place / "vectors.faiss")
    manifest = {
        "format": FORMAT,
        "fingerprint": snapshot.fingerprint,
        "encoder": snapshot.encoder_fingerprint,
        "recipe": asdict(snapshot.recipe),
        "published_at": snapshot.published_at,
        "documents": len(snapshot.documents),
        "passages": len(snapshot.passages),
        "files": {path.name: _digest(path) for path in sorted(place.iterdir())},
    }
    if snapshot.reranked is not None:
        manifest["reranked"] = asdict(snapshot.reranked)
        manifest["reranker"] = snapshot.reranker_fingerprint
    _dump(place / "manifest.json", manifest)


def _read(place: Path, manifest: dict[str, Any]) -> Snapshot:
    documents = [
        Document(owner, kind, tuple((f, t) for f, t in texts), twin)
        for owner, kind, texts, twin in _parse(place / "documents.json")
    ]
    has_vectors = "vectors.faiss" in manifest["files"]
    return Snapshot(
        fingerprint=manifest["fingerprint"],
        encoder_fingerprint=manifest["encoder"],
        recipe=recipe_from(manifest["recipe"]),
        documents=documents,
        passages=cut(documents),
        lexical={view: _read_lexical(place, view) for view in VIEWS},
        whole=_read_lexical(place, "whole"),
        vectors=VectorIndex.load(place / "vectors.faiss") if has_vectors else None,
        records=_parse(place / "records.json"),
        published_at=manifest["published_at"],
        reranked=recipe_from(manifest["reranked"]) if "reranked" in manifest else None,
        reranker_fingerprint=manifest.get("reranker", ""),
    )


def _read_lexical(place: Path, name: str) -> LexicalIndex:
    arrays = np.load(place / f"{name}.npz")
    head = _parse(place / f"{name}.json")
    return LexicalIndex(
        vocabulary={term: number for number, term in enumerate(head["terms"])},
        starts=arrays["starts"],
        docs=arrays["docs"],
        impacts=arrays["impacts"],
        idf=arrays["idf"],
        size=head["size"],
    )


def _tidy(shelf: Path, keep: str) -> None:
    _clear_drafts(shelf)
    places = [path for path in shelf.iterdir() if path.is_dir() and not path.name.startswith(".")]
    places.sort(key=lambda path: path.stat().st_mtime, reverse=True)
    for place in places[KEPT_SNAPSHOTS:]:
        if place.name != keep:
            shutil.rmtree(place, ignore_errors=True)


def _clear_drafts(shelf: Path) -> None:
    """Remove what a process that was killed while writing has left behind."""
    for path in shelf.glob(".*"):
        if time.time() - path.stat().st_mtime > STALE_DRAFT_SECONDS:
            shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink()


def _dump(path: Path, data: Any) -> None:
    path.write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")


def _parse(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
