"""Cells go to Excel as text and come back as they were; what is no plain workbook is refused."""

from __future__ import annotations

import contextlib
import re
import zipfile
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.worksheet.formula import ArrayFormula

from knowledge import workbook
from knowledge.workbook import (
    LARGEST_BYTES,
    LONGEST_CELL,
    Table,
    WorkbookError,
    read_workbook,
    write_workbook,
)

SHEET = "xl/worksheets/sheet2.xml"  # the first holds the notes
LOOKS_LIKE_A_FORMULA = ["=1+1", "+86", "-10%", "@SUM(A1)", "=HYPERLINK(“x”)", "'=1", "#N/A", "TRUE"]
# What XML 1.0 cannot hold.
UNWRITABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
ANY_TEXT = st.text(st.characters(exclude_categories=[]), max_size=80)


def written(path: Path, *tables: Table, notes: tuple[str, ...] = ("给看表的人",)) -> Path:
    """A workbook of ours."""
    write_workbook(path, tables, notes)
    return path


def by_hand(path: Path, *rows: list[Any], sheet: str = "事项") -> Path:
    """A workbook as Excel saves it, every value with its own type."""
    book = Workbook()
    page = book.active
    assert page is not None
    page.title = sheet
    for row in rows:
        page.append(row)
    book.save(path)
    return path


def test_tables_come_back_as_they_were_written(tmp_path: Path) -> None:
    items = Table("事项", ("编号", "事项名称"), (("SB13", "补卡"), ("GG08", "乘车卡")))
    steps = Table("办理步骤", ("编号", "步骤", "说明"), (("SB13", "受理", "带身份证\n到窗口"),))
    read = read_workbook(written(tmp_path / "a.xlsx", items, steps))
    assert (read["事项"], read["办理步骤"]) == (items, steps)


def test_an_empty_table_comes_back_with_its_headings(tmp_path: Path) -> None:
    empty = Table("收费", ("编号", "收费项目"), ())
    assert read_workbook(written(tmp_path / "a.xlsx", empty))["收费"] == empty


@settings(deadline=None, max_examples=50)
@given(texts=st.lists(ANY_TEXT, min_size=1, max_size=20))
@example(texts=LOOKS_LIKE_A_FORMULA)
@example(texts=["\u3000前后的空格\u00a0\t", "_x0041_", "1e5", "00123", "2026-11-22", "\x1c a"])
@example(texts=["a\ufffeb", "a\uffffb", "a\ud800b", "\udfff", "a\x00b"])
def test_any_text_comes_back_without_what_xml_cannot_hold_and_outer_blanks(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str]
) -> None:
    path = tmp_path_factory.mktemp("book") / "a.xlsx"
    heads = ("编号", "说法")
    rows = tuple((str(number), text) for number, text in enumerate(texts))
    read = read_workbook(written(path, Table("居民说法", heads, rows)))["居民说法"]
    assert [text for _, text in read.rows] == [_kept(text) for text in texts]


def _kept(text: str) -> str:
    """What a cell keeps: XML knows one line end."""
    text = UNWRITABLE.sub("", text).replace("\r\n", "\n").replace("\r", "\n")
    return text.strip()


@pytest.mark.parametrize("text", LOOKS_LIKE_A_FORMULA)
def test_what_looks_like_a_formula_is_stored_as_text(tmp_path: Path, text: str) -> None:
    path = written(tmp_path / "a.xlsx", Table("别名", ("别名",), ((text,),)), notes=(text,))
    book = load_workbook(path)
    for cell in (book["说明"]["A1"], book["别名"]["A2"]):
        assert (cell.data_type, cell.value, cell.quotePrefix) == ("s", text, True)
    assert read_workbook(path)["别名"].rows == ((text,),)


def test_the_longest_text_that_excel_takes_comes_back_whole(tmp_path: Path) -> None:
    text = "长" * LONGEST_CELL
    table = Table("常见问题", ("回答",), ((text,),))
    assert read_workbook(written(tmp_path / "a.xlsx", table))["常见问题"].rows == ((text,),)


