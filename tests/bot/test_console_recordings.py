"""The telephone's fixed sentences in a colleague's voice: put in, checked, heard, taken out."""

from __future__ import annotations

import io
import math
import os
from array import array
from pathlib import Path
from typing import Any

import av
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from pytest_django import DjangoAssertNumQueries

from bot.accounts.models import StaffRole
from bot.channels.phone import recording
from bot.channels.phone.recorded import FreshRecordings
from bot.channels.phone.sentences import OFFICE
from tests.bot.test_console_office import Desk as Computer
from tests.bot.ticketing import make_staff
from voice.audio import SAMPLE_RATE_HZ, seconds_of, wav_read, wav_write
from voice.loudness import SPOKEN_DBFS, speech_dbfs
from voice.prompts import prompts

pytestmark = pytest.mark.django_db
Role = StaffRole.Role
PAGE = "/staff/prompts/"
SORRY = prompts()["sorry"]


@pytest.fixture
def computer(settings: Any, tmp_path: Path) -> Computer:
    """小编 at her computer; the folder of recordings does not exist yet."""
    settings.PROMPTS_DIR = tmp_path / "prompts"
    return Computer(make_staff("小编", Role.EDITOR))


def spoken(seconds: float = 1.5, level: float = 3000, rate: int = SAMPLE_RATE_HZ) -> bytes:
    """Something like a voice: 500 Hz that swells and fades, s16le."""
    count = int(seconds * rate)
    return array(
        "h",
        (
            max(-32768, min(32767, round(level * math.sin(2 * math.pi * 500 * n / rate))))
            for n in range(count)
        ),
    ).tobytes()


def wav(tmp_path: Path, pcm: bytes) -> bytes:
    """A WAV file of it."""
    wav_write(tmp_path / "one.wav", pcm)
    return (tmp_path / "one.wav").read_bytes()


def packed(pcm: bytes, kind: str, codec: str, rate: int = 48_000) -> bytes:
    """The same in another kind of file."""
    out = io.BytesIO()
    with av.open(out, "w", format=kind) as container:
        stream = container.add_stream(codec, rate=rate, layout="mono")
        frame = av.AudioFrame(format="s16", layout="mono", samples=len(pcm) // 2)
        frame.planes[0].update(pcm)
        frame.sample_rate = rate
        resampler = av.AudioResampler(stream.format, "mono", rate, stream.frame_size or 960)
        for piece in (*resampler.resample(frame), *resampler.resample(None)):
            container.mux(stream.encode(piece))
        container.mux(stream.encode(None))
    return out.getvalue()


def put_in(computer: Computer, content: bytes, status: int = 302, what: str = "sorry") -> str:
    """Upload a file for a sentence."""
    return computer.does(
        f"{PAGE}{what}/store", status, file=SimpleUploadedFile("录音.wav", content)
    )


def test_a_recording_is_levelled_and_played(
    computer: Computer, tmp_path: Path, settings: Any
) -> None:
    put_in(computer, wav(tmp_path, bytes(16_000) + spoken(level=600) + bytes(16_000)))
    kept = wav_read(settings.PROMPTS_DIR / "sorry.wav")
    assert speech_dbfs(kept) == pytest.approx(SPOKEN_DBFS, abs=1)
    assert seconds_of(kept) == pytest.approx(1.5, abs=0.2)
    page = computer.sees(PAGE)
    assert "录好了1句" in page
    assert "小编" in page
    played = computer.client.get(f"{PAGE}sorry.wav")
    assert played["Content-Type"] == "audio/wav"
    assert b"".join(played.streaming_content)[:4] == b"RIFF"


@pytest.mark.parametrize(("kind", "codec"), [("ogg", "libopus"), ("mp3", "libmp3lame")])
def test_what_a_telephone_records_is_taken_too(
    computer: Computer, settings: Any, kind: str, codec: str
) -> None:
    put_in(computer, packed(spoken(rate=48_000), kind, codec))
    kept = wav_read(settings.PROMPTS_DIR / "sorry.wav")
    assert seconds_of(kept) == pytest.approx(1.5, abs=0.2)


@pytest.mark.parametrize(
    ("pcm", "told"),
    [
        (bytes(24_000), "没有声音"),
        (spoken(level=2), "没有声音"),
        (spoken(0.1), "太短"),
        (spoken(21), "太长"),
        (spoken(level=400_000), "破音"),
    ],
)
def test_what_callers_could_not_bear_is_refused(
    computer: Computer, tmp_path: Path, settings: Any, pcm: bytes, told: str
) -> None:
    assert told in put_in(computer, wav(tmp_path, pcm), 422)
    assert not list(settings.PROMPTS_DIR.glob("*"))


def test_files_that_are_no_sound_are_refused(computer: Computer) -> None:
    assert "认不出" in put_in(computer, b"#EXTM3U\nfile:///etc/passwd", 422)
    assert "打不开" in put_in(computer, b"RIFF" + bytes(60), 422)
    assert "请先选" in computer.does(f"{PAGE}sorry/store", 422)


def test_only_sentences_that_never_change_can_be_recorded(
    computer: Computer, tmp_path: Path
) -> None:
    sound = wav(tmp_path, spoken())
    put_in(computer, sound, 404, "no_such_choice")
    put_in(computer, sound, 404, "passwd")
    computer.sees(f"{PAGE}sorry.wav", 404)


def test_a_recording_is_taken_out(computer: Computer, tmp_path: Path, settings: Any) -> None:
    put_in(computer, wav(tmp_path, spoken()))
    computer.does(f"{PAGE}sorry/remove")
    assert not list(settings.PROMPTS_DIR.glob("*"))
    assert SORRY not in computer.sees(PAGE, only="there")
    assert SORRY in computer.sees(PAGE, only="missing")


def test_a_sentence_that_was_rewritten_wants_another_recording(
    computer: Computer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_in(computer, wav(tmp_path, spoken()))
    monkeypatch.setattr(recording, "fixed_prompts", lambda **_: {"sorry": "很抱歉。"})
    assert f"录音里还是“{SORRY}”" in computer.sees(PAGE)


def test_the_page_is_for_those_who_may_record(
    computer: Computer, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for role, status in (
        (Role.EDITOR, 200),
        (Role.ADMINISTRATOR, 200),
        (Role.REVIEWER, 403),
        (Role.INTAKE, 403),
    ):
        Computer(make_staff("某人", role)).sees(PAGE, status)
    with django_assert_max_num_queries(12):
        computer.sees(PAGE)


def test_a_running_line_takes_up_what_is_put_in(computer: Computer, tmp_path: Path) -> None:
    folder = tmp_path / "prompts"
    line = FreshRecordings(folder, OFFICE)
    assert line.saying(SORRY) is None
    put_in(computer, wav(tmp_path, spoken()))
    line.look()
    first = line.saying(SORRY)
    assert first
    put_in(computer, wav(tmp_path, spoken(2.5)))
    os.utime(folder / "sorry.wav", (1, 1))
    line.look()
    second = line.saying(SORRY)
    assert second
    assert len(second) > len(first)
    computer.does(f"{PAGE}sorry/remove")
    line.look()
    assert line.saying(SORRY) is None
