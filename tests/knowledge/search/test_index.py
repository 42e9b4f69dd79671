"""The vector index finds the nearest: exactly while small, almost always when large."""

from __future__ import annotations

from pathlib import Path

import faiss
import numpy as np
import numpy.typing as npt
import pytest

from knowledge.search import index as module
from knowledge.search.index import VectorIndex

Floats = npt.NDArray[np.float32]
DIMENSIONS = 32
MANY = 25_000
TOP = 10


def directions(count: int, seed: int) -> Floats:
    """Random unit vectors."""
    vectors = np.random.default_rng(seed).normal(size=(count, DIMENSIONS)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def truly_nearest(vectors: Floats, query: Floats) -> npt.NDArray[np.int64]:
    """The rows by full comparison."""
    return np.argsort(-(vectors @ query), kind="stable")[:TOP].astype(np.int64)


@pytest.fixture(scope="module")
def many() -> Floats:
    """Many vectors."""
    return directions(MANY, 1)


@pytest.fixture(scope="module")
def graph(many: Floats) -> VectorIndex:
    """Their index, as it would be built for more than are searched exactly."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(module, "EXACT_UP_TO", MANY - 1)
        return VectorIndex.build(many)


def recall(index: VectorIndex, vectors: Floats, queries: Floats) -> float:
    """Share of the truly nearest that the index finds."""
    hits = sum(
        len(set(index.search(query, TOP)[0]) & set(truly_nearest(vectors, query)))
        for query in queries
    )
    return hits / (TOP * len(queries))


def test_a_small_index_is_exact() -> None:
    vectors = directions(2000, 2)
    index = VectorIndex.build(vectors)
    for query in directions(20, 3):
        rows, cosines = index.search(query, TOP)
        np.testing.assert_array_equal(rows, truly_nearest(vectors, query))
        np.testing.assert_allclose(cosines, (vectors @ query)[rows], atol=1e-5)


def test_the_graph_finds_almost_all_of_the_nearest(graph: VectorIndex, many: Floats) -> None:
    assert recall(graph, many, directions(100, 4)) >= 0.98


def test_a_saved_graph_searches_as_hard_as_before(
    graph: VectorIndex, many: Floats, tmp_path: Path
) -> None:
    graph.save(tmp_path / "vectors.faiss")
    loaded = VectorIndex.load(tmp_path / "vectors.faiss")
    assert len(loaded) == MANY
    assert recall(loaded, many, directions(30, 5)) >= 0.98


def test_large_and_small_are_told_apart(graph: VectorIndex) -> None:
    assert isinstance(graph._index, faiss.IndexHNSWFlat)
    assert isinstance(VectorIndex.build(directions(10, 6))._index, faiss.IndexFlatIP)


def test_asking_for_more_than_there_is_returns_all_of_it() -> None:
    vectors = directions(5, 7)
    rows, cosines = VectorIndex.build(vectors).search(vectors[2], 100)
    assert sorted(rows) == [0, 1, 2, 3, 4]
    assert rows[0] == 2
    assert cosines[0] == pytest.approx(1, abs=1e-5)
    assert list(cosines) == sorted(cosines, reverse=True)
