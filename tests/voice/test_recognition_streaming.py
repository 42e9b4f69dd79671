"""A decoder in a thread of its own, for a call that never waits."""

from __future__ import annotations

import threading

import pytest

from tests.voice.fakes_recognition import CountingDecoder
from voice.audio import SILENCE
from voice.errors import RecognizerUnavailable
from voice.recognition.absent import AbsentRecogniser
from voice.recognition.streaming import ThreadedStream

FRAME = b"\x01\x00" * 160


def test_what_is_fed_is_decoded_in_pieces_of_a_tenth_of_a_second() -> None:
    decoder = CountingDecoder()
    stream = ThreadedStream(lambda: decoder)
    for _ in range(12):
        stream.feed(FRAME)
    heard = stream.finish().result(10)
    assert heard[0].text == "听听听"  # 100 + 100 + the remaining 40 ms
    assert b"".join(decoder.pieces) == FRAME * 12
    assert stream.partial == "听听听"


def test_feeding_never_waits_for_the_decoder() -> None:
    may_go = threading.Event()
    stream = ThreadedStream(lambda: CountingDecoder(may_go))
    for _ in range(500):
        stream.feed(FRAME)  # returns although nothing is decoded
    assert stream.partial == ""
    heard = stream.finish()
    assert not heard.done()
    may_go.set()
    assert heard.result(10)[0].text == "听" * 100


def test_what_cannot_be_decoded_in_time_is_dropped_not_kept(
    caplog: pytest.LogCaptureFixture,
) -> None:
    may_go = threading.Event()
    decoder = CountingDecoder(may_go)
    stream = ThreadedStream(lambda: decoder, waiting_seconds=1.0)
    for _ in range(500):
        stream.feed(FRAME)
    may_go.set()
    stream.finish().result(10)
    kept = sum(len(piece) for piece in decoder.pieces)
    assert 50 * 320 <= kept <= 56 * 320  # one second, and what the decoder had taken already
    assert caplog.text.count("behind") == 1


def test_nothing_fed_is_nothing_heard() -> None:
    assert ThreadedStream(CountingDecoder).finish().result(10) == ()


def test_a_closed_stream_gives_no_reading_and_leaves_no_thread() -> None:
    may_go = threading.Event()
    decoder = CountingDecoder(may_go)
    stream = ThreadedStream(lambda: decoder)
    for _ in range(100):
        stream.feed(FRAME)
    stream.close()
    may_go.set()
    assert stream.finish().result(10) == ()
    assert not decoder.is_finished


def test_an_engine_that_breaks_makes_recognition_unavailable() -> None:
    stream = ThreadedStream(lambda: CountingDecoder(error=RuntimeError("no memory")))
    stream.feed(FRAME * 5)
    with pytest.raises(RecognizerUnavailable, match="no memory"):
        stream.finish().result(10)


def test_an_engine_that_cannot_be_made_makes_recognition_unavailable() -> None:
    def broken() -> CountingDecoder:
        raise RuntimeError("no engine")

    with pytest.raises(RecognizerUnavailable):
        ThreadedStream(broken).finish().result(10)


def test_the_utterance_ends_once() -> None:
    decoder = CountingDecoder()
    stream = ThreadedStream(lambda: decoder)
    stream.feed(FRAME * 5)
    heard = stream.finish()
    stream.feed(FRAME * 50)
    assert stream.finish() is heard
    assert heard.result(10)[0].text == "听"
    assert not heard.cancel()


def test_hundreds_of_utterances_leave_no_thread_behind() -> None:
    before = threading.active_count()
    heard = []
    for number in range(300):
        stream = ThreadedStream(CountingDecoder)
        stream.feed(FRAME * 5)
        if number % 3:
            heard.append(stream.finish())
        else:
            stream.close()
    for one in heard:
        one.result(10)
    for thread in threading.enumerate():
        if thread.name == "recognition":
            thread.join(10)
    assert threading.active_count() <= before


def test_without_a_model_nothing_is_heard_and_nothing_fails() -> None:
    recogniser = AbsentRecogniser()
    stream = recogniser.stream("digits", ["社保卡"])
    stream.feed(SILENCE)
    assert (recogniser.is_ready, stream.partial) == (False, "")
    assert stream.finish().result(0) == ()
    stream.close()
