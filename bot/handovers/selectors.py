"""What is asked about hand-overs and notices."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery

from bot.accounts.models import Staff
from bot.conversations.models import Conversation, TurnRecord
from bot.conversations.selectors import turns_of
from bot.handovers.models import Handover, Notice, StaffNotice

Said = TurnRecord | Notice
# A clerk not seen on any page for this long has gone; her residents need another.
AWAY = timedelta(minutes=15)


def open_handover(conversation: Conversation) -> Handover | None:
    """Return the hand-over that waits or is taken."""
    return conversation.handovers.filter(state__in=Handover.OPEN).first()


def waiting() -> QuerySet[Handover]:
    """Return who waits for a person, in the order of being served."""
    return Handover.objects.filter(state=Handover.State.WAITING).order_by("-urgent", "id")


def position(handover: Handover) -> int:
    """Return the place in the queue, 1 is next; 0 when it does not wait."""
    if handover.state != Handover.State.WAITING:
        return 0
    return waiting().filter(_before(handover.pk, urgent=handover.urgent)).count() + 1


def _before(pk: int, *, urgent: bool) -> Q:
    earlier = Q(urgent=urgent, pk__lt=pk)
    return earlier if urgent else earlier | Q(urgent=True)


def open_of_sender(sender: str) -> QuerySet[Handover]:
    """Return the open hand-over of a conversation with ``ahead``: how many are served before it."""
    graver = Q(urgent__gt=OuterRef("urgent"))
    ahead = (
        Handover.objects.filter(state=Handover.State.WAITING)
        .filter(graver | Q(urgent=OuterRef("urgent"), pk__lt=OuterRef("pk")))
        .order_by()
        .values("state")
        .annotate(number=Count("pk"))
        .values("number")
    )
    return Handover.objects.filter(conversation__sender=sender, state__in=Handover.OPEN).annotate(
        ahead=Subquery(ahead)
    )


def taken() -> QuerySet[Handover]:
    """Return whom a clerk looks after; what was written last comes first."""
    return Handover.objects.filter(state=Handover.State.TAKEN).order_by("-changed_at")


def free_to_take(now: datetime) -> Q:
    """Return the condition for being taken: it waits, or its clerk has gone away."""
    is_left = Q(state=Handover.State.TAKEN, taken_by__seen_at__lt=now - AWAY)
    return Q(state=Handover.State.WAITING) | is_left


def is_free_to_take(handover: Handover, now: datetime) -> bool:
    """Whether a clerk may take it."""
    return Handover.objects.filter(free_to_take(now), pk=handover.pk).exists()


def recent_closed(limit: int = 20) -> QuerySet[Handover]:
    """Return what was closed last."""
    return Handover.objects.filter(state=Handover.State.CLOSED).order_by("-closed_at")[:limit]


def with_last_words(handovers: QuerySet[Handover]) -> QuerySet[Handover]:
    """Add ``last_words``, what the resident said last, and the rows that a list shows."""
    turns = TurnRecord.objects.filter(conversation=OuterRef("conversation")).exclude(text="")
    return handovers.select_related("conversation", "taken_by").annotate(
        last_words=Subquery(turns.order_by("-id").values("text")[:1])
    )


def latest_handover(conversation: Conversation) -> Handover | None:
    """Return the open hand-over, or the last there was."""
    rows = conversation.handovers.select_related("conversation", "taken_by")
    return rows.order_by("-id").first()


def to_be_told() -> QuerySet[Notice]:
    """Return what a person has to pass on to residents: by telephone, or what did not arrive."""
    by_phone = Q(conversation__channel="voice") | Q(medium=Notice.Medium.CALL)
    calls = Notice.objects.filter(by_phone, state=Notice.State.WAITING)
    rows = (calls | dead_letters()).filter(staff=None)
    return rows.select_related("conversation", "author").order_by("id")


def dead_letters() -> QuerySet[Notice]:
    """Return the notices, to residents and staff, that were given up and nothing stands in for."""
    stand_ins = Notice.objects.filter(instead_of=OuterRef("pk"))
    rows = Notice.objects.filter(~Exists(stand_ins), state=Notice.State.GONE, is_emptied=False)
    return rows.select_related("conversation", "staff").order_by("-id")


def staff_notices(staff: Staff, limit: int = 30) -> QuerySet[StaffNotice]:
    """Return what one of the staff was told, the newest first."""
    return StaffNotice.objects.filter(staff=staff).order_by("-id")[:limit]


def staff_unseen(staff: Staff) -> int:
    """Return how much of it she has not looked at."""
    return StaffNotice.objects.filter(staff=staff, seen_at=None).count()


def open_to_staff() -> QuerySet[Conversation]:
    """Return the conversations staff may read: a person was called, or has something to tell."""
    told = to_be_told().filter(conversation=OuterRef("pk"))
    called = Handover.objects.filter(conversation=OuterRef("pk"))
    return Conversation.objects.filter(Exists(called) | Exists(told.order_by()))


def said_in(conversation: Conversation, limit: int = 50) -> list[Said]:
    """Return the last answered turns and notices of a conversation together, oldest first."""
    notices = conversation.notices.select_related("author").order_by("-id")[:limit]
    said: list[Said] = [*turns_of(conversation, limit), *notices]
    return sorted(said, key=said_at)[-limit:]


def said_at(said: Said) -> tuple[object, int]:
    """Return when something was said; a turn comes before what it led to."""
    if isinstance(said, Notice):
        return said.created_at, 1
    return said.asked_at, 0
