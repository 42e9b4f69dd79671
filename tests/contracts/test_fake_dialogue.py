"""The fake engine keeps the contract, so that tests may lean on it."""

from __future__ import annotations

from datetime import datetime

import pytest

from bot.actions.context import Guide
from knowledge.search.matcher import Matcher
from tests.contracts.dialogue import DialogueContract
from tests.fakes import FakeDesk, FakeDialogue
from tests.people import OFFICE


class TestFakeDialogue(DialogueContract):
    """Runs the contract."""

    @pytest.fixture
    def dialogue(self, matcher: Matcher) -> FakeDialogue:
        """A fake that answers."""
        guide = Guide(matcher.snapshot.records)
        fake = FakeDialogue(matcher, guide, lambda: datetime(2026, 11, 23, 10, tzinfo=OFFICE))
        fake.desk_of = lambda sender: FakeDesk()
        return fake

    @pytest.fixture
    def dialogue_away(self, dialogue: FakeDialogue) -> FakeDialogue:
        """A fake that is away."""
        dialogue.is_away = True
        return dialogue
