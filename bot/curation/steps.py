"""The steps in the life of a revision, noted at the revision and in the log of changes.

The log tells which record, by whom and what was done; reasons are read at the revision, for they
may quote what residents said.
"""

from __future__ import annotations

from typing import Final

from bot import clock
from bot.accounts.models import Staff
from bot.audit.models import AuditAction
from bot.audit.services import audit_note
from bot.curation.models import Revision, RevisionStep
from bot.curation.selectors import shown_name
from knowledge.changes import TERM

Step = RevisionStep.Step
_BEGUN: Final = {
    Revision.Action.EDIT: AuditAction.KNOWLEDGE_EDIT,
    Revision.Action.CREATE: AuditAction.KNOWLEDGE_CREATE,
    Revision.Action.RETIRE: AuditAction.KNOWLEDGE_RETIRE,
    Revision.Action.VERIFY: AuditAction.KNOWLEDGE_VERIFY,
    Revision.Action.ROLL_BACK: AuditAction.KNOWLEDGE_ROLL_BACK,
}
_TAKEN: Final = {
    Step.TAKE_OVER: AuditAction.KNOWLEDGE_EDIT,
    Step.REOPEN: AuditAction.KNOWLEDGE_EDIT,
    Step.SUBMIT: AuditAction.KNOWLEDGE_SUBMIT,
    Step.WITHDRAW: AuditAction.KNOWLEDGE_WITHDRAW,
    Step.REJECT: AuditAction.KNOWLEDGE_REJECT,
    Step.APPROVE: AuditAction.KNOWLEDGE_APPROVE,
    Step.PUBLISH: AuditAction.KNOWLEDGE_PUBLISH,
    Step.FAIL: AuditAction.KNOWLEDGE_FAIL,
}


def step_log(revision: Revision, step: str, staff: Staff | None, note: str = "") -> RevisionStep:
    """Note a step of a revision, in the caller's transaction; ``staff`` None is the clockwork."""
    taken = Step(step)
    if taken == Step.DRAFT:
        saved_log(revision, staff, "开始写")
    else:
        audit_note(_TAKEN[taken], staff, named(revision), _detail(revision, taken))
    return RevisionStep.objects.create(
        revision=revision, step=step, staff=staff, at=clock.now(), note=note
    )


def saved_log(revision: Revision, staff: Staff | None, how: str) -> None:
    """Note that a draft was written on; no step at the revision."""
    begun = _BEGUN[Revision.Action(revision.action)]
    done = AuditAction.WORD_CHANGE if revision.kind == TERM else begun
    audit_note(done, staff, named(revision), how)


def named(revision: Revision) -> str:
    """Return how the log calls a record."""
    name = shown_name(revision)
    return name if name == revision.record_id else f"{revision.record_id} {name}"


def _detail(revision: Revision, step: Step) -> str:
    if step in (Step.TAKE_OVER, Step.REOPEN):
        return str(step.label)
    if step == Step.APPROVE and revision.effective_at:
        return f"{revision.get_action_display()}，{_hour(revision)}上线"
    return str(revision.get_action_display())


def _hour(revision: Revision) -> str:
    at = revision.effective_at
    return f"{at.astimezone(clock.OFFICE_ZONE):%Y-%m-%d %H:%M}" if at else ""
