"""From a caller's voice to readings of what was said.

Declares what the call needs of a recogniser; `vosk` and `absent` provide it, `opening` picks one.
When a caller has finished speaking is not decided here but by `voice.endpointing`.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Protocol

from voice.answerer import Expects, Hypothesis


class RecognitionStream(Protocol):
    """One utterance on its way in; used once, ended by ``finish`` or ``close``."""

    def feed(self, pcm: bytes) -> None:
        """Take more sound (8 kHz s16le mono); never blocks."""

    @property
    def partial(self) -> str:
        """The newest reading of what came so far, without spaces between Chinese characters."""

    def finish(self) -> Future[tuple[Hypothesis, ...]]:
        """End the utterance: best reading first, () if nothing was said.

        The future may raise RecognizerUnavailable.
        """

    def close(self) -> None:
        """Throw the utterance away."""


class Recogniser(Protocol):
    """Opens a stream per utterance; one recogniser serves all calls of a process."""

    @property
    def is_ready(self) -> bool:
        """False: nothing will be heard, the line works by keys."""

    def stream(self, expects: Expects = "free", hot_words: Sequence[str] = ()) -> RecognitionStream:
        """Listen for an utterance; what is expected narrows what can be heard."""


def tiny_model_path() -> Path:
    """Return where the model trained here lies: for tests and trying out, not for callers."""
    return Path(__file__).parent / "tiny"
