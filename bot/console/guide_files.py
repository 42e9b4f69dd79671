"""The pages of guides in Excel: take them out, bring them back, look before anything is done."""

from __future__ import annotations

from collections import Counter
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import content_disposition_header
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from bot import clock
from bot.accounts.policies import Action, may
from bot.audit.models import AuditAction
from bot.audit.services import audit_note
from bot.console.asking import needs, staff_of
from bot.curation.errors import CurationError
from bot.curation.workbooks import (
    LARGEST_BYTES,
    FileRefused,
    Preview,
    preview_of,
    preview_submit,
    upload_forget,
    upload_keep,
    workbook_of,
)
from knowledge.files import load_catalogue
from knowledge.models import ServiceItem

MOST_ROWS: Final = 500
LONGEST_REASON: Final = 200
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_KEPT: Final = "guide_upload"
_STATUSES: Final = {"new": "新增", "changed": "改动", "removed": "去掉", "error": "有错"}
_COLOURS: Final = {"new": "leaf", "changed": "", "removed": "amber", "error": "alarm"}


@never_cache
@require_safe
@needs(Action.KNOWLEDGE_VIEW)
def files(request: HttpRequest) -> HttpResponse:
    """Show what can be taken out and where a file is brought back."""
    return _page(request)


@require_safe
@needs(Action.KNOWLEDGE_VIEW)
def export(request: HttpRequest) -> HttpResponse:
    """Hand out the guides as they are stored, if wished with what is on its way."""
    form = "exchange" if request.GET.get("form") == "exchange" else "guide"
    try:
        content = workbook_of(
            form, request.GET.get("category", ""), with_drafts=request.GET.get("drafts") == "1"
        )
    except FileRefused as error:
        return _page(request, problem=str(error), status=422)
    name = "事项交换表" if form == "exchange" else "办事指南"
    audit_note(AuditAction.EXPORT, staff_of(request), name)
    response = HttpResponse(content, content_type=XLSX)
    filename = f"{name} {clock.now():%Y-%m-%d}.xlsx"
    response.headers["Content-Disposition"] = str(content_disposition_header(True, filename))
    response.headers["Cache-Control"] = "no-store"
    return response


@never_cache
@require_POST
@needs(Action.KNOWLEDGE_EDIT)
def upload(request: HttpRequest) -> HttpResponse:
    """Take a file and go on to what it would change."""
    given = request.FILES.get("file")
    if given is None:
        return _page(request, problem="请先选一个Excel文件。", status=422)
    if (given.size or 0) > LARGEST_BYTES:
        limit = LARGEST_BYTES // 1_000_000
        return _page(request, problem=f"文件太大了，要在{limit}兆以内。", status=422)
    try:
        kept = upload_keep(given.read())
    except FileRefused as error:
        return _page(request, problem=str(error), status=422)
    upload_forget(request.session.get(_KEPT, ""))
    request.session[_KEPT] = kept
    return redirect("staff-guide-files-preview")


@never_cache
@require_safe
@needs(Action.KNOWLEDGE_EDIT)
def preview(request: HttpRequest) -> HttpResponse:
    """Show row by row what the file would change; nothing is stored."""
    return _previewed(request)


@never_cache
@require_POST
@needs(Action.KNOWLEDGE_EDIT)
def confirm(request: HttpRequest) -> HttpResponse:
    """Submit what was shown, one revision an item."""
    kept = request.session.get(_KEPT, "")
    try:
        found = preview_of(kept)
        if found.mark != request.POST.get("mark"):
            told = "你看的时候知识库又变了，下面是新的结果，请再看一遍。"
            return _shown(request, found, told, 409)
        reason = request.POST.get("reason", "").strip()[:LONGEST_REASON]
        made = preview_submit(staff_of(request), found, reason)
    except FileRefused as error:
        return _page(request, problem=str(error), status=422)
    except CurationError as error:
        return _previewed(request, problem=str(error), status=409)
    upload_forget(request.session.pop(_KEPT, ""))
    return _page(request, made=made)


@never_cache
@require_POST
@needs(Action.KNOWLEDGE_EDIT)
def cancel(request: HttpRequest) -> HttpResponse:
    """Forget the file."""
    upload_forget(request.session.pop(_KEPT, ""))
    return redirect("staff-guide-files")


def _previewed(request: HttpRequest, problem: str = "", status: int = 200) -> HttpResponse:
    try:
        found = preview_of(request.session.get(_KEPT, ""))
    except FileRefused as error:
        upload_forget(request.session.pop(_KEPT, ""))
        return _page(request, problem=str(error), status=422)
    return _shown(request, found, problem, status)


def _shown(request: HttpRequest, found: Preview, problem: str, status: int) -> HttpResponse:
    rows = found.errors or found.changes
    names = dict(ServiceItem.objects.values_list("item_id", "name"))
    names |= {str(w.record_id): str((w.content or {}).get("name", "")) for w in found.wishes}
    counts: Counter[str] = Counter(row.status for row in found.rows)
    shown = {
        "rows": [
            (row, _STATUSES[row.status], _COLOURS[row.status], names.get(row.item_id, ""))
            for row in rows[:MOST_ROWS]
        ],
        "more": max(0, len(rows) - MOST_ROWS),
        "totals": [(label, counts[each]) for each, label in _STATUSES.items() if counts[each]],
        "errors": found.errors,
        "items": len(found.wishes),
        "unread": found.unread,
        "mark": found.mark,
        "problem": problem,
    }
    return render(request, "console/guide_files_preview.html", shown, status=status)


def _page(request: HttpRequest, status: int = 200, **more: Any) -> HttpResponse:
    shown = {
        "categories": sorted({row.category for row in load_catalogue().values()}),
        "may_edit": may(staff_of(request), Action.KNOWLEDGE_EDIT),
        **more,
    }
    return render(request, "console/guide_files.html", shown, status=status)
