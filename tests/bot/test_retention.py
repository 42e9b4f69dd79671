"""What is kept long enough goes: words and numbers; figures stay. In short transactions."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings as configured
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bot import __main__ as commands
from bot.accounts.models import Staff
from bot.channels.outbox import notice_sms, staff_tell
from bot.conversations import retention
from bot.conversations.messages import Answer, Button, Card, Reply
from bot.conversations.models import Conversation, Draft, Feedback, TurnRecord
from bot.conversations.retention import BATCH_ROWS, GONE, KEPT, retention_apply, retention_due
from bot.conversations.selectors import reply_of
from bot.handovers.models import Handover, Notice, StaffNotice
from tests.people import OFFICE

NOW = datetime(2026, 11, 23, 3, 0, tzinfo=OFFICE)
OLD = NOW - timedelta(days=181)
FRESH = NOW - timedelta(days=179)
ADDRESS = "康华新村3栋502"

pytestmark = pytest.mark.django_db


def make_conversation(name: str = "wang", started_at: datetime = OLD) -> Conversation:
    conversation = Conversation.objects.create(
        owner="web", channel="web", external_id=f"chat-{name}", sender=f"sender-{name}"
    )
    Conversation.objects.filter(pk=conversation.pk).update(started_at=started_at)
    return conversation


def make_reply(text: str = "社保卡可以补办。") -> Reply:
    card = Card("社保卡", (("材料", "身份证"),), "街道", "2026-11-20", verified=False)
    return Reply(
        kind="answer",
        intent="ask_item",
        text=text,
        speech=(text,),
        item="SB13",
        facet="materials",
        answers=(Answer("SB13", "materials", text, card),),
        buttons=(Button("去哪办", "ask:SB13:where"),),
        confidence=0.9,
        slots={"address": ADDRESS},
        conversation_id="chat-wang",
    )


def make_turn(conversation: Conversation, asked_at: datetime, number: int = 1) -> TurnRecord:
    return TurnRecord.objects.create(
        conversation=conversation,
        turn_id=f"turn-{conversation.pk}-{number}",
        message_id=f"message-{number}",
        text="社保卡丢了",
        payload="ask:SB13:materials",
        reply=make_reply().as_json(),
        sealed_reply="sealed",
        asked_at=asked_at,
        answered_at=asked_at,
        took_ms=35,
    )


def make_tracker(data_dir: Path, *events: tuple[str, str, datetime]) -> Path:
    """Rasa's file with a table as Rasa 3.6 makes it."""
    path = data_dir / "tracker.sqlite3"
    with closing(sqlite3.connect(path)) as file, file:
        file.execute(
            "CREATE TABLE events (id INTEGER NOT NULL, sender_id VARCHAR(255) NOT NULL, "
            "type_name VARCHAR(255) NOT NULL, timestamp FLOAT, intent_name VARCHAR(255), "
            "action_name VARCHAR(255), data TEXT, PRIMARY KEY (id))"
        )
        file.executemany(
            "INSERT INTO events (sender_id, type_name, timestamp, data) VALUES (?, ?, ?, ?)",
            [(sender, kind, at.timestamp(), "words of hers") for sender, kind, at in events],
        )
    return path


def events_in(path: Path) -> list[tuple[str, str]]:
    with closing(sqlite3.connect(path)) as file:
        return file.execute("SELECT sender_id, type_name FROM events ORDER BY id").fetchall()


