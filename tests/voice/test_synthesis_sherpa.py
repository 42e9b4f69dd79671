"""The operator's voice: its kind is told by its files, and what is missing is said plainly.

The tiny voice hums; the library that loads and runs it is the real one.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.voice.fakes_speech import tiny_vits
from voice.audio import seconds_of
from voice.errors import SynthesizerUnavailable
from voice.loudness import SPOKEN_DBFS, speech_dbfs
from voice.synthesis import NORMAL_PACE, SLOW_PACE
from voice.synthesis.choosing import engine_of
from voice.synthesis.espeak import EspeakSynthesiser
from voice.synthesis.sherpa import _SAMPLE, SherpaSynthesiser, voice_files

has_sherpa = importlib.util.find_spec("sherpa_onnx") is not None
needs_sherpa = pytest.mark.skipif(not has_sherpa, reason="sherpa_onnx is not installed")
TEXT = "请带好身份证到社区办理"


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SherpaSynthesiser]:
    engine = SherpaSynthesiser(tiny_vits(tmp_path_factory.mktemp("tiny"), _SAMPLE + TEXT + "您"))
    yield engine
    engine.close()


@needs_sherpa
@pytest.mark.parametrize("pace", [NORMAL_PACE, SLOW_PACE])
def test_the_voices_own_pace_is_measured_and_corrected(
    engine: SherpaSynthesiser, pace: int
) -> None:
    assert seconds_of(engine.speak(TEXT, pace)) == pytest.approx(len(TEXT) * 60 / pace, rel=0.12)


@needs_sherpa
def test_the_voice_comes_at_the_loudness_of_all_others(engine: SherpaSynthesiser) -> None:
    assert speech_dbfs(engine.speak(TEXT, NORMAL_PACE)) == pytest.approx(SPOKEN_DBFS, abs=0.5)


@needs_sherpa
def test_a_voice_that_is_damaged_says_so_and_leaves_the_line_alive(tmp_path: Path) -> None:
    folder = tiny_vits(tmp_path / "tiny", TEXT)
    (folder / "model.onnx").write_bytes(b"not a model")
    with pytest.raises(SynthesizerUnavailable, match="tiny"):
        SherpaSynthesiser(folder).speak(TEXT, NORMAL_PACE)


@needs_sherpa
def test_a_voice_whose_model_says_too_little_ends_only_its_own_process(tmp_path: Path) -> None:
    folder = tiny_vits(tmp_path / "tiny", TEXT)
    model = (folder / "model.onnx").read_bytes()
    (folder / "model.onnx").write_bytes(model.replace(b"n_speakers", b"n_sbeakers"))
    with pytest.raises(SynthesizerUnavailable):
        SherpaSynthesiser(folder).speak(TEXT, NORMAL_PACE)


@pytest.mark.parametrize(
    ("names", "kind"),
    [
        (["model.onnx", "lexicon.txt"], "vits"),
        (["vits-aishell3.int8.onnx"], "vits"),
        (["model-steps-3.onnx", "vocos-22khz-univ.onnx", "lexicon.txt"], "matcha"),
        (["model-steps-3.onnx", "hifigan_v2.onnx"], "matcha"),
        (["model.onnx", "voices.bin", "lexicon-zh.txt", "lexicon-us-en.txt"], "kokoro"),
    ],
)
def test_the_kind_of_a_voice_is_told_by_its_files(
    tmp_path: Path, names: list[str], kind: str
) -> None:
    for name in ["tokens.txt", *names]:
        (tmp_path / name).write_bytes(b"")
    assert voice_files(tmp_path)["kind"] == kind


def test_the_smaller_precision_and_the_chinese_lexicon_are_taken(tmp_path: Path) -> None:
    for name in [
        "tokens.txt",
        "model.onnx",
        "model.int8.onnx",
        "lexicon-zh.txt",
        "lexicon-us-en.txt",
    ]:
        (tmp_path / name).write_bytes(b"")
    (tmp_path / "espeak-ng-data").mkdir()
    files = voice_files(tmp_path)
    assert files["model"].endswith("model.int8.onnx")
    assert files["lexicon"] == str(tmp_path / "lexicon-zh.txt")
    assert files["data_dir"] == str(tmp_path / "espeak-ng-data")


@pytest.mark.parametrize(
    "names", [[], ["model.onnx"], ["tokens.txt"], ["tokens.txt", "vocos.onnx"]]
)
def test_what_is_missing_is_said_with_the_folders_name(tmp_path: Path, names: list[str]) -> None:
    for name in names:
        (tmp_path / name).write_bytes(b"")
    with pytest.raises(SynthesizerUnavailable, match=tmp_path.name):
        voice_files(tmp_path)


def test_without_the_package_the_operator_is_told_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(SynthesizerUnavailable, match="pip install"):
        SherpaSynthesiser(tmp_path)


def test_without_a_folder_espeak_speaks() -> None:
    assert isinstance(engine_of(None, NORMAL_PACE), EspeakSynthesiser)


def test_a_folder_without_a_voice_leaves_the_line_to_espeak(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert isinstance(engine_of(tmp_path, NORMAL_PACE), EspeakSynthesiser)
    assert "espeak speaks in place" in caplog.text


@needs_sherpa
def test_a_folder_with_a_voice_speaks_with_it(tmp_path: Path) -> None:
    engine = engine_of(tiny_vits(tmp_path / "tiny", _SAMPLE + "您好"), NORMAL_PACE)
    try:
        assert engine.name == "sherpa vits tiny 0"
    finally:
        engine.close()
