"""Fixed sentences and the recordings that replace them."""

from __future__ import annotations

import logging
import wave
from pathlib import Path

import numpy as np
import pytest

from tests.voice.fakes_speech import tone
from voice.audio import seconds_of, wav_write
from voice.ear import for_ear
from voice.loudness import SPOKEN_DBFS, speech_dbfs
from voice.prompts import Recordings, fixed_prompts, prompt, prompts


def test_values_are_filled_in() -> None:
    assert "顶山街道" in prompt("greeting", office="顶山街道")


@pytest.mark.parametrize(
    ("prompt_id", "missing"), [("no_such_prompt", "no_such_prompt"), ("greeting", "office")]
)
def test_what_is_missing_is_named(prompt_id: str, missing: str) -> None:
    with pytest.raises(KeyError, match=missing):
        prompt(prompt_id)


def test_every_sentence_can_be_said_and_is_short() -> None:
    for name, text in prompts().items():
        assert isinstance(text, str), name
        spoken = for_ear(text.replace("{", "").replace("}", ""))
        assert spoken, name
        assert for_ear(spoken) == spoken, name


def test_a_sentence_with_an_open_place_is_not_fixed() -> None:
    assert "greeting" not in fixed_prompts()
    assert fixed_prompts(office="街道")["greeting"] == prompt("greeting", office="街道")
    assert set(fixed_prompts()) < set(prompts())


def _stereo(path: Path, seconds: float = 1.0, rate_hz: int = 44100, dbfs: float = -35) -> None:
    mono = np.frombuffer(tone(seconds, hz=700, dbfs=dbfs, rate_hz=rate_hz), "<i2")
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(rate_hz)
        file.writeframes(np.repeat(mono, 2).astype("<i2").tobytes())


def test_a_recording_in_any_form_comes_at_eight_kilohertz_and_the_common_loudness(
    tmp_path: Path,
) -> None:
    _stereo(tmp_path / "sorry.wav")
    pcm = Recordings(tmp_path).recording("sorry")
    assert pcm is not None
    assert seconds_of(pcm) == pytest.approx(1, abs=0.05)
    assert speech_dbfs(pcm) == pytest.approx(SPOKEN_DBFS, abs=0.5)


def test_a_recording_is_found_by_its_sentence_and_no_other(tmp_path: Path) -> None:
    wav_write(tmp_path / "sorry.WAV", tone(0.5))
    recordings = Recordings(tmp_path)
    assert recordings.saying(prompt("sorry")) == recordings.recording("sorry")
    assert recordings.saying(prompt("sorry") + "。") is None
    assert recordings.saying(prompt("hand_over")) is None


def test_the_greeting_of_this_office_can_be_recorded(tmp_path: Path) -> None:
    wav_write(tmp_path / "greeting.wav", tone(0.5))
    recordings = Recordings(tmp_path, office="顶山街道")
    assert recordings.saying(prompt("greeting", office="顶山街道"))
    assert recordings.saying(prompt("greeting", office="别的街道")) is None


def test_a_sentence_with_values_in_it_is_never_replaced(tmp_path: Path) -> None:
    wav_write(tmp_path / "greeting.wav", tone(0.5))
    recordings = Recordings(tmp_path)
    assert recordings.recording("greeting") is None
    assert "greeting.wav" in recordings.faults


@pytest.mark.parametrize("content", [b"", b"RIFF", b"not sound at all", b"RIFF\x24\0\0\0WAVEfmt "])
def test_a_broken_file_is_reported_and_ignored(
    tmp_path: Path, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "sorry.wav").write_bytes(content)
    wav_write(tmp_path / "hand_over.wav", tone(0.5))
    with caplog.at_level(logging.WARNING):
        recordings = Recordings(tmp_path)
    assert recordings.recording("sorry") is None
    assert recordings.recording("hand_over")
    assert list(recordings.faults) == ["sorry.wav"]
    assert "sorry.wav" in caplog.text


def test_a_silent_file_and_an_unknown_name_are_reported(tmp_path: Path) -> None:
    wav_write(tmp_path / "sorry.wav", bytes(16000))
    wav_write(tmp_path / "weather.wav", tone(0.5))
    assert set(Recordings(tmp_path).faults) == {"sorry.wav", "weather.wav"}


def test_an_empty_or_absent_folder_is_reported(tmp_path: Path) -> None:
    assert Recordings(tmp_path).faults
    assert Recordings(tmp_path / "nowhere").faults
    assert not Recordings(None).faults


def test_the_list_of_what_to_record_shrinks_with_each_recording(tmp_path: Path) -> None:
    wav_write(tmp_path / "sorry.wav", tone(0.5))
    missing = Recordings(tmp_path).missing()
    assert missing == {name: text for name, text in fixed_prompts().items() if name != "sorry"}
    assert missing
