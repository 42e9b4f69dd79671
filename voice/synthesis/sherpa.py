"""The engine for production: sherpa-onnx with a voice that the operator puts into a folder.

Knows three kinds of Mandarin voices by their files: VITS (a model), Matcha (a model and a
vocoder), Kokoro (a model and ``voices.bin``). The voice runs in a child process: a bad file makes
the library end its process, and its work must not delay the frames of running calls.
"""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from threading import Lock

from voice.errors import SynthesizerUnavailable
from voice.synthesis.child import ChildFailed, EngineChild
from voice.synthesis.finishing import finished
from voice.synthesis.pace import characters_per_minute_of

_READY_SECONDS = 60.0
_SHORTEST_SECONDS = 5.0
_SECONDS_PER_CHARACTER = 0.5
_SLOWEST, _FASTEST = 0.5, 2.0
# A voice's own pace is measured on this when it first speaks.
_SAMPLE = "请带好身份证和户口簿，到社区党群服务中心的窗口办理，当天就能办好。"
_VOCODERS = ("vocos", "hifigan")


def voice_files(folder: Path) -> dict[str, str]:
    """Return the kind of the voice in a folder and its files, as the child wants them.

    Raises SynthesizerUnavailable and says which file is missing.
    """
    models = sorted(folder.glob("*.onnx"))
    vocoders = [path for path in models if path.name.startswith(_VOCODERS)]
    acoustic = [path for path in models if path not in vocoders]
    if not acoustic or not (folder / "tokens.txt").is_file():
        raise SynthesizerUnavailable(
            f"expected a voice for sherpa-onnx (a model *.onnx and tokens.txt) in {folder}"
        )
    # Where a voice comes in two precisions, the smaller is exact enough for a telephone.
    model = next((path for path in acoustic if "int8" in path.name), acoustic[0])
    files = {"model": str(model), "tokens": str(folder / "tokens.txt"), **_lexical(folder)}
    if (folder / "voices.bin").is_file():
        return {"kind": "kokoro", "voices": str(folder / "voices.bin"), **files}
    if vocoders:
        return {"kind": "matcha", "vocoder": str(vocoders[0]), **files}
    return {"kind": "vits", **files}


def _lexical(folder: Path) -> dict[str, str]:
    lexicons = ",".join(
        str(path) for path in sorted(folder.glob("lexicon*.txt")) if "us-en" not in path.name
    )
    data = folder / "espeak-ng-data"
    return {"lexicon": lexicons, "data_dir": str(data) if data.is_dir() else ""}


class SherpaSynthesiser:
    """Speaks with an operator's voice. Raises SynthesizerUnavailable if files are missing."""

    def __init__(self, folder: Path, speaker: int = 0, threads: int = 1) -> None:
        if importlib.util.find_spec("sherpa_onnx") is None:
            raise SynthesizerUnavailable(
                "sherpa-onnx is not installed: pip install 'street-office-assistant[sherpa]'"
            )
        settings = {**voice_files(folder), "speaker": speaker, "threads": threads}
        self.name = f"sherpa {settings['kind']} {folder.resolve().name} {speaker}"
        self._child = EngineChild(
            "voice.synthesis.sherpa_child", (json.dumps(settings),), _READY_SECONDS
        )
        self._lock = Lock()
        self._own_pace = 0.0

    def speak(self, text: str, characters_per_minute: int) -> bytes:
        """Return ``text`` as s16le at 8 kHz. Raises SynthesizerUnavailable."""
        with self._lock:
            self._own_pace = self._own_pace or characters_per_minute_of(
                _SAMPLE, self._finished(_SAMPLE, 1.0)
            )
            speed = characters_per_minute / (self._own_pace or characters_per_minute)
            return self._finished(text, min(max(speed, _SLOWEST), _FASTEST))

    def close(self) -> None:
        """End the child process; speaking again starts another."""
        with self._lock:
            self._child.stop()

    def _finished(self, text: str, speed: float) -> bytes:
        seconds = _SHORTEST_SECONDS + _SECONDS_PER_CHARACTER * len(text)
        try:
            sound = self._child.ask(text, speed, seconds)
        except ChildFailed:
            try:
                sound = self._child.ask(text, speed, seconds)
            except ChildFailed as fault:
                raise SynthesizerUnavailable(f"the voice {self.name} failed: {fault}") from fault
        return finished(sound.pcm, sound.rate_hz)
