"""Figures of tickets and their ratings, of reports, read from the cases themselves."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from typing import Any, Final

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import TruncDate

from bot import clock
from bot.clock import OFFICE_ZONE
from bot.figures.tables import Figure, Head, Row, Share, total_of
from bot.figures.window import Window
from bot.reports import states as report_states
from bot.reports.models import Report
from bot.tickets import states
from bot.tickets.models import Rating, Ticket

SCORES: Final = (5, 4, 3, 2, 1)
NOWHERE: Final = "没分到社区"
NOBODY: Final = "没派人"
Heads = Callable[[Sequence[Row]], Iterator[Head]]
# What is suspended waits for the resident, and is not late.
_RUNNING: Final = tuple(state for state in states.OPEN if state != states.SUSPENDED)


def by_state(_: Window) -> Iterator[Row]:
    """How many tickets stand where."""
    late = Count("pk", filter=Q(state__in=_RUNNING, due_at__lte=clock.now()))
    rows = Ticket.objects.order_by().values_list("state").annotate(count=Count("pk"), late=late)
    found = {state: (count, overdue) for state, count, overdue in rows}
    for state, label in states.LABELS.items():
        count, overdue = found.get(state, (0, 0))
        yield label, count, overdue


def by_day(window: Window) -> Iterator[Row]:
    """How many tickets came and went."""
    opened = _per_step(Ticket.objects.all(), "opened_at", window)
    done = _per_step(Ticket.objects.filter(state__in=states.DONE), "closed_at", window)
    for step in window.steps():
        yield window.name_of(step), opened[step], done[step]


def punctuality(window: Window) -> Iterator[Row]:
    """Whether what was done was done in the promised time, by community."""
    done = _within(Ticket.objects.filter(state__in=states.DONE), "closed_at", window)
    yield from _in_time(done)


def ratings_by_clerk(window: Window) -> Iterator[Row]:
    """How residents rate what each clerk did."""
    yield from _rated(window, "ticket__assignee__display_name", NOBODY)


def ratings_by_community(window: Window) -> Iterator[Row]:
    """How residents rate, by community."""
    yield from _rated(window, "ticket__community__name", NOWHERE)


def rectified(window: Window) -> Iterator[Row]:
    """What became of bad ratings."""
    bad = _latest(window).filter(score__lt=Rating.WORST_GOOD)
    counts = bad.aggregate(
        all=Count("pk"),
        called=Count("pk", filter=Q(called_back_at__isnull=False)),
        done=Count("pk", filter=Q(rectified_at__isnull=False)),
        in_time=Count("pk", filter=Q(rectified_at__lte=F("rectify_due_at"))),
    )
    total = counts["all"]
    yield "差评", total, Share(total, total)
    yield "已回访", counts["called"], Share(counts["called"], total)
    yield "已整改", counts["done"], Share(counts["done"], total)
    yield "按时整改", counts["in_time"], Share(counts["in_time"], total)


def reports_by_state(_: Window) -> Iterator[Row]:
    """How many reports stand where."""
    late = Count("pk", filter=Q(state__in=report_states.OPEN, due_at__lte=clock.now()))
    rows = Report.objects.order_by().values_list("state").annotate(count=Count("pk"), late=late)
    found = {state: (count, overdue) for state, count, overdue in rows}
    for state, label in report_states.LABELS.items():
        count, overdue = found.get(state, (0, 0))
        yield label, count, overdue


def reports_punctuality(window: Window) -> Iterator[Row]:
    """Whether reports were closed in time, by community."""
    closed = Report.objects.filter(state=report_states.CLOSED)
    yield from _in_time(_within(closed, "closed_at", window))


def _in_time(done: QuerySet[Any]) -> Iterator[Row]:
    rows = (
        done.order_by()
        .values_list("community__name")
        .annotate(count=Count("pk"), in_time=Count("pk", filter=Q(closed_at__lte=F("due_at"))))
    )
    for name, count, in_time in sorted(rows, key=lambda row: (-row[1], row[0] or "")):
        yield name or NOWHERE, count, in_time, count - in_time, Share(in_time, count)


def _latest(window: Window) -> QuerySet[Rating]:
    """The newest rating of each ticket that was rated in the window."""
    later = Rating.objects.filter(ticket=OuterRef("ticket"), pk__gt=OuterRef("pk"))
    return _within(Rating.objects.order_by(), "given_at", window).exclude(Exists(later))


def _rated(window: Window, by: str, nobody: str) -> Iterator[Row]:
    counts: dict[str, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for name, score, count in _latest(window).values_list(by, "score").annotate(Count("pk")):
        counts[name or nobody][score] += count
    for name, scores in sorted(counts.items(), key=lambda pair: -sum(pair[1].values())):
        total = sum(scores.values())
        good = sum(scores[score] for score in SCORES if score >= Rating.WORST_GOOD)
        mean = sum(score * count for score, count in scores.items()) / total
        each = [scores[score] for score in SCORES]
        yield name, total, Share(good, total), round(mean, 2), *each


def _within(rows: QuerySet[Any], field: str, window: Window) -> QuerySet[Any]:
    return rows.filter(**{f"{field}__gte": window.begins, f"{field}__lt": window.ends})


def _per_step(rows: QuerySet[Any], field: str, window: Window) -> dict[date, int]:
    days = _within(rows, field, window).order_by()
    found: dict[date, int] = defaultdict(int)
    counted = days.values_list(TruncDate(field, tzinfo=OFFICE_ZONE)).annotate(Count("pk"))
    for day, count in counted:
        found[window.step_of(_date(day))] += count
    return found


def _date(day: date | datetime) -> date:
    return day.date() if isinstance(day, datetime) else day


def _state_heads(labels: dict[str, str], running: tuple[str, ...]) -> Heads:
    names = {labels[state] for state in running}

    def heads(rows: Sequence[Row]) -> Iterator[Head]:
        yield "现在没办完的", total_of([row for row in rows if row[0] in names], 1)
        yield "现在超期的", total_of(rows, 2)

    return heads


def _time_heads(rows: Sequence[Row]) -> Iterator[Head]:
    done = total_of(rows, 1)
    yield "办结", done
    yield "按时率", Share(total_of(rows, 2), done)


def _rating_heads(rows: Sequence[Row]) -> Iterator[Head]:
    shares = [row[2] for row in rows if isinstance(row[2], Share)]
    yield "评价", total_of(rows, 1)
    yield "好评率", Share(sum(each.hits for each in shares), sum(each.of for each in shares))


_SCORE_COLUMNS: Final = tuple(f"{score}分" for score in SCORES)
_RATING_COLUMNS: Final = ("评价", "好评率", "平均分", *_SCORE_COLUMNS)
_TIME_COLUMNS: Final = ("社区", "办结", "按时", "超期", "按时率")

TICKETS: Final = (
    Figure(
        "tickets-by-state",
        "代办单现在到哪一步",
        "现在的全部代办单。超期：过了承诺的时间还没办结；中止的不算。",
        ("状态", "件数", "其中超期"),
        by_state,
        "bars",
        ("件数",),
        heads=_state_heads(states.LABELS, states.OPEN),
        is_now=True,
    ),
    Figure(
        "tickets-by-day",
        "每天的代办单",
        "点单算在点的那天，办结算在送到居民手里的那天。",
        ("日期", "点单", "办结"),
        by_day,
        "line",
        ("点单", "办结"),
    ),
    Figure(
        "tickets-punctuality",
        "代办按时办结",
        "这段时间办结的代办单，办结时没过承诺的时间就算按时。",
        _TIME_COLUMNS,
        punctuality,
        "bars",
        ("按时率",),
        heads=_time_heads,
    ),
    Figure(
        "ratings-by-clerk",
        "好差评：按办理人",
        "一张单只算最后一次评价，3分和3分以上是好评，算在承办的人名下。",
        ("办理人", *_RATING_COLUMNS),
        ratings_by_clerk,
        "bars",
        ("好评率",),
        heads=_rating_heads,
    ),
    Figure(
        "ratings-by-community",
        "好差评：按社区",
        "一张单只算最后一次评价，3分和3分以上是好评，按居民所在的社区数。",
        ("社区", *_RATING_COLUMNS),
        ratings_by_community,
        "bars",
        ("好评率",),
    ),
    Figure(
        "ratings-rectified",
        "差评整改",
        "这段时间的1分、2分评价，有没有回访、整改，是不是在期限里。",
        ("进度", "件数", "占差评"),
        rectified,
        "bars",
        ("件数",),
    ),
)

REPORTS: Final = (
    Figure(
        "reports-by-state",
        "诉求现在到哪一步",
        "现在的全部诉求。超期：过了时限还没办结。",
        ("状态", "件数", "其中超期"),
        reports_by_state,
        "bars",
        ("件数",),
        heads=_state_heads(report_states.LABELS, report_states.OPEN),
        is_now=True,
    ),
    Figure(
        "reports-punctuality",
        "诉求按时办结",
        "这段时间办结的诉求，办结时没过时限就算按时。",
        _TIME_COLUMNS,
        reports_punctuality,
        "bars",
        ("按时率",),
        heads=_time_heads,
    ),
)
