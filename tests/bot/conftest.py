"""What the tests of the bot share: an office with the shipped knowledge in force."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from bot.actions import office as module
from bot.actions.context import Context, Guide
from bot.conversations import service
from bot.conversations.messages import Reply
from knowledge.files import KnowledgeFiles
from knowledge.publishing import records_of
from knowledge.search.encoder import SentenceTransformerEncoder
from knowledge.search.live import LiveMatcher
from knowledge.search.matcher import Matcher
from knowledge.search.snapshot import publish_snapshot
from nlu.protocol import Understanding, read_message
from tests.fakes import FakeDesk, FakeDialogue
from tests.people import OFFICE

MONDAY_MORNING = datetime(2026, 11, 23, 10, 0, tzinfo=OFFICE)
NIGHT = MONDAY_MORNING.replace(hour=22)
SITE = "http://office.example"
Says = Callable[..., Context]


@pytest.fixture(scope="session")
def guide(shipped: KnowledgeFiles) -> Guide:
    """The guide of what ships."""
    return Guide(records_of(shipped))


@pytest.fixture(scope="session")
def published(
    tmp_path_factory: pytest.TempPathFactory, matcher: Matcher, encoder: SentenceTransformerEncoder
) -> LiveMatcher:
    """The shipped knowledge published to a shelf, and the matcher that follows the shelf."""
    shelf: Path = tmp_path_factory.mktemp("office") / "snapshots"
    publish_snapshot(matcher.snapshot, shelf)
    live = LiveMatcher(shelf, encoder)
    live.current()
    return live


@pytest.fixture
def office(published: LiveMatcher, monkeypatch: pytest.MonkeyPatch) -> LiveMatcher:
    """This process's office answers from the published shelf."""
    monkeypatch.setattr(module, "live_matcher", lambda: published)
    return published


@pytest.fixture
def dialogue(office: LiveMatcher, monkeypatch: pytest.MonkeyPatch) -> FakeDialogue:
    """The conversation service talks to a fake engine; ``is_away`` takes it down."""
    current = office.current()
    fake = FakeDialogue(current, Guide(current.snapshot.records), lambda: MONDAY_MORNING)
    monkeypatch.setattr(service, "dialogue", lambda: fake)
    return fake


@pytest.fixture
def says(matcher: Matcher, guide: Guide) -> Says:
    """王阿姨 says something; ``slots`` is what the dialogue remembers, ``entities`` a button's."""

    def make(
        text: str,
        intent: str = "ask_item",
        *,
        slots: Mapping[str, Any] | None = None,
        entities: Mapping[str, str] | None = None,
        now: datetime = MONDAY_MORNING,
        previous: Reply | None = None,
        desk: FakeDesk | None = None,
        draft: Mapping[str, str] | None = None,
    ) -> Context:
        reading = read_message(matcher, text)
        said = Understanding(text, intent, 0.9, reading, entities or {}, slots or {})
        return Context(
            said,
            guide,
            now,
            matcher.match,
            desk or FakeDesk(),
            lambda: previous,
            SITE,
            draft or {},
        )

    return make
