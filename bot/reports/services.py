"""What is done with reports, each in one short transaction with its event and what is told.

Nobody closes one without evidence, and whoever reported it may say that it is not solved.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from django.db import IntegrityError, transaction

from bot import clock
from bot.accounts.models import Staff
from bot.accounts.policies import Action, may, require
from bot.conversations.models import Conversation
from bot.evidence.models import Upload
from bot.evidence.services import uploads_attach
from bot.reports import phrases, states, telling
from bot.reports.errors import Incomplete, Unsuitable
from bot.reports.models import Report, Reporter
from bot.reports.opening import Asking, Opening, known, opened, urgent_make
from bot.reports.opening import ReportRequest as ReportRequest
from bot.reports.steps import OFFICE, RESIDENT, due, locked, step_note, step_take

SOLVED: Final = "solved"
UNSOLVED: Final = "unsolved"


def report_open(
    request: ReportRequest,
    request_key: str,
    *,
    conversation: Conversation | None = None,
    staff: Staff | None = None,
) -> Reporter:
    """Open a report and give it to one person at once, or join an open one about the same thing.

    Returns who reported it, with the number that is hers. The same ``request_key``, and the same
    event of a source, return the same, whatever happens at the same moment. Raises Forbidden.
    """
    if staff is not None:
        require(staff, Action.REPORT_CREATE)
    return report_take(request, Asking(request_key, conversation, staff)).reporter


def report_take(request: ReportRequest, asking: Asking) -> Opening:
    """Do what ``report_open`` does, and say whether a report was opened by it."""
    try:
        with transaction.atomic():
            return known(request, asking.key) or opened(request, asking)
    except IntegrityError:
        # Somebody with the same key or event was first, at the same moment.
        if found := known(request, asking.key):
            return found
        raise


def report_assign(report: Report, staff: Staff | None, responsible: Staff) -> Report:
    """Make somebody answer for it. Raises Forbidden, NotAllowed, Unsuitable."""
    with transaction.atomic():
        fresh = _fresh(report, staff, Action.REPORT_ASSIGN)
        former, fresh.responsible = fresh.responsible, responsible
        if not may(responsible, Action.REPORT_WORK, fresh):
            raise Unsuitable(f"{responsible.display_name}的账号不能处理这件诉求，请换一个人。")
        event = step_take(fresh, "assign", staff, by="" if staff else OFFICE)
        if former and former not in (responsible, staff):
            telling.staff_say(fresh, former, "转给别人了，不用办了", f"taken:{event.pk}")
    return fresh


def report_start(report: Report, staff: Staff) -> Report:
    """Begin to put it right. Raises Forbidden, NotAllowed."""
    with transaction.atomic():
        fresh = _fresh(report, staff, Action.REPORT_WORK)
        step_take(fresh, "start", staff)
    return fresh


def report_give_evidence(
    report: Report, staff: Staff, words: str, uploads: Sequence[str]
) -> Report:
    """Show with at least one new picture that it was put right.

    ``uploads`` are her own. Raises Forbidden, NotAllowed, Incomplete, NoSuchUpload.
    """
    with transaction.atomic():
        fresh = _fresh(report, staff, Action.REPORT_WORK)
        given = Upload.objects.filter(number=fresh.number).values_list("upload_id", flat=True)
        if not set(uploads) - set(given):
            raise Incomplete("没有新照片不能交：请拍一张整改后的照片传上来。")
        uploads_attach(uploads, fresh.number, staff=staff)
        event = step_take(fresh, "give_evidence", staff, words.strip())
        telling.supervisors_tell(fresh, "交了整改证据，请核实", f"evidence:{event.pk}")
    return fresh


def report_send_back(report: Report, staff: Staff, reason: str) -> Report:
    """Ask for better evidence. Raises Forbidden, NotAllowed, Incomplete."""
    with transaction.atomic():
        fresh = _fresh(report, staff, Action.REPORT_CLOSE)
        note = _said(reason, "请写明哪里还没整改好。")
        event = step_take(fresh, "send_back", staff, note)
        if fresh.responsible:
            telling.staff_say(fresh, fresh.responsible, "退回再整改", f"back:{event.pk}")
    return fresh


def report_close(report: Report, staff: Staff, answer: str) -> Report:
    """Close it with an answer for those who reported it.

    Raises Forbidden, NotAllowed, Incomplete.
    """
    with transaction.atomic():
        fresh = _fresh(report, staff, Action.REPORT_CLOSE)
        fresh.answer = _said(answer, "请给居民写一句答复：怎么处理的。")
        step_take(fresh, "close", staff, fresh.answer)
        if not Upload.objects.filter(number=fresh.number, staff__isnull=False).exists():
            raise Incomplete("还没有整改照片，不能办结。")
        # Each is asked anew whether it is solved.
        fresh.reporters.update(verdict="")
    return fresh


def report_refuse(report: Report, staff: Staff, reason: str, competent: str) -> Report:
    """Say that it is not ours, why, and whose it is. Raises Forbidden, NotAllowed, Incomplete."""
    with transaction.atomic():
        fresh = _fresh(report, staff, Action.REPORT_REFUSE)
        fresh.answer = phrases.refusal(
            _said(reason, "请写明为什么不受理。"),
            _said(competent, "请写明这件事归哪里管，好告诉居民。"),
        )
        step_take(fresh, "refuse", staff, fresh.answer)
    return fresh


def report_join(report: Report, staff: Staff, into: Report) -> Report:
    """Join a report to another open one about the same thing; its reporters go along.

    Raises Forbidden, NotAllowed, Unsuitable. Returns the one that is left.
    """
    with transaction.atomic():
        # In the order of their age, so that two who join crosswise do not wait for each other.
        rows = {row.pk: locked(row) for row in sorted((report, into), key=lambda row: row.pk)}
        fresh, target = rows[report.pk], rows[into.pk]
        for row in rows.values():
            require(staff, Action.REPORT_JOIN, row)
        if fresh.pk == target.pk or target.state not in states.OPEN:
            raise Unsuitable("只能并入另一件还没办结的诉求。")
        if fresh.is_about_staff or target.is_about_staff:
            raise Unsuitable("反映工作人员的诉求要单独办，不能并案。")
        fresh.joined_to = target
        step_take(fresh, "join", staff, target.number)
        target.due_at = min(target.due_at, fresh.due_at)
        step_note(target, "join", staff, fresh.number)
        if fresh.is_urgent:
            urgent_make(target)
        fresh.reporters.update(report=target)
        fresh.joined.update(joined_to=target)
        fresh.source_events.update(report=target)
    return target


def report_verdict(reporter: Reporter, solved: bool, words: str = "") -> Report:
    """Note what she says of the result; a closed report that is not solved opens again.

    Said of one that is not closed it is noted and changes nothing.
    """
    with transaction.atomic():
        found = Reporter.objects.select_related("report").get(pk=reporter.pk)
        fresh = locked(found.report)
        reporter.verdict = SOLVED if solved else UNSOLVED
        Reporter.objects.filter(pk=reporter.pk).update(verdict=reporter.verdict)
        if solved or fresh.state != states.CLOSED:
            step_note(fresh, "verdict", None, f"{reporter.verdict} {words}".strip(), RESIDENT)
        else:
            fresh.reopened_count += 1
            fresh.due_at = due(fresh, clock.now())
            step_take(fresh, "reopen", None, words.strip(), RESIDENT)
    return fresh


def _fresh(report: Report, staff: Staff | None, action: Action) -> Report:
    fresh = locked(report)
    if staff is not None:
        require(staff, action, fresh)
    return fresh


def _said(text: str, otherwise: str) -> str:
    if not text.strip():
        raise Incomplete(otherwise)
    return text.strip()
