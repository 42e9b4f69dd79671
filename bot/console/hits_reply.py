"""What residents would be told to a question asked on its own: production's matching and rendering.

Nothing is stored, nobody is called. What takes several turns (running errands, reports) is begun
by the dialogue engine and cannot be seen from a single question.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings

from bot import clock
from bot.actions import office
from bot.actions.answer import answer
from bot.actions.context import Context
from bot.actions.emergencies import emergency_reply, enquiry_in
from bot.conversations.messages import Reply
from bot.handovers.desk import Queue
from knowledge.gate import QuestionEncoder
from knowledge.hits import Asked, Row, rows_of
from knowledge.search.errors import EncoderUnavailable
from knowledge.search.facets import cued_facets, facets, has_subject
from knowledge.search.matcher import Match, Matcher
from nlu.protocol import Reading, Understanding


@dataclass(frozen=True)
class QuietDesk:
    """A desk at which nothing happens."""

    def call(self, reason: str, note: str = "", urgent: bool = False) -> Queue:
        """Say that she is next."""
        return Queue("waiting", 1, True)

    def is_waiting(self) -> bool:
        """Nobody waits."""
        return False

    def contact(self, phone: str) -> None:
        """Keep nothing."""


def reply_to(text: str, match: Match, matcher: Matcher) -> Reply:
    """Return the reply to a question that was matched already."""
    guide = office.guide()
    if found := guide.danger.recognise(text, lambda: enquiry_in(text, match)):
        return emergency_reply(found)
    reading = Reading(match, tuple(facets(text)), bool(cued_facets(text)), has_subject(text))
    said = Understanding(text, "ask_item", match.probability, reading)
    context = Context(said, guide, clock.now(), matcher.match, QuietDesk(), site=settings.BOT_URL)
    return answer(context).reply


def try_questions(questions: Sequence[Asked]) -> tuple[list[Row], str]:
    """Put questions to the knowledge in force; return rows and the snapshot's fingerprint.

    They are encoded in one batch. Raises SearchError if nothing is published.
    """
    live = office.matcher()
    matcher = _remembering(live, [each.text for each in questions])
    rows = rows_of(questions, matcher, lambda text, match: reply_to(text, match, matcher).text)
    return rows, live.snapshot.fingerprint


def _remembering(live: Matcher, texts: Sequence[str]) -> Matcher:
    encoder = QuestionEncoder(office.encoder())
    try:
        encoder.remember(texts)
    except EncoderUnavailable:
        return live
    return Matcher(live.snapshot, encoder)
