"""The machine in the hall: each visitor her own conversation, tiles for what is asked most."""

from __future__ import annotations

import re

import pytest
from django.core.cache import cache
from django.test import Client

from bot import clock
from bot.api.auth import conversation_of_token
from bot.channels import kiosk
from bot.conversations.models import Conversation, TurnRecord
from knowledge.search.errors import SnapshotUnavailable

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("office")]


@pytest.fixture(autouse=True)
def forgotten() -> None:
    cache.clear()


def opened() -> str:
    return Client().get("/kiosk").content.decode()


def token_in(page: str) -> str:
    found = re.search(r'data-token="([^"]+)"', page)
    assert found
    return found[1]


def asked(item_id: str, times: int) -> None:
    conversation, _ = Conversation.objects.get_or_create(
        owner="web", channel="web", external_id="c", defaults={"sender": "s"}
    )
    for number in range(times):
        TurnRecord.objects.create(
            conversation=conversation,
            turn_id=f"{item_id}-{number}",
            message_id=f"{item_id}-{number}",
            reply={"kind": "answer", "item": item_id},
            asked_at=clock.now(),
        )


def test_each_visitor_has_a_conversation_of_her_own_and_no_cookie() -> None:
    client = Client()
    first, second = client.get("/kiosk"), client.get("/kiosk")
    tokens = [token_in(response.content.decode()) for response in (first, second)]
    assert conversation_of_token(tokens[0]) != conversation_of_token(tokens[1])
    assert not client.cookies
    assert first["Cache-Control"] == "no-store"


@pytest.mark.usefixtures("dialogue")
def test_the_machine_speaks_on_its_own_channel() -> None:
    token = token_in(opened())
    message = {
        "conversation_id": conversation_of_token(token),
        "channel": "kiosk",
        "text": "居住证",
        "payload": "ask:GA02:overview",
    }
    response = Client().post(
        "/api/v1/messages",
        message,
        content_type="application/json",
        headers={"X-Conversation-Token": token},
    )
    assert response.status_code == 200
    assert Conversation.objects.get().channel == "kiosk"


def test_the_usual_errands_are_on_the_tiles_at_first() -> None:
    page = opened()
    for item_id in kiosk.USUAL_ITEMS:
        assert f'value="ask:{item_id}:overview"' in page
    assert "找人工" in page
    assert "打印" in page


def test_what_is_asked_most_comes_first() -> None:
    asked("CG08", kiosk.FEWEST_ASKED + 1)
    asked("GA08", kiosk.FEWEST_ASKED)
    asked("GA09", kiosk.FEWEST_ASKED - 1)
    offered = re.findall(r'value="ask:(\w+):overview"', opened())
    assert offered[:2] == ["CG08", "GA08"]
    assert "GA09" not in offered
    assert len(offered) == kiosk.MOST_TILES


def test_the_count_is_kept_for_a_while() -> None:
    opened()
    asked("CG08", kiosk.FEWEST_ASKED)
    assert "ask:CG08:" not in opened()


def test_an_item_that_is_no_more_gets_no_tile() -> None:
    asked("XX01", kiosk.FEWEST_ASKED)
    assert "XX01" not in opened()


def test_without_knowledge_the_machine_still_offers_a_person(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def gone() -> None:
        raise SnapshotUnavailable("nothing is published")

    monkeypatch.setattr("bot.actions.office.guide", gone)
    page = opened()
    assert "找人工" in page
    assert 'class="tile"' not in page


def test_the_machine_waits_a_minute_and_counts_twenty_seconds() -> None:
    page = opened()
    assert 'data-idle-seconds="60"' in page
    assert 'data-countdown-seconds="20"' in page


def test_the_start_screen_is_only_read() -> None:
    assert Client().post("/kiosk").status_code == 405
