"""The real engine, on the model made here, hearing a voice it has not learnt from."""

from __future__ import annotations

import gc
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from tests.voice.fakes_recognition import asked, model_for_tests
from voice.answerer import Expects, Hypothesis
from voice.audio import frames_of
from voice.recognition import Recogniser
from voice.recognition.numbers import dictated, spoken_digits
from voice.recognition.opening import recogniser_opened
from voice.recognition.vosk import VoskRecogniser

pytestmark = [
    pytest.mark.vosk,
    pytest.mark.skipif(model_for_tests() is None, reason="the tiny model is not built"),
]
WORDS = ("社保卡", "优待证", "居住证")


@pytest.fixture(scope="module")
def recogniser() -> Iterator[VoskRecogniser]:
    model = model_for_tests()
    assert model is not None
    yield VoskRecogniser(model, WORDS)
    gc.collect()


def listen(
    recogniser: Recogniser, pcm: bytes, expects: Expects = "free", hot_words: tuple[str, ...] = ()
) -> Future[tuple[Hypothesis, ...]]:
    stream = recogniser.stream(expects, hot_words)
    for frame in frames_of(pcm):
        stream.feed(frame)
    return stream.finish()


def hear(
    recogniser: Recogniser, pcm: bytes, expects: Expects = "free", hot_words: tuple[str, ...] = ()
) -> tuple[str, ...]:
    return tuple(one.text for one in listen(recogniser, pcm, expects, hot_words).result(30))


def test_a_question_is_heard(recogniser: VoskRecogniser) -> None:
    heard = listen(recogniser, asked("老年人优待证怎么办理")).result(30)
    assert heard[0].text == "老年人优待证怎么办理"
    assert all(0.0 <= one.confidence <= 1.0 for one in heard)
    assert [one.text for one in heard] == list(dict.fromkeys(one.text for one in heard))


def test_partials_grow_while_one_speaks(recogniser: VoskRecogniser) -> None:
    stream = recogniser.stream()
    partials = []
    for frame in frames_of(asked("我想办居住证要什么材料")):
        stream.feed(frame)
        time.sleep(0.001)  # the decoder's thread needs a turn
        partials.append(stream.partial)
    stream.finish().result(30)
    grown = list(dict.fromkeys(partials))
    assert len(grown) >= 3
    assert " " not in "".join(grown)
    assert grown[0] == ""


def test_a_pause_in_the_middle_loses_nothing(recogniser: VoskRecogniser) -> None:
    pcm = asked("一三八零零零零") + bytes(2 * 8000 * 2) + asked("一二三四")
    assert dictated(listen(recogniser, pcm, "digits").result(30), (11,)) == "13800001234"


@pytest.mark.parametrize(
    "said", ["一三八零零五五六六七七", "幺三九五一八八二零四六", "我的电话是一八六一二三四七八九零"]
)
def test_a_telephone_number_is_heard(recogniser: VoskRecogniser, said: str) -> None:
    heard = listen(recogniser, asked(said), "digits").result(30)
    assert dictated(heard, (11,)) == spoken_digits(said)


def test_digits_are_corrected_and_counted(recogniser: VoskRecogniser) -> None:
    assert spoken_digits(hear(recogniser, asked("一三九不对一三八"), "digits")[0]) == "138"
    assert spoken_digits(hear(recogniser, asked("三个八两个零"), "digits")[0]) == "88800"


@pytest.mark.parametrize("said", ["是的", "好的", "不用了", "不是", "可以"])
def test_yes_and_no_are_heard(recogniser: VoskRecogniser, said: str) -> None:
    assert hear(recogniser, asked(said), "yes_no")[0] == said


@pytest.mark.parametrize("expects", ["free", "yes_no", "digits", "choice"])
def test_a_person_can_be_asked_for_in_every_state(
    recogniser: VoskRecogniser, expects: Expects
) -> None:
    assert "人工" in hear(recogniser, asked("转人工"), expects)[0]


