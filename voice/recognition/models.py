"""Vosk's official Chinese models: which there are, and how one comes onto this machine.

Models are large and offices' lines break: a download goes on where it stopped, is checked against
its fingerprint, and becomes visible only as a whole.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import httpx

from voice.errors import ModelUnavailable
from voice.recognition.unpacking import unpacked

# Where the official models page, alphacephei.com/vosk/models, links to.
MODELS_URL = "https://alphacephei.com/vosk/models"

_TRIES = 8  # in a row that brought nothing
_TIMEOUT_SECONDS = 30.0
_LONGEST_PAUSE_SECONDS = 30.0
_OK, _PARTIAL, _NOTHING_LEFT = 200, 206, 416

Pause = Callable[[float], None]  # seconds
Progress = Callable[[int, int], None]  # bytes there, bytes in all (0: unknown)


@dataclass(frozen=True)
class OfficialModel:
    """``sha256`` "" means that nobody vouches for the file: the operator brings a fingerprint."""

    name: str
    folder: str
    megabytes: int
    sha256: str
    note: str


OFFICIAL = {
    model.name: model
    for model in (
        OfficialModel(
            "small-cn",
            "vosk-model-small-cn-0.22",
            42,
            "3af8b0e7e0f835ae9d414ce5df580237a3cfb08d586c9fbbb0f7ff29ad5b14ba",
            "小模型，占内存少，能按问题缩小听的范围；一般街道电话用它",
        ),
        OfficialModel(
            "cn",
            "vosk-model-cn-0.22",
            1300,
            "",
            "大模型，听得更准，要 4 GB 以上内存；下载时请用 --sha256 给出指纹",
        ),
    )
}


class _Broken(Exception):
    """The line broke; what has come stays."""


def model_fetch(
    model: OfficialModel,
    into: Path,
    *,
    sha256: str = "",
    base_url: str = MODELS_URL,
    progress: Progress = lambda there, whole: None,
    pause: Pause = time.sleep,
) -> Path:
    """Return the folder of ``model`` below ``into``, fetched if it is not there.

    Raises ModelUnavailable if it cannot be had or is not what its fingerprint says.
    """
    wanted = (sha256 or model.sha256).lower()
    if not wanted:
        raise ModelUnavailable(f"expected the sha256 of {model.folder}.zip, none is known")
    folder = into / model.folder
    if folder.is_dir():
        return folder
    try:
        into.mkdir(parents=True, exist_ok=True)
        archive = into / f"{model.folder}.zip.part"
        _download(f"{base_url}/{model.folder}.zip", archive, progress, pause)
        _check(archive, wanted)
        unpacked(archive, model.folder, into)
        archive.unlink()
    except OSError as error:
        raise ModelUnavailable(f"cannot write into {into}: {error.strerror}") from error
    return folder


def _download(url: str, archive: Path, progress: Progress, pause: Pause) -> None:
    """Fetch until all is there; only tries in a row that bring nothing are counted."""
    failed = 0
    with httpx.Client(timeout=_TIMEOUT_SECONDS, follow_redirects=True) as client:
        while failed < _TRIES:
            before = _size(archive)
            with suppress(_Broken):
                return _go_on(client, url, archive, progress)
            failed = 0 if _size(archive) > before else failed + 1
            pause(min(2.0**failed, _LONGEST_PAUSE_SECONDS))
    raise ModelUnavailable(f"the line to {url} broke {_TRIES} times in a row; try again later")


def _go_on(client: httpx.Client, url: str, archive: Path, progress: Progress) -> None:
    there = _size(archive)
    asked = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={there}-"} if there else {})
    try:
        with client.stream("GET", url, headers=asked) as response:
            if there and response.status_code == _NOTHING_LEFT:
                return
            if response.status_code not in (_OK, _PARTIAL):
                _refused(response)
            _append(response, archive, there, progress)
    except httpx.TransportError as error:
        raise _Broken from error


def _append(response: httpx.Response, archive: Path, there: int, progress: Progress) -> None:
    # A server that knows no ranges sends all again.
    start = there if response.status_code == _PARTIAL else 0
    length = int(response.headers.get("Content-Length", 0))
    whole = start + length if length else 0
    with archive.open("ab" if start else "wb") as file:
        progress(start, whole)
        # As it arrives: what a larger piece had gathered would be lost with the line.
        for piece in response.iter_raw():
            file.write(piece)
            progress(file.tell(), whole)
    if whole and _size(archive) < whole:
        raise _Broken


def _refused(response: httpx.Response) -> None:
    if response.is_server_error:
        raise _Broken
    raise ModelUnavailable(f"{response.url} answered {response.status_code}, expected the model")


def _check(archive: Path, wanted: str) -> None:
    digest = hashlib.sha256()
    with archive.open("rb") as file:
        while piece := file.read(1 << 20):
            digest.update(piece)
    if digest.hexdigest() != wanted:
        archive.unlink()
        raise ModelUnavailable(f"expected sha256 {wanted}, got {digest.hexdigest()}")


def _size(archive: Path) -> int:
    return archive.stat().st_size if archive.exists() else 0
