"""What happens to the knowledge by itself: hours that come, guides that expire, reviews due.

Each record is looked at under its lock; one that fails does not stop the others.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from typing import TypeVar

from django.db import transaction
from django.db.models import Q

from bot import clock
from bot.casework.calendar import office_calendar
from bot.curation import telling
from bot.curation.models import Revision, RevisionStep
from bot.curation.services import revision_publish, revisions_settle
from bot.curation.steps import step_log
from knowledge.changes import ITEM
from knowledge.models import UNEXPECTED, ServiceItem

log = logging.getLogger(__name__)
T = TypeVar("T")
MONDAY = 0
ON_ITS_WAY = timedelta(days=1)


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
    stored = ServiceItem.objects.select_for_update().get(pk=item.pk)
    revisions = Revision.objects.of(ITEM, item.item_id)
    # Whoever let a version through that is on its way has decided what becomes of the item.
    soon = Q(publication__isnull=False) | Q(effective_at__lte=clock.now() + ON_ITS_WAY)
    is_decided = revisions.filter(soon, state=Revision.State.APPROVED).exists()
    if stored.effective_until != item.effective_until or is_decided or _was_tried(item):
        return
    if revisions.filter(author=None).open().exists():
        return
    revision = Revision.objects.create(
        kind=ITEM,
        record_id=item.item_id,
        name=item.name,
        action=Revision.Action.RETIRE,
        state=Revision.State.APPROVED,
        reason=_reason(item),
        created_at=clock.now(),
        decided_at=clock.now(),
    )
    step_log(revision, RevisionStep.Step.APPROVE, None, revision.reason)
    revision_publish(revision)


def _was_tried(item: ServiceItem) -> bool:
    """Whether it was refused before, of which editors were told, or has failed today already."""
    withdrawn = Revision.objects.of(ITEM, item.item_id).filter(
        author=None, state=Revision.State.WITHDRAWN, reason=_reason(item)
    )
    today = clock.now().replace(hour=0, minute=0, second=0, microsecond=0)
    refused = ~Q(trouble__startswith=UNEXPECTED)
    return withdrawn.filter(refused | Q(created_at__gte=today)).exists()


def _reason(item: ServiceItem) -> str:
    return f"到了失效日期 {item.effective_until}"
