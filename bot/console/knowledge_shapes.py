"""What a form asks for of each kind of record, read off the record's own types.

A shape is one field of the form; rows and groups have parts. Paths go without the rows' numbers
(``materials.name``), names with them (``materials.0.name``).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

import msgspec
from msgspec.structs import fields as record_fields

from bot.console.knowledge_words import HIDDEN, LONG
from knowledge.changes import AMBIGUOUS, ENTRY_KINDS, ITEM, OUT_OF_SCOPE
from knowledge.record import Phrasing, Record, ServiceItem

Widget = Literal[
    "text", "area", "number", "date", "tick", "choice", "ticks", "lines", "rows", "group", "hidden"
]
# Their ids are made by the program, and other fields name them.
CODED = frozenset({"situations.id", "situations.options.id"})
# What may be ticked depends on the record or on what is stored.
TICKED = frozenset({"situation_ids", "places"})


class OutOfScope(Record, frozen=True, kw_only=True):
    """What nobody at the office can answer."""

    id: str
    texts: list[str]


class Ambiguous(Record, frozen=True, kw_only=True):
    """A short saying with what it may mean."""

    id: str
    candidates: list[str]


@dataclass(frozen=True)
class Shape:
    """One field: how it is filled in, the words to choose from, whether it may be None."""

    name: str
    path: str
    widget: Widget
    words: tuple[str, ...] = ()
    parts: tuple[Shape, ...] = ()
    may_be_none: bool = False
    is_yes_no: bool = False


@lru_cache
def shapes_of(kind: str) -> tuple[Shape, ...]:
    """Return the fields of a kind of record, those of an item with its phrasings."""
    if kind == ITEM:
        said = Shape("phrasings", "phrasings", "rows", parts=_shapes(Phrasing, "phrasings."))
        return (*_shapes(ServiceItem, "", {"item_id"}), said)
    if kind in (OUT_OF_SCOPE, AMBIGUOUS):
        return _shapes(OutOfScope if kind == OUT_OF_SCOPE else Ambiguous, "", {"id"})
    entry = ENTRY_KINDS[kind]
    return _shapes(entry.record, "", {entry.key}, frozenset())


def _shapes(
    record: Any, prefix: str, without: set[str] | None = None, hidden: frozenset[str] = HIDDEN
) -> tuple[Shape, ...]:
    skipped = {*(without or ()), *(hidden if not prefix else ())}
    return tuple(
        _shape(field.name, f"{prefix}{field.name}", field.type)
        for field in record_fields(record)
        if field.name not in skipped
    )


def _shape(name: str, path: str, kind: Any) -> Shape:
    may_be_none = get_origin(kind) in (Union, UnionType)
    if may_be_none:
        kind = next(part for part in get_args(kind) if part is not NoneType)
    if get_origin(kind) is list:
        return _many(name, path, get_args(kind)[0])
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        parts = _shapes(kind, f"{path}.")
        return Shape(name, path, "group", parts=parts, may_be_none=may_be_none)
    if get_origin(kind) is Literal:
        return Shape(name, path, "choice", words=get_args(kind), may_be_none=may_be_none)
    if kind is bool and may_be_none:
        words = ("是", "否", "")
        return Shape(name, path, "choice", words, may_be_none=True, is_yes_no=True)
    plain: dict[Any, Widget] = {bool: "tick", int: "number", date: "date"}
    widget: Widget = plain.get(kind, "area" if name in LONG else "text")
    if path in CODED:
        widget = "hidden"
    return Shape(name, path, widget, may_be_none=may_be_none)


def _many(name: str, path: str, kind: Any) -> Shape:
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return Shape(name, path, "rows", parts=_shapes(kind, f"{path}."))
    if get_origin(kind) is Literal:
        return Shape(name, path, "ticks", words=get_args(kind))
    return Shape(name, path, "ticks" if name in TICKED else "lines")
