"""What the tests share: the shipped knowledge, its matcher, a network that ends at this machine."""

from __future__ import annotations

import hashlib
import shutil
import socket
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import pytest

from knowledge.documents import documents_of
from knowledge.files import KnowledgeFiles, load_knowledge
from knowledge.search import snapshot as snapshots
from knowledge.search.encoder import SentenceTransformerEncoder
from knowledge.search.errors import SnapshotDamaged
from knowledge.search.matcher import Matcher
from knowledge.search.recipe import load_recipe
from knowledge.search.snapshot import (
    Snapshot,
    build_snapshot,
    fingerprint,
    load_snapshot,
    publish_snapshot,
)

_connect = socket.socket.connect
_LOOPBACK = ("127.", "::1", "localhost")


@pytest.fixture(autouse=True, scope="session")
def only_loopback() -> Iterator[None]:
    """Nothing here talks to anybody outside; what tries fails loudly."""

    def connect(self: socket.socket, address: object) -> None:
        host = address[0] if isinstance(address, tuple) else ""
        if self.family in (socket.AF_INET, socket.AF_INET6) and not str(host).startswith(_LOOPBACK):
            raise AssertionError(f"a test tried to reach {host}")
        _connect(self, address)  # type: ignore[arg-type]

    socket.socket.connect = connect  # type: ignore[method-assign, assignment]
    yield
    socket.socket.connect = _connect  # type: ignore[method-assign]


@pytest.fixture(scope="session")
def shipped() -> KnowledgeFiles:
    """The knowledge that ships."""
    return load_knowledge()


@pytest.fixture(scope="session")
def encoder() -> SentenceTransformerEncoder:
    """The built-in encoder."""
    return SentenceTransformerEncoder()


@pytest.fixture(scope="session")
def matcher(
    shipped: KnowledgeFiles,
    encoder: SentenceTransformerEncoder,
    pytestconfig: pytest.Config,
    tmp_path_factory: pytest.TempPathFactory,
) -> Matcher:
    """The production matcher over the shipped knowledge."""
    kept = pytestconfig.cache.mkdir("snapshots") if pytestconfig.cache else None
    shelf = (kept or tmp_path_factory.mktemp("snapshots")) / _analysis()
    return Matcher(_built_once(shipped, encoder, shelf), encoder)


def _built_once(
    files: KnowledgeFiles, encoder: SentenceTransformerEncoder, shelf: Path
) -> Snapshot:
    """The snapshot as the last run left it, built anew if anything in it has changed since."""
    from knowledge.publishing import records_of

    documents, recipe, records = documents_of(files), load_recipe(), records_of(files)
    try:
        return load_snapshot(shelf, fingerprint(documents, recipe, encoder.fingerprint, records))
    except SnapshotDamaged:
        made = build_snapshot(documents, recipe, encoder, records=records)
        publish_snapshot(made, shelf)
        for stale in set(shelf.parent.iterdir()) - {shelf}:
            shutil.rmtree(stale, ignore_errors=True)
        return made


def _analysis() -> str:
    """What turns the same knowledge into another snapshot: our code and two dictionaries."""
    code = sorted(Path(snapshots.__file__).parent.glob("*.py"))
    parts = [path.read_bytes() for path in code]
    parts += [version(name).encode() for name in ("jieba", "pypinyin")]
    return hashlib.sha256(b"".join(parts)).hexdigest()[:16]


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Path]:
    """An empty place for snapshots."""
    place = tmp_path / "snapshots"
    yield place
    shutil.rmtree(place, ignore_errors=True)
