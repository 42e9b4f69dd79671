"""How long what is kept: words and numbers of residents go, figures about them stay.

``KEPT`` is the one list; an application that keeps something of residents adds itself there, and
is then swept by ``retention_apply`` and, unless it is archived by law, by ``erasure``.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import transaction
from django.db.models import Exists, Model, OuterRef, Q, QuerySet

from bot.conversations import phrases, tracker
from bot.conversations.models import Conversation, TurnRecord

# Replies are long: a hundred take a tenth of a second. Then whoever waits to write has its turn.
BATCH_ROWS = 100
PAUSE_SECONDS = 0.1
GONE = "（内容已删除）"
# Replies that repeat nothing of a resident's.
EMPTIED = (GONE, phrases.ERASED)
TRACKER = "Rasa's tracker"
UNLINKED = "conversations.Conversation"
_UNLINKED_PREFIX = "gone-"

Change = Callable[[Any], Any]


@dataclass(frozen=True)
class Kept:
    """What becomes of a table's rows when their time is over.

    ``blank`` names the fields that are emptied, each with its value or a function of the row;
    without it the whole row is deleted. ``left`` finds the rows that still have something to empty.
    ``conversation`` is the way from a row to its conversation, empty if there is none. ``busy``
    finds rows that are still needed to finish something: a resident's wish waits for them, time
    does not. ``is_archived`` says that a rule keeps them against a resident's wish.
    """

    table: str
    setting: str
    since: str
    stays: str
    blank: Mapping[str, Any | Change] = field(default_factory=dict)
    left: Q = field(default_factory=Q)
    conversation: str = ""
    busy: Q | None = None
    is_archived: bool = False


def bare_reply(row: Any) -> dict[str, Any] | None:
    """A reply without words: its kind, intent, item, facet and confidence."""
    if row.reply is None or row.reply["text"] in EMPTIED:
        return row.reply  # type: ignore[no-any-return]
    emptied: dict[str, Any] = {
        "text": GONE,
        "speech": [],
        "answers": [],
        "candidates": [],
        "slots": {},
        "buttons": [],
        "competent": None,
        "ticket": None,
        "report": None,
        "conversation_id": "",
    }
    return {**row.reply, **emptied}


_REPLY_LEFT = Q(reply__isnull=False) & ~Q(reply__text__in=EMPTIED)

KEPT: list[Kept] = [
    Kept(
        "conversations.TurnRecord",
        "BOT_KEEP_TURNS_DAYS",
        since="asked_at",
        stays="when, how long it took, kind, intent, item and facet of the reply",
        blank={
            "text": "",
            "payload": "",
            "attachments": [],
            "reply": bare_reply,
            "sealed_reply": "",
        },
        left=~Q(text="") | ~Q(payload="") | ~Q(attachments=[]) | ~Q(sealed_reply="") | _REPLY_LEFT,
        conversation="conversation",
    ),
    Kept(
        "conversations.Feedback",
        "BOT_KEEP_FEEDBACK_DAYS",
        since="given_at",
        stays="whether the reply helped",
        blank={"reason": ""},
        left=~Q(reason=""),
        conversation="turn__conversation",
    ),
    Kept(
        "conversations.Draft",
        "BOT_KEEP_DRAFTS_DAYS",
        since="changed_at",
        stays="nothing",
        conversation="conversation",
    ),
    Kept(
        "handovers.Handover",
        "BOT_KEEP_HANDOVERS_DAYS",
        since="opened_at",
        stays="why and when, who took it, who looked at the number",
        blank={"note": "", "contact": ""},
        left=~Q(note="") | ~Q(contact=""),
        conversation="conversation",
    ),
    Kept(
        "handovers.Notice",
        "BOT_KEEP_NOTICES_DAYS",
        since="created_at",
        stays="who wrote when, and whether it arrived",
        blank={
            "text": GONE,
            "is_emptied": True,
            "subject": "",
            "buttons": [],
            "sealed_address": "",
            "sealed_params": None,
            # What has not arrived by then must not arrive empty.
            "state": lambda row: "gone" if row.state == "waiting" else row.state,
        },
        left=Q(is_emptied=False),
        conversation="origin",
        busy=Q(state="waiting"),
    ),
    Kept("handovers.StaffNotice", "BOT_KEEP_NOTICES_DAYS", since="created_at", stays="nothing"),
    Kept(
        "phone.CallRecord",
        "BOT_KEEP_TURNS_DAYS",
        since="started_at",
        stays="by which way, when, how it ended, how long each stage of a turn took",
        blank={"caller": "", "call_id": ""},
        left=~Q(caller="") | ~Q(call_id=""),
        conversation="conversation",
    ),
    Kept(
        "telegram.TelegramUpdate",
        "BOT_KEEP_DELIVERIES_DAYS",
        since="received_at",
        stays="nothing",
    ),
    Kept(
        "telegram.TelegramDelivery",
        "BOT_KEEP_DELIVERIES_DAYS",
        since="begun_at",
        stays="nothing",
    ),
    Kept(
        "wechat.Push",
        "BOT_KEEP_DELIVERIES_DAYS",
        since="came_at",
        stays="nothing",
        conversation="conversation",
        busy=Q(state="open") | Q(is_owed=True),
    ),
    Kept("wechat.Delivery", "BOT_KEEP_DELIVERIES_DAYS", since="changed_at", stays="nothing"),
    # The file follows its row within the hour. What belongs to no case goes after a day.
    Kept(
        "evidence.Upload",
        "BOT_KEEP_TICKETS_DAYS",
        since="created_at",
        stays="nothing",
        is_archived=True,
    ),
    Kept(
        "tickets.Ticket",
        "BOT_KEEP_TICKETS_DAYS",
        since="closed_at",
        stays="number, item, mode, reason, community, who did it, when, and how it ended",
        blank={
            "sealed_person": {},
            "sealed_consent": {},
            "phone_digest": "",
            "outcome": "",
            "time_text": "",
        },
        # An open one has not begun to grow old.
        left=~Q(phone_digest=""),
        conversation="conversation",
        is_archived=True,
    ),
    Kept(
        "tickets.TicketEvent",
        "BOT_KEEP_TICKETS_DAYS",
        since="happened_at",
        stays="who did which step when",
        blank={"note": ""},
        left=~Q(note=""),
        conversation="ticket__conversation",
        is_archived=True,
    ),
    Kept(
        "tickets.Rating",
        "BOT_KEEP_TICKETS_DAYS",
        since="given_at",
        stays="the scores, and whether a bad one was made good in time",
        blank={"words": "", "rectification": ""},
        left=~Q(words="") | ~Q(rectification=""),
        conversation="ticket__conversation",
        is_archived=True,
    ),
    Kept("tickets.LookupTry", "BOT_KEEP_DELIVERIES_DAYS", since="tried_at", stays="nothing"),
    Kept(
        "reports.Report",
        "BOT_KEEP_TICKETS_DAYS",
        since="closed_at",
        stays="number, source, kind, community, who answered for it, when, and how it ended",
        blank={"sealed_place": "", "place_digest": "", "sealed_description": "", "answer": ""},
        left=~Q(sealed_place="") | ~Q(place_digest="") | ~Q(sealed_description="") | ~Q(answer=""),
        conversation="reporters__conversation",
        is_archived=True,
    ),
    Kept(
        "reports.ReportEvent",
        "BOT_KEEP_TICKETS_DAYS",
        since="happened_at",
        stays="who did which step when",
        blank={"note": ""},
        left=~Q(note=""),
        conversation="report__reporters__conversation",
        is_archived=True,
    ),
    Kept(
        "reports.Reporter",
        "BOT_KEEP_TICKETS_DAYS",
        since="reported_at",
        stays="number, when, the verdict, anonymous or not",
        blank={"sealed_phone": "", "phone_digest": ""},
        left=~Q(sealed_phone="") | ~Q(phone_digest=""),
        conversation="conversation",
    ),
    Kept("reports.SourceEvent", "BOT_KEEP_DELIVERIES_DAYS", since="came_at", stays="nothing"),
    Kept("reports.Spot", "BOT_KEEP_DELIVERIES_DAYS", since="used_at", stays="nothing"),
]


def retention_apply(now: datetime) -> dict[str, int]:
    """Let go of what was kept long enough; returns the rows changed or deleted in each table."""
    counts = {kept.table: rows_empty(kept, overdue(kept, now)) for kept in present()}
    counts[UNLINKED] = sum(_unlink(batch) for batch in _batches(_silent(now)))
    counts[TRACKER] = tracker.tracker_expire(_tracker_before(now))
    for sender, until in _erased_senders(now):
        counts[TRACKER] += tracker.tracker_forget(sender, until)
        for kept, rows in rows_of(sender, until):
            counts[kept.table] += rows_empty(kept, rows)
    return counts


def retention_due(now: datetime) -> dict[str, int]:
    """What ``retention_apply`` would return, without changing anything."""
    counts = {kept.table: overdue(kept, now).count() for kept in present()}
    counts[UNLINKED] = _silent(now).count()
    counts[TRACKER] = tracker.tracker_expired(_tracker_before(now))
    for sender, until in _erased_senders(now):
        counts[TRACKER] += tracker.tracker_count(sender, until)
        for kept, rows in rows_of(sender, until):
            counts[kept.table] += rows.count()
    return counts


def rows_of(sender: str, until: datetime | None = None) -> Iterator[tuple[Kept, QuerySet[Any]]]:
    """What a talk's rows in each table still hold that goes at a wish, up to a moment."""
    for kept in present():
        if not kept.conversation or kept.is_archived:
            continue
        rows = holding(kept).filter(**{f"{kept.conversation}__sender": sender})
        if until is not None:
            rows = rows.filter(**{f"{kept.since}__lte": until})
        yield kept, rows.exclude(kept.busy) if kept.busy else rows


