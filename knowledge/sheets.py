"""The sheets of a workbook of guides: their headings, guides as rows of text, cells as values.

One sheet holds the items, one each of their lists (materials, conditions, …). Rows of text go to
and come from ``knowledge.workbook``; what is compared, refused and stored is up to
``knowledge.importing``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property, lru_cache
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

from django.db import models
from msgspec.structs import fields as record_fields

from knowledge import mapping
from knowledge import models as rows
from knowledge.record import Option, Phrasing, ServiceItem, plain, read
from knowledge.workbook import Table

Row = dict[str, Any]
ListRows = dict[type[rows.ItemRow], list[Row]]
Guide = tuple[ServiceItem, Sequence[Phrasing]]
Guides = Mapping[str, Guide]

ITEMS = "事项"
ID = "编号"
LISTED = "\n"
LARGEST_NUMBER = 2_147_483_647  # an integer of PostgreSQL
_BREAKS = re.compile(r"[\r\n]+")
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
class Column:
    """What a column takes: type and length as stored, the words of the record if it lists them.

    A new row cannot do without the column if it ``is_required``.
    """

    field: models.Field[Any, Any]
    words: tuple[str, ...]
    is_required: bool
    may_be_empty: bool

    def value(self, text: str) -> Any:
        """Turn a cell into what the column holds; raises ValueError with the reason in Chinese."""
        value = _typed(self.field, text)
        for word in value if isinstance(value, list) else [text]:
            if self.words and word not in self.words and (word or not self.may_be_empty):
                raise ValueError(f"要填 {'、'.join(self.words)} 之一，现在是“{word}”")
        return value


@dataclass(frozen=True)
class Sheet:
    """The sheet of one list of an item: its headings by column.

    The column ``key`` tells the rows of an item apart; no row leaves it or ``filled`` empty.
    """

    name: str
    model: type[rows.ItemRow]
    key: str
    heads: dict[str, str]
    filled: tuple[str, ...] = ()

    @cached_property
    def columns(self) -> dict[str, Column]:
        """What each column takes."""
        return {name: _list_column(self.model, name) for name in self.heads}


_SITUATION_IDS = {"situation_ids": "只适用于选项"}
_BASIS = {"basis": "依据"}
# An option stands on a row of its own; the rows of one situation repeat its question.
SITUATIONS = Sheet(
    "情形",
    rows.Situation,
    "option_id",
    {
        "situation_id": "情形编号",
        "question": "问题",
        "option_id": "选项编号",
        "label": "选项",
        "words": "居民怎么说",
    },
    filled=("situation_id", "question", "label"),
)
LISTS = (
    Sheet("别名", rows.Alias, "text", {"text": "别名"}),
    Sheet("受理条件", rows.Condition, "text", {"text": "条件", **_BASIS, **_SITUATION_IDS}),
    SITUATIONS,
    Sheet(
        "申请材料",
        rows.Material,
        "name",
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
    Sheet("办理步骤", rows.ProcessStep, "name", {"name": "步骤", "text": "说明", "way": "途径"}),
    Sheet("期限", rows.Deadline, "text", {"text": "期限", **_BASIS}),
    Sheet(
        "收费",
        rows.Fee,
        "name",
        {"name": "收费项目", "standard": "收费标准", "reduction": "减免", **_BASIS},
    ),
    Sheet(
        "发放标准",
        rows.Amount,
        "name",
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
    Sheet("设定依据", rows.LegalBasis, "title", {"title": "名称", "article": "条款"}),
    Sheet(
        "常见问题",
        rows.Faq,
        "question",
        {"question": "问题", "answer": "回答", "facet": "哪一面"},
    ),
    Sheet("易混事项", rows.Confusion, "other", {"other": "易混编号", "tell_apart": "怎么分"}),
    Sheet(
        "居民说法",
        rows.Phrasing,
        "text",
        {"text": "说法", "style": "风格", "facet": "哪一面", "origin": "来路"},
    ),
)
SHEET_NAMES = (ITEMS, *(sheet.name for sheet in LISTS))
NOTES = (
    "顶山街道办事指南。每件事项在“事项”表里占一行，材料、条件等在各自的表里，用“编号”对应。",
    "一格里有几条的，一条一行（在格里换行按 Alt+Enter）。",
    "是、否两种就填“是”或“否”；只有“是否收费”不清楚时可以空着。",
    "改完先试一遍：python -m bot import-items 文件.xlsx --dry-run，看清楚改了什么，"
    "再去掉 --dry-run。",
    "某件事项的材料，以“申请材料”表里这件的全部行为准：删掉一行就是去掉一样材料。别的表也一样。",
    "不想改的表可以整张删掉，不想改的列可以整列删掉，原来的内容都留着；表名和列名不要改，也不要添。",
    "数字要有依据，没有依据会被拦下。请不要写公式。“版本”用来发现两个人同时改，不要动它。",
)


# Guides as rows of text


def guide_tables(guides: Guides) -> list[Table]:
    """Return the sheets that hold the given guides, in the order of their ids.

    An entry of a list takes one line of its cell; line breaks within it become blanks.
    """
    data = {item_id: guide_rows(*guide) for item_id, guide in sorted(guides.items())}
    items = tuple(
        tuple(shown(columns[column]) for column in ITEM_HEADS) for columns, _ in data.values()
    )
    tables = [Table(ITEMS, tuple(ITEM_HEADS.values()), items)]
    for sheet in LISTS:
        listed = tuple(
            (item_id, *(shown(entry.get(column)) for column in sheet.heads))
            for item_id, (_, lists) in data.items()
            for entry in lists[sheet.model]
        )
        tables.append(Table(sheet.name, (ID, *sheet.heads.values()), listed))
    return tables


def shown(value: Any) -> str:
    """Return a value as the text of its cell."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, list):
        return LISTED.join(_BREAKS.sub(" ", str(entry)) for entry in value)
    return str(value)


