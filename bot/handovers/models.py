"""Hand-overs and the notices that go out to residents; rules are in services.

``Handover.contact`` holds a cipher's token, never a phone number in clear.
"""

from __future__ import annotations

from typing import ClassVar
from uuid import uuid4

from django.conf import settings
from django.db import models
from django.db.models import Q

from bot.conversations.models import Conversation

LONGEST_TEXT = 4000
LONGEST_NOTE = 500


def new_key() -> str:
    """Return a key that no other notice has."""
    return uuid4().hex


class Handover(models.Model):
    """A conversation that waits for a person, or has one."""

    class Reason(models.TextChoices):
        """Why a person is called, the gravest last."""

        ASKED = "asked"
        CONTACT = "contact"
        FAILURES = "failures"
        TROUBLE = "trouble"
        ANGER = "anger"
        EMERGENCY = "emergency"

    class State(models.TextChoices):
        """How far it is."""

        WAITING = "waiting"
        TAKEN = "taken"
        CLOSED = "closed"

    OPEN: ClassVar = (State.WAITING, State.TAKEN)

    conversation = models.ForeignKey(Conversation, models.CASCADE, related_name="handovers")
    reason = models.CharField(max_length=20, choices=Reason.choices)
    note = models.CharField(max_length=LONGEST_NOTE, blank=True)
    urgent = models.BooleanField(default=False)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    opened_at = models.DateTimeField()
    taken_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="handovers"
    )
    taken_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    contact = models.TextField(blank=True)
    unread = models.PositiveIntegerField(default=0)
    changed_at = models.DateTimeField(db_index=True)

    class Meta:
        """At most one open hand-over per conversation; the queue is read by state and urgency."""

        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["conversation"],
                condition=Q(state__in=["waiting", "taken"]),
                name="one_open_handover",
            )
        ]
        indexes: ClassVar = [models.Index(fields=["state", "-urgent", "id"], name="handover_queue")]

    def __str__(self) -> str:
        return f"{self.pk} {self.state}"


class ContactLook(models.Model):
    """Who looked at a resident's phone number, and when."""

    handover = models.ForeignKey(Handover, models.CASCADE, related_name="looks")
    staff = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    looked_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.handover_id} {self.staff_id}"


class Notice(models.Model):
    """A message to a resident that nobody has just asked for, and how far it has come.

    Without an ``author`` it is the office's own. ``key`` is the same at every attempt.
    """

    class State(models.TextChoices):
        """How far it has come; gone means given up."""

        WAITING = "waiting"
        SENT = "sent"
        GONE = "gone"

    key = models.CharField(max_length=64, unique=True, default=new_key)
    conversation = models.ForeignKey(Conversation, models.CASCADE, related_name="notices")
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    text = models.TextField(max_length=LONGEST_TEXT)
    buttons = models.JSONField(default=list, blank=True)
    created_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    attempts = models.PositiveIntegerField(default=0)
    next_try_at = models.DateTimeField(null=True, blank=True)
    claimed_until = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    last_error = models.CharField(max_length=60, blank=True)

    class Meta:
        """In the order of writing; the outbox looks for what is due."""

        ordering: ClassVar = ["id"]
        indexes: ClassVar = [
            models.Index(fields=["state", "next_try_at"], name="notice_due"),
            models.Index(fields=["conversation", "state", "id"], name="notice_order"),
        ]

    def __str__(self) -> str:
        return f"{self.pk} {self.state}"