def overdue(kept: Kept, now: datetime) -> QuerySet[Any]:
    """The rows of a table that still hold something and are older than its setting says."""
    return holding(kept).filter(**{f"{kept.since}__lt": now - _days(kept.setting)})


def holding(kept: Kept) -> QuerySet[Any]:
    """The rows of a table that still have something to empty."""
    rows: QuerySet[Any] = apps.get_model(kept.table)._default_manager.filter(kept.left)
    return rows


def rows_empty(kept: Kept, rows: QuerySet[Any]) -> int:
    """Empty or delete rows, a hundred a transaction, so that nobody who writes has to wait."""
    emptied = 0
    for keys in _batches(rows):
        some = rows.model._default_manager.filter(pk__in=keys)
        with transaction.atomic():
            if kept.blank:
                _blank(kept, some)
            else:
                some.delete()
        emptied += len(keys)
    return emptied


def _blank(kept: Kept, rows: QuerySet[Any]) -> None:
    changes = {name: value for name, value in kept.blank.items() if callable(value)}
    rows.update(**{name: kept.blank[name] for name in kept.blank if name not in changes})
    for name, change in changes.items():
        # A row without a value keeps it so: a bulk update would write JSON's null for none.
        changed = [row for row in rows.all() if _changes(row, name, change)]
        rows.model._default_manager.bulk_update(changed, [name])


