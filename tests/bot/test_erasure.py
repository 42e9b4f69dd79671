"""“删除我的数据”: the words of one conversation go, the counts and everybody else's stay."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot import __main__ as commands
from bot.channels import outbox
from bot.conversations import phrases, retention
from bot.conversations.erasure import conversation_erase
from bot.conversations.models import Conversation, Draft, Feedback, TurnRecord
from bot.conversations.retention import GONE
from bot.conversations.selectors import previous_reply, reply_of
from bot.handovers.models import Handover, Notice
from tests.bot.test_retention import (
    NOW,
    events_in,
    make_conversation,
    make_notice,
    make_reply,
    make_tracker,
    make_turn,
)

JUST_NOW = NOW - timedelta(minutes=1)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def data_dir(settings: Any, tmp_path: Path) -> Path:
    """A data folder without anything of Rasa's."""
    settings.BOT_DATA_DIR = tmp_path
    return tmp_path


def test_what_she_said_goes_however_young_and_the_counts_stay() -> None:
    conversation = make_conversation()
    turns = [make_turn(conversation, JUST_NOW, number) for number in range(3)]
    Feedback.objects.create(turn=turns[0], helpful=True, reason="很好")
    assert conversation_erase(conversation).turns == 3
    for turn in turns:
        turn.refresh_from_db()
        assert (turn.text, turn.payload, turn.sealed_reply) == ("", "", "")
        assert (turn.reply["text"], turn.reply["item"]) == (GONE, "SB13")
        assert turn.took_ms == 35
    feedback = Feedback.objects.get()
    assert (feedback.helpful, feedback.reason) == (True, "")


def test_the_confirming_reply_stays_without_her_words() -> None:
    conversation = make_conversation()
    make_turn(conversation, JUST_NOW)
    running = make_turn(conversation, NOW, 2)
    confirming = replace(make_reply(phrases.ERASED), answers=(), slots={})
    running.reply = confirming.as_json()
    running.sealed_reply = ""
    running.save()
    conversation_erase(conversation)
    running.refresh_from_db()
    assert running.text == ""
    assert reply_of(running.reply) == confirming
    assert previous_reply(conversation.sender) == confirming


def test_drafts_notes_numbers_and_messages_go() -> None:
    conversation = make_conversation()
    Draft.objects.create(conversation=conversation, sealed="sealed", changed_at=NOW)
    handover = Handover.objects.create(
        conversation=conversation,
        reason="asked",
        note="她的话",
        contact="sealed",
        opened_at=NOW,
        changed_at=NOW,
    )
    sent = make_notice(conversation, "sent", NOW)
    waiting = make_notice(conversation, "waiting", NOW)
    conversation_erase(conversation)
    for row in (handover, sent, waiting):
        row.refresh_from_db()
    assert not Draft.objects.exists()
    assert (handover.note, handover.contact, handover.state) == ("", "", "waiting")
    assert sent.text == GONE
    # What a clerk has just written still arrives.
    assert (waiting.text, waiting.state) == ("您的卡好了", "waiting")


def test_what_was_still_on_its_way_goes_the_night_after_it_arrived() -> None:
    conversation = make_conversation(started_at=JUST_NOW)
    turn = make_turn(conversation, JUST_NOW)
    waiting = make_notice(conversation, "waiting", JUST_NOW)
    conversation_erase(conversation)
    turn.refresh_from_db()
    turn.reply = {**turn.reply, "text": phrases.ERASED}
    turn.save()
    later = make_notice(conversation, "sent", NOW + timedelta(minutes=1))
    retention.retention_apply(NOW)
    waiting.refresh_from_db()
    assert waiting.text == "您的卡好了"
    Notice.objects.filter(pk=waiting.pk).update(state="sent")
    assert retention.retention_due(NOW)["handovers.Notice"] == 1
    assert retention.retention_apply(NOW)["handovers.Notice"] == 1
    for row in (waiting, later):
        row.refresh_from_db()
    assert (waiting.text, waiting.sealed_address) == (GONE, "")
    # What she was told of after her wish is not what she meant.
    assert later.text == "您的卡好了"


