"""Chunks for wideband models, without seams."""

from __future__ import annotations

import numpy as np
import pytest

from tests.voice.fakes_recognition import tone
from voice.audio import resampled
from voice.recognition.upsampling import Upsampler


@pytest.mark.parametrize("chunk_bytes", [320, 1600, 1602, 62, 9000])
def test_chunk_by_chunk_is_the_same_as_the_whole(chunk_bytes: int) -> None:
    pcm = tone(0.5, 437) + tone(0.3, 1900)
    upsampler = Upsampler()
    chunks = [pcm[at : at + chunk_bytes] for at in range(0, len(pcm), chunk_bytes)]
    wide = b"".join(upsampler.step(chunk) for chunk in chunks) + upsampler.flush()
    got, whole = (np.frombuffer(x, "<i2").astype(int) for x in (wide, resampled(pcm, 8000, 16000)))
    assert len(got) == len(whole) == len(pcm)
    # What comes before the beginning and after the end is silence in both.
    assert np.abs(got - whole).max() <= 2


def test_what_comes_out_is_a_moment_behind() -> None:
    upsampler = Upsampler()
    assert upsampler.step(bytes(60)) == b""
    assert len(upsampler.step(bytes(320))) == 2 * 300
