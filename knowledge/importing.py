"""Guides out to Excel and back in, with a report for every row before anything is written.

One sheet holds the items, one each of their lists (materials, conditions, …). What stands in a
sheet replaces what is stored for the items of the first sheet; a column that is missing keeps its
values (in a list by the row's first column), a sheet that is missing keeps its rows.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Any, Literal

from django.db import models, transaction

from knowledge import mapping
from knowledge import models as rows
from knowledge.files import CatalogueRow
from knowledge.lint import lint_item, lint_phrasings
from knowledge.record import Phrasing, RecordError, ServiceItem, plain, read
from knowledge.services import item_edited, item_store
from knowledge.workbook import Table, WorkbookError

Status = Literal["new", "changed", "removed", "same", "error"]
Row = dict[str, Any]

ITEMS = "事项"
ID = "编号"
LISTED = "\n"
_YES_NO = {"是": True, "有": True, "1": True, "否": False, "无": False, "0": False}

ITEM_HEADS: dict[str, str] = {
    "item_id": ID,
    "name": "事项名称",
    "short_name": "简称",
    "category": "类别",
    "item_type": "事项类型",
    "version": "版本",
    "state": "状态",
    "effective_from": "生效日期",
    "effective_until": "失效日期",
    "implementing_body": "实施主体",
    "accepting_body": "受理机构",
    "deciding_body": "决定机构",
    "exercise_level": "行使层级",
    "audience": "服务对象",
    "scope": "适用情形",
    "exclusions": "不予办理的情形",
    "needs": "解决什么难处",
    "places": "办理地点",
    "window": "窗口",
    "case_type": "办件类型",
    "statutory_days": "法定办结时限",
    "statutory_unit": "法定时限单位",
    "statutory_basis": "法定时限依据",
    "promised_days": "承诺办结时限",
    "promised_unit": "承诺时限单位",
    "promised_basis": "承诺时限依据",
    "visits_count": "到办事现场次数",
    "visits_reason": "必须到场原因",
    "online_available": "能否网办",
    "online_depth": "网办深度",
    "online_where": "网办路径",
    "self_service_terminal": "自助机",
    "appointment": "能否预约",
    "postal_delivery": "能否邮寄",
    "region": "通办范围",
    "proxy_allowed": "能否代办",
    "proxy_requirements": "代办要带什么",
    "proxy_home_visit": "能否上门",
    "proxy_note": "代办说明",
    "charged": "是否收费",
    "charge_note": "收费说明",
    "result_name": "结果名称",
    "result_kind": "结果类型",
    "result_validity": "结果有效期",
    "result_validity_basis": "有效期依据",
    "result_delivery": "送达方式",
    "consult_phone": "咨询电话",
    "supervise_phone": "监督电话",
    "source_title": "内容来源",
    "source_retrieved_on": "来源日期",
    "verified": "已核实",
    "verified_by": "核实人",
    "verified_on": "核实日期",
    "next_review_on": "下次复核日期",
    "voice_brief": "电话里先说的一句",
    "voice_pronunciation": "读音提示",
    "voice_hot_words": "语音热词",
}


@dataclass(frozen=True)
class Sheet:
    """The sheet of one list of an item: its headings by column; the first tells the rows apart."""

    name: str
    model: type[rows.ItemRow]
    heads: dict[str, str]

    @property
    def key(self) -> str:
        """The column that tells rows apart."""
        return next(iter(self.heads))


_SITUATION_IDS = {"situation_ids": "只适用于选项"}
_BASIS = {"basis": "依据"}
LISTS = (
    Sheet("别名", rows.Alias, {"text": "别名"}),
    Sheet("受理条件", rows.Condition, {"text": "条件", **_BASIS, **_SITUATION_IDS}),
    Sheet(
        "申请材料",
        rows.Material,
        {
            "name": "材料名称",
            "necessity": "必要性",
            "kind": "原件或复印件",
            "original_count": "原件份数",
            "copy_count": "复印件份数",
            "form": "材料形式",
            "source": "来源渠道",
            "note": "填报须知",
            "exempt_by": "免交依据",
            **_SITUATION_IDS,
        },
    ),
    Sheet("办理步骤", rows.ProcessStep, {"name": "步骤", "text": "说明", "way": "途径"}),
    Sheet("期限", rows.Deadline, {"text": "期限", **_BASIS}),
    Sheet(
        "收费",
        rows.Fee,
        {"name": "收费项目", "standard": "收费标准", "reduction": "减免", **_BASIS},
    ),
    Sheet(
        "发放标准",
        rows.Amount,
        {
            "name": "发放项目",
            "standard": "标准",
            "unit": "单位",
            "frequency": "多久一次",
            "note": "备注",
            **_BASIS,
            **_SITUATION_IDS,
        },
    ),
    Sheet("设定依据", rows.LegalBasis, {"title": "名称", "article": "条款"}),
    Sheet("常见问题", rows.Faq, {"question": "问题", "answer": "回答", "facet": "哪一面"}),
    Sheet("易混事项", rows.Confusion, {"other": "易混编号", "tell_apart": "怎么分"}),
    Sheet(
        "居民说法",
        rows.Phrasing,
        {"text": "说法", "style": "风格", "facet": "哪一面", "origin": "来路"},
    ),
)
# An option stands on a row of its own; rows of one situation follow each other.
SITUATIONS = Table("情形", (ID, "情形编号", "问题", "选项编号", "选项", "居民怎么说"), rows=())
NOTES = (
    "顶山街道办事指南。每件事项在“事项”表里占一行，材料、条件等在各自的表里，用“编号”对应。",
    "一格里有几条的，一条一行（在格里换行按 Alt+Enter）。是、否两种就填“是”或“否”，不清楚就空着。",
    "改完先试一遍：python -m bot import-items 文件.xlsx --dry-run，看清楚改了什么，"
    "再去掉 --dry-run。",
    "某件事项的材料，以“申请材料”表里这件的全部行为准：删掉一行就是去掉一样材料。别的表也一样。",
    "数字要有依据，没有依据会被拦下。请不要写公式。“版本”用来发现两个人同时改，不要动它。",
)


@dataclass(frozen=True)
class RowReport:
    """What becomes of one row: ``row`` counts as Excel does, 0 for a stored row that goes."""

    sheet: str
    row: int
    item_id: str
    status: Status
    message: str = ""

    def __str__(self) -> str:
        place = f"{self.sheet} 第{self.row}行" if self.row else self.sheet
        return f"{self.status:8} {self.item_id:6} {place}：{self.message or '无改动'}"


@dataclass(frozen=True)
class Plan:
    """What an import would do. It is carried out only if no row has an error."""

    rows: list[RowReport]
    guides: list[tuple[ServiceItem, list[Phrasing]]]

    @property
    def errors(self) -> list[RowReport]:
        """The rows that stand in the way."""
        return [row for row in self.rows if row.status == "error"]


Guides = Mapping[str, tuple[ServiceItem, Sequence[Phrasing]]]


def guide_tables(guides: Guides) -> list[Table]:
    """Return the sheets that hold the given guides, in the order of their ids."""
    data = {item_id: _flat(*guide) for item_id, guide in sorted(guides.items())}
    tables = [
        Table(
            ITEMS,
            tuple(ITEM_HEADS.values()),
            tuple(
                tuple(_shown(columns[column]) for column in ITEM_HEADS)
                for columns, _ in data.values()
            ),
        )
    ]
    for sheet in LISTS:
        shown = tuple(
            (item_id, *(_shown(entry.get(column)) for column in sheet.heads))
            for item_id, (_, lists) in data.items()
            for entry in lists[sheet.model]
        )
        tables.append(Table(sheet.name, (ID, *sheet.heads.values()), shown))
    options = tuple(
        (item_id, s["situation_id"], s["question"], o["id"], o["label"], _shown(o["words"]))
        for item_id, (_, lists) in data.items()
        for s in lists[rows.Situation]
        for o in s["options"]
    )
    tables.insert(3, Table(SITUATIONS.name, SITUATIONS.heads, options))
    return tables


def _flat(
    item: ServiceItem, phrasings: Sequence[Phrasing]
) -> tuple[Row, dict[type[rows.ItemRow], list[Row]]]:
    data = plain(item)
    lists = mapping.rows_of(data)
    lists[rows.Phrasing] = [plain(phrasing) for phrasing in phrasings]
    return mapping.columns_of(data), lists


def _shown(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, list):
        return LISTED.join(str(entry) for entry in value)
    return str(value)


def import_plan(
    tables: Mapping[str, Table],
    stored: Guides,
    catalogue: Mapping[str, CatalogueRow],
    today: date,
) -> Plan:
    """Work out what importing these sheets would change; raises WorkbookError without items."""
    if ITEMS not in tables or ID not in tables[ITEMS].heads:
        raise WorkbookError(f"expected a sheet “{ITEMS}” with a column “{ID}”")
    reader = _Reader(tables, stored)
    reports = list(reader.reports)
    guides = []
    for item_id, number in reader.numbers.items():
        if any(r.item_id == item_id and r.status == "error" for r in reports):
            continue
        try:
            item, phrasings = reader.guide(item_id)
        except RecordError as error:
            reports.append(reader.placed(item_id, str(error)))
            continue
        found = _objections(item, phrasings, stored.get(item_id), catalogue, today)
        reports += [RowReport(ITEMS, number, item_id, "error", text) for text in found]
        if not found:
            changes = reader.changes(item_id, item, phrasings)
            reports += changes
            if any(change.status != "same" for change in changes):
                guides.append((item, phrasings))
    return Plan(reports, guides)


def _objections(
    item: ServiceItem,
    phrasings: list[Phrasing],
    known: tuple[ServiceItem, Sequence[Phrasing]] | None,
    catalogue: Mapping[str, CatalogueRow],
    today: date,
) -> list[str]:
    """Why a guide must not be stored as it is."""
    if item.item_id not in catalogue:
        return [f"编号 {item.item_id} 不在 {len(catalogue)} 项目录里"]
    found = [*lint_item(item, today), *lint_phrasings(item.item_id, phrasings)]
    said = [f"{f.rule}: {f.message}" for f in found if f.level == "error"]
    if known and known[0].version != item.version:
        mine, theirs = item.version, known[0].version
        said.append(f"conflict: 导出时是第{mine}版，库里已经是第{theirs}版，请重新导出再改")
    return said


@transaction.atomic
def import_apply(plan: Plan) -> int:
    """Store the guides of a plan without errors; return how many were stored."""
    if plan.errors:
        raise WorkbookError(f"{len(plan.errors)} rows have errors, nothing was stored")
    for item, phrasings in plan.guides:
        is_known = rows.ServiceItem.objects.filter(pk=item.item_id).exists()
        item_store(item, phrasings)
        if is_known:
            item_edited(item.item_id)
        else:
            rows.ServiceItem.objects.filter(pk=item.item_id).update(edited=True)
    return len(plan.guides)


@dataclass
class _Entry:
    row: int
    data: Row = field(default_factory=dict)


class _Reader:
    """Sheets as typed rows by item; what cannot be read is in ``reports``."""

    def __init__(self, tables: Mapping[str, Table], stored: Guides) -> None:
        self.reports: list[RowReport] = []
        self.numbers: dict[str, int] = {}
        self._columns: dict[str, Row] = {}
        self._lists: dict[type[rows.ItemRow], dict[str, list[_Entry]]] = {}
        self._stored = {item_id: _flat(*guide) for item_id, guide in stored.items()}
        self._sheets = {sheet.model: sheet.name for sheet in LISTS}
        self._sheets[rows.Situation] = SITUATIONS.name
        self._read_items(tables[ITEMS])
        for sheet in LISTS:
            if sheet.name in tables:
                self._read_list(sheet, tables[sheet.name])
        if SITUATIONS.name in tables:
            self._read_situations(tables[SITUATIONS.name])

    def _error(self, sheet: str, row: int, item_id: str, message: str) -> None:
        self.reports.append(RowReport(sheet, row, item_id, "error", message))

    def _known_heads(self, table: Table, heads: Sequence[str]) -> None:
        for head in table.heads:
            if head and head not in heads:
                self._error(table.name, 1, "", f"不认识的列“{head}”")

    def _read_items(self, table: Table) -> None:
        self._known_heads(table, list(ITEM_HEADS.values()))
        for number, cells in table.dicts():
            item_id = cells[ID]
            if not item_id or item_id in self.numbers:
                self._error(ITEMS, number, item_id, "编号重复" if item_id else "没有编号")
                continue
            self.numbers[item_id] = number
            data = dict(self._stored[item_id][0]) if item_id in self._stored else {}
            data |= self._typed(rows.ServiceItem, ITEM_HEADS, table.name, number, item_id, cells)
            self._columns[item_id] = data

    def _read_list(self, sheet: Sheet, table: Table) -> None:
        self._known_heads(table, [ID, *sheet.heads.values()])
        entries = self._lists.setdefault(sheet.model, {})
        for number, cells in table.dicts():
            item_id = cells.get(ID, "")
            if item_id not in self.numbers:
                self._error(table.name, number, item_id, f"编号“{item_id}”不在“{ITEMS}”表里")
                continue
            data = self._typed(sheet.model, sheet.heads, table.name, number, item_id, cells)
            if not data.get(sheet.key):
                self._error(table.name, number, item_id, f"“{sheet.heads[sheet.key]}”是空的")
                continue
            data = {**self._before(sheet, item_id, data[sheet.key]), **data}
            entries.setdefault(item_id, []).append(_Entry(number, data))

    def _before(self, sheet: Sheet, item_id: str, key: Any) -> Row:
        """The stored row of the same name, for the columns that a sheet leaves out."""
        stored = self._stored[item_id][1][sheet.model] if item_id in self._stored else []
        return next((dict(entry) for entry in stored if entry[sheet.key] == key), {})

    def _read_situations(self, table: Table) -> None:
        self._known_heads(table, SITUATIONS.heads)
        entries = self._lists.setdefault(rows.Situation, {})
        for number, cells in table.dicts():
            item_id = cells.get(ID, "")
            texts = [cells.get(head, "") for head in SITUATIONS.heads[1:]]
            if item_id not in self.numbers or not all(texts[:4]):
                self._error(table.name, number, item_id, "编号、情形、问题、选项都要填")
                continue
            situation_id, question, option_id, label, words = texts
            mine = entries.setdefault(item_id, [])
            held = next((e for e in mine if e.data["situation_id"] == situation_id), None)
            if held is None:
                held = _Entry(number, {"situation_id": situation_id, "question": question})
                held.data["options"] = []
                mine.append(held)
            elif held.data["question"] != question:
                self._error(table.name, number, item_id, f"情形“{situation_id}”有两种问法")
            held.data["options"].append({"id": option_id, "label": label, "words": _lines(words)})

    def _typed(
        self,
        model: type[models.Model],
        heads: Mapping[str, str],
        sheet: str,
        number: int,
        item_id: str,
        cells: Mapping[str, str],
    ) -> Row:
        data = {}
        for column, head in heads.items():
            if head not in cells:
                continue
            try:
                data[column] = _typed(_fields(model)[column], cells[head])
            except ValueError as error:
                self._error(sheet, number, item_id, f"“{head}”{error}")
        return data

    def guide(self, item_id: str) -> tuple[ServiceItem, list[Phrasing]]:
        """Return what the sheets say of an item; raises RecordError."""
        columns = {**_empty_columns(), **self._columns[item_id]}
        lists = {
            model: [entry.data for entry in self._entries(item_id, model)]
            for model in mapping.LISTS
        }
        item = read(mapping.record_of(columns, lists), ServiceItem, item_id)
        said = [entry.data for entry in self._entries(item_id, rows.Phrasing)]
        return item, read(said, list[Phrasing], f"{item_id}: 居民说法")

    def _entries(self, item_id: str, model: type[rows.ItemRow]) -> list[_Entry]:
        """The rows of the sheet, or the stored ones where the sheet is missing."""
        if model in self._lists:
            return self._lists[model].get(item_id, [])
        stored = self._stored[item_id][1][model] if item_id in self._stored else []
        return [_Entry(0, dict(entry)) for entry in stored]

    def placed(self, item_id: str, message: str) -> RowReport:
        """Put what a record says about ``$.materials[2].kind`` to the row it stands in."""
        paths: dict[type[rows.ItemRow], tuple[str, ...]] = {**mapping.LISTS, rows.Phrasing: ("",)}
        for model, path in paths.items():
            found = re.search(rf"\$\.?{re.escape('.'.join(path))}\[(\d+)\]", message)
            entries = self._entries(item_id, model)
            if found and int(found[1]) < len(entries):
                row = entries[int(found[1])].row
                return RowReport(self._sheets[model], row, item_id, "error", message)
        return RowReport(ITEMS, self.numbers[item_id], item_id, "error", message)

    def changes(
        self, item_id: str, item: ServiceItem, phrasings: Sequence[Phrasing]
    ) -> list[RowReport]:
        """Compare a readable guide with the stored one, row by row."""
        columns, lists = _flat(item, phrasings)
        number = self.numbers[item_id]
        if item_id not in self._stored:
            return [RowReport(ITEMS, number, item_id, "new", item.name)]
        before_columns, before_lists = self._stored[item_id]
        told = [
            f"{head} “{_shown(before_columns[column])}” → “{_shown(columns[column])}”"
            for column, head in ITEM_HEADS.items()
            if columns[column] != before_columns[column]
        ]
        status: Status = "changed" if told else "same"
        found = [RowReport(ITEMS, number, item_id, status, "；".join(told))]
        for model, entries in lists.items():
            found += self._list_changes(item_id, model, before_lists[model], entries)
        return found

    def _list_changes(
        self, item_id: str, model: type[rows.ItemRow], before: list[Row], after: list[Row]
    ) -> list[RowReport]:
        name, read_rows = self._sheets[model], self._entries(item_id, model)
        if model not in self._lists or before == after:
            return []
        key = next(iter(after[0] if after else before[0]))
        known = {entry[key]: entry for entry in before}
        found = []
        for entry, source in zip(after, read_rows, strict=True):
            old = known.pop(entry[key], None)
            label = _shown(entry[key])
            if old is None:
                found.append(RowReport(name, source.row, item_id, "new", label))
            elif old != entry:
                told = "；".join(
                    f"{c} “{_shown(old[c])}” → “{_shown(v)}”"
                    for c, v in entry.items()
                    if old[c] != v
                )
                found.append(RowReport(name, source.row, item_id, "changed", f"{label}：{told}"))
        found += [RowReport(name, 0, item_id, "removed", _shown(key)) for key in known]
        if not found:
            found.append(RowReport(name, read_rows[0].row, item_id, "changed", "次序变了"))
        return found


@lru_cache(maxsize=32)
def _fields(model: type[models.Model]) -> dict[str, models.Field[Any, Any]]:
    return {f.name: f for f in model._meta.get_fields() if isinstance(f, models.Field)}


def _empty_columns() -> Row:
    fields = _fields(rows.ServiceItem)
    return {c: None if fields[c].null else fields[c].get_default() for c in mapping.COLUMNS}


def _typed(kind: models.Field[Any, Any], text: str) -> Any:
    """Turn a cell into what the column holds; raises ValueError with the reason in Chinese."""
    if isinstance(kind, models.JSONField):
        return _lines(text)
    if isinstance(kind, models.BooleanField):
        if text not in _YES_NO and (text or not kind.null):
            raise ValueError(f"要填是或否，现在是“{text}”")
        return _YES_NO.get(text)
    if isinstance(kind, models.PositiveIntegerField):
        if text and not text.isdecimal():
            raise ValueError(f"要填整数，现在是“{text}”")
        return int(text) if text else None if kind.null else kind.get_default()
    if isinstance(kind, models.DateField):
        try:
            return date.fromisoformat(text).isoformat() if text else None
        except ValueError:
            raise ValueError(f"要填日期，比如2026-11-22，现在是“{text}”") from None
    if kind.max_length and len(text) > kind.max_length:
        raise ValueError(f"最多{kind.max_length}个字，现在有{len(text)}个")
    return None if kind.null and not text else text


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.split(LISTED) if line.strip()]
