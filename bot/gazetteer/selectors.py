"""In which community does an address lie? By the names of estates and communities in it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from bot.gazetteer.models import Community, Estate
from knowledge.record import plain
from knowledge.search.local_terms import rewriter
from knowledge.selectors import stored_terms

COMMUNITY_SORT = "社区"
_SHORTEST_STEM = 2
_NO_LETTER = re.compile(r"[\W_]+")
# Behind a name, these make another name of it: 临江路 is a road, wherever it leads.
_ROAD = re.compile(r"路|街(?!坊|上|边)|大道|巷|弄")
# A community's short name begins many other names: 临江花园 may lie anywhere.
_ESTATE = re.compile(
    r"[^的这那边里在有是和跟与门口附近旁]{0,3}?(?:花园|家园|新村|新城|公寓|山庄|庄园|大厦|广场|人家|雅居|佳园|国际|半岛|公馆"
    r"|名邸|华府|[苑园府城庭居湾郡邸墅轩阁洲])"
)
_HOUSE = re.compile(r"[0-9零〇一二三四五六七八九十百]+号(?!楼|线)")


@dataclass(frozen=True)
class _Name:
    """What a community or an estate in it is called; ``is_short`` is a community's without 社区."""

    text: str
    community: int
    is_short: bool = False


@dataclass(frozen=True)
class _Found:
    """Where a name stands in an address."""

    start: int
    end: int
    name: _Name

    def holds(self, other: _Found) -> bool:
        """Whether the other's name is only a part of this one."""
        is_longer = self.end - self.start > other.end - other.start
        return is_longer and self.start <= other.start and other.end <= self.end


def community_of(address: str) -> Community | None:
    """Return the community in which an address lies; None if it names none, or several.

    Of names within each other the longest counts, and full names go before a community's short one.
    Where no name stands in it, what people here call a place (local terms) counts too.
    """
    text = plain_name(address)
    found = list(_found_in(text)) or list(_found_in(_in_our_words(text)))
    found = [one for one in found if not any(other.holds(one) for other in found)]
    full = [one for one in found if not one.name.is_short]
    communities = {one.name.community for one in full or found}
    return Community.objects.get(pk=communities.pop()) if len(communities) == 1 else None


def community_named(name: str) -> Community | None:
    """Return the community that is called exactly so, with or without 社区."""
    wanted = plain_name(name)
    for community in Community.objects.all():
        called = {plain_name(one) for one in (community.name, *community.others)}
        if wanted in called | {stem for one in called if (stem := short_name(one))}:
            return community
    return None


def plain_name(text: str) -> str:
    """Return a name or an address without blanks and punctuation, in plain letters and digits."""
    return _NO_LETTER.sub("", unicodedata.normalize("NFKC", text)).lower()


def short_name(name: str) -> str:
    """Return a community's name without 社区, empty if there is no more than that."""
    stem = name.removesuffix(COMMUNITY_SORT)
    return stem if stem != name and len(stem) >= _SHORTEST_STEM else ""


def names_of(entry: Community | Estate) -> list[str]:
    """Return all that a community or estate is called, the plain way."""
    return [plain_name(name) for name in (entry.name, *entry.others)]


def _found_in(text: str) -> Iterator[_Found]:
    for name in _names():
        at = text.find(name.text) if name.text else -1
        while at >= 0:
            end = at + len(name.text)
            if not _goes_on(name, text[end:]):
                yield _Found(at, end, name)
            at = text.find(name.text, at + 1)


def _in_our_words(text: str) -> str:
    return rewriter({term.word: plain(term) for term in stored_terms()})(text)


def _names() -> Iterator[_Name]:
    estates = Estate.objects.filter(community__is_active=True)
    for estate in estates.only("name", "others", "community_id"):
        yield from (_Name(name, estate.community_id) for name in names_of(estate))
    for community in Community.objects.filter(is_active=True):
        for name in names_of(community):
            yield _Name(name, community.pk)
            if stem := short_name(name):
                yield _Name(stem, community.pk, is_short=True)


def _goes_on(name: _Name, rest: str) -> bool:
    """Whether the name is only the beginning of another."""
    if _ROAD.match(rest):
        return True
    if not name.is_short:
        return False
    is_road = _ROAD.search(name.text[-1:]) is not None
    return bool(_ESTATE.match(rest) or (is_road and _HOUSE.match(rest)))
