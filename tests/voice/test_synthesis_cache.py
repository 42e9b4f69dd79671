"""The cache on disk: bounded, shared by processes, and never wrong."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.voice.fakes_speech import tone
from voice.audio import alaw_decode, alaw_encode
from voice.synthesis.cache import SpeechCache, cache_key

PCM = alaw_decode(alaw_encode(tone(0.1)))
KEY = cache_key("espeak cmn", 167, "您好")


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_what_was_put_is_found_again_by_another_process(tmp_path: Path) -> None:
    SpeechCache(tmp_path).put(KEY, PCM)
    assert SpeechCache(tmp_path).get(KEY) == PCM


@pytest.mark.parametrize(
    "other", [("sherpa", 167, "您好"), ("espeak cmn", 136, "您好"), ("espeak cmn", 167, "再见")]
)
def test_another_engine_rate_or_text_is_another_sound(
    tmp_path: Path, other: tuple[str, int, str]
) -> None:
    cache = SpeechCache(tmp_path)
    cache.put(KEY, PCM)
    assert cache.get(cache_key(*other)) is None


def test_neither_the_name_nor_the_place_of_a_file_tells_the_sentence(tmp_path: Path) -> None:
    SpeechCache(tmp_path).put(KEY, PCM)
    assert all("您好" not in str(path) for path in _files(tmp_path))


@pytest.mark.parametrize("damage", [b"", b"SPK1", b"SPK1\0\0\0\0abc", b"RIFF" + bytes(900)])
def test_a_damaged_file_is_not_there(tmp_path: Path, damage: bytes) -> None:
    cache = SpeechCache(tmp_path)
    cache.put(KEY, PCM)
    _files(tmp_path)[0].write_bytes(damage)
    assert cache.get(KEY) is None
    cache.put(KEY, PCM)
    assert cache.get(KEY) == PCM


def test_one_flipped_bit_is_noticed(tmp_path: Path) -> None:
    cache = SpeechCache(tmp_path)
    cache.put(KEY, PCM)
    path = _files(tmp_path)[0]
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    assert cache.get(KEY) is None


def test_beyond_the_bound_the_longest_unused_goes(tmp_path: Path) -> None:
    cache = SpeechCache(tmp_path, max_bytes=10 * len(PCM) // 2)
    keys = [cache_key("e", 167, str(at)) for at in range(40)]
    for at, key in enumerate(keys):
        cache.put(key, PCM)
        for old in keys[: at + 1]:
            path = tmp_path / old[:2] / f"{old}.alaw"
            if path.exists():
                os.utime(
                    path, (1e9 + at, 1e9 + at) if old == keys[0] else (1e9 + keys.index(old),) * 2
                )
    assert sum(path.stat().st_size for path in _files(tmp_path)) <= 10 * len(PCM) // 2
    assert cache.get(keys[0]) == PCM, "asked for all the time"
    assert cache.get(keys[1]) is None
    assert cache.get(keys[-1]) == PCM


def test_a_sound_that_is_asked_for_is_young_again(tmp_path: Path) -> None:
    cache = SpeechCache(tmp_path)
    cache.put(KEY, PCM)
    path = _files(tmp_path)[0]
    os.utime(path, (1e9, 1e9))
    cache.get(KEY)
    assert path.stat().st_mtime > 1.1e9


def test_what_a_crash_left_unfinished_is_cleared_away(tmp_path: Path) -> None:
    folder = tmp_path / KEY[:2]
    folder.mkdir()
    left, young = folder / ".new-old", folder / ".new-young"
    left.write_bytes(b"torn")
    young.write_bytes(b"being written")
    os.utime(left, (1e9, 1e9))
    SpeechCache(tmp_path).put(KEY, PCM)
    assert not left.exists()
    assert young.exists()


def test_a_disk_that_takes_nothing_costs_the_saving_only(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_bytes(b"")
    cache = SpeechCache(blocked)
    cache.put(KEY, PCM)
    assert cache.get(KEY) is None


def test_files_are_for_us_alone_to_write(tmp_path: Path) -> None:
    SpeechCache(tmp_path).put(KEY, PCM)
    assert not stat.S_IMODE(_files(tmp_path)[0].stat().st_mode) & 0o022


_WRITER = """
import sys
from pathlib import Path
from voice.synthesis.cache import SpeechCache, cache_key
cache = SpeechCache(Path(sys.argv[1]), max_bytes=40_000)
for turn in range(150):
    key = cache_key("e", 167, str(turn % 30))
    found = cache.get(key)
    assert found is None or found == found[:2] * 800, "half a file was read"
    cache.put(key, bytes([turn % 30 + 1]) * 1600)
"""


def test_processes_that_write_and_evict_at_once_never_see_half_a_file(tmp_path: Path) -> None:
    writers = [
        subprocess.Popen([sys.executable, "-c", _WRITER, str(tmp_path)], stderr=subprocess.PIPE)
        for _ in range(3)
    ]
    for writer in writers:
        _, errors = writer.communicate(timeout=60)
        assert writer.returncode == 0, errors.decode()
    assert not [path for path in _files(tmp_path) if path.name.startswith(".new-")]
