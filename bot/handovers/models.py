"""Hand-overs, the notices that go out, and what staff are told; rules are in services.

Phone numbers, addresses and what a notice says are encrypted: ``Handover.contact`` by hand, the
rest by its field.
"""

from __future__ import annotations

from typing import ClassVar
from uuid import uuid4

from django.conf import settings
from django.db import models
from django.db.models import Q

from bot.conversations.models import Conversation
from bot.fields import SealedJSONField, SealedTextField

LONGEST_TEXT = 4000
LONGEST_NOTE = 500
LONGEST_SUBJECT = 100


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
    """Who looked at a resident's phone number, at a hand-over or a notice, and when."""

    handover = models.ForeignKey(
        Handover, models.CASCADE, null=True, blank=True, related_name="looks"
    )
    notice = models.ForeignKey(
        "Notice", models.CASCADE, null=True, blank=True, related_name="looks"
    )
    staff = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    looked_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.handover_id or self.notice_id} {self.staff_id}"


class Notice(models.Model):
    """A message that nobody has just asked for, and how far it has come.

    Without an ``author`` it is the office's own. ``key`` is the same at every attempt, ``target``
    the same for all notices of one recipient, which go out in order. ``sealed_address`` is where
    it goes, or for a channel's own notice the phone that another one stands in at if need be.
    ``origin`` is the talk that it comes of, on whatever way it goes: who has that erased means it
    as well. ``is_emptied`` says that the time of its words is over. ``is_about_staff`` goes with a
    complaint about staff, which supervisors alone may read.
    """

    class State(models.TextChoices):
        """How far it has come; gone means given up."""

        WAITING = "waiting"
        SENT = "sent"
        GONE = "gone"

    class Medium(models.TextChoices):
        """The way it goes; a call is made by a person."""

        CHANNEL = "channel", "对话"
        SMS = "sms", "短信"
        EMAIL = "email", "邮件"
        CALL = "call", "打电话"

    key = models.CharField(max_length=64, unique=True, default=new_key)
    conversation = models.ForeignKey(
        Conversation, models.CASCADE, null=True, blank=True, related_name="notices"
    )
    medium = models.CharField(max_length=8, choices=Medium.choices, default=Medium.CHANNEL)
    origin = models.ForeignKey(
        Conversation, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    target = models.CharField(max_length=80)
    sealed_address = SealedTextField(blank=True)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    # Whose it is when it is for one of the staff.
    staff = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True, related_name="+"
    )
    # What did not arrive, or not soon enough.
    instead_of = models.ForeignKey(
        "self", models.CASCADE, null=True, blank=True, related_name="stand_ins"
    )
    subject = models.CharField(max_length=LONGEST_SUBJECT, blank=True)
    text = SealedTextField(max_length=LONGEST_TEXT)
    is_emptied = models.BooleanField(default=False)
    is_about_staff = models.BooleanField(default=False)
    buttons = models.JSONField(default=list, blank=True)
    # Of a text message: the provider's template, empty for the general one, and what it is given.
    template = models.CharField(max_length=40, blank=True)
    sealed_params = SealedJSONField(null=True, blank=True)
    created_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    attempts = models.PositiveIntegerField(default=0)
    next_try_at = models.DateTimeField(null=True, blank=True)
    claimed_until = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    last_error = models.CharField(max_length=60, blank=True)
    retried_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    retried_at = models.DateTimeField(null=True, blank=True)
    # Who passed it on by word of mouth.
    told_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        """In the order of writing; the outbox looks for what is due."""

        ordering: ClassVar = ["id"]
        indexes: ClassVar = [
            models.Index(fields=["state", "next_try_at"], name="notice_due"),
            models.Index(fields=["target", "state", "id"], name="notice_target"),
        ]

    def __str__(self) -> str:
        return f"{self.pk} {self.state}"


class StaffNotice(models.Model):
    """What one of the staff is told on her pages; ``path`` is the page that it is about."""

    staff = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="notices")
    key = models.CharField(max_length=64)
    text = models.CharField(max_length=LONGEST_NOTE)
    path = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(db_index=True)
    seen_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        """A key is told once to each; what is new is counted on every page."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["staff", "key"], name="staff_told_once")
        ]
        indexes: ClassVar = [models.Index(fields=["staff", "seen_at"], name="staff_unseen")]

    def __str__(self) -> str:
        return f"{self.staff_id} {self.text[:20]}"
