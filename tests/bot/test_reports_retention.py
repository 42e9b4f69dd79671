"""What a report keeps of residents goes when its time is over, or, of her phone, at her wish."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bot.conversations import retention
from bot.conversations.erasure import conversation_erase
from bot.conversations.retention import retention_apply
from bot.reports.models import Report, Reporter, ReportEvent, SourceEvent, Spot
from tests.bot.reporting import Office, make_office

pytestmark = pytest.mark.django_db

PHONE = "13900000000"


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Path) -> Office:
    """An office with a clock of its own."""
    monkeypatch.setattr(retention, "PAUSE_SECONDS", 0.0)
    settings.BOT_DATA_DIR = tmp_path
    return make_office(monkeypatch, settings, tmp_path)


def test_ten_years_after_its_end_only_figures_of_a_report_stay(desk: Office) -> None:
    reporter = desk.hears(phone=PHONE)
    desk.closes(reporter.report)
    retention_apply(desk.later(days=3649))
    assert Report.objects.get().sealed_place
    retention_apply(desk.later(days=2))
    report = Report.objects.get()
    assert (report.sealed_place, report.place_digest, report.answer) == ("", "", "")
    assert (report.number, report.kind_name, report.state) == (
        reporter.number,
        "路灯不亮",
        "closed",
    )
    assert set(ReportEvent.objects.values_list("note", flat=True)) == {""}
    assert Reporter.objects.values_list("sealed_phone", "phone_digest").get() == ("", "")


def test_an_open_report_keeps_what_it_needs(desk: Office) -> None:
    desk.hears()
    retention_apply(desk.later(days=3651))
    assert Report.objects.get().sealed_place


def test_what_devices_told_goes_after_a_month(desk: Office) -> None:
    desk.hears(source="device", source_name="camera", source_event_id="1")
    retention_apply(desk.later(days=29))
    assert (SourceEvent.objects.count(), Spot.objects.count()) == (1, 1)
    retention_apply(desk.later(days=2))
    assert (SourceEvent.objects.count(), Spot.objects.count()) == (0, 0)
    assert Report.objects.count() == 1


def test_at_her_wish_her_phone_goes_and_the_report_stays(desk: Office) -> None:
    talk = desk.talk()
    reporter = desk.hears(conversation=talk, phone=PHONE)
    other = desk.hears(phone=PHONE)
    conversation_erase(talk)
    reporter.refresh_from_db()
    other.refresh_from_db()
    assert (reporter.sealed_phone, reporter.phone_digest) == ("", "")
    assert other.sealed_phone == PHONE
    assert Report.objects.get().sealed_description
