"""Who of the staff may do what: one table. What is not in it is refused.

A role reaches as far as its scope: ALL cases; those of its COMMUNITY, those that nobody has routed
to a community yet, and whatever lies anywhere for a role given everywhere; or only the OWN ones.
A wider scope holds the narrower ones, but OTHERS is COMMUNITY without her own. A case about the
staff is for the supervisors alone. Whether a case stands where the step can be taken is not asked
here.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from typing import Any, Final, NamedTuple, TypeVar

from django.core.exceptions import PermissionDenied
from django.db.models import Model, Q, QuerySet

from bot.accounts.models import Staff, StaffRole

Role = StaffRole.Role
C = TypeVar("C", bound=Model)


class Forbidden(PermissionDenied):
    """Somebody of the staff may not do this; the message is a sentence for her."""


class Scope(str, Enum):
    """How far a role reaches."""

    ALL = "all"
    COMMUNITY = "community"
    OTHERS = "others"
    OWN = "own"


class _Grant(NamedTuple):
    """How far one of somebody's roles lets her do something, and in which community."""

    role: Role
    scope: Scope
    community: int | None


class Action(str, Enum):
    """Everything that staff can do."""

    TICKET_VIEW = "ticket_view"
    TICKET_CREATE = "ticket_create"
    TICKET_ACCEPT = "ticket_accept"
    TICKET_REFUSE = "ticket_refuse"
    TICKET_DISPATCH = "ticket_dispatch"
    # Start, suspend, resume, make ready, deliver; materials and evidence on the way.
    TICKET_WORK = "ticket_work"
    TICKET_TAKE_BACK = "ticket_take_back"
    TICKET_CALL_BACK = "ticket_call_back"
    TICKET_END = "ticket_end"
    TICKET_WITHDRAW = "ticket_withdraw"
    TICKET_REOPEN = "ticket_reopen"
    TICKET_CHANGE = "ticket_change"
    RATING_VIEW = "rating_view"
    # Calling back after a bad rating belongs to it.
    RATING_RECTIFY = "rating_rectify"
    REPORT_VIEW = "report_view"
    REPORT_CREATE = "report_create"
    REPORT_ASSIGN = "report_assign"
    # Start, give evidence.
    REPORT_WORK = "report_work"
    # Close, or send back for better evidence.
    REPORT_CLOSE = "report_close"
    REPORT_REFUSE = "report_refuse"
    REPORT_JOIN = "report_join"
    PERSONAL_VIEW = "personal_view"
    CASE_SEARCH = "case_search"
    CASE_EXPORT = "case_export"
    DESK_USE = "desk_use"
    DEADLETTERS_VIEW = "deadletters_view"
    FIGURES_VIEW = "figures_view"
    SHIFTS_EDIT = "shifts_edit"
    GAZETTEER_EDIT = "gazetteer_edit"
    STAFF_EDIT = "staff_edit"
    KNOWLEDGE_VIEW = "knowledge_view"
    KNOWLEDGE_EDIT = "knowledge_edit"
    KNOWLEDGE_REVIEW = "knowledge_review"
    # Trying questions out, and keeping the sets of questions.
    HIT_TEST = "hit_test"
    PROMPTS_EDIT = "prompts_edit"
    AUDIT_VIEW = "audit_view"


_ALL, _COMMUNITY, _OTHERS, _OWN = Scope.ALL, Scope.COMMUNITY, Scope.OTHERS, Scope.OWN