def test_a_question_instead_of_a_yes_is_heard_all_the_same(recogniser: VoskRecogniser) -> None:
    assert hear(recogniser, asked("要带什么材料"), "yes_no")[0] == "要带什么材料"


def test_what_can_be_chosen_is_listened_for(recogniser: VoskRecogniser) -> None:
    assert hear(recogniser, asked("居住证"), "choice", ("居住证", "社保卡"))[0] == "居住证"
    assert hear(recogniser, asked("第二个"), "choice", ("居住证", "社保卡"))[0] == "第二个"


def test_silence_and_nothing_are_no_reading(recogniser: VoskRecogniser) -> None:
    assert hear(recogniser, bytes(3 * 16000)) == ()
    assert hear(recogniser, bytes(3 * 16000), "yes_no") == ()
    assert hear(recogniser, b"") == ()


def test_a_voice_message_of_a_minute_may_be_fed_at_once(recogniser: VoskRecogniser) -> None:
    message = asked("老年人优待证怎么办理") + bytes(60 * 16000) + asked("要带什么材料")
    assert hear(recogniser, message)[0] == "老年人优待证怎么办理要带什么材料"


def test_ten_calls_at_once_hear_what_each_of_them_said(recogniser: VoskRecogniser) -> None:
    said = ["是的", "不用了", "第二个", "转人工", "居住证"] * 2
    kinds: list[Expects] = ["yes_no", "yes_no", "choice", "digits", "choice"] * 2
    sounds = [asked(text) for text in said]
    with ThreadPoolExecutor(10) as pool:
        heard = list(
            pool.map(lambda at: hear(recogniser, sounds[at], kinds[at], ("居住证",)), range(10))
        )
    assert [readings[0] for readings in heard] == said


def test_the_same_sound_gives_the_same_readings(recogniser: VoskRecogniser) -> None:
    pcm = asked("社保卡丢了怎么补办")
    assert len({hear(recogniser, pcm) for _ in range(3)}) == 1


def test_a_wideband_model_gets_the_sound_upsampled(
    recogniser: VoskRecogniser,
) -> None:
    """The model is told that it is one; Vosk takes the 16 kHz back to the model's own 8."""
    wide = VoskRecogniser(recogniser.layout.path)
    wide.layout = replace(wide.layout, sample_rate_hz=16000)
    assert hear(wide, asked("老年人优待证怎么办理"))[0] == "老年人优待证怎么办理"


def test_a_static_graph_takes_no_grammar_and_hears_all_the_same(
    recogniser: VoskRecogniser,
) -> None:
    model = recogniser.layout.path
    other = recogniser_opened(model)
    assert isinstance(other, VoskRecogniser)
    other.layout = replace(other.layout, has_grammars=False)
    assert hear(other, asked("转人工"), "yes_no")[0] == "转人工"


MEMORY = """
import gc, resource, sys
from pathlib import Path
from voice.recognition.vosk import VoskRecogniser
recogniser = VoskRecogniser(Path(sys.argv[1]))
pcm = Path(sys.argv[2]).read_bytes()
def rss():
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 1e6
def utterances(count):
    for number in range(count):
        stream = recogniser.stream(("free", "digits", "yes_no")[number % 3])
        stream.feed(pcm)
        if number % 5:
            stream.finish().result(30)
        else:
            stream.close()
utterances(30)
gc.collect()
before = rss()
utterances(150)
gc.collect()
print(rss() - before)
"""


def test_many_utterances_give_their_memory_back(recogniser: VoskRecogniser, tmp_path: Path) -> None:
    sound = tmp_path / "said.raw"
    sound.write_bytes(asked("转人工"))
    command = [sys.executable, "-c", MEMORY, str(recogniser.layout.path), str(sound)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) < 15.0


def test_no_thread_outlives_its_utterance(recogniser: VoskRecogniser) -> None:
    hear(recogniser, asked("是的"))
    recogniser.stream("digits").close()
    for thread in threading.enumerate():
        if thread.name == "recognition":
            thread.join(10)
            assert not thread.is_alive()
