"""What a reply sounds like on the telephone, for staff who write it: the line's own voice.

The web process starts the engine when somebody listens for the first time and keeps it.
"""

from __future__ import annotations

import io
import wave
from collections.abc import Iterable
from concurrent.futures import TimeoutError as Late
from threading import Lock
from typing import Final

from django.conf import settings

from bot.actions import office
from bot.channels.phone import engines
from knowledge.search.errors import SearchError
from voice.audio import SAMPLE_RATE_HZ
from voice.synthesis.speech import Speech

MOST_SENTENCES: Final = 60
LONGEST_SENTENCE: Final = 300
_PAUSE_SECONDS: Final = 0.35
_LONGEST_WAIT_SECONDS: Final = 20.0
_voices: dict[tuple[str, ...], Speech] = {}
_lock = Lock()


class NoVoice(RuntimeError):
    """Nothing can be heard; the message is a sentence for staff."""


def wav_of(sentences: Iterable[str]) -> bytes:
    """Return sentences one after the other as a WAV file; raises NoVoice."""
    if settings.BOT_VOICE_ENGINE == "none":
        raise NoVoice("电话没有用机器声音（只放录音），这里听不了。")
    said = [s.strip()[:LONGEST_SENTENCE] for s in sentences if s.strip()][:MOST_SENTENCES]
    voice, pause = _voice(), bytes(2 * int(_PAUSE_SECONDS * SAMPLE_RATE_HZ))
    try:
        works = [voice.render(_as_read(sentence)) for sentence in said]
        sounds = [work.result(_LONGEST_WAIT_SECONDS) for work in works]
    except Late:
        raise NoVoice("这台电脑正忙，一时念不出来，过一会儿再试。") from None
    if not any(sounds):
        raise NoVoice("这台服务器上没有装机器声音，听不了。请管理员照部署说明装上。")
    return _wav(pause.join(sound for sound in sounds if sound))


def _voice() -> Speech:
    place = (settings.BOT_VOICE_ENGINE, settings.BOT_SHERPA_VOICE, str(settings.PROMPTS_DIR))
    with _lock:
        if place not in _voices:
            _voices[place] = engines.speech()
        return _voices[place]


def _as_read(sentence: str) -> str:
    try:
        return office.guide().read_aloud(sentence)
    except SearchError:
        return sentence


def _wav(pcm: bytes) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(SAMPLE_RATE_HZ)
        out.writeframes(pcm)
    return file.getvalue()
