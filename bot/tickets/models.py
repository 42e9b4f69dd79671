"""Proxy tickets and everything that happened to them; rules are in services.

Fields named ``sealed_…``, and notes, are encrypted at rest. ``phone_digest`` is a keyed digest: it
finds a resident's tickets again without telling her number.
"""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models

from bot.conversations.models import Conversation
from bot.fields import SealedJSONField, SealedTextField
from bot.gazetteer.models import Community
from bot.tickets.states import LABELS, ORDERED

STATES: list[tuple[str, str]] = list(LABELS.items())


class Ticket(models.Model):
    """An errand that the office does for a resident.

    ``sealed_person`` holds name, phone, address, id_number, emergency_contact, reason_text;
    ``sealed_consent`` the words that were read back, the yes, who, for what and until when.
    ``request_key`` is the same for every repetition of one confirmation.
    """

    class Mode(models.TextChoices):
        """How the office helps."""

        DAIBAN = "代办"
        BANGBAN = "帮办"
        PEIBAN = "陪办"
        DAOBAN = "导办"

    class Reason(models.TextChoices):
        """Why the resident does not do it alone."""

        ELDERLY = "elderly"
        DISABLED = "disabled"
        OTHER = "other"

    class Asker(models.TextChoices):
        """Who asks for it."""

        SELF = "self"
        CHILD = "child"
        NEIGHBOUR = "neighbour"
        CLERK = "clerk"
        OTHER = "other"

    number = models.CharField(max_length=10, unique=True)
    request_key = models.CharField(max_length=64, unique=True)
    conversation = models.ForeignKey(
        Conversation, models.SET_NULL, null=True, blank=True, related_name="tickets"
    )
    channel = models.CharField(max_length=20)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    item_id = models.CharField(max_length=8, db_index=True)
    item_name = models.CharField(max_length=80)
    situations = models.JSONField(default=list, blank=True)
    mode = models.CharField(max_length=2, choices=Mode.choices)
    reason = models.CharField(max_length=8, choices=Reason.choices)
    groups = models.JSONField(default=list, blank=True)
    asker = models.CharField(max_length=10, choices=Asker.choices, default=Asker.SELF)
    sealed_person = SealedJSONField(default=dict)
    phone_digest = models.CharField(max_length=64, db_index=True)
    sealed_consent = SealedJSONField(default=dict)
    community = models.ForeignKey(
        Community, models.SET_NULL, null=True, blank=True, related_name="tickets"
    )
    time_text = models.CharField(max_length=60, blank=True)
    time_at = models.DateTimeField(null=True, blank=True)
    state = models.CharField(max_length=12, choices=STATES, default=ORDERED)
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="tickets"
    )
    helper = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    opened_at = models.DateTimeField()
    # Until when the next step is to be taken: accepting, dispatching, starting, calling back.
    step_due_at = models.DateTimeField(null=True, blank=True)
    # Until when all of it is promised; the days count anew when it is reopened.
    due_at = models.DateTimeField()
    promised_days = models.PositiveSmallIntegerField(default=5)
    # How much of the promised time was left when it was suspended, in working minutes.
    suspended_minutes = models.PositiveIntegerField(null=True, blank=True)
    reminded_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    ems_number = models.CharField(max_length=20, blank=True)
    outcome = SealedTextField(blank=True)
    reopened_count = models.PositiveIntegerField(default=0)
    changed_at = models.DateTimeField(db_index=True)

    class Meta:
        """The board reads by state and due time, staff by their own, residents by phone."""

        indexes: ClassVar = [
            models.Index(fields=["state", "due_at"], name="ticket_board"),
            models.Index(fields=["assignee", "state"], name="ticket_mine"),
            models.Index(fields=["community", "state"], name="ticket_community"),
            models.Index(fields=["state", "step_due_at"], name="ticket_silent"),
        ]

    def __str__(self) -> str:
        return self.number


class TicketEvent(models.Model):
    """Who did what when; rows are only ever added."""

    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="events")
    step = models.CharField(max_length=20)
    before = models.CharField(max_length=12, blank=True)
    after = models.CharField(max_length=12)
    # Empty for the resident and the office's own clockwork; ``by`` tells which.
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
        return f"{self.ticket_id} {self.step}"


class TicketMaterial(models.Model):
    """One row of the checklist: what is needed, and where it is."""

    class State(models.TextChoices):
        """Where it is."""

        MISSING = "missing", "还缺"
        RECEIVED = "received", "已收"
        RETURNED = "returned", "已还"

    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="materials")
    name = models.CharField(max_length=120)
    details = models.CharField(max_length=200, blank=True)
    state = models.CharField(max_length=8, choices=State.choices, default=State.MISSING)
    changed_at = models.DateTimeField()
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        """In the order of the guide."""

        ordering: ClassVar = ["id"]

    def __str__(self) -> str:
        return f"{self.ticket_id} {self.state}"


class Rating(models.Model):
    """好差评: one to five, with dimensions and words; the newest of a ticket counts.

    A bad one (1 or 2) is called back and rectified until ``rectify_due_at``.
    """

    WORST_GOOD: ClassVar = 3

    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="ratings")
    score = models.PositiveSmallIntegerField()
    dimensions = models.JSONField(default=list, blank=True)
    words = SealedTextField(blank=True)
    given_at = models.DateTimeField()
    rectify_due_at = models.DateTimeField(null=True, blank=True)
    called_back_at = models.DateTimeField(null=True, blank=True)
    rectified_at = models.DateTimeField(null=True, blank=True)
    rectified_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    rectification = SealedTextField(blank=True)

    class Meta:
        """The newest last."""

        ordering: ClassVar = ["id"]

    def __str__(self) -> str:
        return f"{self.ticket_id} {self.score}"


class LookupTry(models.Model):
    """Somebody asked about a number and was wrong about its phone, or is asking just now.

    ``asker`` and ``phone_digest`` count tries without telling who she is or what phone she gave.
    """

    asker = models.CharField(max_length=64)
    number = models.CharField(max_length=10)
    phone_digest = models.CharField(max_length=64, default="")
    tried_at = models.DateTimeField()
    # Whether whoever the number belongs to has heard of it.
    is_told = models.BooleanField(default=False)

    class Meta:
        """Tries are counted by asker, by number and by phone."""

        indexes: ClassVar = [
            models.Index(fields=["asker", "tried_at"], name="lookup_asker"),
            models.Index(fields=["number", "tried_at"], name="lookup_number"),
            models.Index(fields=["phone_digest", "tried_at"], name="lookup_phone"),
        ]

    def __str__(self) -> str:
        return self.number
