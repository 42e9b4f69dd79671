"""The sample's reports: what residents told is wrong, in every state."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final

from bot.casework.digests import phone_digest, place_digest
from bot.casework.models import CaseNumber
from bot.reports import states
from bot.reports.models import Report, Reporter, ReportEvent
from bot.reports.routing import ABOUT_STAFF
from bot.sample.dice import Dice, stored
from bot.sample.errands import Numbers
from bot.sample.people import People
from knowledge.models import Entry

SHARES: Final = {
    states.OPENED: 1.0,
    states.ASSIGNED: 1,
    states.IN_PROGRESS: 2,
    states.EVIDENCE_GIVEN: 1,
    states.REOPENED: 0.5,
    states.CLOSED: 85,
    states.REFUSED: 5,
}
_OPEN_DAYS: Final = 10


def reports_make(dice: Dice, count: int, people: People, numbers: Numbers) -> None:
    """Store so many reports with who reported them and what happened."""
    kinds = list(Entry.objects.filter(kind="report").values_list("entry_id", "content__name"))
    reports = [_report(dice, kinds, people, numbers) for _ in range(count)]
    reports.sort(key=lambda report: report.opened_at)
    given = (
        CaseNumber(number=each.number, kind="report", given_at=each.opened_at) for each in reports
    )
    stored(given, count, "numbers")
    stored(reports, count, "reports")
    stored(_reporters(dice, reports), count, "reports: reporters")
    stored(_events(reports), count * 2, "reports: events")


def _report(
    dice: Dice, kinds: Sequence[tuple[str, str]], people: People, numbers: Numbers
) -> Report:
    state = dice.weighed(SHARES)
    is_open = state in states.OPEN
    opened: datetime = dice.moment(_OPEN_DAYS) if is_open else dice.moment()
    kind_id, kind_name = dice.one(kinds)
    place, number = f"样例苑{dice.lot.randrange(1, 40)}栋", numbers.give(opened)
    changed = dice.later(opened, 24 * 6)
    return Report(
        number=number,
        request_key=f"sample-{number}",
        source=dice.one(Report.Source.values),
        kind_id=kind_id,
        kind_name=kind_name[:40],
        responsible_role="网格员",
        due_working_days=5,
        is_urgent=dice.happens(0.05),
        is_about_staff=kind_id in ABOUT_STAFF,
        sealed_place=place,
        place_digest=place_digest(place),
        sealed_description="楼道里堆着东西，走不过去。",
        community=dice.one([None, *people.communities]),
        state=state,
        responsible=None if state == states.OPENED else dice.one(people.workers),
        opened_at=opened,
        due_at=opened + timedelta(days=7),
        closed_at=None if is_open else changed,
        answer="" if is_open else "已经清走。",
        changed_at=changed,
    )


def _reporters(dice: Dice, reports: Sequence[Report]) -> Iterator[Reporter]:
    for report in reports:
        phone = dice.phone()
        yield Reporter(
            report=report,
            request_key=report.request_key,
            number=report.number,
            sealed_phone=phone,
            phone_digest=phone_digest(phone),
            is_anonymous=False,
            reported_at=report.opened_at,
        )


def _events(reports: Sequence[Report]) -> Iterator[ReportEvent]:
    for report in reports:
        for step, after, at in (
            ("open", states.OPENED, report.opened_at),
            ("assign", report.state, report.changed_at),
        ):
            yield ReportEvent(report=report, step=step, after=after, by="office", happened_at=at)
