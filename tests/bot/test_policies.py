"""The permission matrix: every role × every action × whose case it is. What is not granted is denied."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

import pytest

from bot.accounts.models import Staff, StaffRole
from bot.accounts.policies import (
    POLICY,
    Action,
    Forbidden,
    Role,
    cases_visible,
    cases_within,
    may,
    require,
)
from bot.gazetteer.models import Community
from bot.reports.models import Report
from bot.tickets.models import Ticket
from tests.bot.conftest import MONDAY_MORNING

pytestmark = pytest.mark.django_db

# a: every case, c: those of the role's community, x: these without her own, o: her own, -: none.
MATRIX = """
action            intake dispatcher grid supervisor editor reviewer analyst administrator
ticket_view       c c o c - - - -
ticket_create     a a a a - - - -
ticket_accept     c - - - - - - -
ticket_refuse     c c - - - - - -
ticket_dispatch   - c - c - - - -
ticket_work       o o o - - - - -
ticket_take_back  - c - c - - - -
ticket_call_back  x - - c - - - -
ticket_end        - c - c - - - -
ticket_withdraw   c c - - - - - -
ticket_reopen     c - - c - - - -
ticket_change     c c o - - - - -
rating_view       c c o c - - - -
rating_rectify    x x - c - - - -
report_view       c c o c - - - -
report_create     a a a a - - - -
report_assign     - c - c - - - -
report_work       o o o o - - - -
report_close      - x - c - - - -
report_refuse     c c - c - - - -
report_join       c c - c - - - -
personal_view     c c o c - - - -
case_search       c c o c - - - -
case_export       - c - c - - - -
desk_use          a a - a - - - -
deadletters_view  a - - a - - - a
figures_view      - a - a - - a a
shifts_edit       - - - a - - - a
gazetteer_edit    - a - a - - - a
staff_edit        - - - - - - - a
knowledge_view    - - - a a a a a
knowledge_edit    - - - - a - - -
knowledge_review  - - - - - a - -
hit_test          - - - - a a a -
prompts_edit      - - - - a - - a
audit_view        - - - - - - - a
"""
(_, *COLUMNS), *ROWS = (line.split() for line in MATRIX.strip().split("\n"))
LETTERS = {
    (action, role): letter
    for action, *letters in ROWS
    for role, letter in zip(COLUMNS, letters, strict=True)
}
# Which cases each letter lets a role of 临江社区 reach, and the same role given everywhere.
REACH = {
    "a": {"own", "community", "foreign", "unrouted", "none"},
    "c": {"own", "community", "unrouted", "none"},
    "x": {"community", "unrouted", "none"},
    "o": {"own", "none"},
    "-": set(),
}
CASES = ("own", "community", "foreign", "unrouted", "none")


@dataclass(frozen=True)
class Office:
    """Two communities and their cases."""

    linjiang: Community
    zhenzhulu: Community
    colleague: Staff

    def ticket(self, whose: str, staff: Staff) -> Ticket:
        """Her own lies in the other community: it was given to her all the same."""
        where = {"community": self.linjiang, "foreign": self.zhenzhulu, "own": self.zhenzhulu}
        return Ticket(
            community=where.get(whose), assignee=staff if whose == "own" else self.colleague
        )

    def report(self, whose: str, staff: Staff) -> Report:
        """As for tickets."""
        ticket = self.ticket(whose, staff)
        return Report(community=ticket.community, responsible=ticket.assignee)


@pytest.fixture
def office() -> Office:
    """临江社区, 珍珠路社区, and a colleague who has all the other cases."""
    return Office(
        Community.objects.create(name="临江社区"),
        Community.objects.create(name="珍珠路社区"),
        make_staff("colleague"),
    )


def make_staff(name: str, role: str = "", community: Community | None = None, **more: Any) -> Staff:
    """Somebody, with a role or without."""
    staff = Staff.objects.create(username=name, display_name=name, **more)
    if role:
        StaffRole.objects.create(staff=staff, role=role, community=community)
    return staff


def stored(office: Office, staff: Staff) -> Iterator[Ticket]:
    """A ticket of each sort in the database."""
    for number, whose in enumerate(CASES[:-1]):
        ticket = office.ticket(whose, staff)
        ticket.number = ticket.request_key = f"261123{number:04}"
        ticket.opened_at = ticket.due_at = ticket.changed_at = MONDAY_MORNING
        ticket.save()
        yield ticket


def reached(office: Office, staff: Staff, action: Action) -> set[str]:
    """On whose cases she may do it; tickets and reports are judged alike."""
    found = set()
    for whose in CASES:
        cases = (
            (None, None)
            if whose == "none"
            else (office.ticket(whose, staff), office.report(whose, staff))
        )
        answers = {may(staff, action, case) for case in cases}
        assert len(answers) == 1, whose
        found |= {whose} if answers.pop() else set()
    return found


def test_the_matrix_names_every_role_and_every_action() -> None:
    assert list(Role.values) == COLUMNS
    assert {action for action, _ in LETTERS} == {action.value for action in Action}
    assert set(POLICY) == set(Action)


@pytest.mark.parametrize(("action", "role"), list(product(Action, Role.values)))
def test_a_role_of_a_community_reaches_what_the_matrix_says(
    office: Office, action: Action, role: str
) -> None:
    staff = make_staff("xiaoli", role, office.linjiang)
    assert reached(office, staff, action) == REACH[LETTERS[action.value, role]]


@pytest.mark.parametrize(("action", "role"), list(product(Action, Role.values)))
def test_a_role_given_everywhere_reaches_every_community(
    office: Office, action: Action, role: str
) -> None:
    letter = LETTERS[action.value, role]
    staff = make_staff("xiaoli", role)
    everywhere = {"c": REACH["a"], "x": REACH["a"] - {"own"}}
    assert reached(office, staff, action) == everywhere.get(letter, REACH[letter])


@pytest.mark.parametrize("action", Action)
def test_an_account_without_a_role_may_nothing(office: Office, action: Action) -> None:
    staff = make_staff("newcomer")
    assert reached(office, staff, action) == set()


@pytest.mark.parametrize("action", Action)
def test_a_superuser_is_an_administrator_and_nothing_more(office: Office, action: Action) -> None:
    staff = make_staff("root", is_superuser=True)
    assert reached(office, staff, action) == REACH[LETTERS[action.value, "administrator"]]


@pytest.mark.parametrize("action", Action)
def test_who_has_left_may_nothing_whatever_she_was(office: Office, action: Action) -> None:
    staff = make_staff("gone", is_active=False, is_superuser=True)
    for role in Role.values:
        StaffRole.objects.create(staff=staff, role=role)
    assert reached(office, staff, action) == set()
    assert not cases_visible(staff, Ticket.objects.all())


def test_who_helps_with_a_ticket_works_on_it_as_her_own(office: Office) -> None:
    helper = make_staff("helper", "grid", office.linjiang)
    ticket = office.ticket("foreign", helper)
    assert not may(helper, Action.TICKET_WORK, ticket)
    ticket.helper = helper
    assert may(helper, Action.TICKET_WORK, ticket)
    assert not may(helper, Action.TICKET_DISPATCH, ticket)


def test_what_she_did_herself_she_does_not_judge_unless_she_is_a_supervisor(
    office: Office,
) -> None:
    staff = make_staff("xiaoli", "intake", office.linjiang)
    ticket = office.ticket("community", staff)
    ticket.helper = staff
    assert not may(staff, Action.TICKET_CALL_BACK, ticket)
    assert not may(staff, Action.RATING_RECTIFY, ticket)
    StaffRole.objects.create(staff=staff, role="supervisor", community=office.linjiang)
    assert may(staff, Action.TICKET_CALL_BACK, ticket)


@pytest.mark.parametrize(("action", "role"), list(product(Action, Role.values)))
def test_a_case_about_the_staff_is_for_supervisors_alone(
    office: Office, action: Action, role: str
) -> None:
    staff = make_staff("xiaoli", role)
    about = [office.report(whose, staff) for whose in CASES[:-1]]
    for report in about:
        report.is_about_staff = True
    wanted = [role == "supervisor" and may(staff, action, report) for report in about]
    assert [may(staff, action, report) for report in about] == wanted


def test_two_roles_reach_as_far_as_both_together(office: Office) -> None:
    staff = make_staff("xiaoli", "intake", office.linjiang)
    StaffRole.objects.create(staff=staff, role="grid", community=office.zhenzhulu)
    assert may(staff, Action.TICKET_ACCEPT, office.ticket("community", staff))
    assert may(staff, Action.TICKET_WORK, office.ticket("own", staff))
    assert not may(staff, Action.TICKET_ACCEPT, office.ticket("foreign", staff))


def test_what_is_refused_is_said_in_a_sentence(office: Office) -> None:
    intake = make_staff("xiaoli", "intake", office.linjiang)
    require(intake, Action.TICKET_ACCEPT, office.ticket("community", intake))
    with pytest.raises(Forbidden, match="这一件不归你办"):
        require(intake, Action.TICKET_ACCEPT, office.ticket("foreign", intake))
    with pytest.raises(Forbidden, match="没有做这件事的权限"):
        require(intake, Action.STAFF_EDIT)
    with pytest.raises(Forbidden, match="没有做这件事的权限"):
        require(intake, Action.TICKET_DISPATCH, office.ticket("community", intake))


@pytest.mark.parametrize("role", ["", *Role.values])
@pytest.mark.parametrize("is_everywhere", [True, False])
def test_a_list_shows_exactly_what_may_be_reached_one_by_one(
    office: Office, role: str, *, is_everywhere: bool
) -> None:
    staff = make_staff("xiaoli", role, None if is_everywhere else office.linjiang)
    tickets = list(stored(office, staff))
    for action in Action:
        wanted = {ticket.pk for ticket in tickets if may(staff, action, ticket)}
        found = cases_within(staff, action, Ticket.objects.all())
        assert {ticket.pk for ticket in found} == wanted, action


def test_a_list_of_reports_shows_whose_responsible_one_is_but_not_what_is_about_staff(
    office: Office,
) -> None:
    grid = make_staff("grid", "grid", office.linjiang)
    for number, whose in enumerate(("own", "community", "foreign", "own")):
        report = office.report(whose, grid)
        report.is_about_staff = number == 3
        report.number = report.request_key = f"261123{number:04}"
        report.opened_at = report.due_at = report.changed_at = MONDAY_MORNING
        report.due_working_days = 3
        report.save()
    assert [report.number for report in cases_visible(grid, Report.objects.all())] == ["2611230000"]


def test_asking_often_costs_one_query_when_the_roles_are_fetched_before(
    office: Office, django_assert_num_queries: Any
) -> None:
    made = make_staff("xiaoli", "supervisor", office.linjiang)
    ticket = office.ticket("community", made)
    with django_assert_num_queries(2):
        staff = Staff.objects.prefetch_related("roles").get(pk=made.pk)
        assert sum(may(staff, action, ticket) for action in Action) > 10
