"""Counts by day, so that a year is read as fast as a week; they outlive the words counted.

Nothing here leads to a person: a row says how often, never who.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models


class DailyFigure(models.Model):
    """How often something happened on a day: ``name`` says what, ``key`` in which of its kinds.

    ``channel`` is that of the conversation, of a call its line, empty where there is none.
    """

    day = models.DateField()
    name = models.CharField(max_length=20)
    channel = models.CharField(max_length=20, blank=True)
    key = models.CharField(max_length=80, blank=True)
    value = models.PositiveBigIntegerField()

    class Meta:
        """A count stands once; it is read by its name and days, or of one key."""

        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["day", "name", "channel", "key"], name="one_figure_a_day"
            )
        ]
        indexes: ClassVar = [
            models.Index(fields=["name", "day"], name="figure_of_days"),
            models.Index(fields=["name", "key", "day"], name="figure_of_key"),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.name} {self.key}"


class CountedDay(models.Model):
    """A day that was counted, and when: before its end it is counted again."""

    day = models.DateField(primary_key=True)
    counted_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.day}"
