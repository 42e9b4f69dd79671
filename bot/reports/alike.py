"""Is this the same trouble at the same place? Joined by mistake it is lost: when in doubt, no.

A place is compared as ``normal_place`` writes it. Two descriptions of a place that name different
roads, estates, gates, numbers or sorts of place, or that say something else at the same point, are
different places, however alike they read: one may only say more than the other. A device calls its
place by one name, so that another name is another place.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from difflib import SequenceMatcher
from typing import Final

from django.db.models import Q, QuerySet

from bot.casework.digests import normal_place, place_digest
from bot.gazetteer.models import Community
from bot.gazetteer.selectors import names_of, short_name
from bot.reports.models import Report, Spot
from bot.reports.routing import ABOUT_STAFF
from bot.reports.states import JOINED, OPEN

ALIKE_SCORE: Final = 0.6
ALIKE_WITHIN: Final = timedelta(days=3)

_NAMED = re.compile(
    r"[一-鿿]{2}(?:大道|路|街|巷|弄|桥|花园|家园|新村|新城|公寓|广场|市场|公园|小学|中学"
    r"|幼儿园|医院|超市|工地|[苑庭府城村园庄郡湾])"
)
_MARK = re.compile(
    r"(?:负|地下)?[0-9a-z]+(?:栋|座|单元|室|号|层|楼|期|区|组|门|米|弄)?"
    r"|[甲乙丙丁](?:栋|座|单元|室|楼|区|组)"
    r"|[东南西北前后左右]+(?:门|区|侧|面|边|头|口)"
)
_SORT = re.compile(
    r"小学|中学|幼儿园|菜场|市场|超市|饭店|医院|公园|广场|公交站|地铁站|车库|停车场|工地|大厅"
    r"|楼道|电梯|河边|天桥"
)


def report_alike(
    kind_id: str, place: str, community: Community | None, now: datetime, source_name: str = ""
) -> Report | None:
    """Return the open report of the same kind about the same place, locked; None if there is none.

    Until the caller's transaction ends nobody else can look for one of this kind at this place.
    """
    digest = place_digest(place)
    if not digest or kind_id in ABOUT_STAFF:
        return None
    Spot.objects.update_or_create(kind_id=kind_id, place_digest=digest, defaults={"used_at": now})
    found = _alike(kind_id, place, digest, community, now, source_name)
    if found is None:
        return None
    return Report.objects.select_for_update().get(pk=found.joined_to_id or found.pk)


def _alike(
    kind_id: str,
    place: str,
    digest: str,
    community: Community | None,
    now: datetime,
    source_name: str,
) -> Report | None:
    is_open = Q(state__in=OPEN) | Q(state=JOINED, joined_to__state__in=OPEN)
    rows = Report.objects.filter(is_open, kind_id=kind_id).order_by("pk")
    same = rows.filter(place_digest=digest)
    if source_name and (told := same.filter(source_name=source_name).first()):
        return told
    if not is_specific(place, community):
        return None
    # A place that names its community names it in every report.
    found = same.filter(community=community).first()
    if found or source_name:
        return found
    return _near(rows, place, community, now)


def is_specific(place: str, community: Community | None) -> bool:
    """Whether a place can be found by what is said: “楼下” or a whole community cannot."""
    text = normal_place(place)
    for name in _called(community) if community else ():
        if name in text:
            return text != name
    return community is not None or _NAMED.search(text) is not None


def is_alike(one: str, other: str) -> bool:
    """Whether two descriptions are of the same place."""
    first, second = (normal_place(place).replace("的", "") for place in (one, other))
    if any(_contradict(pattern, first, second) for pattern in (_NAMED, _MARK, _SORT)):
        return False
    matcher = SequenceMatcher(None, first, second, autojunk=False)
    if any(tag == "replace" for tag, *_ in matcher.get_opcodes()):
        return False
    return matcher.ratio() >= ALIKE_SCORE


def _near(
    rows: QuerySet[Report], place: str, community: Community | None, now: datetime
) -> Report | None:
    if community is None:
        return None
    fresh = rows.filter(community=community, opened_at__gte=now - ALIKE_WITHIN)
    for report in fresh.exclude(place_digest=""):
        if is_specific(report.sealed_place, community) and is_alike(report.sealed_place, place):
            return report
    return None


def _called(community: Community) -> list[str]:
    """Return a community's names as they stand in a normal place, the longest first."""
    names = {community.name, *community.others}
    known = {normal_place(name) for name in names}
    known |= {stem for name in names_of(community) if (stem := short_name(name))}
    return sorted(known, key=len, reverse=True)


def _contradict(pattern: re.Pattern[str], first: str, second: str) -> bool:
    """Whether each names something of a sort that the other does not."""
    here, there = set(pattern.findall(first)), set(pattern.findall(second))
    return bool(here - there and there - here)
