"""What is missing, in plain words."""

from __future__ import annotations

import socket
from dataclasses import replace
from pathlib import Path

import pytest

from tests.voice.fakes_recognition import tone
from voice import doctor
from voice.audio import wav_write
from voice.doctor import Finding, LineSettings, examine, told
from voice.errors import SynthesizerUnavailable
from voice.prompts import fixed_prompts


class Voice:
    """Speaks, or does not."""

    fault = ""

    def __init__(self, *_: object) -> None:
        self.is_closed = False

    def speak(self, text: str, characters_per_minute: int) -> bytes:
        if self.fault:
            raise SynthesizerUnavailable(self.fault)
        return tone(0.5)

    def close(self) -> None:
        self.is_closed = True


@pytest.fixture(autouse=True)
def _voices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Voice, "fault", "")
    monkeypatch.setattr(doctor, "EspeakSynthesiser", Voice)
    monkeypatch.setattr(doctor, "SherpaSynthesiser", Voice)


@pytest.fixture
def settings(tmp_path: Path) -> LineSettings:
    return LineSettings(
        model="",
        takes_demo_model=False,
        engine="espeak",
        sherpa_voice="",
        prompts="",
        host="127.0.0.1",
        models_folder=tmp_path / "models",
        http_port=0,
        audiosocket_port=0,
        sip_port=0,
    )


def found(settings: LineSettings, what: str) -> Finding:
    return next(finding for finding in examine(settings) if finding.what == what)


def test_a_line_without_a_model_is_told_the_command_that_fetches_one(
    settings: LineSettings,
) -> None:
    finding = found(settings, "识别模型")
    assert finding.state == "missing"
    assert "只能按键" in finding.says
    assert finding.mend == "python -m voice model fetch small-cn"


def test_a_model_that_was_fetched_needs_only_to_be_set(settings: LineSettings) -> None:
    folder = settings.models_folder / "vosk-model-small-cn-0.22"
    folder.mkdir(parents=True)
    assert found(settings, "识别模型").mend == f"export BOT_VOSK_MODEL={folder}"


def test_the_demo_model_is_no_model_for_callers(
    settings: LineSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor, "tiny_model_path", lambda: tmp_path)
    (tmp_path / "am").mkdir()
    (tmp_path / "am" / "final.mdl").touch()
    assert found(settings, "识别模型").state == "missing"
    finding = found(replace(settings, takes_demo_model=True), "识别模型")
    assert finding.state == "note"
    assert "不能用来接居民电话" in finding.says


def test_a_model_that_is_damaged_is_missing(settings: LineSettings, tmp_path: Path) -> None:
    finding = found(replace(settings, model=str(tmp_path)), "识别模型")
    assert finding.state == "missing"
    assert "am/final.mdl" in finding.says


@pytest.mark.parametrize("engine", ["espeak", "sherpa"])
def test_an_engine_is_tried_out(
    settings: LineSettings, engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = replace(settings, engine=engine, sherpa_voice="/voices/zh")
    assert found(wanted, "语音合成").state == "good"
    monkeypatch.setattr(Voice, "fault", "no data")
    finding = found(wanted, "语音合成")
    assert finding.state == "missing"
    assert "no data" in finding.says
    assert finding.mend


def test_a_line_that_shall_not_speak_is_noted(settings: LineSettings) -> None:
    assert found(replace(settings, engine="none"), "语音合成").state == "note"


def test_recordings_are_counted_and_faults_named(settings: LineSettings, tmp_path: Path) -> None:
    assert found(settings, "录音").state == "note"
    assert found(replace(settings, prompts=str(tmp_path / "no")), "录音").state == "missing"
    first = next(iter(fixed_prompts(office="")))
    wav_write(tmp_path / f"{first}.wav", tone(1.0))
    finding = found(replace(settings, prompts=str(tmp_path)), "录音")
    assert (finding.state, "没有录音" in finding.says) == ("note", True)
    (tmp_path / "typo.wav").write_bytes(b"no sound")
    finding = found(replace(settings, prompts=str(tmp_path)), "录音")
    assert (finding.state, "typo" in finding.says) == ("missing", True)


def test_a_port_that_is_taken_is_noted_and_another_proposed(settings: LineSettings) -> None:
    with socket.socket() as taken, socket.socket(type=socket.SOCK_DGRAM) as also_taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        also_taken.bind(("127.0.0.1", 0))
        tcp, udp = taken.getsockname()[1], also_taken.getsockname()[1]
        wanted = replace(settings, http_port=tcp, sip_port=udp)
        assert found(wanted, "页面通话端口").state == "note"
        assert f"BOT_SIP_PORT={udp + 100}" in found(wanted, "SIP 端口").mend
    assert found(wanted, "页面通话端口").state == "good"
    assert found(wanted, "Asterisk 端口").says == "没有开"


def test_an_address_that_this_machine_has_not_is_missing(settings: LineSettings) -> None:
    finding = found(replace(settings, host="192.0.2.1", sip_port=5070), "SIP 端口")
    assert finding.state == "missing"


def test_what_is_told_has_a_mark_and_a_mend() -> None:
    lines = list(told([Finding("甲", "good", "好"), Finding("乙", "missing", "坏", "修")]))
    assert lines == ["✓ 甲：好", "✗ 乙：坏", "    办法：修"]
