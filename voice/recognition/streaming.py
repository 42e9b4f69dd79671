"""An utterance decoded in a thread of its own, so that the call's clockwork never waits.

The engine behind it is a Decoder; this module knows threads and nothing of engines. What cannot
be decoded in time is dropped rather than kept without end, and said so once.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from threading import Thread
from typing import Final, Literal, Protocol

from voice.answerer import Hypothesis
from voice.errors import RecognizerUnavailable

log = logging.getLogger(__name__)

# A whole voice message, which is fed at once, fits in; a call's utterance is shorter anyway.
WAITING_SECONDS = 180.0
_BYTES_PER_SECOND = 16000
_CHUNK_BYTES = _BYTES_PER_SECOND // 10  # decoders look at the sound in pieces of 100 ms or more
_FINISH: Final = "finish"
_CLOSE: Final = "close"


class Decoder(Protocol):
    """Decodes one utterance; made, used and dropped in one thread."""

    def accept(self, pcm: bytes) -> str:
        """Decode more and return the newest partial."""

    def finish(self) -> tuple[Hypothesis, ...]:
        """Return the readings, best first; the decoder is used up."""


class ThreadedStream:
    """A RecognitionStream around a Decoder."""

    def __init__(
        self, make_decoder: Callable[[], Decoder], waiting_seconds: float = WAITING_SECONDS
    ) -> None:
        self.partial = ""
        self._make_decoder = make_decoder
        self._waiting_seconds = waiting_seconds
        self._arrived_bytes = 0
        self._taken_bytes = 0
        self._is_over = False
        self._is_thrown_away = False
        self._has_overrun = False
        self._heard: Future[tuple[Hypothesis, ...]] = Future()
        # Running futures cannot be cancelled: the result is set in any case.
        self._heard.set_running_or_notify_cancel()
        self._queue: SimpleQueue[bytes | Literal["finish", "close"]] = SimpleQueue()
        Thread(target=self._work, name="recognition", daemon=True).start()

    def feed(self, pcm: bytes) -> None:
        """Queue more sound; beyond three minutes of arrears it is dropped."""
        if self._is_over:
            return
        if (
            self._arrived_bytes - self._taken_bytes + len(pcm)
            > self._waiting_seconds * _BYTES_PER_SECOND
        ):
            self._overrun()
            return
        self._arrived_bytes += len(pcm)
        self._queue.put(pcm)

    def finish(self) -> Future[tuple[Hypothesis, ...]]:
        """End the utterance; a second time returns the same future."""
        if not self._is_over:
            self._is_over = True
            self._queue.put(_FINISH)
        return self._heard

    def close(self) -> None:
        """Throw the utterance away; whoever still waits for it gets no reading."""
        self._is_over = True
        self._is_thrown_away = True
        self._queue.put(_CLOSE)

    def _overrun(self) -> None:
        if not self._has_overrun:
            log.warning("recognition is %.0f s behind; sound is dropped", self._waiting_seconds)
        self._has_overrun = True

    def _work(self) -> None:
        try:
            self._heard.set_result(self._decode(self._make_decoder()))
        except Exception as error:  # noqa: BLE001 - engines raise bare Exceptions
            log.warning("recognition failed: %s", type(error).__name__)
            self._heard.set_exception(RecognizerUnavailable(f"decoding failed: {error}"))

    def _decode(self, decoder: Decoder) -> tuple[Hypothesis, ...]:
        pending = b""
        while True:
            item = self._queue.get()
            if self._is_thrown_away:
                return ()
            if isinstance(item, bytes):
                self._taken_bytes += len(item)
                pending += item
            if pending and (item == _FINISH or len(pending) >= _CHUNK_BYTES):
                self.partial = decoder.accept(pending)
                pending = b""
            if item == _FINISH:
                return decoder.finish()
