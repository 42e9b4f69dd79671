"""What the channel must still know after a restart. Words are masked, and kept only until answered.

WeChat's id of a follower (openid) is personal: it stands in the database and never in a log.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from bot.conversations.models import Conversation


class Push(models.Model):
    """A message that WeChat pushed, however often; it is answered at once or later, not both."""

    class State(models.TextChoices):
        """How its answer reaches the resident."""

        OPEN = "open", "being worked out"
        SPOKEN = "spoken", "in the reply to the push"
        PROMISED = "promised", "later: the reply to the push asked to wait"

    conversation = models.ForeignKey(Conversation, models.CASCADE, related_name="wechat_pushes")
    message_id = models.CharField(max_length=100, unique=True)
    text = models.TextField(blank=True)
    payload = models.CharField(max_length=300, blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    # Whether the outbox is still to get the answer, or what of it did not fit into the reply.
    is_owed = models.BooleanField(default=False)
    came_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        """What is unfinished is looked for at every start."""

        indexes: ClassVar = [models.Index(fields=["state", "is_owed"], name="wechat_unfinished")]

    def __str__(self) -> str:
        return f"{self.message_id} {self.state}"


class Departure(models.Model):
    """A follower who left the account: nothing is sent any more until she comes back."""

    openid = models.CharField(max_length=100, unique=True)
    left_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"departure {self.pk}"


class Delivery(models.Model):
    """How many parts of an outgoing message WeChat has taken, so that none is sent twice."""

    key = models.CharField(max_length=200, unique=True)
    parts_taken = models.PositiveSmallIntegerField(default=0)
    changed_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"{self.key} {self.parts_taken}"
