"""Guides out to Excel and back, from the terminal."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from bot import clock
from knowledge.exchange import exchange_tables, guide_form, is_exchange
from knowledge.files import load_catalogue
from knowledge.importing import NOTES, guide_tables, import_apply, import_plan
from knowledge.selectors import stored_guides
from knowledge.workbook import WorkbookError, read_workbook, write_workbook


def export_items(target: Path, item_ids: Sequence[str], form: str) -> int:
    """Write guides to a workbook and return the exit code."""
    guides = stored_guides()
    unknown = [item_id for item_id in item_ids if item_id not in guides]
    if unknown:
        print(f"error: no guide for {', '.join(unknown)}", file=sys.stderr)
        return 1
    chosen = {item_id: guides[item_id] for item_id in item_ids or guides}
    tables = guide_tables(chosen)
    if form == "exchange":
        tables = exchange_tables(tables)
    try:
        write_workbook(target, tables, NOTES)
    except OSError as error:
        print(f"error: {target} cannot be written: {error}", file=sys.stderr)
        return 1
    print(f"{len(chosen)} guides, {sum(len(t.rows) for t in tables)} rows: {target}")
    return 0


def import_items(source: Path, *, is_dry_run: bool, shows_all: bool) -> int | None:
    """Report on every row and store the guides; return how many, or None if there are errors."""
    try:
        tables = read_workbook(source)
        stored = stored_guides()
        if is_exchange(tables):
            tables = guide_form(tables, {item.name: i for i, (item, _) in stored.items()})
        plan = import_plan(tables, stored, load_catalogue(), clock.now().date())
    except WorkbookError as error:
        print(f"error: {error}", file=sys.stderr)
        return None
    for row in plan.rows:
        if shows_all or row.status != "same":
            print(row)
    counts = {s: sum(r.status == s for r in plan.rows) for s in _STATUSES}
    print("，".join(f"{_STATUSES[s]} {n}" for s, n in counts.items()))
    if plan.errors:
        print(f"error: {len(plan.errors)} rows have errors, nothing was stored", file=sys.stderr)
        return None
    if is_dry_run:
        print(f"dry run: {len(plan.guides)} guides would be stored")
        return 0
    stored_count = import_apply(plan)
    print(f"{stored_count} guides stored")
    return stored_count


_STATUSES = {
    "new": "新增",
    "changed": "改动",
    "removed": "去掉",
    "same": "没变",
    "error": "有错",
}
