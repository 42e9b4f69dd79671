"""Numbers that residents are told, and who looked at whose personal data."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models


class CaseNumber(models.Model):
    """A number is given once, whatever for: ten digits, the day and four that nobody can guess."""

    class Kind(models.TextChoices):
        """What a number stands for."""

        TICKET = "ticket"
        REPORT = "report"

    number = models.CharField(max_length=10, unique=True)
    kind = models.CharField(max_length=6, choices=Kind.choices)
    given_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.number


class PersonalLook(models.Model):
    """Who of the staff was shown which personal data of a case, and when."""

    number = models.CharField(max_length=10, db_index=True)
    what = models.CharField(max_length=20)
    staff = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    looked_at = models.DateTimeField(db_index=True)

    class Meta:
        """The newest first."""

        ordering: ClassVar = ["-id"]

    def __str__(self) -> str:
        return f"{self.number} {self.what}"
