"""A member of staff: signs in, takes conversations over. What each may do is no matter of here."""

from __future__ import annotations

from django.contrib.auth.models import AbstractUser
from django.db import models


class Staff(AbstractUser):
    """An account of the office; residents read ``display_name``, never the sign-in name."""

    display_name = models.CharField(max_length=40)
    seen_at = models.DateTimeField(null=True, blank=True, db_index=True)

    def __str__(self) -> str:
        return self.display_name or self.username
