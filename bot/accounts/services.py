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
from bot.accounts.passwords import password_put, remember
from bot.audit.models import AuditAction
from bot.audit.services import audit_note
from bot.gazetteer.models import Community
from bot.gazetteer.selectors import community_named

# An open page asks every few seconds; one write a minute is enough to know.
SEEN_EVERY = timedelta(minutes=1)
_CALLED = {"display_name": "名字", "email": "邮箱", "sealed_phone": "手机"}


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

    def __str__(self) -> str:
        return f"{self.role.label} · {self.community or '全街道'}"


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
    username: str,
    display_name: str,
    password: str = "",
    grants: Sequence[Grant] = (),
    *,
    by: Staff | None = None,
) -> str:
    """Create an account and return its password, a made-up one if none is given.

    ``by`` is who of the staff does it, here and below; None for the terminal.
    Raises AccountRefused for a name that is taken or a password that is easily guessed.
    """
    is_made_up = not password
    password = password or secrets.token_urlsafe(12)
    account = Staff(username=username.strip(), display_name=display_name.strip())
    password_put(account, password, is_made_up=is_made_up)
    try:
        validate_password(password, account)
        account.full_clean()
        with transaction.atomic():
            account.save()
            remember(account)
            audit_note(AuditAction.ACCOUNT_ADD, by, named(account))
            for grant in grants:
                role_give(account, grant, by=by)
    except ValidationError as error:
        raise AccountRefused(" ".join(error.messages)) from error
    except IntegrityError as error:
        raise AccountRefused(f"there is an account “{username}” already") from error
    return password


def named(account: Staff) -> str:
    """Return how the log calls somebody: the name residents read, and the one she signs in with."""
    return f"{account} ({account.username})"


def role_give(account: Staff, grant: Grant, *, by: Staff | None = None) -> StaffRole:
    """Give somebody a role; twice is once."""
    with transaction.atomic():
        given, is_new = StaffRole.objects.get_or_create(
            staff=account, role=grant.role, community=grant.community
        )
        if is_new:
            audit_note(AuditAction.ROLE_GIVE, by, named(account), str(grant))
    return given


def role_withdraw(given: StaffRole, *, by: Staff | None = None) -> None:
    """Take a role away; it holds from the next thing she does. Raises LastAdministrator."""
    with transaction.atomic():
        left = _administrators_locked()
        taken = Grant(StaffRole.Role(given.role), given.community)
        audit_note(AuditAction.ROLE_WITHDRAW, by, named(given.staff), str(taken))
        given.delete()
        _require_administrator(left)


def staff_switch(account: Staff, *, is_active: bool, by: Staff | None = None) -> None:
    """Let somebody in again, or no longer. Raises LastAdministrator."""
    with transaction.atomic():
        left = _administrators_locked()
        account.is_active = is_active
        account.save(update_fields=["is_active"])
        done = AuditAction.ACCOUNT_ON if is_active else AuditAction.ACCOUNT_OFF
        audit_note(done, by, named(account))
        _require_administrator(left)


def staff_change(
    account: Staff, display_name: str, email: str, phone: str, *, by: Staff | None = None
) -> None:
    """Change what somebody is called and where she is told; an empty way is not used."""
    given = {"display_name": display_name, "email": email, "sealed_phone": phone}
    changed = [name for name, value in given.items() if getattr(account, name) != value.strip()]
    for name in changed:
        setattr(account, name, given[name].strip())
    with transaction.atomic():
        account.save(update_fields=[*given])
        if changed:
            # Which, not what: a number is nobody else's business.
            detail = "改了" + "、".join(_CALLED[name] for name in changed)
            audit_note(AuditAction.ACCOUNT_CHANGE, by, named(account), detail)


def password_renew(account: Staff, *, by: Staff | None = None) -> str:
    """Give somebody a made-up password and return it; what she is signed in with ends."""
    password = secrets.token_urlsafe(12)
    with transaction.atomic():
        _password_store(account, password, is_made_up=True)
        audit_note(AuditAction.ACCOUNT_PASSWORD, by, named(account))
    return password


def password_change(account: Staff, password: str) -> None:
    """Give oneself a password of one's own. Raises ValidationError, with Django's codes."""
    validate_password(password, account)
    with transaction.atomic():
        _password_store(account, password, is_made_up=False)
        audit_note(AuditAction.SELF_PASSWORD, account, named(account))


def _password_store(account: Staff, password: str, *, is_made_up: bool) -> None:
    password_put(account, password, is_made_up=is_made_up)
    account.save(update_fields=["password", "password_changed_at", "must_change_password"])
    remember(account)


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
    by: Staff | None = None,
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
    with transaction.atomic():
        shift = Shift.objects.create(
            staff=account, weekday=weekday, on=on, opens=opens, closes=closes, is_off=is_off
        )
        audit_note(AuditAction.SHIFT_ADD, by, named(account), _when(shift))
    return shift


def shift_remove(shift: Shift, *, by: Staff | None = None) -> None:
    """Forget a shift."""
    with transaction.atomic():
        audit_note(AuditAction.SHIFT_REMOVE, by, named(shift.staff), _when(shift))
        shift.delete()


def _when(shift: Shift) -> str:
    day = f"每周{'一二三四五六日'[shift.weekday]}" if shift.weekday is not None else f"{shift.on}"
    if shift.is_off:
        return f"{day} 休息"
    if shift.opens is None or shift.closes is None:
        return f"{day} 上班时间"
    return f"{day} {shift.opens:%H:%M}–{shift.closes:%H:%M}"


def staff_seen(account: Staff) -> None:
    """Note that somebody is at a staff page."""
    now = clock.now()
    if account.seen_at is None or not timedelta() <= now - account.seen_at < SEEN_EVERY:
        Staff.objects.filter(pk=account.pk).update(seen_at=now)
