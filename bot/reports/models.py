"""Closed-loop reports, who reported them, and what happened; rules are in services.

Where it is and what was said are encrypted at rest; ``place_digest`` is a keyed digest of the place
as it is called, by which reports about the same thing find each other.
"""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from bot.conversations.models import Conversation
from bot.fields import SealedTextField
from bot.gazetteer.models import Community
from bot.reports.states import LABELS, OPENED

STATES: list[tuple[str, str]] = list(LABELS.items())


class Report(models.Model):
    """Something that is wrong, and the one person who answers for it."""

    class Source(models.TextChoices):
        """Where it comes from."""

        RESIDENT = "resident"
        PATROL = "patrol"
        DEVICE = "device"
        HOTLINE = "hotline"
        STAFF = "staff"

    number = models.CharField(max_length=10, unique=True)
    request_key = models.CharField(max_length=64, unique=True)
    source = models.CharField(max_length=10, choices=Source.choices)
    # The name of the alert's sender, and its own id of what happened there.
    source_name = models.CharField(max_length=40, blank=True)
    source_event_id = models.CharField(max_length=100, blank=True)
    kind_id = models.CharField(max_length=8, db_index=True)
    kind_name = models.CharField(max_length=40)
    responsible_role = models.CharField(max_length=40)
    due_working_days = models.PositiveSmallIntegerField()
    is_urgent = models.BooleanField(default=False)
    # Only supervisors see it (accounts.policies).
    is_about_staff = models.BooleanField(default=False)
    sealed_place = SealedTextField(blank=True)
    place_digest = models.CharField(max_length=64, blank=True)
    sealed_description = SealedTextField(blank=True)
    community = models.ForeignKey(
        Community, models.SET_NULL, null=True, blank=True, related_name="reports"
    )
    state = models.CharField(max_length=14, choices=STATES, default=OPENED)
    responsible = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="reports"
    )
    joined_to = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="joined"
    )
    opened_at = models.DateTimeField()
    due_at = models.DateTimeField()
    # When the responsible person was told that it is hers (what is not urgent waits for the office
    # to open); of what is urgent, when it was moved since.
    told_at = models.DateTimeField(null=True, blank=True)
    reminded_at = models.DateTimeField(null=True, blank=True)
    # When the supervisors were told that it does not move.
    escalated_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    answer = SealedTextField(blank=True)
    reopened_count = models.PositiveIntegerField(default=0)
    # How often a device has said the same since.
    repeats = models.PositiveIntegerField(default=0)
    changed_at = models.DateTimeField(db_index=True)

    class Meta:
        """A sender's own id means one report; the board reads by state and due time."""

        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["source_name", "source_event_id"],
                condition=~Q(source_event_id=""),
                name="one_report_per_source_event",
            )
        ]
        indexes: ClassVar = [
            models.Index(fields=["state", "due_at"], name="report_board"),
            models.Index(fields=["kind_id", "place_digest", "state"], name="report_alike"),
            models.Index(fields=["responsible", "state"], name="report_mine"),
        ]

    def __str__(self) -> str:
        return self.number


class Spot(models.Model):
    """A kind of trouble at a place; its row is locked while somebody reports it.

    So two who report the same thing at the same moment find each other.
    """

    kind_id = models.CharField(max_length=8)
    place_digest = models.CharField(max_length=64)
    used_at = models.DateTimeField(db_index=True)

    class Meta:
        """One row for a kind at a place."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["kind_id", "place_digest"], name="one_spot")
        ]

    def __str__(self) -> str:
        return f"{self.kind_id} {self.place_digest[:8]}"


class SourceEvent(models.Model):
    """What a device or another program has told, so that its repetition changes nothing."""

    report = models.ForeignKey(Report, models.CASCADE, related_name="source_events")
    source_name = models.CharField(max_length=40)
    source_event_id = models.CharField(max_length=100)
    came_at = models.DateTimeField(db_index=True)

    class Meta:
        """A sender's own id is taken once; a storm is known by the sender's last one."""

        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["source_name", "source_event_id"], name="one_source_event"
            )
        ]
        indexes: ClassVar = [
            models.Index(fields=["report", "source_name", "came_at"], name="source_event_last")
        ]

    def __str__(self) -> str:
        return f"{self.source_name} {self.report_id}"


class Reporter(models.Model):
    """Somebody who is told how a report goes on; anonymous ones have no phone.

    ``request_key`` is the same for every repetition of one confirmation.
    """

    report = models.ForeignKey(Report, models.CASCADE, related_name="reporters")
    conversation = models.ForeignKey(
        Conversation, models.SET_NULL, null=True, blank=True, related_name="reports"
    )
    request_key = models.CharField(max_length=64, unique=True)
    # The number that she was told; of a joined report, the one she keeps asking with.
    number = models.CharField(max_length=10, db_index=True)
    sealed_phone = SealedTextField(blank=True)
    phone_digest = models.CharField(max_length=64, blank=True, db_index=True)
    is_anonymous = models.BooleanField(default=True)
    verdict = models.CharField(max_length=10, blank=True)
    reported_at = models.DateTimeField()

    class Meta:
        """In the order of reporting."""

        ordering: ClassVar = ["id"]

    def __str__(self) -> str:
        return f"{self.report_id} {self.number}"


class ReportEvent(models.Model):
    """Who did what when; rows are only ever added."""

    report = models.ForeignKey(Report, models.CASCADE, related_name="events")
    step = models.CharField(max_length=20)
    before = models.CharField(max_length=14, blank=True)
    after = models.CharField(max_length=14)
    staff = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    by = models.CharField(max_length=10)
    note = SealedTextField(blank=True)
    happened_at = models.DateTimeField()

    class Meta:
        """In the order of happening."""

        ordering: ClassVar = ["id"]

    def __str__(self) -> str:
        return f"{self.report_id} {self.step}"
