"""The type of numpy's arrays here; docstrings tell element type and shape where they matter."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

Array = NDArray[Any]
