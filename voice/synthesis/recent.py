"""The sounds of a moment ago, in memory: what is repeated costs nothing and reaches no disk."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock


class RecentSounds:
    """The most recently used sounds, together at most ``max_bytes``."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._bytes = 0
        self._sounds: OrderedDict[str, bytes] = OrderedDict()
        self._lock = Lock()

    def get(self, key: str) -> bytes | None:
        """Return a sound, None if it is not (or no longer) here."""
        with self._lock:
            if key in self._sounds:
                self._sounds.move_to_end(key)
            return self._sounds.get(key)

    def put(self, key: str, sound: bytes) -> None:
        """Remember a sound and forget the oldest beyond the bound."""
        with self._lock:
            self._bytes += len(sound) - len(self._sounds.pop(key, b""))
            self._sounds[key] = sound
            while self._bytes > self._max_bytes:
                _, oldest = self._sounds.popitem(last=False)
                self._bytes -= len(oldest)
