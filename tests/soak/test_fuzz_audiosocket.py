"""The fuzzing of the AudioSocket reader, in small; make soak runs a hundred thousand cases."""

from __future__ import annotations

import pytest

from tests.soak.fuzz_audiosocket import fuzz_audiosocket


@pytest.mark.audiosocket
def test_a_thousand_strange_streams_hurt_nobody() -> None:
    figures = fuzz_audiosocket(1_000, seed=1)
    assert figures["wrong"] == []
    assert figures["sockets"] >= 5
