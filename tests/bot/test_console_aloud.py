"""Who writes a reply hears it with the voice of the telephone, or is told why not."""

from __future__ import annotations

import io
import wave
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as given
from django.test import Client

from bot.accounts.models import StaffRole
from bot.channels.phone import aloud, engines
from tests.bot.ticketing import make_staff
from voice.errors import SynthesizerUnavailable
from voice.synthesis.speech import Speech

pytestmark = pytest.mark.django_db
ALOUD = "/staff/knowledge/aloud"
Role = StaffRole.Role


class Hums:
    """An engine that says a second of sound for each sentence and keeps what it said."""

    name = "hums"

    def __init__(self) -> None:
        self.said: list[str] = []

    def speak(self, text: str, characters_per_minute: int) -> bytes:
        """Return one second of sound."""
        self.said.append(text)
        return b"\x10\x10" * 8000


class Broken(Hums):
    """An engine that is not there."""

    def speak(self, text: str, characters_per_minute: int) -> bytes:
        """Raise SynthesizerUnavailable."""
        raise SynthesizerUnavailable("no engine")


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Path) -> Hums:
    """The voice of the line; nothing of it is kept from one test to the next."""
    hums = Hums()
    settings.SNAPSHOT_DIR = settings.PROMPTS_DIR = tmp_path
    monkeypatch.setattr(aloud, "_voices", {})
    monkeypatch.setattr(engines, "speech", lambda: Speech(hums))
    return hums


def asked(text: str, role: str = Role.EDITOR) -> Any:
    client = Client()
    client.force_login(make_staff("小编", role), given.AUTHENTICATION_BACKENDS[1])
    return client.post(ALOUD, {"text": text})


def test_a_reply_is_heard_with_the_voice_of_the_telephone(engine: Hums) -> None:
    response = asked("带上身份证。\n\n到社保窗口。\n")
    assert response.headers["Content-Type"] == "audio/wav"
    with wave.open(io.BytesIO(response.content)) as sound:
        assert (sound.getnchannels(), sound.getframerate()) == (1, 8000)
        assert 2.2 < sound.getnframes() / 8000 < 2.5
    assert sorted(engine.said) == ["到社保窗口。", "带上身份证。"]


def test_the_engine_is_kept_for_the_next_listener(
    engine: Hums, monkeypatch: pytest.MonkeyPatch
) -> None:
    aloud.wav_of(["您好。"])
    monkeypatch.setattr(engines, "speech", lambda: pytest.fail("a second engine"))
    assert aloud.wav_of(["您好。"])
    assert engine.said == ["您好。"]


def test_without_an_engine_a_sentence_says_so(
    engine: Hums, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    monkeypatch.setattr(engines, "speech", lambda: Speech(Broken()))
    response = asked("带上身份证。")
    assert response.status_code == 503
    assert "没有装机器声音" in response.json()["problem"]
    settings.BOT_VOICE_ENGINE = "none"
    with pytest.raises(aloud.NoVoice, match="只放录音"):
        aloud.wav_of(["带上身份证。"])


def test_an_endless_text_is_cut(engine: Hums) -> None:
    aloud.wav_of([f"第{number}句。" for number in range(200)])
    assert len(engine.said) == aloud.MOST_SENTENCES


def test_who_may_not_see_the_knowledge_hears_nothing(engine: Hums) -> None:
    assert asked("带上身份证。", Role.GRID).status_code == 403
    assert engine.said == []
