"""From edited rows to the snapshot in force.

Anybody may ask for a publication (``services.publication_request``); one thread, in the process
that holds the encoder warm, carries the wishes out one after the other. Only one web process may
run it: at its start it takes up again whatever a process before it left half done.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import close_old_connections
from django.utils import timezone

from knowledge.documents import documents_of
from knowledge.files import KnowledgeFiles
from knowledge.lint import Finding, lint_knowledge
from knowledge.models import Publication
from knowledge.record import plain
from knowledge.search.encoder import Encoder
from knowledge.search.errors import EncoderUnavailable, SnapshotUnavailable
from knowledge.search.recipe import Recipes, load_recipe, recipes_for
from knowledge.search.reranker import Reranker
from knowledge.search.snapshot import (
    Analysed,
    Snapshot,
    build_snapshot,
    current_fingerprint,
    fingerprint,
    publish_snapshot,
)
from knowledge.selectors import stored_knowledge

log = logging.getLogger(__name__)

LOOK_EVERY_SECONDS = 0.7


class LintRefused(ValueError):
    """The knowledge has lint errors; ``findings`` names them. Nothing was published."""

    def __init__(self, findings: list[Finding]) -> None:
        super().__init__("; ".join(str(finding) for finding in findings[:10]))
        self.findings = findings


class Publisher:
    """Publishes to one shelf; remembers terms and vectors between publications.

    ``fitted`` is the folder of recipes that were learned for other encoders and re-rankers.
    """

    def __init__(
        self,
        shelf: Path,
        encoder: Encoder | None,
        clock: Callable[[], datetime],
        fitted: Path | None = None,
        reranker: Reranker | None = None,
    ) -> None:
        self._shelf = shelf
        self._fitted = fitted
        self._reranker = reranker
        self._encoder = encoder
        self._clock = clock
        self._analysed = Analysed()

    def recipes(self) -> Recipes:
        """What was learned for the encoder and the re-ranker, or else what ships."""
        if self._fitted is None:
            return Recipes(load_recipe())
        reranker = self._reranker.fingerprint if self._reranker else ""
        encoder = self._encoder.fingerprint if self._encoder else ""
        return recipes_for(self._fitted, encoder, reranker)

    def is_up_to_date(self) -> bool:
        """Whether the snapshot in force was built from what is stored, with this encoder.

        A snapshot without vectors is up to date as long as the encoder cannot be loaded.
        """
        try:
            current = current_fingerprint(self._shelf)
        except SnapshotUnavailable:
            return False
        knowledge = stored_knowledge()
        contents, records = documents_of(knowledge), records_of(knowledge)
        encoder = self._encoder.fingerprint if self._encoder else ""
        recipes = self.recipes()
        if current == fingerprint(contents, recipes, encoder, records):
            return True
        lexical = fingerprint(contents, recipes, "", records)
        return current == lexical and not self._encoder_loads()

    def _encoder_loads(self) -> bool:
        if self._encoder is None:
            return False
        try:
            self._encoder.encode(["社保卡"])
        except EncoderUnavailable:
            return False
        return True

    def warm(self) -> None:
        """Work out ahead what a publication needs, so that the first edit is live as fast."""
        knowledge = stored_knowledge()
        lint_knowledge(knowledge, self._clock().date())
        build_snapshot(
            documents_of(knowledge), self.recipes(), self._encoder, analysed=self._analysed
        )

    def publish(self) -> Snapshot:
        """Lint, build and put in force what is stored; raises LintRefused."""
        knowledge = stored_knowledge()
        now = self._clock()
        errors = [f for f in lint_knowledge(knowledge, now.date()) if f.level == "error"]
        if errors:
            raise LintRefused(errors)
        snapshot = build_snapshot(
            documents_of(knowledge),
            self.recipes(),
            self._encoder,
            records=records_of(knowledge),
            analysed=self._analysed,
            published_at=now.isoformat(timespec="seconds"),
        )
        publish_snapshot(snapshot, self._shelf)
        return snapshot

    def run(self, stop: threading.Event) -> None:
        """Carry out wishes until ``stop`` is set, first those a killed process left running."""
        is_begun = False
        while not stop.wait(LOOK_EVERY_SECONDS):
            try:
                if not is_begun:
                    self.resume()
                    is_begun = True
                    self.warm()
                self.fulfil_next()
            except Exception:
                # The thread must outlive a database that is away for a moment.
                log.exception("publication failed")
            finally:
                close_old_connections()

    def resume(self) -> int:
        """Ask again for wishes that stand as running; call it only while nobody publishes."""
        running = Publication.objects.filter(state=Publication.State.RUNNING)
        return running.update(state=Publication.State.REQUESTED)

    def fulfil_next(self) -> Publication | None:
        """Carry out the oldest wish (later ones with it); return it, or None if there is none."""
        wishes = Publication.objects.filter(state=Publication.State.REQUESTED)
        wish = wishes.order_by("id").first()
        if wish is None:
            return None
        claimed = list(wishes.values_list("id", flat=True))
        mine = Publication.objects.filter(id__in=claimed)
        if not mine.filter(state=Publication.State.REQUESTED).update(
            state=Publication.State.RUNNING
        ):
            return None
        try:
            snapshot = self.publish()
        except Exception as error:
            mine.update(
                state=Publication.State.FAILED, error=str(error), finished_at=timezone.now()
            )
            if not isinstance(error, LintRefused):
                raise
            log.error("publication refused: %s", error)
        else:
            mine.update(
                state=Publication.State.LIVE,
                fingerprint=snapshot.fingerprint,
                finished_at=timezone.now(),
            )
        wish.refresh_from_db()
        return wish


def records_of(knowledge: KnowledgeFiles) -> dict[str, Any]:
    """Return what the answering side needs, as plain data, by kind and id."""
    return {
        "items": {item_id: plain(item) for item_id, item in knowledge.items.items()},
        "outlines": {
            item_id: {"item_id": item_id, "name": row.name, "category": row.category}
            for item_id, row in knowledge.catalogue.items()
            if item_id not in knowledge.items
        },
        "proxy_offered": [i for i, row in knowledge.catalogue.items() if row.grid_proxy],
        "events": {event.event_id: plain(event) for event in knowledge.events},
        "subjects": {subject.subject_id: plain(subject) for subject in knowledge.subjects},
        "reports": {kind.kind_id: plain(kind) for kind in knowledge.report_kinds},
        "checklists": {check.checklist_id: plain(check) for check in knowledge.checklists},
        "topics": {topic.topic_id: plain(topic) for topic in knowledge.topics},
        "emergencies": [plain(emergency) for emergency in knowledge.emergencies],
        "ambiguous": knowledge.ambiguous,
        "places": [plain(place) for place in knowledge.places],
    }
