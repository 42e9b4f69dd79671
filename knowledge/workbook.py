"""Tables of plain cells to and from an Excel workbook. Knows nothing of items.

A clerk's workbook is untrusted: a formula in a cell is refused, and what we write is stored as text
so that no spreadsheet takes a phrase beginning with “=”, “+”, “-” or “@” for a formula.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from openpyxl import load_workbook
from openpyxl.cell.cell import Cell
from openpyxl.utils import get_column_letter
from openpyxl.utils.escape import unescape
from xlsxwriter import Workbook

LARGEST_BYTES = 50_000_000
# The sheets of 5,000 guides are 62 MB; reading takes twenty times as much memory.
LARGEST_UNPACKED = 70_000_000
MOST_ROWS = 100_000
MOST_COLUMNS = 200
MOST_CELLS = 2_000_000
LONGEST_CELL = 32_767  # Excel's own limit
NOTES_SHEET = "说明"
# What XML 1.0 cannot hold: control characters, halves of a surrogate pair, two noncharacters.
_UNWRITABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
# Text for ever, whatever it begins with.
_TEXT = {"quote_prefix": True, "text_wrap": True, "valign": "top"}
_HEAD = {**_TEXT, "bold": True, "bg_color": "#E8EEF7"}
_WIDEST = 60
_NOTES_WIDTH = 100


class WorkbookError(ValueError):
    """A workbook that cannot be read or written; the message says what was expected."""


@dataclass(frozen=True)
class Table:
    """One sheet: headings and rows of cells, all text; ``first_row`` is the row below the heads."""

    name: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    first_row: int = 2

    def dicts(self) -> list[tuple[int, dict[str, str]]]:
        """Return (row number in the sheet, cells by heading) for each row that is not empty."""
        return [
            (self.first_row + n, dict(zip(self.heads, row, strict=True)))
            for n, row in enumerate(self.rows)
            if any(row)
        ]


def write_workbook(path: Path, tables: Sequence[Table], notes: Sequence[str]) -> None:
    """Write the tables as sheets, with ``notes`` for the reader on a first sheet of their own.

    Raises WorkbookError for a text that Excel would cut off, naming the place by the row's first
    cell and the heading.
    """
    for table in tables:
        _check_lengths(table)
    # Row by row, so that a large office's workbook never stands in memory.
    with path.open("wb") as target, Workbook(target, {"constant_memory": True}) as book:
        head, text = book.add_format(_HEAD), book.add_format(_TEXT)
        first = book.add_worksheet(NOTES_SHEET)
        first.set_column(0, 0, _NOTES_WIDTH)
        _write_rows(first, [[note] for note in notes], text)
        for table in tables:
            sheet = book.add_worksheet(table.name)
            for column, width in enumerate(_widths(table)):
                sheet.set_column(column, column, width)
            sheet.freeze_panes(1, 1)
            _write_rows(sheet, [table.heads], head)
            _write_rows(sheet, table.rows, text, first=1)


def _check_lengths(table: Table) -> None:
    for row in table.rows:
        for head, text in zip(table.heads, row, strict=True):
            if len(text) > LONGEST_CELL:
                raise WorkbookError(
                    f"sheet {table.name}, {row[0]}, {head}: "
                    f"expected at most {LONGEST_CELL} characters, got {len(text)}"
                )


def _widths(table: Table) -> list[int]:
    """Characters of each column, by its head and its first rows."""
    longest = (
        max((len(row[column]) for row in table.rows[:200]), default=0)
        for column in range(len(table.heads))
    )
    return [
        min(_WIDEST, max(2 * len(head), most) + 4)
        for head, most in zip(table.heads, longest, strict=True)
    ]


def _write_rows(sheet: Any, rows: Sequence[Sequence[str]], form: Any, first: int = 0) -> None:
    for number, row in enumerate(rows, start=first):
        for column, text in enumerate(row):
            if text:
                sheet.write_string(number, column, _UNWRITABLE.sub("", text), form)


def read_workbook(path: Path, wanted: Collection[str] | None = None) -> dict[str, Table]:
    """Return the tables of a workbook by sheet name; raises WorkbookError.

    Of the sheet of notes, and of any sheet outside ``wanted``, only the name is returned: whatever
    stands there, the table is empty.
    """
    if not path.is_file():
        raise WorkbookError(f"there is no file {path.name}")
    if path.stat().st_size > LARGEST_BYTES:
        raise WorkbookError(f"{path.name} is larger than {LARGEST_BYTES // 1_000_000} MB")
    if unpacked_bytes(path) > LARGEST_UNPACKED:
        raise WorkbookError(f"{path.name} is too large when unpacked")
    tables: dict[str, Table] = {}
    for sheet in _sheets(path):
        name = sheet.title.strip()
        if name in tables:
            raise WorkbookError(f"two sheets are called {name}")
        is_read = name != NOTES_SHEET and (wanted is None or name in wanted)
        tables[name] = _table(name, sheet) if is_read else Table(name, (), ())
    return tables


def unpacked_bytes(path: Path) -> int:
    """Return what a workbook grows to before a cell is read; 0 if it is no zip file at all."""
    try:
        with zipfile.ZipFile(path) as packed:
            return sum(part.file_size for part in packed.infolist())
    except zipfile.BadZipFile:
        return 0


def _sheets(path: Path) -> Sequence[Any]:
    try:
        return load_workbook(path, data_only=False, keep_links=False).worksheets
    except Exception as error:
        # Damage shows as whatever the zip, XML or cell reader trips over: BadZipFile, zlib.error,
        # ParseError, RuntimeError (encrypted), IndexError (shared strings) and more.
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise WorkbookError(f"{path.name} is no Excel workbook (.xlsx): {reason}") from error


def _table(name: str, sheet: Any) -> Table:
    _check_size(name, sheet.max_row, sheet.max_column)
    rows = [tuple(_text(name, cell) for cell in row) for row in sheet.iter_rows()]
    heads = rows[0] if rows else ()
    width = max((n for n, head in enumerate(heads, start=1) if head), default=0)
    twice = {head for head in heads[:width] if head and heads.count(head) > 1}
    if twice:
        raise WorkbookError(f"sheet {name} has the column {'、'.join(sorted(twice))} twice")
    _check_headings(name, heads, rows)
    return Table(name, heads[:width], tuple(row[:width] for row in rows[1:]))


def _check_size(name: str, rows: int, columns: int) -> None:
    """Two far corners are enough for a large sheet: openpyxl makes every cell that is looked at."""
    for number, most, what in (
        (rows, MOST_ROWS, "rows"),
        (columns, MOST_COLUMNS, "columns"),
        (rows * columns, MOST_CELLS, "cells"),
    ):
        if number > most:
            raise WorkbookError(f"sheet {name} has more than {most} {what}")


def _check_headings(name: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    headless = [n for n, head in enumerate(heads) if not head]
    for number, row in enumerate(rows, start=1):
        for n in headless:
            if row[n]:
                place = f"{get_column_letter(n + 1)}{number}"
                raise WorkbookError(f"sheet {name}, cell {place}: expected a heading in row 1")


def _text(sheet: str, cell: Cell) -> str:
    """A cell as text: whole numbers without a point, dates as 2026-11-22."""
    value = cell.value
    if value is None:
        return ""
    if cell.data_type == "f":
        raise WorkbookError(
            f"sheet {sheet}, cell {cell.coordinate}: a formula, expected plain text"
        )
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    # What XML cannot hold stands as _x000D_ in the file (ECMA-376, 22.4.2.4: bstr).
    text = unescape(str(value)).replace("\r\n", "\n").replace("\r", "\n")
    return _UNWRITABLE.sub("", text).strip()
