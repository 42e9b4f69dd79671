"""Voice messages: real Opus and AMR become sound, sound becomes words, trouble a sentence."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.channels import voice_messages
from bot.channels.phone import engines
from bot.channels.voice_messages import (
    BROKEN,
    LARGEST_BYTES,
    TOO_LONG,
    UNCLEAR,
    VoiceUnreadable,
    sound_of,
    words_of,
)
from tests.voice.fakes_recognition import ScriptedRecogniser
from tests.voices import amr, opus
from voice.answerer import Hypothesis
from voice.errors import RecognizerUnavailable

Encode = Callable[[float], bytes]
BOTH = pytest.mark.parametrize("encode", [opus, amr])


def sound_or_trouble(data: bytes) -> tuple[bytes, str]:
    """One of both, the other empty."""
    try:
        return sound_of(data), ""
    except VoiceUnreadable as error:
        return b"", str(error)


def loudest_hz(sound: bytes) -> float:
    samples = np.frombuffer(sound, "<i2").astype(float)
    return float(np.abs(np.fft.rfft(samples)).argmax() * 8000 / len(samples))


@BOTH
def test_a_file_becomes_telephone_sound(encode: Encode) -> None:
    sound = sound_of(encode(2.0))
    assert len(sound) == pytest.approx(2 * 8000 * 2, rel=0.05)
    assert loudest_hz(sound) == pytest.approx(440, abs=3)
    assert np.abs(np.frombuffer(sound, "<i2")).max() > 4000


@BOTH
def test_a_minute_is_heard_and_more_is_not(encode: Encode) -> None:
    assert sound_of(encode(59.0))
    with pytest.raises(VoiceUnreadable, match=TOO_LONG):
        sound_of(encode(62.0))


@BOTH
def test_a_file_that_breaks_off_is_heard_as_far_as_it_goes_or_said_to_be_broken(
    encode: Encode,
) -> None:
    whole = encode(2.0)
    sound, trouble = sound_or_trouble(whole[: len(whole) // 2])
    assert len(sound) < len(sound_of(whole))
    assert bool(sound) != (trouble == BROKEN)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", BROKEN),
        (b"OggS", BROKEN),
        (b"#!AMR\n", BROKEN),
        (b"#EXTM3U\n#EXTINF:1,\nfile:///secret\n", BROKEN),
        (b"ffconcat version 1.0\nfile other.ogg\n", BROKEN),
        (b"OggS" + bytes(LARGEST_BYTES), TOO_LONG),
    ],
)
def test_what_is_no_sound_gets_a_sentence(data: bytes, sentence: str) -> None:
    with pytest.raises(VoiceUnreadable, match=sentence):
        sound_of(data)


@settings(deadline=None, max_examples=50)
@given(st.sampled_from([b"OggS", b"#!AMR\n", b"ID3"]), st.binary(max_size=400))
def test_no_file_breaks_the_decoder(mark: bytes, rest: bytes) -> None:
    sound, trouble = sound_or_trouble(mark + rest)
    assert bool(sound) != (trouble in (BROKEN, TOO_LONG))


@pytest.mark.usefixtures("office")
def test_the_words_of_a_message_are_those_that_make_sense() -> None:
    class Unsure(ScriptedRecogniser):
        def stream(self, *_: object) -> object:  # type: ignore[override]
            made = super().stream()
            made._readings = (
                Hypothesis("谁把它叼了怎么办", 0.5),
                Hypothesis("社保卡丢了怎么办", 0.4),
            )
            return made

    assert words_of(opus(1.0), Unsure("x")) == "社保卡丢了怎么办"


@pytest.mark.usefixtures("office")
def test_what_nobody_understands_gets_a_sentence() -> None:
    with pytest.raises(VoiceUnreadable, match=UNCLEAR):
        words_of(opus(1.0), ScriptedRecogniser())


def test_a_recogniser_that_fails_gets_a_sentence() -> None:
    class Broken(ScriptedRecogniser):
        def stream(self, *_: object) -> object:  # type: ignore[override]
            made = super().stream()
            failed: Future[tuple[Hypothesis, ...]] = Future()
            failed.set_exception(RecognizerUnavailable("it broke"))
            made.finish = lambda: failed  # type: ignore[method-assign]
            return made

    with pytest.raises(VoiceUnreadable, match=UNCLEAR):
        words_of(opus(1.0), Broken("x"))


def test_without_a_model_nothing_is_heard(
    settings: object, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert not voice_messages.can_hear()
    settings.BOT_VOSK_MODEL = str(tmp_path)  # type: ignore[attr-defined]
    assert voice_messages.can_hear()
    assert engines.model_path() == tmp_path


def test_the_model_that_ships_is_used_for_trying_out_only(
    settings: object, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(engines, "tiny_model_path", lambda: tmp_path)
    settings.BOT_VOICE_DEMO_MODEL = "on"  # type: ignore[attr-defined]
    assert engines.model_path() == tmp_path
    settings.BOT_VOICE_DEMO_MODEL = "off"  # type: ignore[attr-defined]
    assert engines.model_path() is None
