"""Guides out to Excel and back, from the terminal."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from bot import clock
from knowledge import exchange
from knowledge.exchange import EXCHANGE_NOTES, exchange_tables, guide_form, is_exchange
from knowledge.importing import Plan, import_apply, import_plan
from knowledge.record import RecordError
from knowledge.selectors import stored_guides, stored_knowledge
from knowledge.sheets import NOTES, SHEET_NAMES, guide_tables
from knowledge.workbook import NOTES_SHEET, Table, WorkbookError, read_workbook, write_workbook


def export_items(target: Path, item_ids: Sequence[str], form: str) -> int:
    """Write guides to a workbook and return the exit code."""
    try:
        guides = stored_guides()
    except RecordError as error:
        return _failed(f"a stored guide cannot be read: {error}")
    unknown = [item_id for item_id in item_ids if item_id not in guides]
    if unknown:
        return _failed(f"no guide for {', '.join(unknown)}")
    chosen = {item_id: guides[item_id] for item_id in item_ids or guides}
    tables, notes = guide_tables(chosen), NOTES
    if form == "exchange":
        tables, notes = exchange_tables(tables), EXCHANGE_NOTES
    try:
        write_workbook(target, tables, notes)
    except WorkbookError as error:
        return _failed(str(error))
    except OSError as error:
        return _failed(f"{target} cannot be written: {error}")
    print(f"{len(chosen)} guides, {sum(len(t.rows) for t in tables)} rows: {target}")
    return 0


def _failed(reason: str) -> int:
    print(f"error: {reason}", file=sys.stderr)
    return 1


def import_items(source: Path, *, is_dry_run: bool, shows_all: bool) -> int | None:
    """Report on every row and store the guides; return how many, or None if there are errors."""
    try:
        plan = _plan(read_workbook(source, (*SHEET_NAMES, *exchange.SHEETS)))
    except WorkbookError as error:
        _failed(str(error))
        return None
    except RecordError as error:
        _failed(f"a stored record cannot be read: {error}")
        return None
    for row in plan.rows:
        if shows_all or row.status != "same":
            print(row)
    counts = {s: sum(r.status == s for r in plan.rows) for s in _STATUSES}
    print("，".join(f"{_STATUSES[s]} {n}" for s, n in counts.items()))
    if plan.errors:
        _failed(f"{len(plan.errors)} rows have errors, nothing was stored")
        return None
    if is_dry_run:
        print(f"dry run: {len(plan.guides)} guides would be stored")
        return 0
    stored_count = import_apply(plan)
    print(f"{stored_count} guides stored")
    return stored_count


def _plan(tables: Mapping[str, Table]) -> Plan:
    stored = stored_guides()
    if is_exchange(tables):
        # An office's export has many more sheets than the three that are ours too.
        unread = [name for name in tables if name not in (*exchange.SHEETS, NOTES_SHEET)]
        if unread:
            print(f"not read: {'、'.join(unread)}")
        tables = guide_form(tables, guide_tables(stored))
    return import_plan(tables, stored, stored_knowledge(), clock.now().date())


_STATUSES = {
    "new": "新增",
    "changed": "改动",
    "removed": "去掉",
    "same": "没变",
    "error": "有错",
}
