"""What is kept of calls: figures, and the encrypted number; never sound, never words."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from bot.conversations.models import Conversation
from bot.fields import SealedTextField


class CallRecord(models.Model):
    """A call that is over. Rows are added and, apart from the number's retention, never changed.

    ``timings`` holds for each stage the seconds that the caller's turns took, in their order;
    null where a turn did not come so far.
    What was said is the conversation's, masked.
    """

    class How(models.TextChoices):
        """How it ended."""

        COMPLETED = "completed"
        HUNG_UP = "hung_up"
        HANDED_OVER = "handed_over"
        REFUSED = "refused"
        FAILED = "failed"

    call_id = models.CharField(max_length=200)
    conversation = models.ForeignKey(
        Conversation, models.SET_NULL, null=True, blank=True, related_name="calls"
    )
    transport = models.CharField(max_length=20)
    caller = SealedTextField(blank=True)
    started_at = models.DateTimeField(db_index=True)
    ended_at = models.DateTimeField()
    how = models.CharField(max_length=12, choices=How.choices)
    turns = models.PositiveIntegerField(default=0)
    timings = models.JSONField(default=dict, blank=True)

    class Meta:
        """In the order of ending."""

        ordering: ClassVar = ["id"]

    def __str__(self) -> str:
        return f"{self.pk} {self.how}"
