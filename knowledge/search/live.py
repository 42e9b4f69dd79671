"""The matcher in force: notices a new publication and swaps it in between two questions.

The new snapshot is loaded aside, in a thread; questions meanwhile go to the old one.
"""

from __future__ import annotations

import logging
import threading
import time
from pathlib import Path

from knowledge.search.encoder import Encoder
from knowledge.search.errors import SearchError
from knowledge.search.giving_way import giving_way
from knowledge.search.lasting import keep_out_of_rounds
from knowledge.search.matcher import Matcher
from knowledge.search.reranker import Reranker
from knowledge.search.snapshot import current_fingerprint, load_snapshot

log = logging.getLogger(__name__)

LOOK_EVERY_SECONDS = 0.2


class LiveMatcher:
    """Hands out the matcher for the snapshot in force on a shelf."""

    def __init__(
        self, shelf: Path, encoder: Encoder | None = None, reranker: Reranker | None = None
    ) -> None:
        self._shelf = shelf
        self._encoder = encoder
        self._reranker = reranker
        self._lock = threading.Lock()
        self._loading = threading.Lock()
        self._matcher: Matcher | None = None
        self._refused = ""
        self._looked_at = 0.0

    def current(self) -> Matcher:
        """Return the matcher; loads it the first time. Raises SearchError if nothing can be had."""
        if self._matcher is None:
            self._load()
        elif time.monotonic() - self._looked_at > LOOK_EVERY_SECONDS:
            self._looked_at = time.monotonic()
            if self._is_stale():
                threading.Thread(target=self._load_quietly, daemon=True).start()
        assert self._matcher is not None
        return self._matcher

    def watch(self, stop: threading.Event) -> None:
        """Look for publications until ``stop`` is set, so that a quiet office is fresh too."""
        while not stop.wait(LOOK_EVERY_SECONDS):
            if self._is_stale():
                self._load_quietly()

    def _is_stale(self) -> bool:
        try:
            fingerprint = current_fingerprint(self._shelf)
        except SearchError:
            return False
        loaded = self._matcher.snapshot.fingerprint if self._matcher else ""
        return fingerprint not in (loaded, self._refused)

    def _load(self) -> None:
        with self._loading:
            fingerprint = current_fingerprint(self._shelf)
            if self._matcher and self._matcher.snapshot.fingerprint == fingerprint:
                return
            snapshot = load_snapshot(self._shelf, fingerprint)
            matcher = Matcher(snapshot, self._encoder, reranker=self._reranker)
            # A first question pays for dictionaries and model; that is not the resident's.
            matcher.match("你好，请问社保卡，shebaoka怎么办")
            with self._lock:
                self._matcher = matcher
            keep_out_of_rounds()
            log.info("snapshot %s in force", fingerprint)

    def _load_quietly(self) -> None:
        """Load aside; a damaged snapshot is refused once and the old one stays in force."""
        try:
            with giving_way():
                self._load()
        except SearchError as error:
            self._refused = current_fingerprint(self._shelf)
            log.error("snapshot %s refused: %s", self._refused, error)