def _changes(row: Model, name: str, change: Change) -> bool:
    before = getattr(row, name)
    setattr(row, name, change(row))
    return bool(getattr(row, name) != before)


def _batches(rows: QuerySet[Any]) -> Iterator[list[Any]]:
    """Primary keys, read outside of any transaction, in their order."""
    last = None
    while True:
        further = rows if last is None else rows.filter(pk__gt=last)
        keys = list(further.order_by("pk").values_list("pk", flat=True)[:BATCH_ROWS])
        if not keys:
            return
        yield keys
        if len(keys) < BATCH_ROWS:
            return
        time.sleep(PAUSE_SECONDS)
        last = keys[-1]


def present() -> list[Kept]:
    """The tables of the applications that are installed."""
    labels = {config.label for config in apps.get_app_configs()}
    return [kept for kept in KEPT if kept.table.partition(".")[0] in labels]


def _days(setting: str) -> timedelta:
    return timedelta(days=getattr(settings, setting))


def _silent(now: datetime) -> QuerySet[Conversation]:
    """Conversations that nobody has continued for as long as words are kept."""
    before = now - _days("BOT_KEEP_TURNS_DAYS")
    later = TurnRecord.objects.filter(conversation=OuterRef("pk"), asked_at__gte=before)
    conversations = Conversation.objects.filter(started_at__lt=before)
    return conversations.exclude(sender__startswith=_UNLINKED_PREFIX).exclude(Exists(later))


def _unlink(keys: list[int]) -> int:
    """Forget whose conversations these were: a chat's number or a follower's id leads to a person.

    Whoever comes back after that begins a new conversation.
    """
    rows = [
        Conversation(
            pk=key, external_id=f"{_UNLINKED_PREFIX}{key}", sender=f"{_UNLINKED_PREFIX}{key}"
        )
        for key in keys
    ]
    return Conversation.objects.bulk_update(rows, ["external_id", "sender"])


def _tracker_before(now: datetime) -> datetime:
    return now - _days("BOT_KEEP_TRACKER_DAYS")


def _erased_senders(now: datetime) -> list[tuple[str, datetime]]:
    """Whose events went, or should have gone, at a resident's wish, and up to when."""
    turns = TurnRecord.objects.filter(
        asked_at__gte=_tracker_before(now), answered_at__isnull=False, reply__text__in=EMPTIED
    )
    until: dict[str, datetime] = {}
    for sender, answered_at in turns.values_list("conversation__sender", "answered_at"):
        if answered_at is not None:
            until[sender] = max(answered_at, until.get(sender, answered_at))
    return list(until.items())
