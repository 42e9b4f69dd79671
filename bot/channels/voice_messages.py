"""Voice messages of chats: a file in, the words that were said out, or a sentence why not.

Telegram sends Opus in Ogg, WeChat AMR. Decoding and recognising block: call them in a thread. What
was sent stays in memory and is dropped with the answer.
"""

from __future__ import annotations

import io
import logging
import threading
from collections.abc import Iterator
from concurrent.futures import TimeoutError as NotInTime
from functools import lru_cache

import av
import av.error

from bot.channels.phone import engines
from bot.channels.phone.hearing import meant
from voice.audio import SAMPLE_RATE_HZ
from voice.errors import CallError
from voice.recognition import Recogniser

log = logging.getLogger(__name__)

LARGEST_BYTES = 5_000_000
LONGEST_SECONDS = 60
RECOGNITION_SECONDS = 60.0
CHUNK_BYTES = 8000
_SAMPLE_BYTES = 2
# A file is taken for what it begins with and opened as nothing else: other kinds (playlists among
# them) may lead the decoder to other files.
_KINDS = ((b"OggS", "ogg"), (b"#!AMR", "amr"), (b"ID3", "mp3"), (b"\xff\xfb", "mp3"))

TOO_LONG = "这段语音太长了，我一次只听得了一分钟。请分几段说，或者打几个字。"
BROKEN = "这段语音打不开，可能没传好。麻烦您再发一次，或者打几个字。"
UNCLEAR = "这段语音我没听清。麻烦您再说一遍，或者打几个字。"


class VoiceUnreadable(ValueError):
    """Nothing could be heard; the message is a sentence for the resident."""


def can_hear() -> bool:
    """Whether there is a model to hear with."""
    return engines.model_path() is not None


def heard(words: str) -> str:
    """Return what a message was understood as, for the resident to check."""
    return f"听到您说：{words}"


def words_of(audio: bytes, recogniser: Recogniser | None = None) -> str:
    """Return what is said in a file; raises VoiceUnreadable."""
    sound = sound_of(audio)
    with _loading:
        recogniser = recogniser or _recogniser()
    try:
        stream = recogniser.stream()
        for start in range(0, len(sound), CHUNK_BYTES):
            stream.feed(sound[start : start + CHUNK_BYTES])
        readings = stream.finish().result(RECOGNITION_SECONDS)
    except (CallError, NotInTime) as error:
        log.warning("a voice message was not recognised (%s)", type(error).__name__)
        raise VoiceUnreadable(UNCLEAR) from None
    words = meant(readings).strip()
    if not words:
        raise VoiceUnreadable(UNCLEAR)
    return words


def sound_of(audio: bytes) -> bytes:
    """Return a file's sound as s16le at 8 kHz; raises VoiceUnreadable."""
    if len(audio) > LARGEST_BYTES:
        raise VoiceUnreadable(TOO_LONG)
    kind = next((kind for mark, kind in _KINDS if audio.startswith(mark)), None)
    if kind is None:
        raise VoiceUnreadable(BROKEN)
    sound = bytearray()
    try:
        for piece in decoded(audio, kind):
            sound += piece
            if len(sound) > LONGEST_SECONDS * SAMPLE_RATE_HZ * _SAMPLE_BYTES:
                raise VoiceUnreadable(TOO_LONG)
    except (av.error.FFmpegError, IndexError) as error:
        log.info("a voice message is damaged (%s)", type(error).__name__)
        raise VoiceUnreadable(BROKEN) from None
    if not sound:
        raise VoiceUnreadable(BROKEN)
    return bytes(sound)


def decoded(audio: bytes, kind: str) -> Iterator[bytes]:
    """Decode frame by frame, so that a small file cannot become endless sound."""
    resampler = av.AudioResampler(format="s16", layout="mono", rate=SAMPLE_RATE_HZ)
    with av.open(io.BytesIO(audio), format=kind) as container:
        for frame in container.decode(container.streams.audio[0]):
            for even in resampler.resample(frame):
                yield _samples(even)
        for rest in resampler.resample(None):
            yield _samples(rest)


def _samples(frame: av.AudioFrame) -> bytes:
    # A plane is padded; only the samples count.
    return bytes(frame.planes[0])[: frame.samples * _SAMPLE_BYTES]


# The first message loads the model; whoever comes meanwhile waits for the same one.
_loading = threading.Lock()


@lru_cache(maxsize=1)
def _recogniser() -> Recogniser:
    return engines.recogniser()
