"""What is given for an open form and the engine must not see: kept, and kept encrypted."""

from __future__ import annotations

import json

import pytest
from django.db import connection

from bot.conversations.drafts import DraftOf, draft_end, draft_note
from bot.conversations.messages import Turn
from bot.conversations.models import Conversation, Draft
from bot.conversations.service import conversation_of

pytestmark = pytest.mark.django_db
PHONE, OTHER = "13900000000", "13800000000"


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
    draft_note(aunt, text)
    assert DraftOf(aunt.sender)["phone"] == phone


def test_the_number_given_last_counts(aunt: Conversation) -> None:
    draft_note(aunt, OTHER)
    draft_note(aunt, "要带什么")
    draft_note(aunt, PHONE)
    assert dict(DraftOf(aunt.sender)) == {"phone": PHONE}
    assert Draft.objects.count() == 1


@pytest.mark.parametrize("text", ["", "要带什么", "12345", "2026年11月23日", "<phone>", "1390000"])
def test_where_no_number_is_given_nothing_is_kept(aunt: Conversation, text: str) -> None:
    draft_note(aunt, text)
    assert not Draft.objects.exists()
    assert dict(DraftOf(aunt.sender)) == {}


def test_the_database_never_holds_it_in_the_clear(aunt: Conversation) -> None:
    draft_note(aunt, PHONE)
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM conversations_draft")
        stored = json.dumps(cursor.fetchall(), default=str)
    assert PHONE not in stored
    assert "phone" not in stored
    assert "fernet:" in stored


def test_a_conversation_sees_only_its_own(aunt: Conversation, uncle: Conversation) -> None:
    draft_note(aunt, PHONE)
    draft_note(uncle, OTHER)
    assert DraftOf(aunt.sender)["phone"] == PHONE
    assert DraftOf(uncle.sender)["phone"] == OTHER
    assert dict(DraftOf("nobody")) == {}


def test_what_has_ended_is_forgotten(aunt: Conversation, uncle: Conversation) -> None:
    draft_note(aunt, PHONE)
    draft_note(uncle, OTHER)
    draft_end(aunt)
    assert dict(DraftOf(aunt.sender)) == {}
    assert DraftOf(uncle.sender)["phone"] == OTHER


def test_a_draft_goes_with_its_conversation(aunt: Conversation) -> None:
    draft_note(aunt, PHONE)
    aunt.delete()
    assert not Draft.objects.exists()


def test_nothing_is_read_before_it_is_asked_for(
    aunt: Conversation, django_assert_num_queries: pytest.FixtureRequest
) -> None:
    draft_note(aunt, PHONE)
    with django_assert_num_queries(0):  # type: ignore[operator]
        draft = DraftOf(aunt.sender)
    with django_assert_num_queries(1):  # type: ignore[operator]
        assert draft["phone"] == draft.get("phone") == PHONE
        assert len(draft) == 1


def test_its_name_shows_nothing(aunt: Conversation) -> None:
    draft_note(aunt, PHONE)
    assert PHONE not in f"{Draft.objects.get()!s} {Draft.objects.get()!r}"
