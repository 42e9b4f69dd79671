"""From the stored rows to the snapshot in force; a knowledge with errors changes nothing."""

from __future__ import annotations

import threading
from datetime import datetime
from pathlib import Path

import pytest

from knowledge import services
from knowledge.files import KnowledgeFiles
from knowledge.models import Publication, ServiceItem
from knowledge.publishing import LintRefused, Publisher, records_of
from knowledge.search.matcher import Matcher
from knowledge.search.recipe import Recipe, Recipes, load_recipe, save_fitted
from knowledge.search.reranker import CrossEncoderReranker
from knowledge.search.snapshot import current_fingerprint, load_snapshot
from tests.people import OFFICE, LetterEncoder, tiny

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=OFFICE)


@pytest.fixture
def release(shipped: KnowledgeFiles) -> KnowledgeFiles:
    """Two guides and a handful of other records, loaded."""
    files = tiny(shipped, "SB13", "GG08")
    services.knowledge_load(files)
    return files


@pytest.fixture
def publisher(release: KnowledgeFiles, shelf: Path) -> Publisher:
    """A publisher without an encoder, whose clock stands at noon."""
    return Publisher(shelf, None, lambda: NOON)


def break_guide() -> None:
    """Let a guide contradict itself."""
    ServiceItem.objects.filter(pk="SB13").update(visits_reason="")


def test_what_is_stored_is_what_is_published(
    publisher: Publisher, release: KnowledgeFiles, shelf: Path
) -> None:
    publisher.publish()
    snapshot = load_snapshot(shelf)
    assert snapshot.records == records_of(release)
    assert snapshot.published_at == "2026-11-23T12:00:00+08:00"
    assert {d.owner for d in snapshot.documents} >= {*release.catalogue, "nothing"}


def test_an_alias_is_found_as_soon_as_it_is_published(publisher: Publisher, shelf: Path) -> None:
    publisher.publish()
    services.alias_add("SB13", "蓝皮小折子")
    publisher.publish()
    match = Matcher(load_snapshot(shelf)).match("蓝皮小折子")
    assert match.best is not None
    assert match.best.owner == "SB13"


def test_publishing_the_same_again_gives_the_same_fingerprint(publisher: Publisher) -> None:
    assert publisher.publish().fingerprint == publisher.publish().fingerprint


def test_it_is_up_to_date_until_something_changes(publisher: Publisher) -> None:
    assert not publisher.is_up_to_date()
    publisher.publish()
    assert publisher.is_up_to_date()
    services.alias_add("SB13", "看病的卡补办")
    assert not publisher.is_up_to_date()


def test_another_encoder_calls_for_another_publication(publisher: Publisher, shelf: Path) -> None:
    publisher.publish()
    better = Publisher(shelf, LetterEncoder(), lambda: NOON)
    assert not better.is_up_to_date()
    better.publish()
    assert better.is_up_to_date()


def test_without_vectors_it_is_up_to_date_until_the_encoder_loads(
    release: KnowledgeFiles, shelf: Path
) -> None:
    encoder = LetterEncoder(fails=True)
    publisher = Publisher(shelf, encoder, lambda: NOON)
    assert publisher.publish().vectors is None
    assert publisher.is_up_to_date()
    encoder.fails = False
    assert not publisher.is_up_to_date()


def test_what_was_learned_for_an_encoder_is_published_with_it(
    release: KnowledgeFiles, shelf: Path, tmp_path: Path
) -> None:
    plain = Publisher(shelf, LetterEncoder(), lambda: NOON, tmp_path)
    shipped = plain.publish()
    assert shipped.recipe == load_recipe()
    save_fitted(Recipes(Recipe(answer_at=0.7), Recipe(answer_at=0.8), "judge"), tmp_path, "letters")
    assert not plain.is_up_to_date()
    fitted = plain.publish()
    assert (fitted.recipe, fitted.reranked) == (Recipe(answer_at=0.7), None)
    assert plain.is_up_to_date()
    elsewhere = Publisher(shelf, None, lambda: NOON, tmp_path)
    assert elsewhere.publish().recipe == load_recipe()


