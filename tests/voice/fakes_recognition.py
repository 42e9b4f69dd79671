"""Recognisers, decoders and a models host for tests."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np

from tests.voice.fakes_audio import silence, spoken
from voice.answerer import Hypothesis
from voice.recognition import tiny_model_path

_SET_MODEL = os.environ.get("BOT_VOSK_MODEL", "")


def model_for_tests() -> Path | None:
    """The model made here, else one that the environment names, None if there is neither."""
    for path in (tiny_model_path(), Path(_SET_MODEL or "unset")):
        if (path / "am" / "final.mdl").is_file():
            return path
    return None


class ScriptedStream:
    """Hears what it was told to; the partial grows with the sound."""

    def __init__(self, readings: Sequence[Hypothesis]) -> None:
        self._readings = tuple(readings)
        self.fed = b""
        self.is_closed = False

    @property
    def partial(self) -> str:
        whole = self._readings[0].text if self._readings else ""
        return whole[: len(self.fed) // 3200]  # a character per 200 ms

    def feed(self, pcm: bytes) -> None:
        self.fed += pcm

    def finish(self) -> Future[tuple[Hypothesis, ...]]:
        heard: Future[tuple[Hypothesis, ...]] = Future()
        heard.set_result(self._readings)
        return heard

    def close(self) -> None:
        self.is_closed = True


class ScriptedRecogniser:
    """Gives one stream after another from its script."""

    is_ready = True

    def __init__(self, *texts: str) -> None:
        self._texts = list(texts)
        self.opened: list[tuple[str, tuple[str, ...]]] = []

    def stream(self, expects: str = "free", hot_words: Sequence[str] = ()) -> ScriptedStream:
        self.opened.append((expects, tuple(hot_words)))
        text = self._texts.pop(0) if self._texts else ""
        return ScriptedStream([Hypothesis(text, 0.9)] if text else [])


class CountingDecoder:
    """A decoder that reads one 听 per piece; waits for leave, dies or breaks on demand."""

    def __init__(self, may_go: threading.Event | None = None, error: Exception | None = None):
        self.pieces: list[bytes] = []
        self.is_finished = False
        self._may_go = may_go
        self._error = error

    def accept(self, pcm: bytes) -> str:
        if self._may_go is not None:
            assert self._may_go.wait(10)
        if self._error is not None:
            raise self._error
        self.pieces.append(pcm)
        return "听" * len(self.pieces)

    def finish(self) -> tuple[Hypothesis, ...]:
        self.is_finished = True
        return (Hypothesis("听" * len(self.pieces), 1.0),) if self.pieces else ()


class ModelsHost(ThreadingHTTPServer):
    """Serves one file; breaks the line after so many bytes, as often as told."""

    daemon_threads = True

    def __init__(self, content: bytes) -> None:
        super().__init__(("127.0.0.1", 0), _ModelsHandler)
        self.content = content
        self.breaks: list[int] = []  # bytes after which each next answer is cut off
        self.statuses: list[int] = []  # answers given instead of the file
        self.knows_ranges = True
        self.asked: list[tuple[str, str]] = []  # path, Range

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _ModelsHandler(BaseHTTPRequestHandler):
    server: ModelsHost

    def do_GET(self) -> None:
        asked = self.headers.get("Range", "")
        self.server.asked.append((self.path, asked))
        if self.server.statuses:
            self.send_error(self.server.statuses.pop(0))
            return
        start = int(asked[len("bytes=") : -1]) if asked and self.server.knows_ranges else 0
        if start and start >= len(self.server.content):
            self.send_error(416)
            return
        rest = self.server.content[start:]
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(rest)))
        self.end_headers()
        self.wfile.write(rest[: self.server.breaks.pop(0)] if self.server.breaks else rest)
        self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def models_host(content: bytes) -> Iterator[ModelsHost]:
    """A running host."""
    with ModelsHost(content) as host:
        thread = threading.Thread(target=host.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield host
        finally:
            host.shutdown()
            thread.join()


def tone(seconds: float, hz: float = 440.0, rate: int = 8000) -> bytes:
    """A tone at half of full scale."""
    at = np.arange(int(seconds * rate)) / rate
    return (16000 * np.sin(2 * np.pi * hz * at)).astype("<i2").tobytes()


def asked(text: str, words_per_minute: int = 160) -> bytes:
    """``text`` in a voice that the model never heard, a moment of silence before and after."""
    said = spoken(text, "cmn+m4", words_per_minute)
    return silence(0.3) + said + silence(0.6)
