"""A model comes over a line that breaks, whole or not at all."""

from __future__ import annotations

import hashlib
import io
import random
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.voice.fakes_recognition import models_host
from voice.errors import ModelUnavailable
from voice.recognition.models import MODELS_URL, OFFICIAL, OfficialModel, model_fetch
from voice.recognition.unpacking import unpacked

FOLDER = "vosk-model-small-cn-0.22"
FILLING = random.Random(1).randbytes(200_000)


def make_archive(**more: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in {f"{FOLDER}/am/final.mdl": FILLING, **more}.items():
            archive.writestr(name, content)
    return packed.getvalue()


def made(content: bytes) -> OfficialModel:
    return replace(OFFICIAL["small-cn"], sha256=hashlib.sha256(content).hexdigest())


ARCHIVE = make_archive()
MODEL = made(ARCHIVE)


def fetch(model: OfficialModel, into: Path, **more: object) -> Path:
    """Fetch without waiting between tries."""
    return model_fetch(model, into, pause=lambda seconds: None, **more)  # type: ignore[arg-type]


def left_over(into: Path) -> list[str]:
    return sorted(path.name for path in into.iterdir())


def test_a_model_is_fetched_checked_and_unpacked(tmp_path: Path) -> None:
    into = tmp_path / "models"
    seen: list[tuple[int, int]] = []
    with models_host(ARCHIVE) as host:
        folder = fetch(
            MODEL,
            into,
            base_url=host.url,
            progress=lambda there, whole: seen.append((there, whole)),
        )
    assert (folder / "am" / "final.mdl").read_bytes() == FILLING
    assert host.asked == [(f"/{FOLDER}.zip", "")]
    assert left_over(into) == [FOLDER]
    assert seen[0] == (0, len(ARCHIVE))
    assert seen[-1] == (len(ARCHIVE), len(ARCHIVE))


def test_a_broken_line_goes_on_where_it_stopped(tmp_path: Path) -> None:
    with models_host(ARCHIVE) as host:
        host.breaks = [70_000, 50_000, 1]
        folder = fetch(MODEL, tmp_path, base_url=host.url)
    assert (folder / "am" / "final.mdl").read_bytes() == FILLING
    assert [asked for _, asked in host.asked] == [
        "",
        "bytes=70000-",
        "bytes=120000-",
        "bytes=120001-",
    ]


def test_a_line_that_breaks_ever_again_is_given_up_and_taken_up_later(tmp_path: Path) -> None:
    with models_host(ARCHIVE) as host:
        host.breaks = [100_000] + [0] * 8
        with pytest.raises(ModelUnavailable, match="try again"):
            fetch(MODEL, tmp_path, base_url=host.url)
        assert left_over(tmp_path) == [f"{FOLDER}.zip.part"]
        assert fetch(MODEL, tmp_path, base_url=host.url).is_dir()
    assert host.asked[-1][1] == "bytes=100000-"


def test_a_host_that_knows_no_ranges_sends_all_again(tmp_path: Path) -> None:
    with models_host(ARCHIVE) as host:
        host.knows_ranges = False
        host.breaks = [60_000]
        folder = fetch(MODEL, tmp_path, base_url=host.url)
    assert (folder / "am" / "final.mdl").read_bytes() == FILLING


def test_a_download_that_was_whole_is_only_unpacked(tmp_path: Path) -> None:
    (tmp_path / f"{FOLDER}.zip.part").write_bytes(ARCHIVE)
    with models_host(ARCHIVE) as host:
        assert fetch(MODEL, tmp_path, base_url=host.url).is_dir()
    assert left_over(tmp_path) == [FOLDER]


def test_a_busy_host_is_asked_again_a_missing_file_is_not(tmp_path: Path) -> None:
    with models_host(ARCHIVE) as host:
        host.statuses = [503, 502]
        assert fetch(MODEL, tmp_path / "a", base_url=host.url).is_dir()
        host.statuses = [404]
        with pytest.raises(ModelUnavailable, match="404"):
            fetch(MODEL, tmp_path / "b", base_url=host.url)
    assert len(host.asked) == 4


def test_nobody_there_is_said_after_a_few_tries(tmp_path: Path) -> None:
    with models_host(ARCHIVE) as host:
        url = host.url
    with pytest.raises(ModelUnavailable, match="broke"):
        fetch(MODEL, tmp_path, base_url=url)


def test_between_tries_that_bring_nothing_the_pauses_grow(tmp_path: Path) -> None:
    pauses: list[float] = []
    with models_host(ARCHIVE) as host:
        host.statuses = [503] * 7
        model_fetch(MODEL, tmp_path, base_url=host.url, pause=pauses.append)
    assert pauses == [2, 4, 8, 16, 30, 30, 30]


def test_a_model_that_is_there_is_not_fetched(tmp_path: Path) -> None:
    (tmp_path / FOLDER).mkdir()
    assert fetch(MODEL, tmp_path, base_url="http://127.0.0.1:9") == tmp_path / FOLDER


def test_another_file_than_the_one_vouched_for_is_thrown_away(tmp_path: Path) -> None:
    with models_host(ARCHIVE + b"x") as host, pytest.raises(ModelUnavailable, match="sha256"):
        fetch(MODEL, tmp_path, base_url=host.url)
    assert left_over(tmp_path) == []


def test_a_model_that_nobody_vouches_for_wants_a_fingerprint(tmp_path: Path) -> None:
    with models_host(ARCHIVE) as host:
        unknown = replace(MODEL, sha256="")
        with pytest.raises(ModelUnavailable, match="none is known"):
            fetch(unknown, tmp_path, base_url=host.url)
        sha256 = MODEL.sha256.upper()
        assert fetch(unknown, tmp_path, sha256=sha256, base_url=host.url).is_dir()


@pytest.mark.parametrize(
    "name",
    [
        "../outside.txt",
        f"{FOLDER}/../../outside.txt",
        "/tmp/outside.txt",
        f"{FOLDER}\\..\\..\\outside.txt",
        "other/file.txt",
    ],
)
def test_an_archive_that_reaches_outside_is_refused(tmp_path: Path, name: str) -> None:
    into = tmp_path / "models"
    content = make_archive(**{name: b"evil"})
    with models_host(content) as host, pytest.raises(ModelUnavailable, match="outside"):
        fetch(made(content), into, base_url=host.url)
    assert not list(tmp_path.rglob("outside*"))
    assert not (into / FOLDER).exists()


def linked(archive: zipfile.ZipFile) -> None:
    link = zipfile.ZipInfo(f"{FOLDER}/am")
    link.external_attr = 0o120777 << 16
    archive.writestr(link, "/etc")


def vast(archive: zipfile.ZipFile) -> None:
    archive.writestr(f"{FOLDER}/zeros", b"0")
    archive.filelist[0].file_size = 9 << 30


def elsewhere(archive: zipfile.ZipFile) -> None:
    archive.writestr(FOLDER, b"a file, no folder")


@pytest.mark.parametrize("fill", [linked, vast, elsewhere])
def test_an_archive_that_is_no_model_is_refused(
    tmp_path: Path, fill: Callable[[zipfile.ZipFile], None]
) -> None:
    with zipfile.ZipFile(tmp_path / "model.zip", "w") as archive:
        fill(archive)
    with pytest.raises(ModelUnavailable):
        unpacked(tmp_path / "model.zip", FOLDER, tmp_path)
    assert left_over(tmp_path) == ["model.zip"]


def test_a_damaged_archive_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "model.zip").write_bytes(ARCHIVE[:1000] + b"\0" * 1000 + ARCHIVE[2000:])
    with pytest.raises(ModelUnavailable, match="damaged"):
        unpacked(tmp_path / "model.zip", FOLDER, tmp_path)
    assert left_over(tmp_path) == ["model.zip"]


def test_a_folder_that_cannot_be_written_is_said_plainly(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ModelUnavailable, match="cannot write"):
        fetch(MODEL, tmp_path / "file" / "models")


def test_the_catalogue_names_what_the_official_page_offers() -> None:
    assert MODELS_URL == "https://alphacephei.com/vosk/models"
    assert set(OFFICIAL) == {"small-cn", "cn"}
    small = OFFICIAL["small-cn"]
    assert (small.folder, small.megabytes) == ("vosk-model-small-cn-0.22", 42)
    assert small.sha256.startswith("3af8b0e7")
    assert len(small.sha256) == 64
