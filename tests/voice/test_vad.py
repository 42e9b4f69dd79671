"""Speech is heard, soft or in noise; hum, hiss, clicks and tones are not."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.voice.fakes_audio import (
    clicks,
    mains_hum,
    mixed,
    pink_noise,
    silence,
    spoken,
    swaying,
    tone,
    white_noise,
)
from voice.audio import FRAME_BYTES, FRAME_SECONDS, SILENCE, frames_of, seconds_of
from voice.levels import LARGEST_GAIN_DB, SMALLEST_GAIN_DB, NoiseFloor, SlowGain
from voice.vad import PreRoll, SpeechStart, VoiceActivity

LEAD_SECONDS = 2.0
QUESTION = "您好，我想问一下老年证怎么办，需要带什么材料？"
SENTENCES = [
    (QUESTION, "cmn"),
    (QUESTION, "cmn+f3"),
    ("我家住在幸福路十二号三单元五零二", "cmn+f3"),
    ("人工", "cmn"),
    ("嗯", "cmn+f3"),
]


def decided(pcm):
    activity = VoiceActivity()
    return [activity.step(frame) for frame in frames_of(pcm)]


def first_start(decisions):
    start = SpeechStart()
    return next((at for at, is_speech in enumerate(decisions) if start.step(is_speech)), None)


def longest_gap_seconds(decisions):
    gap = longest = 0
    for is_speech in decisions:
        gap = 0 if is_speech else gap + 1
        longest = max(longest, gap)
    return longest * FRAME_SECONDS


def heard(speech, noise_of=None):
    """Decisions while it is quiet before, while somebody speaks, and afterwards."""
    pcm = silence(LEAD_SECONDS) + speech + silence(1.5)
    decisions = decided(mixed(pcm, noise_of(seconds_of(pcm))) if noise_of else pcm)
    begin = round(LEAD_SECONDS / FRAME_SECONDS)
    end = begin + round(seconds_of(speech) / FRAME_SECONDS)
    return decisions[:begin], decisions[begin:end], decisions[end:]


@pytest.mark.parametrize(("text", "voice"), SENTENCES)
@pytest.mark.parametrize("dbfs", [-10, -23, -30, -38])
def test_speech_is_heard_from_its_first_syllable_whether_loud_or_soft(text, voice, dbfs):
    before, during, after = heard(spoken(text, voice, dbfs=dbfs))
    assert not any(before)
    assert first_start(during) * FRAME_SECONDS <= 0.14
    assert np.mean(during) > 0.75
    assert longest_gap_seconds(during) < 0.45
    assert sum(after) <= 3


@pytest.mark.parametrize(("text", "voice"), SENTENCES)
@pytest.mark.parametrize("noise", [pink_noise, white_noise])
def test_speech_is_heard_10_db_above_the_noise_within_the_pre_roll(text, voice, noise):
    before, during, after = heard(spoken(text, voice), lambda seconds: noise(seconds, -33))
    assert not any(before)
    assert first_start(during) * FRAME_SECONDS <= 0.28
    assert longest_gap_seconds(during) < 0.5
    assert sum(after) <= 3


def test_a_soft_caller_in_a_room_is_heard():
    before, during, _ = heard(spoken(QUESTION, dbfs=-38), lambda seconds: pink_noise(seconds, -50))
    assert not any(before)
    assert first_start(during) * FRAME_SECONDS <= 0.28


def test_slow_speech_with_level_vowels_is_no_steady_noise():
    _, during, _ = heard(spoken("妈妈今天八八八", words_per_minute=80))
    assert np.mean(during) > 0.75
    assert longest_gap_seconds(during) < 0.45


STEADY = {
    "white noise": white_noise(20, -35),
    "room noise": pink_noise(20, -35),
    "a fan beside the telephone": pink_noise(20, -20),
    "a nearly silent line": white_noise(20, -66),
    "wind": swaying(pink_noise(20, -35), 0.5, 8),
    "traffic": swaying(pink_noise(20, -25), 0.3, 12),
    "rustling": swaying(white_noise(20, -35), 4, 10),
    "hum": mains_hum(20, -35),
    "loud hum": mains_hum(20, -15),
    "a dialling tone": tone(450, 20, -20),
    "digital silence": silence(20),
    "a clicking line": clicks(20, 0.4),
    "a crackling line": clicks(20, 0.1),
    "a bad line in a noisy room": mixed(mains_hum(20, -25), clicks(20, 0.3), pink_noise(20, -40)),
}


@pytest.mark.parametrize("kind", STEADY)
def test_what_is_no_speech_starts_no_turn(kind):
    assert first_start(decided(STEADY[kind])) is None


@pytest.mark.parametrize(
    "noise", [white_noise(5, -35), pink_noise(5, -35), mains_hum(5, -25), tone(450, 5, -20)]
)
def test_noise_that_sets_in_suddenly_is_seen_through_within_half_a_second(noise):
    decisions = decided(silence(3) + noise)[round(3 / FRAME_SECONDS) :]
    assert not any(decisions[round(0.5 / FRAME_SECONDS) :])


@pytest.mark.parametrize("noise", [white_noise(5, -35), pink_noise(5, -35), white_noise(5, -15)])
def test_hiss_that_sets_in_suddenly_starts_no_turn_at_all(noise):
    assert first_start(decided(silence(3) + noise)) is None


def test_a_hoarse_caller_is_heard():
    before, during, _ = heard(spoken(QUESTION, "cmn+croak"))
    assert not any(before)
    assert first_start(during) * FRAME_SECONDS <= 0.28
    assert longest_gap_seconds(during) < 0.5


def test_a_noise_that_grows_louder_for_good_is_learned():
    decisions = decided(pink_noise(5, -50) + pink_noise(10, -30, seed=1))
    assert not any(decisions[round(8 / FRAME_SECONDS) :])


def test_speech_after_a_loud_noise_has_gone_is_heard_again():
    decisions = decided(pink_noise(5, -20) + silence(0.1) + spoken("人工", dbfs=-38))
    assert any(decisions[round(5.1 / FRAME_SECONDS) :])


def test_after_a_long_prompt_of_silence_the_ear_is_as_sharp_as_before():
    decisions = decided(silence(60) + spoken(QUESTION, dbfs=-38))[round(60 / FRAME_SECONDS) :]
    assert first_start(decisions) * FRAME_SECONDS <= 0.14


@pytest.mark.parametrize("frame", [b"", bytes(FRAME_BYTES - 2), bytes(FRAME_BYTES + 2)])
def test_a_frame_of_another_length_is_refused(frame):
    with pytest.raises(ValueError, match="expected 320 bytes per frame"):
        VoiceActivity().step(frame)


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.binary(min_size=320, max_size=320),
            st.just(SILENCE),
            st.just(b"\xff\x7f" * 160),
            st.just(b"\x00\x80" * 160),
        ),
        max_size=60,
    )
)
def test_any_sound_is_decided_on(frames):
    activity = VoiceActivity()
    assert all(activity.step(frame) in (True, False) for frame in frames)


def test_five_of_six_frames_are_a_start_and_four_are_not():
    start = SpeechStart()
    assert [start.step(flag) for flag in (True, True, False, True, True, True)] == [False] * 5 + [
        True
    ]
    start.reset()
    assert not any(start.step(flag) for flag in (True, True, False, True, True, False) * 20)


@given(st.lists(st.booleans(), max_size=80))
def test_a_start_always_has_five_frames_of_speech_among_the_newest_six(flags):
    start = SpeechStart()
    for at, flag in enumerate(flags):
        assert start.step(flag) == (sum(flags[max(0, at - 5) : at + 1]) >= 5)


def test_the_pre_roll_holds_the_newest_300_ms_in_order():
    frames = [bytes([number]) * FRAME_BYTES for number in range(40)]
    pre_roll = PreRoll()
    for frame in frames:
        pre_roll.step(frame)
    assert pre_roll.taken() == b"".join(frames[-15:])
    assert pre_roll.taken() == SILENCE * 15


def test_the_first_syllable_is_within_the_pre_roll_when_the_start_is_noticed():
    speech = spoken(QUESTION)
    activity, start, pre_roll = VoiceActivity(), SpeechStart(), PreRoll()
    for frame in frames_of(silence(1) + speech):
        pre_roll.step(frame)
        if start.step(activity.step(frame)):
            break
    assert speech[:320] in pre_roll.taken()


def test_the_floor_falls_at_once_and_rises_after_half_a_second_of_steadiness():
    floor = NoiseFloor()
    steady = random.Random(4)
    for _ in range(25):
        floor.step(-35 + steady.uniform(-1, 1))
    assert floor.dbfs == pytest.approx(-36, abs=1.5)
    for _ in range(10):
        floor.step(-60)
    assert floor.dbfs < -55


def test_a_floor_that_sways_is_learned_from_its_quietest_moments_within_3_seconds():
    floor, sway = NoiseFloor(), random.Random(4)
    for level in [-60.0] * 100 + [-35 + sway.uniform(-5, 5) for _ in range(150)]:
        floor.step(level)
    assert floor.dbfs == pytest.approx(-39, abs=1.5)


def test_a_voice_does_not_lift_the_floor_within_a_word():
    floor, sway = NoiseFloor(), random.Random(4)
    for level in [-55.0] * 25 + [-20 + sway.uniform(-4, 4) for _ in range(60)]:
        floor.step(level)
    assert floor.dbfs < -50


def test_a_voice_does_not_lift_the_floor():
    floor = NoiseFloor()
    for _ in range(20):
        for level in [-55] * 10 + [-22, -18, -25, -30, -20, -24, -33, -19] * 8:
            floor.step(level)
    assert floor.dbfs < -50


@given(st.lists(st.floats(-96, 3), max_size=300))
def test_gain_stays_within_its_limits_whatever_is_heard(levels):
    floor, gain = NoiseFloor(), SlowGain()
    for level in levels:
        assert SMALLEST_GAIN_DB <= gain.step(level, floor.step(level)) <= LARGEST_GAIN_DB


def test_a_soft_caller_is_brought_up_and_a_loud_one_down():
    for speech_dbfs, expected in [(-38, 15), (-60, 24), (-10, -12)]:
        gain = SlowGain()
        for _ in range(1000):
            gain.step(speech_dbfs, -90)
        assert gain.gain_db == pytest.approx(expected, abs=1.5)


def test_a_pause_leaves_the_gain_alone():
    gain = SlowGain()
    for _ in range(500):
        gain.step(-38, -60)
    before = gain.gain_db
    for _ in range(3000):
        gain.step(-58, -60)
    assert gain.gain_db == before
