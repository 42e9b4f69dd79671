"""How much of each guide is filled in and confirmed, and how it does with residents.

A gap is a field that the guide needs and that says nothing. Who asked for it comes from the daily
counts of the last days.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Final

from django.db.models import Count, Exists, Model, OuterRef, Q, QuerySet, Sum

from bot.figures import counting
from bot.figures.models import DailyFigure
from bot.figures.tables import Cell, Share
from bot.figures.window import Window
from knowledge.models import (
    Alias,
    Amount,
    Condition,
    Confusion,
    Faq,
    Fee,
    LegalBasis,
    Material,
    Phrasing,
    ProcessStep,
    ServiceItem,
)

LOOKED_BACK_DAYS: Final = 90
SOON_DAYS: Final = 60
PAGE: Final = 40
MOST_PAIRS: Final = 30
STATES: Final = {"outline": "只有名字", "draft": "草稿", "published": "在用"}
FULL, EMPTY, NEEDLESS = "有", "空", "不用"


def _has(model: type[Model]) -> Q:
    return Q(Exists(model._default_manager.filter(item_id=OuterRef("pk")).order_by()))


@dataclass(frozen=True)
class Field:
    """A part of a guide: when it is filled in, and which guides need it (all without a rule)."""

    name: str
    label: str
    filled: Q
    needed: Q = field(default_factory=Q)

    @property
    def gap(self) -> Q:
        """Which guides need it and lack it."""
        return self.needed & ~self.filled


FIELDS: Final = (
    Field("conditions", "条件", _has(Condition)),
    Field("materials", "材料", _has(Material)),
    Field("process", "流程", _has(ProcessStep)),
    Field(
        "days",
        "时限",
        Q(promised_days__isnull=False) | Q(statutory_days__isnull=False),
        Q(case_type="承诺件"),
    ),
    Field("fee", "收费", Q(charged=False) | (Q(charged=True) & _has(Fee))),
    Field("amount", "标准", _has(Amount), Q(item_type="行政给付")),
    Field("where", "窗口", ~Q(window="") | ~Q(places=[])),
    Field("phone", "电话", ~Q(consult_phone="")),
    Field("basis", "依据", _has(LegalBasis)),
    Field("brief", "念的话", ~Q(voice_brief="")),
    Field("faq", "常见问题", _has(Faq)),
    Field("aliases", "叫法", _has(Alias)),
    Field("phrasings", "问法", _has(Phrasing)),
)
_COUNTED: Final = (
    counting.ITEM,
    counting.HELPFUL,
    counting.UNHELPFUL,
    counting.ITEM_HANDED,
)


@dataclass(frozen=True)
class Look:
    """One way to look at the guides."""

    name: str
    label: str


LOOKS: Final = (
    Look("", "全部事项"),
    Look("gaps", "有空着的"),
    Look("unverified", "还没核实"),
    Look("expiring", f"{SOON_DAYS}天内到期或该复查"),
    Look("unasked", f"{LOOKED_BACK_DAYS}天没人问"),
    *(Look(f"gap-{each.name}", f"空着：{each.label}") for each in FIELDS),
)


@dataclass(frozen=True)
class Covered:
    """A guide on the map: one cell a field, and how it does."""

    item: ServiceItem
    cells: tuple[str, ...]
    until: date | None
    is_late: bool
    asked: int
    helpful: Share
    handed: Share

    @property
    def verified(self) -> str:
        """Whether somebody compared it with its source, in words."""
        if self.item.verified:
            return "已核实"
        return "核实之后改过" if self.item.verified_on else "待核实"

    def plain(self) -> tuple[Cell, ...]:
        """Return the row of a file."""
        item = self.item
        state = STATES.get(item.state, item.state)
        until = str(self.until or "")
        head = (item.item_id, item.name, item.category, state, self.verified, until)
        return (*head, *self.cells, self.asked, self.helpful, self.handed)


COLUMNS: Final = (
    *("编号", "事项", "类别", "状态", "核实", "到期或复查"),
    *(each.label for each in FIELDS),
    *("问题", "有用率", "转人工率"),
)


@dataclass(frozen=True)
class Pair:
    """Two guides that residents' questions stand between; ``is_told_apart`` if a guide says how."""

    one: str
    other: str
    times: int
    is_told_apart: bool


@dataclass(frozen=True)
class Summary:
    """How many guides, and how many of them lack what."""

    items: int
    unverified: int
    expiring: int
    gaps: dict[str, int]


def looked_back(today: date) -> Window:
    """Return the days of which residents' questions are counted."""
    return Window(today - timedelta(days=LOOKED_BACK_DAYS - 1), today)


