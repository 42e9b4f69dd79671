"""Between a record and its rows: one table says which column holds which part of the record."""

from __future__ import annotations

from typing import Any

from django.db import models

from knowledge import models as rows

# Column of ServiceItem -> path in the record. Columns named like a field of the record stand alone.
COLUMNS: dict[str, tuple[str, ...]] = {
    **{
        name: (name,)
        for name in [
            "item_id",
            "name",
            "short_name",
            "category",
            "item_type",
            "version",
            "state",
            "effective_from",
            "effective_until",
            "implementing_body",
            "accepting_body",
            "deciding_body",
            "exercise_level",
            "audience",
            "scope",
            "exclusions",
            "needs",
            "places",
            "window",
            "consult_phone",
            "supervise_phone",
            "verified",
            "verified_by",
            "verified_on",
            "next_review_on",
        ]
    },
    **{
        name: ("handling", name)
        for name in (
            ["case_type", "self_service_terminal", "appointment", "postal_delivery", "region"]
        )
    },
    **{
        f"{group}_{part}": ("handling", group, part)
        for group, parts in {
            "statutory": "days unit basis",
            "promised": "days unit basis",
            "visits": "count reason",
            "online": "available depth where",
            "proxy": "allowed requirements home_visit note",
        }.items()
        for part in parts.split()
    },
    "charged": ("fee", "charged"),
    "charge_note": ("fee", "note"),
    **{
        f"result_{part}": ("result", part)
        for part in ["name", "kind", "validity", "validity_basis", "delivery"]
    },
    **{f"source_{part}": ("source", part) for part in ("title", "retrieved_on")},
    **{f"voice_{part}": ("voice", part) for part in ("brief", "pronunciation", "hot_words")},
}

# Row model -> path of its list in the record; a list of strings has the column ``text`` alone.
LISTS: dict[type[rows.ItemRow], tuple[str, ...]] = {
    rows.Alias: ("aliases",),
    rows.Condition: ("accept_conditions",),
    rows.Situation: ("situations",),
    rows.Material: ("materials",),
    rows.ProcessStep: ("handling", "process_steps"),
    rows.Deadline: ("deadlines",),
    rows.Fee: ("fee", "fees"),
    rows.Amount: ("amounts",),
    rows.LegalBasis: ("legal_basis",),
    rows.Faq: ("faq",),
    rows.Confusion: ("not_this",),
}
# Where a column is called otherwise than in the record, because the record's name is taken.
RENAMED: dict[type[rows.ItemRow], dict[str, str]] = {
    rows.Situation: {"id": "situation_id"},
    rows.Confusion: {"item": "other"},
}
NOT_IN_RECORD = frozenset({"id", "item_id", "order"})
# Groups that are absent from the record when this column is empty.
OPTIONAL_GROUPS = {
    ("handling", "statutory"): "statutory_days",
    ("handling", "promised"): "promised_days",
}


def columns_of(record: dict[str, Any]) -> dict[str, Any]:
    """Return the columns of ServiceItem for a record as plain data."""
    columns = {}
    for column, path in COLUMNS.items():
        value: Any = record
        for part in path:
            value = value.get(part) if isinstance(value, dict) else None
        field = rows.ServiceItem._meta.get_field(column)
        assert isinstance(field, models.Field)
        columns[column] = field.get_default() if value is None and not field.null else value
    return columns


def rows_of(record: dict[str, Any]) -> dict[type[rows.ItemRow], list[dict[str, Any]]]:
    """Return the rows of every list of a record as plain data."""
    return {model: [_row(model, entry) for entry in _at(record, p)] for model, p in LISTS.items()}


def _row(model: type[rows.ItemRow], entry: Any) -> dict[str, Any]:
    if isinstance(entry, str):
        return {"text": entry}
    names = RENAMED.get(model, {})
    return {names.get(name, name): value for name, value in entry.items()}


def _at(record: dict[str, Any], path: tuple[str, ...]) -> list[Any]:
    value: Any = record
    for part in path:
        value = value.get(part) if value else None
    return value or []


def record_of(
    columns: dict[str, Any], lists: dict[type[rows.ItemRow], list[dict[str, Any]]]
) -> dict[str, Any]:
    """Return the record of an item as plain data, ready for ``record.read``.

    ``columns`` are the item's own, ``lists`` its rows in order, both as ``values()`` gives them.
    """
    record: dict[str, Any] = {}
    absent = {path for path, column in OPTIONAL_GROUPS.items() if columns[column] is None}
    for column, path in COLUMNS.items():
        if path[:-1] not in absent:
            _put(record, path, columns[column])
    for model, path in LISTS.items():
        _put(record, path, [_entry(model, row) for row in lists.get(model, [])])
    return record


def _entry(model: type[rows.ItemRow], row: dict[str, Any]) -> Any:
    if model is rows.Alias:
        return row["text"]
    back = {column: name for name, column in RENAMED.get(model, {}).items()}
    return {back.get(name, name): v for name, v in row.items() if name not in NOT_IN_RECORD}


def _put(record: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    for part in path[:-1]:
        record = record.setdefault(part, {})
    record[path[-1]] = value
