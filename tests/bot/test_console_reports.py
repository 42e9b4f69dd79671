"""The pages about reports: the board, every step, who is masked, and who sees nothing."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings as given
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from bot.accounts.models import Staff, StaffRole
from bot.casework.models import PersonalLook
from bot.console.csv_files import plain_cell
from bot.console.reports_rows import _EVENTS, SOURCES
from bot.reports import services, states
from bot.reports.models import Report, Reporter
from knowledge.models import Entry
from tests.bot.reporting import LAMP, MANHOLE, MANNERS, Office, make_office, picture

pytestmark = pytest.mark.django_db
Role = StaffRole.Role
BOARD = "/staff/reports/"


@pytest.fixture
def office(monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Path) -> Office:
    """An office with two communities."""
    return make_office(monkeypatch, settings, tmp_path)


class Desk:
    """Somebody of the staff at her computer."""

    def __init__(self, staff: Staff) -> None:
        self.staff = staff
        self.client = Client()
        self.client.force_login(staff, given.AUTHENTICATION_BACKENDS[1])

    def sees(self, path: str = BOARD, status: int = 200, **query: str) -> str:
        """The page at an address."""
        response = self.client.get(path, query)
        assert response.status_code == status, response.content.decode()[-800:]
        return str(response.content.decode())

    def does(self, report: Report, what: str, **fields: Any) -> Any:
        """Press a button of a report's page."""
        return self.client.post(f"{BOARD}{report.number}/{what}", fields)

    def steps(self, report: Report, step: str, **fields: Any) -> Report:
        """Take a step that leads back to the page."""
        response = self.does(report, f"steps/{step}", **fields)
        assert response.status_code == 302, text_of(response)
        report.refresh_from_db()
        return report


def text_of(response: Any) -> str:
    return str(response.content.decode())


def photo() -> SimpleUploadedFile:
    return SimpleUploadedFile("after.png", picture(), "image/png")


def page(report: Report) -> str:
    return f"{BOARD}{report.number}/"


def test_every_source_and_step_of_the_history_has_a_name() -> None:
    assert set(SOURCES) == set(Report.Source.values)
    told = {"open", "urgent", "remind", "escalate", "verdict"}
    assert set(_EVENTS) == told


def test_the_board_groups_by_state_and_puts_what_is_late_first(office: Office) -> None:
    calm = office.hears("明发滨江3栋楼下").report
    office.hears("大华锦绣门口")
    Report.objects.filter(pk=calm.pk).update(due_at=office.now - timedelta(days=1))
    urgent = office.hears("珍珠路路口", MANHOLE).report
    services.report_start(calm, office.grid)
    seen = Desk(office.supervisor).sees()
    assert seen.index("已交办") < seen.index("处理中")
    assert "超期1天" in seen
    assert "加急" in seen[: seen.index(page(urgent)) + 400]
    assert seen.count("is-late") == 1


def test_the_board_says_kindly_that_nothing_is_to_be_done(office: Office) -> None:
    assert "这里没有要办的诉求" in Desk(office.supervisor).sees()


def test_an_unchanged_board_is_not_sent_again(office: Office) -> None:
    report = office.hears().report
    desk = Desk(office.supervisor)
    version = re.search(r'data-version="(\w+)"', desk.sees())
    assert version is not None
    live = f"{BOARD}live/"
    assert desk.client.get(live, {"version": version[1]}).status_code == 204
    services.report_start(report, office.grid)
    assert desk.client.get(live, {"version": version[1]}).status_code == 200


def test_a_stranger_and_a_role_without_reports_read_nothing(office: Office) -> None:
    report = office.hears(phone="13900001111", is_anonymous=False).report
    analyst = Desk(office.hire("小吴", Role.ANALYST))
    for path in (BOARD, f"{BOARD}live/", page(report), f"{BOARD}reports.csv", f"{BOARD}new/"):
        assert Client().get(path).status_code == 302
        assert "不能看" in analyst.sees(path, status=403)
    for what in ("place", "phone", "verdict", "steps/start"):
        assert Client().post(f"{page(report)}{what}").status_code == 302
        assert analyst.does(report, what).status_code == 403
    assert not PersonalLook.objects.exists()


def test_a_grid_worker_sees_her_own_alone(office: Office) -> None:
    other = office.hire("小赵", Role.GRID, office.zhenzhulu)
    hers, others = office.hears().report, office.hears("大华锦绣门口").report
    assert others.responsible == other
    seen = Desk(office.grid).sees()
    assert page(hers) in seen
    assert page(others) not in seen
    assert "这一件不归你办" in Desk(office.grid).sees(page(others), status=403)


