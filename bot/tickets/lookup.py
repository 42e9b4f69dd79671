"""Finding a ticket or report by its number and the full phone; guessing at either is limited.

Every answer takes the same work, whether the number exists or not: that somebody was wrong about an
existing one is told to its phone later, by the worker.
"""

from __future__ import annotations

import hmac
import re
import unicodedata
from datetime import datetime, timedelta
from itertools import groupby
from typing import Final

from django.db import transaction
from django.utils.crypto import salted_hmac

from bot import clock
from bot.casework.digests import phone_digest
from bot.channels.outbox import resident_tell
from bot.clock import OFFICE_ZONE
from bot.reports.models import Reporter
from bot.tickets import phrases
from bot.tickets.errors import TooManyTries
from bot.tickets.models import LookupTry, Ticket
from bot.tickets.selectors import Case

PER_ASKER: Final = 5
ASKER_WINDOW: Final = timedelta(minutes=15)
# Whoever comes as somebody else each time tries phones for a number, or numbers for a phone. The
# ten thousand numbers of a day are soon tried; but a number's owner must not be kept out for long.
PER_NUMBER: Final = 10
NUMBER_WINDOW: Final = timedelta(hours=1)
PER_PHONE: Final = 10
PHONE_WINDOW: Final = timedelta(days=1)
# By then whoever asks has had her answer, and a right one is no longer a try.
SETTLED: Final = timedelta(seconds=10)
_LENGTH = 10


def case_find(number: str, phone: str, asker: str) -> Case | None:
    """Return the ticket or report with this number and this phone; None if they do not match.

    ``asker`` is whoever asks, the same at each of her tries. Raises TooManyTries.
    """
    digits = re.sub(r"[^0-9]", "", unicodedata.normalize("NFKC", number))
    digits = digits if len(digits) == _LENGTH else ""
    # Written before it is counted: tries at the same moment see each other.
    given = phone_digest(phone)
    tried = LookupTry.objects.create(
        asker=_anonymous(asker), number=digits, phone_digest=given, tried_at=clock.now()
    )
    if _is_too_many(tried):
        tried.delete()
        raise TooManyTries
    case = _case(digits)
    kept = case.phone_digest if case else ""
    is_match = hmac.compare_digest(kept, given) and bool(kept)
    if not is_match:
        return None
    tried.delete()
    return case


def tries_tell(now: datetime) -> None:
    """Tell the phones of existing numbers that somebody was wrong about them, once a day each."""
    rows = LookupTry.objects.filter(is_told=False, tried_at__lte=now - SETTLED).order_by("number")
    for number, tries in groupby(list(rows), key=lambda row: row.number):
        with transaction.atomic():
            some = list(tries)
            if phone := _phone(_case(number)):
                day = max(row.tried_at for row in some).astimezone(OFFICE_ZONE).date()
                resident_tell(None, phone, phrases.asked_for(number), f"asked:{number}:{day}")
            LookupTry.objects.filter(pk__in=[row.pk for row in some]).update(is_told=True)


def _phone(case: Case | None) -> str:
    if isinstance(case, Ticket):
        phone: str = case.sealed_person.get("phone", "")
        return phone
    return case.sealed_phone if case else ""


def _case(number: str) -> Case | None:
    ticket = Ticket.objects.filter(number=number).select_related("assignee", "community").first()
    reporters = Reporter.objects.filter(number=number).select_related("report__responsible")
    reporter = reporters.first()
    return ticket or reporter


def _is_too_many(tried: LookupTry) -> bool:
    limits = (
        ({"asker": tried.asker}, PER_ASKER, ASKER_WINDOW),
        ({"number": tried.number}, PER_NUMBER, NUMBER_WINDOW),
        ({"phone_digest": tried.phone_digest}, PER_PHONE, PHONE_WINDOW),
    )
    return any(
        LookupTry.objects.filter(**same, tried_at__gt=tried.tried_at - window).count() > most
        for same, most, window in limits
        if all(same.values())
    )


def _anonymous(asker: str) -> str:
    return salted_hmac("bot.tickets.lookup", asker, algorithm="sha256").hexdigest()
