"""Sentences spoken one after the other, cut off, taken up again, and made louder."""

from __future__ import annotations

import numpy as np
import pytest

from tests.voice.fakes_call import OURS, FakeSpeech
from voice.audio import FRAME_BYTES, SILENCE
from voice.events import EventLog
from voice.gain import amplified
from voice.speaking import Sentence, Speaking
from voice.timers import AudioClock


class Mouth(Speaking):
    def __init__(self) -> None:
        self.clock, self.speech = AudioClock(), FakeSpeech()
        self.log = EventLog(self.clock)
        super().__init__(self.speech, self.clock, self.log)

    def hear(self, seconds: float) -> list[bytes]:
        frames = []
        for _ in range(round(seconds * 50)):
            self.clock.tick()
            frames.append(self.step())
        return frames

    def tell(self, *texts: str) -> None:
        self.say(Sentence(text) for text in texts)

    @property
    def said(self) -> list[str]:
        return [event.text for event in self.log.drain() if event.name == "said"]


def test_sentences_follow_one_another_with_a_breath_in_between() -> None:
    mouth = Mouth()
    mouth.tell("一", "二")
    frames = mouth.hear(1)
    assert frames == [OURS] * 10 + [SILENCE] * 14 + [OURS] * 10 + [SILENCE] * 16
    assert not mouth.is_speaking


def test_the_breath_is_longer_in_slow_speech() -> None:
    mouth = Mouth()
    mouth.slow_down()
    mouth.tell("一", "二")
    assert mouth.hear(1)[9:40] == [OURS] + [SILENCE] * 29 + [OURS]
    assert mouth.speech.rendered == [("一", True), ("二", True)]


def test_the_next_sentence_is_rendered_while_the_first_is_said() -> None:
    mouth = Mouth()
    mouth.tell("一", "二", "三")
    mouth.hear(0.02)
    assert [text for text, _ in mouth.speech.rendered] == ["一", "二"]


def test_a_flush_is_heard_in_the_next_frame() -> None:
    mouth = Mouth()
    mouth.tell("一二三")
    mouth.hear(0.1)
    mouth.flush()
    assert not mouth.is_speaking
    assert mouth.hear(0.2) == [SILENCE] * 10


def test_what_was_cut_off_is_taken_up_from_the_beginning_of_its_sentence() -> None:
    mouth = Mouth()
    mouth.tell("一", "二二", "三")
    mouth.hear(0.6)
    mouth.flush()
    mouth.hear(1)
    assert mouth.resume()
    mouth.hear(2)
    assert mouth.said == ["一", "二二", "二二", "三"]
    assert not mouth.resume()


def test_what_is_forgotten_is_not_taken_up() -> None:
    mouth = Mouth()
    mouth.tell("一")
    mouth.hear(0.1)
    mouth.flush()
    mouth.forget()
    assert not mouth.resume()


def test_a_sentence_that_has_begun_is_finished_before_the_next_thing() -> None:
    mouth = Mouth()
    mouth.tell("一一", "二")
    mouth.hear(0.1)
    mouth.tell("三")
    mouth.hear(2)
    assert mouth.said == ["一一", "三"]


def test_a_sentence_that_is_due_is_not_overtaken() -> None:
    mouth = Mouth()
    mouth.say([Sentence("一", is_due=True), Sentence("二")])
    mouth.tell("三")
    mouth.hear(2)
    assert mouth.said == ["一", "三"]


def test_a_sentence_that_is_not_rendered_in_time_is_left_out() -> None:
    mouth = Mouth()
    mouth.speech.is_holding = True
    mouth.tell("一", "二")
    assert mouth.hear(2.4) == [SILENCE] * 120
    assert mouth.is_speaking
    mouth.hear(0.3)
    assert not mouth.is_speaking
    assert mouth.was_mute


def test_a_sentence_that_cannot_be_said_costs_no_time() -> None:
    mouth = Mouth()
    mouth.speech.unspeakable = lambda text: text == "一"
    mouth.tell("一", "二")
    assert mouth.hear(0.02) == [OURS]
    assert not mouth.was_mute


def test_it_is_known_what_was_being_said_at_a_time() -> None:
    mouth = Mouth()
    mouth.tell("一一", "二二", "三三")
    mouth.hear(1.9)
    assert mouth.texts_since(1.5) == "三三"
    assert mouth.texts_since(1.0) == "二二三三"
    assert mouth.last_sound_at == pytest.approx(1.76)


def test_the_last_frame_of_a_sentence_is_filled_up() -> None:
    mouth = Mouth()
    mouth.speech.sound = lambda sentence: OURS + b"\1\0"  # type: ignore[method-assign]
    mouth.tell("一")
    assert mouth.hear(0.04) == [OURS, b"\1\0" + bytes(FRAME_BYTES - 2)]


def sine(amplitude: float) -> bytes:
    wave = amplitude * np.sin(np.arange(160) / 160 * 2 * np.pi * 4)
    return np.rint(wave).astype("<i2").tobytes()


def peak(pcm: bytes) -> int:
    return int(np.abs(np.frombuffer(pcm, dtype="<i2").astype(int)).max())


def test_soft_speech_is_amplified_exactly() -> None:
    assert peak(amplified(sine(4000), 12)) == pytest.approx(4000 * 10 ** (12 / 20), rel=0.001)


def test_no_gain_changes_nothing() -> None:
    assert amplified(sine(30000), 0) == sine(30000)


@pytest.mark.parametrize("amplitude", [8000, 20000, 32767])
def test_loud_speech_is_limited_without_clipping(amplitude: float) -> None:
    louder = np.frombuffer(amplified(sine(amplitude), 12), dtype="<i2").astype(int)
    assert amplitude <= np.abs(louder).max() + 1
    assert np.abs(louder).max() <= 32767
    # A clipped wave stays at its limit; a limited one still moves.
    before = np.abs(np.frombuffer(sine(amplitude), dtype="<i2").astype(int))
    rising = np.argsort(before, kind="stable")
    assert (np.diff(np.abs(louder)[rising]) >= 0).all()


def test_the_loudest_and_the_lowest_sample_stay_in_range() -> None:
    extremes = np.array([-32768, 32767, 0], dtype="<i2").tobytes()
    louder = np.frombuffer(amplified(extremes, 12), dtype="<i2")
    assert louder[0] < -32000
    assert louder[1] > 32000
    assert louder[2] == 0