def items_wanted(look: str, category: str, today: date) -> QuerySet[ServiceItem]:
    """Return the guides that are not retired, looked at in one of ``LOOKS``, by id."""
    rows = ServiceItem.objects.exclude(state="retired").order_by("item_id")
    if category:
        rows = rows.filter(category=category)
    return rows.filter(_wanted(look, today))


def _wanted(look: str, today: date) -> Q:
    if look == "gaps":
        return _any(each.gap for each in FIELDS)
    if look == "unverified":
        return Q(verified=False)
    if look == "expiring":
        return _expiring(today)
    if look == "unasked":
        return ~Q(Exists(_asked(today)))
    return _any([each.gap for each in FIELDS if look == f"gap-{each.name}"] or [Q()])


def _any(conditions: Iterable[Q]) -> Q:
    found = Q()
    for each in conditions:
        found |= each
    return found


def _expiring(today: date) -> Q:
    soon = today + timedelta(days=SOON_DAYS)
    return Q(effective_until__lte=soon) | Q(next_review_on__lte=soon)


def _asked(today: date) -> QuerySet[DailyFigure]:
    window = looked_back(today)
    return DailyFigure.objects.filter(
        name=counting.ITEM, key=OuterRef("pk"), day__gte=window.first, day__lte=window.last
    ).order_by()


def summary_of(rows: QuerySet[ServiceItem], today: date) -> Summary:
    """Count the gaps of some guides."""
    counts = rows.order_by().aggregate(
        items=Count("pk"),
        unverified=Count("pk", filter=Q(verified=False)),
        expiring=Count("pk", filter=_expiring(today)),
        **{f"gap_{each.name}": Count("pk", filter=each.gap) for each in FIELDS},
    )
    gaps = {each.name: counts[f"gap_{each.name}"] for each in FIELDS}
    return Summary(counts["items"], counts["unverified"], counts["expiring"], gaps)


def page_of(rows: QuerySet[ServiceItem], today: date, after: str = "") -> tuple[list[Covered], str]:
    """Return a page of the map, and the id after which the next one begins (empty on the last)."""
    found = _with_cells(rows.filter(pk__gt=after) if after else rows)
    shown = list(found[: PAGE + 1])
    following = shown[PAGE - 1].pk if len(shown) > PAGE else ""
    return list(_covered(shown[:PAGE], today)), following


def all_of(rows: QuerySet[ServiceItem], today: date) -> Iterator[Covered]:
    """Yield the whole map, a page at a time."""
    after = ""
    while True:
        page, after = page_of(rows, today, after)
        yield from page
        if not after:
            return


def _with_cells(rows: QuerySet[ServiceItem]) -> QuerySet[ServiceItem]:
    filled = {f"filled_{each.name}": each.filled for each in FIELDS}
    needed = {f"needed_{each.name}": each.needed for each in FIELDS if each.needed}
    return rows.annotate(**filled, **needed)


def _covered(items: Sequence[ServiceItem], today: date) -> Iterator[Covered]:
    window = looked_back(today)
    sums: dict[tuple[str, str], int] = defaultdict(int)
    counted = DailyFigure.objects.filter(
        name__in=_COUNTED,
        key__in=[item.pk for item in items],
        day__gte=window.first,
        day__lte=window.last,
    )
    for name, key, value in counted.order_by().values_list("name", "key").annotate(Sum("value")):
        sums[name, key] = value
    for item in items:
        asked, good, bad, handed = (sums[name, item.pk] for name in _COUNTED)
        days = [day for day in (item.effective_until, item.next_review_on) if day]
        until = min(days, default=None)
        yield Covered(
            item,
            tuple(_cell(item, each) for each in FIELDS),
            until,
            until is not None and until <= today + timedelta(days=SOON_DAYS),
            asked,
            Share(good, good + bad),
            Share(min(handed, asked), asked),
        )


def _cell(item: Any, of: Field) -> str:
    if getattr(item, f"filled_{of.name}"):
        return FULL
    return EMPTY if getattr(item, f"needed_{of.name}", True) else NEEDLESS


def pairs_confused(today: date) -> list[Pair]:
    """Return which two guides were asked back about most, the commonest first."""
    window = looked_back(today)
    rows = DailyFigure.objects.filter(
        name=counting.CONFUSED, day__gte=window.first, day__lte=window.last
    )
    sums = rows.order_by().values_list("key").annotate(times=Sum("value"))
    found = [(*key.split("|"), times) for key, times in sums.order_by("-times", "key")[:MOST_PAIRS]]
    ids = {each for one, other, _ in found for each in (one, other)}
    told = set(
        Confusion.objects.filter(item__in=ids, other__in=ids)
        .order_by()
        .values_list("item_id", "other")
    )
    return [
        Pair(one, other, times, bool({(one, other), (other, one)} & told))
        for one, other, times in found
    ]
