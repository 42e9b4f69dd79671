"""An archive unpacked as a whole or not at all, and never outside its folder."""

from __future__ import annotations

import stat
import tempfile
from pathlib import Path, PurePosixPath
from zipfile import BadZipFile, ZipFile, ZipInfo

from voice.errors import ModelUnavailable

_LARGEST_BYTES = 8 << 30  # the largest official model unpacks to about 2 GB


def unpacked(archive: Path, folder: str, into: Path) -> Path:
    """Unpack ``archive``, which holds one ``folder``, and move that to ``into`` in one step.

    Raises ModelUnavailable for an archive that is damaged, holds anything else, or reaches outside.
    """
    with tempfile.TemporaryDirectory(prefix=".unpacking-", dir=into) as workshop:
        try:
            with ZipFile(archive) as packed:
                _examine(packed.infolist(), folder)
                packed.extractall(workshop)
        except (BadZipFile, EOFError) as error:
            raise ModelUnavailable(f"{archive.name} is damaged: {error}") from error
        if not (Path(workshop) / folder).is_dir():
            raise ModelUnavailable(f"expected the folder {folder} in {archive.name}")
        (Path(workshop) / folder).rename(into / folder)
    return into / folder


def _examine(entries: list[ZipInfo], folder: str) -> None:
    for entry in entries:
        parts = PurePosixPath(entry.filename.replace("\\", "/")).parts
        if not parts or parts[0] != folder or ".." in parts:
            raise ModelUnavailable(f"the archive reaches outside of {folder}: {entry.filename!r}")
        if stat.S_ISLNK(entry.external_attr >> 16):
            raise ModelUnavailable(f"the archive holds a link: {entry.filename!r}")
    size = sum(entry.file_size for entry in entries)
    if size > _LARGEST_BYTES:
        raise ModelUnavailable(f"expected at most {_LARGEST_BYTES} bytes unpacked, got {size}")
