"""The list of what residents can be told: search, what is due for review, who changes what."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from bot import clock
from bot.accounts.policies import Action, may
from bot.console.asking import needs, staff_of
from bot.curation.models import Revision
from bot.curation.stamping import is_changed_since
from knowledge.changes import ITEM, KIND_LABELS, TERM, name_of
from knowledge.models import Entry, ServiceItem
from knowledge.record import CATEGORIES

ON_PAGE: Final = 50
EXPIRING_DAYS: Final = 30
STANDS: Final = {
    "": "全部",
    "live": "在用",
    "unverified": "没核实",
    "changed": "核实之后改过",
    "review": "该复核了",
    "expiring": "快到期",
    "retired": "停用",
}


@dataclass(frozen=True)
class Line:
    """One record of the list."""

    kind: str
    record_id: str
    name: str
    category: str
    is_live: bool
    is_verified: bool | None
    is_changed_since: bool
    due: str
    held: Revision | None


@dataclass(frozen=True)
class Wanted:
    """What is looked for."""

    kind: str
    words: str
    category: str
    stand: str
    after: str

    def query(self, **more: str) -> str:
        """The same as the end of an address."""
        said = {"kind": self.kind, "q": self.words, "category": self.category, "due": self.stand}
        return urlencode({name: value for name, value in {**said, **more}.items() if value})


@never_cache
@require_safe
@needs(Action.KNOWLEDGE_VIEW)
def records(request: HttpRequest) -> HttpResponse:
    """Show the records of one kind, fifty a page."""
    if request.GET.get("kind") == TERM:
        return redirect("staff-local-words")
    wanted = _wanted(request)
    found = _items(wanted) if wanted.kind == ITEM else _entries(wanted)
    lines = found[:ON_PAGE]
    shown: dict[str, Any] = {
        "wanted": wanted,
        "lines": _with_revisions(lines, wanted.kind),
        "kinds": [(kind, label) for kind, label in KIND_LABELS.items() if kind != TERM],
        "categories": CATEGORIES,
        "stands": STANDS.items() if wanted.kind == ITEM else [("", "全部"), ("retired", "停用")],
        "following": wanted.query(after=_key(lines[-1])) if len(found) > ON_PAGE else "",
        "may_edit": may(staff_of(request), Action.KNOWLEDGE_EDIT),
        "is_item": wanted.kind == ITEM,
        "waiting": Revision.objects.to_review().count(),
    }
    return render(request, "console/knowledge_list.html", shown)


def _wanted(request: HttpRequest) -> Wanted:
    kind = request.GET.get("kind", ITEM)
    return Wanted(
        kind=kind if kind in KIND_LABELS else ITEM,
        words=request.GET.get("q", "").strip()[:60],
        category=request.GET.get("category", ""),
        stand=request.GET.get("due", ""),
        after=request.GET.get("after", "")[:60],
    )


def _items(wanted: Wanted) -> list[Any]:
    rows: QuerySet[ServiceItem] = ServiceItem.objects.filter(_stands(wanted.stand))
    if wanted.words:
        rows = rows.filter(
            Q(item_id__iexact=wanted.words)
            | Q(name__icontains=wanted.words)
            | Q(short_name__icontains=wanted.words)
            | Q(pk__in=_called(wanted.words))
        )
    if wanted.category in CATEGORIES:
        rows = rows.filter(category=wanted.category)
    if wanted.after:
        rows = rows.filter(item_id__gt=wanted.after)
    fields = ("item_id", "name", "category", "state", "verified", "verified_on", "next_review_on")
    return list(rows.order_by("item_id").values(*fields, "effective_until")[: ON_PAGE + 1])


def _called(words: str) -> QuerySet[Any]:
    aliases: Any = ServiceItem.objects.filter(aliases__text__icontains=words)
    found: QuerySet[Any] = aliases.values("pk")
    return found


def _stands(stand: str) -> Q:
    today, is_live = clock.now().date(), Q(state="published")
    soon = today + timedelta(days=EXPIRING_DAYS)
    return {
        "live": is_live,
        "unverified": is_live & Q(verified=False),
        "changed": is_live & Q(verified=False, verified_on__isnull=False),
        "review": is_live & Q(next_review_on__lte=today),
        "expiring": is_live & Q(effective_until__lte=soon),
        "retired": ~is_live,
    }.get(stand, Q())


def _entries(wanted: Wanted) -> list[Any]:
    rows = Entry.objects.filter(kind=wanted.kind)
    if wanted.stand:
        rows = rows.filter(is_active=wanted.stand != "retired")
    if wanted.words:
        rows = rows.filter(
            Q(entry_id__icontains=wanted.words) | Q(content__name__icontains=wanted.words)
        )
    if wanted.after:
        rows = rows.filter(entry_id__gt=wanted.after)
    return list(rows.order_by("entry_id")[: ON_PAGE + 1])


def _key(row: Any) -> str:
    return str(row["item_id"] if isinstance(row, dict) else row.entry_id)


def _with_revisions(rows: list[Any], kind: str) -> list[Line]:
    ids = [_key(row) for row in rows]
    open_ones = Revision.objects.open().filter(kind=kind, record_id__in=ids, author__isnull=False)
    held = {each.record_id: each for each in open_ones.select_related("editor")}
    today = clock.now().date()
    return [_line(row, kind, held.get(_key(row)), today) for row in rows]


def _line(row: Any, kind: str, held: Revision | None, today: date) -> Line:
    if not isinstance(row, dict):
        name = name_of(kind, row.content)
        return Line(kind, row.entry_id, name, "", row.is_active, None, False, "", held)
    review, until = row["next_review_on"], row["effective_until"]
    due = ""
    if until and until <= today + timedelta(days=EXPIRING_DAYS):
        due = f"{until:%m月%d日}到期"
    elif review and review <= today:
        due = "该复核了"
    is_live = row["state"] == "published"
    name, category, verified = row["name"], row["category"], row["verified"]
    is_stale = is_changed_since(row)
    return Line(kind, row["item_id"], name, category, is_live, verified, is_stale, due, held)
