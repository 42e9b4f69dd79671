"""Questions said on the telephone are held against the same typed; no sentence is printed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bot import evaluating_spoken
from bot.__main__ import _parser
from bot.evaluating_spoken import chosen, evaluate_spoken, heard, ratio
from knowledge.evaluation import Marked, Outcome
from knowledge.files import KnowledgeFiles
from knowledge.search.errors import SearchError
from tests.voice.fakes_recognition import ScriptedRecogniser, model_for_tests

ROWS = [
    {"text": "社保卡丢了怎么补呀？", "item": "SB13", "facet": "overview", "style": "plain"},
    {"text": "我想问问居住证咋个办", "item": "GA02", "facet": "overview", "style": "dialect"},
]


def marked(*are_first: bool) -> list[Marked]:
    outcomes = [Outcome("answer", ("SB13",) if is_first else ("GA02",)) for is_first in are_first]
    return [Marked({"style": "plain"}, outcome, frozenset({"SB13"})) for outcome in outcomes]


def test_what_is_right_spoken_is_held_against_what_is_right_typed() -> None:
    typed, spoken = marked(*[True] * 40, *[False] * 10), marked(*[True] * 30, *[False] * 20)
    share = ratio(typed, spoken)
    assert share.value == 0.75
    assert 0.55 < share.low < 0.75 < share.high < 0.9
    assert str(ratio(typed, typed)) == "100.0 % [100.0–100.0]"
    assert ratio(marked(False), marked(False)).value == 0.0


def test_what_was_learnt_from_is_not_asked(shipped: KnowledgeFiles) -> None:
    learnt = shipped.phrasings["SB13"][0].text
    rows = [*ROWS, {**ROWS[0], "text": f"{learnt}？"}]
    assert sorted(row["text"] for row in chosen(rows, shipped, 10)) == sorted(
        row["text"] for row in ROWS
    )
    assert len(chosen(rows, shipped, 1)) == 1


@pytest.mark.usefixtures("office")
def test_figures_are_printed_and_written_and_sentences_are_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = [json.dumps(row, ensure_ascii=False) for row in ROWS]
    (tmp_path / "items.jsonl").write_text("\n".join(lines), encoding="utf-8")
    first, second = (row["text"] for row in chosen(ROWS, evaluating_spoken.load_knowledge(), 2))
    ear = ScriptedRecogniser(first, second, first, "再说一遍")
    monkeypatch.setattr(evaluating_spoken.engines, "recogniser", lambda: ear)
    monkeypatch.setattr(evaluating_spoken, "say_all", lambda sayings: [b"\1\0"] * len(sayings))
    evaluate_spoken(tmp_path, tmp_path / "out")
    report = json.loads((tmp_path / "out" / "spoken.json").read_text("utf-8"))
    assert report["typed"] == report["spoken"]
    assert report["spoken, characters wrong"] == 0.0
    assert report["spoken, relative"].startswith("100.0 %")
    assert report["spoken at 10 dB, relative"].startswith(" 50.0 %")
    lost = [row["lost"] for row in report["spoken at 10 dB, by style"].values()]
    assert sorted(lost) == [0, 1]
    printed = capsys.readouterr().out
    assert "right first  50.0 %" in printed
    assert not [row["text"] for row in ROWS if row["text"][:4] in printed]


@pytest.mark.vosk
@pytest.mark.skipif(model_for_tests() is None, reason="no recognition model")
def test_the_lines_own_ear_hears_voices_that_no_training_heard() -> None:
    from voice.recognition.vosk import VoskRecogniser

    model = model_for_tests()
    assert model is not None
    readings = heard(["社保卡丢了怎么补办", "居住证怎么办"], VoskRecogniser(model), None)
    assert [one[0].text for one in readings] == ["社保卡丢了怎么补办", "居住证怎么办"]


def run_command(*arguments: str) -> int:
    """``python -m bot evaluate …`` in this process."""
    given = _parser().parse_args(["evaluate", *arguments])
    code: int = given.run(given)
    return code


def test_the_command_asks_by_voice(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[Any] = []
    monkeypatch.setattr(evaluating_spoken, "evaluate_spoken", lambda *places: given.extend(places))
    assert run_command("--spoken", "--questions", "q", "--out", "o") == 0
    assert given == [Path("q"), Path("o")]


def test_without_published_knowledge_the_command_says_how_to_publish(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuses(*_: Path) -> None:
        raise SearchError("nothing is published")

    monkeypatch.setattr(evaluating_spoken, "evaluate_spoken", refuses)
    assert run_command("--spoken") == 1
    assert "python -m bot prepare" in capsys.readouterr().err
