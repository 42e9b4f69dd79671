"""Synthesised speech is made to fit the telephone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.voice.fakes_audio import at_level, mixed, silence, spoken, tone
from voice.audio import QUIETEST_DBFS, level_dbfs
from voice.loudness import band_limited, levelled, speech_dbfs, telephone_speech


@pytest.mark.parametrize("frequency_hz", [400, 1000, 2500, 3200])
def test_what_a_telephone_carries_passes(frequency_hz):
    assert level_dbfs(band_limited(tone(frequency_hz, 1, -20))) == pytest.approx(-20, abs=1)


@pytest.mark.parametrize("frequency_hz", [50, 100, 3900])
def test_what_a_telephone_does_not_carry_is_taken_away(frequency_hz):
    assert level_dbfs(band_limited(tone(frequency_hz, 1, -20))[1600:]) < -20 - 20


@pytest.mark.parametrize("dbfs", [-45, -30, -20, -12])
def test_soft_and_loud_engines_end_at_one_loudness(dbfs):
    speech = spoken("您需要带身份证和户口本", dbfs=dbfs)
    assert speech_dbfs(telephone_speech(speech)) == pytest.approx(-20, abs=1)


def test_pauses_do_not_make_the_words_louder():
    speech = spoken("您需要带身份证和户口本")
    slow = speech + silence(5) + speech
    assert speech_dbfs(levelled(slow)) == pytest.approx(speech_dbfs(levelled(speech)), abs=0.1)


def test_a_peak_is_not_cut_but_leaves_the_rest_softer():
    click = bytes(8000) + b"\xff\x7f" + bytes(8000)
    louder = levelled(mixed(tone(1000, 1, -40), click))
    assert max(abs(np.frombuffer(louder, dtype="<i2"))) <= 0.91 * 32767


@pytest.mark.parametrize("nothing", [b"", bytes(2), silence(1)])
def test_silence_stays_silence(nothing):
    assert telephone_speech(nothing) == nothing
    assert speech_dbfs(nothing) == QUIETEST_DBFS


def test_hiss_alone_is_not_blown_up_to_speech():
    assert level_dbfs(levelled(at_level(tone(1000, 1, -20), -70))) < -35


@settings(deadline=None)
@given(st.binary(max_size=2000).filter(lambda pcm: len(pcm) % 2 == 0))
def test_the_length_stays_and_nothing_wraps_around(pcm):
    fitted = telephone_speech(pcm)
    assert len(fitted) == len(pcm)
    assert all(
        abs(sample) <= 0.91 * 32767
        for sample in np.frombuffer(levelled(pcm), dtype="<i2").astype(int)
    )
