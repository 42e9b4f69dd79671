"""The fixed sentences of the telephone, spoken by staff: checked, levelled, kept for the line.

A recording is ``<id>.wav`` in the folder that the line reads; beside it ``<id>.json`` tells which
sentence was read out, by whom and when.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import av
import av.error
import numpy as np
from django.conf import settings
from django.db import transaction

from bot import clock
from bot.accounts.models import Staff
from bot.accounts.policies import Action, require
from bot.audit.models import AuditAction
from bot.audit.services import audit_note
from bot.channels.phone.sentences import OFFICE
from bot.channels.voice_messages import decoded
from voice.audio import SAMPLE_RATE_HZ, seconds_of, wav_write
from voice.loudness import band_limited, speech_dbfs
from voice.prompts import fixed_prompts
from voice.synthesis.finishing import finished

LARGEST_BYTES: Final = 10_000_000
SHORTEST_SECONDS, LONGEST_SECONDS = 0.4, 20.0
SOFTEST_DBFS: Final = -50.0
# So many samples at full scale are heard as crackling.
CLIPPED_AT, MOST_CLIPPED = 32_700, 0.005
# A file is taken for what it begins with, and opened as nothing else.
_KINDS: Final = (
    (b"RIFF", "wav"),
    (b"OggS", "ogg"),
    (b"ID3", "mp3"),
    (b"\xff\xfb", "mp3"),
    (b"\xff\xf3", "mp3"),
    (b"\xff\xf2", "mp3"),
)


class RecordingRefused(ValueError):
    """A file that cannot be used; the message is a sentence for staff."""


@dataclass(frozen=True)
class Sentence:
    """A fixed sentence and what is recorded of it."""

    prompt_id: str
    text: str
    has_recording: bool = False
    seconds: float = 0.0
    read_out: str = ""
    by: str = ""
    at: datetime | None = None
    version: int = 0

    @property
    def is_outdated(self) -> bool:
        """Whether another sentence was read out than the one that is said by now."""
        return bool(self.read_out) and self.read_out != self.text


def sentences() -> list[Sentence]:
    """Return all sentences that can be recorded, in the order in which a call meets them."""
    return [_sentence(name, text) for name, text in fixed_prompts(office=OFFICE).items()]


def sentence(prompt_id: str) -> Sentence | None:
    """Return one of them, None if there is none of this id."""
    text = fixed_prompts(office=OFFICE).get(prompt_id)
    return None if text is None else _sentence(prompt_id, text)


def recording_store(staff: Staff, prompt_id: str, content: bytes) -> Sentence:
    """Keep what was spoken for a sentence; raises RecordingRefused."""
    require(staff, Action.PROMPTS_EDIT)
    text = fixed_prompts(office=OFFICE)[prompt_id]
    pcm = _checked(_sound(content))
    settings.PROMPTS_DIR.mkdir(parents=True, exist_ok=True)
    draft = path_of(prompt_id).with_suffix(f".draft{os.getpid()}")
    wav_write(draft, pcm)
    about = {"text": text, "by": str(staff), "at": clock.now().isoformat()}
    _about(prompt_id).write_text(json.dumps(about, ensure_ascii=False), encoding="utf-8")
    with transaction.atomic():
        audit_note(AuditAction.PROMPT_CHANGE, staff, text, "换上录音")
        draft.replace(path_of(prompt_id))
    return _sentence(prompt_id, text)


def recording_remove(staff: Staff, prompt_id: str) -> None:
    """Give the sentence back to the synthetic voice."""
    require(staff, Action.PROMPTS_EDIT)
    text = fixed_prompts(office=OFFICE).get(prompt_id, prompt_id)
    with transaction.atomic():
        audit_note(AuditAction.PROMPT_CHANGE, staff, text, "去掉录音")
        path_of(prompt_id).unlink(missing_ok=True)
        _about(prompt_id).unlink(missing_ok=True)


def path_of(prompt_id: str) -> Path:
    """Return where the recording of a sentence lies, or would."""
    return Path(settings.PROMPTS_DIR) / f"{prompt_id}.wav"


def _about(prompt_id: str) -> Path:
    return path_of(prompt_id).with_suffix(".json")


def _sentence(prompt_id: str, text: str) -> Sentence:
    try:
        about = path_of(prompt_id).stat()
    except FileNotFoundError:
        return Sentence(prompt_id, text)
    told = _told(prompt_id)
    at = told.get("at")
    return Sentence(
        prompt_id,
        text,
        has_recording=True,
        seconds=round(about.st_size / 2 / SAMPLE_RATE_HZ, 1),
        read_out=told.get("text", ""),
        by=told.get("by", ""),
        at=datetime.fromisoformat(at) if at else None,
        version=about.st_mtime_ns // 1_000_000,
    )


def _told(prompt_id: str) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(_about(prompt_id).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found


def _sound(content: bytes) -> bytes:
    """A file's sound as s16le at 8 kHz; raises RecordingRefused."""
    if len(content) > LARGEST_BYTES:
        raise RecordingRefused(f"文件太大了，要在{LARGEST_BYTES // 1_000_000}兆以内。")
    kind = next((kind for mark, kind in _KINDS if content.startswith(mark)), None)
    if kind is None:
        raise RecordingRefused("认不出这个文件。请传WAV、MP3或OGG录音。")
    sound = bytearray()
    try:
        for piece in decoded(content, kind):
            sound += piece
            if seconds_of(bytes(sound)) > LONGEST_SECONDS:
                raise RecordingRefused(f"太长了，一句话要在{LONGEST_SECONDS:.0f}秒以内。")
    except (av.error.FFmpegError, IndexError) as error:
        raise RecordingRefused("这个录音打不开，可能没存好。请重新录一遍。") from error
    return bytes(sound)


def _checked(sound: bytes) -> bytes:
    """The sound as the line plays it: telephone band, even loudness, no silence around."""
    wave = np.abs(np.frombuffer(sound, dtype="<i2").astype(np.int32))
    if not len(wave) or speech_dbfs(band_limited(sound)) < SOFTEST_DBFS:
        raise RecordingRefused("录音里没有声音，或者太轻了。请离话筒近一点再录。")
    if float((wave >= CLIPPED_AT).mean()) > MOST_CLIPPED:
        raise RecordingRefused("声音太大，破音了。请离话筒远一点再录。")
    pcm = finished(sound, SAMPLE_RATE_HZ)
    if seconds_of(pcm) < SHORTEST_SECONDS:
        raise RecordingRefused("太短了，听不到一句话。请重新录一遍。")
    return pcm
