"""Two plain records compared field by field, as reviewers read it.

Names stand in Chinese words, rows of a list are matched by what names them, so that one row moved
or put in between does not make every other look changed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any, Literal

from knowledge.mapping import COLUMNS, LISTS
from knowledge.sheets import ITEM_HEADS
from knowledge.sheets import LISTS as SHEETS

Record = Mapping[str, Any]
What = Literal["changed", "added", "removed", "moved"]

_PATHS = {".".join(path): ITEM_HEADS[column] for column, path in COLUMNS.items()}
_LISTS = {
    ".".join(path): next(sheet.name for sheet in SHEETS if sheet.model is model)
    for model, path in LISTS.items()
}
_WORDS = {
    **{name: head for sheet in SHEETS for name, head in sheet.heads.items()},
    "id": "编号", "options": "选项", "item": "易混编号", "situations": "情形",
    "phrasings": "居民说法",
    "name": "名称", "title": "名称", "aliases": "别名", "intro": "开头的话", "items": "事项",
    "who": "谁去办", "competent": "归谁管", "body": "单位", "phone": "电话", "why": "为什么",
    "number": "电话号码", "safety": "保命的话", "report": "是否上报", "responsible_role": "谁负责",
    "due_working_days": "几个工作日内", "linked_item": "对应事项", "urgent": "急不急",
    "answer": "回答", "site": "什么场所", "points": "检查点", "in_order": "合格的样子",
    "papers": "要备好的材料", "legal_basis": "设定依据", "adds": "附带查什么", "kind": "类型",
    "address": "地址", "hours": "开门时间", "workday": "工作日", "weekend": "周末",
    "holiday": "节假日", "opens": "开门", "closes": "关门", "verified": "已核实",
    "estates": "管到的小区", "candidates": "可能是", "word": "居民怎么说", "canonical": "就是",
    "spoken": "怎么读", "texts": "话", "deadline": "期限",
    "words": "一听就知道的词", "event_id": "编号", "subject_id": "编号", "kind_id": "编号",
    "checklist_id": "编号", "topic_id": "编号", "place_id": "编号", "handling": "办理",
    "statutory": "法定办结时限", "promised": "承诺办结时限", "days": "天数",
}  # fmt: skip
# What names a row, the first that it has.
_KEYS = ("id", "item", "name", "title", "text", "question", "label", "opens")


@dataclass(frozen=True)
class Difference:
    """One difference: where in Chinese words, and the texts of both sides, empty for none.

    ``field`` is the path in the record (``handling.promised.days``), for anchors in a form.
    """

    field: str
    path: str
    what: What
    before: str
    after: str


def differences(before: Record | None, after: Record | None) -> list[Difference]:
    """Return all differences of two records, in the order of their fields."""
    names = list(dict.fromkeys([*(before or {}), *(after or {})]))
    return [
        found
        for name in names
        for found in _compared((name,), (before or {}).get(name), (after or {}).get(name))
    ]


def phrasing_differences(before: Sequence[Record], after: Sequence[Record]) -> list[Difference]:
    """Return the differences of the phrasings of an item."""
    return list(_rows(("phrasings",), before, after))


def shown(value: Any) -> str:
    """Return a value in words."""
    if value is None or value == "" or value == [] or value == {}:
        return ""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, Mapping):
        told = [(_word((name,)), shown(inner)) for name, inner in value.items()]
        return "；".join(f"{word}：{text}" for word, text in told if text)
    if isinstance(value, list):
        return "\n".join(shown(each) for each in value)
    return str(value)


def _compared(path: tuple[str, ...], before: Any, after: Any) -> Iterator[Difference]:
    if before == after or shown(before) == shown(after) == "":
        return
    one, other = before or {}, after or {}
    if isinstance(one, Mapping) and isinstance(other, Mapping) and (one or other):
        for name in dict.fromkeys([*one, *other]):
            yield from _compared((*path, name), one.get(name), other.get(name))
        return
    if _is_rows(before) and _is_rows(after) and (before or after):
        yield from _rows(path, before or [], after or [])
        return
    yield _difference(path, before, after)


def _is_rows(value: Any) -> bool:
    return value is None or (
        isinstance(value, list) and all(isinstance(each, (Mapping, str)) for each in value)
    )


def _rows(
    path: tuple[str, ...], before: Sequence[Any], after: Sequence[Any]
) -> Iterator[Difference]:
    """Rows matched by what names them; of the rest in one gap those at the same place belong."""
    pairs = _paired([_key(row) for row in before], [_key(row) for row in after])
    kept = [old for old, new in pairs if old is not None and new is not None]
    for old, new in pairs:
        one = before[old] if old is not None else None
        other = after[new] if new is not None else None
        row = (*path, _named(other if other is not None else one))
        if one is None or other is None:
            yield _difference(row, one, other)
        elif isinstance(one, Mapping) and isinstance(other, Mapping):
            yield from _compared(row, one, other)
        elif one != other:
            yield _difference(row, one, other)
    if kept != sorted(kept):
        orders = [[_key(row) for row in rows] for rows in (before, after)]
        texts = ["、".join(order) for order in orders]
        yield Difference(".".join(path), f"{_word(path)}的次序", "moved", texts[0], texts[1])


def _paired(before: list[str], after: list[str]) -> list[tuple[int | None, int | None]]:
    """Return places that belong together, in the order of ``after``, what is gone where it was."""
    free = list(range(len(before)))
    matched: dict[int, int] = {}
    for new, key in enumerate(after):
        if (old := next((i for i in free if before[i] == key), None)) is not None:
            matched[new] = old
            free.remove(old)
    for tag, old, old_end, new, new_end in SequenceMatcher(
        None, before, after, autojunk=False
    ).get_opcodes():
        if tag == "replace":
            gone = [i for i in range(old, old_end) if i in free]
            come = [i for i in range(new, new_end) if i not in matched]
            for one, other in zip(gone, come, strict=False):
                if SequenceMatcher(None, before[one], after[other]).ratio() >= 0.4:
                    matched[other] = one
                    free.remove(one)
    pairs: list[tuple[int | None, int | None]] = []
    for new in range(len(after)):
        old_place = matched.get(new)
        pairs += [(i, None) for i in free if old_place is not None and i < old_place]
        free = [i for i in free if old_place is None or i > old_place]
        pairs.append((old_place, new))
    return [*pairs, *((i, None) for i in free)]


def _key(row: Any) -> str:
    if not isinstance(row, Mapping):
        return str(row)
    return next((str(row[name]) for name in _KEYS if row.get(name)), shown(row))


def _named(row: Any) -> str:
    key = _key(row).replace("\n", " ")
    return f"“{key[:20]}{'…' if len(key) > 20 else ''}”"


def _difference(path: tuple[str, ...], before: Any, after: Any) -> Difference:
    one, other = shown(before), shown(after)
    what: What = "changed" if one and other else "added" if other else "removed"
    return Difference(_field(path), _word(path), what, one, other)


def _field(path: tuple[str, ...]) -> str:
    return ".".join(part for part in path if not part.startswith("“"))


def _word(path: tuple[str, ...]) -> str:
    """Say where a value stands: known paths by their heading, rows by their name."""
    said: list[str] = []
    held: list[str] = []
    for part in path:
        if part.startswith("“"):
            said, held = [*said, part], []
            continue
        held.append(part)
        dotted = ".".join(held)
        known = _PATHS.get(dotted) or _LISTS.get(dotted) if not said else None
        word = known or (None if _leads_on(dotted) and not said else _WORDS.get(part, part))
        if word:
            said.append(word)
    return " ".join(said) if said else _WORDS.get(path[-1], path[-1])


def _leads_on(dotted: str) -> bool:
    """Whether it is only a group that known headings lie in."""
    return any(path.startswith(f"{dotted}.") for path in (*_PATHS, *_LISTS))
