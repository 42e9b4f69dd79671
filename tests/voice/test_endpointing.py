"""When the caller has finished speaking."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.voice.fakes_audio import mixed, pink_noise, silence, spoken
from voice.audio import FRAME_SECONDS, frames_of
from voice.endpointing import (
    COMPLETE_SECONDS,
    DICTATION_SECONDS,
    FREE_SECONDS,
    Endpointer,
    is_complete_question,
    is_yes_or_no,
    silence_wanted,
)
from voice.vad import SpeechStart, VoiceActivity


def frames(seconds):
    return round(seconds / FRAME_SECONDS)


def said(*pieces):
    """Decisions of a voice-activity detector: seconds of speech are positive, of silence negative."""
    return [seconds > 0 for seconds in pieces for _ in range(frames(abs(seconds)))]


def finished_at(decisions, wanted):
    """Seconds after which the utterance is finished, None if it never is."""
    end = Endpointer(wanted)
    ends = [at for at, is_speech in enumerate(decisions) if end.step(is_speech, wanted)]
    assert len(ends) <= 1
    return (ends[0] + 1) * FRAME_SECONDS if ends else None


@pytest.mark.parametrize("wanted", [COMPLETE_SECONDS, FREE_SECONDS, DICTATION_SECONDS])
def test_an_utterance_ends_exactly_after_the_silence_that_is_wanted(wanted):
    assert finished_at(said(1.0, -5.0), wanted) == pytest.approx(1.0 + wanted)


def test_a_pause_inside_an_address_does_not_end_the_utterance():
    assert silence_wanted("free", "我家住在幸福路十二号", True) == DICTATION_SECONDS
    assert finished_at(said(1.5, -2.0, 1.0, -3.0), DICTATION_SECONDS) == pytest.approx(6.7)


def test_a_pause_between_groups_of_digits_does_not_end_the_number():
    groups = said(0.8, -1.9, 1.0, -2.1, 1.0, -3.0)
    assert finished_at(groups, silence_wanted("digits", "幺三八", False)) == pytest.approx(9.0)


def test_a_click_in_the_silence_does_not_keep_the_turn_open():
    assert finished_at(said(1.0, -0.4, 0.04, -0.3, 0.02, -3.0), FREE_SECONDS) == pytest.approx(2.5)


def test_one_short_word_in_the_silence_does():
    assert finished_at(said(1.0, -1.0, 0.1, -3.0), FREE_SECONDS) == pytest.approx(3.6)


def test_speech_torn_by_noise_is_still_speech():
    torn = said(0.5) + [True, True, False, True, False] * 40 + said(-2.0)
    assert finished_at(torn, COMPLETE_SECONDS) == pytest.approx(0.5 + 4.0 - 0.02 + 0.7, abs=0.03)


def test_a_question_completed_by_the_last_partial_ends_at_once_if_it_was_quiet_long_enough():
    end = Endpointer(FREE_SECONDS)
    for is_speech in said(1.0, -1.0):
        assert not end.step(is_speech, silence_wanted("free", "老年证", False))
    assert end.step(False, silence_wanted("free", "老年证怎么办", False))
    assert not end.step(False, COMPLETE_SECONDS)


def test_the_silence_counts_from_the_last_frame_of_speech():
    end = Endpointer()
    for is_speech in said(1.0, -0.6):
        end.step(is_speech)
    assert end.silence_seconds == pytest.approx(0.6)


def test_the_silence_wanted_at_first_holds_until_another_is():
    end = Endpointer(COMPLETE_SECONDS)
    assert [end.step(is_speech) for is_speech in said(0.2, -0.7)][-1]


pauses = st.lists(st.tuples(st.integers(3, 60), st.integers(1, 200)), min_size=1, max_size=12)


@given(pauses, st.sampled_from([COMPLETE_SECONDS, FREE_SECONDS, DICTATION_SECONDS]))
def test_it_ends_once_and_at_the_first_pause_that_is_long_enough(pieces, wanted):
    needed = math.ceil(wanted / FRAME_SECONDS - 1e-9)
    decisions, expected = [], None
    for speech, pause in pieces:
        decisions += [True] * speech
        if expected is None and pause >= needed:
            expected = (len(decisions) + needed) * FRAME_SECONDS
        decisions += [False] * pause
    assert finished_at(decisions, wanted) == (pytest.approx(expected) if expected else None)


@given(st.lists(st.tuples(st.booleans(), st.sampled_from([0.7, 1.5, 2.2])), max_size=400))
def test_it_never_ends_during_speech_nor_twice_nor_too_early(steps):
    end, silent, ended = Endpointer(), 0, 0
    for is_speech, wanted in steps:
        silent = 0 if is_speech and silent == 0 else silent + 1
        if end.step(is_speech, wanted):
            ended += 1
            assert not is_speech
            assert end.silence_seconds >= wanted
    assert ended <= 1


COMPLETE = [
    *[
        ("free", text)
        for text in (
            "老年证怎么办",
            "老年证怎么办呢",
            "老年证 怎么 办",
            "社保卡丢了在哪补",
            "去哪里办理啊",
            "要交多少钱",
            "办这个要多少钱啊",
            "残疾人可以办吗",
            "街道几点上班",
            "办低保需要带什么",
            "需要什么材料",
            "那要多久呢",
            "这样行不行",
            "居住证怎么申请？",
            "我去哪儿办",
        )
    ],
    *[
        ("free", text)
        for text in (
            "人工",
            "转人工",
            "再说一遍",
            "说慢一点",
            "大声点",
            "再见",
            "不用了",
            "没有了",
            "不是",
        )
    ],
    *[
        ("yes_no", text)
        for text in ("对", "嗯", "是的", "不对", "不是", "好", "不", "错了", "对的没错", "可以")
    ],
    *[("choice", text) for text in ("第一个", "二", "我要第二个", "都不是", "后面那个", "对")],
    ("digits", "人工"),
]
FREE = [
    *[
        ("free", text)
        for text in (
            "",
            "怎么办",
            "可以吗",
            "老年证",
            "水管漏了",
            "我要投诉",
            "我家老头子呢",
            "我这个人呢",
            "有没有",
            "你好",
            "嗯",
            "对",
            "这个是不是",
        )
    ],
    *[("yes_no", text) for text in ("", "是幸福路", "不是那一家")],
    ("choice", "养老金"),
    ("digits", "幺三八零零一三八零零零"),
    ("digits", "13800138000"),
]
DICTATED = [
    *[("digits", text) for text in ("", "幺三八", "幺三八零零一三八零零", "对", "我的电话")],
    *[
        ("free", text)
        for text in (
            "我的电话是",
            "我的电话是幺三八",
            "我住在幸福路十二号",
            "幸福小区三号楼二单元",
            "我想问一下",
            "我想说那个",
            "因为",
        )
    ],
]


@pytest.mark.parametrize(
    ("expects", "partial", "seconds"),
    [(*case, COMPLETE_SECONDS) for case in COMPLETE]
    + [(*case, FREE_SECONDS) for case in FREE]
    + [(*case, DICTATION_SECONDS) for case in DICTATED],
)
def test_how_much_silence_is_wanted_depends_on_what_was_said(expects, partial, seconds):
    assert silence_wanted(expects, partial, False) == seconds


@pytest.mark.parametrize("partial", ["", "幸福路", "幸福路十二号怎么走", "是", "我家在河边那个楼"])
def test_while_an_address_is_dictated_every_pause_may_be_long(partial):
    assert silence_wanted("free", partial, True) == DICTATION_SECONDS


def test_who_asks_for_a_person_while_dictating_does_not_wait():
    assert silence_wanted("free", "人工", True) == COMPLETE_SECONDS


@given(
    st.sampled_from(["free", "yes_no", "digits", "choice"]),
    st.text("怎么办吗呢在哪多少钱对不是一二三四幺号路人工嗯的 ,。a1\n", max_size=30),
    st.booleans(),
)
def test_one_of_three_lengths_is_wanted_whatever_was_recognised(expects, partial, is_dictating):
    assert silence_wanted(expects, partial, is_dictating) in (0.7, 1.5, 2.2)


@given(st.text(max_size=40))
def test_no_text_is_too_strange(text):
    assert is_complete_question(text) in (True, False)
    assert is_yes_or_no(text) in (True, False)
    assert silence_wanted("free", text, False) in (0.7, 1.5, 2.2)


@pytest.mark.parametrize("noise_dbfs", [None, -33])
def test_a_spoken_question_ends_after_its_silence_and_not_at_its_comma(noise_dbfs):
    speech = spoken("您好，我想问一下老年证怎么办，需要带什么材料？", "cmn+f3")
    pcm = silence(1.0) + speech + silence(3.0)
    pcm = mixed(pcm, pink_noise(len(pcm) / 16000, noise_dbfs)) if noise_dbfs else pcm
    activity, start, end, ended_at = VoiceActivity(), SpeechStart(), None, None
    for at, frame in enumerate(frames_of(pcm)):
        is_speech = activity.step(frame)
        if end is None:
            end = Endpointer() if start.step(is_speech) else None
        elif end.step(is_speech, COMPLETE_SECONDS):
            ended_at = (at + 1) * FRAME_SECONDS
    assert ended_at == pytest.approx(1.0 + len(speech) / 16000 + COMPLETE_SECONDS, abs=0.15)
