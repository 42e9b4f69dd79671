"""The process that holds a sherpa-onnx voice: ``python -m voice.synthesis.sherpa_child``.

The argument is JSON: the kind of the voice, its files, speaker and threads. The rate of a request
is the speed, 1 being the voice's own.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import numpy as np
import sherpa_onnx

from voice.synthesis.pipe import Sound, Speak, serve


def configured(settings: dict[str, Any]) -> Any:
    """Return the configuration of a voice; RuntimeError if the library does not like its files."""
    shared = {name: settings[name] for name in ("tokens", "lexicon", "data_dir")}
    model = settings["model"]
    kinds: dict[str, Any] = {}
    if settings["kind"] == "kokoro":
        kinds["kokoro"] = sherpa_onnx.OfflineTtsKokoroModelConfig(
            model=model, voices=settings["voices"], **shared
        )
    elif settings["kind"] == "matcha":
        kinds["matcha"] = sherpa_onnx.OfflineTtsMatchaModelConfig(
            acoustic_model=model, vocoder=settings["vocoder"], **shared
        )
    else:
        kinds["vits"] = sherpa_onnx.OfflineTtsVitsModelConfig(model=model, **shared)
    config = sherpa_onnx.OfflineTtsConfig(
        model=sherpa_onnx.OfflineTtsModelConfig(num_threads=settings["threads"], **kinds)
    )
    if not config.validate():
        raise RuntimeError("the voice's files do not fit together")
    return config


def _prepare() -> Speak:
    settings = json.loads(sys.argv[1])
    voice = sherpa_onnx.OfflineTts(configured(settings))
    speaker = settings["speaker"]

    def speak(text: str, speed: float) -> Sound:
        audio = voice.generate(text, sid=speaker, speed=speed)
        samples = np.clip(np.asarray(audio.samples, dtype=np.float32), -1.0, 1.0)
        return Sound(audio.sample_rate, np.rint(samples * 32767).astype("<i2").tobytes())

    return speak


if __name__ == "__main__":
    serve(_prepare)