@pytest.fixture(autouse=True)
def data_dir(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder without anything of Rasa's; nobody else writes, so nobody is waited for."""
    monkeypatch.setattr(retention, "PAUSE_SECONDS", 0.0)
    settings.BOT_DATA_DIR = tmp_path
    return tmp_path


def test_the_words_of_an_old_turn_go_and_its_figures_stay() -> None:
    turn = make_turn(make_conversation(), OLD)
    assert retention_apply(NOW)["conversations.TurnRecord"] == 1
    turn.refresh_from_db()
    assert (turn.text, turn.payload, turn.sealed_reply) == ("", "", "")
    assert (turn.took_ms, turn.asked_at) == (35, OLD)
    reply = reply_of(turn.reply)
    assert (reply.kind, reply.intent, reply.item, reply.facet) == (
        "answer",
        "ask_item",
        "SB13",
        "materials",
    )
    assert (reply.text, reply.confidence) == (GONE, 0.9)
    assert (reply.speech, reply.answers, reply.buttons, reply.slots) == ((), (), (), {})
    assert reply.conversation_id == ""


def test_a_turn_that_is_young_enough_stays_as_it_is() -> None:
    turn = make_turn(make_conversation(), FRESH)
    assert retention_apply(NOW)["conversations.TurnRecord"] == 0
    turn.refresh_from_db()
    assert turn.text == "社保卡丢了"
    assert reply_of(turn.reply) == make_reply()


def test_a_turn_without_a_reply_loses_its_words_and_gets_none() -> None:
    turn = make_turn(make_conversation(), OLD)
    TurnRecord.objects.update(reply=None)
    assert retention_apply(NOW)["conversations.TurnRecord"] == 1
    turn.refresh_from_db()
    assert turn.text == ""
    assert TurnRecord.objects.filter(reply__isnull=True).exists()
    assert retention_apply(NOW)["conversations.TurnRecord"] == 0


def test_the_days_are_those_of_the_settings(settings: Any) -> None:
    make_turn(make_conversation(), FRESH)
    settings.BOT_KEEP_TURNS_DAYS = 90
    assert retention_due(NOW)["conversations.TurnRecord"] == 1


def test_whose_conversation_it_was_is_forgotten_after_a_long_silence() -> None:
    silent, talking = make_conversation("wang"), make_conversation("li")
    make_turn(silent, OLD)
    make_turn(talking, OLD)
    make_turn(talking, FRESH, 2)
    begun_just_now = make_conversation("sun", NOW)
    assert retention_apply(NOW)["conversations.Conversation"] == 1
    for conversation in (silent, talking, begun_just_now):
        conversation.refresh_from_db()
    assert "wang" not in f"{silent.external_id} {silent.sender}"
    assert (talking.external_id, begun_just_now.external_id) == ("chat-li", "chat-sun")


def test_feedback_drafts_handovers_and_notices_have_their_own_days(settings: Any) -> None:
    conversation = make_conversation()
    settings.BOT_KEEP_TURNS_DAYS = 365
    feedback = Feedback.objects.create(
        turn=make_turn(conversation, OLD), helpful=False, reason="不对"
    )
    Feedback.objects.update(given_at=OLD)
    Draft.objects.create(conversation=conversation, sealed="sealed", changed_at=OLD)
    handover = Handover.objects.create(
        conversation=conversation,
        reason="asked",
        note="她的话",
        contact="sealed",
        state="closed",
        opened_at=OLD,
        changed_at=OLD,
    )
    sent = make_notice(conversation, "sent", OLD)
    waiting = make_notice(conversation, "waiting", OLD)
    counts = retention_apply(NOW)
    for row in (feedback, handover, sent, waiting):
        row.refresh_from_db()
    assert (feedback.reason, feedback.helpful) == ("", False)
    assert (handover.note, handover.contact, handover.reason) == ("", "", "asked")
    assert (sent.text, sent.buttons, sent.state) == (GONE, [], "sent")
    assert (waiting.text, waiting.state) == (GONE, "gone")
    assert not Draft.objects.exists()
    assert counts["conversations.TurnRecord"] == 0
    assert counts["handovers.Notice"] == 2


def make_notice(conversation: Conversation, state: str, at: datetime) -> Notice:
    return Notice.objects.create(
        conversation=conversation,
        origin=conversation,
        text="您的卡好了",
        buttons=[{"title": "好", "payload": "say:好"}],
        created_at=at,
        state=state,
    )


def test_a_second_sweep_finds_nothing() -> None:
    conversation = make_conversation()
    make_turn(conversation, OLD)
    make_notice(conversation, "sent", OLD)
    retention_apply(NOW)
    assert set(retention_apply(NOW).values()) == {0}


def test_telling_what_is_due_changes_nothing(data_dir: Path) -> None:
    conversation = make_conversation()
    turn = make_turn(conversation, OLD)
    tracker = make_tracker(data_dir, (conversation.sender, "user", OLD))
    due = retention_due(NOW)
    turn.refresh_from_db()
    assert turn.text == "社保卡丢了"
    assert len(events_in(tracker)) == 1
    assert due == retention_apply(NOW)
    assert due["conversations.TurnRecord"] == 1


def test_no_transaction_takes_more_than_a_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "BATCH_ROWS", 2)
    conversation = make_conversation()
    for number in range(5):
        make_turn(conversation, OLD, number)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert retention_apply(NOW)["conversations.TurnRecord"] == 5
    updates = [q["sql"] for q in queries if q["sql"].startswith('UPDATE "conversations_turn')]
    assert len(updates) == 2 * 3
    assert not TurnRecord.objects.exclude(text="").exists()
    assert BATCH_ROWS <= 500


