"""One-time codes from a telephone, the second thing asked at sign-in. django-otp does the sums."""

from __future__ import annotations

from base64 import b32encode

from django.conf import settings
from django.db import transaction
from django_otp.plugins.otp_totp.models import TOTPDevice

from bot.accounts.models import Staff
from bot.accounts.services import administrators, named
from bot.audit.models import AuditAction
from bot.audit.services import audit_note


def is_code_required(account: Staff) -> bool:
    """Whether somebody may not work without a code: whoever can give roles."""
    if settings.BOT_STAFF_TOTP != "on":
        return False
    return account.is_superuser or any(
        given.role == given.Role.ADMINISTRATOR for given in account.roles.all()
    )


def device_of(account: Staff) -> TOTPDevice | None:
    """Return the telephone that somebody has bound."""
    return TOTPDevice.objects.filter(user=account, confirmed=True).first()


def device_begun(account: Staff) -> TOTPDevice:
    """Return the telephone that somebody is about to bind; the same until she has."""
    made, _ = TOTPDevice.objects.get_or_create(
        user=account, confirmed=False, defaults={"name": "手机"}
    )
    return made


def device_secret(device: TOTPDevice) -> str:
    """Return the secret as it is typed in by hand, in groups of four."""
    text = b32encode(device.bin_key).decode()
    return " ".join(text[at : at + 4] for at in range(0, len(text), 4))


def code_holds(device: TOTPDevice, code: str) -> bool:
    """Whether a code is the telephone's now; each counts once, and guessing is slowed down."""
    with transaction.atomic():
        locked = TOTPDevice.objects.select_for_update().get(pk=device.pk)
        return bool(locked.verify_token(code))


def device_bind(account: Staff, code: str) -> TOTPDevice | None:
    """Bind the telephone that shows this code; None if it is not the one that was begun."""
    device = device_begun(account)
    if not code_holds(device, code):
        return None
    with transaction.atomic():
        TOTPDevice.objects.filter(user=account, confirmed=True).delete()
        TOTPDevice.objects.filter(pk=device.pk).update(confirmed=True)
        audit_note(AuditAction.SELF_CODE, account, named(account))
    device.refresh_from_db()
    return device


def device_reset(account: Staff, *, by: Staff | None = None) -> None:
    """Forget somebody's telephone; she binds another when she signs in next."""
    with transaction.atomic():
        gone, _ = TOTPDevice.objects.filter(user=account).delete()
        if gone:
            audit_note(AuditAction.ACCOUNT_CODE_RESET, by, named(account))


def without_code() -> int:
    """Return how many of those who can give roles have bound no telephone."""
    bound = TOTPDevice.objects.filter(confirmed=True)
    return administrators().exclude(pk__in=bound.values("user")).count()
