"""What is done with the saved questions, and the runs that are kept.

Everybody who may try questions may add some. What the gate holds a publication to is loosened only
by a reviewer: else an editor could take away the question that stands in her way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from django.db import IntegrityError, transaction

from bot import clock
from bot.accounts.models import Staff
from bot.accounts.policies import Action, may, require
from bot.audit.models import AuditAction
from bot.audit.services import audit_note
from bot.curation.errors import CurationError
from knowledge.hits import Asked, figures_of
from knowledge.models import Question, QuestionSet, TestRun

LONGEST_NAME: Final = 60
# Older runs of a set, and older runs without one, are let go.
KEPT_RUNS: Final = 50


def may_loosen(staff: Staff, questions: QuestionSet) -> bool:
    """Whether somebody may change, take away or unmark what is in a set."""
    needed = Action.KNOWLEDGE_REVIEW if questions.is_gate else Action.HIT_TEST
    return may(staff, needed)


def _require_loosen(staff: Staff, questions: QuestionSet) -> None:
    require(staff, Action.HIT_TEST)
    if not may_loosen(staff, questions):
        raise CurationError("“发布前必过”的题，要审核的同事才能改或停用；可以先加新题。")


def set_create(staff: Staff, name: str) -> QuestionSet:
    """Make an empty set; raises CurationError."""
    require(staff, Action.HIT_TEST)
    return _named(staff, QuestionSet(), name)


def set_rename(staff: Staff, questions: QuestionSet, name: str) -> QuestionSet:
    """Give a set another name; raises CurationError."""
    require(staff, Action.HIT_TEST)
    return _named(staff, questions, name)


def _named(staff: Staff, questions: QuestionSet, name: str) -> QuestionSet:
    name, former = name.strip(), questions.name
    if not 1 <= len(name) <= LONGEST_NAME:
        raise CurationError(f"题库要有名字，最多{LONGEST_NAME}个字。")
    if QuestionSet.objects.filter(name=name).exclude(pk=questions.pk).exists():
        raise CurationError(f"已经有叫“{name}”的题库了。")
    questions.name = name
    with transaction.atomic():
        questions.save()
        how = f"原来叫“{former}”" if former else "新建"
        audit_note(AuditAction.QUESTION_SET, staff, name, how)
    return questions


def set_mark(staff: Staff, questions: QuestionSet, *, is_gate: bool) -> None:
    """Ask its questions before every publication, or no longer; reviewers only."""
    require(staff, Action.KNOWLEDGE_REVIEW)
    with transaction.atomic():
        QuestionSet.objects.filter(pk=questions.pk).update(is_gate=is_gate)
        how = "设为发布前必过" if is_gate else "不再必过"
        audit_note(AuditAction.QUESTION_GATE, staff, questions.name, how)


def set_delete(staff: Staff, questions: QuestionSet) -> None:
    """Take a set away with its questions; its runs stay."""
    if questions.is_gate:
        raise CurationError("“发布前必过”的题库不能删；先把“必过”去掉。")
    _require_loosen(staff, questions)
    with transaction.atomic():
        audit_note(AuditAction.QUESTION_SET, staff, questions.name, "删除")
        questions.delete()


def question_add(staff: Staff, questions: QuestionSet, asked: Asked) -> Question:
    """Add one question with its right answers; raises CurationError."""
    require(staff, Action.HIT_TEST)
    if asked.expected is None:
        raise CurationError("请写明“应该是”哪一条；不该由我们答的写“无”。")
    try:
        with transaction.atomic():
            _note(staff, questions, f"加“{asked.text}”")
            return Question.objects.create(set=questions, **_columns(asked))
    except IntegrityError:
        raise CurationError("这个问题已经在这个题库里了。") from None


def questions_add(staff: Staff, questions: QuestionSet, asked: Sequence[Asked]) -> int:
    """Add many; those that are there already are left as they are. Returns how many were new."""
    require(staff, Action.HIT_TEST)
    if blank := [each.text for each in asked if each.expected is None]:
        raise CurationError(
            f"有{len(blank)}个问题没写“应该是”，例如“{blank[0]}”。不该由我们答的写“无”。"
        )
    known = set(questions.questions.values_list("text", flat=True))
    new = [Question(set=questions, **_columns(each)) for each in asked if each.text not in known]
    with transaction.atomic():
        if new:
            _note(staff, questions, f"加{len(new)}个")
        return len(Question.objects.bulk_create(new))


def question_change(staff: Staff, question: Question, asked: Asked) -> Question:
    """Change a question; raises CurationError."""
    _require_loosen(staff, question.set)
    if asked.expected is None:
        raise CurationError("请写明“应该是”哪一条；不该由我们答的写“无”。")
    former = question.text
    for name, value in _columns(asked).items():
        setattr(question, name, value)
    try:
        with transaction.atomic():
            question.save()
            _note(staff, question.set, f"改“{former}”")
    except IntegrityError:
        raise CurationError("这个问题已经在这个题库里了。") from None
    return question


def question_switch(staff: Staff, question: Question, *, is_active: bool) -> None:
    """Leave a question out, or take it in again."""
    if not is_active:
        _require_loosen(staff, question.set)
    require(staff, Action.HIT_TEST)
    with transaction.atomic():
        Question.objects.filter(pk=question.pk).update(is_active=is_active)
        _note(staff, question.set, f"{'启用' if is_active else '停用'}“{question.text}”")


def question_delete(staff: Staff, question: Question) -> None:
    """Take a question away for good."""
    _require_loosen(staff, question.set)
    with transaction.atomic():
        _note(staff, question.set, f"删“{question.text}”")
        question.delete()


def _note(staff: Staff, questions: QuestionSet, how: str) -> None:
    audit_note(AuditAction.QUESTION_CHANGE, staff, questions.name, how)


def _columns(asked: Asked) -> dict[str, Any]:
    return {
        "text": asked.text,
        "expected": list(asked.expected or []),
        "style": asked.style,
        "facet": asked.facet,
    }


def asked_of(questions: QuestionSet) -> list[Asked]:
    """Return the active questions of a set."""
    rows = questions.questions.filter(is_active=True)
    return [Asked(q.text, list(q.expected), q.style, q.facet) for q in rows]


@transaction.atomic
def run_keep(
    staff: Staff,
    rows: Sequence[Mapping[str, Any]],
    snapshot: str,
    questions: QuestionSet | None = None,
) -> TestRun:
    """Keep what came of a run, with its figures."""
    require(staff, Action.HIT_TEST)
    plain = [dict(row) for row in rows]
    run = TestRun.objects.create(
        set=questions,
        started_by=str(staff)[:100],
        at=clock.now(),
        snapshot=snapshot,
        figures=figures_of(plain),
        rows=plain,
    )
    older = TestRun.objects.filter(set=questions).order_by("-id")
    stale = list(older.values_list("pk", flat=True)[KEPT_RUNS:])
    TestRun.objects.filter(pk__in=stale).delete()
    return run
