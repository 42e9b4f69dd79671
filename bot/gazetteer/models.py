"""Communities, the estates in them, and what residents call them."""

from __future__ import annotations

from typing import ClassVar

from django.db import models


class Community(models.Model):
    """A community; ``place_id`` is its hall among the published places, ``others`` other names."""

    name = models.CharField(max_length=40, unique=True)
    others = models.JSONField(default=list, blank=True)
    place_id = models.CharField(max_length=40, blank=True)
    is_active = models.BooleanField(default=True)

    class Meta:
        """By name."""

        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name


class Estate(models.Model):
    """A gated estate, village or street that lies in one community."""

    name = models.CharField(max_length=40, unique=True)
    others = models.JSONField(default=list, blank=True)
    community = models.ForeignKey(Community, models.CASCADE, related_name="estates")

    class Meta:
        """By name."""

        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name
