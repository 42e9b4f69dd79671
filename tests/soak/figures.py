"""What a part measures and how it is judged."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

Figures = dict[str, Any]


def percentile(values: Sequence[float], percent: float) -> float:
    return round(float(np.percentile(values, percent)), 1) if values else 0.0


def judged(figures: Figures, **most: float) -> Figures:
    """Add what is larger than it may be, one sentence each."""
    wrong = [
        f"{name}: expected at most {limit:g}, got {figures[name]}"
        for name, limit in most.items()
        if figures[name] > limit
    ]
    return {**figures, "wrong": wrong}
