"""A sentence's way: recording, else what was rendered ahead, else the engine; one work for all who ask."""

from __future__ import annotations

import logging
import threading
from pathlib import Path

import pytest

from tests.voice.fakes_speech import FakeEngine, tone
from voice.errors import SynthesizerUnavailable
from voice.synthesis import NORMAL_PACE, SLOW_PACE
from voice.synthesis.cache import SpeechCache
from voice.synthesis.recent import RecentSounds
from voice.synthesis.speech import Preloaded, Speech


class OneRecording:
    def saying(self, sentence: str) -> bytes | None:
        return b"recorded" if sentence == "您好。" else None


def test_a_recording_is_heard_before_anything_is_synthesised() -> None:
    engine = FakeEngine()
    speech = Speech(engine, recordings=OneRecording())
    assert speech.render("您好。").result(5) == b"recorded"
    assert engine.asked == []


def test_the_engine_is_given_text_for_the_ear_at_the_pace_asked_for() -> None:
    engine = FakeEngine()
    speech = Speech(engine)
    speech.render("打12345").result(5)
    speech.render("打12345", slow=True).result(5)
    assert engine.asked == [("打幺二三四五", NORMAL_PACE), ("打幺二三四五", SLOW_PACE)]


def test_slow_speech_lasts_longer() -> None:
    speech = Speech(FakeEngine())
    assert len(speech.render("您好", slow=True).result(5)) > len(speech.render("您好").result(5))


def test_what_is_said_again_is_not_rendered_again() -> None:
    engine = FakeEngine()
    speech = Speech(engine)
    assert speech.render("您好").result(5) == speech.render("您好").result(5)
    assert len(engine.asked) == 1


def test_what_was_rendered_ahead_is_found_by_another_process(tmp_path: Path) -> None:
    Speech(FakeEngine(), SpeechCache(tmp_path)).preload(["您好"], progress=False)
    engine = FakeEngine()
    assert Speech(engine, SpeechCache(tmp_path)).render("您好").result(5)
    assert engine.asked == []


def test_another_voice_does_not_take_the_first_ones_sounds(tmp_path: Path) -> None:
    Speech(FakeEngine("one"), SpeechCache(tmp_path)).preload(["您好"], progress=False)
    other = FakeEngine("other")
    Speech(other, SpeechCache(tmp_path)).render("您好").result(5)
    assert len(other.asked) == 1


def test_what_is_said_to_one_caller_reaches_no_disk(tmp_path: Path) -> None:
    speech = Speech(FakeEngine(), SpeechCache(tmp_path))
    assert speech.render("您的电话是13812345678，对吗？").result(5)
    assert not list(tmp_path.rglob("*"))


def test_two_callers_who_wait_for_one_sentence_cost_one_rendering() -> None:
    gate = threading.Event()
    engine = FakeEngine(gate=gate)
    speech = Speech(engine)
    futures = [speech.render("请稍等") for _ in range(8)]
    gate.set()
    assert len({future.result(5) for future in futures}) == 1
    assert len(engine.asked) == 1


def test_a_caller_who_hangs_up_does_not_take_the_sentence_from_another() -> None:
    gate = threading.Event()
    speech = Speech(FakeEngine(gate=gate))
    hers, his = speech.render("请稍等"), speech.render("请稍等")
    assert hers.cancel()
    gate.set()
    assert his.result(5)


def test_an_engine_that_fails_gives_silence_and_no_word_of_the_sentence_in_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    speech = Speech(FakeEngine(unspeakable="王"))
    with caplog.at_level(logging.DEBUG):
        assert speech.render("王阿姨住三栋").result(5) == b""
    assert "a fake fault" in caplog.text
    assert "阿姨" not in caplog.text


def test_a_fault_nobody_named_gives_silence_too(caplog: pytest.LogCaptureFixture) -> None:
    class Broken(FakeEngine):
        def speak(self, text: str, characters_per_minute: int) -> bytes:
            raise ZeroDivisionError

    assert Speech(Broken()).render("您好").result(5) == b""
    assert "ZeroDivisionError" in caplog.text


def test_after_a_failure_the_same_sentence_is_tried_again() -> None:
    engine = FakeEngine(unspeakable="好")
    speech = Speech(engine)
    assert speech.render("您好").result(5) == b""
    speech.render("您好").result(5)
    assert len(engine.asked) == 2


@pytest.mark.parametrize("sentence", ["", "😀", "（国发〔2014〕8号）"])
def test_a_sentence_without_anything_to_say_is_silence(sentence: str) -> None:
    engine = FakeEngine()
    assert Speech(engine).render(sentence).result(5) == b""
    assert engine.asked == []


def test_after_closing_sentences_are_silence_and_nothing_raises() -> None:
    speech = Speech(FakeEngine())
    speech.close()
    assert speech.render("您好").result(5) == b""


def test_closing_releases_those_who_wait() -> None:
    gate = threading.Event()
    engine = FakeEngine(gate=gate)
    speech = Speech(engine)
    futures = [speech.render(f"第{at}句") for at in range(9)]
    assert engine.began.wait(5)
    closing = threading.Thread(target=speech.close)
    closing.start()
    gate.set()
    closing.join(5)
    assert not closing.is_alive()
    assert all(future.result(5) is not None for future in futures)


def test_preloading_counts_what_it_did_and_does_it_once(tmp_path: Path) -> None:
    speech = Speech(FakeEngine(unspeakable="坏"), SpeechCache(tmp_path), OneRecording())
    sentences = ["您好。", "再见", "坏", "再见", "😀"]
    assert speech.preload(sentences, progress=False) == Preloaded(rendered=1, present=2, failed=1)
    assert speech.preload(sentences, progress=False) == Preloaded(rendered=0, present=3, failed=1)


def test_preloading_with_an_engine_that_says_nothing_stops_and_says_why(tmp_path: Path) -> None:
    engine = FakeEngine(unspeakable="句")
    with pytest.raises(SynthesizerUnavailable):
        Speech(engine, SpeechCache(tmp_path)).preload(
            [f"第{at}句" for at in range(99)], progress=False
        )
    assert len(engine.asked) < 10


def test_preloading_shows_how_far_it_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Speech(FakeEngine(), SpeechCache(tmp_path)).preload(["您好", "再见"])
    assert "2/2" in capsys.readouterr().err


def test_memory_for_recent_sounds_is_bounded() -> None:
    recent = RecentSounds(max_bytes=3 * len(tone(0.1)))
    for at in range(10):
        recent.put(str(at), tone(0.1))
        recent.get("0")
    assert recent.get("0"), "used all the time"
    assert recent.get("9")
    assert recent.get("5") is None
    recent.put("9", tone(0.1))
    recent.put("big", tone(9))
    assert recent.get("big") is None
    assert recent.get("9") is None
