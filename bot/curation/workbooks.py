"""Guides in Excel for clerks: what goes out, what a file would change, and the wishes it makes.

A file that was uploaded waits in a folder under a name that only its sender's session knows, until
she confirms; nothing of it is stored before.
"""

from __future__ import annotations

import hashlib
import re
import tempfile
import time
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from uuid import uuid4

from django.conf import settings
from django.db import transaction

from bot import clock
from bot.accounts.models import Staff
from bot.audit.models import AuditAction
from bot.audit.services import audit_note
from bot.curation.gathering import Wish, revisions_submit_together, taken_by
from bot.curation.models import Revision
from knowledge import exchange
from knowledge.changes import ITEM, phrasings_read, record_read
from knowledge.exchange import EXCHANGE_NOTES, exchange_tables, guide_form, is_exchange
from knowledge.importing import Plan, RowReport, import_plan
from knowledge.record import Phrasing, RecordError, ServiceItem, plain
from knowledge.selectors import stored_guides, stored_knowledge
from knowledge.sheets import ITEMS, NOTES, SHEET_NAMES, guide_tables
from knowledge.workbook import (
    LARGEST_UNPACKED,
    NOTES_SHEET,
    Table,
    WorkbookError,
    read_workbook,
    write_workbook,
)

LARGEST_BYTES: Final = 10_000_000
KEPT_SECONDS: Final = 24 * 3600
_NAME: Final = re.compile(r"[0-9a-f]{32}")

Guides = dict[str, tuple[ServiceItem, list[Phrasing]]]


class FileRefused(ValueError):
    """A file that cannot be taken; the message is a sentence for staff."""


@dataclass(frozen=True)
class Preview:
    """What a file would change; ``mark`` tells whether a later look at it says the same."""

    rows: list[RowReport]
    wishes: list[Wish]
    unread: list[str] = field(default_factory=list)
    mark: str = ""

    @property
    def errors(self) -> list[RowReport]:
        """The rows that stand in the way."""
        return [row for row in self.rows if row.status == "error"]

    @property
    def changes(self) -> list[RowReport]:
        """The rows that would become different."""
        return [row for row in self.rows if row.status not in ("error", "same")]


# Out


def workbook_of(form: str, category: str = "", *, with_drafts: bool = False) -> bytes:
    """Return guides as an Excel file, in our form or the exchange form; raises FileRefused."""
    try:
        guides: Guides = stored_guides()
        if with_drafts:
            guides.update(_drafted())
    except RecordError as error:
        raise FileRefused(f"有一条读不出来，先把它改好：{error}") from error
    chosen = {i: g for i, g in guides.items() if category in ("", g[0].category)}
    tables, notes = guide_tables(chosen), NOTES
    if form == "exchange":
        tables, notes = exchange_tables(tables), EXCHANGE_NOTES
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "guides.xlsx"
        try:
            write_workbook(path, tables, notes)
        except WorkbookError as error:
            raise FileRefused(in_words(error)) from error
        return path.read_bytes()


def _drafted() -> Guides:
    """Guides as open revisions would have them; drafts that cannot be read are left out."""
    found: Guides = {}
    for revision in Revision.objects.open().filter(kind=ITEM, content__isnull=False):
        try:
            item = record_read(ITEM, revision.record_id, revision.content or {})
            said = phrasings_read(revision.record_id, revision.phrasings or [])
        except RecordError:
            continue
        found[revision.record_id] = (item, said)
    return found


# In


def upload_keep(content: bytes) -> str:
    """Keep an uploaded file until it is confirmed; returns its name. Raises FileRefused."""
    if len(content) > LARGEST_BYTES:
        raise FileRefused(f"文件太大了，要在{LARGEST_BYTES // 1_000_000}兆以内。")
    if content[:4] != b"PK\x03\x04":
        raise FileRefused("这不是Excel文件。请在Excel里另存为“Excel 工作簿（.xlsx）”再传。")
    folder = _folder()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    _tidy(folder)
    name = uuid4().hex
    path = folder / f"{name}.xlsx"
    path.write_bytes(content)
    path.chmod(0o600)
    try:
        _require_sane(path)
    except FileRefused:
        path.unlink()
        raise
    return name


def upload_forget(name: str) -> None:
    """Delete an uploaded file; one that is gone already is fine."""
    if _NAME.fullmatch(name):
        (_folder() / f"{name}.xlsx").unlink(missing_ok=True)


