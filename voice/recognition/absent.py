"""Recognition on a line that has no model: nothing is heard, so the call works by keys."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future

from voice.answerer import Expects, Hypothesis


class AbsentStream:
    """Hears nothing."""

    partial = ""

    def feed(self, pcm: bytes) -> None:
        """Let the sound pass."""

    def finish(self) -> Future[tuple[Hypothesis, ...]]:
        """Return a future that is done and holds no reading."""
        heard: Future[tuple[Hypothesis, ...]] = Future()
        heard.set_result(())
        return heard

    def close(self) -> None:
        """Nothing to throw away."""


class AbsentRecogniser:
    """Stands where a model is missing."""

    is_ready = False

    def stream(self, expects: Expects = "free", hot_words: Sequence[str] = ()) -> AbsentStream:
        """Return a stream that hears nothing."""
        return AbsentStream()
