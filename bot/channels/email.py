"""E-mail over SMTP, with Django's own backend. The one place that knows SMTP's answers."""

from __future__ import annotations

import hashlib
import smtplib
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.core.mail import EmailMessage, get_connection

from bot.channels.delivery import TryLater, Undeliverable

TIMEOUT_SECONDS = 20.0
NETWORK_WAIT_SECONDS = 30.0
# Until somebody has put it right in the settings.
OFFICE_WAIT_SECONDS = 1800.0
# Scheme → the port and how it is encrypted.
SCHEMES: dict[str, tuple[int, dict[str, bool]]] = {
    "smtp": (25, {}),
    "smtp+tls": (587, {"use_tls": True}),
    "smtps": (465, {"use_ssl": True}),
}


@dataclass(frozen=True)
class Mail:
    """An e-mail on its way; ``key`` is the same at every attempt."""

    key: str
    address: str
    subject: str
    text: str


def is_set_up() -> bool:
    """Whether this office can send e-mail."""
    return bool(settings.BOT_EMAIL_URL and settings.BOT_EMAIL_FROM)


def mail_send(mail: Mail) -> None:
    """Hand a mail to the server, or raise Undeliverable (for good) or TryLater."""
    if not is_set_up():
        raise TryLater("e mail is not set up", OFFICE_WAIT_SECONDS)
    sender = settings.BOT_EMAIL_FROM
    # The same id at every attempt: programs that read mail show it once.
    message_id = f"<{hashlib.sha256(mail.key.encode()).hexdigest()[:32]}@{_domain(sender)}>"
    message = EmailMessage(
        mail.subject,
        mail.text,
        sender,
        [mail.address],
        headers={"Message-ID": message_id, "Auto-Submitted": "auto-generated"},
        connection=get_connection(**server_of(settings.BOT_EMAIL_URL)),
    )
    try:
        message.send()
    except (smtplib.SMTPException, OSError) as error:
        raise _named(error) from None


def server_of(url: str) -> dict[str, Any]:
    """Read ``smtp+tls://name:password@host:port``; raises ValueError for anything else."""
    parts = urlsplit(url)
    if parts.scheme not in SCHEMES or not parts.hostname:
        raise ValueError(f"expected {', '.join(SCHEMES)} and a host")
    port, encryption = SCHEMES[parts.scheme]
    return {
        "host": parts.hostname,
        "port": parts.port or port,
        "username": unquote(parts.username or ""),
        "password": unquote(parts.password or ""),
        "timeout": TIMEOUT_SECONDS,
        **encryption,
    }


def _domain(sender: str) -> str:
    return sender.rpartition("@")[2].strip(" >")


def _named(error: Exception) -> Undeliverable | TryLater:
    """Say of a failure whether trying again can help; the only place that does."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code = max((code for code, _ in error.recipients.values()), default=0)
        return _refused("the mailbox is refused", code)
    if isinstance(error, smtplib.SMTPDataError):
        return _refused("the mail is refused", error.smtp_code)
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return TryLater(f"name or password is refused: {error.smtp_code}", OFFICE_WAIT_SECONDS)
    if isinstance(error, smtplib.SMTPSenderRefused):
        return TryLater(f"BOT_EMAIL_FROM is refused: {error.smtp_code}", OFFICE_WAIT_SECONDS)
    if isinstance(error, smtplib.SMTPServerDisconnected):
        return TryLater("the server hung up", NETWORK_WAIT_SECONDS)
    return TryLater(type(error).__name__, NETWORK_WAIT_SECONDS)


def _refused(words: str, code: int) -> Undeliverable | TryLater:
    """A 5xx is for good, a 4xx (full, greylisted) is not."""
    reason = f"{words}: {code}"
    return Undeliverable(reason) if code >= 500 else TryLater(reason, NETWORK_WAIT_SECONDS)
