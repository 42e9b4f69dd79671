"""Many wishes at once: one revision a record, submitted together, one notice for all of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.db import transaction

from bot import clock
from bot.accounts.models import Staff, StaffRole
from bot.accounts.policies import Action, require
from bot.channels.outbox import staff_tell
from bot.curation import selectors
from bot.curation.errors import CurationError, SomeoneHasIt
from bot.curation.models import Revision, RevisionStep
from bot.curation.services import revision_draft
from bot.curation.stamping import stamp_check
from bot.curation.steps import step_log
from knowledge.changes import ITEM
from knowledge.models import ServiceItem

REVIEWS_PAGE: Final = "/staff/knowledge/revisions/"
MOST_NAMED: Final = 3


@dataclass(frozen=True)
class Wish:
    """One record as it is to be, readable and without errors of its own; None retires it."""

    kind: str
    record_id: str
    content: Mapping[str, Any] | None
    phrasings: Sequence[Mapping[str, Any]] | None = None


def taken_by(wishes: Iterable[Wish]) -> dict[str, str]:
    """Return by record who is at work on it, of those somebody is."""
    open_ones = Revision.objects.open().filter(author__isnull=False)
    wanted = {(wish.kind, wish.record_id) for wish in wishes}
    found = open_ones.filter(record_id__in=[record_id for _, record_id in wanted])
    return {
        revision.record_id: f"{revision.editor}（{revision.get_state_display()}）"
        for revision in found.select_related("editor")
        if (revision.kind, revision.record_id) in wanted
    }


def revisions_submit_together(
    staff: Staff, wishes: Sequence[Wish], reason: str = ""
) -> list[Revision]:
    """Ask for review of all of them or, if somebody has one of the records, of none.

    Raises SomeoneHasIt, CurationError. Whether the content may be published is the caller's to
    check; the publication checks it again.
    """
    require(staff, Action.KNOWLEDGE_EDIT)
    if not wishes:
        raise CurationError("没有要改的。")
    with transaction.atomic():
        revisions = [_submitted(staff, wish, reason) for wish in wishes]
        _tell(staff, revisions)
    return revisions


def _submitted(staff: Staff, wish: Wish, reason: str) -> Revision:
    try:
        draft = revision_draft(
            staff,
            wish.kind,
            wish.record_id,
            action=_action(wish),
            content=wish.content,
            phrasings=wish.phrasings,
            reason=reason,
        )
    except SomeoneHasIt as taken:
        raise SomeoneHasIt(f"{taken} 这次一条都没有提交。", taken.revision) from taken
    stamp_check(draft, selectors.record_in_force(wish.kind, wish.record_id))
    draft.state, draft.submitted_at = Revision.State.SUBMITTED, clock.now()
    draft.save(update_fields=["state", "submitted_at", "content"])
    step_log(draft, RevisionStep.Step.SUBMIT, staff, draft.reason)
    return draft


def _action(wish: Wish) -> str:
    if wish.content is None:
        return Revision.Action.RETIRE
    if wish.kind == ITEM:
        is_there = ServiceItem.objects.filter(pk=wish.record_id).exists()
    else:
        stored = selectors.record_in_force(wish.kind, wish.record_id)
        is_there = stored is not None and stored.is_active
    return Revision.Action.EDIT if is_there else Revision.Action.CREATE


def _tell(staff: Staff, revisions: Sequence[Revision]) -> None:
    names = "、".join(selectors.shown_name(revision) for revision in revisions[:MOST_NAMED])
    more = f"等{len(revisions)}条" if len(revisions) > MOST_NAMED else ""
    text = f"{staff}提交了修改，请审核：{names}{more}"
    first = revisions[0].pk
    path = REVIEWS_PAGE if len(revisions) > 1 else f"{REVIEWS_PAGE}{first}/"
    for person in selectors.staff_with(StaffRole.Role.REVIEWER):
        if person.pk != staff.pk:
            staff_tell(person, text, key=f"revs:{first}:{person.pk}", path=path)
