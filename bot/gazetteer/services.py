"""What is done with communities and estates: names stay unmistakable, nothing in use goes away."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from bot.audit.models import AuditAction
from bot.audit.services import audit_note
from bot.gazetteer.errors import GazetteerError, NameTaken, StillNeeded
from bot.gazetteer.models import Community, Estate
from bot.gazetteer.selectors import COMMUNITY_SORT, names_of, plain_name
from knowledge.files import load_knowledge
from knowledge.record import Place

LONGEST_NAME = 40
_NAME = re.compile(r"[^\W_][\w（）()·.\-]*")
_HALL = re.compile(r"(?:社区)?(?:党群服务中心|便民服务中心|服务中心|服务站)$")


def community_save(
    name: str,
    others: Sequence[str] = (),
    place_id: str = "",
    *,
    is_active: bool = True,
    community: Community | None = None,
    by: AbstractBaseUser | None = None,
) -> Community:
    """Make a community, or change the one given. Raises GazetteerError.

    ``by`` is who of the staff does it, here and below; None for the terminal.
    """
    community = community or Community()
    with transaction.atomic():
        community.name, community.others = _checked(name, others, community)
        community.place_id, community.is_active = place_id.strip(), is_active
        _noted(community, by, community.place_id, "" if is_active else "停用")
        community.save()
    return community


def community_delete(community: Community, *, by: AbstractBaseUser | None = None) -> None:
    """Delete a community that nothing hangs on. Raises StillNeeded."""
    with transaction.atomic():
        uses = {
            "小区": community.estates.exists(),
            "岗位": community.staff_roles.exists(),
            "代办单": community.tickets.exists(),
            "诉求": community.reports.exists(),
        }
        if used := "、".join(what for what, is_used in uses.items() if is_used):
            raise StillNeeded(f"“{community}”下面还有{used}，不能删；不用了请停用。")
        audit_note(AuditAction.PLACE_DELETE, by, community.name)
        community.delete()


def estate_save(
    name: str,
    community: Community,
    others: Sequence[str] = (),
    *,
    estate: Estate | None = None,
    by: AbstractBaseUser | None = None,
) -> Estate:
    """Make an estate, or change the one given. Raises GazetteerError."""
    estate = estate or Estate()
    with transaction.atomic():
        estate.name, estate.others = _checked(name, others, estate)
        estate.community = community
        _noted(estate, by, community.name)
        estate.save()
    return estate


def estate_delete(estate: Estate, *, by: AbstractBaseUser | None = None) -> None:
    """Delete an estate; cases keep the community they were routed to."""
    with transaction.atomic():
        audit_note(AuditAction.PLACE_DELETE, by, estate.name, estate.community.name)
        estate.delete()


def gazetteer_seed(places: Iterable[Place] | None = None) -> int:
    """Make the communities of the published places if there are none; returns how many.

    Without ``places``, those that ship.
    """
    if Community.objects.exists():
        return 0
    found = load_knowledge().places if places is None else places
    halls = [place for place in found if place.kind == "community"]
    with transaction.atomic():
        for hall in halls:
            name = _HALL.sub("", hall.name).removesuffix(COMMUNITY_SORT) + COMMUNITY_SORT
            community = community_save(name, place_id=hall.place_id)
            for estate in hall.estates:
                estate_save(estate, community)
    return len(halls)


def _noted(entry: Community | Estate, by: AbstractBaseUser | None, *more: str) -> None:
    """Note what is about to be saved."""
    done = AuditAction.PLACE_ADD if entry.pk is None else AuditAction.PLACE_CHANGE
    audit_note(done, by, entry.name, " ".join(filter(None, ["、".join(entry.others), *more])))


def _checked(name: str, others: Sequence[str], entry: Community | Estate) -> tuple[str, list[str]]:
    """Return the names tidied. Raises GazetteerError for one that is none, or somebody else's."""
    name, tidied = name.strip(), list(dict.fromkeys(other.strip() for other in others))
    given = [name, *(other for other in tidied if other and other != name)]
    for one in given:
        if len(one) > LONGEST_NAME or not _NAME.fullmatch(one):
            raise GazetteerError(
                f"名称要有字，最多{LONGEST_NAME}个，只用文字、数字、括号和短横：“{one}”不行。"
            )
    wanted = {plain_name(one) for one in given}
    entries: list[Community | Estate] = [*Community.objects.all(), *Estate.objects.all()]
    for other in entries:
        is_self = type(other) is type(entry) and other.pk == entry.pk
        if not is_self and (taken := wanted & set(names_of(other))):
            raise NameTaken(f"“{taken.pop()}”已经是“{other}”的名字了，一个名字只能指一个地方。")
    return given[0], given[1:]
