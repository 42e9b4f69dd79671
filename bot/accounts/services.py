"""What is done with staff accounts."""

from __future__ import annotations

import secrets
from datetime import timedelta

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from bot import clock
from bot.accounts.models import Staff

# An open page asks every few seconds; one write a minute is enough to know.
SEEN_EVERY = timedelta(minutes=1)


class AccountRefused(ValueError):
    """The account cannot be made like this; the message says why."""


def staff_add(username: str, display_name: str, password: str = "") -> str:
    """Create an account and return its password, a made-up one if none is given.

    Raises AccountRefused for a name that is taken or a password that is easily guessed.
    """
    password = password or secrets.token_urlsafe(12)
    account = Staff(username=username.strip(), display_name=display_name.strip())
    account.set_password(password)
    try:
        validate_password(password, account)
        account.full_clean()
        with transaction.atomic():
            account.save()
    except ValidationError as error:
        raise AccountRefused(" ".join(error.messages)) from error
    except IntegrityError as error:
        raise AccountRefused(f"there is an account “{username}” already") from error
    return password


def staff_seen(account: Staff) -> None:
    """Note that somebody is at a staff page."""
    now = clock.now()
    if account.seen_at is None or not timedelta() <= now - account.seen_at < SEEN_EVERY:
        Staff.objects.filter(pk=account.pk).update(seen_at=now)