def test_a_text_that_excel_would_cut_off_is_refused_with_its_place(tmp_path: Path) -> None:
    rows = (("SB13", "短"), ("GG08", "长" * (LONGEST_CELL + 1)))
    with pytest.raises(WorkbookError) as refused:
        written(tmp_path / "a.xlsx", Table("常见问题", ("编号", "回答"), rows))
    assert str(refused.value) == (
        "sheet 常见问题, GG08, 回答: expected at most 32767 characters, got 32768"
    )
    assert not (tmp_path / "a.xlsx").exists()


def test_the_notes_stand_on_the_first_sheet_a_line_a_row(tmp_path: Path) -> None:
    path = written(tmp_path / "a.xlsx", Table("事项", ("编号",), ()), notes=("第一条", "第二条"))
    book = load_workbook(path)
    assert book.sheetnames == ["说明", "事项"]
    assert [cell.value for cell in book["说明"]["A"]] == ["第一条", "第二条"]


@pytest.mark.parametrize("row", [["请看", "请看"], ["=1+1"], ["请看", None, "又"]])
def test_the_notes_are_not_read_whatever_stands_there(tmp_path: Path, row: list[Any]) -> None:
    path = by_hand(tmp_path / "a.xlsx", row, sheet="说明")
    assert read_workbook(path) == {"说明": Table("说明", (), ())}


def test_of_a_sheet_that_nobody_wants_only_the_name_comes_back(tmp_path: Path) -> None:
    path = by_hand(tmp_path / "a.xlsx", ["=1+1", None, "a"], [None, "b"], sheet="我的计算")
    assert read_workbook(path, {"事项"}) == {"我的计算": Table("我的计算", (), ())}
    with pytest.raises(WorkbookError, match="a formula"):
        read_workbook(path, {"我的计算"})


def test_the_name_of_a_sheet_loses_its_outer_blanks(tmp_path: Path) -> None:
    path = by_hand(tmp_path / "a.xlsx", ["编号"], ["SB13"], sheet=" 事项 ")
    assert read_workbook(path, {"事项"}) == {"事项": Table("事项", ("编号",), (("SB13",),))}


def test_two_sheets_of_one_name_are_refused(tmp_path: Path) -> None:
    path = written(tmp_path / "a.xlsx", Table("事项", ("编号",), ()), Table("事项 ", ("编号",), ()))
    with pytest.raises(WorkbookError, match=r"two sheets are called 事项$"):
        read_workbook(path)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1, "1"),
        (2.0, "2"),
        (2.5, "2.5"),
        (1e20, "100000000000000000000"),
        (12345, "12345"),
        (date(2026, 11, 22), "2026-11-22"),
        (datetime(2026, 11, 22, 9, 30), "2026-11-22"),
        (True, "是"),
        (False, "否"),
        ("  两边有空格\u3000", "两边有空格"),
        ("一行\r\n又一行", "一行\n又一行"),
        ("一行_x000D_\n又一行", "一行\n又一行"),
        (CellRichText("普通", TextBlock(InlineFont(b=True), "加粗")), "普通加粗"),
        (None, ""),
    ],
)
def test_a_cell_typed_by_excel_becomes_text(tmp_path: Path, value: Any, text: str) -> None:
    path = by_hand(tmp_path / "a.xlsx", ["编号", "值"], ["SB13", value])
    assert read_workbook(path)["事项"].rows == (("SB13", text),)


def test_headings_lose_their_outer_blanks(tmp_path: Path) -> None:
    path = by_hand(tmp_path / "a.xlsx", [" 编号 ", "事项名称\r\n"], ["SB13", "补卡"])
    assert read_workbook(path)["事项"].heads == ("编号", "事项名称")


def test_rows_are_numbered_as_excel_does_across_an_empty_one(tmp_path: Path) -> None:
    path = by_hand(tmp_path / "a.xlsx", ["编号"], ["SB13"], [None], ["  "], ["GG08"])
    assert read_workbook(path)["事项"].dicts() == [(2, {"编号": "SB13"}), (5, {"编号": "GG08"})]


def test_a_sheet_without_anything_has_no_headings_and_no_rows(tmp_path: Path) -> None:
    assert read_workbook(by_hand(tmp_path / "a.xlsx"))["事项"] == Table("事项", (), ())


