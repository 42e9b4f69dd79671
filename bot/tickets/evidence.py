"""Photos and signatures that staff add to a ticket, with their event."""

from __future__ import annotations

from typing import Final

from django.db import transaction

from bot.accounts.models import Staff
from bot.accounts.policies import Action, require
from bot.evidence.models import Upload
from bot.evidence.services import upload_take, uploads_attach
from bot.tickets import states
from bot.tickets.models import Ticket
from bot.tickets.steps import locked, require_state, step_note

NOTES: Final = {Upload.Kind.PHOTO: "加了一张照片", Upload.Kind.SIGNATURE: "居民签了字"}
# A signature for what was handed over may come after the errand.
_TAKES_EVIDENCE: Final = (*states.OPEN, *states.DONE)


def evidence_give(ticket: Ticket, staff: Staff, data: bytes, kind: str) -> Upload:
    """Keep a photo or a signature with a ticket. Raises UploadRefused with a sentence."""
    require(staff, Action.TICKET_WORK, ticket)
    upload = upload_take(data, staff=staff, kind=kind)
    with transaction.atomic():
        fresh = locked(ticket)
        require(staff, Action.TICKET_WORK, fresh)
        require_state(fresh, _TAKES_EVIDENCE, "再加照片")
        uploads_attach([upload.upload_id], fresh.number, staff=staff)
        step_note(fresh, "evidence", staff, NOTES[Upload.Kind(kind)])
    return upload
