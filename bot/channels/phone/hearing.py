"""Which of the recogniser's readings is meant: danger first, then what makes the best sense.

The readings come surest first. What answers a question of a form is taken as it was heard; only an
open question is looked up, and the reading that leads somewhere wins.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from typing import Literal

from bot.actions import office
from bot.actions.context import FAIRLY_LIKELY
from bot.actions.emergencies import enquiry_in
from bot.actions.intake.said import is_yes as is_explicit_yes
from bot.actions.person import wants_person
from knowledge.search.errors import SearchError
from voice import commands
from voice.answerer import Hypothesis

log = logging.getLogger(__name__)

# A danger misheard is worse than one heard too many; what is all but excluded is no danger.
DANGER_READINGS = 3
DANGER_SHARE = 0.05  # of the surest one's confidence
# A reading that leads somewhere must be at least so sure, as a share of the first one's.
WORTH_TRYING = 0.35
LONGEST_NO = 8
_NOT_RIGHT = re.compile(r"不对|不是|错了|有误|不[用要行]|别用|换一?个|另外")

Awaited = Literal["question", "yes_no", "answer"]


def danger_in(hypotheses: Sequence[Hypothesis]) -> str:
    """Return the first of the surest readings that tells of danger, "" if none does."""
    try:
        sense, matcher = office.guide().danger, office.matcher()
    except SearchError:
        log.exception("danger cannot be recognised")
        return ""
    for one in hypotheses[:DANGER_READINGS]:
        if one.confidence < DANGER_SHARE * hypotheses[0].confidence:
            continue
        if sense.recognise(one.text, lambda said=one.text: enquiry_in(said, matcher.match(said))):  # type: ignore[misc]
            return one.text
    return ""


def meant(hypotheses: Sequence[Hypothesis], awaited: Awaited = "question") -> str:
    """Return the reading to answer; "" for silence."""
    if not hypotheses:
        return ""
    if danger := danger_in(hypotheses):
        return danger
    first = hypotheses[0].text
    if awaited == "yes_no":
        return next((h.text for h in hypotheses if yes_or_no(h.text) is not None), first)
    return first if awaited == "answer" or wants_person(first) else _likeliest(hypotheses)


def yes_or_no(text: str) -> bool | None:
    """Return whether a text says yes (True) or no (False) and nothing else; None if neither."""
    if commands.is_no(text) or (len(text) <= LONGEST_NO and _NOT_RIGHT.search(text)):
        return False
    return True if is_explicit_yes(text) or commands.is_yes(text) else None


def _likeliest(hypotheses: Sequence[Hypothesis]) -> str:
    """The reading whose match and whose sound together are likeliest."""
    first = hypotheses[0]
    worth = [h for h in hypotheses if h.confidence >= WORTH_TRYING * first.confidence]
    try:
        matcher = office.matcher()
        probabilities = [matcher.match(one.text).probability for one in worth]
    except SearchError:
        return first.text
    ranked = zip(worth, probabilities, strict=True)
    best, probability = max(ranked, key=lambda pair: pair[0].confidence * pair[1])
    return best.text if probability >= FAIRLY_LIKELY else first.text
