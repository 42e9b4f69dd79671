"""The band of the telephone, and how loud speech is."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.voice.fakes_audio import silence, spoken, tone
from voice.audio import QUIETEST_DBFS, level_dbfs
from voice.loudness import band_limited, speech_dbfs


@pytest.mark.parametrize("frequency_hz", [400, 1000, 2500, 3200])
def test_what_a_telephone_carries_passes(frequency_hz):
    assert level_dbfs(band_limited(tone(frequency_hz, 1, -20))) == pytest.approx(-20, abs=1)


@pytest.mark.parametrize("frequency_hz", [50, 100, 3900])
def test_what_a_telephone_does_not_carry_is_taken_away(frequency_hz):
    assert level_dbfs(band_limited(tone(frequency_hz, 1, -20))[1600:]) < -20 - 20


def test_pauses_do_not_count_for_the_loudness():
    speech = spoken("您需要带身份证和户口本")
    slow = speech + silence(5) + speech
    assert speech_dbfs(slow) == pytest.approx(speech_dbfs(speech), abs=0.1)


@pytest.mark.parametrize("nothing", [b"", bytes(2), silence(1)])
def test_silence_stays_silence(nothing):
    assert band_limited(nothing) == nothing
    assert speech_dbfs(nothing) == QUIETEST_DBFS


@settings(deadline=None)
@given(st.binary(max_size=2000).filter(lambda pcm: len(pcm) % 2 == 0))
def test_the_length_stays(pcm):
    assert len(band_limited(pcm)) == len(pcm)
