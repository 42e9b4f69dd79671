"""python -m knowledge.search evaluate: the production matcher over anybody's knowledge base."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from knowledge.search.__main__ import RANKED, main


def write(path: Path, rows: list[dict[str, Any]]) -> Path:
    """A file of JSON lines."""
    path.write_text("".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows), "utf-8")
    return path


@pytest.fixture
def kb(tmp_path: Path) -> Path:
    """Thirty pages, more than are ranked."""
    pages = [{"id": f"d{n}", "text": f"第{n}号事项\n办理第{n}号事项的说明。"} for n in range(28)]
    pages.append(
        {"id": "card", "text": "社保卡补办\n社保卡丢了带身份证。", "questions": ["卡丢了怎么补"]}
    )
    pages.append({"id": "home", "text": "居住证办理\n外地户籍的人住满半年办居住证。"})
    return write(tmp_path / "kb.jsonl", pages)


@pytest.fixture
def questions(tmp_path: Path) -> Path:
    """Two questions, one of them with a number for its id, and one that says nothing."""
    rows = [
        {"id": "q1", "text": "我的社保卡丢了怎么补"},
        {"id": 2, "text": "外地人办居住证"},
        {"id": "q3", "text": "？？"},
    ]
    return write(tmp_path / "q.jsonl", rows)


def evaluate(
    monkeypatch: pytest.MonkeyPatch, kb: Path, questions: Path, out: Path, encoder: str = "none"
) -> int:
    """Run the command in this process."""
    arguments = ["--kb", kb, "--queries", questions, "--out", out, "--encoder", encoder]
    monkeypatch.setattr("sys.argv", ["search", "evaluate", *map(str, arguments)])
    return main()


@pytest.mark.parametrize("encoder", ["none", "built-in"])
def test_each_question_gets_its_ranking(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, kb: Path, questions: Path, encoder: str
) -> None:
    out = tmp_path / "ranks.jsonl"
    assert evaluate(monkeypatch, kb, questions, out, encoder) == 0
    rows = [json.loads(line) for line in out.read_text("utf-8").splitlines()]
    assert [row["id"] for row in rows] == ["q1", 2, "q3"]
    assert [row["ranked"][0]["id"] for row in rows[:2]] == ["card", "home"]
    assert rows[2]["ranked"] == []
    for row in rows:
        assert set(row) == {"id", "ranked", "decision"}
        assert row["decision"] in ("answer", "ask", "step_back")
        assert len(row["ranked"]) <= RANKED == 20
        scores = [entry["score"] for entry in row["ranked"]]
        assert scores == sorted(scores, reverse=True)
        assert all(
            set(entry) == {"id", "score"} and 0 <= entry["score"] <= 1 for entry in row["ranked"]
        )


def test_a_knowledge_base_smaller_than_the_ranking_is_ranked_whole(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, questions: Path
) -> None:
    kb = write(
        tmp_path / "kb.jsonl", [{"id": "card", "text": "社保卡"}, {"id": "home", "text": "居住证"}]
    )
    assert evaluate(monkeypatch, kb, questions, tmp_path / "out.jsonl") == 0
    first = json.loads((tmp_path / "out.jsonl").read_text("utf-8").splitlines()[0])
    assert {entry["id"] for entry in first["ranked"]} == {"card", "home"}


def test_an_empty_knowledge_base_ranks_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, questions: Path
) -> None:
    kb = write(tmp_path / "kb.jsonl", [])
    assert evaluate(monkeypatch, kb, questions, tmp_path / "out.jsonl") == 0
    rows = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text("utf-8").splitlines()]
    assert [(row["ranked"], row["decision"]) for row in rows] == [([], "step_back")] * 3


@pytest.mark.parametrize(
    ("broken", "complaint"),
    [
        ("kb", "kb.jsonl:1"),
        ("q", "q.jsonl:1"),
        ("gb18030", "kb.jsonl:1: not UTF-8"),
        ("missing", "nowhere.jsonl"),
    ],
)
def test_a_file_that_cannot_be_read_is_one_sentence_and_exit_code_2(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    kb: Path,
    questions: Path,
    broken: str,
    complaint: str,
) -> None:
    if broken == "missing":
        kb = tmp_path / "nowhere.jsonl"
    elif broken == "gb18030":
        kb.write_bytes('{"id": 1, "text": "社保卡"}'.encode("gb18030"))
    else:
        (kb if broken == "kb" else questions).write_text("{broken\n", encoding="utf-8")
    assert evaluate(monkeypatch, kb, questions, tmp_path / "out.jsonl") == 2
    assert complaint in capsys.readouterr().err.splitlines()[-1]


def test_an_encoder_that_does_not_exist_falls_back_to_words(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    kb: Path,
    questions: Path,
) -> None:
    nowhere = str(tmp_path / "no-such-model")
    (tmp_path / "no-such-model").mkdir()
    assert evaluate(monkeypatch, kb, questions, tmp_path / "out.jsonl", nowhere) == 0
    assert "matching by words alone" in capsys.readouterr().err


def test_a_command_that_is_incomplete_explains_itself(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["search", "evaluate"])
    with pytest.raises(SystemExit) as stopped:
        main()
    assert stopped.value.code == 2
    assert "--kb" in capsys.readouterr().err