def test_empty_columns_at_the_end_are_left_out(tmp_path: Path) -> None:
    path = by_hand(tmp_path / "a.xlsx", ["编号", None, " "], ["SB13", None, None])
    assert read_workbook(path)["事项"] == Table("事项", ("编号",), (("SB13",),))


@pytest.mark.parametrize(
    ("rows", "cell"),
    [
        ([["编号", None, "值"], ["SB13", "没有标题", "a"]], "B2"),
        ([["编号"], ["SB13"], ["GG08", "标题右边"]], "B3"),
        ([[None], ["SB13"]], "A2"),
        ([[], ["SB13"]], "A2"),
    ],
)
def test_a_cell_without_a_heading_is_refused_with_its_place(
    tmp_path: Path, rows: list[list[Any]], cell: str
) -> None:
    with pytest.raises(WorkbookError, match=f"sheet 事项, cell {cell}: expected a heading in row"):
        read_workbook(by_hand(tmp_path / "a.xlsx", *rows))


@pytest.mark.parametrize("formula", ["=1+1", "=A1", ArrayFormula("B2:B3", "=A1:A2")])
def test_a_formula_is_refused_with_its_cell(tmp_path: Path, formula: Any) -> None:
    path = by_hand(tmp_path / "a.xlsx", ["编号", "值"], ["SB13", formula])
    with pytest.raises(WorkbookError, match="sheet 事项, cell B2: a formula"):
        read_workbook(path)


def test_a_formula_as_a_heading_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WorkbookError, match="cell A1: a formula"):
        read_workbook(by_hand(tmp_path / "a.xlsx", ["=1+1"]))


def test_a_column_that_stands_twice_is_refused_by_name(tmp_path: Path) -> None:
    path = by_hand(tmp_path / "a.xlsx", ["编号", "简称", "简称 "], ["SB13", "a", "b"])
    with pytest.raises(WorkbookError, match="sheet 事项 has the column 简称 twice"):
        read_workbook(path)


def test_a_file_that_is_not_there_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(WorkbookError, match=r"there is no file 没有\.xlsx"):
        read_workbook(tmp_path / "没有.xlsx")


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(WorkbookError, match="there is no file"):
        read_workbook(tmp_path)


@pytest.mark.parametrize("name", ["a.csv", "a.xls", "a.txt", "a.pdf", "a"])
def test_a_file_of_another_type_is_refused(tmp_path: Path, name: str) -> None:
    written(tmp_path / "a.xlsx", Table("事项", ("编号",), ())).rename(tmp_path / name)
    with pytest.raises(WorkbookError, match=rf"{re.escape(name)} is no Excel workbook"):
        read_workbook(tmp_path / name)


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def _emptied(path: Path) -> None:
    path.write_bytes(b"")


def _overwritten(path: Path) -> None:
    path.write_text("编号,事项名称\nSB13,补卡\n", encoding="utf-8")


