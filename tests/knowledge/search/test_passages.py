"""Documents are cut into passages; a foreign knowledge base is read line by line."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.search.errors import KnowledgeFormatError
from knowledge.search.passages import LONGEST_PASSAGE, cut, read_documents, read_lines
from tests.people import page

CHINESE = st.text(alphabet="社保卡丢了怎么补。！？；\n ，a1", max_size=1500)


def write(path: Path, *rows: object) -> Path:
    """A file of JSON lines; a string is written as it stands."""
    lines = [row if isinstance(row, str) else json.dumps(row, ensure_ascii=False) for row in rows]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


@given(CHINESE)
def test_no_piece_is_longer_than_two_passages(text: str) -> None:
    for passage in cut([page("a", "甲", body=text)]):
        assert len(passage.text) <= 2 * LONGEST_PASSAGE


@given(CHINESE)
def test_cutting_loses_no_words(text: str) -> None:
    pieces = [p.text for p in cut([page("a", "甲", body=text)]) if p.field == "body"]
    assert re.sub(r"[\s。！？；]", "", "".join(pieces)) == re.sub(r"[\s。！？；]", "", text)


@given(
    st.lists(st.text(alphabet="社保卡", min_size=1, max_size=40).map("{}。".format), max_size=20)
)
def test_short_sentences_are_joined_but_not_beyond_a_passage(sentences: list[str]) -> None:
    pieces = [p.text for p in cut([page("a", "甲", body="".join(sentences))]) if p.field == "body"]
    assert all(len(piece) <= LONGEST_PASSAGE for piece in pieces)
    assert all(piece.endswith("。") for piece in pieces)
    assert len(pieces) <= max(1, len(sentences))


def test_only_bodies_are_cut() -> None:
    long = "问" * 300
    passages = cut([page("a", "甲", long, body="答" * 300)])
    assert [len(p.text) for p in passages if p.field == "question"] == [300]
    assert sum(p.field == "body" for p in passages) > 1


def test_passages_know_their_document() -> None:
    passages = cut([page("a", "甲", "一", "二"), page("b", "乙")])
    assert [(p.owner, p.text) for p in passages] == [(0, "甲"), (0, "一"), (0, "二"), (1, "乙")]


def test_a_foreign_knowledge_base_keeps_ids_questions_and_text(tmp_path: Path) -> None:
    path = write(
        tmp_path / "kb.jsonl",
        {"id": "d1", "text": "补卡指南\n带身份证。", "questions": ["卡丢了怎么办"], "more": 1},
        "",
        {"id": 7, "text": "居住证", "questions": None},
    )
    one, other = read_documents(path)
    assert (one.owner, one.name) == ("d1", "补卡指南")
    assert [text for field, text in one.texts if field == "question"] == ["卡丢了怎么办"]
    assert (other.owner, other.kind) == ("7", "document")


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        ("{", "not JSON"),
        ("社保卡", "not JSON"),
        ("[]", "expected an object with"),
        ('{"id": 1}', r"expected an object with \['id', 'text'\]"),
        ('{"text": "无名"}', "expected an object with"),
        ('{"id": 1, "text": "甲", "questions": "什么"}', "“questions” must be a list"),
    ],
)
def test_an_error_names_the_line(tmp_path: Path, row: str, complaint: str) -> None:
    path = write(tmp_path / "kb.jsonl", {"id": 0, "text": "好的"}, "", row)
    with pytest.raises(KnowledgeFormatError, match=rf"^kb\.jsonl:3: .*{complaint}"):
        read_documents(path)


def test_a_text_that_is_none_is_no_text(tmp_path: Path) -> None:
    with pytest.raises(KnowledgeFormatError, match=r"kb\.jsonl:1"):
        read_documents(write(tmp_path / "kb.jsonl", {"id": "d1", "text": None}))


def test_a_file_in_another_encoding_is_a_format_error(tmp_path: Path) -> None:
    path = tmp_path / "kb.jsonl"
    path.write_bytes('{"id": "d1", "text": "社保卡"}'.encode("gb18030"))
    with pytest.raises(KnowledgeFormatError, match=r"kb\.jsonl.*not UTF-8"):
        read_documents(path)


def test_a_byte_order_mark_is_no_part_of_the_text(tmp_path: Path) -> None:
    path = tmp_path / "kb.jsonl"
    path.write_text('{"id": "d1", "text": "社保卡"}', encoding="utf-8-sig")
    assert [document.owner for document in read_documents(path)] == ["d1"]


def test_lines_are_read_one_by_one_with_their_place(tmp_path: Path) -> None:
    path = write(tmp_path / "q.jsonl", {"id": 1, "text": "甲"}, {"id": 2, "text": "乙"})
    assert [where for _, where in read_lines(path, {"id", "text"})] == ["q.jsonl:1", "q.jsonl:2"]
