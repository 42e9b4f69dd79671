"""What happens to the knowledge by itself: hours that come, guides that expire, reviews due.

Each record is looked at under its lock; one that fails does not stop the others.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from datetime import date
from typing import TypeVar

from django.db import transaction

from bot import clock
from bot.casework.calendar import office_calendar
from bot.curation import telling
from bot.curation.models import Revision, RevisionStep
from bot.curation.services import revision_publish, revisions_settle
from bot.curation.steps import step_log
from knowledge.changes import ITEM
from knowledge.models import ServiceItem

log = logging.getLogger(__name__)
T = TypeVar("T")
MONDAY = 0


def curation_sweep() -> None:
    """Take over what was published, ask for what is due, retire what expired, remind of reviews."""
    now = clock.now()
    revisions_settle()
    _each(Revision.objects.due(now), _publish_due)
    _each(expired(now.date()), _retire_expired)
    if office_calendar().is_working(now):
        reviews_remind(now.date())


def expired(today: date) -> list[ServiceItem]:
    """Return the answerable items whose last day is over."""
    return list(ServiceItem.objects.answerable().filter(effective_until__lt=today))


def reviews_remind(today: date) -> None:
    """Tell editors once a day which guides are to be looked at again; on Mondays all overdue."""
    due = ServiceItem.objects.answerable().filter(next_review_on__lte=today)
    if today.weekday() != MONDAY:
        due = due.filter(next_review_on=today)
    telling.reviews_tell(list(due.order_by("next_review_on", "item_id")), today)


def _each(things: Iterable[T], do: Callable[[T], None]) -> None:
    for thing in list(things):
        try:
            with transaction.atomic():
                do(thing)
        except Exception:
            log.exception("%s: the sweep's %s failed", thing, do.__name__)


def _publish_due(revision: Revision) -> None:
    held = Revision.objects.select_for_update().get(pk=revision.pk)
    if held.state == Revision.State.APPROVED and held.publication_id is None:
        revision_publish(held)


def _retire_expired(item: ServiceItem) -> None:
    """Take an item out of service whose last day is over; once, until somebody prolongs it."""
    mine = Revision.objects.of(ITEM, item.item_id).filter(author=None)
    if mine.open().exists() or _was_tried(item):
        return
    revision = Revision.objects.create(
        kind=ITEM,
        record_id=item.item_id,
        name=item.name,
        action=Revision.Action.RETIRE,
        state=Revision.State.APPROVED,
        reason=_reason(item),
        decided_at=clock.now(),
    )
    step_log(revision, RevisionStep.Step.APPROVE, None, revision.reason)
    revision_publish(revision)


def _was_tried(item: ServiceItem) -> bool:
    """Whether it could not be taken out before; editors have been told then."""
    withdrawn = Revision.objects.of(ITEM, item.item_id).filter(
        author=None, state=Revision.State.WITHDRAWN, reason=_reason(item)
    )
    return withdrawn.exists()


def _reason(item: ServiceItem) -> str:
    return f"到了失效日期 {item.effective_until}"
