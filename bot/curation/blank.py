"""An empty record of a kind, with every field there is, for a draft that somebody is to fill in."""

from __future__ import annotations

from datetime import date
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec

from bot import clock
from knowledge.changes import ENTRY_KINDS, ITEM
from knowledge.record import Record, ServiceItem, plain


def blank_content(kind: str) -> dict[str, Any]:
    """Return the plain data of an empty record: no texts, no rows, first of each choice."""
    record: Any = ServiceItem if kind == ITEM else ENTRY_KINDS[kind].record
    return _blank_record(record)


def _blank_record(record: type[Record]) -> dict[str, Any]:
    hints = get_type_hints(record)
    found: dict[str, Any] = {}
    for field in msgspec.structs.fields(record):
        if field.default is not msgspec.NODEFAULT:
            found[field.name] = plain(field.default)
        elif field.default_factory is not msgspec.NODEFAULT:
            found[field.name] = plain(field.default_factory())
        else:
            found[field.name] = _blank(hints[field.name])
    return found


def _blank(kind: Any) -> Any:
    origin, args = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        return None if NoneType in args else _blank(args[0])
    if origin is Literal:
        return args[0]
    if origin in (list, tuple):
        return []
    if origin is dict:
        return {}
    if isinstance(kind, type) and issubclass(kind, Record):
        return _blank_record(kind)
    if kind is date:
        return clock.now().date().isoformat()
    return {str: "", bool: False, int: 0, float: 0.0}[kind]
