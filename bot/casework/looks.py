"""Who of the staff looked at whose personal data: noted each time, before it is shown."""

from __future__ import annotations

from bot import clock
from bot.accounts.models import Staff
from bot.casework.models import PersonalLook


def look(staff: Staff, number: str, what: str) -> PersonalLook:
    """Note that somebody is shown something personal of a case: “phone”, “address”, “photo”."""
    return PersonalLook.objects.create(number=number, what=what, staff=staff, looked_at=clock.now())