def test_every_table_names_fields_that_exist_and_a_setting() -> None:
    for kept in KEPT:
        model = apps.get_model(kept.table)
        fields = {field.name for field in model._meta.get_fields()}
        assert {kept.since, *kept.blank} <= fields, kept.table
        assert getattr(configured, kept.setting) >= 1, kept.table
        assert kept.stays, kept.table
        if kept.conversation:
            model._default_manager.filter(kept.left, **{kept.conversation: None}).count()


def test_no_table_that_leads_to_a_conversation_is_forgotten() -> None:
    """Whoever adds a table of residents' words adds it to the list, or says here why not."""
    known = {kept.table for kept in KEPT} | {
        # Who looked at a number and when; nothing of a resident's.
        "handovers.ContactLook",
        "conversations.Conversation",
    }
    personal = {"conversations", "handovers", "telegram", "wechat"}
    leading = {
        model._meta.label
        for model in apps.get_models()
        if model._meta.app_label in personal
        or any(field.related_model is Conversation for field in model._meta.fields)
    }
    # A follower who left is remembered so that nothing is ever sent to her again.
    assert leading - known <= {"wechat.Departure"}


def test_rasas_memory_of_ended_talks_goes_and_a_running_talk_stays_whole(data_dir: Path) -> None:
    old, young = NOW - timedelta(days=8), NOW - timedelta(days=1)
    tracker = make_tracker(
        data_dir,
        ("ended", "session_started", old),
        ("ended", "user", old),
        ("running", "session_started", old),
        ("running", "user", old),
        ("running", "user", young),
        ("back", "session_started", old),
        ("back", "user", old),
        ("back", "session_started", young),
        ("back", "user", young),
    )
    assert retention_apply(NOW)[retention.TRACKER] == 4
    assert events_in(tracker) == [
        ("running", "session_started"),
        ("running", "user"),
        ("running", "user"),
        ("back", "session_started"),
        ("back", "user"),
    ]


def test_what_rasa_kept_of_an_erased_conversation_goes_with_the_next_sweep(data_dir: Path) -> None:
    erased, other = make_conversation("wang", NOW), make_conversation("li", NOW)
    before, after = NOW - timedelta(hours=2), NOW - timedelta(hours=1)
    turn = make_turn(erased, before)
    turn.reply = {**turn.reply, "text": GONE}
    turn.save()
    make_turn(other, before)
    tracker = make_tracker(
        data_dir,
        (erased.sender, "user", before),
        (erased.sender, "session_started", after),
        (other.sender, "user", before),
    )
    retention_apply(NOW)
    assert events_in(tracker) == [(erased.sender, "session_started"), (other.sender, "user")]


def test_deleted_words_of_rasas_are_not_left_in_its_file(data_dir: Path) -> None:
    tracker = make_tracker(data_dir, ("ended", "user", OLD))
    assert b"words of hers" in tracker.read_bytes()
    retention_apply(NOW)
    assert b"words of hers" not in tracker.read_bytes()


def test_a_file_in_which_rasa_has_made_no_table_yet_is_left_alone(data_dir: Path) -> None:
    sqlite3.connect(data_dir / "tracker.sqlite3").close()
    assert retention_apply(NOW)[retention.TRACKER] == 0


def test_the_command_tells_or_does(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.clock.now", lambda: NOW)
    turn = make_turn(make_conversation(), OLD)
    for arguments, words in ((["--dry-run"], "社保卡丢了"), ([], "")):
        given = commands._parser().parse_args(["retention", *arguments])
        assert given.run(given) == 0
        turn.refresh_from_db()
        assert turn.text == words
        assert "conversations.TurnRecord: 1" in capsys.readouterr().out


def test_the_number_news_went_to_goes_with_its_words() -> None:
    notice = notice_sms("13851612345", "您的代办单办好了。", "ticket-7", "SMS_1", {"number": "1"})
    Notice.objects.update(created_at=OLD, state="sent")
    assert retention_apply(NOW)["handovers.Notice"] == 1
    notice.refresh_from_db()
    assert (notice.text, notice.sealed_address, notice.sealed_params) == (GONE, "", None)


def test_what_staff_were_told_goes_as_a_whole() -> None:
    clerk = Staff.objects.create_user("li", display_name="小李")
    staff_tell(clerk, "代办单派给您了。", "ticket-7")
    StaffNotice.objects.update(created_at=OLD)
    assert retention_apply(NOW)["handovers.StaffNotice"] == 1
    assert not StaffNotice.objects.exists()
