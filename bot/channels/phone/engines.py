"""What the line hears and speaks with, as the settings name it; whatever is missing is said once.

Nothing here fails for want of a model or a voice: without the one the line works by keys, without
the other by recordings.
"""

from __future__ import annotations

import logging
from pathlib import Path

from django.conf import settings

from bot.actions import office
from bot.channels.phone import sentences
from bot.channels.phone.recorded import FreshRecordings
from knowledge.search.errors import SearchError
from voice.errors import SynthesizerUnavailable
from voice.recognition import Recogniser, tiny_model_path
from voice.recognition.opening import recogniser_opened
from voice.synthesis import NORMAL_PACE, Synthesiser
from voice.synthesis.cache import SpeechCache
from voice.synthesis.choosing import engine_of
from voice.synthesis.speech import Speech

log = logging.getLogger(__name__)

FOR_TRYING = (
    "the line listens with the small model that ships: for trying it out, not for callers; "
    "set BOT_VOSK_MODEL for those"
)


class Mute:
    """Stands where no engine speaks: only recordings are heard."""

    name = "none"

    def speak(self, text: str, characters_per_minute: int) -> bytes:
        """Raise SynthesizerUnavailable."""
        raise SynthesizerUnavailable("BOT_VOICE_ENGINE is none")


def model_path() -> Path | None:
    """Return the recognition model's folder, None if there is none."""
    if settings.BOT_VOSK_MODEL:
        return Path(settings.BOT_VOSK_MODEL)
    tiny = tiny_model_path()
    return tiny if settings.BOT_VOICE_DEMO_MODEL == "on" and tiny.is_dir() else None


def recogniser() -> Recogniser:
    """Load the model; takes seconds and some hundred megabytes with a large one."""
    path = model_path()
    if path == tiny_model_path():
        log.warning(FOR_TRYING)
    return recogniser_opened(path, domain_words())


def domain_words() -> list[str]:
    """Return what the office's affairs and places are called: what callers are likely to say."""
    try:
        guide = office.guide()
    except SearchError:
        return []
    names = [name for item_id in guide.item_ids() for name in guide.names(item_id)]
    names += guide.local_words()
    return list(dict.fromkeys([*names, *(place.name for place in guide.places)]))


def speech() -> Speech:
    """Return the line's voice: recordings, what was rendered ahead, the engine."""
    recordings = FreshRecordings(settings.PROMPTS_DIR, sentences.OFFICE)
    cache = SpeechCache(Path(settings.BOT_DATA_DIR) / "speech")
    return Speech(_engine(), cache, recordings)


def _engine() -> Synthesiser:
    if settings.BOT_VOICE_ENGINE == "none":
        return Mute()
    voice = settings.BOT_SHERPA_VOICE if settings.BOT_VOICE_ENGINE == "sherpa" else ""
    return engine_of(Path(voice) if voice else None, NORMAL_PACE)
