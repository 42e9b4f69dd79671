"""What happens to the knowledge by itself: the hour that comes, the last day, the review."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from bot.curation import services
from bot.curation.clockwork import curation_sweep
from bot.curation.errors import Unreadable
from bot.curation.models import Revision
from knowledge.files import KnowledgeFiles
from knowledge.models import Publication, ServiceItem
from tests.bot.curating import Desk, bell, make_desk
from tests.bot.ticketing import MONDAY, TurnedClock, turn_clock

pytestmark = pytest.mark.django_db


@pytest.fixture
def office_clock(monkeypatch: pytest.MonkeyPatch) -> TurnedClock:
    """Monday morning, until the test says otherwise."""
    return turn_clock(monkeypatch)


@pytest.fixture
def desk(office_clock: TurnedClock, shipped: KnowledgeFiles, shelf: Path) -> Desk:
    """People, guides, a publisher without an encoder."""
    return make_desk(shipped, shelf)


def test_what_was_approved_for_later_is_published_when_its_hour_has_come(
    desk: Desk, office_clock: TurnedClock
) -> None:
    hour = MONDAY.replace(hour=17)
    revision = services.revision_approve(desk.submitted(), desk.reviewer, effective_at=hour)
    curation_sweep()
    assert not Publication.objects.exists()
    office_clock.now = hour
    curation_sweep()
    curation_sweep()
    assert Publication.objects.count() == 1
    desk.publisher.fulfil_next()
    curation_sweep()
    revision.refresh_from_db()
    assert revision.state == Revision.State.PUBLISHED
    assert ServiceItem.objects.get(pk="SB13").window == "3号窗口"


def test_after_its_last_day_an_item_goes_out_of_service_and_editors_hear(
    desk: Desk, office_clock: TurnedClock
) -> None:
    ServiceItem.objects.filter(pk="SB13").update(effective_until=MONDAY.date())
    curation_sweep()
    assert not Revision.objects.exists()
    office_clock.goes_on(days=1)
    curation_sweep()
    curation_sweep()
    desk.publisher.fulfil_next()
    curation_sweep()
    curation_sweep()
    revision = Revision.objects.get()
    assert (revision.state, revision.action, revision.author) == ("published", "retire", None)
    assert "SB13" not in ServiceItem.objects.answerable().values_list("pk", flat=True)
    assert any("已经上线" in text for text in bell(desk.editor))
    with pytest.raises(Unreadable) as told:
        services.revision_roll_back(revision, desk.editor, to_before=True)
    assert [finding.rule for finding in told.value.findings] == ["expired"]


def test_a_version_that_takes_over_after_the_last_day_is_not_lost(
    desk: Desk, office_clock: TurnedClock
) -> None:
    ServiceItem.objects.filter(pk="SB13").update(effective_until=MONDAY.date())
    midnight = (MONDAY + timedelta(days=1)).replace(hour=0, minute=0)
    revision = services.revision_approve(desk.submitted(), desk.reviewer, effective_at=midnight)
    office_clock.now = midnight
    curation_sweep()
    desk.publisher.fulfil_next()
    revision.refresh_from_db()
    assert not Revision.objects.filter(author=None).exists()
    assert ServiceItem.objects.get(pk="SB13").window == "3号窗口"


def test_what_failed_by_our_own_fault_is_tried_again_the_next_day(
    desk: Desk, office_clock: TurnedClock
) -> None:
    ServiceItem.objects.filter(pk="SB13").update(effective_until=date(2026, 11, 1))
    curation_sweep()
    Publication.objects.update(
        state=Publication.State.FAILED,
        error="unexpected OperationalError",
        finished_at=office_clock(),
    )
    for _ in range(3):
        curation_sweep()
    assert Revision.objects.filter(author=None).count() == 1
    office_clock.goes_on(days=1)
    curation_sweep()
    curation_sweep()
    assert Revision.objects.filter(author=None).count() == 2


def test_somebody_elses_draft_does_not_keep_an_expired_item_alive(
    desk: Desk, office_clock: TurnedClock
) -> None:
    ServiceItem.objects.filter(pk="SB13").update(effective_until=date(2026, 11, 1))
    services.revision_draft(desk.editor, "item", "SB13")
    curation_sweep()
    assert Revision.objects.filter(author=None).count() == 1


def test_editors_are_reminded_of_a_review_on_its_day_and_on_mondays(
    desk: Desk, office_clock: TurnedClock
) -> None:
    ServiceItem.objects.filter(pk="SB13").update(next_review_on=date(2026, 11, 24))
    ServiceItem.objects.filter(pk="GG08").update(next_review_on=None)
    curation_sweep()
    assert bell(desk.editor) == []
    office_clock.goes_on(days=1)
    curation_sweep()
    curation_sweep()
    assert len(bell(desk.editor)) == 1
    assert "到了复核日期" in bell(desk.editor)[0]
    office_clock.goes_on(days=1)
    curation_sweep()
    assert len(bell(desk.editor)) == 1
    office_clock.goes_on(days=5)
    curation_sweep()
    assert len(bell(desk.editor)) == 2
    assert bell(desk.reviewer) == []


def test_one_that_fails_does_not_stop_the_others(
    desk: Desk, office_clock: TurnedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    ServiceItem.objects.update(effective_until=date(2026, 11, 1))

    def only_one(revision: Revision) -> None:
        if revision.record_id == "GG08":
            raise OSError("database away")

    monkeypatch.setattr("bot.curation.clockwork.revision_publish", only_one)
    curation_sweep()
    assert [row.record_id for row in Revision.objects.all()] == ["SB13"]
