"""Which recogniser a line gets: Vosk on a model that works, else none, and then it says so."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

from voice.errors import ModelUnavailable
from voice.recognition import Recogniser
from voice.recognition.absent import AbsentRecogniser

log = logging.getLogger(__name__)


def recogniser_opened(model_path: Path | None, domain_words: Sequence[str] = ()) -> Recogniser:
    """Return a recogniser on the model, or one that hears nothing; a line never fails for this."""
    if model_path is None:
        log.warning("no recognition model is set; the line works by keys")
        return AbsentRecogniser()
    # Loading the library costs a second, which a line by keys need not spend.
    from voice.recognition.vosk import VoskRecogniser

    try:
        return VoskRecogniser(model_path, domain_words)
    except ModelUnavailable as error:
        log.error("%s; the line works by keys", error)
        return AbsentRecogniser()
