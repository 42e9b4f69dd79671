"""The engine that is built in: espeak-ng from the package ``espeakng-loader``.

Robotic, but clear, at once, and offline; 1 ms of work for 1 s of speech.
"""

from __future__ import annotations

import importlib
from threading import Lock

from voice.errors import SynthesizerUnavailable
from voice.synthesis.child import ChildFailed, EngineChild
from voice.synthesis.finishing import finished
from voice.synthesis.pipe import Sound

_READY_SECONDS = 10.0
_SHORTEST_SECONDS = 2.0
_SECONDS_PER_CHARACTER = 0.05
# The pace of 120 finished sentences of this project's guides, measured at 90 to 160 of espeak's
# words a minute, lies on this line to within 1 %.
_CHARACTERS_PER_WORD = 1.3325
_CHARACTERS_AT_REST = -15.4


class EspeakSynthesiser:
    """Speaks with one voice of espeak-ng, whose process is started again whenever it fails."""

    def __init__(self, voice: str = "cmn") -> None:
        self.name = f"espeak {voice}"
        self._voice = voice
        self._lock = Lock()
        self._child: EngineChild | None = None

    def speak(self, text: str, characters_per_minute: int) -> bytes:
        """Return ``text`` as s16le at 8 kHz. Raises SynthesizerUnavailable."""
        rate = words_per_minute(characters_per_minute)
        with self._lock:
            sound = self._spoken(text, rate)
        return finished(sound.pcm, sound.rate_hz)

    def close(self) -> None:
        """End the child process; speaking again starts another."""
        with self._lock:
            if self._child is not None:
                self._child.stop()

    @property
    def child(self) -> EngineChild:
        """The supervisor of the child. Raises SynthesizerUnavailable without the package."""
        if self._child is None:
            arguments = (*_files(), self._voice)
            self._child = EngineChild("voice.synthesis.espeak_child", arguments, _READY_SECONDS)
        return self._child

    def _spoken(self, text: str, rate: int) -> Sound:
        seconds = _SHORTEST_SECONDS + _SECONDS_PER_CHARACTER * len(text)
        try:
            return self.child.ask(text, rate, seconds)
        except ChildFailed:
            # What crashes it crashes it again at the same rate; nobody hears one word a minute.
            return self._retried(text, rate + 1, seconds)

    def _retried(self, text: str, rate: int, seconds: float) -> Sound:
        try:
            return self.child.ask(text, rate, seconds)
        except ChildFailed as fault:
            raise SynthesizerUnavailable(f"espeak failed twice on one sentence: {fault}") from fault


def words_per_minute(characters_per_minute: int) -> int:
    """Return the rate for espeak at which it speaks so many characters a minute."""
    return round((characters_per_minute - _CHARACTERS_AT_REST) / _CHARACTERS_PER_WORD)


def _files() -> tuple[str, str]:
    """Return library and data folder; the package only knows where they are, it loads nothing."""
    try:
        loader = importlib.import_module("espeakng_loader")
        return str(loader.get_library_path()), str(loader.get_data_path())
    except (ImportError, RuntimeError) as fault:
        raise SynthesizerUnavailable(
            "espeak is not installed: pip install 'street-office-assistant[espeak]'"
        ) from fault
