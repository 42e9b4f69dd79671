"""A clerk exports guides, changes them in Excel, tries the import and carries it out."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import time_machine
from openpyxl import Workbook, load_workbook

from bot import clock
from bot.spreadsheets import export_items, import_items
from knowledge import services
from knowledge.files import KnowledgeFiles
from knowledge.lint import lint_knowledge
from knowledge.models import Entry, Publication, ServiceItem
from knowledge.selectors import stored_guides, stored_knowledge
from knowledge.sheets import Guides

pytestmark = pytest.mark.django_db

COUNTS = "新增 {}，改动 {}，去掉 {}，没变 {}，有错 {}"


@pytest.fixture(autouse=True)
def release(shipped: KnowledgeFiles) -> Guides:
    """Three guides in the database, as they ship but with few phrasings, and little else."""
    items = {item_id: shipped.items[item_id] for item_id in ("GG08", "MZ10", "SB13")}
    said = {item_id: shipped.phrasings[item_id][:6] for item_id in items}
    subjects = shipped.subjects[:3]
    services.knowledge_load(KnowledgeFiles(shipped.catalogue, items, said, subjects=subjects))
    return stored_guides()


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """What was exported already, by form; a test takes a copy."""
    return {form: tmp_path_factory.mktemp(form) / "a.xlsx" for form in ("guide", "exchange")}


def taken(exported: dict[str, Path], form: str, path: Path) -> Path:
    """The three guides as exported, which takes a while and is done once."""
    if not exported[form].exists():
        assert export_items(exported[form], [], form) == 0
    return Path(shutil.copy(exported[form], path))


@pytest.fixture
def book(tmp_path: Path, exported: dict[str, Path], capsys: pytest.CaptureFixture[str]) -> Path:
    """What a clerk exported."""
    path = taken(exported, "guide", tmp_path / "指南.xlsx")
    capsys.readouterr()
    return path


def fill_in(path: Path, sheet: str, key: str, head: str, value: Any) -> None:
    """Change a cell by hand, in the first row that holds ``key``."""
    book = load_workbook(path)
    heads = [cell.value for cell in book[sheet][1]]
    row = next(row for row in book[sheet].iter_rows() if key in [cell.value for cell in row])
    row[heads.index(head)].value = value
    book.save(path)


def strike(path: Path, sheet: str, key: str) -> None:
    """Delete the first row that holds ``key``."""
    book = load_workbook(path)
    rows = enumerate(book[sheet].iter_rows(values_only=True), start=1)
    book[sheet].delete_rows(next(number for number, row in rows if key in row))
    book.save(path)


def imported(path: Path, *, is_dry_run: bool = False, shows_all: bool = False) -> int | None:
    """What the import returns."""
    return import_items(path, is_dry_run=is_dry_run, shows_all=shows_all)


def sheet_rows(path: Path, sheet: str) -> list[tuple[Any, ...]]:
    """The rows of a sheet as Excel shows them, without the headings."""
    return list(load_workbook(path)[sheet].iter_rows(min_row=2, values_only=True))


# Out


def test_all_guides_go_out_when_none_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.xlsx"
    assert export_items(path, [], "guide") == 0
    assert [row[0] for row in sheet_rows(path, "事项")] == ["GG08", "MZ10", "SB13"]
    said = capsys.readouterr().out
    assert said.startswith("3 guides, ")
    assert said.endswith(f" rows: {path}\n")


def test_only_the_named_guides_go_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.xlsx"
    assert export_items(path, ["SB13", "GG08"], "guide") == 0
    assert {row[0] for row in sheet_rows(path, "居民说法")} == {"SB13", "GG08"}
    assert capsys.readouterr().out.startswith("2 guides, ")


def test_the_rows_that_went_out_are_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.xlsx"
    export_items(path, ["SB13"], "guide")
    book = load_workbook(path)
    count = sum(sheet.max_row - 1 for sheet in book.worksheets if sheet.title != "说明")
    assert capsys.readouterr().out.startswith(f"1 guides, {count} rows")


def test_guides_that_are_not_published_go_out_too(tmp_path: Path) -> None:
    ServiceItem.objects.filter(pk="MZ10").update(state="draft")
    export_items(tmp_path / "a.xlsx", [], "guide")
    assert "MZ10" in [row[0] for row in sheet_rows(tmp_path / "a.xlsx", "事项")]


def test_an_unknown_guide_is_named_and_nothing_goes_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.xlsx"
    assert export_items(path, ["SB13", "XX99", "XX98"], "guide") == 1
    assert capsys.readouterr().err == "error: no guide for XX99, XX98\n"
    assert not path.exists()


def test_a_place_that_cannot_be_written_is_an_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert export_items(tmp_path / "nowhere" / "a.xlsx", [], "guide") == 1
    said = capsys.readouterr()
    assert "a.xlsx cannot be written" in said.err
    assert said.out == ""


def test_a_text_that_excel_would_cut_off_stops_the_export_with_its_place(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ServiceItem.objects.filter(pk="SB13").update(scope="长" * 40_000)
    assert export_items(tmp_path / "a.xlsx", [], "guide") == 1
    assert capsys.readouterr().err == (
        "error: sheet 事项, SB13, 适用情形: expected at most 32767 characters, got 40000\n"
    )
    assert not (tmp_path / "a.xlsx").exists()


@pytest.mark.parametrize("form", ["guide", "exchange"])
def test_a_stored_guide_that_cannot_be_read_stops_the_export_in_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], form: str
) -> None:
    ServiceItem.objects.filter(pk="SB13").update(category="杂项")
    assert export_items(tmp_path / "a.xlsx", ["GG08"], form) == 1
    said = capsys.readouterr().err
    assert said.startswith("error: a stored guide cannot be read: SB13: ")
    assert "杂项" in said
    assert said.count("\n") == 1


@pytest.mark.parametrize(("form", "word"), [("guide", "“事项”表"), ("exchange", "实施清单")])
def test_each_form_has_its_own_notes(tmp_path: Path, form: str, word: str) -> None:
    export_items(tmp_path / "a.xlsx", ["SB13"], form)
    notes = [cell.value for cell in load_workbook(tmp_path / "a.xlsx")["说明"]["A"]]
    assert word in notes[0]
    assert any("只有“是否收费”不清楚时可以空着" in note for note in notes)


# Back


def test_an_unchanged_workbook_stores_nothing(
    book: Path, release: Guides, capsys: pytest.CaptureFixture[str]
) -> None:
    assert imported(book) == 0
    assert capsys.readouterr().out.splitlines() == [
        COUNTS.format(0, 0, 0, 3, 0),
        "0 guides stored",
    ]
    assert stored_guides() == release


def test_a_changed_workbook_is_stored(book: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fill_in(book, "事项", "SB13", "窗口", "三号窗口")
    strike(book, "申请材料", "近期白底证件照")
    assert imported(book) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines == [
        "changed  SB13   事项 第4行：窗口 “社保医保窗口” → “三号窗口”",
        "removed  SB13   申请材料：近期白底证件照",
        COUNTS.format(0, 1, 1, 2, 0),
        "1 guides stored",
    ]
    item, _ = stored_guides()["SB13"]
    assert item.window == "三号窗口"
    assert "近期白底证件照" not in [material.name for material in item.materials]


def test_the_number_of_stored_guides_comes_back(book: Path) -> None:
    for item_id in ("SB13", "GG08"):
        fill_in(book, "事项", item_id, "窗口", "三号窗口")
    assert imported(book) == 2


def test_a_dry_run_tells_everything_and_stores_nothing(
    book: Path, release: Guides, capsys: pytest.CaptureFixture[str]
) -> None:
    fill_in(book, "事项", "SB13", "窗口", "三号窗口")
    assert imported(book, is_dry_run=True) == 0
    said = capsys.readouterr().out
    assert "窗口 “社保医保窗口” → “三号窗口”" in said
    assert said.endswith("dry run: 1 guides would be stored\n")
    assert stored_guides() == release
    assert not ServiceItem.objects.filter(edited=True).exists()


def test_unchanged_rows_are_shown_on_wish_only(
    book: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    imported(book, shows_all=True)
    shown = [line for line in capsys.readouterr().out.splitlines() if "无改动" in line]
    assert [line.split()[:2] for line in shown] == [
        ["same", "GG08"],
        ["same", "MZ10"],
        ["same", "SB13"],
    ]
    imported(book)
    assert "无改动" not in capsys.readouterr().out


@pytest.mark.parametrize("is_dry_run", [True, False])
def test_one_wrong_row_stores_nothing_and_is_named(
    book: Path, release: Guides, capsys: pytest.CaptureFixture[str], *, is_dry_run: bool
) -> None:
    fill_in(book, "事项", "GG08", "窗口", "三号窗口")
    fill_in(book, "事项", "SB13", "能否预约", "可以")
    assert imported(book, is_dry_run=is_dry_run) is None
    said = capsys.readouterr()
    assert "error    SB13   事项 第4行：“能否预约”要填是或否，现在是“可以”" in said.out
    assert COUNTS.format(0, 1, 0, 1, 1) in said.out
    assert said.err == "error: 1 rows have errors, nothing was stored\n"
    assert stored_guides() == release


def test_a_figure_without_basis_stores_nothing(
    book: Path, release: Guides, capsys: pytest.CaptureFixture[str]
) -> None:
    fill_in(book, "发放标准", "GG08", "依据", None)
    assert imported(book) is None
    assert "basis: amount “坐公交、地铁少付的钱” has no basis" in capsys.readouterr().out
    assert stored_guides() == release


def test_what_another_clerk_changed_meanwhile_is_not_overwritten(
    book: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    services.alias_add("SB13", "看病的卡补办")
    fill_in(book, "事项", "SB13", "窗口", "三号窗口")
    assert imported(book) is None
    assert "导出时是第1版，库里已经是第2版" in capsys.readouterr().out
    assert stored_guides()["SB13"][0].aliases[-1] == "看病的卡补办"


def test_what_has_expired_by_the_offices_clock_is_refused(book: Path) -> None:
    fill_in(book, "事项", "SB13", "失效日期", "2026-12-31")
    with time_machine.travel("2027-01-01T00:30:00+08:00", tick=False):
        assert imported(book, is_dry_run=True) is None
    with time_machine.travel("2026-12-31T23:30:00+08:00", tick=False):
        assert imported(book, is_dry_run=True) == 0


def test_a_formula_is_refused_with_its_cell(
    book: Path, release: Guides, capsys: pytest.CaptureFixture[str]
) -> None:
    fill_in(book, "事项", "SB13", "窗口", "=1+1")
    assert imported(book) is None
    said = capsys.readouterr()
    assert said.err.startswith("error: sheet 事项, cell ")
    assert "a formula, expected plain text" in said.err
    assert said.out == ""
    assert stored_guides() == release


def add_sheet(path: Path, name: str, *rows: list[Any]) -> None:
    """Put one more sheet into a workbook by hand."""
    book = load_workbook(path)
    sheet = book.create_sheet(name)
    for row in rows:
        sheet.append(row)
    book.save(path)


def test_a_sheet_that_nobody_knows_is_named_whatever_stands_there(
    book: Path, release: Guides, capsys: pytest.CaptureFixture[str]
) -> None:
    add_sheet(book, "我的计算", ["=1+1", None, "a"])
    fill_in(book, "事项", "SB13", "窗口", "三号窗口")
    assert imported(book) is None
    said = capsys.readouterr()
    assert "error           我的计算：不认识的表" in said.out
    assert said.err == "error: 1 rows have errors, nothing was stored\n"
    assert stored_guides() == release


def test_a_blank_behind_the_name_of_a_sheet_does_no_harm(book: Path) -> None:
    workbook = load_workbook(book)
    workbook["申请材料"].title = "申请材料 "
    workbook.save(book)
    strike(book, "申请材料 ", "近期白底证件照")
    assert imported(book) == 1
    item, _ = stored_guides()["SB13"]
    assert "近期白底证件照" not in [material.name for material in item.materials]


def test_a_stored_guide_that_cannot_be_read_stops_the_import_in_one_sentence(
    book: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ServiceItem.objects.filter(pk="MZ10").update(category="杂项")
    assert imported(book) is None
    said = capsys.readouterr()
    assert said.err.startswith("error: a stored record cannot be read: MZ10: ")
    assert (said.err.count("\n"), said.out) == (1, "")


def test_what_would_block_every_publication_is_not_stored(
    book: Path, release: Guides, capsys: pytest.CaptureFixture[str]
) -> None:
    subject = Entry.objects.filter(kind="subject")[0]
    fill_in(book, "居民说法", "SB13", "说法", subject.content["phrasings"][0])
    fill_in(book, "事项", "GG08", "事项名称", "老年公交卡")
    assert imported(book) is None
    said = capsys.readouterr().out
    assert "error    GG08   事项 第2行：catalogue: name: 老年公交卡 is not" in said
    assert "error    SB13   事项 第4行：shared-phrasing: " in said
    assert stored_guides() == release


def test_what_is_stored_can_be_published(book: Path) -> None:
    fill_in(book, "事项", "SB13", "窗口", "三号窗口")
    assert imported(book) == 1
    findings = lint_knowledge(stored_knowledge(), clock.now().date())
    assert [str(finding) for finding in findings if finding.level == "error"] == []


def test_a_file_that_is_no_workbook_is_an_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.xlsx").write_text("编号,事项名称\n", encoding="utf-8")
    (tmp_path / "a.csv").write_text("编号,事项名称\n", encoding="utf-8")
    for name, complaint in (
        ("a.xlsx", "a.xlsx is no Excel workbook"),
        ("a.csv", "a.csv is no Excel workbook"),
        ("b.xlsx", "there is no file b.xlsx"),
    ):
        assert imported(tmp_path / name) is None
        assert capsys.readouterr().err.startswith(f"error: {complaint}")


def test_a_workbook_without_items_is_an_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Workbook().save(tmp_path / "a.xlsx")
    assert imported(tmp_path / "a.xlsx") is None
    assert "expected a sheet “事项” with a column “编号”" in capsys.readouterr().err


def test_an_import_leaves_the_wish_to_publish_to_its_caller(book: Path) -> None:
    fill_in(book, "事项", "SB13", "窗口", "三号窗口")
    assert imported(book) == 1
    assert not Publication.objects.exists()


# The exchange form


@pytest.fixture
def form(tmp_path: Path, exported: dict[str, Path], capsys: pytest.CaptureFixture[str]) -> Path:
    """What a clerk exported for another system."""
    path = taken(exported, "exchange", tmp_path / "实施清单.xlsx")
    capsys.readouterr()
    return path


def test_the_exchange_form_goes_out_and_back_without_a_change(
    form: Path, release: Guides, capsys: pytest.CaptureFixture[str]
) -> None:
    assert load_workbook(form).sheetnames[1:] == ["基本信息", "扩展信息", "申请材料信息"]
    assert imported(form) == 0
    assert COUNTS.format(0, 0, 0, 3, 0) in capsys.readouterr().out
    assert stored_guides() == release


def test_an_offices_export_without_our_ids_is_known_by_the_stored_names(
    form: Path, release: Guides
) -> None:
    book = load_workbook(form)
    basic = book["基本信息"]
    heads = [cell.value for cell in basic[1]]
    basic.delete_cols(heads.index("LOCALTASKCODE 地方实施编码") + 1)
    book.save(form)
    fill_in(form, "扩展信息", "社会保障卡补领换领", "HANDLEAREA 通办范围", "全省通办")
    assert imported(form) == 1
    item, phrasings = stored_guides()["SB13"]
    assert item.handling.region == "全省通办"
    assert item.accept_conditions == release["SB13"][0].accept_conditions
    assert phrasings == release["SB13"][1]


def test_an_office_has_its_own_codes_and_more_sheets_than_ours(
    form: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fill_in(form, "基本信息", "SB13", "LOCALTASKCODE 地方实施编码", "11320111MB1X")
    fill_in(form, "扩展信息", "社会保障卡补领换领", "HANDLEAREA 通办范围", "全省通办")
    add_sheet(form, "收费项目信息", ["=1+1"])
    assert imported(form) == 1
    assert capsys.readouterr().out.startswith("not read: 收费项目信息\n")
    assert stored_guides()["SB13"][0].handling.region == "全省通办"


def test_a_name_that_nobody_knows_is_an_error(
    form: Path, release: Guides, capsys: pytest.CaptureFixture[str]
) -> None:
    fill_in(form, "基本信息", "SB13", "TASKNAME 事项名称", "别的事项")
    fill_in(form, "基本信息", "SB13", "LOCALTASKCODE 地方实施编码", None)
    assert imported(form) is None
    assert "no item is called 别的事项" in capsys.readouterr().err
    assert stored_guides() == release