POLICY: Final[dict[Action, dict[Role, Scope]]] = {
    Action.TICKET_VIEW: {
        Role.INTAKE: _COMMUNITY,
        Role.DISPATCHER: _COMMUNITY,
        Role.GRID: _OWN,
        Role.SUPERVISOR: _COMMUNITY,
    },
    # Whoever calls may live anywhere.
    Action.TICKET_CREATE: {
        Role.INTAKE: _ALL,
        Role.DISPATCHER: _ALL,
        Role.GRID: _ALL,
        Role.SUPERVISOR: _ALL,
    },
    Action.TICKET_ACCEPT: {Role.INTAKE: _COMMUNITY},
    Action.TICKET_REFUSE: {Role.INTAKE: _COMMUNITY, Role.DISPATCHER: _COMMUNITY},
    Action.TICKET_DISPATCH: {Role.DISPATCHER: _COMMUNITY, Role.SUPERVISOR: _COMMUNITY},
    Action.TICKET_WORK: {Role.INTAKE: _OWN, Role.DISPATCHER: _OWN, Role.GRID: _OWN},
    Action.TICKET_TAKE_BACK: {Role.DISPATCHER: _COMMUNITY, Role.SUPERVISOR: _COMMUNITY},
    # Not by who did the work; where there is nobody else a supervisor may.
    Action.TICKET_CALL_BACK: {Role.INTAKE: _OTHERS, Role.SUPERVISOR: _COMMUNITY},
    Action.TICKET_END: {Role.DISPATCHER: _COMMUNITY, Role.SUPERVISOR: _COMMUNITY},
    Action.TICKET_WITHDRAW: {Role.INTAKE: _COMMUNITY, Role.DISPATCHER: _COMMUNITY},
    Action.TICKET_REOPEN: {Role.INTAKE: _COMMUNITY, Role.SUPERVISOR: _COMMUNITY},
    Action.TICKET_CHANGE: {
        Role.INTAKE: _COMMUNITY,
        Role.DISPATCHER: _COMMUNITY,
        Role.GRID: _OWN,
    },
    Action.RATING_VIEW: {
        Role.INTAKE: _COMMUNITY,
        Role.DISPATCHER: _COMMUNITY,
        Role.GRID: _OWN,
        Role.SUPERVISOR: _COMMUNITY,
    },
    Action.RATING_RECTIFY: {
        Role.INTAKE: _OTHERS,
        Role.DISPATCHER: _OTHERS,
        Role.SUPERVISOR: _COMMUNITY,
    },
    Action.REPORT_VIEW: {
        Role.INTAKE: _COMMUNITY,
        Role.DISPATCHER: _COMMUNITY,
        Role.GRID: _OWN,
        Role.SUPERVISOR: _COMMUNITY,
    },
    Action.REPORT_CREATE: {
        Role.INTAKE: _ALL,
        Role.DISPATCHER: _ALL,
        Role.GRID: _ALL,
        Role.SUPERVISOR: _ALL,
    },
    Action.REPORT_ASSIGN: {Role.DISPATCHER: _COMMUNITY, Role.SUPERVISOR: _COMMUNITY},
    Action.REPORT_WORK: {
        Role.INTAKE: _OWN,
        Role.DISPATCHER: _OWN,
        Role.GRID: _OWN,
        Role.SUPERVISOR: _OWN,
    },
    Action.REPORT_CLOSE: {Role.DISPATCHER: _OTHERS, Role.SUPERVISOR: _COMMUNITY},
    Action.REPORT_REFUSE: {
        Role.INTAKE: _COMMUNITY,
        Role.DISPATCHER: _COMMUNITY,
        Role.SUPERVISOR: _COMMUNITY,
    },
    Action.REPORT_JOIN: {
        Role.INTAKE: _COMMUNITY,
        Role.DISPATCHER: _COMMUNITY,
        Role.SUPERVISOR: _COMMUNITY,
    },
    Action.PERSONAL_VIEW: {
        Role.INTAKE: _COMMUNITY,
        Role.DISPATCHER: _COMMUNITY,
        Role.GRID: _OWN,
        Role.SUPERVISOR: _COMMUNITY,
    },
    Action.CASE_SEARCH: {
        Role.INTAKE: _COMMUNITY,
        Role.DISPATCHER: _COMMUNITY,
        Role.GRID: _OWN,
        Role.SUPERVISOR: _COMMUNITY,
    },
    Action.CASE_EXPORT: {Role.DISPATCHER: _COMMUNITY, Role.SUPERVISOR: _COMMUNITY},
    Action.DESK_USE: {Role.INTAKE: _ALL, Role.DISPATCHER: _ALL, Role.SUPERVISOR: _ALL},
    Action.DEADLETTERS_VIEW: {
        Role.INTAKE: _ALL,
        Role.SUPERVISOR: _ALL,
        Role.ADMINISTRATOR: _ALL,
    },
    Action.FIGURES_VIEW: {
        Role.DISPATCHER: _ALL,
        Role.SUPERVISOR: _ALL,
        Role.ANALYST: _ALL,
        Role.ADMINISTRATOR: _ALL,
    },
    Action.SHIFTS_EDIT: {Role.SUPERVISOR: _ALL, Role.ADMINISTRATOR: _ALL},
    Action.GAZETTEER_EDIT: {
        Role.DISPATCHER: _ALL,
        Role.SUPERVISOR: _ALL,
        Role.ADMINISTRATOR: _ALL,
    },
    Action.STAFF_EDIT: {Role.ADMINISTRATOR: _ALL},
    Action.KNOWLEDGE_VIEW: {
        Role.EDITOR: _ALL,
        Role.REVIEWER: _ALL,
        Role.SUPERVISOR: _ALL,
        Role.ANALYST: _ALL,
        Role.ADMINISTRATOR: _ALL,
    },
    Action.KNOWLEDGE_EDIT: {Role.EDITOR: _ALL},
    # What she wrote herself nobody reviews, whatever roles she has (bot.curation).
    Action.KNOWLEDGE_REVIEW: {Role.REVIEWER: _ALL},
    Action.HIT_TEST: {Role.EDITOR: _ALL, Role.REVIEWER: _ALL, Role.ANALYST: _ALL},
    Action.PROMPTS_EDIT: {Role.EDITOR: _ALL, Role.ADMINISTRATOR: _ALL},
    Action.AUDIT_VIEW: {Role.ADMINISTRATOR: _ALL},
}

