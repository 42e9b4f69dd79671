"""Who answers for what: from a kind's responsible role to one account of the office."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.db.models import Q

from bot.accounts.models import Staff, StaffRole
from bot.casework.routing import least_loaded
from bot.gazetteer.models import Community
from knowledge.record import ReportKind

Role = StaffRole.Role

# As kinds name them → who holds the thread in the office. Teams and property managers have no
# account: a dispatcher passes it on and answers for it. A complaint about clerks goes above them.
_ROLES: Final = {
    "网格员": Role.GRID,
    "网格党支部书记": Role.GRID,
    "综合执法大队": Role.DISPATCHER,
    "物业": Role.DISPATCHER,
    "政务通专员": Role.SUPERVISOR,
}
# Wage arrears wait for nobody, though settling them takes its days.
_ESCALATED: Final = frozenset({"R12"})
# What somebody went through at a window: about those who would read it, and hers alone.
ABOUT_STAFF: Final = frozenset({"R13"})


def role_of(responsible_role: str) -> Role:
    """Return the role that answers for a kind; what nobody has sorted goes to the supervisors."""
    return _ROLES.get(responsible_role, Role.SUPERVISOR)


def is_urgent(kind: ReportKind) -> bool:
    """Whether reports of a kind are told at once, at any hour, to the supervisors too."""
    return kind.urgent or kind.kind_id in _ESCALATED


def responsible_for(
    responsible_role: str, community: Community | None, at: datetime
) -> Staff | None:
    """Return the one person who is to answer for it; None if the office has nobody for it."""
    wanted = role_of(responsible_role)
    found = least_loaded(wanted, community, at)
    return found or least_loaded(Role.SUPERVISOR, community, at)


def supervisors_of(community: Community | None) -> list[Staff]:
    """Return the supervisors of a community and those of everywhere."""
    where = Q(community=None) if community is None else Q(community=None) | Q(community=community)
    given = StaffRole.objects.filter(where, role=Role.SUPERVISOR)
    return list(Staff.objects.filter(is_active=True, pk__in=given.values("staff")).order_by("pk"))