def test_a_complaint_about_clerks_stands_on_no_clerks_page(office: Office) -> None:
    reporter = office.hears("临江社区服务大厅", MANNERS, phone="13900001111", is_anonymous=False)
    report = reporter.report
    supervisor = Desk(office.supervisor)
    assert page(report) in supervisor.sees()
    assert "老陈" in supervisor.sees(page(report))
    assert "小周" not in supervisor.sees(page(report))
    for role in (Role.INTAKE, Role.DISPATCHER):
        clerk = Desk(office.hire("窗口的", role, office.linjiang))
        assert page(report) not in clerk.sees()
        assert "这一件不归你办" in clerk.sees(page(report), status=403)
        assert clerk.does(report, "phone", reporter=reporter.number).status_code == 403
        clerk.sees(f"{BOARD}opened/{reporter.number}/", status=404)
        for words in (reporter.number, "13900001111", "窗口"):
            found = clerk.client.post(f"{BOARD}search/", {"words": words})
            assert "没有找到" in text_of(found), words
    dispatcher = Desk(office.dispatcher)
    assert len(exported(dispatcher)) == 1
    other = office.hears().report
    assert report.number not in supervisor.sees(page(other))
    assert not PersonalLook.objects.exists()


def test_filters_narrow_the_board(office: Office) -> None:
    here, there = office.hears().report, office.hears("大华锦绣门口").report
    desk = Desk(office.supervisor)
    assert page(there) not in desk.sees(community=str(office.linjiang.pk))
    assert page(here) in desk.sees(community=str(office.linjiang.pk))
    assert page(here) not in desk.sees(mine="1")
    Report.objects.filter(pk=there.pk).update(due_at=office.now)
    late = desk.sees(late="1")
    assert page(there) in late
    assert page(here) not in late


