"""Every sentence leaves at the same loudness, inside the telephone's band, without silence around it."""

from __future__ import annotations

import numpy as np
import pytest

from tests.voice.fakes_speech import tone
from voice.audio import seconds_of
from voice.loudness import SPOKEN_DBFS, speech_dbfs
from voice.synthesis.finishing import PEAK_DBFS, finished


def _peak_dbfs(pcm: bytes) -> float:
    return float(20 * np.log10(np.abs(np.frombuffer(pcm, "<i2").astype(float)).max() / 32768))


@pytest.mark.parametrize("dbfs", [-45, -30, -20, -6, -0.1])
def test_soft_and_loud_speech_come_out_equally_loud(dbfs: float) -> None:
    assert speech_dbfs(finished(tone(1, dbfs=dbfs), 8000)) == pytest.approx(SPOKEN_DBFS, abs=0.3)


def test_peaks_stay_below_minus_three_and_the_loudness_is_kept() -> None:
    noise = np.random.default_rng(1).normal(0, 900, 16000)
    noise[::400] = 32000
    pcm = finished(noise.astype("<i2").tobytes(), 8000)
    assert _peak_dbfs(pcm) <= PEAK_DBFS + 0.01
    assert speech_dbfs(pcm) == pytest.approx(SPOKEN_DBFS, abs=2.0)


def test_silence_around_speech_is_cut_and_a_pause_inside_stays() -> None:
    silence = bytes(16000)
    pcm = finished(silence + tone(0.5) + silence + tone(0.5) + silence, 8000)
    assert seconds_of(pcm) == pytest.approx(2.0 + 0.08, abs=0.05)


def test_what_a_telephone_does_not_carry_is_taken_out() -> None:
    mixed = np.frombuffer(tone(1, hz=1000), "<i2") + np.frombuffer(tone(1, hz=80), "<i2")
    spectrum = np.abs(
        np.fft.rfft(np.frombuffer(finished(mixed.astype("<i2").tobytes(), 8000), "<i2"))
    )
    hz = np.fft.rfftfreq(2 * (len(spectrum) - 1), 1 / 8000)
    assert spectrum[(hz > 60) & (hz < 100)].max() < spectrum[(hz > 980) & (hz < 1020)].max() / 100


@pytest.mark.parametrize("pcm", [b"", bytes(2), bytes(100), bytes(16000)])
def test_silence_is_no_sentence(pcm: bytes) -> None:
    assert finished(pcm, 8000) == b""


def test_another_rate_comes_out_at_eight_kilohertz() -> None:
    assert seconds_of(finished(tone(1, rate_hz=22050), 22050)) == pytest.approx(1, abs=0.05)
