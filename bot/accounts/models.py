"""Members of staff, what they are, and when they are on shift. What each may do is in policies."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.auth.models import AbstractUser
from django.db import models

from bot.fields import SealedTextField
from bot.gazetteer.models import Community


class Staff(AbstractUser):
    """An account of the office; residents read ``display_name``, never the sign-in name.

    ``sealed_phone`` is where her own notifications go by SMS, empty for none. A password that
    somebody else knows must be changed; one that was never changed is as old as the account.
    """

    display_name = models.CharField(max_length=40)
    seen_at = models.DateTimeField(null=True, blank=True, db_index=True)
    sealed_phone = SealedTextField(blank=True)
    password_changed_at = models.DateTimeField(null=True, blank=True)
    must_change_password = models.BooleanField(default=False)

    def __str__(self) -> str:
        return self.display_name or self.username


class PastPassword(models.Model):
    """A password that somebody had, as its hash, so that it does not come back."""

    staff = models.ForeignKey(Staff, models.CASCADE, related_name="past_passwords")
    password = models.CharField(max_length=128)
    set_at = models.DateTimeField()

    class Meta:
        """The newest first."""

        ordering: ClassVar = ["-pk"]

    def __str__(self) -> str:
        return f"{self.staff_id} {self.set_at}"


class StaffRole(models.Model):
    """A role that somebody has, everywhere or in one community."""

    class Role(models.TextChoices):
        """The roles of the service."""

        INTAKE = "intake", "中心社区接单员"
        DISPATCHER = "dispatcher", "政务通专员"
        GRID = "grid", "网格员"
        SUPERVISOR = "supervisor", "督办"
        EDITOR = "editor", "知识编辑"
        REVIEWER = "reviewer", "知识审核"
        ANALYST = "analyst", "数据分析"
        ADMINISTRATOR = "administrator", "管理员"

    staff = models.ForeignKey(Staff, models.CASCADE, related_name="roles")
    role = models.CharField(max_length=14, choices=Role.choices)
    community = models.ForeignKey(
        Community, models.CASCADE, null=True, blank=True, related_name="staff_roles"
    )

    class Meta:
        """A role is given once for one community."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["staff", "role", "community"], name="one_role_once"),
            models.UniqueConstraint(
                fields=["staff", "role"],
                condition=models.Q(community=None),
                name="one_role_everywhere_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.staff_id} {self.role}"


class Shift(models.Model):
    """When somebody works: every week on a ``weekday`` (0 is Monday), or once ``on`` a date.

    A date's shifts take the place of its weekday's; ``is_off`` says that she is away that day.
    Whoever has none works while the office is open.
    """

    staff = models.ForeignKey(Staff, models.CASCADE, related_name="shifts")
    weekday = models.PositiveSmallIntegerField(null=True, blank=True)
    on = models.DateField(null=True, blank=True)
    opens = models.TimeField(null=True, blank=True)
    closes = models.TimeField(null=True, blank=True)
    is_off = models.BooleanField(default=False)

    class Meta:
        """By person and day."""

        ordering: ClassVar = ["staff", "on", "weekday", "opens"]

    def __str__(self) -> str:
        return f"{self.staff_id} {self.on or self.weekday}"
