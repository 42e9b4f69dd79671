"""A multinomial linear classifier over named features, trained once and shipped as one small file.

Facets and danger are recognised with it; which features a text has is their business.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

SEEN_AT_LEAST = 3
SMALLEST_WEIGHT = 0.11


class LinearClassifier:
    """Weights of shape (features, classes); unknown features count for nothing."""

    def __init__(
        self,
        classes: Sequence[str],
        offsets: npt.NDArray[np.float32],
        features: Sequence[str],
        weights: npt.NDArray[np.float32],
    ) -> None:
        self.classes = tuple(classes)
        self._offsets = offsets
        self._rows = {name: row for row, name in enumerate(features)}
        self._weights = weights

    def probabilities(self, features: Mapping[str, float]) -> dict[str, float]:
        """Return the probability of each class for features with their values; they sum to 1."""
        known = [(self._rows[f], value) for f, value in features.items() if f in self._rows]
        rows = [row for row, _ in known]
        values = np.array([value for _, value in known], dtype=np.float32)
        scores = self._offsets + values @ self._weights[rows]
        exponents = np.exp(scores - scores.max())
        shares = exponents / exponents.sum()
        return dict(zip(self.classes, map(float, shares), strict=True))

    def save(self, path: Path) -> None:
        """Write everything to one compressed file, the same bytes for the same weights."""
        np.savez_compressed(
            path,
            classes=np.array(self.classes),
            offsets=self._offsets.astype(np.float32),
            features=np.array(list(self._rows)),
            weights=self._weights.astype(np.float16),
        )

    @classmethod
    def load(cls, path: Path) -> LinearClassifier:
        """Read what ``save`` wrote."""
        with np.load(path, allow_pickle=False) as stored:
            return cls(
                stored["classes"].tolist(),
                stored["offsets"],
                stored["features"].tolist(),
                stored["weights"].astype(np.float32),
            )


def train_linear(
    rows: Sequence[Mapping[str, float]], labels: Sequence[str], strength: float
) -> LinearClassifier:
    """Train by multinomial logistic regression; ``strength`` is the inverse regularisation C."""
    from sklearn.feature_extraction import DictVectorizer
    from sklearn.linear_model import LogisticRegression

    seen = Counter(feature for row in rows for feature in row)
    vectorizer = DictVectorizer(dtype=np.float32)
    table = vectorizer.fit_transform(
        [{f: value for f, value in row.items() if seen[f] >= SEEN_AT_LEAST} for row in rows]
    )
    model = LogisticRegression(C=strength, max_iter=300)
    model.fit(table, labels)
    # Of two classes scikit-learn keeps the weights of the second alone.
    rows_of = model.coef_ if len(model.coef_) > 1 else np.vstack([-model.coef_, model.coef_]) / 2
    offsets = model.intercept_ if len(model.coef_) > 1 else np.outer([-0.5, 0.5], model.intercept_)
    weights = rows_of.T.astype(np.float32)
    kept = np.abs(weights).max(axis=1) >= SMALLEST_WEIGHT
    names = vectorizer.get_feature_names_out()[kept].tolist()
    return LinearClassifier(
        model.classes_.tolist(), offsets.ravel().astype(np.float32), names, weights[kept]
    )