_VIEWS: Final = {"Ticket": Action.TICKET_VIEW, "Report": Action.REPORT_VIEW}
# The fields in which a case names who works on it.
_IN_CHARGE: Final = ("assignee", "helper", "responsible")
_NONE: Final = Q(pk__in=[])


def may(staff: Staff, action: Action, case: Model | None = None) -> bool:
    """Whether somebody may do something with a case, or, without one, with any case at all.

    Asks for her roles each time; where many answers are wanted, prefetch ``roles``.
    """
    return any(case is None or _reaches(staff, grant, case) for grant in _grants(staff, action))


def require(staff: Staff, action: Action, case: Model | None = None) -> None:
    """Let pass who may; raises Forbidden."""
    if may(staff, action, case):
        return
    is_elsewhere = case is not None and may(staff, action)
    raise Forbidden("这一件不归你办。" if is_elsewhere else "你的账号没有做这件事的权限。")


def cases_visible(staff: Staff, cases: QuerySet[C]) -> QuerySet[C]:
    """Return those of the tickets or reports that somebody may see."""
    return cases_within(staff, _VIEWS[cases.model.__name__], cases)


def cases_within(staff: Staff, action: Action, cases: QuerySet[C]) -> QuerySet[C]:
    """Return those of the tickets or reports with which somebody may do something."""
    within = _NONE
    for grant in _grants(staff, action):
        within |= _reached(cases.model, staff, grant)
    return cases.filter(within)


def _grants(staff: Staff, action: Action) -> Iterator[_Grant]:
    """Return how far each of somebody's roles lets her do something, and in which community."""
    if not staff.is_active:
        return
    allowed = POLICY[action]
    given: list[tuple[str, int | None]] = [(r.role, r.community_id) for r in staff.roles.all()]
    if staff.is_superuser:
        given.append((Role.ADMINISTRATOR, None))
    for role, community in given:
        if scope := allowed.get(Role(role)):
            yield _Grant(Role(role), scope, community)


def _reaches(staff: Staff, grant: _Grant, case: Any) -> bool:
    if grant.role is not Role.SUPERVISOR and getattr(case, "is_about_staff", False):
        return False
    if grant.scope is _ALL:
        return True
    if _is_own(staff, case):
        return grant.scope is not _OTHERS
    is_near = grant.community is None or case.community_id in (None, grant.community)
    return grant.scope is not _OWN and is_near


def _is_own(staff: Staff, case: Any) -> bool:
    return any(getattr(case, f"{name}_id", None) == staff.pk for name in _IN_CHARGE)


def _reached(model: type[Model], staff: Staff, grant: _Grant) -> Q:
    """Say to the database what ``_reaches`` says of one case."""
    fields = {field.name for field in model._meta.get_fields()}
    own = _NONE
    for name in _IN_CHARGE:
        own |= Q(**{name: staff}) if name in fields else _NONE
    near = Q(community=grant.community) | Q(community=None) if grant.community else ~_NONE
    within = {_ALL: ~_NONE, _COMMUNITY: near | own, _OTHERS: near & ~own, _OWN: own}[grant.scope]
    if grant.role is not Role.SUPERVISOR and "is_about_staff" in fields:
        within &= Q(is_about_staff=False)
    return within
