"""Guides back in from Excel, with a report for every row before anything is written.

What stands in a sheet replaces what is stored for the items of the first sheet; a column that is
missing keeps its values (in a list by the row's key), a sheet that is missing keeps its rows. How
sheets and cells look is told in ``knowledge.sheets``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from django.db import transaction

from knowledge import mapping
from knowledge import models as rows
from knowledge.files import KnowledgeFiles
from knowledge.lint import Finding, lint_knowledge
from knowledge.record import Phrasing, RecordError, ServiceItem
from knowledge.services import item_edited, item_store
from knowledge.sheets import (
    ID,
    ITEM_HEADS,
    ITEMS,
    LISTS,
    SHEET_NAMES,
    SITUATIONS,
    Column,
    Guides,
    ListRows,
    Row,
    Sheet,
    empty_columns,
    guide_of,
    guide_rows,
    item_columns,
    shown,
)
from knowledge.workbook import NOTES_SHEET, Table, WorkbookError

Status = Literal["new", "changed", "removed", "same", "error"]
Place = tuple[str, int, str]  # sheet, row, item: how a report begins


@dataclass(frozen=True)
class RowReport:
    """What becomes of one row: ``row`` counts as Excel does, 0 where there is none in the sheet."""

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


def import_plan(
    tables: Mapping[str, Table], stored: Guides, knowledge: KnowledgeFiles, today: date
) -> Plan:
    """Work out what importing these sheets would change; raises WorkbookError without items.

    ``stored`` are the guides in whatever state, ``knowledge`` is what a publication would read:
    errors that the import would bring into it are reported as well.
    """
    if ITEMS not in tables or ID not in tables[ITEMS].heads:
        raise WorkbookError(f"expected a sheet “{ITEMS}” with a column “{ID}”")
    reader = _Reader(tables, stored)
    read = reader.guides()
    objections = _objections(read, stored, knowledge, today)
    reports = list(reader.reports)
    reports += [RowReport(ITEMS, reader.numbers.get(i, 0), i, "error", s) for i, s in objections]
    refused = {item_id for item_id, _ in objections}
    guides = []
    for item_id, (item, phrasings) in read.items():
        if item_id in refused:
            continue
        changes = reader.changes(item_id, item, phrasings)
        reports += changes
        if any(change.status != "same" for change in changes):
            guides.append((item, phrasings))
    return Plan(reports, guides)


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


# Why guides must not be stored as they are


def _objections(
    read: Mapping[str, tuple[ServiceItem, list[Phrasing]]],
    stored: Guides,
    knowledge: KnowledgeFiles,
    today: date,
) -> list[tuple[str, str]]:
    """(item, reason) for every guide that must not be stored as it is."""
    said = []
    known = {item_id: guide for item_id, guide in read.items() if item_id in knowledge.catalogue}
    for item_id, (item, _) in read.items():
        if item_id not in known:
            said.append((item_id, f"编号 {item_id} 不在 {len(knowledge.catalogue)} 项目录里"))
        elif item_id in stored and stored[item_id][0].version != item.version:
            mine, theirs = item.version, stored[item_id][0].version
            conflict = f"导出时是第{mine}版，库里已经是第{theirs}版，请重新导出再改"
            said.append((item_id, f"conflict: {conflict}"))
    for finding in _new_errors(known, stored, knowledge, today):
        said.append((_owner(finding, known), f"{finding.rule}: {finding.message}"))
    return said


def _new_errors(
    read: Guides, stored: Guides, knowledge: KnowledgeFiles, today: date
) -> list[Finding]:
    """The errors that lint finds with the guides as read and not with them as stored."""
    after = _errors(knowledge, read, today)
    if not after:
        return []
    before = {item_id: stored[item_id] for item_id in read if item_id in stored}
    known = set(_errors(knowledge, before, today))
    return [finding for finding in after if finding not in known]


def _errors(knowledge: KnowledgeFiles, guides: Guides, today: date) -> list[Finding]:
    items = {item_id: item for item_id, (item, _) in guides.items()}
    phrasings = {item_id: list(said) for item_id, (_, said) in guides.items()}
    whole = replace(
        knowledge,
        items={**knowledge.items, **items},
        phrasings={**knowledge.phrasings, **phrasings},
    )
    return [finding for finding in lint_knowledge(whole, today) if finding.level == "error"]


def _owner(finding: Finding, read: Guides) -> str:
    """The item as read that a finding is about; what two records share is found at the later."""
    last = finding.message.rpartition(" ")[2]
    return next((name for name in (finding.record, last) if name in read), finding.record)


# Sheets row by row


@dataclass
class _Entry:
    """A row of a list as read; ``before`` is the place of the stored row that it stands for."""

    row: int
    data: Row
    before: int | None = None


class _Reader:
    """Reads the sheets row by row; what cannot be read is reported and left out."""

    def __init__(self, tables: Mapping[str, Table], stored: Guides) -> None:
        self.reports: list[RowReport] = []
        self.numbers: dict[str, int] = {}
        self._columns: dict[str, Row] = {}
        self._lists: dict[str, dict[str, list[_Entry]]] = {}
        self._stored: dict[str, tuple[Row, ListRows]] = {}
        for name in tables:
            if name not in (*SHEET_NAMES, NOTES_SHEET):
                self._error(name, 0, "", "不认识的表，请改回原来的表名，不要的请删掉")
        self._read_items(tables[ITEMS], stored)
        for sheet in LISTS:
            if sheet.name in tables:
                self._read_list(sheet, tables[sheet.name])

    def _error(self, sheet: str, row: int, item_id: str, message: str) -> None:
        self.reports.append(RowReport(sheet, row, item_id, "error", message))

    def _known_heads(self, table: Table, heads: Sequence[str]) -> None:
        for head in table.heads:
            if head and head not in heads:
                self._error(table.name, 1, "", f"不认识的列“{head}”")

    def _read_items(self, table: Table, stored: Guides) -> None:
        self._known_heads(table, list(ITEM_HEADS.values()))
        for number, cells in table.dicts():
            item_id = cells[ID]
            if not item_id or item_id in self.numbers:
                self._error(ITEMS, number, item_id, "编号重复" if item_id else "没有编号")
                continue
            self.numbers[item_id] = number
            place = (ITEMS, number, item_id)
            data = self._typed(place, ITEM_HEADS, item_columns(), cells)
            if item_id in stored:
                self._stored[item_id] = guide_rows(*stored[item_id])
                data = {**self._stored[item_id][0], **data}
            else:
                self._need_columns(place, ITEM_HEADS, item_columns(), table.heads)
                data = {**empty_columns(), **data}
            self._need_units(place, data)
            self._columns[item_id] = data

    def _typed(
        self,
        place: Place,
        heads: Mapping[str, str],
        columns: Mapping[str, Column],
        cells: Mapping[str, str],
    ) -> Row:
        """The cells as values; one that cannot be read is reported and left out."""
        data = {}
        for name, head in heads.items():
            if head in cells:
                try:
                    data[name] = columns[name].value(cells[head])
                except ValueError as error:
                    self._error(*place, f"“{head}”{error}")
        return data

    def _need_columns(
        self,
        place: Place,
        heads: Mapping[str, str],
        columns: Mapping[str, Column],
        given: Sequence[str],
    ) -> None:
        missing = [h for name, h in heads.items() if h not in given and columns[name].is_required]
        if missing:
            self._error(*place, f"新加的要有这些列：{'、'.join(missing)}")

    def _need_units(self, place: Place, data: Row) -> None:
        for group, days in mapping.OPTIONAL_GROUPS.items():
            unit = f"{group[-1]}_unit"
            if data.get(days) is not None and data.get(unit) == "":
                self._error(*place, f"“{ITEM_HEADS[days]}”填了，“{ITEM_HEADS[unit]}”是空的")

    def _read_list(self, sheet: Sheet, table: Table) -> None:
        self._known_heads(table, [ID, *sheet.heads.values()])
        missing = [head for head in (ID, sheet.heads[sheet.key]) if head not in table.heads]
        if missing:
            # Without them every row that is stored would seem to have been taken out.
            self._error(table.name, 1, "", f"缺这些列：{'、'.join(missing)}")
            return
        entries = self._lists.setdefault(sheet.name, {})
        for number, cells in table.dicts():
            item_id = cells[ID]
            if item_id not in self.numbers:
                self._error(table.name, number, item_id, f"编号“{item_id}”不在“{ITEMS}”表里")
                continue
            place = (table.name, number, item_id)
            for name in (sheet.key, *sheet.filled):
                if cells.get(sheet.heads[name]) == "":
                    self._error(*place, f"“{sheet.heads[name]}”是空的")
            data = self._typed(place, sheet.heads, sheet.columns, cells)
            if sheet.key in data:
                entries.setdefault(item_id, []).append(_Entry(number, data))
        for item_id, mine in entries.items():
            self._complete(sheet, item_id, mine, table.heads)

    def _complete(
        self, sheet: Sheet, item_id: str, entries: list[_Entry], given: Sequence[str]
    ) -> None:
        """Give every row what is stored in the columns that the sheet leaves out."""
        stored = self._stored_rows(sheet, item_id)
        _pair(entries, stored, sheet.key)
        for entry in entries:
            if entry.before is not None:
                entry.data = {**stored[entry.before], **entry.data}
            else:
                place = (sheet.name, entry.row, item_id)
                self._need_columns(place, sheet.heads, sheet.columns, given)
        if sheet is SITUATIONS:
            self._gather_situations(item_id, entries)

    def _gather_situations(self, item_id: str, entries: list[_Entry]) -> None:
        """Put the options of one situation next to each other, as its record holds them."""
        first: dict[str, _Entry] = {}
        for entry in entries:
            name, question = entry.data.get("situation_id", ""), entry.data.get("question", "")
            held = first.setdefault(name, entry).data.get("question", "")
            if question and held and question != held:
                self._error(SITUATIONS.name, entry.row, item_id, f"情形“{name}”有两种问法")
        order = list(first)
        entries.sort(key=lambda entry: order.index(entry.data.get("situation_id", "")))

    def _stored_rows(self, sheet: Sheet, item_id: str) -> list[Row]:
        return self._stored[item_id][1][sheet.model] if item_id in self._stored else []

    def guides(self) -> dict[str, tuple[ServiceItem, list[Phrasing]]]:
        """Return what the sheets say of every item without an error so far."""
        found = {}
        wrong = {report.item_id for report in self.reports}
        for item_id, number in self.numbers.items():
            if item_id in wrong:
                continue
            lists = {sheet.model: self._rows(sheet, item_id) for sheet in LISTS}
            try:
                found[item_id] = guide_of(self._columns[item_id], lists, item_id)
            except RecordError as error:
                self._error(ITEMS, number, item_id, str(error))
        return found

    def _rows(self, sheet: Sheet, item_id: str) -> list[Row]:
        """The rows of the sheet, or the stored ones where the sheet is missing."""
        if sheet.name not in self._lists:
            return self._stored_rows(sheet, item_id)
        return [entry.data for entry in self._lists[sheet.name].get(item_id, [])]

    def changes(
        self, item_id: str, item: ServiceItem, phrasings: Sequence[Phrasing]
    ) -> list[RowReport]:
        """Compare a readable guide with the stored one, row by row."""
        columns, lists = guide_rows(item, phrasings)
        number = self.numbers[item_id]
        if item_id not in self._stored:
            return [RowReport(ITEMS, number, item_id, "new", item.name)]
        told = _told(self._stored[item_id][0], columns, ITEM_HEADS)
        found = [RowReport(ITEMS, number, item_id, "changed" if told else "same", told)]
        for sheet in LISTS:
            if sheet.name in self._lists:
                found += self._list_changes(sheet, item_id, lists[sheet.model])
        return found

    def _list_changes(self, sheet: Sheet, item_id: str, after: Sequence[Row]) -> list[RowReport]:
        before = self._stored_rows(sheet, item_id)
        entries = self._lists[sheet.name].get(item_id, [])
        found = []
        for row, entry in zip(after, entries, strict=True):
            place, label = (sheet.name, entry.row, item_id), _in_line(row[sheet.key])
            if entry.before is None:
                found.append(RowReport(*place, "new", label))
            elif told := _told(before[entry.before], row, sheet.heads):
                found.append(RowReport(*place, "changed", f"{label}：{told}"))
        kept = [entry.before for entry in entries if entry.before is not None]
        found += [
            RowReport(sheet.name, 0, item_id, "removed", _in_line(row[sheet.key]))
            for index, row in enumerate(before)
            if index not in kept
        ]
        if not found and kept != sorted(kept):
            found.append(RowReport(sheet.name, entries[0].row, item_id, "changed", "次序变了"))
        return found


def _pair(entries: Sequence[_Entry], stored: Sequence[Row], key: str) -> None:
    """Find the stored row of each entry: of those with its key the same one, or else the next.

    Two rows may bear one key, such as an old card to bring in either of two situations.
    """
    left: dict[str, list[int]] = {}
    for index, row in enumerate(stored):
        left.setdefault(row[key], []).append(index)
    for entry in entries:
        twins = left.get(entry.data[key], [])
        same = (i for i in twins if all(stored[i][c] == v for c, v in entry.data.items()))
        entry.before = next(same, None)
        if entry.before is not None:
            twins.remove(entry.before)
    for entry in entries:
        twins = left.get(entry.data[key], [])
        if entry.before is None and twins:
            entry.before = twins.pop(0)


def _told(before: Row, after: Row, heads: Mapping[str, str]) -> str:
    """What differs between two rows, in one line; empty if nothing does."""
    return "；".join(
        f"{head} “{_in_line(before[name])}” → “{_in_line(after[name])}”"
        for name, head in heads.items()
        if before[name] != after[name]
    )


def _in_line(value: object) -> str:
    """A value in the line of a report: “/” between entries, “⏎” for a line break within a text."""
    texts = value if isinstance(value, list) else [value]
    return " / ".join("⏎".join(shown(text).splitlines()) for text in texts)
