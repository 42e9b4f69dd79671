"""Vosk's results made into readings that Chinese software can work with.

Vosk writes blanks between words, "[unk]" for what fits no grammar, and log-likelihoods where one
expects confidences. It also ends a segment at every pause; a caller's utterance may hold several.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from math import exp
from operator import attrgetter

from voice.answerer import Hypothesis

UNKNOWN = "[unk]"
MOST = 5  # readings of one utterance

_HAN = r"[\u3400-\u9fff\u3007]"
_BLANK_BESIDE_HAN = re.compile(rf"(?<={_HAN})\s+|\s+(?={_HAN})")


def tidied(text: str) -> str:
    """Return ``text`` without blanks beside Chinese characters and without unknown words."""
    return _BLANK_BESIDE_HAN.sub("", " ".join(text.replace(UNKNOWN, " ").split()))


def partial_of(result: str) -> str:
    """Return the text of a partial result."""
    return tidied(json.loads(result).get("partial", ""))


def alternatives_of(result: str) -> tuple[Hypothesis, ...]:
    """Return the alternatives of one segment, untidied, best first, () for silence.

    Their likelihoods become shares of one: how much surer is the model of this than of the others?
    """
    found = json.loads(result)
    listed = found.get("alternatives") or [{"text": found.get("text", ""), "confidence": 0.0}]
    if not listed[0]["text"]:
        return ()
    highest = max(item["confidence"] for item in listed)
    weights = [exp(item["confidence"] - highest) for item in listed]
    shares = [weight / sum(weights) for weight in weights]
    return tuple(Hypothesis(i["text"], share) for i, share in zip(listed, shares, strict=True))


def joined(segments: Iterable[Sequence[Hypothesis]]) -> tuple[Hypothesis, ...]:
    """Return the readings of an utterance, untidied, from those of its segments."""
    whole: tuple[Hypothesis, ...] = (Hypothesis("", 1.0),)
    for segment in segments:
        if segment:
            pairs = [_after(first, then) for first in whole for then in segment]
            whole = tuple(sorted(pairs, key=attrgetter("confidence"), reverse=True)[: MOST * 2])
    return tuple(one for one in whole if one.text)


def _after(first: Hypothesis, then: Hypothesis) -> Hypothesis:
    return Hypothesis(f"{first.text} {then.text}".strip(), first.confidence * then.confidence)


def settled(readings: Iterable[Hypothesis]) -> tuple[Hypothesis, ...]:
    """Return the readings tidied, equal ones as one, best first, at most five.

    A reading is as sure as the share of it that is known words.
    """
    sums: dict[str, float] = {}
    for one in readings:
        text = tidied(one.text)
        if text:
            sums[text] = sums.get(text, 0.0) + one.confidence * known_share(one.text)
    ranked = sorted(sums.items(), key=lambda item: item[1], reverse=True)
    return tuple(Hypothesis(text, min(1.0, sure)) for text, sure in ranked[:MOST])


def known_share(text: str) -> float:
    """Return how much of ``text`` is known words, by number of words."""
    words = text.split()
    return sum(word != UNKNOWN for word in words) / len(words) if words else 0.0


def has_unknown(readings: Sequence[Hypothesis]) -> bool:
    """Whether the best reading leaves something open that no word of the grammar fits."""
    return bool(readings) and UNKNOWN in readings[0].text.split()
