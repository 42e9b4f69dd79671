"""What was typed into the form of a record, as plain data, and what its buttons do to the rows.

Whatever cannot be read as a number stays the text that was typed: a draft loses nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from django.http import QueryDict

from bot.console.knowledge_shapes import Shape, shapes_of
from knowledge.changes import ENTRY_KINDS, ITEM
from knowledge.sheets import LARGEST_NUMBER

Typed = dict[str, Any]
MOST_ROWS: Final = 1000
_YES_NO: Final = {"是": True, "否": False}
_EMPTY_BY_WIDGET: Final[dict[str, Any]] = {"tick": False, "number": 0}


def typed_of(kind: str, data: QueryDict, held: Mapping[str, Any]) -> Typed:
    """Return the record as the form has it; what the form does not ask for is as it was held."""
    keys = sorted(data)
    typed = {**held, **{s.name: _read(s, s.name, data, keys) for s in shapes_of(kind)}}
    if kind == ITEM:
        typed["state"] = "published"
        _ids_give(typed)
    return typed


def without_blanks(kind: str, typed: Typed) -> Typed:
    """Return it without the rows in which nothing is written."""
    return {**typed, **{s.name: _kept(s, typed.get(s.name)) for s in shapes_of(kind)}}


def split(kind: str, typed: Typed) -> tuple[Typed, list[Typed] | None]:
    """Return content and phrasings as a revision keeps them."""
    if kind != ITEM:
        return typed, None
    content = {name: value for name, value in typed.items() if name != "phrasings"}
    return content, list(typed.get("phrasings") or [])


def blank_of(kind: str, record_id: str, **given: Any) -> Typed:
    """Return a record of which only some fields are known."""
    blank = {s.name: _blank(s) for s in shapes_of(kind) if s.name != "phrasings" or kind != ITEM}
    key = "item_id" if kind == ITEM else ENTRY_KINDS[kind].key
    return {**blank, key: record_id, **given}


def pressed(typed: Typed, what: str) -> Typed:
    """Do what a button says: ``add:materials``, ``up:``, ``down:`` or ``remove:materials.2``."""
    step, _, name = what.partition(":")
    parts = name.split(".")
    if step == "add":
        rows = _at(typed, parts)
        if isinstance(rows, list) and len(rows) < MOST_ROWS:
            rows.append({})
        return typed
    rows = _at(typed, parts[:-1])
    place = int(parts[-1]) if parts[-1].isdecimal() else -1
    if not isinstance(rows, list) or not 0 <= place < len(rows):
        return typed
    if step == "remove":
        del rows[place]
        return typed
    other = {"up": place - 1, "down": place + 1}.get(step, -1)
    if 0 <= other < len(rows):
        rows[place], rows[other] = rows[other], rows[place]
    return typed


def _at(value: Any, parts: Iterable[str]) -> Any:
    for part in parts:
        if isinstance(value, list):
            is_place = part.isdecimal() and int(part) < len(value)
            value = value[int(part)] if is_place else None
        elif isinstance(value, dict):
            # A fresh row has no lists of its own yet.
            value = value.setdefault(part, [])
        else:
            return None
    return value


def _read(shape: Shape, name: str, data: QueryDict, keys: list[str]) -> Any:
    if shape.widget == "rows":
        return [
            {part.name: _read(part, f"{name}.{n}.{part.name}", data, keys) for part in shape.parts}
            for n in _numbers(name, keys)
        ]
    if shape.widget == "group":
        if shape.may_be_none and not _is_begun(shape, name, data):
            return None
        return {p.name: _read(p, f"{name}.{p.name}", data, keys) for p in shape.parts}
    if shape.widget == "tick":
        return name in data
    if shape.widget == "ticks":
        return [word for word in data.getlist(name) if word]
    text = data.get(name, "").replace("\r\n", "\n").strip()
    if shape.widget == "lines":
        return [line.strip() for line in text.split("\n") if line.strip()]
    return _value(shape, text)


def _value(shape: Shape, text: str) -> Any:
    if shape.is_yes_no:
        return _YES_NO.get(text)
    if not text and shape.may_be_none:
        return None
    if shape.widget == "number":
        if not text:
            return 0
        is_number = text.isdecimal() and len(text) < 11 and int(text) <= LARGEST_NUMBER
        return int(text) if is_number else text
    return text


def _numbers(name: str, keys: list[str]) -> list[int]:
    beginning = re.compile(rf"{re.escape(name)}\.(\d{{1,4}})\.")
    found = {int(match[1]) for key in keys if (match := beginning.match(key))}
    return sorted(found)[:MOST_ROWS]


def _kept(shape: Shape, value: Any) -> Any:
    if shape.widget == "rows":
        rows = [_kept_row(shape, row) for row in value or []]
        return [row for row in rows if _is_written(shape, row)]
    if shape.widget == "group" and value:
        return _kept_row(shape, value)
    return value


def _kept_row(shape: Shape, row: Mapping[str, Any]) -> Typed:
    return {p.name: _kept(p, row[p.name] if p.name in row else _blank(p)) for p in shape.parts}


def _is_begun(shape: Shape, name: str, data: QueryDict) -> bool:
    """Whether anything was written into a group; what is only chosen does not count."""
    written = [p.name for p in shape.parts if p.widget in ("text", "area", "number")]
    return any(data.get(f"{name}.{part}", "").strip() for part in written)


def _is_written(shape: Shape, row: Mapping[str, Any]) -> bool:
    """Whether somebody wrote words; what is chosen, ticked or counted says nothing alone."""
    return any(
        row.get(p.name) for p in shape.parts if p.widget in ("text", "area", "lines", "rows")
    )


def _blank(shape: Shape) -> Any:
    if shape.may_be_none:
        return None
    if shape.widget in ("rows", "lines", "ticks"):
        return []
    if shape.widget == "group":
        return {part.name: _blank(part) for part in shape.parts}
    if shape.widget == "choice":
        return shape.words[0]
    return _EMPTY_BY_WIDGET.get(shape.widget, "")


def _ids_give(typed: Typed) -> None:
    """Give new situations and options ids that nothing else in the item has."""
    situations = [row for row in typed.get("situations") or [] if isinstance(row, dict)]
    options = [option for row in situations for option in row.get("options") or []]
    for rows, letter in ((situations, "s"), (options, "o")):
        taken = {row.get("id") for row in rows}
        free = (f"{letter}{n}" for n in range(1, 1000) if f"{letter}{n}" not in taken)
        for row in rows:
            row["id"] = row.get("id") or next(free)
