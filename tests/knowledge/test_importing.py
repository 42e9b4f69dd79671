"""Guides go out to sheets and come back; every row is reported on before anything is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from knowledge import importing, services
from knowledge import models as rows
from knowledge.files import KnowledgeFiles, load_catalogue
from knowledge.importing import Plan, RowReport, import_apply, import_plan
from knowledge.record import Amount, Condition, Days, Deadline, Fee, Phrasing, Situation
from knowledge.selectors import stored_guides
from knowledge.sheets import ITEM_HEADS, LISTS, NOTES, SITUATIONS, Guides, Sheet, guide_tables
from knowledge.workbook import Table, WorkbookError, read_workbook, write_workbook
from tests.people import altered, tiny

TODAY = date(2026, 11, 23)
CATALOGUE = load_catalogue()
Sheets = dict[str, Table]


def named(tables: list[Table]) -> Sheets:
    """The sheets by name."""
    return {table.name: table for table in tables}


def through_a_file(path: Path, guides: Guides) -> Sheets:
    """The sheets of guides as they come back from a workbook."""
    write_workbook(path, guide_tables(guides), NOTES)
    return dict(read_workbook(path))


def row_of(sheets: Sheets, sheet: str, *texts: str) -> int:
    """Where the first row with these cells stands, as Excel counts."""
    return next(n for n, row in enumerate(sheets[sheet].rows, start=2) if set(texts) <= set(row))


def edited(sheets: Sheets, sheet: str, number: int, **cells: str) -> Sheets:
    """The sheets with other texts in one row."""
    table = sheets[sheet]
    row = {**dict(zip(table.heads, table.rows[number - 2], strict=True)), **cells}
    changed = (*table.rows[: number - 2], tuple(row.values()), *table.rows[number - 1 :])
    return {**sheets, sheet: replace(table, rows=changed)}


def with_rows(sheets: Sheets, sheet: str, *more: tuple[str, ...]) -> Sheets:
    """The sheets with rows at the end of one; cells that a row leaves out are empty."""
    table = sheets[sheet]
    filled = tuple((*row, *[""] * (len(table.heads) - len(row))) for row in more)
    return {**sheets, sheet: replace(table, rows=(*table.rows, *filled))}


def without_row(sheets: Sheets, sheet: str, number: int) -> Sheets:
    """The sheets with one row taken out."""
    table = sheets[sheet]
    left = (*table.rows[: number - 2], *table.rows[number - 1 :])
    return {**sheets, sheet: replace(table, rows=left)}


def without_columns(sheets: Sheets, sheet: str, *heads: str) -> Sheets:
    """The sheets with columns taken out of one."""
    table = sheets[sheet]
    kept = [n for n, head in enumerate(table.heads) if head not in heads]
    left = tuple(tuple(row[n] for n in kept) for row in table.rows)
    return {**sheets, sheet: replace(table, heads=tuple(table.heads[n] for n in kept), rows=left)}


def with_column(sheets: Sheets, sheet: str, head: str) -> Sheets:
    """The sheets with one more, empty column in one."""
    table = sheets[sheet]
    wider = tuple((*row, "") for row in table.rows)
    return {**sheets, sheet: replace(table, heads=(*table.heads, head), rows=wider)}


def planned(
    sheets: Mapping[str, Table], guides: Guides, knowledge: KnowledgeFiles | None = None
) -> Plan:
    """What importing the sheets would do, to the guides alone or among all that is known."""
    items = {item_id: item for item_id, (item, _) in guides.items()}
    said = {item_id: list(phrasings) for item_id, (_, phrasings) in guides.items()}
    alone = KnowledgeFiles(CATALOGUE, items, said)
    return import_plan(sheets, guides, knowledge or alone, TODAY)


def told(plan: Plan) -> list[tuple[str, int, str, str]]:
    """(sheet, row, item, status) of every report that tells more than “no change”."""
    return [(r.sheet, r.row, r.item_id, r.status) for r in plan.rows if r.status != "same"]


def messages(plan: Plan) -> list[str]:
    """What the reports say that tell more than “no change”."""
    return [r.message for r in plan.rows if r.status != "same"]


def after(plan: Plan, guides: Guides) -> Sheets:
    """The sheets of the guides once the plan is carried out."""
    assert not plan.errors
    new = {item.item_id: (item, phrasings) for item, phrasings in plan.guides}
    return named(guide_tables({**guides, **new}))


@pytest.fixture(scope="module")
def guides(shipped: KnowledgeFiles) -> Guides:
    """Three guides; the one of SB13 has something in every sheet."""
    full = altered(
        shipped.items["SB13"],
        effective_from=date(2026, 1, 1),
        effective_until=date(2027, 12, 31),
        handling__statutory=Days(days=20, basis="办法第三条"),
        deadlines=[Deadline(text="卡到期前来换"), Deadline(text="丢了当天先挂失")],
        fee__charged=True,
        fee__fees=[
            Fee(name="工本费", standard="20元", reduction="低保免", basis="苏价费〔2018〕1号"),
            Fee(name="邮费", standard="12元", basis="邮政资费"),
        ],
        amounts=[
            Amount(name="补贴", standard="100元", basis="规定", situation_ids=["lost"]),
            Amount(name="慰问"),
        ],
    )
    others = {i: (shipped.items[i], shipped.phrasings[i][:9]) for i in ("GG08", "MZ10")}
    said = [
        Phrasing(text="社保卡丢了咋补", style="elderly"),
        Phrasing(text="补卡要带什么", facet="materials"),
        Phrasing(text="看病刷不出来了", style="life", origin="mined"),
    ]
    return {"SB13": (full, said), **others}


@pytest.fixture(scope="module")
def sheets(guides: Guides) -> Sheets:
    """The sheets of the three guides."""
    return named(guide_tables(guides))


@pytest.fixture
def release(shipped: KnowledgeFiles, db: None) -> Guides:
    """Three guides in the database, as they ship."""
    items = {item_id: shipped.items[item_id] for item_id in ("GG08", "MZ10", "SB13")}
    services.knowledge_load(KnowledgeFiles(CATALOGUE, items, shipped.phrasings))
    return stored_guides()


# Out and back


@pytest.fixture(scope="session")
def all_guides(shipped: KnowledgeFiles) -> Guides:
    """Every guide that ships, with a few of its phrasings: half of all cells would be theirs."""
    return {i: (item, shipped.phrasings[i][:6]) for i, item in shipped.items.items()}


@pytest.fixture(scope="session")
def all_sheets(tmp_path_factory: pytest.TempPathFactory, all_guides: Guides) -> Sheets:
    """Everything that ships, through a workbook."""
    return through_a_file(tmp_path_factory.mktemp("all") / "all.xlsx", all_guides)


def test_every_shipped_guide_goes_out_and_comes_back_unchanged(
    all_guides: Guides, all_sheets: Sheets
) -> None:
    plan = planned(all_sheets, all_guides)
    assert [(row.item_id, row.status) for row in plan.rows] == [
        (item_id, "same") for item_id in sorted(all_guides)
    ]
    assert len(all_guides) == 193
    assert plan.guides == []


def test_every_shipped_guide_is_exported_again_as_it_was(
    all_guides: Guides, all_sheets: Sheets
) -> None:
    exported = named(guide_tables(all_guides))
    assert {name: all_sheets[name] for name in exported} == exported


@pytest.mark.django_db
def test_every_shipped_guide_can_be_imported_into_an_empty_database(
    shipped: KnowledgeFiles, all_guides: Guides, all_sheets: Sheets
) -> None:
    plan = planned(all_sheets, stored_guides(), replace(shipped, items={}, phrasings={}))
    assert {row.status for row in plan.rows} == {"new"}
    assert {item.item_id: (item, said) for item, said in plan.guides} == all_guides
    some = Plan(plan.rows, plan.guides[::8])  # storing takes its time
    assert import_apply(some) == 25
    stored = stored_guides()
    assert stored == {item_id: all_guides[item_id] for item_id in stored}
    assert len(stored) == 25


def test_a_guide_with_something_in_every_sheet_comes_back_unchanged(
    tmp_path: Path, guides: Guides, sheets: Sheets
) -> None:
    assert all(sheet.rows for sheet in sheets.values())
    assert told(planned(through_a_file(tmp_path / "a.xlsx", guides), guides)) == []


def test_texts_that_look_like_formulas_come_back_unchanged(
    tmp_path: Path, shipped: KnowledgeFiles
) -> None:
    item = altered(
        shipped.items["SB13"],
        scope="=看这里",
        aliases=["@补卡", "+补卡"],
        exclusions=["-外地的卡", "=别的卡"],
    )
    guides = {"SB13": (item, shipped.phrasings["SB13"])}
    assert told(planned(through_a_file(tmp_path / "a.xlsx", guides), guides)) == []


def test_an_entry_of_a_list_takes_one_line_and_the_blank_for_its_break_is_told(
    guides: Guides,
) -> None:
    item, phrasings = guides["SB13"]
    broken = {"SB13": (altered(item, exclusions=["外地的卡\n不办", "别的卡"]), phrasings)}
    sheets = named(guide_tables(broken))
    (_, cells), *_ = sheets["事项"].dicts()
    assert cells["不予办理的情形"] == "外地的卡 不办\n别的卡"
    plan = planned(sheets, broken)
    assert messages(plan) == ["不予办理的情形 “外地的卡⏎不办 / 别的卡” → “外地的卡 不办 / 别的卡”"]
    assert plan.guides[0][0].exclusions == ["外地的卡 不办", "别的卡"]


def test_a_situation_without_options_does_not_get_lost(guides: Guides) -> None:
    item, phrasings = guides["SB13"]
    bare = Situation(id="bare", question="没有选项的问题？", options=[])
    odd = {"SB13": (altered(item, situations=[item.situations[0], bare]), phrasings)}
    sheets = named(guide_tables(odd))
    assert sheets["情形"].rows[-1] == ("SB13", "bare", "没有选项的问题？", "", "", "")
    plan = planned(sheets, odd)
    assert messages(plan) == ["“选项编号”是空的", "“选项”是空的"]


def test_unknown_charges_and_limits_are_empty_cells(shipped: KnowledgeFiles) -> None:
    item = altered(shipped.items["SB13"], fee__charged=None, handling__promised=None)
    guides = {"SB13": (item, shipped.phrasings["SB13"])}
    sheets = named(guide_tables(guides))
    (_, cells), *_ = sheets["事项"].dicts()
    assert (cells["是否收费"], cells["承诺办结时限"]) == ("", "")
    assert told(planned(sheets, guides)) == []


def test_rows_stand_in_the_order_of_the_ids(sheets: Sheets) -> None:
    for sheet in sheets.values():
        ids = [row[0] for row in sheet.rows]
        assert ids == sorted(ids)


# One changed cell


@pytest.mark.parametrize(
    ("head", "old", "new"),
    [
        ("简称", "社保卡补换", "补社保卡"),
        ("窗口", "社保医保窗口", ""),
        ("必须到场原因", "要核对身份、收回旧卡并当面领新卡", "要核对身份"),
        ("法定办结时限", "20", "15"),
        ("能否邮寄", "是", "否"),
        ("自助机", "是", "无"),
        ("是否收费", "是", ""),
        ("生效日期", "2026-01-01", "2026-02-01"),
        ("失效日期", "2027-12-31", ""),
        ("办件类型", "即办件", "承诺件"),
        ("办理地点", "hall\ncommunity", "hall"),
        ("送达方式", "窗口\nEMS", "窗口\n\n 上门 \n"),
    ],
)
def test_a_changed_cell_of_an_item_is_told_with_old_and_new(
    guides: Guides, sheets: Sheets, head: str, old: str, new: str
) -> None:
    cells = {head: new}
    if head == "办件类型":  # then the promise has to go
        cells |= dict.fromkeys(["承诺办结时限", "承诺时限单位", "承诺时限依据"], "")
    number = row_of(sheets, "事项", "SB13")
    plan = planned(edited(sheets, "事项", number, **cells), guides)
    assert told(plan) == [("事项", number, "SB13", "changed")]
    shown = {"窗口\n\n 上门 \n": "窗口 / 上门", "无": "否"}.get(new, new)
    was = old.replace("\n", " / ")
    assert f"{head} “{was}” → “{shown}”" in messages(plan)[0]
    (item, _), *rest = plan.guides
    assert (item.item_id, rest) == ("SB13", [])


def test_several_changed_cells_of_an_item_are_told_in_one_row(
    guides: Guides, sheets: Sheets
) -> None:
    number = row_of(sheets, "事项", "MZ10")
    plan = planned(edited(sheets, "事项", number, 窗口="三号", 能否预约="有"), guides)
    assert len(plan.guides) == 1
    assert messages(plan)[0].count("→") == 2


@pytest.mark.parametrize(
    ("sheet", "head", "new"),
    [
        ("受理条件", "依据", "《南京市社会保障卡管理规定》"),
        ("情形", "居民怎么说", "找不着了"),
        ("情形", "选项", "卡没了"),
        ("申请材料", "填报须知", "带着就行"),
        ("申请材料", "原件份数", "2"),
        ("申请材料", "只适用于选项", "lost\nbroken"),
        ("办理步骤", "说明", "到窗口说一声"),
        ("期限", "依据", "办法第五条"),
        ("收费", "减免", "残疾人免"),
        ("发放标准", "多久一次", "每年"),
        ("设定依据", "条款", "第六十条"),
        ("常见问题", "哪一面", ""),
        ("易混事项", "怎么分", "一个领，一个补"),
        ("居民说法", "哪一面", "proxy"),
    ],
)
def test_a_changed_cell_of_a_list_is_told_with_its_row_and_both_values(
    guides: Guides, sheets: Sheets, sheet: str, head: str, new: str
) -> None:
    number = row_of(sheets, sheet, "SB13")
    old = dict(zip(sheets[sheet].heads, sheets[sheet].rows[number - 2], strict=True))[head]
    changed = edited(sheets, sheet, number, **{head: new})
    plan = planned(changed, guides)
    assert told(plan) == [(sheet, number, "SB13", "changed")]
    before, now = messages(plan)[0].split(" → ")
    assert all(part in before for part in old.split("\n"))
    assert all(part in now for part in new.split("\n"))
    assert after(plan, guides) == changed


def test_a_changed_row_further_down_is_told_with_its_own_number(
    guides: Guides, sheets: Sheets
) -> None:
    number = row_of(sheets, "申请材料", "近期白底证件照")
    plan = planned(edited(sheets, "申请材料", number, 必要性="容缺后补"), guides)
    assert told(plan) == [("申请材料", number, "SB13", "changed")]
    assert "近期白底证件照" in messages(plan)[0]
    assert "“非必要” → “容缺后补”" in messages(plan)[0]


def test_a_changed_option_is_told_in_the_words_of_its_sheet(guides: Guides, sheets: Sheets) -> None:
    number = row_of(sheets, "情形", "SB13", "broken")
    changed = edited(sheets, "情形", number, 选项="卡还在", 居民怎么说="坏了\n断了")
    before = guides["SB13"][0].situations[0].options[1]
    assert messages(planned(changed, guides)) == [
        f"broken：选项 “{before.label}” → “卡还在”；"
        f"居民怎么说 “{' / '.join(before.words)}” → “坏了 / 断了”"
    ]


@pytest.mark.parametrize("sheet", [sheet.name for sheet in LISTS])
def test_a_changed_list_is_told_with_the_headings_of_its_columns(
    guides: Guides, sheets: Sheets, sheet: str
) -> None:
    head = {"申请材料": "填报须知", "办理步骤": "说明", "居民说法": "哪一面", "情形": "居民怎么说"}
    head |= {"收费": "减免", "发放标准": "备注", "设定依据": "条款", "易混事项": "怎么分"}
    head |= {"常见问题": "哪一面", "受理条件": "依据", "期限": "依据"}
    if sheet == "别名":
        return  # its only column is its key
    number = row_of(sheets, sheet, "SB13")
    text = "when" if head[sheet] == "哪一面" else "按规定"
    (message,) = messages(planned(edited(sheets, sheet, number, **{head[sheet]: text}), guides))
    assert f"：{head[sheet]} “" in message
    assert message.endswith(f"” → “{text}”")


def test_a_report_reads_as_one_line() -> None:
    changed = RowReport("申请材料", 7, "SB13", "changed", "旧卡：填报须知 “a” → “b”")
    assert str(changed) == "changed  SB13   申请材料 第7行：旧卡：填报须知 “a” → “b”"
    assert str(RowReport("别名", 0, "SB13", "removed", "补卡")) == "removed  SB13   别名：补卡"
    assert str(RowReport("事项", 2, "SB13", "same")).endswith("事项 第2行：无改动")


# Added, removed and reordered rows


@pytest.mark.parametrize(
    ("sheet", "row"),
    [
        ("别名", ("SB13", "看病的卡补办")),
        ("受理条件", ("SB13", "旧卡在手上", "《社会保障卡管理办法》", "broken")),
        ("申请材料", ("SB13", "挂失回执", "必要", "原件", "1", "0", "纸质", "", "", "", "lost")),
        ("办理步骤", ("SB13", "查询", "打12333问做好没有", "后台")),
        ("期限", ("SB13", "换卡不用等到期")),
        ("收费", ("SB13", "加急费", "30元", "", "苏价费〔2018〕1号")),
        ("发放标准", ("SB13", "交通费")),
        ("设定依据", ("SB13", "江苏省社会保险条例")),
        ("常见问题", ("SB13", "周末开门吗？", "看大厅的时间。", "when")),
        ("易混事项", ("SB13", "MZ10", "一个是卡，一个是证")),
        ("居民说法", ("SB13", "医院里那张塑料片不灵了咋整", "dialect", "overview", "mined")),
        ("情形", ("SB13", "who", "是您本人来，还是请别人代办？", "grid", "网格员代办", "")),
    ],
)
def test_an_added_row_is_told_and_comes_in(
    guides: Guides, sheets: Sheets, sheet: str, row: tuple[str, ...]
) -> None:
    longer = with_rows(sheets, sheet, row)
    plan = planned(longer, guides)
    assert told(plan) == [(sheet, len(longer[sheet].rows) + 1, "SB13", "new")]
    assert messages(plan) == ["grid" if sheet == "情形" else row[1]]
    assert after(plan, guides) == longer


@pytest.mark.parametrize("sheet", [sheet.name for sheet in LISTS if sheet is not SITUATIONS])
def test_a_removed_row_is_told_and_goes(guides: Guides, sheets: Sheets, sheet: str) -> None:
    number = row_of(sheets, sheet, "SB13")
    shorter = without_row(sheets, sheet, number)
    plan = planned(shorter, guides)
    assert told(plan) == [(sheet, 0, "SB13", "removed")]
    assert messages(plan) == [sheets[sheet].rows[number - 2][1]]
    assert after(plan, guides) == shorter


def test_all_rows_of_an_item_removed_are_told_one_by_one(guides: Guides, sheets: Sheets) -> None:
    emptied = {**sheets, "收费": replace(sheets["收费"], rows=())}
    emptied = edited(emptied, "事项", row_of(sheets, "事项", "SB13"), 是否收费="")
    plan = planned(emptied, guides)
    assert [row[3] for row in told(plan)] == ["changed", "removed", "removed"]
    assert messages(plan)[1:] == ["工本费", "邮费"]
    assert after(plan, guides)["收费"].rows == ()


def test_a_situation_that_is_taken_out_is_told_and_goes(guides: Guides, sheets: Sheets) -> None:
    shorter = sheets
    for option in ("self", "agent"):
        shorter = without_row(shorter, "情形", row_of(shorter, "情形", "SB13", option))
    shorter = edited(
        shorter, "申请材料", row_of(sheets, "申请材料", "SB13", "agent"), 只适用于选项=""
    )
    plan = planned(shorter, guides)
    assert ("情形", 0, "SB13", "removed") in told(plan)
    assert after(plan, guides) == shorter


@pytest.mark.parametrize("sheet", [sheet.name for sheet in LISTS])
def test_rows_in_another_order_are_told_and_take_it(
    guides: Guides, sheets: Sheets, sheet: str
) -> None:
    first = row_of(sheets, sheet, "SB13") - 2
    table = sheets[sheet]
    turned = (*table.rows[:first], table.rows[first + 1], table.rows[first])
    swapped = {**sheets, sheet: replace(table, rows=(*turned, *table.rows[first + 2 :]))}
    plan = planned(swapped, guides)
    assert told(plan) == [(sheet, first + 2, "SB13", "changed")]
    assert messages(plan) == ["次序变了"]
    assert after(plan, guides) == swapped


def test_rows_of_several_items_may_stand_mixed(guides: Guides, sheets: Sheets) -> None:
    mixed = {
        name: replace(table, rows=tuple(sorted(table.rows, key=lambda row: row[0], reverse=True)))
        for name, table in sheets.items()
    }
    assert told(planned(mixed, guides)) == []


def test_a_renamed_row_is_one_removed_and_one_new(guides: Guides, sheets: Sheets) -> None:
    number = row_of(sheets, "申请材料", "SB13")
    plan = planned(edited(sheets, "申请材料", number, 材料名称="身份证"), guides)
    assert told(plan) == [
        ("申请材料", number, "SB13", "new"),
        ("申请材料", 0, "SB13", "removed"),
    ]


# Two rows with one key


@pytest.fixture(scope="module")
def twins(guides: Guides) -> Guides:
    """The old card is brought in both situations, each time in other words."""
    item, phrasings = guides["SB13"]
    card = next(material for material in item.materials if material.name == "旧的社保卡")
    other = altered(card, situation_ids=["lost"], note="捡回来了也带上")  # type: ignore[arg-type]
    return {"SB13": (altered(item, materials=[*item.materials, other]), phrasings)}


def _card_rows(sheets: Sheets) -> list[int]:
    rows = enumerate(sheets["申请材料"].rows, start=2)
    return [number for number, row in rows if row[1] == "旧的社保卡"]


def test_two_rows_of_one_name_come_back_unchanged(twins: Guides) -> None:
    sheets = named(guide_tables(twins))
    assert told(planned(sheets, twins)) == []
    assert len(_card_rows(sheets)) == 2


@pytest.mark.parametrize("which", [0, 1])
def test_one_of_two_rows_of_one_name_is_changed_alone(twins: Guides, which: int) -> None:
    sheets = named(guide_tables(twins))
    number = _card_rows(sheets)[which]
    changed = edited(sheets, "申请材料", number, 来源渠道="家里找找")
    plan = planned(changed, twins)
    assert told(plan) == [("申请材料", number, "SB13", "changed")]
    assert messages(plan)[0].count("→") == 1
    assert after(plan, twins) == changed


@pytest.mark.parametrize("which", [0, 1])
def test_one_of_two_rows_of_one_name_is_removed_alone(twins: Guides, which: int) -> None:
    sheets = named(guide_tables(twins))
    shorter = without_row(sheets, "申请材料", _card_rows(sheets)[which])
    plan = planned(shorter, twins)
    assert told(plan) == [("申请材料", 0, "SB13", "removed")]
    assert messages(plan) == ["旧的社保卡"]
    assert after(plan, twins) == shorter


def test_a_third_row_of_one_name_is_new(twins: Guides) -> None:
    sheets = named(guide_tables(twins))
    card = dict(sheets["申请材料"].dicts())[_card_rows(sheets)[1]]
    longer = with_rows(sheets, "申请材料", tuple({**card, "填报须知": "另一张"}.values()))
    plan = planned(longer, twins)
    assert told(plan) == [("申请材料", len(longer["申请材料"].rows) + 1, "SB13", "new")]
    assert after(plan, twins) == longer


@pytest.mark.parametrize("head", ["填报须知", "只适用于选项", "来源渠道"])
def test_a_missing_column_keeps_the_values_of_two_rows_of_one_name(
    twins: Guides, head: str
) -> None:
    sheets = without_columns(named(guide_tables(twins)), "申请材料", head)
    assert told(planned(sheets, twins)) == []


def test_two_rows_of_one_name_that_swap_places_only_change_their_order(twins: Guides) -> None:
    sheets = named(guide_tables(twins))
    table = sheets["申请材料"]
    one, two = (number - 2 for number in _card_rows(sheets))
    turned = list(table.rows)
    turned[one], turned[two] = turned[two], turned[one]
    plan = planned({**sheets, "申请材料": replace(table, rows=tuple(turned))}, twins)
    assert messages(plan) == ["次序变了"]


# Cells of Excel


def test_numbers_dates_and_yes_or_no_are_understood_as_excel_keeps_them(
    tmp_path: Path, guides: Guides
) -> None:
    path = tmp_path / "a.xlsx"
    through_a_file(path, guides)
    book = load_workbook(path)
    heads = [cell.value for cell in book["事项"][1]]
    row = next(row for row in book["事项"].iter_rows() if row[0].value == "SB13")
    typed: dict[str, Any] = {
        "法定办结时限": 15.0,
        "到办事现场次数": 2,
        "生效日期": date(2026, 2, 1),
        "能否预约": True,
        "咨询电话": 12345678,
    }
    for head, value in typed.items():
        row[heads.index(head)].value = value
    book.save(path)
    (item, _), *rest = planned(read_workbook(path), guides).guides
    assert rest == []
    assert item == altered(
        guides["SB13"][0],
        handling__statutory=Days(days=15, basis="办法第三条"),
        handling__visits__count=2,
        handling__appointment=True,
        effective_from=date(2026, 2, 1),
        consult_phone="12345678",
    )


# What is missing stays


@pytest.mark.parametrize("head", [head for head in ITEM_HEADS.values() if head != "编号"])
def test_a_missing_column_of_the_items_keeps_its_values(
    guides: Guides, sheets: Sheets, head: str
) -> None:
    assert told(planned(without_columns(sheets, "事项", head), guides)) == []


@pytest.mark.parametrize(
    ("sheet", "head"),
    [
        (sheet.name, head)
        for sheet in LISTS
        for name, head in sheet.heads.items()
        if name != sheet.key
    ],
)
def test_a_missing_column_of_a_list_keeps_its_values(
    guides: Guides, sheets: Sheets, sheet: str, head: str
) -> None:
    assert told(planned(without_columns(sheets, sheet, head), guides)) == []


def test_a_missing_column_keeps_its_values_by_name_in_another_order(
    guides: Guides, sheets: Sheets
) -> None:
    bare = without_columns(sheets, "受理条件", "依据", "只适用于选项")
    table = bare["受理条件"]
    turned = {**bare, "受理条件": replace(table, rows=table.rows[::-1])}
    item, _ = planned(turned, guides).guides[-1]
    assert item.item_id == "SB13"
    assert item.accept_conditions == guides["SB13"][0].accept_conditions[::-1]


def test_a_new_row_has_defaults_in_the_columns_that_are_missing(
    guides: Guides, sheets: Sheets
) -> None:
    bare = without_columns(sheets, "受理条件", "依据", "只适用于选项")
    plan = planned(with_rows(bare, "受理条件", ("SB13", "卡是南京发的")), guides)
    (item, _), *_ = plan.guides
    assert item.accept_conditions[-1] == Condition(text="卡是南京发的")


@pytest.mark.parametrize("sheet", [sheet.name for sheet in LISTS])
def test_a_missing_sheet_keeps_its_rows(guides: Guides, sheets: Sheets, sheet: str) -> None:
    fewer = {name: table for name, table in sheets.items() if name != sheet}
    assert told(planned(fewer, guides)) == []


def test_one_column_of_the_items_alone_changes_nothing_else(guides: Guides) -> None:
    alone = {"事项": Table("事项", ("编号", "窗口"), (("SB13", "三号窗口"),))}
    plan = planned(alone, guides)
    assert told(plan) == [("事项", 2, "SB13", "changed")]
    assert plan.guides == [(altered(guides["SB13"][0], window="三号窗口"), guides["SB13"][1])]


def test_items_that_are_not_on_the_first_sheet_are_left_alone(
    guides: Guides, sheets: Sheets
) -> None:
    only = {name: table for name, table in sheets.items() if name == "事项"}
    fewer = without_row(only, "事项", row_of(only, "事项", "GG08"))
    plan = planned(fewer, guides)
    assert told(plan) == []
    assert {row.item_id for row in plan.rows} == {"MZ10", "SB13"}


def test_an_empty_column_without_a_heading_is_no_error(guides: Guides, sheets: Sheets) -> None:
    assert told(planned(with_column(sheets, "事项", ""), guides)) == []


# Rows that cannot be


@pytest.mark.parametrize("sheet", ["事项", "申请材料", "情形"])
def test_a_column_that_nobody_knows_is_named(guides: Guides, sheets: Sheets, sheet: str) -> None:
    plan = planned(with_column(sheets, sheet, "颜色"), guides)
    assert told(plan) == [(sheet, 1, "", "error")]
    assert "颜色" in messages(plan)[0]


@pytest.mark.parametrize(
    "sheets",
    [
        {},
        {"事项": Table("事项", (), ())},
        {"事项": Table("事项", ("事项名称",), (("补卡",),))},
        {"申请材料": Table("申请材料", ("编号", "材料名称"), (("SB13", "身份证"),))},
    ],
)
def test_a_workbook_without_items_is_refused(guides: Guides, sheets: Sheets) -> None:
    with pytest.raises(WorkbookError, match="expected a sheet “事项” with a column “编号”"):
        planned(sheets, guides)


@pytest.mark.parametrize("name", ["申请材料 (2)", "我的计算", "基本信息"])
def test_a_sheet_that_nobody_knows_is_named(guides: Guides, sheets: Sheets, name: str) -> None:
    plan = planned({**sheets, name: Table(name, (), ())}, guides)
    assert told(plan) == [(name, 0, "", "error")]
    assert messages(plan) == ["不认识的表，请改回原来的表名，不要的请删掉"]


def test_the_sheet_of_notes_is_no_unknown_sheet(guides: Guides, sheets: Sheets) -> None:
    assert told(planned({**sheets, "说明": Table("说明", (), ())}, guides)) == []


@pytest.mark.parametrize("sheet", [sheet.name for sheet in LISTS])
def test_a_list_without_headings_takes_nothing_out(
    guides: Guides, sheets: Sheets, sheet: str
) -> None:
    plan = planned({**sheets, sheet: Table(sheet, (), ())}, guides)
    assert told(plan) == [(sheet, 1, "", "error")]
    assert messages(plan)[0].startswith("缺这些列：编号、")


@pytest.mark.parametrize("sheet", LISTS, ids=lambda sheet: sheet.name)
def test_a_list_without_the_column_that_tells_its_rows_apart_is_refused(
    guides: Guides, sheets: Sheets, sheet: Sheet
) -> None:
    head = sheet.heads[sheet.key]
    plan = planned(without_columns(sheets, sheet.name, head), guides)
    assert told(plan) == [(sheet.name, 1, "", "error")]
    assert messages(plan) == [f"缺这些列：{head}"]


def test_a_new_row_needs_the_columns_that_have_no_default(guides: Guides, sheets: Sheets) -> None:
    bare = without_columns(sheets, "常见问题", "回答", "哪一面")
    longer = with_rows(bare, "常见问题", ("SB13", "周末开门吗？"))
    plan = planned(longer, guides)
    assert told(plan) == [("常见问题", len(longer["常见问题"].rows) + 1, "SB13", "error")]
    assert messages(plan) == ["新加的要有这些列：回答"]


def test_an_item_outside_the_catalogue_is_refused(guides: Guides, sheets: Sheets) -> None:
    number = row_of(sheets, "事项", "SB13")
    alone = {"事项": edited(sheets, "事项", number, 编号="XX99")["事项"]}
    items = {key: guide for key, guide in guides.items() if key != "SB13"}
    plan = planned(alone, items)
    assert told(plan) == [("事项", number, "XX99", "error")]
    assert messages(plan) == ["编号 XX99 不在 193 项目录里"]


@pytest.mark.parametrize("sheet", ["申请材料", "别名", "居民说法"])
def test_a_row_of_an_item_that_is_not_there_is_put_to_its_row(
    guides: Guides, sheets: Sheets, sheet: str
) -> None:
    longer = with_rows(sheets, sheet, ("SB99", "身份证"))
    plan = planned(longer, guides)
    assert told(plan) == [(sheet, len(longer[sheet].rows) + 1, "SB99", "error")]
    assert "SB99" in messages(plan)[0]


def test_an_id_that_stands_twice_is_put_to_the_second_row(guides: Guides, sheets: Sheets) -> None:
    twice = with_rows(sheets, "事项", sheets["事项"].rows[0])
    plan = planned(twice, guides)
    assert told(plan) == [("事项", len(twice["事项"].rows) + 1, "GG08", "error")]
    assert messages(plan) == ["编号重复"]


def test_a_row_without_an_id_is_put_to_its_row(guides: Guides, sheets: Sheets) -> None:
    longer = with_rows(sheets, "事项", ("", "没有编号的事"))
    plan = planned(longer, guides)
    assert told(plan) == [("事项", len(longer["事项"].rows) + 1, "", "error")]
    assert messages(plan) == ["没有编号"]


@pytest.mark.parametrize(
    ("sheet", "head", "text", "complaint"),
    [
        ("事项", "版本", "一", "“版本”要填整数，现在是“一”"),
        ("事项", "法定办结时限", "20天", "要填整数，现在是“20天”"),
        ("事项", "法定办结时限", "-1", "要填整数，现在是“-1”"),
        ("事项", "法定办结时限", "1.5", "要填整数，现在是“1.5”"),
        ("申请材料", "原件份数", "两份", "“原件份数”要填整数，现在是“两份”"),
        ("事项", "能否预约", "可以", "“能否预约”要填是或否，现在是“可以”"),
        ("事项", "能否预约", "", "“能否预约”要填是或否，现在是“”"),
        ("事项", "是否收费", "不知道", "“是否收费”要填是或否，现在是“不知道”"),
        ("事项", "已核实", "√", "要填是或否，现在是“√”"),
        ("事项", "生效日期", "2026年1月1日", "要填日期，比如2026-11-22，现在是“2026年1月1日”"),
        ("事项", "生效日期", "2026-02-30", "要填日期"),
        ("事项", "来源日期", "昨天", "“来源日期”要填日期"),
        ("事项", "咨询电话", "1" * 41, "最多40个字，现在有41个"),
        ("办理步骤", "途径", "长" * 11, "“途径”最多10个字，现在有11个"),
        ("申请材料", "材料名称", "", "“材料名称”是空的"),
        ("居民说法", "说法", "", "“说法”是空的"),
        ("情形", "情形编号", "", "“情形编号”是空的"),
        ("情形", "问题", "", "“问题”是空的"),
        ("情形", "选项编号", "", "“选项编号”是空的"),
        ("情形", "选项", "", "“选项”是空的"),
        ("情形", "情形编号", "x" * 41, "“情形编号”最多40个字，现在有41个"),
        ("办理步骤", "步骤", "长" * 41, "“步骤”最多40个字，现在有41个"),
        ("申请材料", "原件份数", "3000000000", "“原件份数”最大2147483647，现在是“3000000000”"),
        ("申请材料", "复印件份数", "9" * 5000, "“复印件份数”最大2147483647"),
        ("事项", "版本", "", "“版本”要填整数，现在是“”"),
        ("事项", "到办事现场次数", "", "“到办事现场次数”要填整数，现在是“”"),
        ("事项", "来源日期", "", "“来源日期”要填日期，比如2026-11-22，现在是“”"),
        ("事项", "法定时限单位", "", "“法定办结时限”填了，“法定时限单位”是空的"),
        ("申请材料", "必要性", "需要", "“必要性”要填 必要、容缺后补、非必要 之一，现在是“需要”"),
        ("申请材料", "必要性", "", "“必要性”要填 必要、容缺后补、非必要 之一，现在是“”"),
        ("事项", "送达方式", "窗口\n快递", "之一，现在是“快递”"),
    ],
)
def test_a_cell_that_cannot_be_read_is_put_to_its_row_with_what_was_expected(
    guides: Guides, sheets: Sheets, sheet: str, head: str, text: str, complaint: str
) -> None:
    number = row_of(sheets, sheet, "SB13")
    plan = planned(edited(sheets, sheet, number, **{head: text}), guides)
    assert told(plan) == [(sheet, number, "SB13", "error")]
    assert complaint in messages(plan)[0]


@pytest.mark.parametrize(
    ("sheet", "head", "key"),
    [
        ("事项", "办件类型", "SB13"),
        ("事项", "状态", "SB13"),
        ("事项", "服务对象", "SB13"),
        ("事项", "送达方式", "SB13"),
        ("事项", "法定时限单位", "SB13"),
        ("申请材料", "必要性", "旧的社保卡"),
        ("申请材料", "材料形式", "近期白底证件照"),
        ("办理步骤", "途径", "领卡"),
        ("常见问题", "哪一面", "一定要回原来那家银行换吗？"),
        ("居民说法", "风格", "SB13"),
        ("居民说法", "来路", "SB13"),
    ],
)
def test_a_word_outside_its_list_is_put_to_its_own_row(
    guides: Guides, sheets: Sheets, sheet: str, head: str, key: str
) -> None:
    number = row_of(sheets, sheet, "SB13", key)
    plan = planned(edited(sheets, sheet, number, **{head: "随便"}), guides)
    assert told(plan) == [(sheet, number, "SB13", "error")]
    (message,) = messages(plan)
    assert message.startswith(f"“{head}”要填 ")
    assert message.endswith(" 之一，现在是“随便”")


def test_one_question_in_two_wordings_is_put_to_the_second_row(
    guides: Guides, sheets: Sheets
) -> None:
    number = row_of(sheets, "情形", "SB13", "broken")
    plan = planned(edited(sheets, "情形", number, 问题="怎么了？"), guides)
    assert told(plan) == [("情形", number, "SB13", "error")]
    assert messages(plan) == ["情形“why”有两种问法"]


def test_every_wrong_row_is_told_at_once(guides: Guides, sheets: Sheets) -> None:
    wrong = edited(sheets, "事项", row_of(sheets, "事项", "SB13"), 能否预约="可以", 版本="一")
    wrong = edited(wrong, "申请材料", row_of(sheets, "申请材料", "GG08"), 原件份数="一")
    wrong = edited(wrong, "居民说法", row_of(sheets, "居民说法", "MZ10"), 风格="随便")
    plan = planned(wrong, guides)
    assert {(r.sheet, r.item_id) for r in plan.errors} == {
        ("事项", "SB13"),
        ("申请材料", "GG08"),
        ("居民说法", "MZ10"),
    }
    assert len(plan.errors) == 4


@pytest.mark.parametrize(
    ("sheet", "cells", "rule"),
    [
        ("事项", {"承诺时限依据": ""}, "basis: promised 0 工作日 has no basis"),
        ("事项", {"法定时限依据": ""}, "basis: statutory 20 工作日 has no basis"),
        ("事项", {"适用情形": "满18周岁的人来办"}, "basis: figure 18周岁"),
        ("事项", {"结果有效期": "10个月内"}, "basis: validity"),
        ("事项", {"必须到场原因": ""}, "visit-reason"),
        ("事项", {"失效日期": "2026-11-22"}, "expired"),
        ("收费", {"依据": ""}, "basis: fee “工本费” has no basis"),
        ("发放标准", {"依据": ""}, "basis: amount “补贴” has no basis"),
        ("受理条件", {"条件": "满16周岁"}, "basis: condition “满16周岁” has no basis"),
        ("期限", {"期限": "30天之内"}, "basis: deadline “30天之内” has no basis"),
        ("申请材料", {"原件份数": "0", "材料形式": "纸质"}, "material-count"),
        ("申请材料", {"只适用于选项": "nobody"}, "situations: unknown option “nobody”"),
        ("常见问题", {"回答": "请看www.example.cn"}, "web-address"),
    ],
)
def test_what_lint_forbids_stands_in_the_way(
    guides: Guides, sheets: Sheets, sheet: str, cells: dict[str, str], rule: str
) -> None:
    number = row_of(sheets, sheet, "SB13")
    plan = planned(edited(sheets, sheet, number, **cells), guides)
    assert {(r.sheet, r.item_id) for r in plan.errors} == {("事项", "SB13")}
    assert any(message.startswith(rule) for message in messages(plan))
    assert plan.guides == []


@pytest.mark.parametrize(
    ("sheet", "cells", "complaint"),
    [
        ("事项", {"事项名称": "补社保卡"}, "catalogue: name: 补社保卡 is not"),
        ("事项", {"类别": "民政"}, "catalogue: category: 民政 is not 社会保障"),
        ("事项", {"服务对象": "法人"}, "catalogue: audience:"),
        ("事项", {"办理地点": "hall\nmoon"}, "reference: “moon” does not exist"),
        ("易混事项", {"易混编号": "ZZ99"}, "reference: “ZZ99” does not exist"),
    ],
)
def test_what_a_publication_would_refuse_stands_in_the_way(
    shipped: KnowledgeFiles, guides: Guides, sheets: Sheets, sheet: str, cells: Any, complaint: str
) -> None:
    number = row_of(sheets, sheet, "SB13")
    plan = planned(edited(sheets, sheet, number, **cells), guides, shipped)
    assert {(r.sheet, r.item_id) for r in plan.errors} == {("事项", "SB13")}
    assert any(message.startswith(complaint) for message in messages(plan))
    assert plan.guides == []


@pytest.mark.parametrize("owner", ["CG01", "WJ03"])
def test_words_of_another_item_stand_in_the_way_of_the_imported_one(
    shipped: KnowledgeFiles, guides: Guides, sheets: Sheets, owner: str
) -> None:
    taken = shipped.phrasings[owner][0].text
    longer = with_rows(sheets, "居民说法", ("SB13", f"{taken}？！", *_plain()))
    plan = planned(longer, guides, shipped)
    number = row_of(sheets, "事项", "SB13")
    assert told(plan) == [("事项", number, "SB13", "error")]
    assert messages(plan)[0].startswith("shared-phrasing: ")


def test_words_of_another_record_stand_in_the_way(
    shipped: KnowledgeFiles, guides: Guides, sheets: Sheets
) -> None:
    taken = shipped.subjects[0].phrasings[0]
    plan = planned(with_rows(sheets, "居民说法", ("SB13", taken, *_plain())), guides, shipped)
    assert [(r.sheet, r.item_id) for r in plan.errors] == [("事项", "SB13")]


def test_an_error_that_was_there_before_stands_in_nobodys_way(
    shipped: KnowledgeFiles, guides: Guides
) -> None:
    item, phrasings = guides["SB13"]
    stored = {"SB13": (altered(item, effective_until=date(2026, 11, 22)), phrasings)}
    files = replace(shipped, items={**shipped.items, "SB13": stored["SB13"][0]})
    sheets = named(guide_tables(stored))
    plan = planned(edited(sheets, "事项", 2, 窗口="三号"), stored, files)
    assert told(plan) == [("事项", 2, "SB13", "changed")]
    later = planned(edited(sheets, "事项", 2, 失效日期="2026-11-21"), stored, files)
    assert [row.message for row in later.errors] == ["expired: effective_until 2026-11-21"]


def test_a_draft_is_held_to_the_same_rules(
    shipped: KnowledgeFiles, guides: Guides, sheets: Sheets
) -> None:
    number = row_of(sheets, "事项", "SB13")
    wrong = edited(sheets, "事项", number, 状态="draft", 办理地点="moon")
    assert messages(planned(wrong, guides, shipped)) == ["reference: “moon” does not exist"]


def test_two_phrasings_that_are_nearly_the_same_stand_in_the_way(
    guides: Guides, sheets: Sheets
) -> None:
    text = guides["SB13"][1][0].text
    plan = planned(with_rows(sheets, "居民说法", ("SB13", f"{text}！", *_plain())), guides)
    assert [message.split(":")[0] for message in messages(plan)] == ["near-duplicate"]


def _plain() -> tuple[str, str, str]:
    return "plain", "overview", "written"


def test_a_warning_of_lint_stands_in_nobodys_way(guides: Guides, sheets: Sheets) -> None:
    number = row_of(sheets, "申请材料", "SB13")
    plan = planned(edited(sheets, "申请材料", number, 来源渠道=""), guides)
    assert plan.errors == []
    assert len(plan.guides) == 1


def test_an_older_version_is_a_conflict_even_where_nothing_else_changed(
    guides: Guides, sheets: Sheets
) -> None:
    item, phrasings = guides["SB13"]
    now = {**guides, "SB13": (altered(item, version=3), phrasings)}
    plan = planned(sheets, now)
    assert told(plan) == [("事项", row_of(sheets, "事项", "SB13"), "SB13", "error")]
    assert messages(plan) == ["conflict: 导出时是第1版，库里已经是第3版，请重新导出再改"]


def test_a_workbook_without_versions_cannot_conflict(guides: Guides, sheets: Sheets) -> None:
    item, phrasings = guides["SB13"]
    now = {**guides, "SB13": (altered(item, version=3), phrasings)}
    assert told(planned(without_columns(sheets, "事项", "版本"), now)) == []


def test_a_new_guide_brings_its_version(guides: Guides, sheets: Sheets) -> None:
    number = row_of(sheets, "事项", "SB13")
    fewer = {key: guide for key, guide in guides.items() if key != "SB13"}
    plan = planned(edited(sheets, "事项", number, 版本="7"), fewer)
    assert told(plan) == [("事项", number, "SB13", "new")]
    assert [item.version for item, _ in plan.guides] == [7]


def test_a_new_guide_needs_more_than_a_name(shipped: KnowledgeFiles) -> None:
    alone = {"事项": Table("事项", ("编号", "事项名称"), (("SB13", "补卡"),))}
    plan = planned(alone, {})
    assert told(plan) == [("事项", 2, "SB13", "error")]
    assert messages(plan)[0].startswith("新加的要有这些列：简称、类别、事项类型、")


@settings(deadline=None, max_examples=100)
@given(data=st.data())
def test_whatever_stands_in_a_cell_is_refused_or_comes_back_when_it_is_exported(
    guides: Guides, sheets: Sheets, data: st.DataObject
) -> None:
    sheet = data.draw(st.sampled_from(sorted(sheets)))
    number = data.draw(st.integers(2, len(sheets[sheet].rows) + 1))
    head = data.draw(st.sampled_from(sheets[sheet].heads))
    kinds = st.one_of(st.text(max_size=60), st.integers().map(str), st.dates().map(str))
    text = data.draw(kinds).strip()
    plan = planned(edited(sheets, sheet, number, **{head: text}), guides)
    assert "$" not in "".join(report.message for report in plan.errors).replace(text, "")
    if not plan.errors:
        now = {**guides, **{item.item_id: (item, said) for item, said in plan.guides}}
        assert told(planned(named(guide_tables(now)), now)) == []


# What is written


def test_a_plan_writes_nothing(release: Guides) -> None:
    sheets = named(guide_tables(release))
    plan = planned(edited(sheets, "事项", row_of(sheets, "事项", "SB13"), 窗口="三号"), release)
    assert len(plan.guides) == 1
    assert stored_guides() == release
    assert not rows.ServiceItem.objects.filter(edited=True).exists()


def test_a_changed_guide_is_stored_as_an_edit_with_its_next_version(release: Guides) -> None:
    sheets = named(guide_tables(release))
    changed = edited(sheets, "事项", row_of(sheets, "事项", "SB13"), 窗口="三号")
    changed = without_row(changed, "别名", row_of(changed, "别名", "SB13", "补社保卡"))
    changed = with_rows(changed, "居民说法", ("SB13", "看病那张卡没影了", *_plain()))
    assert import_apply(planned(changed, release)) == 1
    item, phrasings = stored_guides()["SB13"]
    assert (item.window, item.version) == ("三号", 2)
    assert "补社保卡" not in item.aliases
    assert phrasings[-1].text == "看病那张卡没影了"
    assert len(phrasings) == len(release["SB13"][1]) + 1
    assert rows.ServiceItem.objects.get(pk="SB13").edited


def test_guides_without_a_change_are_not_touched(release: Guides) -> None:
    sheets = named(guide_tables(release))
    changed = edited(sheets, "事项", row_of(sheets, "事项", "SB13"), 窗口="三号")
    import_apply(planned(changed, release))
    untouched = rows.ServiceItem.objects.filter(edited=False, version=1)
    assert {item.pk for item in untouched} == {"GG08", "MZ10"}


def test_the_same_workbook_a_second_time_is_a_conflict(release: Guides) -> None:
    sheets = named(guide_tables(release))
    changed = edited(sheets, "事项", row_of(sheets, "事项", "SB13"), 窗口="三号")
    import_apply(planned(changed, release))
    plan = planned(changed, stored_guides())
    assert [(row.item_id, row.message[:8]) for row in plan.errors] == [("SB13", "conflict")]


def test_two_clerks_with_the_same_export_do_not_overwrite_each_other(release: Guides) -> None:
    sheets = named(guide_tables(release))
    number = row_of(sheets, "事项", "SB13")
    import_apply(planned(edited(sheets, "事项", number, 窗口="三号"), release))
    plan = planned(edited(sheets, "事项", number, 窗口="四号"), stored_guides())
    with pytest.raises(WorkbookError):
        import_apply(plan)
    assert stored_guides()["SB13"][0].window == "三号"


def test_a_new_export_after_an_import_changes_nothing(release: Guides) -> None:
    sheets = named(guide_tables(release))
    changed = edited(sheets, "事项", row_of(sheets, "事项", "SB13"), 窗口="三号")
    import_apply(planned(changed, release))
    stored = stored_guides()
    assert told(planned(named(guide_tables(stored)), stored)) == []


def test_one_wrong_row_keeps_the_whole_workbook_out(release: Guides) -> None:
    sheets = named(guide_tables(release))
    wrong = edited(sheets, "事项", row_of(sheets, "事项", "SB13"), 窗口="三号")
    wrong = edited(wrong, "申请材料", row_of(sheets, "申请材料", "GG08"), 原件份数="一")
    plan = planned(wrong, release)
    with pytest.raises(WorkbookError, match="1 rows have errors, nothing was stored"):
        import_apply(plan)
    assert stored_guides() == release


def test_one_figure_without_basis_keeps_the_whole_workbook_out(release: Guides) -> None:
    sheets = named(guide_tables(release))
    wrong = edited(sheets, "事项", row_of(sheets, "事项", "SB13"), 窗口="三号")
    wrong = edited(wrong, "发放标准", row_of(sheets, "发放标准", "GG08"), 依据="")
    plan = planned(wrong, release)
    assert [row.item_id for row in plan.errors] == ["GG08"]
    with pytest.raises(WorkbookError, match="nothing was stored"):
        import_apply(plan)
    assert stored_guides() == release


def test_a_column_that_nobody_knows_keeps_the_whole_workbook_out(release: Guides) -> None:
    sheets = with_column(named(guide_tables(release)), "别名", "颜色")
    changed = edited(sheets, "事项", row_of(sheets, "事项", "SB13"), 窗口="三号")
    with pytest.raises(WorkbookError):
        import_apply(planned(changed, release))
    assert stored_guides() == release


def test_a_failure_half_way_leaves_nothing_behind(
    release: Guides, monkeypatch: pytest.MonkeyPatch
) -> None:
    sheets = named(guide_tables(release))
    for item_id in ("GG08", "SB13"):
        sheets = edited(sheets, "事项", row_of(sheets, "事项", item_id), 窗口="三号")
    plan = planned(sheets, release)

    def fail_at_the_second(item_id: str) -> None:
        if item_id == "SB13":
            raise OSError("the disk is full")

    monkeypatch.setattr(importing, "item_edited", fail_at_the_second)
    with pytest.raises(OSError, match="disk is full"):
        import_apply(plan)
    assert stored_guides() == release


def test_an_imported_guide_is_left_alone_by_the_next_release(
    shipped: KnowledgeFiles, release: Guides
) -> None:
    sheets = named(guide_tables(release))
    changed = edited(sheets, "事项", row_of(sheets, "事项", "SB13"), 窗口="三号")
    import_apply(planned(changed, release))
    files = tiny(shipped, "SB13", "GG08", "MZ10")
    better = altered(files.items["SB13"], scope="新版的说法")
    services.knowledge_load(replace(files, items={**files.items, "SB13": better}))
    stored, _ = stored_guides()["SB13"]
    assert stored.window == "三号"
    assert stored.scope != "新版的说法"


def test_a_new_guide_is_stored_as_the_offices_own(shipped: KnowledgeFiles, release: Guides) -> None:
    more = {"SB12": (shipped.items["SB12"], shipped.phrasings["SB12"])}
    assert import_apply(planned(named(guide_tables(more)), release, shipped)) == 1
    assert stored_guides() == {**release, **more}
    stored = rows.ServiceItem.objects.get(pk="SB12")
    assert (stored.edited, stored.shipped_fingerprint) == (True, "")
    services.knowledge_load(tiny(shipped, "SB13", "GG08", "MZ10"))
    assert "SB12" in stored_guides()
