"""Nearest passages by meaning: FAISS over normalised vectors (inner product = cosine).

Exact up to EXACT_UP_TO vectors, a navigable small-world graph above, where an exact scan would
be too slow for one core.
"""

from __future__ import annotations

import os
from pathlib import Path

import faiss
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]

EXACT_UP_TO = 50_000
GRAPH_LINKS = 32
BUILD_EFFORT = 120
SEARCH_EFFORT = 256


class VectorIndex:
    """Vectors of shape (n, dimensions) with nearest-neighbour search."""

    def __init__(self, index: faiss.Index) -> None:
        self._index = index

    @classmethod
    def build(cls, vectors: Floats) -> VectorIndex:
        """Index L2-normalised vectors."""
        dimensions = vectors.shape[1]
        if len(vectors) <= EXACT_UP_TO:
            index = faiss.IndexFlatIP(dimensions)
        else:
            index = faiss.IndexHNSWFlat(dimensions, GRAPH_LINKS, faiss.METRIC_INNER_PRODUCT)
            index.hnsw.efConstruction = BUILD_EFFORT
        faiss.omp_set_num_threads(len(os.sched_getaffinity(0)))
        index.add(np.ascontiguousarray(vectors, dtype=np.float32))
        # One question at a time: more threads would only wait for each other.
        faiss.omp_set_num_threads(1)
        return cls(index)

    @classmethod
    def load(cls, path: Path) -> VectorIndex:
        """Read an index written by ``save``."""
        faiss.omp_set_num_threads(1)
        return cls(faiss.read_index(str(path)))

    def save(self, path: Path) -> None:
        """Write the index to one file."""
        faiss.write_index(self._index, str(path))

    def vectors(self) -> Floats:
        """Return what was indexed, of shape (n, dimensions)."""
        found: Floats = self._index.reconstruct_n(0, self._index.ntotal)
        return found

    def search(self, vector: Floats, top_k: int) -> tuple[Ints, Floats]:
        """Return the rows of the ``top_k`` nearest vectors and their cosines, nearest first."""
        if isinstance(self._index, faiss.IndexHNSWFlat):
            # Set per search: FAISS does not keep the effort in the file.
            self._index.hnsw.efSearch = max(SEARCH_EFFORT, top_k)
        found, rows = self._index.search(vector.reshape(1, -1), min(top_k, self._index.ntotal))
        kept = rows[0] >= 0
        return rows[0][kept], found[0][kept]

    def __len__(self) -> int:
        return int(self._index.ntotal)
