"""Whatever anybody does in whatever order: no forbidden step, a whole log, times that hold."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from unittest import mock

import pytest
from django.db import transaction
from django.test import override_settings
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from bot.casework.calendar import office_calendar
from bot.casework.life import NotAllowed
from bot.evidence.models import Upload
from bot.reports import services, states
from bot.reports.clockwork import reports_sweep
from bot.reports.errors import ReportError
from bot.reports.models import Report, Reporter
from bot.reports.services import ReportRequest
from tests.bot.reporting import LAMP, MANHOLE, Office
from tests.people import OFFICE

# Before a year's end, before the Spring Festival with its 调休, in the middle of nowhere.
STARTS = [
    datetime(2026, 12, 30, 16, 0, tzinfo=OFFICE),
    datetime(2026, 2, 12, 10, 0, tzinfo=OFFICE),
    datetime(2026, 9, 29, 20, 0, tzinfo=OFFICE),
    datetime(2027, 12, 31, 23, 59, tzinfo=OFFICE),
]
PLACES = ["明发滨江3栋", "明发滨江5栋", "大华锦绣东门", "", "楼下"]


class ReportLife(RuleBasedStateMachine):
    """An office in which everything happens in any order."""

    reporters = Bundle("reporters")

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="evidence-"))
        self.atomic = transaction.atomic()
        self.atomic.__enter__()
        self.settings = override_settings(EVIDENCE_DIR=self.folder)
        self.settings.enable()
        self.office = Office()
        self.clock = mock.patch("bot.clock.now", side_effect=lambda: self.office.now)
        self.clock.start()
        self.due: dict[int, datetime] = {}
        self.was_urgent: dict[int, bool] = {}
        self.keys = 0

    def teardown(self) -> None:
        """Nothing of it stays."""
        self.clock.stop()
        self.settings.disable()
        transaction.set_rollback(True)
        self.atomic.__exit__(None, None, None)
        shutil.rmtree(self.folder)

    @initialize(at=st.sampled_from(STARTS))
    def begins(self, at: datetime) -> None:
        """Some day or other."""
        self.office.now = at

    @rule(target=reporters, place=st.sampled_from(PLACES), kind=st.sampled_from([LAMP, MANHOLE]))
    def reports(self, place: str, kind: object) -> object:
        """A resident reports something; her yes comes twice."""
        self.keys += 1
        request = ReportRequest(kind, place, "坏了")  # type: ignore[arg-type]
        first = services.report_open(request, f"key-{self.keys}", conversation=self.office.talk())
        assert services.report_open(request, f"key-{self.keys}") == first
        return first

    @rule(target=reporters, event=st.integers(0, 5), place=st.sampled_from(PLACES[:2]))
    def alerts(self, event: int, place: str) -> object:
        """A device reports something, perhaps what it has reported before."""
        request = ReportRequest(
            LAMP, place, "", source="device", source_name="camera", source_event_id=str(event)
        )
        return multiple(services.report_open(request, f"camera-{event}"))

    @rule(reporter=reporters)
    def assigns(self, reporter: Reporter) -> None:
        """A supervisor gives it to somebody."""
        self._step(
            "assign",
            reporter,
            lambda r: services.report_assign(r, self.office.supervisor, self.office.grid),
        )

    @rule(reporter=reporters)
    def starts(self, reporter: Reporter) -> None:
        """Whoever answers for it begins."""
        self._step("start", reporter, lambda r: services.report_start(r, r.responsible))

    @rule(reporter=reporters, with_photo=st.booleans())
    def gives_evidence(self, reporter: Reporter, with_photo: bool) -> None:
        """Whoever answers for it says that it is done, and may have a picture."""

        def give(report: Report) -> Report:
            photos = [self.office.photo(report.responsible)] if with_photo else []
            return services.report_give_evidence(report, report.responsible, "好了", photos)

        self._step("give_evidence", reporter, give)

    @rule(reporter=reporters, is_solved=st.booleans())
    def is_put_right(self, reporter: Reporter, is_solved: bool) -> None:
        """Somebody finishes it, and whoever reported it says what she thinks of it."""
        self.gives_evidence(reporter, with_photo=True)
        self.closes(reporter, "换好了")
        self.judges(reporter, is_solved)

    @rule(reporter=reporters)
    def sends_back(self, reporter: Reporter) -> None:
        """A supervisor is not content."""
        self._step(
            "send_back",
            reporter,
            lambda r: services.report_send_back(r, self.office.supervisor, "没拍清楚"),
        )

    @rule(reporter=reporters, answer=st.sampled_from(["换好了", " "]))
    def closes(self, reporter: Reporter, answer: str) -> None:
        """A supervisor is content."""
        self._step(
            "close",
            reporter,
            lambda r: services.report_close(r, self.office.supervisor, answer),
        )

    @rule(reporter=reporters)
    def refuses(self, reporter: Reporter) -> None:
        """It is not ours."""
        self._step(
            "refuse",
            reporter,
            lambda r: services.report_refuse(r, self.office.supervisor, "不归街道", "供电公司"),
        )

    @rule(reporter=reporters, into=reporters)
    def joins(self, reporter: Reporter, into: Reporter) -> None:
        """A supervisor finds that two are one."""
        target = self._report(into)
        self._step(
            "join",
            reporter,
            lambda r: services.report_join(r, self.office.supervisor, target),
        )

    @rule(reporter=reporters, solved=st.booleans())
    def judges(self, reporter: Reporter, solved: bool) -> None:
        """Whoever reported it says whether it is solved."""
        before = self._report(reporter)
        after = services.report_verdict(reporter, solved)
        opens = not solved and before.state == states.CLOSED
        assert after.state == (states.REOPENED if opens else before.state)

    @rule(hours=st.sampled_from([0.2, 1, 5, 24, 24 * 9]))
    def time_passes(self, hours: float) -> None:
        """Time passes, and the sweep comes."""
        self.office.later(hours=hours)
        reports_sweep()

    @invariant()
    def the_log_is_whole(self) -> None:
        """Every report has a log that leads to where it stands, step by allowed step."""
        for report in Report.objects.prefetch_related("events"):
            events = list(report.events.all())
            assert (events[0].step, events[0].before) == ("open", "")
            assert events[-1].after == report.state
            assert all(one.after == two.before for one, two in pairwise(events))
            for event in events[1:]:
                if event.before != event.after:
                    assert states.LIFE.target(event.step, event.before) == event.after

    @invariant()
    def due_times_hold(self) -> None:
        """A due time moves when it opens again or grows urgent, and is the end of working time."""
        for report in Report.objects.all():
            before = self.due.get(report.pk, report.opened_at)
            # An urgent one that joins makes an ordinary one urgent: due at once.
            grew = report.is_urgent and not self.was_urgent.get(report.pk, report.is_urgent)
            assert report.due_at >= before or grew
            self.due[report.pk] = report.due_at
            self.was_urgent[report.pk] = report.is_urgent
            if not report.is_urgent:
                calendar = office_calendar()
                assert calendar.is_working(report.due_at - timedelta(seconds=1))
                assert not calendar.is_working(report.due_at)

    @invariant()
    def what_is_over_says_so(self) -> None:
        """Closed means evidence and an answer; only what is over has an end."""
        for report in Report.objects.all():
            assert (report.closed_at is None) == (report.state in states.OPEN)
            assert (report.joined_to_id is None) == (report.state != states.JOINED)
            if report.state == states.CLOSED:
                assert report.answer
                assert Upload.objects.filter(number=report.number, staff__isnull=False).exists()

    @invariant()
    def everybody_who_reported_is_with_one_that_lives_on(self) -> None:
        """Nobody waits for news of a report that was joined to another."""
        assert not Reporter.objects.filter(report__state=states.JOINED).exists()
        numbers = Reporter.objects.values_list("number", flat=True)
        assert len(numbers) == len(set(numbers))

    def _report(self, reporter: Reporter) -> Report:
        return Reporter.objects.select_related("report__responsible").get(pk=reporter.pk).report

    def _step(self, step: str, reporter: Reporter, do: Callable[[Report], Report]) -> None:
        """Take a step; one that its state forbids, or that lacks something, changes nothing."""
        before = self._report(reporter)
        events = before.events.count()
        if before.responsible is None and step in ("start", "give_evidence"):
            return
        try:
            do(before)
        except (NotAllowed, ReportError) as error:
            if isinstance(error, NotAllowed):
                assert before.state not in states.LIFE.steps[step].sources
            before.refresh_from_db()
            assert before.events.count() == events
        else:
            assert before.state in states.LIFE.steps[step].sources
            state = Report.objects.get(pk=before.pk).state
            assert state == states.LIFE.steps[step].target


@pytest.mark.django_db
def test_nothing_that_anybody_does_in_any_order_breaks_a_reports_life() -> None:
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        ReportLife,
        settings=settings(
            max_examples=30,
            stateful_step_count=30,
            deadline=None,
            # Shrinking walks of thirty steps takes longer than reading one.
            phases=(Phase.explicit, Phase.reuse, Phase.generate),
            suppress_health_check=list(HealthCheck),
        ),
    )
