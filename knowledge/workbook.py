"""Tables of plain cells to and from an Excel workbook. Knows nothing of items.

A clerk's workbook is untrusted: a formula in a cell is refused, and what we write is stored as text
so that no spreadsheet takes a phrase beginning with “=”, “+”, “-” or “@” for a formula.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from openpyxl import Workbook, load_workbook
from openpyxl.cell.cell import Cell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.utils.exceptions import InvalidFileException

LARGEST_BYTES = 50_000_000
MOST_ROWS = 100_000
LONGEST_CELL = 32_767  # Excel's own limit
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_HEAD = PatternFill("solid", fgColor="E8EEF7")
_WIDEST = 60


class WorkbookError(ValueError):
    """A file that is no workbook we can read; the message says what was expected."""


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
    """Write the tables as sheets, with ``notes`` for the reader on a first sheet of their own."""
    book = Workbook()
    first = book.active
    assert first is not None
    first.title = "说明"
    for number, note in enumerate(notes, start=1):
        _put(first.cell(number, 1), note)
    first.column_dimensions["A"].width = 100
    for table in tables:
        sheet = book.create_sheet(table.name)
        for column, head in enumerate(table.heads, start=1):
            cell = sheet.cell(1, column)
            _put(cell, head)
            cell.font, cell.fill = Font(bold=True), _HEAD
            longest = max((len(row[column - 1]) for row in table.rows[:200]), default=0)
            width = min(_WIDEST, max(2 * len(head), longest) + 4)
            sheet.column_dimensions[get_column_letter(column)].width = width
        for number, row in enumerate(table.rows, start=2):
            for column, text in enumerate(row, start=1):
                if text:
                    _put(sheet.cell(number, column), text)
        sheet.freeze_panes = "B2"
    book.save(path)


def _put(cell: Any, text: str) -> None:
    cell.value = _CONTROL.sub("", text)[:LONGEST_CELL]
    cell.data_type = "s"
    cell.quotePrefix = True
    cell.alignment = Alignment(wrap_text=True, vertical="top")


def read_workbook(path: Path) -> Mapping[str, Table]:
    """Return the tables of a workbook by sheet name; raises WorkbookError."""
    if not path.is_file():
        raise WorkbookError(f"there is no file {path.name}")
    if path.stat().st_size > LARGEST_BYTES:
        raise WorkbookError(f"{path.name} is larger than {LARGEST_BYTES // 1_000_000} MB")
    try:
        book = load_workbook(path, data_only=False, keep_links=False)
    except (InvalidFileException, zipfile.BadZipFile, KeyError, ValueError, OSError) as error:
        raise WorkbookError(f"{path.name} is no Excel workbook (.xlsx): {error}") from error
    return {sheet.title: _table(sheet) for sheet in book.worksheets}


def _table(sheet: Any) -> Table:
    if sheet.max_row > MOST_ROWS:
        raise WorkbookError(f"sheet {sheet.title} has more than {MOST_ROWS} rows")
    rows = [tuple(_text(sheet.title, cell) for cell in row) for row in sheet.iter_rows()]
    heads = rows[0] if rows else ()
    width = max((n for n, head in enumerate(heads, start=1) if head), default=0)
    twice = {head for head in heads[:width] if head and heads.count(head) > 1}
    if twice and sheet.title != "说明":
        raise WorkbookError(f"sheet {sheet.title} has the column {'、'.join(sorted(twice))} twice")
    return Table(sheet.title, heads[:width], tuple(row[:width] for row in rows[1:]))


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
    return str(value).replace("\r\n", "\n").replace("_x000D_", "").strip()
