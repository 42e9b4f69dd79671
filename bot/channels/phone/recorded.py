"""The staff's recordings of fixed sentences on a running line: what is put in is heard soon after.

The folder is looked at now and then, and read aside in a thread, so that no call waits for it.
"""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Final

from voice.prompts import Recordings

LOOK_EVERY_SECONDS: Final = 5.0
_Seen = tuple[tuple[str, int, int], ...]


class FreshRecordings:
    """The recordings in a folder as they are by now; the folder may come later."""

    def __init__(self, folder: Path, office: str) -> None:
        self._folder = folder
        self._office = office
        self._looking = threading.Lock()
        self._seen = _contents(folder)
        self._recordings = self._read(self._seen)
        self._looked_at = time.monotonic()

    def saying(self, sentence: str) -> bytes | None:
        """Return the recording of exactly this sentence, None if there is none."""
        if time.monotonic() - self._looked_at > LOOK_EVERY_SECONDS:
            self._looked_at = time.monotonic()
            threading.Thread(target=self.look, daemon=True).start()
        return self._recordings.saying(sentence)

    def look(self) -> None:
        """Read the folder anew if anything in it is not as it was."""
        with self._looking:
            seen = _contents(self._folder)
            if seen != self._seen:
                self._recordings, self._seen = self._read(seen), seen

    def _read(self, seen: _Seen) -> Recordings:
        return Recordings(self._folder if seen else None, office=self._office)


def _contents(folder: Path) -> _Seen:
    found = []
    for path in sorted(p for p in folder.glob("*") if p.suffix.lower() == ".wav"):
        try:
            about = path.stat()
        except FileNotFoundError:
            continue
        found.append((path.name, about.st_mtime_ns, about.st_size))
    return tuple(found)
