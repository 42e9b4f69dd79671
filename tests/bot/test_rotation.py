"""New keys for old: everything that is kept encrypted, found, renewed, whatever stopped halfway."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from bot import __main__ as commands
from bot import encryption, rotation
from bot.accounts.models import Staff
from bot.channels.telegram.models import TelegramUpdate
from bot.conversations.models import Conversation, Draft, TurnRecord
from bot.encryption import encrypt, is_current
from bot.evidence import vault
from bot.evidence.models import Upload
from bot.evidence.selectors import upload_bytes
from bot.evidence.services import upload_take
from bot.fields import SealedJSONField, SealedTextField
from bot.handovers.models import Handover
from bot.rotation import TOKENS, columns, rotate, tokens_count
from bot.tickets.models import Rating, Ticket, TicketEvent
from tests.people import OFFICE
from tests.photos import photo

ROOT = Path(__file__).resolve().parents[2]
NOW = datetime(2026, 11, 23, 10, 0, tzinfo=OFFICE)
OLD, NEW = "old key " * 4, "new key " * 4
PERSON = {"name": "王秀英", "phone": "13900000000", "address": "康华新村3栋502"}

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def old_key(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything begins under the old key; nobody else writes, so nobody is waited for."""
    settings.EVIDENCE_DIR = tmp_path / "evidence"
    settings.FIELD_KEYS = OLD
    settings.BOT_FIELD_CIPHER = "aes"
    monkeypatch.setattr(rotation, "PAUSE_SECONDS", 0.0)


def make_ticket(number: str = "2611230047") -> Ticket:
    return Ticket.objects.create(
        number=number,
        request_key=f"key-{number}",
        channel="web",
        item_id="SB13",
        item_name="社保卡补换",
        mode=Ticket.Mode.DAIBAN,
        reason=Ticket.Reason.ELDERLY,
        sealed_person=PERSON,
        phone_digest="0" * 64,
        sealed_consent={"yes": "对"},
        outcome="证已送到",
        opened_at=NOW,
        due_at=NOW,
        changed_at=NOW,
    )


def furnish() -> Ticket:
    """Something in every kind of place where something is kept encrypted."""
    conversation = Conversation.objects.create(
        owner="web", channel="web", external_id="c1", sender="sender-wang"
    )
    Draft.objects.create(
        conversation=conversation, sealed=encrypt(json.dumps(PERSON)), changed_at=NOW
    )
    TurnRecord.objects.create(
        conversation=conversation,
        turn_id="t1",
        message_id="m1",
        asked_at=NOW,
        sealed_reply=encrypt('{"kind": "confirm"}'),
    )
    TurnRecord.objects.create(
        conversation=conversation, turn_id="t2", message_id="m2", asked_at=NOW
    )
    Handover.objects.create(
        conversation=conversation,
        reason="contact",
        opened_at=NOW,
        changed_at=NOW,
        contact=encrypt("13900000000"),
    )
    TelegramUpdate.objects.create(update_id=1, body=encrypt("{}"), received_at=NOW)
    Staff.objects.create(username="xiaoli", display_name="小李", sealed_phone="13911111111")
    ticket = make_ticket()
    TicketEvent.objects.create(
        ticket=ticket, step="open", after="ordered", by="resident", happened_at=NOW
    )
    Rating.objects.create(ticket=ticket, score=1, words="态度不好", given_at=NOW)
    upload_take(photo(), owner=conversation.sender)
    return ticket


def raw_tokens() -> Iterator[tuple[str, str]]:
    """Everything in the database that looks like a token, wherever it stands."""
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')
            names = [column[0] for column in cursor.description]
            for row in cursor.fetchall():
                for name, value in zip(names, row, strict=True):
                    if isinstance(value, str) and re.match("(fernet|sm4):", value):
                        yield f"{table}.{name}", value


def tokens() -> dict[str, str]:
    found = dict(raw_tokens())
    return {**found, **{path: vault.file_token(path).decode() for path in vault.file_paths()}}


@pytest.mark.parametrize(("cipher", "keys"), [("aes", NEW), ("sm4", OLD), ("sm4", NEW)])
def test_after_a_rotation_the_old_key_and_cipher_are_needed_no_more(
    settings: Any, cipher: str, keys: str
) -> None:
    ticket = furnish()
    before = tokens()
    assert len(before) == 10
    settings.FIELD_KEYS = f"{keys},{OLD}"
    settings.BOT_FIELD_CIPHER = cipher
    assert sum(one.renewed for one in rotate()) == len(before)
    settings.FIELD_KEYS = keys
    after = tokens()
    assert after.keys() == before.keys()
    assert all(is_current(token.encode()) for token in after.values())
    ticket.refresh_from_db()
    assert (ticket.sealed_person, ticket.outcome) == (PERSON, "证已送到")
    assert json.loads(encryption.decrypt(Draft.objects.get().sealed)) == PERSON
    assert Staff.objects.get().sealed_phone == "13911111111"
    assert Rating.objects.get().words == "态度不好"
    assert upload_bytes(Upload.objects.get()).startswith(b"\xff\xd8\xff")