def guide_rows(item: ServiceItem, phrasings: Sequence[Phrasing]) -> tuple[Row, ListRows]:
    """Return the columns of an item and the rows of its lists, one for each row of the sheets."""
    data = plain(item)
    lists = mapping.rows_of(data)
    lists[rows.Situation] = _option_rows(lists[rows.Situation])
    lists[rows.Phrasing] = [plain(phrasing) for phrasing in phrasings]
    return mapping.columns_of(data), lists


def guide_of(columns: Row, lists: ListRows, item_id: str) -> tuple[ServiceItem, list[Phrasing]]:
    """Return the guide that ``guide_rows`` was given; raises RecordError."""
    nested: ListRows = {**lists, rows.Situation: _situations(lists[rows.Situation])}
    item = read(mapping.record_of(columns, nested), ServiceItem, item_id)
    return item, read(lists[rows.Phrasing], list[Phrasing], f"{item_id}: 居民说法")


def _option_rows(situations: Iterable[Row]) -> list[Row]:
    """One row an option. A situation without any has a row too, or it would be lost unseen."""
    return [
        {
            "situation_id": situation["situation_id"],
            "question": situation["question"],
            "option_id": option.get("id", ""),
            "label": option.get("label", ""),
            "words": option.get("words", []),
        }
        for situation in situations
        for option in situation["options"] or [{}]
    ]


def _situations(options: Iterable[Row]) -> list[Row]:
    found: dict[str, Row] = {}
    for row in options:
        held = {"situation_id": row["situation_id"], "question": row["question"], "options": []}
        option = {"id": row["option_id"], "label": row["label"], "words": row.get("words", [])}
        found.setdefault(row["situation_id"], held)["options"].append(option)
    return list(found.values())


# Cells as values


@lru_cache(maxsize=1)
def item_columns() -> dict[str, Column]:
    """Return what each column of the items takes."""
    fields = rows.ServiceItem._meta
    return {
        name: _column(fields.get_field(name), ServiceItem, mapping.COLUMNS[name])
        for name in ITEM_HEADS
    }


def empty_columns() -> Row:
    """Return the columns of an item of which nothing is known yet."""
    fields = {name: column.field for name, column in item_columns().items()}
    return {name: None if f.null else f.get_default() for name, f in fields.items()}


# An option is no row of the database but a part of its situation.
_OPTIONS: dict[str, tuple[models.Field[Any, Any], str]] = {
    "option_id": (models.TextField(), "id"),
    "label": (models.TextField(), "label"),
    "words": (models.JSONField(), "words"),
}


def _list_column(model: type[rows.ItemRow], name: str) -> Column:
    if model is rows.Situation and name in _OPTIONS:
        option_field, part = _OPTIONS[name]
        return _column(option_field, Option, (part,))
    field = model._meta.get_field(name)
    if model is rows.Phrasing:
        return _column(field, Phrasing, (name,))
    if model is rows.Alias:
        return _column(field, ServiceItem, mapping.LISTS[model])
    parts = {column: part for part, column in mapping.RENAMED.get(model, {}).items()}
    return _column(field, ServiceItem, (*mapping.LISTS[model], parts.get(name, name)))


def _column(field: Any, kind: Any, path: tuple[str, ...]) -> Column:
    """Look a column up in a record of ``kind``, through its groups and lists."""
    is_required = True
    for part in path:
        known = next(f for f in record_fields(kind) if f.name == part)
        is_required = is_required and known.required
        kind = _unwrapped(known.type)
    words = get_args(kind) if get_origin(kind) is Literal else ()
    may_be_empty = field.null or path[:-1] in mapping.OPTIONAL_GROUPS
    return Column(field, words, is_required, may_be_empty)


def _unwrapped(kind: Any) -> Any:
    """What a list holds, and X for ``X | None``."""
    while get_origin(kind) in (list, Union, UnionType):
        kind = next(part for part in get_args(kind) if part is not NoneType)
    return kind


def _typed(field: models.Field[Any, Any], text: str) -> Any:
    if isinstance(field, models.JSONField):
        return [line.strip() for line in _BREAKS.split(text) if line.strip()]
    if isinstance(field, models.BooleanField):
        return _yes_or_no(field, text)
    if isinstance(field, models.PositiveIntegerField):
        return _number(field, text)
    if isinstance(field, models.DateField):
        return _date(field, text)
    if field.max_length and len(text) > field.max_length:
        raise ValueError(f"最多{field.max_length}个字，现在有{len(text)}个")
    return None if field.null and not text else text


def _yes_or_no(field: models.Field[Any, Any], text: str) -> bool | None:
    if text not in _YES_NO and (text or not field.null):
        raise ValueError(f"要填是或否，现在是“{text}”")
    return _YES_NO.get(text)


def _number(field: models.Field[Any, Any], text: str) -> int | None:
    if not text and (field.null or not field.get_default()):
        return None if field.null else 0
    if not text.isdecimal():
        raise ValueError(f"要填整数，现在是“{text}”")
    # Long before Python itself refuses to read a number, no column holds it.
    if len(text) > len(str(LARGEST_NUMBER)) or int(text) > LARGEST_NUMBER:
        raise ValueError(f"最大{LARGEST_NUMBER}，现在是“{text}”")
    return int(text)


def _date(field: models.Field[Any, Any], text: str) -> str | None:
    if not text and field.null:
        return None
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise ValueError(f"要填日期，比如2026-11-22，现在是“{text}”") from None
