"""What was rendered ahead, as files: found again by engine, voice, rate and text.

One file per sentence in A-law (8 kB a second, exact on lines that use it), its name a digest, its
content guarded by a checksum: a file that is torn, altered or foreign is simply not there. Several
processes may share the folder. When it grows beyond its bound, what was not asked for longest goes.

Only sentences that are meant for everybody belong here; what is said to one caller (a number read
back) must not reach a disk. Whoever calls ``put`` decides that.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import tempfile
import time
import zlib
from pathlib import Path
from threading import Lock

from voice.audio import alaw_decode, alaw_encode

_MAGIC = b"SPK1"
_HEAD_BYTES = 8
_SUFFIX = ".alaw"
_UNFINISHED = ".new-"
_UNFINISHED_SECONDS = 3600.0
# How much may be written before the folder is looked through again, and how far it is cut back.
_LOOK_SHARE = 0.02
_KEEP_SHARE = 0.9
DEFAULT_MAX_BYTES = 2_000_000_000
# Part of every key: raise it when the same engine's sentences are made to sound otherwise.
_FINISH = 1

_log = logging.getLogger(__name__)


def cache_key(engine: str, characters_per_minute: int, text: str) -> str:
    """Return the name under which a sentence is kept; ``engine`` includes its voice."""
    parts = "\0".join((str(_FINISH), engine, str(characters_per_minute), text))
    return hashlib.sha256(parts.encode()).hexdigest()


class SpeechCache:
    """A folder of rendered sentences."""

    def __init__(self, folder: Path, max_bytes: int = DEFAULT_MAX_BYTES) -> None:
        self._folder = folder
        self._max_bytes = max_bytes
        self._unlooked_bytes = max_bytes  # the first file that is put looks through the folder
        self._lock = Lock()

    def get(self, key: str) -> bytes | None:
        """Return s16le at 8 kHz, None if there is none that is whole."""
        path = self._path(key)
        try:
            content = path.read_bytes()
        except OSError:
            return None
        body = content[_HEAD_BYTES:]
        if content[:_HEAD_BYTES] != _head(body):
            _log.warning("a damaged sound in the cache is dropped: %s", path.name)
            _forget(path)
            return None
        with contextlib.suppress(OSError):
            os.utime(path)
        return alaw_decode(body)

    def put(self, key: str, pcm: bytes) -> None:
        """Keep s16le at 8 kHz; a full or read-only disk costs the saving, not the call."""
        body = alaw_encode(pcm)
        try:
            self._write(self._path(key), _head(body) + body)
        except OSError as fault:
            _log.warning("a sound could not be kept: %s", fault.strerror)
            return
        with self._lock:
            self._unlooked_bytes += len(body)
            is_due = self._unlooked_bytes > self._max_bytes * _LOOK_SHARE
            self._unlooked_bytes = 0 if is_due else self._unlooked_bytes
        if is_due:
            self._cut_back()

    def _path(self, key: str) -> Path:
        return self._folder / key[:2] / f"{key}{_SUFFIX}"

    def _write(self, path: Path, content: bytes) -> None:
        """Write beside and rename: a reader sees all of a file or none."""
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(prefix=_UNFINISHED, dir=path.parent)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
            os.replace(name, path)
        except OSError:
            _forget(Path(name))
            raise

    def _cut_back(self) -> None:
        """Drop the longest unused files beyond the bound, and what a crash left unfinished."""
        files = []
        for path in self._folder.glob("??/*"):
            with contextlib.suppress(OSError):  # another process may have dropped it
                state = path.stat()
                if not path.name.startswith(_UNFINISHED):
                    files.append((state.st_mtime_ns, state.st_size, path))
                elif state.st_mtime < time.time() - _UNFINISHED_SECONDS:
                    _forget(path)
        total = sum(size for _, size, _ in files)
        if total <= self._max_bytes:
            return
        for _, size, path in sorted(files):
            if total <= self._max_bytes * _KEEP_SHARE:
                return
            _forget(path)
            total -= size


def _head(body: bytes) -> bytes:
    return _MAGIC + zlib.crc32(body).to_bytes(4, "big")


def _forget(path: Path) -> None:
    with contextlib.suppress(OSError):
        path.unlink()
