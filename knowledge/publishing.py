"""From edited rows to the snapshot in force.

Changes that a wish brings along are laid over the stored rows in memory; only when lint and the
gate let them pass are they stored and the snapshot put in force.

Anybody may ask for a publication (``services.publication_request``); one thread, in the process
that holds the encoder warm, carries the wishes out one after the other. Only one web process may
run it: at its start it takes up again whatever a process before it left half done.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

from django.db import close_old_connections, transaction
from django.db.models import QuerySet
from django.utils import timezone

from knowledge.changes import ITEM, Change, change_of, contents_equal, overlaid
from knowledge.documents import documents_of
from knowledge.files import KnowledgeFiles
from knowledge.gate import (
    Outcome,
    QuestionEncoder,
    Verdict,
    compare,
    gone_between,
    outcomes_of,
    rights_of,
)
from knowledge.lint import Finding, lint_knowledge
from knowledge.models import UNEXPECTED, Publication
from knowledge.record import RecordError, plain
from knowledge.search.encoder import Encoder
from knowledge.search.errors import EncoderUnavailable, SnapshotDamaged, SnapshotUnavailable
from knowledge.search.giving_way import giving_way
from knowledge.search.lasting import keep_out_of_rounds
from knowledge.search.matcher import Matcher
from knowledge.search.recipe import Recipes, load_recipe, recipes_for
from knowledge.search.reranker import Reranker
from knowledge.search.snapshot import (
    Analysed,
    Snapshot,
    build_snapshot,
    current_fingerprint,
    fingerprint,
    load_snapshot,
    put_in_force,
    shelve_snapshot,
)
from knowledge.selectors import gate_questions, stored_knowledge, stored_record
from knowledge.services import changes_store

log = logging.getLogger(__name__)

LOOK_EVERY_SECONDS = 0.7


class LintRefused(ValueError):
    """The knowledge has lint errors; ``findings`` names them. Nothing was published."""

    def __init__(self, findings: list[Finding]) -> None:
        super().__init__("; ".join(str(finding) for finding in findings[:10]))
        self.findings = findings


class GateRefused(ValueError):
    """Saved questions would be answered worse; ``verdict`` names them. Nothing was published."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(str(verdict))
        self.verdict = verdict


@dataclass
class Baseline:
    """What the snapshot in force makes of the gate's questions, by text."""

    snapshot: Snapshot
    outcomes: dict[str, Outcome]


