"""Who is locked out after too many wrong passwords, and letting somebody in again.

django-axes counts and locks; by its own clock, not the office's.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from axes.models import AccessAttempt
from axes.utils import reset
from django.conf import settings
from django.db.models import Max, Min, Sum
from django.utils import timezone

from bot import clock
from bot.accounts.models import Staff
from bot.accounts.services import named
from bot.audit.models import AuditAction, AuditEntry
from bot.audit.services import audit_note

# What is typed into the name's field may be a password: it is shown only if it is an account.
UNKNOWN = "（没有这个账号）"


@dataclass(frozen=True)
class Lockout:
    """Somebody's name at some computer, shut until ``until``."""

    attempt_id: int
    who: str
    address: str
    failures: int
    until: datetime


def lockouts() -> list[Lockout]:
    """Return who is locked out now, the latest first."""
    cool_off: timedelta = settings.AXES_COOLOFF_TIME
    rows = list(
        AccessAttempt.objects.filter(attempt_time__gt=timezone.now() - cool_off)
        .order_by()
        .values("username", "ip_address")
        .annotate(first=Min("pk"), failures=Sum("failures_since_start"), latest=Max("attempt_time"))
        .filter(failures__gte=settings.AXES_FAILURE_LIMIT)
        .order_by("-latest")
    )
    known = Staff.objects.in_bulk([row["username"] for row in rows], field_name="username")
    return [
        Lockout(
            row["first"],
            _who(known.get(row["username"])),
            row["ip_address"] or "",
            row["failures"],
            row["latest"] + cool_off,
        )
        for row in rows
    ]


def lockout_end(attempt_id: int, *, by: Staff) -> bool:
    """Let somebody try again; False if she may already."""
    attempt = AccessAttempt.objects.filter(pk=attempt_id).first()
    if attempt is None:
        return False
    who = _who(Staff.objects.filter(username=attempt.username or "").first())
    reset(ip=attempt.ip_address, username=attempt.username)
    audit_note(AuditAction.ACCOUNT_UNLOCK, by, who, attempt.ip_address or "")
    return True


def lockout_note(username: str, address: str) -> None:
    """Write down that somebody was locked out, once while the lock lasts."""
    who = _who(Staff.objects.filter(username=username).first())
    since = clock.now() - settings.AXES_COOLOFF_TIME
    same = AuditEntry.objects.filter(
        action=AuditAction.SELF_LOCKED, what=who, detail=address, at__gt=since
    )
    if not same.exists():
        audit_note(AuditAction.SELF_LOCKED, None, who, address)


def _who(account: Staff | None) -> str:
    return UNKNOWN if account is None else named(account)
