"""The knowledge in force in this process: one live matcher and the guide of its snapshot."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from django.conf import settings

from bot.actions.context import Guide
from knowledge.search.encoder import SentenceTransformerEncoder
from knowledge.search.live import LiveMatcher
from knowledge.search.matcher import Matcher
from knowledge.search.reranker import CrossEncoderReranker


@lru_cache(maxsize=1)
def encoder() -> SentenceTransformerEncoder:
    """The encoder that the settings name; its model is loaded on first use."""
    return SentenceTransformerEncoder(settings.BOT_ENCODER)


@lru_cache(maxsize=1)
def reranker() -> CrossEncoderReranker | None:
    """The re-ranker that the settings name, if any; its model is loaded on first use."""
    return CrossEncoderReranker(settings.BOT_RERANKER) if settings.BOT_RERANKER else None


@lru_cache(maxsize=1)
def live_matcher() -> LiveMatcher:
    """The matcher for the snapshots in the data directory."""
    return LiveMatcher(settings.SNAPSHOT_DIR, encoder(), reranker())


def matcher() -> Matcher:
    """The matcher in force; raises SearchError when nothing is published."""
    return live_matcher().current()


def guide() -> Guide:
    """The guide of the snapshot in force; one is kept, with what it has read."""
    snapshot = matcher().snapshot
    if _guides.get("fingerprint") != snapshot.fingerprint:
        _guides.update(fingerprint=snapshot.fingerprint, guide=Guide(snapshot.records))
    kept: Guide = _guides["guide"]
    return kept


_guides: dict[str, Any] = {}
