"""What is given for an open form and the engine must not see: kept, and kept encrypted."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import connection

from bot.conversations.drafts import DraftOf, draft_end, draft_hear, draft_update
from bot.conversations.hearing import hear
from bot.conversations.messages import Turn
from bot.conversations.models import Conversation, Draft
from bot.conversations.service import conversation_of

pytestmark = pytest.mark.django_db
PHONE, OTHER = "13900000000", "13800000000"


def note(conversation: Conversation, text: str) -> None:
    """Somebody says something."""
    draft_hear(conversation, text, hear(text))


@pytest.fixture
def aunt() -> Conversation:
    """王阿姨's conversation."""
    return conversation_of(Turn("web", "web", "王阿姨", ""))


@pytest.fixture
def uncle() -> Conversation:
    """李大爷's conversation."""
    return conversation_of(Turn("web", "web", "李大爷", ""))


@pytest.mark.parametrize(
    ("text", "phone"),
    [
        (f"我电话{PHONE}", PHONE),
        (f"打{OTHER}，不对，打{PHONE}", PHONE),
        (PHONE, PHONE),
    ],
)
def test_a_number_that_is_given_is_kept(aunt: Conversation, text: str, phone: str) -> None:
    note(aunt, text)
    assert DraftOf(aunt.sender)["said_phone"] == phone


def test_the_number_given_last_counts(aunt: Conversation) -> None:
    note(aunt, OTHER)
    note(aunt, "要带什么")
    note(aunt, PHONE)
    draft = DraftOf(aunt.sender)
    assert draft["said_phone"] == draft["known_phone"] == PHONE
    assert Draft.objects.count() == 1


def test_what_was_said_is_of_this_message_alone(aunt: Conversation) -> None:
    note(aunt, f"我叫王小明，电话{PHONE}")
    note(aunt, "要带什么")
    draft = DraftOf(aunt.sender)
    assert "said_phone" not in draft
    assert "said_name" not in draft
    assert (draft["known_name"], draft["known_phone"]) == ("王小明", PHONE)


def test_while_a_form_is_open_the_words_themselves_are_kept(aunt: Conversation) -> None:
    draft_update(aunt, {"form": "ticket", "asked": "reason"})
    note(aunt, "腿摔断了")
    assert DraftOf(aunt.sender)["said_words"] == "腿摔断了"
    draft_update(aunt, {"form": None, "asked": None})
    assert "form" not in DraftOf(aunt.sender)


def test_a_question_of_yesterday_is_not_being_answered(
    aunt: Conversation, time_machine: Any
) -> None:
    time_machine.move_to("2026-11-23T09:30+08:00")
    draft_update(aunt, {"form": "ticket", "asked": "name"})
    assert DraftOf(aunt.sender)["asked"] == "name"
    time_machine.move_to("2026-11-23T10:31+08:00")
    assert "asked" not in DraftOf(aunt.sender)
    assert DraftOf(aunt.sender)["form"] == "ticket"


@pytest.mark.parametrize("text", ["", "要带什么", "12345", "2026年11月23日", "<phone>", "1390000"])
def test_where_no_number_is_given_nothing_is_kept(aunt: Conversation, text: str) -> None:
    note(aunt, text)
    assert not Draft.objects.exists()
    assert dict(DraftOf(aunt.sender)) == {}


def test_the_database_never_holds_it_in_the_clear(aunt: Conversation) -> None:
    note(aunt, PHONE)
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM conversations_draft")
        stored = json.dumps(cursor.fetchall(), default=str)
    assert PHONE not in stored
    assert "phone" not in stored
    assert "fernet:" in stored


def test_a_conversation_sees_only_its_own(aunt: Conversation, uncle: Conversation) -> None:
    note(aunt, PHONE)
    note(uncle, OTHER)
    assert DraftOf(aunt.sender)["said_phone"] == PHONE
    assert DraftOf(uncle.sender)["said_phone"] == OTHER
    assert dict(DraftOf("nobody")) == {}


def test_what_has_ended_is_forgotten(aunt: Conversation, uncle: Conversation) -> None:
    note(aunt, PHONE)
    note(uncle, OTHER)
    draft_end(aunt)
    assert dict(DraftOf(aunt.sender)) == {}
    assert DraftOf(uncle.sender)["said_phone"] == OTHER


def test_a_draft_goes_with_its_conversation(aunt: Conversation) -> None:
    note(aunt, PHONE)
    aunt.delete()
    assert not Draft.objects.exists()


def test_nothing_is_read_before_it_is_asked_for(
    aunt: Conversation, django_assert_num_queries: pytest.FixtureRequest
) -> None:
    note(aunt, PHONE)
    with django_assert_num_queries(0):  # type: ignore[operator]
        draft = DraftOf(aunt.sender)
    with django_assert_num_queries(1):  # type: ignore[operator]
        assert draft["said_phone"] == draft.get("said_phone") == PHONE
        assert len(draft) == 3


def test_its_name_shows_nothing(aunt: Conversation) -> None:
    note(aunt, PHONE)
    assert PHONE not in f"{Draft.objects.get()!s} {Draft.objects.get()!r}"
