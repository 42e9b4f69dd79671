"""Who of the staff hears of what happens to a revision, once each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from bot.accounts.models import Staff, StaffRole
from bot.channels.outbox import staff_tell
from bot.curation import selectors
from bot.curation.models import Revision, RevisionStep
from knowledge.models import ServiceItem

Role = StaffRole.Role
# A notice is one line.
MOST_NAMED = 5


def page_of(revision: Revision) -> str:
    """Return the page of a revision."""
    return f"/staff/knowledge/revisions/{revision.pk}/"


def submitted_tell(revision: Revision, step: RevisionStep) -> None:
    """Tell reviewers that there is something to look at."""
    reviewers = [p for p in selectors.staff_with(Role.REVIEWER) if _is_free(p, revision)]
    _tell(revision, step, reviewers, f"{revision.editor}提交了修改，请审核")


def rejected_tell(revision: Revision, step: RevisionStep) -> None:
    """Tell who wrote it why it came back."""
    _tell(revision, step, _writers(revision), f"没有通过审核：{revision.rejection}")


def published_tell(revision: Revision, step: RevisionStep) -> None:
    """Tell who wrote it that residents now hear it."""
    _tell(revision, step, _writers(revision), "已经上线")


def failed_tell(revision: Revision, step: RevisionStep) -> None:
    """Tell who wrote it that it could not come into force."""
    back = "，已退回草稿" if revision.author_id else ""
    _tell(revision, step, _writers(revision), f"没能上线{back}，打开看原因")


def taken_over_tell(revision: Revision, former: Staff | None, staff: Staff) -> None:
    """Tell whose draft it was that a colleague goes on with it."""
    if former and former.pk != staff.pk:
        _say(revision, former, f"你的草稿由{staff}接着改", f"take:{revision.version}")


def reviews_tell(items: Sequence[ServiceItem], today: date) -> None:
    """Tell editors which guides are to be compared with their sources again; once a day."""
    if not items:
        return
    names = "、".join(item.short_name or item.name for item in items[:MOST_NAMED])
    rest = f"等 {len(items)} 条" if len(items) > MOST_NAMED else ""
    text = f"到了复核日期，请核对一遍：{names}{rest}"
    for person in selectors.staff_with(Role.EDITOR):
        staff_tell(
            person, text, key=f"review:{today}:{person.pk}", path="/staff/knowledge/?due=review"
        )


def _tell(revision: Revision, step: RevisionStep, who: Iterable[Staff], what: str) -> None:
    for person in who:
        if person.pk != step.staff_id:
            _say(revision, person, what, str(step.pk))


def _say(revision: Revision, person: Staff, what: str, event: str) -> None:
    text = f"“{selectors.shown_name(revision)}”：{what}"
    staff_tell(person, text, key=f"rev:{revision.pk}:{event}:{person.pk}", path=page_of(revision))


def _writers(revision: Revision) -> list[Staff]:
    """Who wrote it; of what the clockwork did all editors hear."""
    if revision.author_id is None:
        return selectors.staff_with(Role.EDITOR)
    return list(Staff.objects.filter(pk__in=revision.writers, is_active=True))


def _is_free(person: Staff, revision: Revision) -> bool:
    return selectors.may_decide(person, revision)