def preview_of(name: str) -> Preview:
    """Return what a kept file would change; raises FileRefused."""
    path = _folder() / f"{name}.xlsx"
    if not _NAME.fullmatch(name) or not path.is_file():
        raise FileRefused("这个文件放太久，已经清掉了，请再传一次。")
    try:
        tables = read_workbook(path, (*SHEET_NAMES, *exchange.SHEETS))
        plan, unread = _plan(tables)
    except WorkbookError as error:
        raise FileRefused(in_words(error)) from error
    except RecordError as error:
        raise FileRefused(f"知识库里有一条读不出来，先把它改好：{error}") from error
    return _previewed(plan, unread)


def preview_submit(staff: Staff, preview: Preview, reason: str) -> list[Revision]:
    """Make one revision an item and submit them together; raises FileRefused, CurationError."""
    if preview.errors:
        raise FileRefused("表里还有错，改好再传。")
    with transaction.atomic():
        made = revisions_submit_together(staff, preview.wishes, reason or "用Excel改的")
        audit_note(AuditAction.KNOWLEDGE_IMPORT, staff, "办事指南Excel", f"提交{len(made)}条")
    return made


def _plan(tables: Mapping[str, Table]) -> tuple[Plan, list[str]]:
    stored, unread = stored_guides(), []
    if is_exchange(tables):
        unread = [name for name in tables if name not in (*exchange.SHEETS, NOTES_SHEET)]
        tables = guide_form(tables, guide_tables(stored))
    return import_plan(tables, stored, stored_knowledge(), clock.now().date()), unread


def _previewed(plan: Plan, unread: list[str]) -> Preview:
    wishes = [
        Wish(ITEM, item.item_id, plain(item), [plain(each) for each in said])
        for item, said in plan.guides
    ]
    taken = [
        RowReport(ITEMS, 0, item_id, "error", f"正由{who}修改，等那一次结束再传")
        for item_id, who in taken_by(wishes).items()
    ]
    rows = [*taken, *plan.rows]
    told = "\n".join(map(str, rows))
    return Preview(rows, wishes, unread, hashlib.sha256(told.encode()).hexdigest())


def _folder() -> Path:
    return Path(settings.BOT_DATA_DIR) / "uploads"


def _tidy(folder: Path) -> None:
    for path in folder.glob("*.xlsx"):
        if time.time() - path.stat().st_mtime > KEPT_SECONDS:
            path.unlink(missing_ok=True)


def _require_sane(path: Path) -> None:
    """A small file must not become an endless one when it is unpacked."""
    try:
        with zipfile.ZipFile(path) as packed:
            size = sum(part.file_size for part in packed.infolist())
    except zipfile.BadZipFile as error:
        raise FileRefused("这个Excel文件坏了，打不开。请重新保存一份再传。") from error
    if size > LARGEST_UNPACKED:
        raise FileRefused("这个表太大了，请分成几个文件传。")


_WORDS: Final = (
    (
        r"sheet (?P<sheet>.+), cell (?P<cell>\w+): a formula",
        "“{sheet}”表的{cell}格里是公式。请把它改成普通文字再传。",
    ),
    (
        r"sheet (?P<sheet>.+), cell (?P<cell>\w+): expected a heading",
        "“{sheet}”表的{cell}格上面没有列名，请补上列名，或把这一格清空。",
    ),
    (
        r"sheet (?P<sheet>.+) has the column (?P<column>.+) twice",
        "“{sheet}”表里“{column}”这一列有两个。",
    ),
    (
        r"sheet (?P<sheet>.+) has more than (?P<most>\d+)",
        "“{sheet}”表太大了，请分成几个文件传。",
    ),
    (r"two sheets are called (?P<sheet>.+)", "有两张表都叫“{sheet}”，请删掉一张。"),
    (
        r"expected a sheet “(?P<sheet>.+)” with",
        "文件里没有“{sheet}”表，或这张表里没有“编号”列。请下载表格来改。",
    ),
    (
        r"sheet (?P<sheet>.+): expected a column “(?P<column>.+)”",
        "“{sheet}”表里缺“{column}”这一列。",
    ),
    (r"no item is called (?P<names>.+)", "没有叫“{names}”的事项，请核对名称。"),
    (
        r"sheet (?P<sheet>.+) row (?P<row>\d+): “(?P<name>.+)” is not",
        "“{sheet}”表第{row}行的“{name}”在第一张表里没有。",
    ),
    (
        r"sheet (?P<sheet>.+), (?P<item>.+), (?P<head>.+): expected at most",
        "{item}的“{head}”太长了，Excel放不下。",
    ),
    (
        r"is no Excel workbook",
        "这个Excel文件打不开，可能坏了或加了密码。请重新保存一份再传。",
    ),
)


def in_words(error: WorkbookError) -> str:
    """Return what is wrong with a workbook as a sentence for staff."""
    for pattern, sentence in _WORDS:
        if found := re.search(pattern, str(error)):
            return sentence.format(**found.groupdict())
    return f"这个表读不了：{error}"
