"""Which intent a message has where the classifier and the knowledge matcher do not agree.

The classifier knows how people steer a talk, the matcher knows what the office does. Whoever names
one of its things wants that thing, unless the classifier is surer of what it heard.
"""

from __future__ import annotations

from collections.abc import Collection

from nlu.protocol import Reading

ASKS = "ask_item"
# A question about the assistant itself is no reason to take a greeting or “你是谁” for a question.
ABOUT_ITSELF = "topic"
# No classifier is surer than a match of this probability.
CERTAIN = 0.97
# Below this a classifier is not sure of a message that asks in plain words, or names our things.
SURE = 0.9
LIKELY = 0.5


def settled_intent(
    intent: str, confidence: float, reading: Reading, outranked: Collection[str], doubted_at: float
) -> str | None:
    """Return ``ask_item`` where the matcher outranks the classifier, None where it does not.

    ``confidence`` is the classifier's (0..1); below ``doubted_at`` a plain question goes first.
    """
    if intent not in outranked:
        return None
    match = reading.match
    if not reading.has_subject:
        # “现在开门吗” names no item, but it plainly asks.
        return ASKS if reading.facet_is_cued and confidence < SURE else None
    if match.decision == "step_back" or match.best is None or match.best.kind == ABOUT_ITSELF:
        return None
    is_likelier = match.probability >= min(CERTAIN, confidence)
    is_likelier |= match.probability >= LIKELY and confidence < SURE
    return ASKS if is_likelier or (reading.facet_is_cued and confidence < doubted_at) else None
