"""What a model's folder tells about it."""

from __future__ import annotations

from pathlib import Path

import pytest

from voice.errors import ModelUnavailable
from voice.recognition.absent import AbsentRecogniser
from voice.recognition.layout import model_layout
from voice.recognition.opening import recogniser_opened


def make_model(
    path: Path, features: str = "--sample-frequency=16000\n", graph: str = "parts"
) -> Path:
    parts = ["am/final.mdl", "conf/mfcc.conf", "conf/model.conf"]
    parts += {"parts": ["graph/HCLr.fst", "graph/Gr.fst"], "static": ["graph/HCLG.fst"]}.get(
        graph, []
    )
    if graph == "both":
        parts += ["graph/HCLr.fst", "graph/Gr.fst", "graph/HCLG.fst"]
    for part in parts:
        (path / part).parent.mkdir(parents=True, exist_ok=True)
        (path / part).write_text(features if part.endswith("mfcc.conf") else "")
    return path


@pytest.mark.parametrize(
    ("features", "rate"),
    [
        ("--sample-frequency=8000\n--use-energy=false\n", 8000),
        ("--sample-frequency=16000\n--allow-upsample=true\n", 8000),
        ("--use-energy=false\n  --allow-upsample=true", 8000),
        ("--sample-frequency=16000\n", 16000),
        ("--allow-upsample=false\n", 16000),
        ("# --allow-upsample=true\n", 16000),
        ("--use-energy=false\n", 16000),
    ],
)
def test_telephone_sound_is_used_as_it_is_where_the_model_takes_it(
    tmp_path: Path, features: str, rate: int
) -> None:
    assert model_layout(make_model(tmp_path, features)).sample_rate_hz == rate


@pytest.mark.parametrize(("graph", "takes"), [("parts", True), ("static", False), ("both", False)])
def test_grammars_need_a_graph_in_two_parts(tmp_path: Path, graph: str, takes: bool) -> None:
    assert model_layout(make_model(tmp_path, graph=graph)).has_grammars is takes


@pytest.mark.parametrize("missing", ["am/final.mdl", "conf/mfcc.conf", "graph/Gr.fst"])
def test_an_incomplete_model_is_refused_before_vosk_sees_it(tmp_path: Path, missing: str) -> None:
    make_model(tmp_path)
    (tmp_path / missing).unlink()
    with pytest.raises(ModelUnavailable, match="incomplete"):
        model_layout(tmp_path)


def test_a_line_without_a_model_works_by_keys(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert isinstance(recogniser_opened(None), AbsentRecogniser)
    assert isinstance(recogniser_opened(tmp_path / "nowhere"), AbsentRecogniser)
    assert "works by keys" in caplog.text


def test_a_model_that_vosk_cannot_read_is_a_line_by_keys(tmp_path: Path) -> None:
    pytest.importorskip("vosk")
    assert not recogniser_opened(make_model(tmp_path)).is_ready
