"""What came from Telegram and what was sent there, so that a restart loses and doubles nothing."""

from __future__ import annotations

from typing import ClassVar

from django.db import models


class TelegramUpdate(models.Model):
    """One update; ``body`` is encrypted and emptied as soon as the update is dealt with."""

    class State(models.TextChoices):
        """Whether something remains to be done."""

        OPEN = "open"
        DONE = "done"
        FAILED = "failed"

    update_id = models.BigIntegerField(unique=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    body = models.TextField(blank=True)
    received_at = models.DateTimeField()

    class Meta:
        """In the order in which Telegram numbered them."""

        ordering: ClassVar = ["update_id"]
        indexes: ClassVar = [models.Index(fields=["state", "update_id"])]

    def __str__(self) -> str:
        return f"{self.update_id} {self.state}"


class TelegramDelivery(models.Model):
    """One message on its way to a chat, perhaps in several parts.

    ``turn_id`` names the turn whose reply it is; without one the buttons are kept here.
    """

    key = models.CharField(max_length=200, unique=True)
    chat_id = models.BigIntegerField()
    turn_id = models.CharField(max_length=40, blank=True)
    buttons = models.JSONField(default=list)
    parts_sent = models.PositiveSmallIntegerField(default=0)
    is_complete = models.BooleanField(default=False)
    begun_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"{self.key} {self.parts_sent}"
