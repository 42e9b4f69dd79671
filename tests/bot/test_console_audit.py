"""The page of who changed and looked at what."""

from __future__ import annotations

import csv
import io
from datetime import date, timedelta

import pytest
from django.conf import settings as given
from django.test import Client

from bot.accounts.models import Staff, StaffRole
from bot.audit.models import AuditAction, AuditEntry
from bot.audit.services import audit_note
from bot.casework.looks import look
from bot.casework.models import PersonalLook
from bot.console import audit_rows
from bot.console.audit_rows import Wanted, lines, place_named
from bot.handovers.models import ContactLook, Notice
from tests.bot.ticketing import TurnedClock, make_staff, make_talk, turn_clock

pytestmark = pytest.mark.django_db
Role = StaffRole.Role


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> TurnedClock:
    """Monday morning, until it is told to go on."""
    return turn_clock(monkeypatch)


@pytest.fixture
def boss() -> Staff:
    """The administrator."""
    return make_staff("老王", Role.ADMINISTRATOR)


def sees(staff: Staff, status: int = 200, path: str = "/staff/audit/", **query: str) -> str:
    client = Client()
    client.force_login(staff, given.AUTHENTICATION_BACKENDS[1])
    response = client.get(path, query)
    assert response.status_code == status
    return bytes(response.getvalue()).decode()


def a_call(staff: Staff, clock: TurnedClock) -> None:
    """She looks at a resident's number at the desk."""
    notice = Notice.objects.create(
        conversation=make_talk(), text="好了", created_at=clock.now, key="n1"
    )
    ContactLook.objects.create(notice=notice, staff=staff, looked_at=clock.now)


def some_of_each(boss: Staff, clock: TurnedClock) -> Staff:
    """Changes and looks, a minute between them; returns who looked."""
    li = make_staff("小李", Role.INTAKE)
    audit_note(AuditAction.KNOWLEDGE_SUBMIT, li, "MZ10", "改了材料")
    clock.goes_on(minutes=1)
    look(li, "2611230047", "phone")
    clock.goes_on(minutes=1)
    audit_note(AuditAction.ROLE_GIVE, boss, "小李 (staff1)", "网格员")
    clock.goes_on(minutes=1)
    audit_note(AuditAction.KNOWLEDGE_PUBLISH, None, "第3次")
    return li


def told(wanted: Wanted) -> list[tuple[str, str, str]]:
    return [(line.who, line.done, line.what) for line in lines(wanted)[0]]


def test_changes_and_looks_stand_in_one_list_the_newest_first(
    boss: Staff, clock: TurnedClock
) -> None:
    some_of_each(boss, clock)
    assert told(Wanted()) == [
        ("系统", "发布", "第3次"),
        ("老王", "给岗位", "小李 (staff1)"),
        ("小李", "看个人信息", "261123 0047"),
        ("小李", "送审", "MZ10"),
    ]
    page = sees(boss)
    assert "2026-11-23 09:31:00" in page
    assert "改了材料" in page


def test_a_look_at_a_number_at_the_desk_is_there_too(boss: Staff, clock: TurnedClock) -> None:
    a_call(boss, clock)
    assert [done for _, done, _ in told(Wanted())] == ["看个人信息"]


def test_one_narrows_by_area_person_words_and_day(boss: Staff, clock: TurnedClock) -> None:
    li = some_of_each(boss, clock)
    assert [what for *_, what in told(Wanted(area="knowledge"))] == ["第3次", "MZ10"]
    assert [what for *_, what in told(Wanted(area="look"))] == ["261123 0047"]
    assert [what for *_, what in told(Wanted(staff=li))] == ["261123 0047", "MZ10"]
    assert [what for *_, what in told(Wanted(words="材料"))] == ["MZ10"]
    assert [what for *_, what in told(Wanted(words="261123 0047"))] == ["261123 0047"]
    assert told(Wanted(since=clock.now + timedelta(seconds=1))) == []
    assert len(told(Wanted(until=clock.now))) == 3
    assert "没有这样的记录" in sees(boss, first="2026-11-24")
    assert "MZ10" in sees(boss, first="2026-11-23", last="2026-11-23", area="knowledge")
    assert "MZ10" not in sees(boss, last="2026-11-22")


def test_what_cannot_be_asked_is_told_and_breaks_nothing(boss: Staff) -> None:
    assert "写得不对" in sees(boss, 422, first="yesterday")
    assert "没有这一项" in sees(boss, 422, area="nothing")
    sees(boss, after="x", last=str(date.max))
    assert place_named("1e999-1-1") is None
    assert place_named("1-2") is None


def test_paging_shows_everything_once_even_within_one_moment(
    boss: Staff, clock: TurnedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        audit_note(AuditAction.ROLE_GIVE, boss, f"role {number}")
        look(boss, f"261123000{number}", "phone")
        a_call(boss, clock) if number == 1 else None
    clock.goes_on(seconds=1)
    audit_note(AuditAction.ROLE_GIVE, boss, "role 3")
    everything = [str(line.place) for line in lines(Wanted())[0]]
    monkeypatch.setattr(audit_rows, "PAGE_ROWS", 2)
    seen, behind = [], None
    while True:
        page, behind = lines(Wanted(), behind and place_named(str(behind)))
        seen += [str(line.place) for line in page]
        if behind is None:
            break
    assert seen == everything
    assert len(seen) == 8
    following = sees(boss).split('class="quiet" href="?')[1].split('"')[0]
    assert following.startswith("after=")


def test_the_table_holds_all_rows_harmlessly_and_is_itself_written_down(
    boss: Staff, clock: TurnedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_rows, "PAGE_ROWS", 1)
    audit_note(AuditAction.PLACE_ADD, boss, "=HYPERLINK(1)", "@sum")
    clock.goes_on(minutes=1)
    audit_note(AuditAction.PLACE_ADD, boss, "临江社区")
    clock.goes_on(minutes=1)
    text = sees(boss, path="/staff/audit/audit.csv", area="place").removeprefix("\ufeff")
    header, *rows = csv.reader(io.StringIO(text))
    assert header == ["时间", "谁", "做了什么", "对什么", "怎么改的"]
    assert [row[3:] for row in rows] == [["临江社区", ""], ["'=HYPERLINK(1)", "'@sum"]]
    assert AuditEntry.objects.first().action == AuditAction.EXPORT  # type: ignore[union-attr]


@pytest.mark.parametrize("role", [role for role in Role if role != Role.ADMINISTRATOR])
def test_the_log_is_for_administrators_alone(role: Role) -> None:
    staff = make_staff("有人", role)
    sees(staff, 403)
    sees(staff, 403, path="/staff/audit/audit.csv")


def test_a_page_of_the_log_asks_the_database_a_few_times(
    boss: Staff, clock: TurnedClock, django_assert_max_num_queries: object
) -> None:
    for number in range(150):
        audit_note(AuditAction.ROLE_GIVE, boss, f"role {number}")
        PersonalLook.objects.create(
            number="2611230047", what="phone", staff=boss, looked_at=clock.now
        )
    client = Client()
    client.force_login(boss, given.AUTHENTICATION_BACKENDS[1])
    with django_assert_max_num_queries(12):  # type: ignore[operator]
        client.get("/staff/audit/")
