"""Between our sheets and the fields of the national service-item exchange tables (实施清单).

The codes are those of the national platform's tables ``general_basic``, ``general_extend`` and
``material`` as offices' own systems use them; GB/T 36114-2018 gives the Chinese names. Works on
sheets of text alone. Several of our rows are joined in one exchange field and taken apart again on
the way back; what the exchange does not know (bases, situations, phrasings) keeps its stored value.
Where a code list exists only the words are written, since provinces number some of them anew.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from knowledge.importing import ID, ITEMS
from knowledge.workbook import Table, WorkbookError

BASIC, EXTEND, MATERIAL = "基本信息", "扩展信息", "申请材料信息"
NAME = "TASKNAME 事项名称"
OWN_ID = "LOCALTASKCODE 地方实施编码"
_NUMBERED = re.compile(r"^\s*(?:[(（]?\d+[)）.、．]\s*)")


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
            tuple((item["事项名称"], *(item[f.ours] for f in extend)) for item in items),
        ),
        Table(
            MATERIAL,
            (NAME, *(f.head for f in MATERIALS)),
            tuple(
                (_name_of(items, cells[ID]), *(cells[f.ours] for f in MATERIALS))
                for _, cells in ours["申请材料"].dicts()
            ),
        ),
    ]


def _name_of(items: Sequence[Mapping[str, str]], item_id: str) -> str:
    return next(item["事项名称"] for item in items if item[ID] == item_id)


def _lines(table: Table, columns: Sequence[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for _, cells in table.dicts():
        line = "：".join(cells[column] for column in columns if cells[column])
        found.setdefault(cells[ID], []).append(line)
    return found


def _numbered(lines: Sequence[str]) -> str:
    return "\n".join(f"{number}. {line}" for number, line in enumerate(lines, start=1))


def guide_form(tables: Mapping[str, Table], known: Mapping[str, str]) -> dict[str, Table]:
    """Return our sheets for exchange tables; raises WorkbookError.

    An item is known by its own id or, where an office's export has none, by its name in ``known``
    (name → id).
    """
    basic = tables[BASIC]
    if NAME not in basic.heads:
        raise WorkbookError(f"sheet {BASIC}: expected a column “{NAME}”")
    ids = {
        cells[NAME]: cells.get(OWN_ID) or known.get(cells[NAME], "") for _, cells in basic.dicts()
    }
    nameless = sorted(name for name, item_id in ids.items() if not item_id)
    if nameless:
        raise WorkbookError(f"sheet {BASIC}: no item is called {'、'.join(nameless[:5])}")
    extended = _by_name(tables.get(EXTEND), ids)
    fields = [f for f in COLUMNS if f.ours != ID and _has(tables, f)]
    rows = tuple(
        (
            ids[cells[NAME]],
            *({**extended.get(cells[NAME], {}), **cells}.get(f.head, "") for f in fields),
        )
        for _, cells in basic.dicts()
    )
    found = {ITEMS: Table(ITEMS, (ID, *(f.ours for f in fields)), rows)}
    for entry in LISTS:
        if entry.comes_back and entry.head in basic.heads:
            found[entry.sheet] = _taken_apart(entry, basic, ids)
    if MATERIAL in tables:
        found["申请材料"] = _materials(tables[MATERIAL], ids)
    return found


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


def _taken_apart(entry: Joined, basic: Table, ids: Mapping[str, str]) -> Table:
    rows = []
    for _, cells in basic.dicts():
        for line in cells[entry.head].splitlines():
            said = _NUMBERED.sub("", line).strip()
            parts = said.split("：", 1) if len(entry.columns) > 1 else [said]
            if said:
                rows.append((ids[cells[NAME]], *parts, *[""] * (len(entry.columns) - len(parts))))
    return Table(entry.sheet, (ID, *entry.columns), tuple(rows))


def _materials(table: Table, ids: Mapping[str, str]) -> Table:
    _need_names(table, ids)
    fields = [f for f in MATERIALS if f.head in table.heads]
    rows = tuple((ids[cells[NAME]], *(cells[f.head] for f in fields)) for _, cells in table.dicts())
    return Table("申请材料", (ID, *(f.ours for f in fields)), rows)
