"""`python -m voice`."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.voice.fakes_recognition import asked, model_for_tests, tone
from voice import __main__ as terminal
from voice.audio import level_dbfs, wav_read, wav_write
from voice.doctor import Finding
from voice.recognition.models import OFFICIAL
from voice.recognition.progress import fetched_with_progress


@pytest.fixture(autouse=True)
def _settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("BOT_API_KEY", "BOT_VOSK_MODEL", "BOT_VOICE_PROMPTS", "BOT_URL", "BOT_SIP_PORT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("BOT_DATA_DIR", str(tmp_path / "var"))


def test_the_models_are_listed_with_what_is_here(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "var" / "models" / OFFICIAL["small-cn"].folder).mkdir(parents=True)
    assert terminal.main(["model", "list"]) == 0
    told = capsys.readouterr().out
    assert "vosk-model-small-cn-0.22  已下载" in told
    assert "约 1300 MB" in told


def test_a_model_goes_where_data_is_kept_and_its_setting_is_told(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked: list[object] = []

    def fetched(model: object, into: Path, sha256: str) -> Path:
        asked.extend((model, into, sha256))
        return into / "model"

    monkeypatch.setattr(terminal, "fetched_with_progress", fetched)
    assert terminal.main(["model", "fetch", "cn", "--sha256", "ab"]) == 0
    assert asked == [OFFICIAL["cn"], tmp_path / "var" / "models", "ab"]
    assert f"BOT_VOSK_MODEL={tmp_path}/var/models/model" in capsys.readouterr().out


def test_a_model_without_a_fingerprint_is_refused_plainly(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert terminal.main(["model", "fetch", "cn"]) == 1
    assert "sha256" in capsys.readouterr().err


def test_the_bar_shows_how_far_a_download_is(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / OFFICIAL["small-cn"].folder).mkdir()
    fetched_with_progress(OFFICIAL["small-cn"], tmp_path)
    assert "vosk-model-small-cn" in capsys.readouterr().err


@pytest.mark.parametrize(("state", "code"), [("missing", 1), ("note", 0), ("good", 0)])
def test_the_doctor_fails_only_for_what_is_missing(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, state: str, code: int
) -> None:
    finding = Finding("模型", state, "如此", "修")  # type: ignore[arg-type]
    monkeypatch.setattr(terminal, "examine", lambda settings: [finding])
    assert terminal.main(["doctor"]) == code
    assert "办法：修" in capsys.readouterr().out


def test_the_settings_are_those_of_the_service(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOT_SIP_PORT", "5060")
    monkeypatch.setenv("BOT_ENV", "production")
    settings = terminal._settings()
    assert (settings.sip_port, settings.http_port, settings.audiosocket_port) == (5060, 8010, 9092)
    assert not settings.takes_demo_model
    monkeypatch.setenv("BOT_VOICE_DEMO_MODEL", "on")
    assert terminal._settings().takes_demo_model


def test_a_call_without_a_key_or_a_recording_says_what_is_wanted(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    wav_write(tmp_path / "in.wav", tone(0.1))
    call = ["call", "--out", str(tmp_path / "out.wav"), "--wav"]
    assert terminal.main([*call, str(tmp_path / "in.wav")]) == 1
    assert "BOT_API_KEY" in capsys.readouterr().err
    assert terminal.main([*call, str(tmp_path / "no.wav"), "--gateway", "127.0.0.1:9"]) == 1
    assert "no.wav" in capsys.readouterr().err
    assert terminal.main([*call, str(tmp_path / "in.wav"), "--gateway", "127.0.0.1:9"]) == 1


@pytest.mark.parametrize("wrong", [["--key", "1"], ["--key", "3:x"], ["--gateway", "here"]])
def test_what_cannot_be_understood_is_refused(tmp_path: Path, wrong: list[str]) -> None:
    with pytest.raises(SystemExit):
        terminal.main(["call", "--wav", "in.wav", "--out", "out.wav", *wrong])


class _Service(BaseHTTPRequestHandler):
    """Answers every question with the same sentence."""

    heard: list[dict[str, str]]

    def do_POST(self) -> None:
        self.heard.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        body = json.dumps({"kind": "answer", "text": "请带身份证。"}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.mark.vosk
@pytest.mark.skipif(model_for_tests() is None, reason="the tiny model is not built")
def test_a_caller_in_a_file_is_heard_asked_about_and_answered(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(_Service, "heard", [], raising=False)
    monkeypatch.setenv("BOT_VOSK_MODEL", str(model_for_tests()))
    monkeypatch.setenv("BOT_API_KEY", "key")
    # Spoken into the greeting, which stops for it.
    wav_write(tmp_path / "in.wav", bytes(16000 * 3) + asked("老年人优待证怎么办理"))
    with ThreadingHTTPServer(("127.0.0.1", 0), _Service) as service:
        thread = threading.Thread(target=service.serve_forever, args=(0.01,))
        thread.start()
        monkeypatch.setenv("BOT_URL", f"http://127.0.0.1:{service.server_address[1]}")
        out = tmp_path / "out.wav"
        order = ["call", "--wav", str(tmp_path / "in.wav"), "--out", str(out), "--patience", "3"]
        code = terminal.main(order)
        service.shutdown()
        thread.join()
    assert code == 0
    assert [message["text"] for message in _Service.heard] == ["老年人优待证怎么办理"]
    told = capsys.readouterr().out
    assert "听到 老年人优待证怎么办理" in told
    assert "说 请带身份证" in told
    assert level_dbfs(wav_read(out)) > -40