class Publisher:
    """Publishes to one shelf; remembers terms, vectors and outcomes between publications.

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
        self._questions = QuestionEncoder(encoder) if encoder else None
        self._baseline: Baseline | None = None

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
        with suppress(SnapshotUnavailable, SnapshotDamaged):
            self._analysed.remember(load_snapshot(self._shelf, current_fingerprint(self._shelf)))
        lint_knowledge(knowledge, self._clock().date())
        build_snapshot(
            documents_of(knowledge), self.recipes(), self._encoder, analysed=self._analysed
        )
        self.warm_gate()

    def warm_gate(self) -> None:
        """Ask the snapshot in force the questions that the next one has to pass."""
        self._before([question.text for question in gate_questions()])

    def publish(self, changes: Sequence[Change] = ()) -> Snapshot:
        """Lint, build, ask the gate, store the changes and put the snapshot in force.

        Raises LintRefused, GateRefused, RecordError. With changes only errors that they bring
        count; without any, what is stored is published as it is, past the gate.
        """
        return self._publish(changes)[0]

    def _publish(self, changes: Sequence[Change]) -> tuple[Snapshot, Verdict]:
        stored, now = stored_knowledge(), self._clock()
        changes = numbered(changes)
        knowledge = overlaid(stored, changes)
        known = _errors(stored, now.date()) if changes else []
        errors = [error for error in _errors(knowledge, now.date()) if error not in known]
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
        verdict = self._judge(snapshot) if changes else Verdict()
        if not verdict.is_passed:
            raise GateRefused(verdict)
        shelve_snapshot(snapshot, self._shelf)
        with transaction.atomic():
            changes_store(changes)
            put_in_force(snapshot.fingerprint, self._shelf)
        if not changes:
            self._baseline = Baseline(snapshot, {})
        return snapshot, verdict

    def _judge(self, snapshot: Snapshot) -> Verdict:
        """Ask the gate; what the new snapshot makes of it is the next baseline if it passes."""
        questions = gate_questions()
        texts = [question.text for question in questions]
        before = self._before(texts)
        if before is None or not questions:
            return Verdict()
        after = Baseline(snapshot, outcomes_of(texts, Matcher(snapshot, self._questions)))
        gone = gone_between(before.snapshot, snapshot)
        right = [rights_of(question.expected, snapshot) for question in questions]
        verdict = compare(questions, before.outcomes, after.outcomes, right, gone)
        if verdict.is_passed:
            self._baseline = after
        return verdict

    def _before(self, texts: Sequence[str]) -> Baseline | None:
        """What the snapshot in force makes of these questions; None if there is none."""
        try:
            current = current_fingerprint(self._shelf)
            if self._baseline is None or self._baseline.snapshot.fingerprint != current:
                self._baseline = Baseline(load_snapshot(self._shelf, current), {})
        except (SnapshotUnavailable, SnapshotDamaged):
            return None
        baseline = self._baseline
        with suppress(EncoderUnavailable):
            if self._questions:
                self._questions.remember(texts)
        if new := [text for text in texts if text not in baseline.outcomes]:
            matcher = Matcher(baseline.snapshot, self._questions)
            baseline.outcomes.update(outcomes_of(new, matcher))
        return baseline

    def run(self, stop: threading.Event) -> None:
        """Carry out wishes until ``stop`` is set, first those a killed process left running."""
        is_begun = False
        while not stop.wait(LOOK_EVERY_SECONDS):
            try:
                if not is_begun:
                    self.resume()
                    is_begun = True
                    with giving_way():
                        self.warm()
                    keep_out_of_rounds()
                if self.fulfil_next():
                    with giving_way():
                        self.warm_gate()
                    keep_out_of_rounds()
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
        claimed = list(wishes.order_by("id"))
        mine = Publication.objects.filter(id__in=[each.pk for each in claimed])
        if not mine.filter(state=Publication.State.REQUESTED).update(
            state=Publication.State.RUNNING
        ):
            return None
        with giving_way():
            self._carry_out(claimed)
        wish.refresh_from_db()
        return wish

    def _carry_out(self, wishes: Sequence[Publication]) -> None:
        """Publish wishes together; if that is refused, halve them, so that only the bad one fails.

        Wishes without changes ask for what is stored, which any publication brings.
        """
        mine = Publication.objects.filter(id__in=[wish.pk for wish in wishes])
        try:
            changes = [change_of(each) for wish in wishes for each in wish.changes]
            snapshot, verdict = self._publish(changes)
        except (LintRefused, GateRefused, RecordError) as error:
            half = len(wishes) // 2
            if half and any(wish.changes for wish in wishes):
                self._carry_out(wishes[:half])
                self._carry_out(wishes[half:])
            else:
                _note_failure(mine, error)
                log.error("publication refused: %s", error)
        except Exception as error:
            _note_failure(mine, error)
            raise
        else:
            _, figures = verdict.plain()
            mine.update(
                state=Publication.State.LIVE,
                fingerprint=snapshot.fingerprint,
                figures=figures,
                finished_at=timezone.now(),
            )


def numbered(changes: Iterable[Change]) -> list[Change]:
    """Return the changes with the versions that their items will have; the last of each counts."""
    last = {(change.kind, change.record_id): change for change in changes}
    found = []
    for change in last.values():
        content = change.content
        if change.kind == ITEM and content is not None:
            held = stored_record(ITEM, change.record_id)
            version = held.content["version"] if held else 0
            is_same = held is not None and contents_equal(held.content, content)
            content = {**content, "version": version if is_same else version + 1}
        found.append(replace(change, content=content))
    return found


def _errors(knowledge: KnowledgeFiles, today: date) -> list[Finding]:
    return [f for f in lint_knowledge(knowledge, today) if f.level == "error"]


def _note_failure(publications: QuerySet[Publication], error: Exception) -> None:
    broken: list[Any] = []
    figures: dict[str, Any] = {}
    if isinstance(error, GateRefused):
        broken, figures = error.verdict.plain()
    is_refusal = isinstance(error, (LintRefused, GateRefused, RecordError))
    publications.update(
        state=Publication.State.FAILED,
        error=str(error) if is_refusal else f"{UNEXPECTED}{type(error).__name__}",
        broken=broken,
        figures=figures,
        finished_at=timezone.now(),
    )


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
        "terms": {term.word: plain(term) for term in knowledge.terms},
        "places": [plain(place) for place in knowledge.places],
    }
