"""Callers who were lost are called back: hung up in the middle, or not taken by a full line.

Each becomes what a number left out of hours becomes: a hand-over with a contact, which clerks see
in their inbox beside the masked transcript. Without a number there is nobody to call.
"""

from __future__ import annotations

from bot.actions import office
from bot.actions.intake import report, ticket
from bot.casework.digests import phone_digest
from bot.channels.phone import sentences
from bot.channels.phone.dictation import caller_number
from bot.conversations.drafts import DraftOf
from bot.conversations.messages import Turn
from bot.conversations.models import Conversation
from bot.conversations.service import conversation_of, sender_of
from bot.handovers.desk import Desk
from bot.handovers.models import Handover
from bot.handovers.selectors import open_handover
from knowledge.search.errors import SearchError
from voice.answerer import CallInfo

OWNER = "voice"
# Enough of a digest to tell callers apart.
DIGEST_LENGTH = 24
_TICKET, _REPORT = (ticket.FORM, ticket.READ_BACK), (report.FORM, report.READ_BACK)


def turn_of(call_id: str, text: str, message_id: str = "", payload: str = "") -> Turn:
    """Return a caller's turn; a call is a conversation of its own."""
    return Turn(OWNER, "voice", call_id, text, message_id, payload)


def sender_of_call(call_id: str) -> str:
    """Return the code of a call's conversation."""
    return sender_of(OWNER, "voice", call_id)


def call_back(call_id: str, note: str = "", phone: str = "") -> None:
    """Let clerks see that a caller is to be called back; raises ValueError for no number."""
    conversation_of(turn_of(call_id, ""))
    sender = sender_of_call(call_id)
    Desk().call(sender, Handover.Reason.CONTACT, note)
    if phone:
        Desk().contact(sender, phone)


def number_is_left(call_id: str) -> bool:
    """Whether there is a number to call this caller back at."""
    conversation = Conversation.objects.filter(sender=sender_of_call(call_id)).first()
    handover = open_handover(conversation) if conversation is not None else None
    return handover is not None and bool(handover.contact)


def call_back_lost(call_id: str, caller: str) -> None:
    """See to a caller who has hung up: with a form half filled in, or waiting for a person."""
    draft = DraftOf(sender_of_call(call_id))
    form = draft.get("form", "")
    if form in (*_TICKET, *_REPORT):
        phone = _number_in(draft, form) or caller
        if phone and draft.get("report_contact") != report.ANONYMOUS:
            call_back(call_id, _note(draft, form), phone)
    elif caller and Desk().state(sender_of_call(call_id)) and not number_is_left(call_id):
        Desk().contact(sender_of_call(call_id), caller)


def call_back_refused(info: CallInfo) -> None:
    """See to a caller whom the line could not take; who tries again is noted once."""
    phone = caller_number(info.caller)
    if phone:
        call_back(f"busy-{phone_digest(phone)[:DIGEST_LENGTH]}", sentences.REFUSED, phone)


def _number_in(draft: DraftOf, form: str) -> str:
    return draft.get("ticket_phone" if form in _TICKET else "report_contact", "")


def _note(draft: DraftOf, form: str) -> str:
    if form in _REPORT:
        return sentences.ABANDONED_REPORT
    item = draft.get("ticket_item", "")
    return f"{sentences.ABANDONED_TICKET}：{_name_of(item)}" if item else sentences.ABANDONED_TICKET


def _name_of(item_id: str) -> str:
    try:
        return office.guide().name(item_id)
    except SearchError:
        return item_id
