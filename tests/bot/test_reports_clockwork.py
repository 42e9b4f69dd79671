"""Told in the morning, reminded before it is due, brought to the supervisors when it is late."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from bot import worker
from bot.reports import clockwork, services, states, telling
from bot.reports.clockwork import reports_sweep
from bot.reports.models import Report
from bot.reports.steps import locked
from bot.tasks import queue
from tests.bot.conftest import MONDAY_MORNING, NIGHT
from tests.bot.reporting import MANHOLE, Office, Role, make_office, steps, told

pytestmark = pytest.mark.django_db

THURSDAY = MONDAY_MORNING.replace(day=26)


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Path) -> Office:
    """An office with a clock of its own."""
    return make_office(monkeypatch, settings, tmp_path)


def sweeps(desk: Office, **by: float) -> None:
    """Time passes, and the minute's sweep comes, twice over."""
    desk.later(**by)
    reports_sweep()
    reports_sweep()


def test_what_came_at_night_is_told_when_the_office_opens(desk: Office) -> None:
    desk.now = NIGHT
    report = desk.hears().report
    sweeps(desk, hours=2)
    assert told(desk.grid) == []
    desk.now = MONDAY_MORNING.replace(day=24, hour=9)
    sweeps(desk)
    assert len(told(desk.grid)) == 1
    report.refresh_from_db()
    assert report.told_at == desk.now


def test_whoever_answers_for_it_is_reminded_once_before_it_is_due(desk: Office) -> None:
    report = desk.hears().report
    desk.now = THURSDAY.replace(hour=10)
    sweeps(desk)
    assert len(told(desk.grid)) == 1
    desk.now = THURSDAY.replace(hour=13, minute=31)
    sweeps(desk)
    assert len(told(desk.grid)) == 2
    assert "时限" in told(desk.grid)[-1]
    assert steps(report) == ["open", "assign", "remind"]
    assert told(desk.supervisor) == []


def test_what_is_late_goes_to_the_supervisors_once_and_not_at_night(desk: Office) -> None:
    report = desk.hears().report
    desk.now = THURSDAY.replace(hour=20)
    sweeps(desk)
    assert steps(report) == ["open", "assign"]
    desk.now = THURSDAY.replace(day=27, hour=9)
    sweeps(desk)
    sweeps(desk, hours=1)
    assert ["超过时限" in line for line in told(desk.supervisor)] == [True]
    assert steps(report) == ["open", "assign", "escalate"]


def test_nobody_is_reminded_on_a_holiday(desk: Office) -> None:
    desk.now = MONDAY_MORNING.replace(month=9, day=22, hour=16)
    desk.hears()
    desk.now = MONDAY_MORNING.replace(month=10, day=1)
    sweeps(desk)
    assert len(told(desk.grid)) == 1
    assert told(desk.supervisor) == []


def test_silence_about_what_is_urgent_is_not_borne_for_long(desk: Office) -> None:
    desk.hears(kind=MANHOLE)
    assert len(told(desk.supervisor)) == 1
    sweeps(desk, minutes=29)
    assert len(told(desk.grid)) == 1
    sweeps(desk, minutes=2)
    assert "马上" in told(desk.grid)[-1]
    sweeps(desk, minutes=29)
    assert len(told(desk.supervisor)) == 1
    sweeps(desk, minutes=2)
    assert "没动静" in told(desk.supervisor)[-1]
    assert (len(told(desk.grid)), len(told(desk.supervisor))) == (2, 2)


def test_who_has_begun_with_what_is_urgent_is_left_in_peace(desk: Office) -> None:
    report = desk.hears(kind=MANHOLE).report
    services.report_start(report, desk.grid)
    sweeps(desk, hours=1)
    assert (len(told(desk.grid)), len(told(desk.supervisor))) == (1, 1)


def test_what_is_urgent_is_watched_until_it_is_put_right(desk: Office) -> None:
    report = desk.hears(kind=MANHOLE).report
    sweeps(desk, minutes=31)
    services.report_start(report, desk.grid)
    desk.now = MONDAY_MORNING.replace(hour=13, minute=45)
    sweeps(desk)
    assert steps(report) == ["open", "assign", "remind", "start"]
    desk.now = MONDAY_MORNING.replace(hour=15)
    sweeps(desk)
    assert "马上" in told(desk.grid)[-1]
    desk.now = MONDAY_MORNING.replace(day=24)
    sweeps(desk)
    assert "还没处理好" in told(desk.supervisor)[-1]
    assert steps(report)[3:] == ["start", "remind", "escalate"]


