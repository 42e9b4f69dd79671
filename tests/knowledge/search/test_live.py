"""The matcher in force follows the shelf, and never a damaged snapshot."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from knowledge.search import live
from knowledge.search.errors import SnapshotDamaged, SnapshotUnavailable
from knowledge.search.live import LiveMatcher
from knowledge.search.recipe import Recipe
from knowledge.search.snapshot import build_snapshot, publish_snapshot
from tests.people import page


class Looks(threading.Event):
    """Lets the watch look a number of times, without waiting."""

    def __init__(self, times: int = 1) -> None:
        super().__init__()
        self.left = times

    def wait(self, timeout: float | None = None) -> bool:
        self.left -= 1
        return self.left < 0


def publish(shelf: Path, name: str) -> Path:
    """Put a knowledge of one page in force."""
    return publish_snapshot(build_snapshot([page(name, name)], Recipe(), None), shelf)


def knows(matcher: LiveMatcher) -> str:
    """The one page that the matcher in force knows."""
    return matcher.current().snapshot.documents[0].owner


def test_a_new_publication_is_picked_up(shelf: Path) -> None:
    publish(shelf, "社保卡")
    office = LiveMatcher(shelf)
    assert knows(office) == "社保卡"
    publish(shelf, "居住证")
    office.watch(Looks())
    assert knows(office) == "居住证"


def test_a_question_after_a_publication_starts_the_change(
    shelf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[threading.Thread] = []

    class Told(threading.Thread):
        def start(self) -> None:
            started.append(self)
            super().start()

    monkeypatch.setattr(live.threading, "Thread", Told)
    publish(shelf, "社保卡")
    office = LiveMatcher(shelf)
    assert knows(office) == "社保卡"
    publish(shelf, "居住证")
    monkeypatch.setattr(live, "LOOK_EVERY_SECONDS", -1)
    office.current()
    for thread in started:
        thread.join(timeout=10)
    assert started
    assert knows(office) == "居住证"


def test_a_matcher_in_use_stays_what_it_is(shelf: Path) -> None:
    publish(shelf, "社保卡")
    office = LiveMatcher(shelf)
    in_use = office.current()
    publish(shelf, "居住证")
    office.watch(Looks())
    assert in_use.snapshot.documents[0].owner == "社保卡"


def test_looking_at_an_unchanged_shelf_loads_nothing(shelf: Path) -> None:
    publish(shelf, "社保卡")
    office = LiveMatcher(shelf)
    before = office.current()
    office.watch(Looks(3))
    assert office.current() is before


def test_a_damaged_publication_is_refused_and_the_old_one_stays(
    shelf: Path, caplog: pytest.LogCaptureFixture
) -> None:
    publish(shelf, "社保卡")
    office = LiveMatcher(shelf)
    office.current()
    place = publish(shelf, "居住证")
    (place / "documents.json").write_text("[]", encoding="utf-8")
    office.watch(Looks(3))
    assert knows(office) == "社保卡"
    refused = [r.getMessage() for r in caplog.records if r.levelname == "ERROR"]
    assert len(refused) == 1
    assert place.name in refused[0]


def test_after_a_refusal_the_next_publication_is_taken(shelf: Path) -> None:
    publish(shelf, "社保卡")
    office = LiveMatcher(shelf)
    office.current()
    (publish(shelf, "居住证") / "words.npz").unlink()
    office.watch(Looks())
    publish(shelf, "老年证")
    office.watch(Looks())
    assert knows(office) == "老年证"


def test_nothing_published_is_said_at_the_first_question(shelf: Path) -> None:
    office = LiveMatcher(shelf)
    with pytest.raises(SnapshotUnavailable):
        office.current()
    office.watch(Looks())
    publish(shelf, "社保卡")
    assert knows(office) == "社保卡"


def test_a_first_snapshot_that_is_damaged_is_no_matcher(shelf: Path) -> None:
    (publish(shelf, "社保卡") / "words.npz").unlink()
    with pytest.raises(SnapshotDamaged):
        LiveMatcher(shelf).current()


def test_a_shelf_that_vanishes_leaves_the_matcher_as_it_is(shelf: Path) -> None:
    publish(shelf, "社保卡")
    office = LiveMatcher(shelf)
    office.current()
    (shelf / "CURRENT").unlink()
    office.watch(Looks())
    assert knows(office) == "社保卡"
