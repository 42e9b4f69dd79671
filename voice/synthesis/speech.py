"""What the line says, as sound: a recording if staff made one, else rendered ahead, else live.

A sentence comes from one source as a whole, so two voices never meet in it. What was rendered live
stays in memory only: it may hold what one caller said. What ``preload`` renders is meant for
everybody and goes to the cache on disk.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from threading import Lock
from typing import Protocol

from tqdm import tqdm

from voice.ear import for_ear
from voice.errors import SynthesizerUnavailable
from voice.synthesis import NORMAL_PACE, SLOW_PACE, Synthesiser
from voice.synthesis.cache import SpeechCache, cache_key
from voice.synthesis.recent import RecentSounds

_RECENT_BYTES = 8_000_000
_THREADS = 2
# So many sentences failing one after the other are no longer the sentences' fault.
_MOST_FAILURES_RUNNING = 5

_log = logging.getLogger(__name__)


class SentenceRecordings(Protocol):
    """Sentences spoken by a person, see ``voice.prompts``."""

    def saying(self, sentence: str) -> bytes | None:
        """Return the recording of exactly this sentence as s16le at 8 kHz, None without one."""


@dataclass(frozen=True)
class Preloaded:
    """How many sentences were rendered, were there already, could not be said."""

    rendered: int = 0
    present: int = 0
    failed: int = 0


class Speech:
    """Renders sentences; safe for any number of calls at once."""

    def __init__(
        self,
        engine: Synthesiser,
        cache: SpeechCache | None = None,
        recordings: SentenceRecordings | None = None,
    ) -> None:
        self._engine = engine
        self._cache = cache
        self._recordings = recordings
        self._recent = RecentSounds(_RECENT_BYTES)
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="speech")
        self._running: dict[str, Future[bytes]] = {}
        self._lock = Lock()

    def render(self, sentence: str, *, slow: bool = False) -> Future[bytes]:
        """Return the sentence's sound in the future, s16le at 8 kHz; b"" if it cannot be said.

        Never raises. Who asks for what is being rendered waits for the same work; cancelling
        one's own future leaves the others'.
        """
        mine: Future[bytes] = Future()
        shared = self._work(sentence, SLOW_PACE if slow else NORMAL_PACE)
        shared.add_done_callback(lambda done: _hand_on(done, mine))
        return mine

    def preload(
        self, sentences: Iterable[str], *, slow: bool = False, progress: bool = True
    ) -> Preloaded:
        """Render sentences meant for everybody into the cache; blocks, shows how far it is.

        Raises SynthesizerUnavailable if the engine says nothing at all.
        """
        pace = SLOW_PACE if slow else NORMAL_PACE
        counts = {"rendered": 0, "present": 0, "failed": 0}
        failures_running = 0
        for sentence in tqdm(list(dict.fromkeys(sentences)), unit="sentence", disable=not progress):
            try:
                counts[self._preloaded(sentence, pace)] += 1
                failures_running = 0
            except SynthesizerUnavailable:
                counts["failed"] += 1
                failures_running += 1
                if failures_running >= _MOST_FAILURES_RUNNING:
                    raise
        return Preloaded(**counts)

    def close(self) -> None:
        """Finish what is being rendered; what waits becomes b""."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _work(self, sentence: str, pace: int) -> Future[bytes]:
        text = for_ear(sentence)
        key = cache_key(self._engine.name, pace, text)
        with self._lock:
            if (running := self._running.get(key)) is not None:
                return running
            try:
                work = self._pool.submit(self._sound, sentence, text, pace, key)
            except RuntimeError:  # closed
                work = Future()
                work.set_result(b"")
                return work
            self._running[key] = work
        work.add_done_callback(lambda _: self._running.pop(key, None))
        return work

    def _sound(self, sentence: str, text: str, pace: int, key: str) -> bytes:
        try:
            return self._found(sentence, key) or self._live(text, pace, key)
        except SynthesizerUnavailable as fault:
            _log.error("a sentence of %d characters is not said: %s", len(text), fault)
        except Exception:  # noqa: BLE001 - whatever it is, the caller's thread must go on
            _log.exception("a sentence of %d characters is not said", len(text))
        return b""

    def _found(self, sentence: str, key: str) -> bytes | None:
        recorded = self._recordings.saying(sentence) if self._recordings else None
        return recorded or self._recent.get(key) or (self._cache.get(key) if self._cache else None)

    def _live(self, text: str, pace: int, key: str) -> bytes:
        if not text:
            return b""
        pcm = self._engine.speak(text, pace)
        self._recent.put(key, pcm)
        return pcm

    def _preloaded(self, sentence: str, pace: int) -> str:
        text = for_ear(sentence)
        key = cache_key(self._engine.name, pace, text)
        if not text or self._cache is None:
            return "present"
        if (self._recordings and self._recordings.saying(sentence)) or self._cache.get(key):
            return "present"
        self._cache.put(key, self._engine.speak(text, pace))
        return "rendered"


def _hand_on(done: Future[bytes], mine: Future[bytes]) -> None:
    if mine.set_running_or_notify_cancel():
        mine.set_result(b"" if done.cancelled() else done.result())
