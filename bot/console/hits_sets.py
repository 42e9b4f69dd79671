"""The pages of the saved question sets."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from bot.accounts.models import Staff
from bot.accounts.policies import Action, may
from bot.audit.models import AuditAction
from bot.audit.services import audit_note
from bot.console.asking import needs, staff_of
from bot.console.csv_files import csv_response
from bot.console.hits import NOT_PUBLISHED, reference
from bot.console.hits_reply import try_questions
from bot.console.hits_rows import figures_shown
from bot.curation import questions as services
from bot.curation.errors import CurationError
from bot.curation.question_files import (
    HEADS,
    STYLE_NAMES,
    QuestionsRefused,
    file_read,
    question_read,
    typed_read,
)
from knowledge.hits import Asked
from knowledge.models import Question, QuestionSet, TestRun
from knowledge.search.errors import SearchError

PAGE: Final = 100


@never_cache
@require_safe
@needs(Action.HIT_TEST)
def sets(request: HttpRequest) -> HttpResponse:
    """Show all sets."""
    return _sets(request)


def _sets(request: HttpRequest, status: int = 200, **more: Any) -> HttpResponse:
    active = Count("questions", filter=Q(questions__is_active=True))
    rows = QuestionSet.objects.annotate(active=active).order_by("-is_gate", "name")
    held = {"sets": rows, **more}
    return render(request, "console/hits_sets.html", held, status=status)


@never_cache
@require_POST
@needs(Action.HIT_TEST)
def set_new(request: HttpRequest) -> HttpResponse:
    """Make a set."""
    name = request.POST.get("name", "")
    try:
        made = services.set_create(staff_of(request), name)
    except CurationError as error:
        return _sets(request, problem=str(error), name=name, status=422)
    return redirect("staff-hits-set", made.pk)


@never_cache
@require_safe
@needs(Action.HIT_TEST)
def one_set(request: HttpRequest, set_id: int) -> HttpResponse:
    """Show one set with its questions."""
    return _page(request, get_object_or_404(QuestionSet, pk=set_id))


def _page(request: HttpRequest, found: QuestionSet, status: int = 200, **more: Any) -> HttpResponse:
    staff = staff_of(request)
    rows, wanted = found.questions.all(), request.GET.get("q", "").strip()
    if wanted:
        rows = rows.filter(Q(text__contains=wanted) | Q(expected__icontains=f'"{wanted}"'))
    if (after := request.GET.get("after", "")).isdecimal():
        rows = rows.filter(pk__gt=int(after))
    listed = list(rows[: PAGE + 1])
    last = TestRun.objects.filter(set=found).defer("rows").first()
    held = {
        "set": found,
        "questions": _with_names(listed[:PAGE]),
        "after": listed[PAGE - 1].pk if len(listed) > PAGE else None,
        "count": found.questions.filter(is_active=True).count(),
        "wanted": wanted,
        "styles": STYLE_NAMES.items(),
        "may_loosen": services.may_loosen(staff, found),
        "may_mark": may(staff, Action.KNOWLEDGE_REVIEW),
        "last": last,
        "figures": figures_shown(last.figures) if last else [],
        **more,
    }
    return render(request, "console/hits_set.html", held, status=status)


def _with_names(rows: list[Question]) -> list[tuple[Question, str, str]]:
    names = _names()
    return [
        (q, "、".join(names(owner) for owner in q.expected), STYLE_NAMES.get(q.style, q.style))
        for q in rows
    ]


def _names() -> Callable[[str], str]:
    try:
        known = reference()
    except SearchError:
        return str
    return lambda owner: f"{known.name(owner)}（{owner}）"


@never_cache
@require_POST
@needs(Action.HIT_TEST)
def act(request: HttpRequest, set_id: int, what: str) -> HttpResponse:
    """Change a set or its questions, or run it."""
    found = get_object_or_404(QuestionSet, pk=set_id)
    if what not in _ACTS:
        raise Http404(what)
    try:
        return _ACTS[what](request, staff_of(request), found)
    except QuestionsRefused as error:
        return _page(request, found, problems=error.problems, typed=_typed(request), status=422)
    except (CurationError, ValueError) as error:
        return _page(request, found, problems=[str(error)], typed=_typed(request), status=422)
    except SearchError:
        return _page(request, found, problems=[NOT_PUBLISHED], typed=_typed(request), status=503)


def _typed(request: HttpRequest) -> dict[str, str]:
    return {name: request.POST.get(name, "") for name in ("text", "expected", "style", "lines")}


def _add(request: HttpRequest, staff: Staff, found: QuestionSet) -> HttpResponse:
    services.question_add(staff, found, _read(request))
    return redirect("staff-hits-set", found.pk)


def _read(request: HttpRequest) -> Asked:
    """The question of a form; raises ValueError. Right answers may be chosen or written."""
    said = request.POST
    expected = said.get("expected", "").strip() or said.get("chosen", "")
    return question_read(said.get("text", ""), expected, said.get("style", ""), reference().find)


def _add_many(request: HttpRequest, staff: Staff, found: QuestionSet) -> HttpResponse:
    given, find = request.FILES.get("file"), reference().find
    if given:
        asked = file_read(given.name or "", given.read(), find)
    else:
        asked = typed_read(request.POST.get("lines", ""), find)
    new = services.questions_add(staff, found, asked)
    done = (
        f"加了{new}个问题；{len(asked) - new}个本来就有。"
        if new < len(asked)
        else f"加了{new}个问题。"
    )
    return _page(request, found, done=done)


def _run(_: HttpRequest, staff: Staff, found: QuestionSet) -> HttpResponse:
    asked = services.asked_of(found)
    if not asked:
        raise CurationError("这个题库里还没有在用的问题。")
    rows, fingerprint = try_questions(asked)
    return redirect("staff-hits-run", services.run_keep(staff, rows, fingerprint, found).pk)


def _rename(request: HttpRequest, staff: Staff, found: QuestionSet) -> HttpResponse:
    services.set_rename(staff, found, request.POST.get("name", ""))
    return redirect("staff-hits-set", found.pk)


def _mark(request: HttpRequest, staff: Staff, found: QuestionSet) -> HttpResponse:
    services.set_mark(staff, found, is_gate=request.POST.get("on") == "1")
    return redirect("staff-hits-set", found.pk)


def _delete(_: HttpRequest, staff: Staff, found: QuestionSet) -> HttpResponse:
    services.set_delete(staff, found)
    return redirect("staff-hits-sets")


def _change(request: HttpRequest, staff: Staff, found: QuestionSet) -> HttpResponse:
    services.question_change(staff, _question(request, found), _read(request))
    return redirect("staff-hits-set", found.pk)


def _switch(request: HttpRequest, staff: Staff, found: QuestionSet) -> HttpResponse:
    is_active = request.POST.get("on") == "1"
    services.question_switch(staff, _question(request, found), is_active=is_active)
    return redirect("staff-hits-set", found.pk)


def _take_away(request: HttpRequest, staff: Staff, found: QuestionSet) -> HttpResponse:
    services.question_delete(staff, _question(request, found))
    return redirect("staff-hits-set", found.pk)


def _question(request: HttpRequest, found: QuestionSet) -> Question:
    given = request.POST.get("question", "")
    return get_object_or_404(found.questions, pk=int(given) if given.isdecimal() else 0)


_ACTS: Final[dict[str, Callable[[HttpRequest, Staff, QuestionSet], HttpResponse]]] = {
    "add": _add,
    "add-many": _add_many,
    "run": _run,
    "rename": _rename,
    "mark": _mark,
    "delete": _delete,
    "change": _change,
    "switch": _switch,
    "take-away": _take_away,
}


@require_safe
@needs(Action.HIT_TEST)
def set_csv(request: HttpRequest, set_id: int) -> StreamingHttpResponse:
    """Hand out a set as a table that can be read in again."""
    found = get_object_or_404(QuestionSet, pk=set_id)
    audit_note(AuditAction.EXPORT, staff_of(request), f"题库 {found.name}")
    return csv_response(f"题库 {found.name}.csv", HEADS, _lines(found))


def _lines(found: QuestionSet) -> Iterator[tuple[str, str, str]]:
    for row in found.questions.filter(is_active=True).iterator():
        yield row.text, "、".join(row.expected) or "无", STYLE_NAMES.get(row.style, row.style)


@never_cache
@require_POST
@needs(Action.HIT_TEST)
def keep(request: HttpRequest) -> HttpResponse:
    """Put a question that was tried into a set."""
    given = request.POST.get("set", "")
    found = get_object_or_404(QuestionSet, pk=int(given) if given.isdecimal() else 0)
    return act(request, found.pk, "add")
