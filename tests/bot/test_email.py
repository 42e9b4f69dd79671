"""E-mail: over a real socket, with one id for all attempts, refusals told apart."""

from __future__ import annotations

import smtplib
from collections.abc import Iterator
from typing import Any

import pytest
from django.core import mail as django_mail

from bot import clock
from bot.channels import email, outbox
from bot.channels.delivery import TryLater, Undeliverable
from bot.channels.email import Mail, mail_send, server_of
from bot.checks import settings_agree
from bot.handovers.models import Notice
from tests.doubles.smtp import MailServer

SMTP = "django.core.mail.backends.smtp.EmailBackend"
LI = "li@office.example"


@pytest.fixture
def server(settings: Any) -> Iterator[MailServer]:
    """A mail server that this office hands its mail to."""
    double = MailServer()
    double.start()
    settings.EMAIL_BACKEND = SMTP
    settings.BOT_EMAIL_URL = f"smtp://127.0.0.1:{double.port}"
    settings.BOT_EMAIL_FROM = "顶山街道 <desk@office.example>"
    yield double
    double.stop()


def mail(key: str = "ticket-7") -> Mail:
    return Mail(key, LI, "新的代办单", "261123 0047 派给您了。\n.\n请今天联系。")


def test_a_mail_arrives_as_it_was_written(server: MailServer) -> None:
    mail_send(mail())
    got = server.mails[0]
    assert (got["Subject"], got["To"]) == ("新的代办单", LI)
    assert got["From"].addresses[0].display_name == "顶山街道"
    assert got.get_content().replace("\r\n", "\n").strip() == mail().text
    assert got["Auto-Submitted"] == "auto-generated"


def test_every_attempt_has_the_same_id_and_another_mail_another(server: MailServer) -> None:
    for key in ("ticket-7", "ticket-7", "ticket-8"):
        mail_send(mail(key))
    first, second, third = [got["Message-ID"] for got in server.mails]
    assert first == second != third
    assert first.endswith("@office.example>")


def test_name_and_password_are_given_as_the_address_says(server: MailServer, settings: Any) -> None:
    server.login = ("desk@office", "p/w:1")
    settings.BOT_EMAIL_URL = f"smtp://desk%40office:p%2Fw%3A1@127.0.0.1:{server.port}"
    mail_send(mail())
    assert len(server.mails) == 1


def test_a_wrong_password_is_a_matter_for_the_office(server: MailServer, settings: Any) -> None:
    server.login = ("desk", "right")
    settings.BOT_EMAIL_URL = f"smtp://desk:wrong@127.0.0.1:{server.port}"
    with pytest.raises(TryLater, match="name or password is refused: 535") as refusal:
        mail_send(mail())
    assert refusal.value.seconds >= 600


def test_a_mailbox_that_is_not_there_is_given_up(server: MailServer) -> None:
    server.refusals = [f"550 5.1.1 {LI} unknown"]
    with pytest.raises(Undeliverable) as refusal:
        mail_send(mail())
    assert str(refusal.value) == "the mailbox is refused: 550"


def test_a_mailbox_that_is_full_is_tried_again(server: MailServer) -> None:
    server.refusals = ["452 4.2.2 full"]
    with pytest.raises(TryLater, match="the mailbox is refused: 452"):
        mail_send(mail())


def test_a_server_that_cannot_be_reached_is_tried_again(server: MailServer, settings: Any) -> None:
    settings.BOT_EMAIL_URL = "smtp://127.0.0.1:9"
    with pytest.raises(TryLater, match="ConnectionRefusedError"):
        mail_send(mail())


@pytest.mark.parametrize("name", ["BOT_EMAIL_URL", "BOT_EMAIL_FROM"])
def test_without_its_settings_no_mail_goes_out(
    server: MailServer, settings: Any, name: str
) -> None:
    setattr(settings, name, "")
    assert not email.is_set_up()
    with pytest.raises(TryLater, match="not set up"):
        mail_send(mail())


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (smtplib.SMTPDataError(554, b"spam"), Undeliverable),
        (smtplib.SMTPDataError(451, b"later"), TryLater),
        (smtplib.SMTPSenderRefused(553, b"who", "desk@office.example"), TryLater),
        (smtplib.SMTPServerDisconnected("gone"), TryLater),
        (smtplib.SMTPRecipientsRefused({}), TryLater),
        (TimeoutError("slow"), TryLater),
    ],
)
def test_refusals_are_told_apart_in_words_that_are_kept(
    error: Exception, kind: type[Exception]
) -> None:
    named = email._named(error)
    assert type(named) is kind
    assert outbox._code(named) == str(named)


@pytest.mark.parametrize(
    ("url", "port", "encryption"),
    [
        ("smtp://ask.example.org", 25, {}),
        ("smtp+tls://ask.example.org", 587, {"use_tls": True}),
        ("smtps://ask.example.org:2465", 2465, {"use_ssl": True}),
    ],
)
def test_the_scheme_says_how_the_line_is_encrypted(
    url: str, port: int, encryption: dict[str, bool]
) -> None:
    server = server_of(url)
    assert (server["host"], server["port"]) == ("ask.example.org", port)
    assert {name: server[name] for name in server if name.startswith("use_")} == encryption


@pytest.mark.parametrize("url", ["imap://ask.example.org", "smtp://", "ask.example.org", "smtp:a"])
def test_an_address_of_no_mail_server_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="expected smtp"):
        server_of(url)


@pytest.mark.parametrize(
    ("changes", "number"),
    [
        ({"BOT_EMAIL_URL": "smtp://127.0.0.1", "BOT_EMAIL_FROM": ""}, "bot.E083"),
        ({"BOT_EMAIL_URL": "", "BOT_EMAIL_FROM": LI}, "bot.E083"),
        ({"BOT_EMAIL_URL": "imap://127.0.0.1", "BOT_EMAIL_FROM": LI}, "bot.E084"),
        ({"BOT_STAFF_NOTICES": "email,pigeon"}, "bot.E085"),
    ],
)
def test_settings_that_are_half_set_are_named_without_a_password(
    settings: Any, changes: dict[str, str], number: str
) -> None:
    for name, value in changes.items():
        setattr(settings, name, value)
    assert [error.id for error in settings_agree(None)] == [number]


@pytest.mark.django_db(transaction=True)
def test_a_mail_goes_through_the_outbox_once_for_its_key(settings: Any) -> None:
    settings.BOT_EMAIL_URL, settings.BOT_EMAIL_FROM = "smtp://127.0.0.1", "desk@office.example"
    for _ in range(2):
        outbox.notice_email(LI, "新的代办单\nBcc: all@office.example", "派给您了。", "ticket-7")
    (target,) = outbox.due_targets()
    assert LI not in target
    outbox.deliver(target)
    (sent,) = django_mail.outbox
    assert (sent.to, sent.bcc) == ([LI], [])
    assert sent.subject == "新的代办单 Bcc: all@office.example"
    assert Notice.objects.get().state == "sent"


@pytest.mark.django_db(transaction=True)
def test_a_full_mailbox_gets_its_mail_later(server: MailServer) -> None:
    outbox.notice_email(LI, "新的代办单", "派给您了。", "ticket-7")
    (target,) = outbox.due_targets()
    server.refusals = ["452 4.2.2 full"]
    assert outbox.deliver(target) is not None
    Notice.objects.update(next_try_at=clock.now())
    outbox.deliver(target)
    assert len(server.mails) == 1
