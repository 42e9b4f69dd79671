"""What the pages of reports show, put into words. Knows no request and changes nothing.

Places and phone numbers are masked here; the page opens them one at a time and notes who looked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import Count, Q, QuerySet

from bot import clock
from bot.accounts.models import Staff
from bot.accounts.policies import POLICY, Action, Role, cases_visible, cases_within, may
from bot.casework.digests import phone_digest
from bot.casework.numbers import number_in, spaced_number
from bot.casework.routing import is_on_shift
from bot.console.rows import ago, version_of
from bot.conversations.privacy import mask
from bot.gazetteer.models import Community
from bot.reports import states
from bot.reports.models import Report, Reporter, ReportEvent
from bot.reports.routing import responsible_for
from bot.reports.selectors import uploads_of

SOURCES: Final = {
    "resident": "居民",
    "patrol": "巡查",
    "device": "设备报警",
    "hotline": "热线",
    "staff": "工作人员",
}
VERDICTS: Final = {"solved": "居民说解决了", "unsolved": "居民说没解决", "": "还没评"}
_EVENTS: Final = {
    "open": "登记",
    "urgent": "转为加急",
    "remind": "催办",
    "escalate": "报督办",
    "verdict": "居民评价",
}
_BY: Final = {"resident": "居民", "office": "系统"}
IN_COLUMN: Final = 20
ON_PAGE: Final = 50
SOON: Final = timedelta(hours=24)
# Behind what was said of a joined report that is called otherwise.
_ALSO_AT: Final = re.compile(r"（地点：(.{0,2}).*）$", re.DOTALL)


@dataclass(frozen=True)
class Wanted:
    """Which reports are wanted; ``after`` is the key of the last one on the page before."""

    state: str = ""
    community: int | None = None
    is_mine: bool = False
    is_late: bool = False
    after: str = ""

    @property
    def query(self) -> dict[str, str]:
        """The same as the part of an address behind its question mark."""
        given = {
            "state": self.state,
            "community": str(self.community or ""),
            "mine": "1" if self.is_mine else "",
            "late": "1" if self.is_late else "",
        }
        return {name: value for name, value in given.items() if value}


@dataclass(frozen=True)
class Row:
    """One report in a list."""

    report: Report
    state: str
    where: str
    person: str
    due: str
    look: str

    @property
    def number(self) -> str:
        """The number as it is told."""
        return spaced_number(self.report.number)


@dataclass(frozen=True)
class Column:
    """The reports of one state, as many as the board shows, and how many there are."""

    state: str
    label: str
    rows: Sequence[Row]
    count: int

    @property
    def more(self) -> int:
        """How many are not shown."""
        return self.count - len(self.rows)


@dataclass(frozen=True)
class Voice:
    """One who reported it."""

    reporter: Reporter
    number: str
    phone: str
    channel: str
    verdict: str
    at: datetime


@dataclass(frozen=True)
class Happened:
    """One line of the history."""

    what: str
    who: str
    note: str
    at: datetime


@dataclass(frozen=True)
class Photo:
    """One picture, and who sent it."""

    upload_id: str
    who: str
    at: datetime


def board(staff: Staff, wanted: Wanted) -> dict[str, Any]:
    """Return the open reports in columns by state, what is due first on top."""
    now = clock.now()
    seen = _filtered(staff, wanted, now).filter(state__in=states.OPEN)
    counts = dict(seen.order_by().values_list("state").annotate(number=Count("pk")))
    columns = [
        Column(state, states.LABELS[state], _rows(_due_first(seen, state), now), counts[state])
        for state in states.OPEN
        if counts.get(state)
    ]
    looks = [(c.state, c.count, [(r.report.pk, r.look, r.due, r.person) for r in c.rows])
             for c in columns]  # fmt: skip
    return {"columns": columns, "version": version_of(looks)}


def page_of(staff: Staff, wanted: Wanted) -> dict[str, Any]:
    """Return the reports of one state, a page of them, with the key of the next page."""
    now = clock.now()
    seen = _filtered(staff, wanted, now).filter(state=wanted.state)
    last = int(wanted.after) if wanted.after.isdecimal() else None
    is_open = wanted.state in states.OPEN
    if is_open:
        found = _after_due(seen.order_by("due_at", "pk"), last)[: ON_PAGE + 1]
    else:
        later = seen.filter(pk__lt=last) if last else seen
        found = later.order_by("-pk")[: ON_PAGE + 1]
    rows = _rows(found, now)
    following = str(rows[ON_PAGE - 1].report.pk) if len(rows) > ON_PAGE else ""
    return {"rows": rows[:ON_PAGE], "following": following, "label": states.LABELS[wanted.state]}


def found_by(staff: Staff, words: str) -> list[Row]:
    """Return the reports with a number, with a reporter's phone number, or of a kind."""
    seen = cases_visible(staff, Report.objects.all())
    digits = "".join(character for character in words if character.isdecimal())
    if number := number_in(words):
        seen = seen.filter(Q(number=number) | Q(reporters__number=number))
    elif len(digits) >= len("58880123"):
        seen = seen.filter(reporters__phone_digest=phone_digest(digits))
    else:
        seen = seen.filter(kind_name__contains=words.strip())
    rows = seen.select_related("community", "responsible").distinct().order_by("-pk")
    return _rows(rows[:ON_PAGE], clock.now())


