"""From the stored rows to the snapshot in force; a knowledge with errors changes nothing."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from knowledge import publishing, services
from knowledge.changes import Change
from knowledge.files import KnowledgeFiles
from knowledge.gate import Outcome
from knowledge.models import Publication, Question, QuestionSet, ServiceItem
from knowledge.publishing import LintRefused, Publisher, records_of
from knowledge.record import plain
from knowledge.search.matcher import Matcher
from knowledge.search.recipe import Recipe, Recipes, load_recipe, save_fitted
from knowledge.search.reranker import CrossEncoderReranker
from knowledge.search.snapshot import current_fingerprint, load_snapshot
from tests.people import OFFICE, LetterEncoder, altered, tiny

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=OFFICE)


@pytest.fixture
def release(shipped: KnowledgeFiles) -> KnowledgeFiles:
    """Two guides and a handful of other records, loaded; the gate asks nothing yet."""
    files = replace(tiny(shipped, "SB13", "GG08"), gate_questions=[])
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


def test_a_process_that_has_just_begun_encodes_nothing_that_is_in_force(
    release: KnowledgeFiles, shelf: Path
) -> None:
    Publisher(shelf, LetterEncoder(), lambda: NOON).publish()
    encoder = LetterEncoder()
    begun = Publisher(shelf, encoder, lambda: NOON)
    begun.warm()
    assert encoder.asked == 0
    begun.publish([edited(release, aliases=["蓝皮小折子"])])
    assert 0 < encoder.asked < 10


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

    monkeypatch.setattr("knowledge.publishing.shelve_snapshot", full)
    wish = services.publication_request("小李")
    with pytest.raises(OSError, match="disk full"):
        publisher.fulfil_next()
    wish.refresh_from_db()
    assert (wish.state, wish.error) == (Publication.State.FAILED, "unexpected OSError")


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


# Changes that come with a wish


def edited(release: KnowledgeFiles, item_id: str = "SB13", **changes: Any) -> Change:
    """A guide with some fields replaced."""
    return Change("item", item_id, plain(altered(release.items[item_id], **changes)))


def gate_asks(text: str, *expected: str) -> None:
    """One question that every publication has to pass."""
    gate, _ = QuestionSet.objects.get_or_create(name="必过", is_gate=True)
    Question.objects.create(set=gate, text=text, expected=list(expected))


def test_changes_are_stored_and_live_with_the_publication(
    publisher: Publisher, release: KnowledgeFiles, shelf: Path
) -> None:
    publisher.publish()
    change = edited(release, aliases=["蓝皮小折子"])
    wish = services.publication_request("小李", "改名", [change.plain()])
    publisher.fulfil_next()
    wish.refresh_from_db()
    assert wish.state == Publication.State.LIVE
    assert load_snapshot(shelf).records["items"]["SB13"]["aliases"] == ["蓝皮小折子"]
    row = ServiceItem.objects.get(pk="SB13")
    assert [alias.text for alias in row.aliases.all()] == ["蓝皮小折子"]
    assert (row.version, row.edited) == (release.items["SB13"].version + 1, True)
    assert publisher.is_up_to_date()


def test_the_same_once_more_is_no_new_version(
    publisher: Publisher, release: KnowledgeFiles
) -> None:
    change = edited(release, aliases=["蓝皮小折子"])
    first = publisher.publish([change])
    assert publisher.publish([change]).fingerprint == first.fingerprint


def test_what_lint_refuses_is_not_stored(
    publisher: Publisher, release: KnowledgeFiles, shelf: Path
) -> None:
    before = publisher.publish().fingerprint
    bad = edited(release, handling__visits__reason="")
    wish = services.publication_request("小李", "", [bad.plain()])
    publisher.fulfil_next()
    wish.refresh_from_db()
    assert wish.state == Publication.State.FAILED
    assert "visit-reason" in wish.error
    assert ServiceItem.objects.get(pk="SB13").visits_reason
    assert current_fingerprint(shelf) == before


def test_an_error_that_was_there_before_does_not_stand_in_the_way(
    publisher: Publisher, release: KnowledgeFiles, shelf: Path
) -> None:
    publisher.publish()
    ServiceItem.objects.filter(pk="GG08").update(visits_reason="")
    publisher.publish([edited(release, aliases=["蓝皮小折子"])])
    assert load_snapshot(shelf).records["items"]["SB13"]["aliases"] == ["蓝皮小折子"]


def test_the_gate_tells_what_it_found(
    publisher: Publisher, release: KnowledgeFiles, shelf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "社保卡补办"
    gate_asks(name, "SB13")
    before = publisher.publish().fingerprint
    publisher.warm_gate()

    def astray(texts: Sequence[str], matcher: Matcher) -> dict[str, Outcome]:
        return {text: Outcome("answer", ("GG08",), ("公交卡",)) for text in texts}

    monkeypatch.setattr("knowledge.publishing.outcomes_of", astray)
    change = edited(release, aliases=["蓝皮小折子"])
    wish = services.publication_request("小李", "", [change.plain()])
    publisher.fulfil_next()
    wish.refresh_from_db()
    assert wish.state == Publication.State.FAILED
    assert [(b["text"], b["expected"], b["after"]) for b in wish.broken] == [
        (name, ["SB13"], ["GG08"])
    ]
    assert wish.figures["before"]["right_first"] == 1
    assert wish.figures["after"]["answered_wrong"] == 1
    assert name in wish.error
    assert current_fingerprint(shelf) == before
    assert ServiceItem.objects.get(pk="SB13").version == release.items["SB13"].version


def test_the_baseline_is_asked_once(
    publisher: Publisher, release: KnowledgeFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    plainly = publishing.outcomes_of

    def counted(texts: Sequence[str], matcher: Matcher) -> dict[str, Outcome]:
        asked.append(len(texts))
        return plainly(texts, matcher)

    monkeypatch.setattr("knowledge.publishing.outcomes_of", counted)
    gate_asks(release.items["SB13"].name, "SB13")
    publisher.publish()
    publisher.warm_gate()
    publisher.publish([edited(release, aliases=["蓝皮小折子"])])
    publisher.publish([edited(release, aliases=["蓝折子"])])
    assert asked == [1, 1, 1]  # in force, and each new one


def test_of_several_wishes_only_the_bad_one_fails(
    publisher: Publisher, release: KnowledgeFiles
) -> None:
    publisher.publish()
    good = edited(release, "GG08", aliases=["绿皮小本子"])
    bad = edited(release, handling__visits__reason="")
    wishes = [
        services.publication_request("小李", "", [good.plain()]),
        services.publication_request("小王", "", [bad.plain()]),
        services.publication_request("小张"),
    ]
    publisher.fulfil_next()
    for wish in wishes:
        wish.refresh_from_db()
    assert [wish.state for wish in wishes] == ["live", "failed", "live"]


def test_what_cannot_be_put_in_force_is_not_stored(
    publisher: Publisher, release: KnowledgeFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    publisher.publish()

    def full(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("knowledge.publishing.put_in_force", full)
    with pytest.raises(OSError, match="disk full"):
        publisher.publish([edited(release, aliases=["蓝皮小折子"])])
    assert ServiceItem.objects.get(pk="SB13").version == release.items["SB13"].version
