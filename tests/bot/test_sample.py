"""A sample fills an empty database, the same for the same seed, and spares a real one."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.management import CommandError, call_command

from bot.accounts.models import Staff, StaffRole
from bot.conversations.models import Conversation, TurnRecord
from bot.curation.models import Revision
from bot.figures.models import DailyFigure
from bot.sample.making import SampleRefused, Size, sample_make
from bot.tickets import states
from bot.tickets.models import Ticket
from knowledge.models import Material, ServiceItem
from tests.bot.conftest import MONDAY_MORNING

pytestmark = pytest.mark.django_db
SMALL = Size(turns=600, tickets=200, items=200)


def test_a_sample_has_as_much_as_was_asked_for_in_every_state() -> None:
    sample_make(SMALL, 1, MONDAY_MORNING)
    assert TurnRecord.objects.count() == SMALL.turns
    assert ServiceItem.objects.count() == SMALL.items
    assert Material.objects.filter(item_id="YL00001").exists()
    assert set(Ticket.objects.values_list("state", flat=True)) >= {states.ORDERED, *states.DONE}
    assert set(StaffRole.objects.values_list("role", flat=True)) == set(StaffRole.Role.values)
    assert not any(person.has_usable_password() for person in Staff.objects.all())
    assert all(each.sealed_person["phone"].startswith("13800") for each in Ticket.objects.all())
    assert Revision.objects.open().exists()
    assert DailyFigure.objects.exists()
    assert Conversation.objects.filter(started_at__gt=MONDAY_MORNING).count() == 0
    with pytest.raises(SampleRefused, match="already"):
        sample_make(SMALL, 1, MONDAY_MORNING, is_sure=True)


def test_production_is_spared(settings: Any) -> None:
    settings.PRODUCTION = True
    with pytest.raises(CommandError, match="production"):
        call_command("make_sample")


def test_words_of_residents_are_spared() -> None:
    talk = Conversation.objects.create(owner="web", channel="web", external_id="1", sender="s")
    TurnRecord.objects.create(
        conversation=talk, turn_id="t", message_id="m", asked_at=MONDAY_MORNING
    )
    with pytest.raises(CommandError, match="residents"):
        call_command("make_sample")
