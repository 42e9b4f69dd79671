"""Groups what was not answered well by meaning, and keeps the groups for the editors.

Greedy: the most frequent question leads a group, whatever is near enough to a leader joins it. What
somebody has dealt with stays dealt with: ignored groups swallow all that is like them, others what
was asked before they were dealt with.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from django.conf import settings
from django.db import close_old_connections, transaction

from bot import clock
from bot.curation.misses import Miss, misses_since
from bot.curation.models import UnansweredCluster
from knowledge.search.analysis import squeezed
from knowledge.search.encoder import Encoder, SentenceTransformerEncoder
from knowledge.search.errors import EncoderUnavailable, SearchError
from knowledge.search.matcher import Matcher
from knowledge.search.passages import NOTHING
from knowledge.search.snapshot import current_fingerprint, load_snapshot

log = logging.getLogger(__name__)
Floats = npt.NDArray[np.float32]
WEEKS: Final = 8
# Cosine from which two questions ask for the same.
ALIKE: Final = 0.6
MOST_TEXTS: Final = 4000
MOST_CLUSTERS: Final = 500
KEPT_SAMPLES: Final = 20
SUGGESTED: Final = 3
BUCKETS: Final = 2048
State = UnansweredCluster.State


@dataclass
class Cluster:
    """Questions that ask for the same; the first is the most frequent."""

    leader: Floats
    misses: list[Miss] = field(default_factory=list)

    @property
    def turns(self) -> int:
        """How many turns it was asked in."""
        return len({miss.turn for miss in self.misses})

    @property
    def title(self) -> str:
        """The question that was asked most."""
        return Counter(miss.text for miss in self.misses).most_common(1)[0][0]


def clusters_refresh(encoder: Encoder | None, matcher: Matcher | None) -> int:
    """Group what went wrong in the last weeks and keep the groups; returns how many are open."""
    now = clock.now()
    misses = misses_since(now - timedelta(weeks=WEEKS))
    handled = list(UnansweredCluster.objects.exclude(state=State.OPEN))
    by_text: dict[str, list[Miss]] = {}
    for miss in misses:
        by_text.setdefault(squeezed(miss.text), []).append(miss)
    texts = sorted(by_text, key=lambda text: (-len(by_text[text]), text))[:MOST_TEXTS]
    vectors = _vectors([by_text[t][0].text for t in texts] + [c.title for c in handled], encoder)
    done = list(zip(handled, vectors[len(texts) :], strict=True))
    clusters: list[Cluster] = []
    for text, vector in zip(texts, vectors, strict=False):
        if left := _not_dealt_with(by_text[text], vector, done):
            _joined(clusters, vector).misses += left
    clusters.sort(key=lambda cluster: (-cluster.turns, cluster.title))
    _keep(clusters[:MOST_CLUSTERS], matcher, now)
    return len(clusters)


def _vectors(texts: Sequence[str], encoder: Encoder | None) -> Floats:
    """L2-normalised vectors; without an encoder pairs of characters stand in."""
    if encoder is not None and texts:
        try:
            return encoder.encode(texts, query=True)
        except EncoderUnavailable:
            log.warning("no encoder: unanswered questions are grouped by their characters")
    table = np.zeros((len(texts), BUCKETS), dtype=np.float32)
    for row, text in enumerate(texts):
        said = squeezed(text)
        for pair in pairwise(said):
            table[row, (ord(pair[0]) * 31 + ord(pair[1])) % BUCKETS] += 1
    norms = np.linalg.norm(table, axis=1, keepdims=True)
    vectors: Floats = table / np.maximum(norms, 1e-9)
    return vectors


def _not_dealt_with(
    misses: list[Miss], vector: Floats, done: Sequence[tuple[UnansweredCluster, Floats]]
) -> list[Miss]:
    for cluster, other in done:
        if float(vector @ other) < ALIKE:
            continue
        if cluster.state == State.IGNORED or cluster.handled_at is None:
            return []
        misses = [miss for miss in misses if miss.at > cluster.handled_at]
    return misses


def _joined(clusters: list[Cluster], vector: Floats) -> Cluster:
    """The nearest group, or a new one if none is near enough."""
    if clusters:
        near = np.stack([cluster.leader for cluster in clusters]) @ vector
        if float(near.max()) >= ALIKE:
            return clusters[int(near.argmax())]
    clusters.append(Cluster(vector))
    return clusters[-1]


def _keep(clusters: Sequence[Cluster], matcher: Matcher | None, now: datetime) -> None:
    rows = [_columns(cluster, matcher, now) for cluster in clusters]
    with transaction.atomic():
        known = {c.title: c for c in UnansweredCluster.objects.filter(state=State.OPEN)}
        for rank, columns in enumerate(rows, start=1):
            # The same group keeps its number, so that a page left open still works.
            held = known.pop(columns["title"], None) or UnansweredCluster()
            for name, value in {**columns, "rank": rank}.items():
                setattr(held, name, value)
            held.save()
        gone = [each.pk for each in known.values()]
        UnansweredCluster.objects.filter(pk__in=gone, state=State.OPEN).delete()


def _columns(cluster: Cluster, matcher: Matcher | None, now: datetime) -> dict[str, Any]:
    misses = sorted(cluster.misses, key=lambda miss: miss.at, reverse=True)
    weeks = [0] * WEEKS
    for _, at in {(miss.turn, miss.at) for miss in misses}:
        weeks[max(0, WEEKS - 1 - (now - at).days // 7)] += 1
    return {
        "title": cluster.title,
        "count": cluster.turns,
        "whys": dict(Counter(miss.why for miss in misses).most_common()),
        "weeks": weeks,
        "samples": _samples(misses),
        "suggestions": _suggestions(cluster.title, matcher),
        "first_at": misses[-1].at,
        "last_at": misses[0].at,
        "refreshed_at": now,
    }


def _samples(misses: Sequence[Miss]) -> list[dict[str, Any]]:
    """The different texts, newest first, with how often, why, and what was said about them."""
    held: dict[str, dict[str, Any]] = {}
    for miss in misses:
        blank: dict[str, Any] = {"text": miss.text, "turns": [], "whys": [], "notes": []}
        sample = held.setdefault(squeezed(miss.text), blank)
        for name, value in (("turns", miss.turn), ("whys", miss.why), ("notes", miss.note)):
            if value and value not in sample[name]:
                sample[name].append(value)
    rows = sorted(held.values(), key=lambda sample: -len(sample["turns"]))[:KEPT_SAMPLES]
    return [{**row, "turns": len(row["turns"]), "notes": row["notes"][:3]} for row in rows]


def _suggestions(title: str, matcher: Matcher | None) -> list[dict[str, Any]]:
    if matcher is None:
        return []
    ranked = [c for c in matcher.match(title).ranked if c.owner != NOTHING][:SUGGESTED]
    return [{"owner": c.owner, "kind": c.kind, "name": c.name, "score": c.score} for c in ranked]


def unanswered_sweep() -> None:
    """Group anew with the encoder and the knowledge in force; in the worker."""
    close_old_connections()
    try:
        encoder = SentenceTransformerEncoder(settings.BOT_ENCODER)
        log.info("unanswered: %s groups", clusters_refresh(encoder, _matcher(encoder)))
    finally:
        close_old_connections()


def _matcher(encoder: Encoder) -> Matcher | None:
    try:
        shelf = settings.SNAPSHOT_DIR
        return Matcher(load_snapshot(shelf, current_fingerprint(shelf)), encoder)
    except SearchError:
        return None
