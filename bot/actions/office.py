"""The knowledge in force in this process: one live matcher and the guide of its snapshot."""

from __future__ import annotations

from functools import lru_cache

from django.conf import settings

from bot.actions.context import Guide
from knowledge.search.encoder import SentenceTransformerEncoder
from knowledge.search.live import LiveMatcher
from knowledge.search.matcher import Matcher
from knowledge.search.snapshot import Snapshot


@lru_cache(maxsize=1)
def encoder() -> SentenceTransformerEncoder:
    """The encoder that the settings name; its model is loaded on first use."""
    return SentenceTransformerEncoder(settings.BOT_ENCODER)


@lru_cache(maxsize=1)
def live_matcher() -> LiveMatcher:
    """The matcher for the snapshots in the data directory."""
    return LiveMatcher(settings.SNAPSHOT_DIR, encoder())


def matcher() -> Matcher:
    """The matcher in force; raises SearchError when nothing is published."""
    return live_matcher().current()


def guide() -> Guide:
    """The guide of the snapshot in force."""
    return _guide(matcher().snapshot)


_kept: tuple[Snapshot, Guide] | None = None


def _guide(snapshot: Snapshot) -> Guide:
    global _kept
    if _kept is None or _kept[0] is not snapshot:
        _kept = (snapshot, Guide(snapshot.records))
    return _kept[1]
