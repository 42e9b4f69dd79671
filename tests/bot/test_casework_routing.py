"""Whose turn it is: by role, community, shift and load; and every look is noted."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from itertools import count
from typing import Any

import pytest

from bot import clock
from bot.accounts.models import Shift, Staff, StaffRole
from bot.casework.looks import look
from bot.casework.models import PersonalLook
from bot.casework.routing import is_on_shift, least_loaded, on_shift
from bot.gazetteer.models import Community
from bot.reports.models import Report
from bot.tickets.models import Ticket
from tests.bot.conftest import MONDAY_MORNING, NIGHT
from tests.people import OFFICE

pytestmark = pytest.mark.django_db

GRID = StaffRole.Role.GRID
INTAKE = StaffRole.Role.INTAKE
SUNDAY = MONDAY_MORNING - timedelta(days=1)
DAY = (time(9), time(17, 30))
NIGHTS = (time(18), time(23))
_numbers = count(1)


@pytest.fixture
def linjiang() -> Community:
    """临江社区."""
    return Community.objects.create(name="临江社区")


@pytest.fixture
def zhenzhulu() -> Community:
    """珍珠路社区."""
    return Community.objects.create(name="珍珠路社区")


def make_staff(
    name: str, community: Community | None = None, role: StaffRole.Role = GRID, **more: Any
) -> Staff:
    """Somebody with a role in a community, or everywhere."""
    staff = Staff.objects.create(username=name, display_name=name, **more)
    StaffRole.objects.create(staff=staff, role=role, community=community)
    return staff


def works(staff: Staff, *, weekday: int | None = None, on: date | None = None,
          hours: tuple[time, time] | None = None, is_off: bool = False) -> Shift:  # fmt: skip
    """A shift of hers."""
    opens, closes = hours or (None, None)
    return Shift.objects.create(
        staff=staff, weekday=weekday, on=on, opens=opens, closes=closes, is_off=is_off
    )


def make_ticket(staff: Staff, opened_at: datetime, closed_at: datetime | None = None) -> Ticket:
    """A ticket that is hers to do."""
    number = f"{next(_numbers):010}"
    return Ticket.objects.create(
        number=number,
        request_key=number,
        channel="web",
        item_id="MZ10",
        item_name="老年人优待证办理",
        mode="代办",
        reason="elderly",
        phone_digest="",
        assignee=staff,
        opened_at=opened_at,
        closed_at=closed_at,
        due_at=opened_at,
        changed_at=opened_at,
    )


def make_report(staff: Staff, opened_at: datetime) -> Report:
    """A report that she answers for."""
    number = f"{next(_numbers):010}"
    return Report.objects.create(
        number=number,
        request_key=number,
        source="resident",
        kind_id="R02",
        kind_name="垃圾没人清",
        responsible_role="网格员",
        due_working_days=3,
        responsible=staff,
        opened_at=opened_at,
        due_at=opened_at,
        changed_at=opened_at,
    )


def test_who_has_no_shifts_works_while_the_office_is_open() -> None:
    assert is_on_shift([], MONDAY_MORNING)
    assert not is_on_shift([], MONDAY_MORNING.replace(hour=12, minute=30))
    assert not is_on_shift([], SUNDAY)
    assert is_on_shift([], datetime(2026, 10, 10, 10, tzinfo=OFFICE))


def test_weekly_shifts_hold_on_their_days_and_take_the_place_of_the_offices_hours() -> None:
    shifts = [Shift(weekday=0, opens=NIGHTS[0], closes=NIGHTS[1]), Shift(weekday=6)]
    assert is_on_shift(shifts, NIGHT)
    assert not is_on_shift(shifts, MONDAY_MORNING)
    assert not is_on_shift(shifts, NIGHT + timedelta(days=1))


def test_a_shift_without_hours_is_the_offices_hours_of_that_day() -> None:
    assert is_on_shift([Shift(weekday=0)], MONDAY_MORNING)
    assert not is_on_shift([Shift(weekday=0)], NIGHT)


def test_a_dates_own_shifts_go_before_the_weekly_ones() -> None:
    weekly = Shift(weekday=0, opens=DAY[0], closes=DAY[1])
    evening = Shift(on=MONDAY_MORNING.date(), opens=NIGHTS[0], closes=NIGHTS[1])
    assert not is_on_shift([weekly, evening], MONDAY_MORNING)
    assert is_on_shift([weekly, evening], NIGHT)
    assert is_on_shift([weekly, evening], MONDAY_MORNING + timedelta(days=7))


def test_who_is_away_for_a_day_is_back_on_the_next() -> None:
    away = Shift(on=MONDAY_MORNING.date(), is_off=True)
    assert not is_on_shift([away], MONDAY_MORNING)
    assert is_on_shift([away], MONDAY_MORNING + timedelta(days=1))


def test_on_a_holiday_only_who_has_a_shift_for_that_date_works() -> None:
    national_day = datetime(2026, 10, 1, 10, tzinfo=OFFICE)
    weekly = Shift(weekday=3, opens=DAY[0], closes=DAY[1])
    assert is_on_shift([weekly], national_day - timedelta(days=7))
    assert not is_on_shift([weekly], national_day)
    on_duty = Shift(on=national_day.date(), opens=time(9), closes=time(12))
    assert is_on_shift([weekly, on_duty], national_day)


def test_on_a_weekend_day_that_is_worked_everybody_works_as_the_office_does() -> None:
    worked = datetime(2026, 10, 10, 10, tzinfo=OFFICE)
    weekdays = [Shift(weekday=n, opens=DAY[0], closes=DAY[1]) for n in range(5)]
    assert is_on_shift(weekdays, worked)
    assert not is_on_shift(weekdays, worked.replace(hour=20))
    assert not is_on_shift(weekdays, worked + timedelta(days=7))
    assert not is_on_shift([*weekdays, Shift(weekday=5, opens=time(14), closes=time(17))], worked)
    assert not is_on_shift([*weekdays, Shift(on=worked.date(), is_off=True)], worked)


def test_a_role_covers_its_community_or_every_one(
    linjiang: Community, zhenzhulu: Community
) -> None:
    here = make_staff("here", linjiang, INTAKE)
    make_staff("there", zhenzhulu, INTAKE)
    anywhere = make_staff("anywhere", None, INTAKE)
    make_staff("grid", linjiang, GRID)
    make_staff("gone", linjiang, INTAKE, is_active=False)
    assert on_shift("intake", linjiang, MONDAY_MORNING) == [here, anywhere]
    assert on_shift("intake", linjiang, NIGHT) == []


def test_only_who_works_now_is_on_shift(linjiang: Community) -> None:
    at_night, away = make_staff("night", linjiang), make_staff("away", linjiang)
    usual = make_staff("usual", linjiang)
    works(at_night, weekday=0, hours=NIGHTS)
    works(away, on=MONDAY_MORNING.date(), is_off=True)
    assert on_shift("grid", linjiang, MONDAY_MORNING) == [usual]
    assert on_shift("grid", linjiang, NIGHT) == [at_night]


def test_the_one_with_the_fewest_open_cases_is_next(linjiang: Community) -> None:
    busy, free = make_staff("busy", linjiang), make_staff("free", linjiang)
    make_ticket(busy, MONDAY_MORNING)
    make_report(busy, MONDAY_MORNING)
    make_report(free, MONDAY_MORNING)
    # What is done does not weigh.
    for _ in range(3):
        make_ticket(free, MONDAY_MORNING, closed_at=MONDAY_MORNING)
    assert least_loaded("grid", linjiang, MONDAY_MORNING) == free
    make_report(free, MONDAY_MORNING)
    make_report(free, MONDAY_MORNING)
    assert least_loaded("grid", linjiang, MONDAY_MORNING) == busy


def test_among_equals_it_is_who_waited_longest_and_newcomers_come_first(
    linjiang: Community,
) -> None:
    first, second, third = (make_staff(name, linjiang) for name in ("a", "b", "c"))
    assert least_loaded("grid", linjiang, MONDAY_MORNING) == first
    make_ticket(first, MONDAY_MORNING - timedelta(hours=1), closed_at=MONDAY_MORNING)
    make_report(second, MONDAY_MORNING - timedelta(days=2))
    make_ticket(third, MONDAY_MORNING - timedelta(days=1))
    make_ticket(first, MONDAY_MORNING - timedelta(days=9))
    assert least_loaded("grid", linjiang, MONDAY_MORNING) == second
    newcomer = make_staff("d", linjiang)
    assert least_loaded("grid", linjiang, MONDAY_MORNING) == newcomer


def test_who_is_on_shift_goes_before_who_has_less_to_do(linjiang: Community) -> None:
    on_duty, at_home = make_staff("duty", linjiang), make_staff("home", linjiang)
    works(on_duty, weekday=0, hours=NIGHTS)
    make_ticket(on_duty, MONDAY_MORNING)
    assert least_loaded("grid", linjiang, NIGHT) == on_duty
    assert least_loaded("grid", linjiang, MONDAY_MORNING) == at_home


def test_when_nobody_works_it_is_still_somebody_of_the_community(
    linjiang: Community, zhenzhulu: Community
) -> None:
    elsewhere = make_staff("elsewhere", zhenzhulu)
    anywhere = make_staff("anywhere", None)
    assert least_loaded("grid", linjiang, NIGHT) == anywhere
    here = make_staff("here", linjiang)
    works(anywhere, weekday=0, hours=NIGHTS)
    assert least_loaded("grid", linjiang, NIGHT) == here
    assert least_loaded("grid", None, NIGHT) == anywhere
    assert least_loaded("grid", zhenzhulu, MONDAY_MORNING) == elsewhere


def test_a_case_of_no_known_community_is_for_whoever_sorts_but_not_for_any_grid_worker(
    linjiang: Community,
) -> None:
    here = make_staff("here", linjiang, INTAKE)
    make_staff("grid", linjiang, GRID)
    assert on_shift("intake", None, MONDAY_MORNING) == [here]
    assert least_loaded("intake", None, MONDAY_MORNING) == here
    assert least_loaded("grid", None, MONDAY_MORNING) is None
    anywhere = make_staff("anywhere", None, INTAKE)
    make_ticket(anywhere, MONDAY_MORNING)
    assert on_shift("intake", None, MONDAY_MORNING) == [anywhere, here]
    assert least_loaded("intake", None, MONDAY_MORNING) == anywhere


def test_when_nobody_has_the_role_a_person_must_choose(
    linjiang: Community, zhenzhulu: Community
) -> None:
    make_staff("elsewhere", zhenzhulu)
    make_staff("gone", linjiang, is_active=False)
    assert least_loaded("grid", linjiang, MONDAY_MORNING) is None
    assert least_loaded("grid", None, MONDAY_MORNING) is None


def test_whose_turn_it_is_costs_the_same_however_many_there_are(
    linjiang: Community, django_assert_num_queries: Any
) -> None:
    for number in range(8):
        make_ticket(make_staff(f"grid-{number}", linjiang), MONDAY_MORNING)
    with django_assert_num_queries(4):
        least_loaded("grid", linjiang, MONDAY_MORNING)


def test_every_look_at_personal_data_is_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: MONDAY_MORNING)
    staff = Staff.objects.create(username="xiaoli", display_name="小李")
    look(staff, "2611230047", "phone")
    look(staff, "2611230047", "phone")
    noted = PersonalLook.objects.all()
    assert [(n.number, n.what, n.staff, n.looked_at) for n in noted] == [
        ("2611230047", "phone", staff, MONDAY_MORNING)
    ] * 2