def test_news_that_went_to_her_phone_goes_too(settings: Any) -> None:
    conversation = make_conversation()
    outbox.resident_tell(replaced(conversation, "voice"), "02558881234", "您的卡好了", "ticket-7")
    Notice.objects.update(state="sent")
    assert conversation_erase(conversation).tables["handovers.Notice"] == 1
    assert Notice.objects.get().sealed_address == ""


def replaced(conversation: Conversation, channel: str) -> Conversation:
    """The conversation on another channel."""
    conversation.channel = channel
    conversation.save()
    return conversation


def test_nobody_elses_words_go(data_dir: Path) -> None:
    wang, li = make_conversation("wang"), make_conversation("li")
    make_turn(wang, JUST_NOW)
    other = make_turn(li, JUST_NOW)
    tracker = make_tracker(data_dir, (wang.sender, "user", NOW), (li.sender, "user", NOW))
    assert conversation_erase(wang).tracker_events == 1
    other.refresh_from_db()
    assert other.text == "社保卡丢了"
    assert events_in(tracker) == [(li.sender, "user")]


def test_erasing_again_finds_nothing(data_dir: Path) -> None:
    conversation = make_conversation()
    make_turn(conversation, JUST_NOW)
    make_tracker(data_dir, (conversation.sender, "user", NOW))
    conversation_erase(conversation)
    again = conversation_erase(conversation)
    assert set(again.tables.values()) == {0}
    assert again.tracker_events == 0


def test_the_conversation_goes_on_afterwards() -> None:
    conversation = make_conversation()
    make_turn(conversation, JUST_NOW)
    conversation_erase(conversation)
    make_turn(conversation, NOW, 2)
    assert TurnRecord.objects.exclude(text="").count() == 1


def test_a_locked_file_of_rasas_does_not_stop_the_rest(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("bot.conversations.tracker._WAIT_SECONDS", 0.0)
    conversation = make_conversation(started_at=JUST_NOW)
    turn = make_turn(conversation, JUST_NOW)
    tracker = make_tracker(data_dir, (conversation.sender, "user", JUST_NOW))
    with closing(sqlite3.connect(tracker)) as rasa:
        rasa.execute("BEGIN EXCLUSIVE")
        assert conversation_erase(conversation).tracker_events == 0
    turn.refresh_from_db()
    assert turn.text == ""
    assert "nightly sweep" in caplog.text
    retention.retention_apply(NOW)
    assert events_in(tracker) == []


def test_what_a_rule_archives_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    archived = [
        replace(kept, is_archived=kept.table.endswith("Feedback")) for kept in retention.KEPT
    ]
    monkeypatch.setattr(retention, "KEPT", archived)
    conversation = make_conversation()
    Feedback.objects.create(turn=make_turn(conversation, NOW), helpful=True, reason="很好")
    assert "conversations.Feedback" not in conversation_erase(conversation).tables
    assert Feedback.objects.get().reason == "很好"


def test_the_command_erases_one_conversation(capsys: pytest.CaptureFixture[str]) -> None:
    conversation = make_conversation()
    turn = make_turn(conversation, NOW)
    given = commands._parser().parse_args(["erase", "--conversation", conversation.sender])
    assert given.run(given) == 0
    turn.refresh_from_db()
    assert turn.text == ""
    assert "conversations.TurnRecord: 1" in capsys.readouterr().out


def test_the_command_says_so_if_there_is_no_such_conversation(
    capsys: pytest.CaptureFixture[str],
) -> None:
    given = commands._parser().parse_args(["erase", "--conversation", "nobody"])
    assert given.run(given) == 1
    assert "nobody" in capsys.readouterr().err