def test_the_recipe_for_a_re_ranker_goes_along_with_it(
    release: KnowledgeFiles, shelf: Path, tmp_path: Path
) -> None:
    judge = CrossEncoderReranker("nobody/no-such-model")
    learned = Recipes(Recipe(answer_at=0.7), Recipe(answer_at=0.8), judge.fingerprint)
    save_fitted(learned, tmp_path, "letters")
    publisher = Publisher(shelf, LetterEncoder(), lambda: NOON, tmp_path, judge)
    publisher.publish()
    assert publisher.is_up_to_date()
    snapshot = load_snapshot(shelf)
    assert (snapshot.recipe.answer_at, snapshot.reranker_fingerprint) == (0.7, judge.fingerprint)
    assert snapshot.reranked == Recipe(answer_at=0.8)


def test_a_second_publication_encodes_only_what_is_new(
    release: KnowledgeFiles, shelf: Path
) -> None:
    encoder = LetterEncoder()
    publisher = Publisher(shelf, encoder, lambda: NOON)
    publisher.publish()
    before = encoder.asked
    services.alias_add("SB13", "看病的卡补办")
    publisher.publish()
    assert encoder.asked == before + 1


def test_lint_errors_leave_the_old_snapshot_in_force(publisher: Publisher, shelf: Path) -> None:
    published = publisher.publish()
    break_guide()
    with pytest.raises(LintRefused, match="visit-reason") as refused:
        publisher.publish()
    assert [finding.record for finding in refused.value.findings] == ["SB13"]
    assert current_fingerprint(shelf) == published.fingerprint


def test_a_wish_is_fulfilled_and_notes_what_is_in_force(publisher: Publisher, shelf: Path) -> None:
    wish = services.publication_request("小李")
    done = publisher.fulfil_next()
    assert done is not None
    assert done.pk == wish.pk
    assert done.state == Publication.State.LIVE
    assert done.fingerprint == current_fingerprint(shelf)
    assert done.finished_at is not None


def test_no_wish_no_publication(publisher: Publisher, shelf: Path) -> None:
    assert publisher.fulfil_next() is None
    assert not shelf.exists()


def test_wishes_made_meanwhile_are_fulfilled_together(publisher: Publisher) -> None:
    for clerk in ("小李", "小王", "小张"):
        services.publication_request(clerk)
    publisher.fulfil_next()
    states = set(Publication.objects.values_list("state", flat=True))
    assert states == {Publication.State.LIVE}
    assert publisher.fulfil_next() is None


def test_a_refused_wish_tells_why(publisher: Publisher, shelf: Path) -> None:
    break_guide()
    services.publication_request("小李")
    done = publisher.fulfil_next()
    assert done is not None
    assert done.state == Publication.State.FAILED
    assert "visit-reason" in done.error
    assert not shelf.exists()


def test_a_failure_nobody_named_is_noted_and_passed_on(
    publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("knowledge.publishing.publish_snapshot", full)
    wish = services.publication_request("小李")
    with pytest.raises(OSError, match="disk full"):
        publisher.fulfil_next()
    wish.refresh_from_db()
    assert (wish.state, wish.error) == (Publication.State.FAILED, "disk full")


class TwoLooks(threading.Event):
    """Stops a thread after its second look."""

    looks = 0

    def wait(self, timeout: float | None = None) -> bool:
        self.looks += 1
        return self.looks > 2


def test_a_wish_that_a_killed_process_left_running_is_taken_up(
    publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    wish = services.publication_request("小李")
    Publication.objects.filter(pk=wish.pk).update(state=Publication.State.RUNNING)
    monkeypatch.setattr("knowledge.publishing.close_old_connections", lambda: None)
    publisher.run(TwoLooks())
    wish.refresh_from_db()
    assert wish.state == Publication.State.LIVE


def test_the_thread_outlives_a_failure(
    publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[int] = []

    def fulfil() -> None:
        tried.append(1)
        raise OSError("database away")

    monkeypatch.setattr(publisher, "fulfil_next", fulfil)
    monkeypatch.setattr("knowledge.publishing.close_old_connections", lambda: None)
    publisher.run(TwoLooks())
    assert len(tried) == 2


def test_the_records_of_a_snapshot_cover_the_whole_catalogue(shipped: KnowledgeFiles) -> None:
    records = records_of(shipped)
    assert {*records["items"], *records["outlines"]} == set(shipped.catalogue)
    assert not set(records["items"]) & set(records["outlines"])
    assert len(records["proxy_offered"]) == 18
