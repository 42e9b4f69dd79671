"""Which passwords are good enough, how long one lasts, and which were there before.

Length and common words are Django's own validators (settings); here is what an office adds.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import check_password
from django.core.exceptions import ValidationError
from pypinyin import lazy_pinyin

from bot import clock
from bot.accounts.models import PastPassword, Staff

REMEMBERED = 5
_SHORTEST_NAME = 4
# What everybody here would try first.
_OFFICE = ("dingshan", "jiedao", "bangdai", "xiaoding")
_DIGITS = re.compile(r"[\W\d_]+")


class NotLikeHerName:
    """A password is built neither on her name, as it is said or typed, nor on the office's."""

    def validate(self, password: str, user: Any = None) -> None:
        """Raise ValidationError for one that is."""
        letters = _DIGITS.sub("", password.lower())
        for name in {*_OFFICE, *_names_of(user)}:
            # Her name with a year behind it is no secret; inside a long sentence it may stand.
            if name in letters and len(letters) < 2 * len(name):
                raise ValidationError("The password is too similar.", "password_too_similar")

    def get_help_text(self) -> str:
        """Return what Django's own forms would show."""
        return "Your password cannot be built on your name or the office's."


class NotUsedBefore:
    """None of the last five passwords comes back."""

    def validate(self, password: str, user: Any = None) -> None:
        """Raise ValidationError for one of them."""
        if not isinstance(user, Staff) or user.pk is None:
            return
        stored = Staff.objects.filter(pk=user.pk).values_list("password", flat=True)
        past = user.past_passwords.values_list("password", flat=True)[:REMEMBERED]
        if any(check_password(password, one) for one in {*stored, *past}):
            raise ValidationError("The password was used before.", "password_used_before")

    def get_help_text(self) -> str:
        """Return what Django's own forms would show."""
        return f"Your password cannot be one of your last {REMEMBERED}."


def password_put(account: Staff, password: str, *, is_made_up: bool) -> None:
    """Put a new password into an account that is not stored yet; ``remember`` comes after that.

    A made-up one is known to somebody else, so its owner chooses another when she signs in.
    """
    account.set_password(password)
    account.password_changed_at = clock.now()
    account.must_change_password = is_made_up


def remember(account: Staff) -> None:
    """Keep the password of a stored account among the last five."""
    PastPassword.objects.create(
        staff=account, password=account.password, set_at=account.password_changed_at or clock.now()
    )
    kept = account.past_passwords.values_list("pk", flat=True)[:REMEMBERED]
    account.past_passwords.exclude(pk__in=list(kept)).delete()


def is_password_due(account: Staff, now: datetime) -> bool:
    """Whether somebody has to choose a new password before she goes on."""
    if account.must_change_password:
        return True
    since = account.password_changed_at or account.date_joined
    days = timedelta(days=settings.BOT_PASSWORD_DAYS)
    return bool(days) and now - since >= days


def _names_of(user: Any) -> set[str]:
    if user is None:
        return set()
    written = (user.get_username(), getattr(user, "display_name", ""))
    said = {"".join(lazy_pinyin(one)).lower() for one in written}
    plain = {_DIGITS.sub("", one) for one in said}
    return {one for one in plain if len(one) >= _SHORTEST_NAME}
