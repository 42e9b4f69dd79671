"""A picture or a signature: the row says what it is, the file holds it encrypted."""

from __future__ import annotations

from typing import ClassVar
from uuid import uuid4

from django.conf import settings
from django.db import models


def new_upload_id() -> str:
    """Return an id that nobody can guess."""
    return uuid4().hex


class Upload(models.Model):
    """One file, made anew from what was sent; ``path`` is relative to the evidence folder.

    ``owner`` is the conversation's sender or empty for staff; ``number`` is the case it was
    attached to, empty as long as it is not.
    """

    class Kind(models.TextChoices):
        """What a file is for."""

        PHOTO = "photo"
        SIGNATURE = "signature"
        CONSENT = "consent"

    upload_id = models.CharField(max_length=32, unique=True, default=new_upload_id)
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.PHOTO)
    content_type = models.CharField(max_length=40)
    size_bytes = models.PositiveIntegerField()
    digest = models.CharField(max_length=64)
    path = models.CharField(max_length=100)
    owner = models.CharField(max_length=64, blank=True, db_index=True)
    staff = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    number = models.CharField(max_length=10, blank=True, db_index=True)
    created_at = models.DateTimeField(db_index=True)

    class Meta:
        """In the order of arrival."""

        ordering: ClassVar = ["id"]

    def __str__(self) -> str:
        return f"{self.kind} {self.upload_id[:8]}"