def _any_zip(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.txt", "no workbook")


def _rewritten(path: Path, part: str, text: bytes | None, *, old: bytes = b"") -> None:
    """Put another text in the place of a part, or of ``old`` in it; None takes the part out."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    data = parts.pop(part)
    assert old in data
    if text is not None:
        parts[part] = data.replace(old, text) if old else text
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)


def _without_its_workbook(path: Path) -> None:
    _rewritten(path, "xl/workbook.xml", None)


def _with_half_a_sheet(path: Path) -> None:
    _rewritten(path, SHEET, b"<worksheet><sheetData><row>")


def _with_broken_styles(path: Path) -> None:
    _rewritten(path, "xl/styles.xml", b"junk")


def _with_no_such_string(path: Path) -> None:
    cell = b't="s"><v>99</v>'
    _rewritten(path, SHEET, cell, old=b't="inlineStr"><is><t>SB13</t></is>')


def _with_no_number(path: Path) -> None:
    cell = b't="n"><v>abc</v>'
    _rewritten(path, SHEET, cell, old=b't="inlineStr"><is><t>SB13</t></is>')


def _with_no_such_cell(path: Path) -> None:
    _rewritten(path, SHEET, b'r="ZZZZ1"', old=b'r="A1"')


def _garbled(path: Path) -> None:
    """The compressed sheet is no longer what the compressor wrote."""
    with zipfile.ZipFile(path) as archive:
        part = archive.getinfo(SHEET)
    start = part.header_offset + 30 + len(part.filename)
    data = bytearray(path.read_bytes())
    data[start : start + 40] = bytes(byte ^ 0xFF for byte in data[start : start + 40])
    path.write_bytes(data)


def _encrypted(path: Path) -> None:
    """Every part says that a password is needed."""
    data = path.read_bytes()
    for mark, flag in ((b"PK\x01\x02", 8), (b"PK\x03\x04", 6)):
        pieces = data.split(mark)
        behind = flag - len(mark)
        marked = [p[:behind] + bytes([p[behind] | 1]) + p[behind + 1 :] for p in pieces[1:]]
        data = mark.join([pieces[0], *marked])
    path.write_bytes(data)


@pytest.mark.parametrize(
    "damage",
    [
        _cut,
        _emptied,
        _overwritten,
        _any_zip,
        _without_its_workbook,
        _with_half_a_sheet,
        _with_broken_styles,
        _with_no_such_string,
        _with_no_number,
        _with_no_such_cell,
        _garbled,
        _encrypted,
    ],
)
def test_a_damaged_file_is_refused(tmp_path: Path, damage: Callable[[Path], None]) -> None:
    path = written(tmp_path / "a.xlsx", Table("事项", ("编号",), (("SB13",),)))
    damage(path)
    with pytest.raises(WorkbookError, match=r"a\.xlsx is no Excel workbook \(\.xlsx\)") as refused:
        read_workbook(path)
    assert "\n" not in str(refused.value)


@settings(deadline=None, max_examples=50)
@given(data=st.data())
def test_whatever_a_part_holds_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path = tmp_path_factory.mktemp("book") / "a.xlsx"
    written(path, Table("事项", ("编号",), (("SB13",),)))
    part = data.draw(st.sampled_from([SHEET, "xl/workbook.xml", "xl/styles.xml"]))
    with zipfile.ZipFile(path) as archive:
        text = archive.read(part)
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 20)))
    _rewritten(path, part, text[:start] + data.draw(st.binary(max_size=8)) + text[end:])
    with contextlib.suppress(WorkbookError):
        read_workbook(path)


def test_a_file_beyond_the_limit_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    with path.open("wb") as handle:
        handle.truncate(LARGEST_BYTES + 1)  # sparse, it takes no room
    with pytest.raises(WorkbookError, match=r"a\.xlsx is larger than 50 MB"):
        read_workbook(path)


def test_a_small_file_that_swells_when_unpacked_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workbook, "LARGEST_UNPACKED", 1_000_000)
    path = tmp_path / "a.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/worksheets/sheet1.xml", bytes(1_000_001))
    with pytest.raises(WorkbookError, match=r"a\.xlsx is too large when unpacked"):
        read_workbook(path)


def test_a_file_at_the_limit_is_looked_into(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    with path.open("wb") as handle:
        handle.truncate(LARGEST_BYTES)
    with pytest.raises(WorkbookError, match="is no Excel workbook"):
        read_workbook(path)


def test_a_sheet_with_too_many_rows_is_refused_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workbook, "MOST_ROWS", 3)
    fits = by_hand(tmp_path / "a.xlsx", ["编号"], ["SB13"], ["GG08"])
    assert len(read_workbook(fits)["事项"].rows) == 2
    longer = by_hand(tmp_path / "b.xlsx", ["编号"], ["SB13"], ["GG08"], ["MZ10"])
    with pytest.raises(WorkbookError, match="sheet 事项 has more than 3 rows"):
        read_workbook(longer)


def test_two_far_corners_are_refused_before_anything_between_them_is_looked_at(
    tmp_path: Path,
) -> None:
    for corner, limit in (("XFD200", "200 columns"), ("GR100000", "2000000 cells")):
        book = Workbook()
        page = book.active
        assert page is not None
        page.title = "事项"
        page["A1"], page[corner] = "编号", "x"
        book.save(tmp_path / "a.xlsx")
        with pytest.raises(WorkbookError, match=f"sheet 事项 has more than {limit}"):
            read_workbook(tmp_path / "a.xlsx")
        assert read_workbook(tmp_path / "a.xlsx", {"别名"})["事项"].heads == ()
