"""The evidence folder: one encrypted file an upload, whole or not there at all.

Paths are relative to the folder, ``ab/<id>.bin``; what a file is about stands in the database.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from django.conf import settings

from bot.encryption import decrypt_bytes, encrypt_bytes
from bot.evidence.errors import EvidenceLost

_SUFFIX = ".bin"


def path_for(upload_id: str) -> str:
    """Return where the file of an upload lies."""
    return f"{upload_id[:2]}/{upload_id}{_SUFFIX}"


def file_write(path: str, data: bytes) -> None:
    """Encrypt and write a file; when this returns it outlasts a power cut."""
    file_replace(path, encrypt_bytes(data))


def file_replace(path: str, token: bytes) -> None:
    """Put a token in a file's place in one step."""
    place = settings.EVIDENCE_DIR / path
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = place.with_name(f".{place.name}.{os.getpid()}")
    handle = os.open(draft, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(token)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(place)
    _sync_folder(place.parent)


def file_read(path: str) -> bytes:
    """Return what a file holds in clear; raises EvidenceLost, Undecipherable."""
    return decrypt_bytes(file_token(path))


def file_token(path: str) -> bytes:
    """Return a file as it lies there; raises EvidenceLost."""
    try:
        return (settings.EVIDENCE_DIR / path).read_bytes()
    except FileNotFoundError as error:
        raise EvidenceLost(f"{path} is not there") from error


def file_delete(path: str) -> None:
    """Delete a file; one that is gone already is fine."""
    (settings.EVIDENCE_DIR / path).unlink(missing_ok=True)


def file_paths() -> Iterator[str]:
    """Return the paths of all files."""
    for place in sorted(settings.EVIDENCE_DIR.glob(f"??/*{_SUFFIX}")):
        yield str(place.relative_to(settings.EVIDENCE_DIR))


def files_written_before(seconds: float) -> Iterator[str]:
    """Return paths of files and drafts left alone for so long, by the clock of the disk."""
    before = time.time() - seconds
    for place in sorted(settings.EVIDENCE_DIR.glob(f"??/*{_SUFFIX}*")):
        with suppress(FileNotFoundError):
            if place.stat().st_mtime < before:
                yield str(place.relative_to(settings.EVIDENCE_DIR))


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
