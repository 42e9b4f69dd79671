"""What is asked about staff."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import QuerySet

from bot.accounts.models import Staff

ONLINE = timedelta(minutes=5)


def staff_online(now: datetime) -> QuerySet[Staff]:
    """Return the accounts that were seen on a staff page within the last five minutes."""
    return Staff.objects.filter(is_active=True, seen_at__gte=now - ONLINE)
