"""The append-only record of conversations. Texts are masked before they get here."""

from __future__ import annotations

from typing import ClassVar

from django.db import models


class Conversation(models.Model):
    """One resident's talk on one channel; ids are scoped by who speaks for her."""

    owner = models.CharField(max_length=100)
    channel = models.CharField(max_length=20)
    external_id = models.CharField(max_length=200)
    sender = models.CharField(max_length=64, unique=True)
    started_at = models.DateTimeField(auto_now_add=True)
    # The kind of danger she is in, until she says that it is over.
    danger = models.CharField(max_length=40, blank=True)

    class Meta:
        """An external id means one conversation per owner and channel."""

        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["owner", "channel", "external_id"], name="one_conversation_per_scope"
            )
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.sender[:8]}"


class TurnRecord(models.Model):
    """What was said, masked, and the reply; ``reply`` is empty while it is being worked out."""

    conversation = models.ForeignKey(Conversation, models.CASCADE, related_name="turns")
    turn_id = models.CharField(max_length=40, unique=True)
    message_id = models.CharField(max_length=200)
    text = models.TextField(blank=True)
    payload = models.CharField(max_length=300, blank=True)
    reply = models.JSONField(null=True)
    asked_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)
    took_ms = models.PositiveIntegerField(null=True)
    # The reply as it was said, encrypted, where it holds what ``reply`` masks.
    sealed_reply = models.TextField(blank=True)
    # Ids of the uploads that were sent along.
    attachments = models.JSONField(default=list, blank=True)

    class Meta:
        """In the order of asking; a message id is answered once. Days are counted by time."""

        ordering: ClassVar = ["id"]
        indexes: ClassVar = [models.Index(fields=["asked_at"], name="turn_asked")]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["conversation", "message_id"], name="one_turn_per_message"
            )
        ]

    def __str__(self) -> str:
        return self.turn_id


class Draft(models.Model):
    """What was given for an open form, encrypted (``bot.conversations.drafts``)."""

    conversation = models.OneToOneField(Conversation, models.CASCADE, related_name="draft")
    sealed = models.TextField()
    changed_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"draft of {self.conversation_id}"


class Feedback(models.Model):
    """Whether a reply helped."""

    turn = models.OneToOneField(TurnRecord, models.CASCADE, related_name="feedback")
    helpful = models.BooleanField()
    reason = models.TextField(blank=True)
    given_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"{self.turn_id} {self.helpful}"
