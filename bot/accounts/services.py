"""What is done with staff accounts, their roles and their shifts."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet

from bot import clock
from bot.accounts.models import Shift, Staff, StaffRole
from bot.gazetteer.models import Community
from bot.gazetteer.selectors import community_named

# An open page asks every few seconds; one write a minute is enough to know.
SEEN_EVERY = timedelta(minutes=1)


class AccountRefused(ValueError):
    """The account cannot be made like this; the message says why."""


class ShiftRefused(ValueError):
    """The shift cannot be like this; the message is a sentence for staff."""


class LastAdministrator(ValueError):
    """Nobody would be left who can give roles; the message is a sentence for staff."""


@dataclass(frozen=True)
class Grant:
    """A role to give, in one community, or everywhere when there is none."""

    role: StaffRole.Role
    community: Community | None = None


def grant_named(text: str) -> Grant:
    """Read “grid:临江社区”, or “supervisor” for everywhere. Raises AccountRefused."""
    role, colon, place = text.partition(":")
    if role not in StaffRole.Role.values:
        raise AccountRefused(f"a role is one of {', '.join(StaffRole.Role.values)}, not “{role}”")
    community = community_named(place) if colon else None
    if colon and community is None:
        raise AccountRefused(f"there is no community “{place}”")
    return Grant(StaffRole.Role(role), community)


def staff_add(
    username: str, display_name: str, password: str = "", grants: Sequence[Grant] = ()
) -> str:
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
            for grant in grants:
                role_give(account, grant)
    except ValidationError as error:
        raise AccountRefused(" ".join(error.messages)) from error
    except IntegrityError as error:
        raise AccountRefused(f"there is an account “{username}” already") from error
    return password


def role_give(account: Staff, grant: Grant) -> StaffRole:
    """Give somebody a role; twice is once."""
    given, _ = StaffRole.objects.get_or_create(
        staff=account, role=grant.role, community=grant.community
    )
    return given


def role_withdraw(given: StaffRole) -> None:
    """Take a role away; it holds from the next thing she does. Raises LastAdministrator."""
    with transaction.atomic():
        left = _administrators_locked()
        given.delete()
        _require_administrator(left)


def staff_switch(account: Staff, *, is_active: bool) -> None:
    """Let somebody in again, or no longer. Raises LastAdministrator."""
    with transaction.atomic():
        left = _administrators_locked()
        account.is_active = is_active
        account.save(update_fields=["is_active"])
        _require_administrator(left)


def staff_change(account: Staff, display_name: str, email: str, phone: str) -> None:
    """Change what somebody is called and where she is told; an empty way is not used."""
    account.display_name = display_name.strip()
    account.email, account.sealed_phone = email.strip(), phone.strip()
    account.save(update_fields=["display_name", "email", "sealed_phone"])


def password_renew(account: Staff) -> str:
    """Give somebody a made-up password and return it; what she is signed in with ends."""
    password = secrets.token_urlsafe(12)
    account.set_password(password)
    account.save(update_fields=["password"])
    return password


def _administrators_locked() -> set[int]:
    """Return who can give roles; until the transaction ends no one else takes that away."""
    return set(
        Staff.objects.select_for_update()
        .filter(pk__in=administrators().values("pk"))
        .order_by("pk")
        .values_list("pk", flat=True)
    )


def _require_administrator(before: set[int]) -> None:
    if before and not administrators().exists():
        raise LastAdministrator("这是最后一位管理员，先给别人管理员岗位，再改这一位。")


def administrators() -> QuerySet[Staff]:
    """Return who can give roles."""
    given = StaffRole.objects.filter(role=StaffRole.Role.ADMINISTRATOR)
    return Staff.objects.filter(
        Q(is_superuser=True) | Q(pk__in=given.values("staff")), is_active=True
    )


def shift_add(
    account: Staff,
    *,
    weekday: int | None = None,
    on: date | None = None,
    hours: tuple[time, time] | None = None,
    is_off: bool = False,
) -> Shift:
    """Note when somebody works, or that she is away on a date. Raises ShiftRefused.

    A shift is for a ``weekday`` (0 is Monday) or ``on`` a date; without ``hours`` it is the
    office's hours of that day.
    """
    if (weekday is None) == (on is None):
        raise ShiftRefused("班次要么写每周几，要么写哪一天，写一样就行。")
    if weekday is not None and (is_off or weekday not in range(7)):
        raise ShiftRefused("每周的班次写周一到周日；请假要写具体哪一天。")
    if hours and (is_off or hours[1] <= hours[0]):
        raise ShiftRefused("下班要晚于上班，同一天之内；请假那天不写时间。")
    opens, closes = hours or (None, None)
    return Shift.objects.create(
        staff=account, weekday=weekday, on=on, opens=opens, closes=closes, is_off=is_off
    )


def shift_remove(shift: Shift) -> None:
    """Forget a shift."""
    shift.delete()


def staff_seen(account: Staff) -> None:
    """Note that somebody is at a staff page."""
    now = clock.now()
    if account.seen_at is None or not timedelta() <= now - account.seen_at < SEEN_EVERY:
        Staff.objects.filter(pk=account.pk).update(seen_at=now)
