"""Between our sheets and the fields of the national service-item exchange tables (实施清单).

The codes are those of the national platform's tables ``general_basic``, ``general_extend`` and
``material`` as offices' own systems use them; GB/T 36114-2018 gives the Chinese names. Works on
sheets of text alone. Several of our rows are joined in one exchange field and taken apart again on
the way back; what the exchange does not know (bases, situations, phrasings) keeps its stored value.
Of an office's workbook only the three sheets are read, and of them only the fields named here.
Where a code list exists only the words are written, since provinces number some of them anew.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from knowledge.sheets import ID, ITEMS
from knowledge.workbook import Table, WorkbookError

BASIC, EXTEND, MATERIAL = "基本信息", "扩展信息", "申请材料信息"
NAME = "TASKNAME 事项名称"
OWN_ID = "LOCALTASKCODE 地方实施编码"
OUR_NAME = "事项名称"
SHEETS = (BASIC, EXTEND, MATERIAL)
EXCHANGE_NOTES = (
    "顶山街道办事指南，按国家政务服务事项实施清单的字段导出。每件事项在“基本信息”“扩展信息”里各占一行，"
    "“申请材料信息”一样材料一行，三张表用“事项名称”对应。",
    "“受理条件”“办理流程”一条一行，前面有序号；流程写成“步骤：说明”。",
    "“设定依据”“收费依据”只供导出，改了也不会读回来。清单里没有的内容（依据、情形、居民说法等）保持原样。",
    "是、否两种就填“是”或“否”；只有“是否收费”不清楚时可以空着。",
    "读回来先试一遍：python -m bot import-items 文件.xlsx --dry-run，看清楚改了什么，"
    "再去掉 --dry-run。",
    "某件事项的材料，以“申请材料信息”里这件的全部行为准：删掉一行就是去掉一样材料。",
    "不想改的列可以整列删掉，原来的内容都留着。请不要写公式。",
)
# “2026.1.1以前” and “3.5万元” begin with no number of a list.
_NUMBERED = re.compile(r"\s*[(（]?(\d{1,2})[)）.、．](?!\d)")


@dataclass(frozen=True)
class Exchanged:
    """One exchange field and the column of our sheet that it stands for."""

    sheet: str
    head: str
    ours: str


# Fields that hold one of our item's columns.
COLUMNS = (
    Exchanged(BASIC, OWN_ID, ID),
    Exchanged(BASIC, NAME, "事项名称"),
    Exchanged(BASIC, "TASKTYPE 事项类型", "事项类型"),
    Exchanged(BASIC, "TASKVERSION 事项版本", "版本"),
    Exchanged(BASIC, "DEPTNAME 实施主体", "实施主体"),
    Exchanged(BASIC, "USELEVEL 行使层级", "行使层级"),
    Exchanged(BASIC, "SERVERTYPE 服务对象", "服务对象"),
    Exchanged(BASIC, "PROJECTTYPE 办件类型", "办件类型"),
    Exchanged(BASIC, "ANTICIPATEDAY 法定办结时限", "法定办结时限"),
    Exchanged(BASIC, "ANTICIPATETYPE 法定办结时限单位", "法定时限单位"),
    Exchanged(BASIC, "ANTICIPATEEXPLAIN 法定办结时限说明", "法定时限依据"),
    Exchanged(BASIC, "PROMISEDAY 承诺办结时限", "承诺办结时限"),
    Exchanged(BASIC, "PROMISETYPE 承诺办结时限单位", "承诺时限单位"),
    Exchanged(BASIC, "PROMISEEXPLAIN 承诺办结时限说明", "承诺时限依据"),
    Exchanged(BASIC, "LIMITSCENENUM 到办事现场次数", "到办事现场次数"),
    Exchanged(BASIC, "ISFEE 是否收费", "是否收费"),
    Exchanged(BASIC, "LINKWAY 咨询方式", "咨询电话"),
    Exchanged(BASIC, "SUPERVISEWAY 监督投诉方式", "监督电话"),
    Exchanged(BASIC, "PLANEFFECTIVEDATE 计划生效日期", "生效日期"),
    Exchanged(BASIC, "PLANCANCELDATE 计划取消日期", "失效日期"),
    Exchanged(EXTEND, "ACCEPTDEPT 受理机构", "受理机构"),
    Exchanged(EXTEND, "DECIDEDEPT 决定机构", "决定机构"),
    Exchanged(EXTEND, "LIMITSCENEEXPLAIN 必须现场办理原因说明", "必须到场原因"),
    Exchanged(EXTEND, "HANDLEAREA 通办范围", "通办范围"),
    Exchanged(EXTEND, "ISONLINE 是否网办", "能否网办"),
    Exchanged(EXTEND, "ONLINEHANDLEDEPTH 网上办理深度", "网办深度"),
    Exchanged(EXTEND, "ISSCHEDULE 是否支持预约办理", "能否预约"),
    Exchanged(EXTEND, "ISEXPRESS 是否支持物流快递", "能否邮寄"),
    Exchanged(EXTEND, "ISSELFTERMINAL 是否支持自助终端办理", "自助机"),
    Exchanged(EXTEND, "RESULTNAME 审批结果名称", "结果名称"),
    Exchanged(EXTEND, "RESULTTYPE 审批结果类型", "结果类型"),
)


@dataclass(frozen=True)
class Joined:
    """One exchange field that holds all rows of one of our sheets, a line a row.

    With two columns a line reads “first：second”.
    """

    head: str
    sheet: str
    columns: tuple[str, ...]
    comes_back: bool = True


LISTS = (
    Joined("ACCEPTCONDITION 受理条件", "受理条件", ("条件",)),
    Joined("HANDLEFLOW 办理流程", "办理步骤", ("步骤", "说明")),
    # A law's article cannot be told from its title for certain, so these two only go out.
    Joined("BYLAW 设定依据", "设定依据", ("名称", "条款"), comes_back=False),
    Joined("FEEBASIS 收费依据", "收费", ("收费项目", "收费标准"), comes_back=False),
)
MATERIALS = (
    Exchanged(MATERIAL, "MATERIALNAME 材料名称", "材料名称"),
    Exchanged(MATERIAL, "ISNEED 材料必要性", "必要性"),
    Exchanged(MATERIAL, "MATERIALTYPE 材料类型", "原件或复印件"),
    Exchanged(MATERIAL, "ORIGINALNUM 原件份数", "原件份数"),
    Exchanged(MATERIAL, "COPYNUM 复印件份数", "复印件份数"),
    Exchanged(MATERIAL, "MATERIALFORMAT 材料形式", "材料形式"),
    Exchanged(MATERIAL, "SOURCEEXPLAIN 来源渠道说明", "来源渠道"),
    Exchanged(MATERIAL, "FILLEXPLAIN 填报须知", "填报须知"),
)


def is_exchange(tables: Mapping[str, Table]) -> bool:
    """Whether a workbook holds exchange tables and not our own sheets."""
    return BASIC in tables and ITEMS not in tables


def exchange_tables(tables: Sequence[Table]) -> list[Table]:
    """Return the exchange tables for our sheets."""
    ours = {table.name: table for table in tables}
    items = [cells for _, cells in ours[ITEMS].dicts()]
    names = {item[ID]: item[OUR_NAME] for item in items}
    lists = {entry.head: _lines(ours[entry.sheet], entry.columns) for entry in LISTS}
    basic = [f for f in COLUMNS if f.sheet == BASIC]
    extend = [f for f in COLUMNS if f.sheet == EXTEND]
    return [
        Table(
            BASIC,
            (*(f.head for f in basic), *lists),
            tuple(
                (
                    *(item[f.ours] for f in basic),
                    *(_numbered(of_item.get(item[ID], [])) for of_item in lists.values()),
                )
                for item in items
            ),
        ),
        Table(
            EXTEND,
            (NAME, *(f.head for f in extend)),
            tuple((item[OUR_NAME], *(item[f.ours] for f in extend)) for item in items),
        ),
        Table(
            MATERIAL,
            (NAME, *(f.head for f in MATERIALS)),
            tuple(
                (names[cells[ID]], *(cells[f.ours] for f in MATERIALS))
                for _, cells in ours["申请材料"].dicts()
            ),
        ),
    ]


# What a row reads like in one line, and its cells.
_Line = tuple[str, tuple[str, ...]]


def _lines(table: Table, columns: Sequence[str]) -> dict[str, list[_Line]]:
    found: dict[str, list[_Line]] = {}
    for _, cells in table.dicts():
        parts = tuple(cells[column] for column in columns)
        line = " ".join("：".join(part for part in parts if part).splitlines())
        found.setdefault(cells[ID], []).append((line.strip(), parts))
    return found


def _numbered(lines: Sequence[_Line]) -> str:
    return "\n".join(f"{number}. {line}" for number, (line, _) in enumerate(lines, start=1))


def guide_form(tables: Mapping[str, Table], stored: Sequence[Table]) -> dict[str, Table]:
    """Return our sheets for exchange tables; raises WorkbookError.

    ``stored`` are our own sheets as they are now. An item is known by its own id or, where an
    office's export has another code or none, by its name. A line that went out from a stored row
    comes back as that row.
    """
    basic = tables[BASIC]
    if NAME not in basic.heads:
        raise WorkbookError(f"sheet {BASIC}: expected a column “{NAME}”")
    ours = {table.name: table for table in stored}
    ids = _ids(basic, ours[ITEMS])
    found = {ITEMS: _items(tables, ours[ITEMS], ids)}
    for entry in LISTS:
        if entry.comes_back and entry.head in basic.heads:
            known = _lines(ours[entry.sheet], entry.columns)
            found[entry.sheet] = _taken_apart(entry, basic, ids, known)
    if MATERIAL in tables:
        found["申请材料"] = _materials(tables[MATERIAL], ids)
    return found


def _ids(basic: Table, items: Table) -> dict[str, str]:
    """Our id for each name of the exchange table."""
    names = {cells[ID]: cells[OUR_NAME] for _, cells in items.dicts()}
    by_name = {name: item_id for item_id, name in names.items()}
    ids = {}
    for _, cells in basic.dicts():
        own = cells.get(OWN_ID, "")
        ids[cells[NAME]] = own if own in names else by_name.get(cells[NAME], "")
    nameless = sorted(name for name, item_id in ids.items() if not item_id)
    if nameless:
        raise WorkbookError(f"sheet {BASIC}: no item is called {'、'.join(nameless[:5])}")
    return ids


def _items(tables: Mapping[str, Table], stored: Table, ids: Mapping[str, str]) -> Table:
    """The sheet of items; one without a row in the second exchange table keeps what is stored."""
    kept = {cells[ID]: cells for _, cells in stored.dicts()}
    extended = _by_name(tables.get(EXTEND), ids)
    fields = [f for f in COLUMNS if f.ours != ID and _has(tables, f)]
    rows = []
    for _, cells in tables[BASIC].dicts():
        item_id = ids[cells[NAME]]
        given = {**extended.get(cells[NAME], {}), **cells}
        rows.append((item_id, *(given.get(f.head, kept[item_id][f.ours]) for f in fields)))
    return Table(ITEMS, (ID, *(f.ours for f in fields)), tuple(rows))


def _has(tables: Mapping[str, Table], field: Exchanged) -> bool:
    return field.sheet in tables and field.head in tables[field.sheet].heads


def _by_name(table: Table | None, ids: Mapping[str, str]) -> dict[str, dict[str, str]]:
    if table is None:
        return {}
    _need_names(table, ids)
    return {cells[NAME]: cells for _, cells in table.dicts()}


def _need_names(table: Table, ids: Mapping[str, str]) -> None:
    for number, cells in table.dicts():
        if cells.get(NAME, "") not in ids:
            name = cells.get(NAME, "")
            raise WorkbookError(f"sheet {table.name} row {number}: “{name}” is not in {BASIC}")


def _taken_apart(
    entry: Joined,
    basic: Table,
    ids: Mapping[str, str],
    known: Mapping[str, Sequence[_Line]],
) -> Table:
    rows = []
    for _, cells in basic.dicts():
        item_id = ids[cells[NAME]]
        lines = [line for line in cells[entry.head].splitlines() if line.strip()]
        stored = dict(known.get(item_id, []))
        for line in lines:
            parts = _parts(line, len(lines), len(entry.columns), stored)
            if any(parts):
                rows.append((item_id, *parts))
    return Table(entry.sheet, (ID, *entry.columns), tuple(rows))


def _parts(
    line: str, most: int, columns: int, stored: Mapping[str, tuple[str, ...]]
) -> tuple[str, ...]:
    """The cells of one line: of the stored row that reads like it, or else split at the colon."""
    said = _without_number(line, most)
    for whole in (said, line.strip()):
        if whole in stored:
            return stored[whole]
    if columns == 1:
        return (said,)
    # A name may hold a colon itself (“第一步：挂失”).
    names = sorted((parts[0] for parts in stored.values()), key=len, reverse=True)
    for name in names:
        if said.startswith(f"{name}："):
            return name, said[len(name) + 1 :].strip()
    name, _, text = said.partition("：")
    return name.strip(), text.strip()


def _without_number(line: str, most: int) -> str:
    """A line without its number; no list counts further than it has lines."""
    found = _NUMBERED.match(line)
    if found and int(found[1]) <= most:
        line = line[found.end() :]
    return line.strip()


def _materials(table: Table, ids: Mapping[str, str]) -> Table:
    _need_names(table, ids)
    fields = [f for f in MATERIALS if f.head in table.heads]
    rows = tuple((ids[cells[NAME]], *(cells[f.head] for f in fields)) for _, cells in table.dicts())
    return Table("申请材料", (ID, *(f.ours for f in fields)), rows)