def exported(staff: Staff, wanted: Wanted) -> Iterator[list[object]]:
    """Return the reports she may take away as rows of a table; nobody's name, phone or place."""
    now = clock.now()
    rows = cases_within(staff, Action.CASE_EXPORT, _filtered(staff, wanted, now))
    if wanted.state:
        rows = rows.filter(state=wanted.state)
    counted = rows.annotate(voices=Count("reporters"))
    for report in counted.order_by("-pk").iterator(chunk_size=500):
        yield [
            spaced_number(report.number),
            report.kind_name,
            states.LABELS[report.state],
            _where(report),
            _person(report),
            SOURCES[report.source],
            "是" if report.is_urgent else "",
            _cell(report.opened_at),
            _cell(report.due_at),
            _cell(report.closed_at),
            "是" if _is_late(report, now) else "",
            report.voices,
            report.repeats,
            report.reopened_count,
        ]


EXPORT_HEADER: Final = (
    *("编号", "类别", "状态", "社区", "责任人", "来源", "加急"),
    *("登记时间", "限时", "结束时间", "超期", "反映人数", "重复报警", "重新处理次数"),
)


def report_page(report: Report, staff: Staff, *, is_place_shown: bool = False) -> dict[str, Any]:
    """Return what the page of one report shows, everything personal masked.

    With ``is_place_shown`` the words of its history are not: the caller has noted the look.
    """
    now = clock.now()
    return {
        "report": report,
        "row": _row(report, now),
        "source": SOURCES[report.source],
        "place": _masked_place(report.sealed_place),
        "description": mask(report.sealed_description),
        "voices": [_voice(r) for r in report.reporters.select_related("conversation")],
        "is_place_shown": is_place_shown,
        "happened": [
            _happened(e, is_clear=is_place_shown) for e in report.events.select_related("staff")
        ],
        "photos": [
            Photo(u.upload_id, _sender(u.staff), u.created_at)
            for u in uploads_of(report).select_related("staff")
        ],
        "joined": [spaced_number(each.number) for each in report.joined.all()],
        "is_open": report.state in states.OPEN,
        "may_see_personal": may(staff, Action.PERSONAL_VIEW, report),
        "may_note_verdict": may(staff, Action.REPORT_CLOSE, report)
        and report.state == states.CLOSED,
    }


def row_of(report: Report) -> Row:
    """Return a report as lists show it."""
    return _row(report, clock.now())


def candidates(report: Report) -> list[tuple[int, str]]:
    """Return who may answer for a report, whose turn it is first, with what each has in hand."""
    now = clock.now()
    where = Q(roles__community=None) | Q(roles__community=report.community)
    roles = [Role.SUPERVISOR] if report.is_about_staff else list(POLICY[Action.REPORT_WORK])
    people = (
        Staff.objects.filter(where, is_active=True, roles__role__in=roles)
        .distinct()
        .annotate(in_hand=Count("reports", filter=Q(reports__state__in=states.OPEN), distinct=True))
        .prefetch_related("roles__community", "shifts")
    )
    first = responsible_for(report.responsible_role, report.community, now)
    ordered = sorted(people, key=lambda one: (one != first, one.in_hand, one.pk))
    return [(one.pk, _candidate(one, now, is_first=one == first)) for one in ordered]


def joinable(report: Report, staff: Staff) -> list[tuple[str, str]]:
    """Return open reports that may be about the same, by number."""
    if report.is_about_staff:
        return []
    alike = Q(kind_id=report.kind_id) | Q(community=report.community, community__isnull=False)
    alike &= Q(state__in=states.OPEN, is_about_staff=False)
    rows = cases_visible(staff, Report.objects.filter(alike))
    found = rows.exclude(pk=report.pk).select_related("community").order_by("-opened_at")[:20]
    return [(r.number, f"{r.kind_name} · {_where(r)} · {r.opened_at:%m-%d}") for r in found]


def communities() -> list[Community]:
    """Return the communities that a list can be narrowed to."""
    return list(Community.objects.filter(is_active=True))


def masked_phone(phone: str) -> str:
    """Return a number of which only the beginning and the end are to be read."""
    if not phone:
        return ""
    return f"{phone[:3]}****{phone[-4:]}" if len(phone) > len("58880123") else f"****{phone[-2:]}"


