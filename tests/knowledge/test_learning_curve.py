"""The picture of the learning curve is drawn."""

from __future__ import annotations

from pathlib import Path

import pytest

from knowledge.evaluation import Share
from knowledge.learning_curve import draw_curve

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:matplotlib")


def test_the_curve_is_drawn(tmp_path: Path) -> None:
    styles = ("all", "elderly")
    curve = {size: {style: Share(size, 100) for style in styles} for size in (10, 40, 90)}
    draw_curve(curve, tmp_path / "new" / "curve.png")
    assert (tmp_path / "new" / "curve.png").read_bytes().startswith(b"\x89PNG")
