"""The page on which questions are tried, and the runs that are kept."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from bot import clock
from bot.accounts.policies import Action
from bot.actions import office
from bot.console import hits_rows as shown
from bot.console.asking import needs, staff_of
from bot.console.csv_files import csv_response
from bot.console.hits_reply import reply_to, try_questions
from bot.curation.question_files import (
    LONGEST_QUESTION,
    STYLE_NAMES,
    QuestionsRefused,
    file_read,
    typed_read,
)
from bot.curation.questions import run_keep
from knowledge.hits import Asked, Reference, by_item, confusions_of, groups_of, row_of
from knowledge.models import QuestionSet, TestRun
from knowledge.search.errors import SearchError
from knowledge.workbook import Table, write_workbook

NOT_PUBLISHED: Final = "现在没有上线的知识库，试不了。请等第一次发布完成。"
TRIED_RANKS: Final = 10
PAGE: Final = 30
SHEET_ROW_CHARACTERS: Final = 30_000
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def reference() -> Reference:
    """Return names of what is in force; raises SearchError."""
    return Reference(office.matcher().snapshot)


@never_cache
@require_safe
@needs(Action.HIT_TEST)
def hits(request: HttpRequest) -> HttpResponse:
    """Show one question tried (``?q=``), and the way to try many."""
    return _page(request, request.GET.get("q", "").strip()[:LONGEST_QUESTION])


@never_cache
@require_POST
@needs(Action.HIT_TEST)
def try_many(request: HttpRequest) -> HttpResponse:
    """Try the questions that were typed or sent as a file; a single one is shown at once."""
    text, given = request.POST.get("questions", ""), request.FILES.get("file")
    try:
        find = reference().find
        asked = file_read(given.name or "", given.read(), find) if given else typed_read(text, find)
        if len(asked) == 1 and asked[0].expected is None:
            query = urlencode({"q": asked[0].text})
            return redirect(f"{reverse('staff-hits')}?{query}")
        rows, fingerprint = try_questions(asked)
    except QuestionsRefused as error:
        return _page(request, typed=text, problems=error.problems, status=422)
    except SearchError:
        return _page(request, typed=text, problems=[NOT_PUBLISHED], status=503)
    run = run_keep(staff_of(request), rows, fingerprint)
    return redirect("staff-hits-run", run.pk)


def _page(request: HttpRequest, text: str = "", status: int = 200, **more: Any) -> HttpResponse:
    held = {"question": text, "sets": QuestionSet.objects.all(), **more}
    if text:
        try:
            held |= _tried(text)
        except SearchError:
            held, status = {**held, "problems": [NOT_PUBLISHED]}, 503
    return render(request, "console/hits.html", held, status=status)


def _tried(text: str) -> dict[str, Any]:
    matcher = office.matcher()
    match = matcher.match(text, TRIED_RANKS)
    row = row_of(Asked(text), match, Reference(matcher.snapshot), keeps=TRIED_RANKS)
    heads, lines = shown.ranking(row)
    return {
        "row": row,
        "decision": shown.DECISIONS[match.decision],
        "percent": f"{100 * match.probability:.0f}",
        "heads": heads,
        "lines": lines,
        "reply": reply_to(text, match, matcher),
        "has_vectors": matcher.snapshot.vectors is not None,
    }


@never_cache
@require_safe
@needs(Action.HIT_TEST)
def runs(request: HttpRequest) -> HttpResponse:
    """Show the runs, the newest first."""
    rows = TestRun.objects.defer("rows").select_related("set").order_by("-id")
    if (after := request.GET.get("after", "")).isdecimal():
        rows = rows.filter(pk__lt=int(after))
    listed = list(rows[: PAGE + 1])
    held = {
        "runs": [(run, shown.figures_shown(run.figures)) for run in listed[:PAGE]],
        "after": listed[PAGE - 1].pk if len(listed) > PAGE else None,
    }
    return render(request, "console/hits_runs.html", held)


@never_cache
@require_safe
@needs(Action.HIT_TEST)
def run(request: HttpRequest, run_id: int) -> HttpResponse:
    """Show one run: figures, each class and record, what is mistaken for what, each question."""
    found = get_object_or_404(TestRun.objects.select_related("set"), pk=run_id)
    show = request.GET.get("show", "")
    show = show if show in shown.SHOW else ""
    after = request.GET.get("after", "")
    first = int(after) if after.isdecimal() else 0
    rows = [(n, row) for n, row in shown.chosen(found.rows, show) if n > first]
    held = {
        "run": found,
        "figures": shown.figures_shown(found.figures),
        "classes": groups_of(found.rows, lambda r: r["category"], lambda r: r["category"]),
        "styles": groups_of(found.rows, lambda r: r["style"], _style),
        "items": by_item(found.rows),
        "confusions": confusions_of(found.rows),
        "rows": [shown.shown_row(n, row) for n, row in rows[: shown.SHOWN_ROWS]],
        "after": rows[shown.SHOWN_ROWS - 1][0] if len(rows) > shown.SHOWN_ROWS else None,
        "show": show,
        "filters": shown.SHOW.items(),
        "before": _before(found),
    }
    return render(request, "console/hits_run.html", held)


def _style(row: dict[str, Any]) -> str:
    return STYLE_NAMES.get(row["style"], str(row["style"]))


def _before(found: TestRun) -> TestRun | None:
    """The run of the same set before this one, to compare with."""
    if found.set_id is None:
        return None
    earlier = TestRun.objects.filter(set=found.set_id, pk__lt=found.pk)
    return earlier.defer("rows").order_by("-id").first()


@require_safe
@needs(Action.HIT_TEST)
def run_csv(request: HttpRequest, run_id: int) -> StreamingHttpResponse:
    """Hand out a run as a table."""
    found = get_object_or_404(TestRun, pk=run_id)
    heads, lines = shown.table_of(found.rows)
    return csv_response(f"{_named(found)}.csv", heads, lines)


@require_safe
@needs(Action.HIT_TEST)
def run_xlsx(request: HttpRequest, run_id: int) -> HttpResponse:
    """Hand out a run as a workbook: questions, records, mix-ups."""
    found = get_object_or_404(TestRun, pk=run_id)
    heads, lines = shown.table_of(found.rows)
    tables = [
        Table("问题", tuple(heads), tuple(tuple(_cut(cell) for cell in line) for line in lines)),
        Table("各条", _GROUP_HEADS, tuple(_group_line(g) for g in by_item(found.rows))),
        Table("混淆", _PAIR_HEADS, tuple(_pair_line(c) for c in confusions_of(found.rows))),
    ]
    notes = [
        f"{each.name}：{each.value}。{each.meaning}" for each in shown.figures_shown(found.figures)
    ]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "run.xlsx"
        write_workbook(path, tables, notes)
        response = HttpResponse(path.read_bytes(), content_type=XLSX)
    name = f"{_named(found)}.xlsx"
    response.headers["Content-Disposition"] = str(content_disposition_header(True, name))
    response.headers["Cache-Control"] = "no-store"
    return response


_GROUP_HEADS: Final = ("编号", "名称", "问题", "答对", "前三里有", "答错")
_PAIR_HEADS: Final = ("应该是", "应该是编号", "答成了", "答成了编号", "几次", "例如")


def _group_line(group: Any) -> tuple[str, ...]:
    counts = (group.right.of, group.right.hits, group.in_three, group.answered_wrong)
    return (group.key, group.name, *map(str, counts))


def _pair_line(pair: Any) -> tuple[str, ...]:
    return (pair.right_name, pair.right, pair.came_name, pair.came, str(pair.count), pair.example)


def _cut(cell: str) -> str:
    return cell[:SHEET_ROW_CHARACTERS]


def _named(found: TestRun) -> str:
    at = found.at.astimezone(clock.OFFICE_ZONE)
    return f"命中测试 {at:%Y-%m-%d %H%M}"
