"""What the tests share: the shipped knowledge, its matcher, a network that ends at this machine."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from knowledge.files import KnowledgeFiles, load_knowledge
from knowledge.search.encoder import SentenceTransformerEncoder
from knowledge.search.matcher import Matcher
from knowledge.search.recipe import load_recipe
from knowledge.search.snapshot import build_snapshot
from knowledge.training import documents_of

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
def matcher(shipped: KnowledgeFiles, encoder: SentenceTransformerEncoder) -> Matcher:
    """The production matcher over the shipped knowledge."""
    from knowledge.publishing import records_of

    snapshot = build_snapshot(
        documents_of(shipped), load_recipe(), encoder, records=records_of(shipped)
    )
    return Matcher(snapshot, encoder)


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Path]:
    """An empty place for snapshots."""
    place = tmp_path / "snapshots"
    yield place
    shutil.rmtree(place, ignore_errors=True)
