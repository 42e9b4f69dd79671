"""How well does a model understand voices it has not learnt from? Character error rates.

Uses vosk itself, over the same line that training simulates. Speaks in the calling process.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import vosk

from voice.recognition.training import augmentation
from voice.recognition.training.espeak import Espeak, Manner
from voice.recognition.training.saying import RATES, over_line
from voice.recognition.training.variants import HELD_OUT

_CHUNK_BYTES = 1600


@dataclass(frozen=True)
class Heard:
    """What was said and what was understood."""

    said: str
    understood: str

    @property
    def errors(self) -> int:
        """Return how many characters were misunderstood."""
        return distance(self.said, self.understood)


def read_lines(path: Path) -> list[str]:
    """Return a file's lines without comments."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def error_rate(heard: Sequence[Heard]) -> float:
    """Return the share of characters that are wrong, missing or too many."""
    return sum(one.errors for one in heard) / sum(len(one.said) for one in heard)


def distance(said: str, understood: str) -> int:
    """Return Levenshtein's distance."""
    row = list(range(len(understood) + 1))
    for i, left in enumerate(said, 1):
        diagonal, row[0] = row[0], i
        for j, right in enumerate(understood, 1):
            best = min(row[j] + 1, row[j - 1] + 1, diagonal + (left != right))
            diagonal, row[j] = row[j], best
    return row[-1]


class Listener:
    """A loaded model; ``hear`` speaks sentences to it and returns what it understood."""

    def __init__(self, model: Path) -> None:
        vosk.SetLogLevel(-1)
        self._model = vosk.Model(model_path=str(model))
        self._espeak = Espeak()

    def hear(
        self,
        sentences: Sequence[str],
        variants: Sequence[str] = HELD_OUT,
        noise_db: float | None = None,
    ) -> list[Heard]:
        """Speak each sentence with the next variant and rate; ``noise_db``: how far below."""
        heard = []
        for index, sentence in enumerate(sentences):
            manner = Manner(variants[index % len(variants)], RATES[index % len(RATES)])
            pcm = self.sound(sentence, manner, noise_db, index)
            heard.append(Heard(sentence, self.understood(pcm)))
        return heard

    def sound(self, text: str, manner: Manner, noise_db: float | None, seed: int) -> bytes:
        """Return the sentence as s16le at 8 kHz after the µ-law, perhaps with noise."""
        spoken = self._espeak.speak(text, manner)
        return over_line(spoken.samples, "ulaw", noise_db, seed)

    def understood(self, pcm: bytes, grammar: Sequence[str] = ()) -> str:
        """Return the best reading without blanks, segments joined."""
        limits = (json.dumps([*grammar], ensure_ascii=False),) if grammar else ()
        recogniser = vosk.KaldiRecognizer(self._model, augmentation.LINE_RATE_HZ, *limits)
        texts = []
        for start in range(0, len(pcm), _CHUNK_BYTES):
            if recogniser.AcceptWaveform(pcm[start : start + _CHUNK_BYTES]):
                texts.append(json.loads(recogniser.Result())["text"])
        texts.append(json.loads(recogniser.FinalResult())["text"])
        return "".join(texts).replace(" ", "")
