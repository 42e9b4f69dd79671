"""Which engine speaks: the operator's voice if there is a folder with one, else espeak."""

from __future__ import annotations

import logging
from pathlib import Path

from voice.errors import SynthesizerUnavailable
from voice.synthesis.espeak import EspeakSynthesiser
from voice.synthesis.sherpa import SherpaSynthesiser

_PROBE = "您好。"
_log = logging.getLogger(__name__)

Engine = EspeakSynthesiser | SherpaSynthesiser


def engine_of(voice_folder: Path | None, pace: int) -> Engine:
    """Return the engine for a folder; espeak if its voice cannot speak, which is logged.

    The voice is tried out: one voice for a whole run, rather than another after a fault.
    """
    if voice_folder is None:
        return EspeakSynthesiser()
    try:
        engine = SherpaSynthesiser(voice_folder)
        engine.speak(_PROBE, pace)
    except SynthesizerUnavailable as fault:
        _log.error("espeak speaks in place of the voice in %s: %s", voice_folder, fault)
        return EspeakSynthesiser()
    return engine