def _masked_place(place: str) -> str:
    return f"{place[:2]}****" if place else ""


def _filtered(staff: Staff, wanted: Wanted, now: datetime) -> QuerySet[Report]:
    rows = cases_visible(staff, Report.objects.select_related("community", "responsible"))
    if wanted.community:
        rows = rows.filter(community=wanted.community)
    if wanted.is_mine:
        rows = rows.filter(responsible=staff)
    if wanted.is_late:
        rows = rows.filter(state__in=states.OPEN, due_at__lte=now)
    return rows


def _due_first(rows: QuerySet[Report], state: str) -> QuerySet[Report]:
    return rows.filter(state=state).order_by("-is_urgent", "due_at", "pk")[:IN_COLUMN]


def _after_due(rows: QuerySet[Report], last: int | None) -> QuerySet[Report]:
    """Return what is due after the last one shown; what is urgent is due at once."""
    shown = Report.objects.filter(pk=last).first() if last else None
    if shown is None:
        return rows
    return rows.filter(Q(due_at__gt=shown.due_at) | Q(due_at=shown.due_at, pk__gt=shown.pk))


def _rows(reports: QuerySet[Report], now: datetime) -> list[Row]:
    return [_row(report, now) for report in reports]


def _row(report: Report, now: datetime) -> Row:
    return Row(
        report=report,
        state=states.LABELS[report.state],
        where=_where(report),
        person=_person(report),
        due=_due(report, now),
        look=_look(report, now),
    )


def _where(report: Report) -> str:
    return report.community.name if report.community else "社区待定"


def _person(report: Report) -> str:
    return report.responsible.display_name if report.responsible else "还没有人"


def _is_late(report: Report, now: datetime) -> bool:
    return report.state in states.OPEN and not report.is_urgent and report.due_at <= now


def _due(report: Report, now: datetime) -> str:
    if report.state not in states.OPEN:
        return f"{clock_words(report.closed_at)}结束" if report.closed_at else ""
    if report.is_urgent:
        waited = ago(report.opened_at, now)
        return "刚刚登记" if waited == "刚刚" else f"登记了{waited}"
    if report.due_at <= now:
        return f"超期{ago(report.due_at, now)}"
    return f"{clock_words(report.due_at)}前办好"


def clock_words(at: datetime) -> str:
    """Return a moment as a clerk writes it."""
    local = at.astimezone(clock.OFFICE_ZONE)
    return f"{local.month}月{local.day}日{local:%H:%M}"


def _look(report: Report, now: datetime) -> str:
    """Return how a report is coloured: by how much it hurries."""
    if report.state not in states.OPEN:
        return "is-closed"
    if report.is_urgent:
        return "is-urgent"
    if report.due_at <= now:
        return "is-late"
    return "is-soon" if report.due_at - now <= SOON else "is-calm"


def _cell(at: datetime | None) -> str:
    return f"{at.astimezone(clock.OFFICE_ZONE):%Y-%m-%d %H:%M}" if at else ""


def _voice(reporter: Reporter) -> Voice:
    return Voice(
        reporter=reporter,
        number=spaced_number(reporter.number),
        phone=masked_phone(reporter.sealed_phone),
        channel="" if reporter.conversation_id is None else "在对话里",
        verdict=VERDICTS.get(reporter.verdict, reporter.verdict),
        at=reporter.reported_at,
    )


def _happened(event: ReportEvent, *, is_clear: bool) -> Happened:
    step = states.LIFE.steps.get(event.step)
    what = step.label if step else _EVENTS.get(event.step, event.step)
    if event.step == "join" and event.before == event.after:
        what = "又有人反映"
    who = event.staff.display_name if event.staff else _BY.get(event.by, event.by)
    note = _note(event)
    if not is_clear:
        note = mask(_ALSO_AT.sub(r"（地点：\1****）", note))
    return Happened(what, who, note, event.happened_at)


def _note(event: ReportEvent) -> str:
    words, _, rest = event.note.partition(" ")
    if event.step == "verdict" and words in VERDICTS:
        return f"{VERDICTS[words]}。{rest}"
    return str(event.note)


def _sender(staff: Staff | None) -> str:
    return staff.display_name if staff else "居民"


def _candidate(person: Any, now: datetime, *, is_first: bool) -> str:
    roles = "、".join(
        f"{given.get_role_display()}{f'·{given.community}' if given.community else ''}"
        for given in person.roles.all()
    )
    present = "在班" if is_on_shift(person.shifts.all(), now) else "不在班"
    advised = "，推荐" if is_first else ""
    return f"{person.display_name}（{roles}，手上{person.in_hand}件，{present}{advised}）"