def test_evidence_of_what_is_urgent_does_not_wait_long_to_be_seen(desk: Office) -> None:
    report = desk.hears(kind=MANHOLE).report
    services.report_give_evidence(report, desk.grid, "盖好了", [desk.photo(desk.grid)])
    sweeps(desk, hours=3, minutes=59)
    assert "请核实" in told(desk.supervisor)[-1]
    desk.now = MONDAY_MORNING.replace(hour=14, minute=30)
    sweeps(desk)
    assert "还没核实" in told(desk.supervisor)[-1]
    assert steps(report) == ["open", "assign", "give_evidence", "escalate"]
    services.report_send_back(report, desk.supervisor, "看不清")
    desk.now = MONDAY_MORNING.replace(day=24)
    sweeps(desk)
    assert "马上" in told(desk.grid)[-1]


def test_what_is_given_to_somebody_else_is_told_and_reminded_anew(desk: Office) -> None:
    report = desk.hears(kind=MANHOLE).report
    sweeps(desk, minutes=31)
    services.report_assign(report, desk.supervisor, desk.dispatcher)
    assert len(told(desk.dispatcher)) == 1
    sweeps(desk, minutes=31)
    assert len(told(desk.dispatcher)) == 2


def test_what_nobody_answers_for_finds_somebody_later(desk: Office) -> None:
    for person in (desk.grid, desk.supervisor):
        person.is_active = False
        person.save()
    report = desk.hears().report
    sweeps(desk)
    report.refresh_from_db()
    assert (report.state, report.responsible) == (states.OPENED, None)
    newcomer = desk.hire("小王", Role.GRID, desk.linjiang)
    sweeps(desk, minutes=1)
    report.refresh_from_db()
    assert (report.state, report.responsible) == (states.ASSIGNED, newcomer)
    assert len(told(newcomer)) == 1


def test_the_reports_of_who_has_left_go_to_somebody_else(desk: Office) -> None:
    report = desk.hears().report
    services.report_start(report, desk.grid)
    newcomer = desk.hire("小王", Role.GRID, desk.linjiang)
    desk.grid.is_active = False
    desk.grid.save()
    sweeps(desk)
    report.refresh_from_db()
    assert (report.state, report.responsible) == (states.ASSIGNED, newcomer)


def test_what_a_dispatcher_has_given_to_somebody_meanwhile_stays_hers(
    desk: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = desk.hears().report
    desk.grid.is_active = False
    desk.grid.save()

    def assigned_before(found: Report) -> Report:
        services.report_assign(found, desk.supervisor, desk.dispatcher)
        return locked(found)

    monkeypatch.setattr(clockwork, "locked", assigned_before)
    reports_sweep()
    report.refresh_from_db()
    assert report.responsible == desk.dispatcher


def test_who_takes_it_herself_is_not_told(desk: Office) -> None:
    report = desk.hears().report
    services.report_assign(report, desk.dispatcher, desk.dispatcher)
    sweeps(desk)
    assert told(desk.dispatcher) == []


def test_the_worker_sweeps_every_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    swept: list[str] = []
    monkeypatch.setattr(worker.reports, "reports_sweep", lambda: swept.append("now"))
    due = {task.name: task for task in queue.read_periodic(datetime(2026, 11, 23, 9, 7))}
    due["reports_sweep"].execute()
    assert swept == ["now"]


def test_one_report_that_fails_does_not_stop_the_others(
    desk: Office, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    desk.now = NIGHT
    broken, whole = desk.hears("明发滨江5栋").report, desk.hears("明发滨江8栋").report
    tell = telling.responsible_tell

    def fails(report: Report, now: object) -> None:
        if report.pk == broken.pk:
            raise RuntimeError("no such bell")
        tell(report, now)  # type: ignore[arg-type]

    monkeypatch.setattr(clockwork.telling, "responsible_tell", fails)
    desk.now = MONDAY_MORNING.replace(day=24, hour=9)
    reports_sweep()
    assert [whole.kind_name in line for line in told(desk.grid)] == [True]
    assert broken.number in caplog.text
