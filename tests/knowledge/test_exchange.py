"""Our sheets and the fields of the national exchange tables, out and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from knowledge import exchange
from knowledge.exchange import (
    BASIC,
    EXCHANGE_NOTES,
    EXTEND,
    MATERIAL,
    NAME,
    OWN_ID,
    exchange_tables,
    guide_form,
    is_exchange,
)
from knowledge.files import KnowledgeFiles, load_catalogue
from knowledge.importing import Plan, import_plan
from knowledge.record import Condition, Fee, Step
from knowledge.sheets import ITEM_HEADS, LISTS, NOTES, Guides, guide_tables
from knowledge.workbook import Table, WorkbookError, read_workbook, write_workbook
from tests.people import altered

TODAY = date(2026, 11, 23)
CATALOGUE = load_catalogue()
CONDITIONS, FLOW, FEES, LAWS = (
    "ACCEPTCONDITION 受理条件",
    "HANDLEFLOW 办理流程",
    "FEEBASIS 收费依据",
    "BYLAW 设定依据",
)
CARD = "社会保障卡补领换领"
Sheets = dict[str, Table]


def form(guides: Guides) -> Sheets:
    """The exchange tables of guides, by name."""
    return {table.name: table for table in exchange_tables(guide_tables(guides))}


def planned(tables: Mapping[str, Table], guides: Guides) -> Plan:
    """What importing the exchange tables would do."""
    items = {item_id: item for item_id, (item, _) in guides.items()}
    said = {item_id: list(phrasings) for item_id, (_, phrasings) in guides.items()}
    ours = guide_form(tables, guide_tables(guides))
    return import_plan(ours, guides, KnowledgeFiles(CATALOGUE, items, said), TODAY)


def told(plan: Plan) -> list[tuple[str, str, str]]:
    """(sheet, status, message) of every report that tells more than “no change”."""
    return [(r.sheet, r.status, r.message) for r in plan.rows if r.status != "same"]


def edited(tables: Sheets, sheet: str, name: str, cells: Mapping[str, str]) -> Sheets:
    """The tables with other texts in the first row that holds ``name``."""
    table = tables[sheet]
    number = next(n for n, row in enumerate(table.rows) if name in row)
    row = {**dict(zip(table.heads, table.rows[number], strict=True)), **cells}
    changed = (*table.rows[:number], tuple(row.values()), *table.rows[number + 1 :])
    return {**tables, sheet: replace(table, rows=changed)}


def without_columns(tables: Sheets, sheet: str, *heads: str) -> Sheets:
    """The tables with columns taken out of one."""
    table = tables[sheet]
    kept = [n for n, head in enumerate(table.heads) if head not in heads]
    left = tuple(tuple(row[n] for n in kept) for row in table.rows)
    return {**tables, sheet: Table(sheet, tuple(table.heads[n] for n in kept), left)}


def cell(tables: Sheets, sheet: str, name: str, head: str) -> str:
    """One cell of the first row that holds ``name``."""
    return next(cells for _, cells in tables[sheet].dicts() if name in cells.values())[head]


@pytest.fixture(scope="module")
def guides(shipped: KnowledgeFiles) -> Guides:
    """Three guides as they ship."""
    return {i: (shipped.items[i], shipped.phrasings[i]) for i in ("GG08", "MZ10", "SB13")}


@pytest.fixture(scope="module")
def tables(guides: Guides) -> Sheets:
    """The exchange tables of the three guides."""
    return form(guides)


# Out and back


def test_every_shipped_guide_goes_out_and_comes_back_unchanged(shipped: KnowledgeFiles) -> None:
    guides = {i: (item, shipped.phrasings[i]) for i, item in shipped.items.items()}
    plan = planned(form(guides), guides)
    assert len(plan.rows) == 193
    assert told(plan) == []


def test_the_form_goes_through_a_workbook_unchanged(tmp_path: Path, guides: Guides) -> None:
    write_workbook(tmp_path / "a.xlsx", exchange_tables(guide_tables(guides)), EXCHANGE_NOTES)
    read = read_workbook(tmp_path / "a.xlsx")
    assert {name: read[name] for name in (BASIC, EXTEND, MATERIAL)} == form(guides)
    assert told(planned(read, guides)) == []


def test_the_form_alone_makes_no_new_guide(guides: Guides, tables: Sheets) -> None:
    fewer = {item_id: guide for item_id, guide in guides.items() if item_id != "SB13"}
    with pytest.raises(WorkbookError, match=f"no item is called {CARD}"):
        planned(tables, fewer)


def test_the_form_is_told_from_our_own_sheets(guides: Guides, tables: Sheets) -> None:
    ours = {table.name: table for table in guide_tables(guides)}
    assert is_exchange(tables)
    assert not is_exchange(ours)
    assert not is_exchange({**ours, **tables})
    assert not is_exchange({})


def test_every_field_stands_for_a_column_of_ours() -> None:
    lists = {sheet.name: {"编号", *sheet.heads.values()} for sheet in LISTS}
    assert {field.ours for field in exchange.COLUMNS} <= set(ITEM_HEADS.values())
    assert {field.ours for field in exchange.MATERIALS} <= lists["申请材料"]
    for joined in exchange.LISTS:
        assert set(joined.columns) <= lists[joined.sheet]


def test_no_field_stands_for_two_columns_and_no_column_for_two_fields() -> None:
    fields = [*exchange.COLUMNS, *exchange.MATERIALS]
    heads = [(field.sheet, field.head) for field in fields]
    assert len(set(heads)) == len(heads)
    for group in (exchange.COLUMNS, exchange.MATERIALS):
        assert len({field.ours for field in group}) == len(group)


def test_the_sheets_carry_the_codes_with_their_chinese_names(tables: Sheets) -> None:
    assert list(tables) == ["基本信息", "扩展信息", "申请材料信息"]
    assert {"TASKNAME 事项名称", "PROMISEDAY 承诺办结时限", CONDITIONS} <= set(tables[BASIC].heads)
    assert tables[EXTEND].heads[0] == tables[MATERIAL].heads[0] == NAME
    assert "ISNEED 材料必要性" in tables[MATERIAL].heads


def test_what_we_know_stands_in_its_field(guides: Guides, tables: Sheets) -> None:
    item, _ = guides["SB13"]
    assert cell(tables, BASIC, CARD, OWN_ID) == "SB13"
    assert cell(tables, BASIC, CARD, "DEPTNAME 实施主体") == item.implementing_body
    assert cell(tables, EXTEND, CARD, "RESULTNAME 审批结果名称") == item.result.name
    names = [cells["MATERIALNAME 材料名称"] for _, cells in tables[MATERIAL].dicts()]
    assert names[-len(item.materials) :] == [material.name for material in item.materials]


def test_rows_of_ours_are_numbered_lines_of_one_field(guides: Guides, tables: Sheets) -> None:
    item, _ = guides["SB13"]
    lines = cell(tables, BASIC, CARD, CONDITIONS).split("\n")
    assert lines == [f"{n}. {c.text}" for n, c in enumerate(item.accept_conditions, start=1)]
    first, *_ = cell(tables, BASIC, CARD, FLOW).split("\n")
    assert first == "1. 挂失：卡丢了的先挂失，打12333或者在窗口一起办都行"
    assert cell(tables, BASIC, CARD, LAWS).startswith(
        "1. 中华人民共和国社会保险法：第五十八条\n2. "
    )
    assert cell(tables, BASIC, CARD, FEES) == ""


# A change comes in


@pytest.mark.parametrize(
    ("sheet", "head", "text", "said"),
    [
        (BASIC, "DEPTNAME 实施主体", "南京市人社局", "实施主体"),
        (BASIC, "LINKWAY 咨询方式", "12393", "咨询电话 “12333” → “12393”"),
        (BASIC, "ISFEE 是否收费", "否", "是否收费 “” → “否”"),
        (BASIC, "PLANCANCELDATE 计划取消日期", "2027-12-31", "失效日期 “” → “2027-12-31”"),
        (EXTEND, "HANDLEAREA 通办范围", "全省通办", "通办范围 “全市通办” → “全省通办”"),
        (EXTEND, "ISEXPRESS 是否支持物流快递", "否", "能否邮寄 “是” → “否”"),
    ],
)
def test_a_changed_field_changes_our_column(
    guides: Guides, tables: Sheets, sheet: str, head: str, text: str, said: str
) -> None:
    plan = planned(edited(tables, sheet, CARD, {head: text}), guides)
    ((place, status, message),) = told(plan)
    assert (place, status) == ("事项", "changed")
    assert said in message


def test_a_changed_material_keeps_what_the_form_does_not_know(
    guides: Guides, tables: Sheets
) -> None:
    changed = edited(tables, MATERIAL, "代办人的居民身份证", {"ISNEED 材料必要性": "容缺后补"})
    plan = planned(changed, guides)
    (item, _), *_ = plan.guides
    before = next(m for m in guides[item.item_id][0].materials if m.name == "代办人的居民身份证")
    now = next(m for m in item.materials if m.name == "代办人的居民身份证")
    assert now == altered(before, necessity="容缺后补")  # type: ignore[arg-type]
    assert now.situation_ids == ["agent"]


def test_laws_and_fees_only_go_out(guides: Guides, tables: Sheets) -> None:
    changed = edited(tables, BASIC, CARD, {LAWS: "1. 别的法", FEES: "1. 工本费：20元"})
    assert told(planned(changed, guides)) == []


def test_fees_go_out_with_their_standard(guides: Guides) -> None:
    fees = [Fee(name="工本费", standard="20元", basis="规定"), Fee(name="邮费", standard="到付")]
    item, phrasings = guides["SB13"]
    tables = form({"SB13": (altered(item, fee__charged=True, fee__fees=fees), phrasings)})
    assert cell(tables, BASIC, CARD, FEES) == "1. 工本费：20元\n2. 邮费：到付"


@pytest.mark.parametrize(
    "head", [f.head for f in exchange.COLUMNS if f.sheet == BASIC and f.head not in (NAME, OWN_ID)]
)
def test_a_field_that_an_office_leaves_out_keeps_our_value(
    guides: Guides, tables: Sheets, head: str
) -> None:
    assert told(planned(without_columns(tables, BASIC, head), guides)) == []


@pytest.mark.parametrize("sheet", [EXTEND, MATERIAL])
def test_a_sheet_that_an_office_leaves_out_keeps_our_values(
    guides: Guides, tables: Sheets, sheet: str
) -> None:
    fewer = {name: table for name, table in tables.items() if name != sheet}
    assert told(planned(fewer, guides)) == []


@pytest.mark.parametrize("head", [CONDITIONS, FLOW])
def test_a_joined_field_that_an_office_leaves_out_keeps_our_rows(
    guides: Guides, tables: Sheets, head: str
) -> None:
    assert told(planned(without_columns(tables, BASIC, head), guides)) == []


def test_a_material_column_that_an_office_leaves_out_keeps_our_values(
    guides: Guides, tables: Sheets
) -> None:
    fewer = without_columns(tables, MATERIAL, "FILLEXPLAIN 填报须知", "SOURCEEXPLAIN 来源渠道说明")
    assert told(planned(fewer, guides)) == []


def test_the_form_has_notes_of_its_own() -> None:
    text = "".join(EXCHANGE_NOTES)
    assert EXCHANGE_NOTES != NOTES
    for word in (BASIC, EXTEND, MATERIAL, "受理条件", "办理流程", "设定依据", "收费依据"):
        assert f"“{word}”" in text


# Joined rows taken apart


def test_an_item_without_a_row_in_the_second_sheet_keeps_our_values(
    guides: Guides, tables: Sheets
) -> None:
    fewer = replace(
        tables[EXTEND], rows=tuple(row for row in tables[EXTEND].rows if row[0] != CARD)
    )
    assert told(planned({**tables, EXTEND: fewer}, guides)) == []


def test_materials_without_headings_take_nothing_out(guides: Guides, tables: Sheets) -> None:
    plan = planned({**tables, MATERIAL: Table(MATERIAL, (), ())}, guides)
    assert told(plan) == [("申请材料", "error", "缺这些列：材料名称")]


def test_conditions_taken_apart_keep_their_basis_and_situations(
    guides: Guides, tables: Sheets
) -> None:
    item, _ = guides["SB13"]
    turned = "\n".join(c.text for c in reversed(item.accept_conditions))
    plan = planned(edited(tables, BASIC, CARD, {CONDITIONS: turned}), guides)
    assert told(plan) == [("受理条件", "changed", "次序变了")]
    ((now, _),) = plan.guides
    assert now.accept_conditions == item.accept_conditions[::-1]
    assert now.accept_conditions[1].basis == "《社会保障卡管理办法》"
    assert now.accept_conditions[1].situation_ids == ["lost"]


def test_a_condition_in_new_words_comes_without_basis(guides: Guides, tables: Sheets) -> None:
    item, _ = guides["SB13"]
    lines = cell(tables, BASIC, CARD, CONDITIONS)
    changed = edited(tables, BASIC, CARD, {CONDITIONS: lines + "\n4. 卡是南京发的"})
    plan = planned(changed, guides)
    assert told(plan) == [("受理条件", "new", "卡是南京发的")]
    ((now, _),) = plan.guides
    assert now.accept_conditions == [*item.accept_conditions, Condition(text="卡是南京发的")]


def test_a_figure_that_comes_without_basis_is_refused(guides: Guides, tables: Sheets) -> None:
    changed = edited(tables, BASIC, CARD, {CONDITIONS: "1. 满16周岁"})
    ((sheet, status, message),) = told(planned(changed, guides))
    assert (sheet, status) == ("事项", "error")
    assert "“满16周岁” has no basis" in message


@pytest.mark.parametrize("number", ["1.", "1. ", "1、", "1．", "1)", "(1)", "（1）", " 1） ", ""])
def test_the_number_before_a_line_and_the_blanks_around_it_are_taken_off(
    guides: Guides, tables: Sheets, number: str
) -> None:
    item, _ = guides["SB13"]
    lines = "\n".join(f"{number}{c.text} " for c in item.accept_conditions)
    changed = edited(tables, BASIC, CARD, {CONDITIONS: f"\n{lines}\n\n"})
    assert told(planned(changed, guides)) == []


@pytest.mark.parametrize(
    ("field", "texts"),
    [
        ("2026.1.1以前办过卡\n3.5万元以下", ["2026.1.1以前办过卡", "3.5万元以下"]),
        ("1. 2026.1.1以前办过卡\n2. 3.5万元以下", ["2026.1.1以前办过卡", "3.5万元以下"]),
        ("1、2级残疾\n2、有户口", ["1、2级残疾", "有户口"]),
        ("12333、12345都能问", ["12333、12345都能问"]),
        ("60周岁以上\n（2）有户口", ["60周岁以上", "有户口"]),
        ("9、有户口", ["9、有户口"]),
        ("1.有户口\n2.住在这里", ["有户口", "住在这里"]),
        ("1.\n2. 住在这里", ["住在这里"]),
    ],
)
def test_only_the_number_of_a_list_is_taken_off(
    guides: Guides, tables: Sheets, field: str, texts: list[str]
) -> None:
    theirs = edited(tables, BASIC, CARD, {CONDITIONS: field})
    ours = guide_form(theirs, guide_tables(guides))
    assert [row[1] for row in ours["受理条件"].rows if row[0] == "SB13"] == texts


def test_a_condition_with_a_line_break_goes_out_in_one_line_and_keeps_its_break(
    guides: Guides,
) -> None:
    item, phrasings = guides["SB13"]
    two = [Condition(text="卡丢了\n或者坏了", basis="规定"), Condition(text="卡是本市的")]
    mine = {"SB13": (altered(item, accept_conditions=two), phrasings)}
    tables = form(mine)
    assert cell(tables, BASIC, CARD, CONDITIONS) == "1. 卡丢了 或者坏了\n2. 卡是本市的"
    assert told(planned(tables, mine)) == []


def test_a_condition_that_begins_like_a_list_is_known_without_its_number(guides: Guides) -> None:
    item, phrasings = guides["SB13"]
    mine = {"SB13": (altered(item, accept_conditions=[Condition(text="1. 卡丢了")]), phrasings)}
    theirs = edited(form(mine), BASIC, CARD, {CONDITIONS: "1. 卡丢了"})
    assert told(planned(theirs, mine)) == []


@pytest.mark.parametrize("text", ["打电话：12333", "打电话\n或者来", ""])
def test_a_step_with_a_colon_in_its_name_comes_back_with_its_way(guides: Guides, text: str) -> None:
    item, phrasings = guides["SB13"]
    steps = [Step(name="第一步：挂失", text=text, way="网上"), Step(name="第一步", text="先问")]
    mine = {"SB13": (altered(item, handling__process_steps=steps), phrasings)}
    assert told(planned(form(mine), mine)) == []


def test_a_step_with_a_colon_in_its_name_is_known_when_its_text_is_new(guides: Guides) -> None:
    item, phrasings = guides["SB13"]
    steps = [Step(name="第一步", text="先问"), Step(name="第一步：挂失", text="打电话", way="网上")]
    mine = {"SB13": (altered(item, handling__process_steps=steps), phrasings)}
    theirs = edited(form(mine), BASIC, CARD, {FLOW: "1. 第一步：先问\n2. 第一步：挂失：来窗口"})
    plan = planned(theirs, mine)
    assert told(plan) == [("办理步骤", "changed", "第一步：挂失：说明 “打电话” → “来窗口”")]
    assert plan.guides[0][0].handling.process_steps[1].way == "网上"


def test_materials_of_one_name_keep_what_the_form_does_not_know(guides: Guides) -> None:
    item, phrasings = guides["SB13"]
    card = next(material for material in item.materials if material.name == "旧的社保卡")
    other = altered(card, situation_ids=["lost"])  # type: ignore[arg-type]
    mine = {"SB13": (altered(item, materials=[*item.materials, other]), phrasings)}
    assert told(planned(form(mine), mine)) == []


def test_steps_taken_apart_keep_their_way(guides: Guides, tables: Sheets) -> None:
    lines = cell(tables, BASIC, "老年人公交优惠乘车卡办理", FLOW)
    changed = edited(
        tables,
        BASIC,
        "老年人公交优惠乘车卡办理",
        {FLOW: lines.replace("多久能好以窗口核实为准", "做好了通知您")},
    )
    plan = planned(changed, guides)
    ((now, _),) = plan.guides
    step = next(step for step in now.handling.process_steps if step.name == "制卡")
    assert (step.text, step.way) == ("材料送发卡机构做卡，做好了通知您", "后台")
    assert [sheet for sheet, _, _ in told(plan)] == ["办理步骤"]


def test_a_colon_within_a_steps_text_stays_in_the_text(guides: Guides) -> None:
    item, phrasings = guides["SB13"]
    step = altered(item.handling.process_steps[0], text="两样都行：打电话，或者来窗口")  # type: ignore[arg-type]
    mine = {"SB13": (altered(item, handling__process_steps=[step]), phrasings)}
    assert told(planned(form(mine), mine)) == []


@settings(deadline=None)
@given(
    texts=st.lists(
        st.text(st.characters(exclude_categories=["C", "Zl", "Zp"]), min_size=1, max_size=40)
        .map(str.strip)
        .filter(bool),
        min_size=1,
        max_size=5,
        unique=True,
    )
)
@example(texts=["3.5万元以下", "2026.1.1以前办过卡", "（1）先挂失", "1. 1. 再补卡", "12333"])
def test_conditions_of_any_words_come_back_as_they_went_out(
    guides: Guides, texts: list[str]
) -> None:
    item, phrasings = guides["SB13"]
    conditions = [Condition(text=text, basis="规定", situation_ids=["lost"]) for text in texts]
    mine = {"SB13": (altered(item, accept_conditions=conditions), phrasings)}
    assert told(planned(form(mine), mine)) == []
    unknown = {"SB13": (altered(item, accept_conditions=[]), phrasings)}
    ours = guide_form(form(mine), guide_tables(unknown))
    assert [row[1] for row in ours["受理条件"].rows] == texts


# Whose row it is


def test_an_offices_export_without_our_id_is_known_by_name(guides: Guides, tables: Sheets) -> None:
    theirs = without_columns(tables, BASIC, OWN_ID)
    assert told(planned(theirs, guides)) == []
    changed = edited(theirs, EXTEND, CARD, {"HANDLEAREA 通办范围": "全省通办"})
    plan = planned(changed, guides)
    assert [item.item_id for item, _ in plan.guides] == ["SB13"]


@pytest.mark.parametrize("code", ["", "11320111MB1X", "SB99"])
def test_a_row_without_an_id_of_ours_is_known_by_name(
    guides: Guides, tables: Sheets, code: str
) -> None:
    theirs = edited(tables, BASIC, CARD, {OWN_ID: code})
    assert told(planned(theirs, guides)) == []


@pytest.mark.parametrize("code", ["", "11320111MB1X"])
def test_a_name_that_nobody_knows_is_refused_by_name(
    guides: Guides, tables: Sheets, code: str
) -> None:
    theirs = edited(tables, BASIC, CARD, {OWN_ID: code, NAME: "别的事项"})
    with pytest.raises(WorkbookError, match=r"sheet 基本信息: no item is called 别的事项$"):
        guide_form(theirs, guide_tables(guides))


def test_an_item_known_by_its_id_keeps_its_name(guides: Guides, tables: Sheets) -> None:
    renamed = {
        name: replace(table, rows=tuple(_renamed(row) for row in table.rows))
        for name, table in tables.items()
    }
    ((_, status, message),) = told(planned(renamed, guides))
    assert status == "error"
    assert message == f"catalogue: name: 社保卡补换领 is not {CARD}"


def _renamed(row: tuple[str, ...]) -> tuple[str, ...]:
    return tuple("社保卡补换领" if text == CARD else text for text in row)


def test_a_basic_sheet_without_names_is_refused(guides: Guides, tables: Sheets) -> None:
    with pytest.raises(
        WorkbookError, match="sheet 基本信息: expected a column “TASKNAME 事项名称”"
    ):
        guide_form(without_columns(tables, BASIC, NAME), guide_tables(guides))


@pytest.mark.parametrize("sheet", [EXTEND, MATERIAL])
def test_a_row_of_an_item_that_is_not_there_is_refused_with_its_row(
    guides: Guides, tables: Sheets, sheet: str
) -> None:
    table = tables[sheet]
    row = ("别的事项", *[""] * (len(table.heads) - 1))
    longer = {**tables, sheet: replace(table, rows=(*table.rows, row))}
    number = len(table.rows) + 2
    with pytest.raises(WorkbookError, match=f"sheet {sheet} row {number}: “别的事项” is not in"):
        guide_form(longer, guide_tables(guides))


def test_phrasings_and_questions_are_none_of_the_forms_business(
    guides: Guides, tables: Sheets
) -> None:
    ours = guide_form(tables, guide_tables(guides))
    assert set(ours) == {"事项", "受理条件", "办理步骤", "申请材料"}
