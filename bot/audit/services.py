"""How something gets into the log of changes: one call, inside the change's own transaction."""

from __future__ import annotations

from django.contrib.auth.models import AbstractBaseUser

from bot import clock
from bot.audit.models import AuditEntry

LONGEST_WHAT = 120
LONGEST_DETAIL = 2000


def audit_note(
    action: str, actor: AbstractBaseUser | None, what: str, detail: str = ""
) -> AuditEntry:
    """Note that somebody did something: ``action`` is one of AuditAction.

    ``actor`` is None for the terminal and for what the service does by itself; ``what`` names the
    thing, ``detail`` says how it was changed. Secrets and what residents said do not belong here.
    """
    return AuditEntry.objects.create(
        at=clock.now(),
        action=action,
        actor_id=None if actor is None else actor.pk,
        what=what[:LONGEST_WHAT],
        detail=detail[:LONGEST_DETAIL],
    )
