"""Questions as clerks bring them: typed lines, a text file, a table from Excel.

A line or row is the question and, where known, what would be right: ids or names, several with a
、 between them, or 无 where the office should not answer. Names are looked up by the caller's
``find``; what cannot be read is told line by line.
"""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path, PurePath
from typing import Final, get_args

from bot.curation.errors import CurationError
from knowledge.hits import Asked
from knowledge.record import Style
from knowledge.workbook import WorkbookError, read_workbook, unpacked_bytes

MOST_QUESTIONS: Final = 1000
LARGEST_BYTES: Final = 2_000_000
LARGEST_UNPACKED: Final = 20_000_000
LONGEST_QUESTION: Final = 200
MOST_PROBLEMS: Final = 20
HEADS: Final = ("问题", "应该是", "说法")
NONE_WORDS: Final = frozenset({"无", "不回答", "不答", "不该答", "没有"})
STYLE_NAMES: Final = {
    "plain": "一般说法",
    "elderly": "老人家的说法",
    "life": "从生活说起",
    "short": "很短",
    "asr": "电话里听写的",
    "typo": "有错字",
    "long": "很长",
    "dialect": "本地话",
}
_STYLES: Final = {
    **{name: key for key, name in STYLE_NAMES.items()},
    **{s: s for s in get_args(Style)},
}
Find = Callable[[str], str | None]


class QuestionsRefused(CurationError):
    """A list that cannot be taken; ``problems`` are sentences, one for each bad line."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__(" ".join(problems))
        self.problems = list(problems)


def typed_read(text: str, find: Find) -> list[Asked]:
    """Return typed or pasted lines as questions; raises QuestionsRefused.

    Cells pasted from a spreadsheet stand behind tabs.
    """
    return _asked(((number, line.split("\t")) for number, line in _lines(text)), find)


def file_read(name: str, data: bytes, find: Find) -> list[Asked]:
    """Return the questions of a .txt, .csv or .xlsx file; raises QuestionsRefused."""
    if len(data) > LARGEST_BYTES:
        raise QuestionsRefused(["文件太大了，要在2兆以内。"])
    ending = PurePath(name).suffix.lower()
    if ending == ".xlsx":
        return _asked(enumerate(_workbook_rows(data), start=1), find)
    if ending not in (".txt", ".csv"):
        raise QuestionsRefused(["只收 .txt、.csv、.xlsx 三种文件。"])
    text = _decoded(data)
    if ending == ".txt":
        return typed_read(text, find)
    return _asked(enumerate(csv.reader(io.StringIO(text)), start=1), find)


def _lines(text: str) -> Iterable[tuple[int, str]]:
    return ((n, line) for n, line in enumerate(text.splitlines(), start=1) if line.strip())


def _decoded(data: bytes) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise QuestionsRefused(["这个文件打不开。请在Excel里另存为“CSV UTF-8”再传。"])


def _workbook_rows(data: bytes) -> list[list[str]]:
    """The rows of the first sheet that has any, its headings first."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "questions.xlsx"
        path.write_bytes(data)
        if unpacked_bytes(path) > LARGEST_UNPACKED:
            raise QuestionsRefused(["这个表太大了，请分成几个文件传。"])
        try:
            tables = read_workbook(path)
        except WorkbookError as error:
            raise QuestionsRefused([f"这个Excel文件读不了：{error}"]) from error
    table = next((table for table in tables.values() if table.heads), None)
    return [list(table.heads), *(list(row) for row in table.rows)] if table else []


def _asked(rows: Iterable[tuple[int, Sequence[str]]], find: Find) -> list[Asked]:
    found: dict[str, Asked] = {}
    problems: list[str] = []
    for number, cells in rows:
        said = [cell.strip().lstrip("'") for cell in cells] + [""] * len(HEADS)
        if not said[0] or said[0] == HEADS[0]:
            continue
        try:
            asked = question_read(said[0], said[1], said[2], find)
        except ValueError as error:
            problems.append(f"第{number}行：{error}")
        else:
            found.setdefault(asked.text, asked)
    if len(found) > MOST_QUESTIONS:
        problems = [f"一次最多{MOST_QUESTIONS}个问题，这里有{len(found)}个，请分开来。"]
    if not found and not problems:
        problems = ["没有找到问题：一行写一个。"]
    if problems:
        raise QuestionsRefused(problems[:MOST_PROBLEMS])
    return list(found.values())


def question_read(text: str, expected: str, style: str, find: Find) -> Asked:
    """Return one question from its cells; raises ValueError with a sentence."""
    text = text.strip()
    if not text:
        raise ValueError("还没有写问题。")
    if len(text) > LONGEST_QUESTION:
        raise ValueError(f"问题太长了，最多{LONGEST_QUESTION}个字。")
    if style and style not in _STYLES:
        raise ValueError(f"“说法”没有“{style}”这一种。")
    return Asked(text, expected_read(expected, find), _STYLES.get(style, "plain"))


def expected_read(said: str, find: Find) -> list[str] | None:
    """Return the ids that are meant, none for 无, None for nothing said; raises ValueError."""
    words = [word.strip() for word in said.replace("，", "、").replace(",", "、").split("、")]
    words = [word for word in words if word]
    # A name may hold the mark that stands between names.
    if whole := find(said.strip()):
        return [whole]
    if not words:
        return None
    if NONE_WORDS.issuperset(words):
        return []
    ids = [(word, find(word)) for word in words]
    if unknown := [word for word, found in ids if found is None]:
        raise ValueError(f"“{'、'.join(unknown)}”对不上哪一条，请写编号或完整的名称。")
    return list(dict.fromkeys(found for _, found in ids if found))