def test_a_list_goes_on_after_the_last_one_shown(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.console.reports_rows.ON_PAGE", 2)
    reports = [office.hears(f"明发滨江{n}栋楼下").report for n in (1, 3, 5)]
    desk = Desk(office.supervisor)
    seen: list[str] = []
    query = {"state": "assigned"}
    while query:
        found = desk.sees(**query)
        seen += re.findall(r'href="(/staff/reports/\d{10}/)"', found)
        following = re.search(r"after=(\d+)", found)
        query = {"state": "assigned", "after": following[1]} if following else {}
    assert sorted(seen) == sorted(page(report) for report in reports)


def test_a_report_is_found_by_number_phone_and_kind(office: Office) -> None:
    reporter = office.hears(phone="13900001111", is_anonymous=False)
    joined = office.hears(phone="13900002222", is_anonymous=False)
    office.hears("珍珠路路口", MANHOLE)
    desk = Desk(office.supervisor)
    assert joined.report == reporter.report
    number = joined.number
    for words in (reporter.number, f"{number[:6]} {number[6:]}", "139 0000 1111", "路灯"):
        answer = desk.client.post(f"{BOARD}search/", {"words": words})
        assert answer.headers["Location"] == page(reporter.report), words
    assert "没有找到" in text_of(desk.client.post(f"{BOARD}search/", {"words": "13911112222"}))


def test_the_number_of_somebody_who_joined_leads_to_the_report(office: Office) -> None:
    office.hears()
    joined = office.hears()
    assert "谁反映的" in Desk(office.supervisor).sees(f"{BOARD}{joined.number}/")


def test_place_and_phone_are_masked_until_somebody_looks_and_that_is_noted(office: Office) -> None:
    reporter = office.hears(
        phone="13900001111", is_anonymous=False, description="打我电话13900001111"
    )
    desk = Desk(office.grid)
    before = desk.sees(page(reporter.report))
    for hidden in ("13900001111", "明发滨江3栋"):
        assert hidden not in before
        assert hidden not in desk.sees()
    assert "139****1111" in before
    assert "明发滨江3栋" in text_of(desk.does(reporter.report, "place"))
    phone = text_of(desk.does(reporter.report, "phone", reporter=reporter.number))
    assert 'href="tel:13900001111"' in phone
    looks = PersonalLook.objects.order_by("pk").values_list("number", "what", "staff")
    assert list(looks) == [
        (reporter.number, "place", office.grid.pk),
        (reporter.number, "phone", office.grid.pk),
    ]
    assert desk.does(reporter.report, "phone", reporter="0").status_code == 404


def test_where_a_joined_report_lies_is_shown_to_who_looks(office: Office) -> None:
    report = office.hears("明发滨江3栋门口").report
    office.hears("明发滨江3栋大门口", description="灯又灭了")
    desk = Desk(office.grid)
    before = desk.sees(page(report))
    assert "灯又灭了（地点：明发****）" in before
    assert "大门口" not in before
    assert "灯又灭了（地点：明发滨江3栋大门口）" in text_of(desk.does(report, "place"))


def test_from_the_board_to_the_answer(office: Office) -> None:
    report = office.hears().report
    grid, supervisor = Desk(office.grid), Desk(office.supervisor)
    assert "开始处理" in grid.sees(page(report))
    assert "开始处理" not in supervisor.sees(page(report))
    assert grid.steps(report, "start").state == states.IN_PROGRESS
    grid.steps(report, "give_evidence", photos=[photo(), photo()], words="换了灯泡")
    assert supervisor.steps(report, "send_back", reason="还有一盏").state == states.IN_PROGRESS
    grid.steps(report, "give_evidence", photos=photo())
    supervisor.steps(report, "close", answer="两盏灯都换好了")
    seen = supervisor.sees(page(report))
    for words in ("已办结", "两盏灯都换好了", "还有一盏", "看照片3", "小李"):
        assert words in seen


def test_without_a_picture_nothing_is_given_and_the_words_stay(office: Office) -> None:
    report = office.hears().report
    grid = Desk(office.grid)
    answer = grid.does(report, "steps/give_evidence", words="换了灯泡")
    assert answer.status_code == 422
    assert "要有一张整改后的照片" in text_of(answer)
    assert "换了灯泡" in text_of(answer)
    fake = SimpleUploadedFile("a.png", b"not a picture", "image/png")
    answer = grid.does(report, "steps/give_evidence", photos=fake)
    assert answer.status_code == 409
    assert "不像是照片" in text_of(answer)


def test_a_step_that_somebody_else_took_first_is_told(office: Office) -> None:
    report = office.hears().report
    grid = Desk(office.grid)
    grid.steps(report, "start")
    answer = grid.does(report, "steps/start")
    assert answer.status_code == 409
    assert "现在是“处理中”" in text_of(answer)
    assert grid.does(report, "steps/fly").status_code == 404


def test_who_is_proposed_for_a_report_is_whose_turn_it_is(office: Office) -> None:
    other = office.hire("小孙", Role.GRID, office.linjiang)
    foreign = office.hire("小赵", Role.GRID, office.zhenzhulu)
    report = office.hears().report
    desk = Desk(office.supervisor)
    seen = desk.sees(page(report))
    people = re.findall(r'<option value="(\d+)"[^>]*>([^<]*)', seen)
    assert people[0] == (str(other.pk), "小孙（网格员·临江社区，手上0件，在班，推荐）")
    assert str(foreign.pk) not in dict(people)
    assert desk.steps(report, "assign", responsible=other.pk).responsible == other
    assert desk.does(report, "steps/assign", responsible=foreign.pk).status_code == 422


def test_what_is_not_ours_is_refused_with_who_is_competent(office: Office) -> None:
    report = office.hears().report
    desk = Desk(office.supervisor)
    assert desk.does(report, "steps/refuse", reason="是市管道路").status_code == 422
    desk.steps(report, "refuse", reason="是市管道路", competent="区城管局")
    assert "这件事归区城管局管" in desk.sees(page(report))


def test_two_about_the_same_are_joined_by_number(office: Office) -> None:
    first, second = office.hears().report, office.hears("大华锦绣东门").report
    desk = Desk(office.supervisor)
    assert f'<option value="{first.number}">' in desk.sees(page(second))
    assert "没有编号是" in text_of(desk.does(second, "steps/join", into="不知道"))
    answer = desk.does(second, "steps/join", into=f"{first.number[:6]} {first.number[6:]}")
    assert answer.headers["Location"] == page(first)
    assert "已并案" in desk.sees(page(second))
    assert desk.sees(page(first)).count('class="voice"') == 2


def test_what_she_says_on_the_telephone_opens_it_again(office: Office) -> None:
    reporter = office.hears(phone="13900001111", is_anonymous=False)
    report = office.closes(reporter.report)
    fields = {"number": reporter.number, "solved": "0", "words": "晚上又灭了"}
    assert Desk(office.grid).does(report, "verdict", **fields).status_code == 403
    desk = Desk(office.supervisor)
    assert desk.does(report, "verdict", number=reporter.number).status_code == 422
    assert desk.does(report, "verdict", **fields).status_code == 302
    seen = desk.sees(page(report))
    assert "老陈电话回访：晚上又灭了" in seen
    assert "居民说没解决" in seen
    report.refresh_from_db()
    assert report.state == states.REOPENED
    assert desk.does(report, "verdict", **fields).status_code == 409


def test_looking_at_a_picture_is_noted_and_it_is_not_kept_by_the_browser(office: Office) -> None:
    report = office.hears().report
    grid = Desk(office.grid)
    grid.steps(report, "give_evidence", photos=photo())
    found = re.search(r'href="(/staff/reports/\d+/photos/\w+)"', grid.sees(page(report)))
    assert found is not None
    answer = Desk(office.supervisor).client.get(found[1])
    assert answer.headers["Content-Type"] in ("image/jpeg", "image/png")
    assert answer.headers["Cache-Control"] == "no-store"
    assert PersonalLook.objects.get().staff == office.supervisor
    other = office.hears("珍珠路路口", MANHOLE).report
    stolen = found[1].replace(report.number, other.number)
    assert Desk(office.supervisor).client.get(stolen).status_code == 404


def known_kinds() -> None:
    for order, kind in enumerate((LAMP, MANHOLE)):
        content = {name: getattr(kind, name) for name in kind.__struct_fields__}
        Entry.objects.create(kind="report", entry_id=kind.kind_id, content=content, order=order)


def test_a_clerk_takes_a_report_for_a_caller_once(office: Office) -> None:
    known_kinds()
    desk = Desk(office.supervisor)
    form = desk.sees(f"{BOARD}new/")
    assert "井盖没了或松动（加急）" in form
    fields = {
        "key": str(uuid4()),
        "kind": LAMP.kind_id,
        "source": "hotline",
        "place": "明发滨江3栋",
        "description": "灯不亮",
        "phone": "139 0000 1111",
    }
    answers = [desk.client.post(f"{BOARD}new/", fields) for _ in range(2)]
    reporter = Reporter.objects.get()
    assert {a.headers["Location"] for a in answers} == {f"{BOARD}opened/{reporter.number}/"}
    assert reporter.sealed_phone == "13900001111"
    assert not reporter.is_anonymous
    assert reporter.report.source == "hotline"
    told = desk.sees(f"{BOARD}opened/{reporter.number}/")
    assert f"{reporter.number[:6]} {reporter.number[6:]}" in told
    assert "小李" in told


def test_an_unclear_form_says_what_is_missing(office: Office) -> None:
    known_kinds()
    fields = {"key": str(uuid4()), "kind": "", "source": "staff", "description": "", "phone": "12"}
    answer = Desk(office.supervisor).client.post(f"{BOARD}new/", fields)
    assert answer.status_code == 422
    for words in ("请选一类", "这里要填", "电话号码不对"):
        assert words in text_of(answer)
    assert not Report.objects.exists()


def exported(desk: Desk, **query: str) -> list[list[str]]:
    response = desk.client.get(f"{BOARD}reports.csv", query)
    assert response.status_code == 200
    data = b"".join(response.streaming_content)
    assert data.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"))))


def test_the_table_holds_what_one_may_take_away_and_nothing_personal(office: Office) -> None:
    office.hears(phone="13900001111", is_anonymous=False, description="=1+1")
    office.hears("大华锦绣门口")
    header, *rows = exported(Desk(office.supervisor))
    assert header[0] == "编号"
    assert len(rows) == 2
    assert "13900001111" not in str(rows)
    assert "明发" not in str(rows)
    assert len(exported(Desk(office.supervisor), community=str(office.linjiang.pk))) == 2
    intake = office.hire("小钱", Role.INTAKE)
    Desk(intake).sees(f"{BOARD}reports.csv", status=403)
    # Seeing all, she may take away only those of the community for which she dispatches.
    StaffRole.objects.create(staff=intake, role=Role.DISPATCHER, community=office.zhenzhulu)
    assert [row[3] for row in exported(Desk(intake))[1:]] == ["珍珠路社区"]


@pytest.mark.parametrize("text", ["=1+1", "+86", "-1", "@SUM(A1)", "\t=1", " =1", "＝1"])
def test_a_cell_is_never_a_formula(text: str) -> None:
    assert plain_cell(text) == f"'{text}"


def test_an_ordinary_cell_stays_as_it_is() -> None:
    assert [plain_cell(cell) for cell in ("路灯", 3, None, "1-2栋")] == ["路灯", "3", "", "1-2栋"]


def test_the_board_asks_the_database_as_often_for_many_as_for_one(
    office: Office, django_assert_max_num_queries: Any
) -> None:
    for number in range(6):
        office.hears(f"明发滨江{number + 1}栋楼下")
    desk = Desk(office.supervisor)
    desk.sees()
    with django_assert_max_num_queries(12):
        desk.sees()