def test_what_is_current_is_left_as_it_is(settings: Any) -> None:
    furnish()
    before = tokens()
    assert {one.renewed for one in rotate()} == {0}
    assert tokens() == before
    settings.FIELD_KEYS = f"{NEW},{OLD}"
    rotate()
    after = tokens()
    rotate()
    assert tokens() == after


def test_empty_fields_stay_empty(settings: Any) -> None:
    ticket = furnish()
    settings.FIELD_KEYS = f"{NEW},{OLD}"
    rotate()
    assert TicketEvent.objects.get(ticket=ticket).note == ""
    assert list(TurnRecord.objects.values_list("sealed_reply", flat=True))[1] == ""


def test_stopped_halfway_it_goes_on_where_it_was(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(25):
        make_ticket(f"26112300{number:02}")
    monkeypatch.setattr(rotation, "BATCH_ROWS", 4)
    settings.FIELD_KEYS = f"{NEW},{OLD}"
    left = 30

    def killed(token: bytes) -> bytes:
        nonlocal left
        left -= 1
        if left < 0:
            raise KeyboardInterrupt
        return encryption.renewed(token)

    monkeypatch.setattr(rotation, "renewed", killed)
    with pytest.raises(KeyboardInterrupt):
        rotate()
    done = sum(is_current(token.encode()) for _, token in raw_tokens())
    # What was not committed when it stopped is undone with its transaction.
    assert 0 < done <= 30
    monkeypatch.setattr(rotation, "renewed", encryption.renewed)
    assert sum(one.renewed for one in rotate()) == 75 - done
    settings.FIELD_KEYS = NEW
    assert [t.sealed_person for t in Ticket.objects.all()] == [PERSON] * 25


def test_what_somebody_writes_meanwhile_is_not_overwritten(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticket = make_ticket()
    settings.FIELD_KEYS = f"{NEW},{OLD}"

    def slow(token: bytes) -> bytes:
        Ticket.objects.filter(pk=ticket.pk).update(outcome="刚刚改的")
        return encryption.renewed(token)

    monkeypatch.setattr(rotation, "renewed", slow)
    rotate()
    ticket.refresh_from_db()
    assert ticket.outcome == "刚刚改的"


def test_a_token_that_no_key_fits_is_named_and_stops_nothing(settings: Any) -> None:
    ticket = furnish()
    settings.FIELD_KEYS = "lost key" * 4
    lost = make_ticket("2611230099")
    settings.FIELD_KEYS = f"{NEW},{OLD}"
    unreadable = {one.place: one.unreadable for one in rotate() if one.unreadable}
    assert unreadable == {
        f"tickets.Ticket.{name}": (str(lost.pk),)
        for name in ("outcome", "sealed_consent", "sealed_person")
    }
    settings.FIELD_KEYS = NEW
    assert Ticket.objects.get(pk=ticket.pk).sealed_person == PERSON


def test_every_sealed_field_of_every_application_is_found() -> None:
    places = {column.place for column in columns()}
    assert set(TOKENS) <= places
    assert {
        "tickets.Ticket.sealed_person",
        "tickets.TicketEvent.note",
        "reports.Report.sealed_place",
        "reports.Reporter.sealed_phone",
        "accounts.Staff.sealed_phone",
    } <= places
    kinds = {type(column.model._meta.get_field(column.field)) for column in columns()}
    assert {SealedTextField, SealedJSONField} <= kinds


def test_whoever_encrypts_by_hand_is_known_to_the_rotation() -> None:
    """A module that uses the cipher itself keeps its tokens in a column named in ``TOKENS``.

    What goes through the engine sealed is read at once and kept by nobody.
    """
    users = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "bot").rglob("*.py")
        if "migrations" not in path.parts
        and re.search(r"^from bot\.encryption import .*\bencrypt", path.read_text(), re.MULTILINE)
    }
    assert users == {
        "bot/channels/telegram/records.py",
        "bot/conversations/drafts.py",
        "bot/conversations/service.py",
        "bot/conversations/through_engine.py",
        "bot/evidence/vault.py",
        "bot/fields.py",
        "bot/handovers/services.py",
    }


# ---- the command ----


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["bot", "rotate-keys", *arguments])
    return commands.main()


def test_the_command_says_what_it_would_do_and_does_it(
    settings: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    furnish()
    before = tokens()
    settings.FIELD_KEYS = f"{NEW},{OLD}"
    assert run(monkeypatch, "--dry-run") == 0
    assert "tickets.Ticket.sealed_person: 1 of 1" in capsys.readouterr().out.splitlines()
    assert tokens() == before
    assert run(monkeypatch) == 0
    said = capsys.readouterr()
    assert f"{tokens_count()}/{tokens_count()}" in said.err
    assert "evidence files: 1 of 1" in said.out.splitlines()
    assert run(monkeypatch, "--dry-run") == 0
    assert "evidence files: 0 of 1" in capsys.readouterr().out.splitlines()


def test_the_command_fails_when_a_key_is_missing_and_says_nothing_personal(
    settings: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ticket = furnish()
    settings.FIELD_KEYS = NEW
    assert run(monkeypatch) == 1
    said = capsys.readouterr()
    assert f"tickets.Ticket.sealed_person: no key fits 1: {ticket.pk}" in said.err
    assert "王秀英" not in said.out + said.err
