"""The pages by which the office is run: the bar and its bell, lost letters, people, shifts, places."""

from __future__ import annotations

import csv
import io
import re
from datetime import date, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as given
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from bot.accounts.models import Shift, Staff, StaffRole
from bot.channels.outbox import notice_send, notice_sms, staff_tell
from bot.console.navigation import ENTRIES
from bot.gazetteer.models import Community, Estate
from bot.handovers.models import ContactLook, Notice, StaffNotice
from tests.bot.reporting import Office, make_office

pytestmark = pytest.mark.django_db
Role = StaffRole.Role
PHONE = "13900001111"
PAGES = {
    "/staff/letters/": {Role.INTAKE, Role.SUPERVISOR, Role.ADMINISTRATOR},
    "/staff/people/": {Role.ADMINISTRATOR},
    "/staff/people/locks/": {Role.ADMINISTRATOR},
    "/staff/audit/": {Role.ADMINISTRATOR},
    "/staff/shifts/": {Role.SUPERVISOR, Role.ADMINISTRATOR},
    "/staff/places/": {Role.DISPATCHER, Role.SUPERVISOR, Role.ADMINISTRATOR},
    "/staff/prompts/": {Role.EDITOR, Role.ADMINISTRATOR},
}


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

    def sees(self, path: str, status: int = 200, **query: str) -> str:
        """The page at an address."""
        response = self.client.get(path, query)
        assert response.status_code == status, response.content.decode()[-800:]
        return str(response.content.decode())

    def does(self, path: str, status: int = 302, **fields: Any) -> str:
        """Press a button."""
        response = self.client.post(path, fields)
        assert response.status_code == status, response.content.decode()[-1500:]
        return str(response.content.decode())


@pytest.fixture
def boss(office: Office) -> Desk:
    """The administrator."""
    return Desk(office.hire("老王", Role.ADMINISTRATOR))


def links_of(page: str) -> list[str]:
    """Where the bar leads to."""
    bar = re.search(r'<nav class="tabs".*?</nav>', page, re.DOTALL)
    assert bar is not None
    return re.findall(r'<a href="([^"]+)"', bar[0])


# the bar, the bell, who may


def test_the_bar_shows_only_what_one_may_use(office: Office) -> None:
    grid = links_of(Desk(office.grid).sees("/staff/notices/"))
    assert grid == ["/staff/tickets/mine/", "/staff/tickets/", "/staff/reports/"]
    boss = links_of(Desk(office.hire("老王", Role.ADMINISTRATOR)).sees("/staff/notices/"))
    assert boss == [
        "/staff/knowledge/",
        "/staff/figures/",
        "/staff/letters/",
        "/staff/shifts/",
        "/staff/places/",
        "/staff/prompts/",
        "/staff/people/",
        "/staff/audit/",
    ]
    nobody = Staff.objects.create_user("new", display_name="新来的")
    assert links_of(Desk(nobody).sees("/staff/notices/")) == []
    Desk(nobody).sees("/staff/", status=302)


def test_every_page_of_the_bar_is_there_for_those_who_see_it(office: Office) -> None:
    for role in Role:
        desk = Desk(office.hire(f"有{role.label}岗位的", role))
        allowed = set(links_of(desk.sees("/staff/notices/")))
        for entry in ENTRIES:
            if entry.path in allowed:
                assert 'aria-current="page"' in desk.sees(entry.path)


@pytest.mark.parametrize("path", sorted(PAGES))
@pytest.mark.parametrize("role", list(Role))
def test_each_page_is_open_to_its_roles_alone(office: Office, path: str, role: Role) -> None:
    desk = Desk(office.hire("有人", role, office.linjiang))
    if role in PAGES[path]:
        desk.sees(path)
    else:
        assert "不能看" in desk.sees(path, status=403)
    assert Client().get(path).status_code == 302


@pytest.mark.parametrize(
    "path",
    [
        "/staff/letters/1/retry",
        "/staff/people/new",
        "/staff/people/1/give",
        "/staff/shifts/1/weekly",
        "/staff/places/new",
        "/staff/places/import",
        "/staff/places/find",
        "/staff/places/1/save",
    ],
)
def test_a_button_is_shut_to_strangers_and_to_whoever_may_not(office: Office, path: str) -> None:
    assert Client().post(path).status_code == 302
    assert "不能看" in Desk(office.grid).does(path, status=403)


def test_conversations_are_not_for_everybody(office: Office) -> None:
    grid = Desk(office.grid)
    assert grid.client.get("/staff/").headers["Location"] == "/staff/tickets/mine/"
    grid.sees("/staff/queue/", status=403)
    grid.sees("/staff/conversations/1/", status=403)
    editor = Desk(office.hire("小编", Role.EDITOR))
    assert editor.client.get("/staff/").headers["Location"] == "/staff/knowledge/"


def test_the_bell_counts_what_is_new_until_it_is_looked_at(office: Office) -> None:
    desk = Desk(office.grid)
    assert "条没看" not in desk.sees("/staff/notices/")
    staff_tell(office.grid, "交给你处理：路灯不亮", "k1", "/staff/reports/2611230001/")
    staff_tell(office.supervisor, "别人的事", "k2")
    assert '<b class="bell-count">1' in desk.sees("/staff/reports/")
    assert desk.client.get("/staff/bell/", {"version": "1"}).status_code == 204
    assert 'data-unseen="1"' in desk.sees("/staff/bell/", version="0")
    seen = desk.sees("/staff/notices/")
    assert 'href="/staff/reports/2611230001/"' in seen
    assert "is-waiting" in seen
    assert "别人的事" not in seen
    assert "is-waiting" not in desk.sees("/staff/notices/")
    assert StaffNotice.objects.get(staff=office.supervisor).seen_at is None


def test_what_is_not_there_is_said_in_a_sentence(boss: Desk) -> None:
    assert "没有这一页" in boss.sees("/staff/people/999/", status=404)


# lost letters


def lost(text: str = "您的代办单办好了", **values: Any) -> Notice:
    notice = notice_sms(PHONE, text, f"key-{Notice.objects.count()}")
    Notice.objects.filter(pk=notice.pk).update(state="gone", last_error="Forbidden", **values)
    return notice


def test_lost_letters_are_tried_again_or_told(boss: Desk) -> None:
    first, second = lost("第一条"), lost("第二条")
    page = boss.sees("/staff/letters/")
    assert page.index("第二条") < page.index("第一条")
    assert PHONE not in page
    boss.does(f"/staff/letters/{first.pk}/retry")
    boss.does(f"/staff/letters/{second.pk}/told")
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.state, first.retried_by) == ("waiting", boss.staff)
    assert second.state == "sent"
    assert "消息都送到了" in boss.sees("/staff/letters/")
    boss.does(f"/staff/letters/{first.pk}/retry", status=404)


def test_letters_about_a_complaint_about_staff_are_for_supervisors(office: Office) -> None:
    letter = lost("您反映小李的事", is_about_staff=True)
    intake, supervisor = (
        Desk(office.hire("小陈", Role.INTAKE)),
        Desk(office.hire("老赵", Role.SUPERVISOR)),
    )
    assert "您反映小李的事" not in intake.sees("/staff/letters/")
    intake.does(f"/staff/letters/{letter.pk}/look", status=404)
    assert "您反映小李的事" in supervisor.sees("/staff/letters/")
    supervisor.does(f"/staff/letters/{letter.pk}/told")


def test_looking_where_a_letter_was_to_go_is_noted(boss: Desk) -> None:
    notice = lost()
    assert f'href="tel:{PHONE}"' in boss.does(f"/staff/letters/{notice.pk}/look", status=200)
    assert ContactLook.objects.get().staff == boss.staff
    boss.does(f"/staff/letters/{notice.pk}/burn", status=404)


def test_lost_letters_go_on_after_the_last_one_shown(
    boss: Desk, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.console.letters.ON_PAGE", 2)
    for number in range(3):
        notice_send(office.talk("telegram"), f"第{number}条")
    Notice.objects.update(state="gone")
    page = boss.sees("/staff/letters/")
    following = re.search(r"before=(\d+)", page)
    assert following is not None
    assert "第0条" not in page
    assert "第0条" in boss.sees("/staff/letters/", before=following[1])


# people and their roles


def test_an_account_is_made_with_a_role_and_its_password_shown_once(
    boss: Desk, office: Office
) -> None:
    fields = {"username": "xiaosun", "display_name": "小孙", "role": "grid"}
    page = boss.does("/staff/people/new", 201, **fields, community=office.linjiang.pk)
    account = Staff.objects.get(username="xiaosun")
    password = re.search(r'class="big-number">([^<]+)<', page)
    assert password is not None
    assert account.check_password(password[1])
    assert account.roles.get().community == office.linjiang
    assert password[1] not in boss.sees(f"/staff/people/{account.pk}/")
    assert "已经有人用了" in boss.does("/staff/people/new", 422, **fields)
    wrong = {**fields, "username": "小孙", "display_name": ""}
    assert "只用字母" in boss.does("/staff/people/new", 422, **wrong)


def test_roles_are_given_and_taken_away(boss: Desk, office: Office) -> None:
    page = f"/staff/people/{office.grid.pk}/"
    boss.does(f"{page}give", role="supervisor", community="")
    boss.does(f"{page}give", role="supervisor", community="")
    assert "督办</b> · 全街道" in boss.sees(page)
    role = office.grid.roles.get(role=Role.SUPERVISOR)
    boss.does(f"{page}withdraw", 404, given=boss.staff.roles.get().pk)
    boss.does(f"{page}withdraw", given=role.pk)
    assert list(office.grid.roles.values_list("role", flat=True)) == ["grid"]
    assert "不能看" in Desk(office.grid).sees(page, status=403)


def test_the_last_administrator_stays(boss: Desk, office: Office) -> None:
    page = f"/staff/people/{boss.staff.pk}/"
    given = boss.staff.roles.get().pk
    assert "最后一位管理员" in boss.does(f"{page}withdraw", 409, given=given)
    assert "不能自己停用" in boss.does(f"{page}switch", 422, on="0")
    other = Desk(office.hire("小王", Role.ADMINISTRATOR))
    other.does(f"{page}switch", on="0")
    assert boss.client.get("/staff/people/").status_code == 302
    mine = f"/staff/people/{other.staff.pk}/withdraw"
    assert "最后一位管理员" in other.does(mine, 409, given=other.staff.roles.get().pk)
    other.does(f"{page}switch", on="1")
    other.does(f"{page}withdraw", given=given)
    assert not StaffRole.objects.filter(pk=given).exists()


def test_where_somebody_is_told_is_kept(boss: Desk, office: Office) -> None:
    page = f"/staff/people/{office.grid.pk}/"
    wrong = boss.does(f"{page}change", 422, display_name="小李", email="x", phone="12")
    assert "手机号要11位" in wrong
    boss.does(f"{page}change", display_name="李师傅", email="li@example.com", phone=PHONE)
    office.grid.refresh_from_db()
    assert (office.grid.display_name, office.grid.sealed_phone) == ("李师傅", PHONE)


def test_a_new_password_takes_the_place_of_the_old_one(boss: Desk, office: Office) -> None:
    grid = Desk(office.grid)
    page = boss.does(f"/staff/people/{office.grid.pk}/password", 200)
    password = re.search(r'class="big-number">([^<]+)<', page)
    office.grid.refresh_from_db()
    assert password is not None
    assert office.grid.check_password(password[1])
    assert grid.client.get("/staff/notices/").status_code == 302


# shifts


def test_the_week_shows_who_works_when(boss: Desk, office: Office) -> None:
    page = f"/staff/shifts/{office.grid.pk}/"
    boss.does(f"{page}weekly", weekdays=["0", "2"], opens="14:00", closes="20:00")
    boss.does(f"{page}weekly", weekdays=["0"], opens="14:00", closes="20:00")
    assert list(office.grid.shifts.values_list("weekday", "opens", "closes")) == [
        (0, time(14), time(20)),
        (2, time(14), time(20)),
    ]
    week = boss.sees("/staff/shifts/")
    assert week.count("14:00–20:00") == 2
    assert "按办公室上班时间" in week
    boss.does(f"{page}remove", shift=office.grid.shifts.order_by("weekday")[0].pk)
    assert boss.sees("/staff/shifts/").count("14:00–20:00") == 1


def test_days_off_and_other_hours_of_a_day(boss: Desk, office: Office) -> None:
    page = f"/staff/shifts/{office.grid.pk}/"
    first = office.now.date()
    assert "现在在班" in boss.sees(page)
    boss.does(f"{page}away", first=f"{first}", last=f"{first + timedelta(days=2)}")
    boss.does(f"{page}once", on="2026-12-06", opens="09:00", closes="12:00")
    assert Shift.objects.filter(is_off=True).count() == 3
    seen = boss.sees(page)
    assert "11月25日周三休息" in seen
    assert "12月6日周日09:00–12:00" in seen
    assert "现在不在班" in seen


@pytest.mark.parametrize(
    ("what", "fields", "sentence"),
    [
        ("weekly", {"weekdays": ["0"], "opens": "18:00", "closes": "09:00"}, "下班要晚于上班"),
        ("weekly", {"weekdays": ["0"], "opens": "18:00"}, "要一起写"),
        ("weekly", {"opens": "09:00", "closes": "12:00"}, "至少勾一天"),
        ("away", {"first": "2026-12-06", "last": "2026-12-01"}, "结束要在开始之后"),
        ("away", {"first": "什么时候"}, "写得不对"),
        ("once", {"opens": "09:00", "closes": "12:00"}, "这里要填"),
    ],
)
def test_a_shift_that_cannot_be_is_refused_in_a_sentence(
    boss: Desk, office: Office, what: str, fields: dict[str, Any], sentence: str
) -> None:
    assert sentence in boss.does(f"/staff/shifts/{office.grid.pk}/{what}", 422, **fields)
    assert not Shift.objects.filter(on=date(2026, 12, 1)).exists()
    assert not Shift.objects.filter(weekday=0).exists()


# communities and estates


def test_communities_and_estates_are_changed(boss: Desk, office: Office) -> None:
    boss.does("/staff/places/new", name="新桥社区", others="新桥村、新桥头", is_active="on")
    made = Community.objects.get(name="新桥社区")
    assert made.others == ["新桥村", "新桥头"]
    page = f"/staff/places/{made.pk}/"
    boss.does(f"{page}estate", name="桥北花园", others="")
    estate = Estate.objects.get(name="桥北花园")
    boss.does(f"{page}estate", estate=estate.pk, name="桥北家园", others="桥北")
    assert "下面还有小区，不能删" in boss.does(f"{page}delete", 422)
    boss.does(f"{page}estate-delete", 404, estate=office.linjiang.estates.get().pk)
    boss.does(f"{page}estate-delete", estate=estate.pk)
    boss.does(f"{page}save", name="新桥社区", others="", place_id="", is_active="")
    assert not Community.objects.get(pk=made.pk).is_active
    boss.does(f"{page}delete")
    assert not Community.objects.filter(pk=made.pk).exists()


def test_a_name_that_is_taken_is_refused_and_what_was_typed_stays(
    boss: Desk, office: Office
) -> None:
    page = boss.does("/staff/places/new", 422, name="临江社区", others="江边")
    assert "一个名字只能指一个地方" in page
    assert 'value="江边"' in page
    changed = boss.does(f"/staff/places/{office.linjiang.pk}/save", 422, name="珍珠路社区")
    assert "一个名字只能指一个地方" in changed


def test_an_address_is_tried_without_standing_in_the_address_bar(
    boss: Desk, office: Office
) -> None:
    assert "归临江社区" in boss.does("/staff/places/find", 200, address="明发滨江3栋502")
    assert "认不出来" in boss.does("/staff/places/find", 200, address="月亮上")


def test_the_table_comes_back_as_it_went_out(boss: Desk, office: Office) -> None:
    response = boss.client.get("/staff/places/places.csv")
    data = b"".join(response.streaming_content)
    rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"))))
    assert ["小区", "明发滨江新城", "临江社区", "明发滨江", "", ""] in rows
    file = SimpleUploadedFile("a.csv", data + "小区,江畔人家,临江社区,,,\r\n".encode())
    assert "社区2个，小区3个" in boss.does("/staff/places/import", 200, file=file)
    assert Estate.objects.get(name="江畔人家").community == office.linjiang


def test_a_table_as_chinese_excel_writes_it_is_read(boss: Desk, office: Office) -> None:
    text = "类型,名称,所属社区\r\n小区,江畔人家,临江社区\r\n"
    file = SimpleUploadedFile("a.csv", text.encode("gb18030"))
    boss.does("/staff/places/import", 200, file=file)
    assert Estate.objects.filter(name="江畔人家").exists()


def test_errors_are_told_line_by_line_and_nothing_is_stored(boss: Desk, office: Office) -> None:
    text = "类型,名称,所属社区\n小区,江畔人家,临江社区\n小区,月亮湾,月亮社区\n街,x,\n"
    page = boss.does("/staff/places/import", 422, file=SimpleUploadedFile("a.csv", text.encode()))
    assert "第3行：没有叫“月亮社区”的社区" in page
    assert "第4行：" in page
    assert not Estate.objects.filter(name="江畔人家").exists()
    assert "请先选一个" in boss.does("/staff/places/import", 422)
    broken = SimpleUploadedFile("a.xlsx", b"PK\x03\x04\xff\xff\xff\xff")
    assert "这个文件打不开" in boss.does("/staff/places/import", 422, file=broken)


def test_pages_load_nothing_from_elsewhere_and_hold_no_script_of_their_own(
    boss: Desk, office: Office
) -> None:
    StaffRole.objects.create(staff=boss.staff, role=Role.SUPERVISOR)
    report = office.hears().report
    paths = [*PAGES, f"/staff/people/{boss.staff.pk}/", f"/staff/shifts/{boss.staff.pk}/"]
    paths += [f"/staff/places/{office.linjiang.pk}/", "/staff/notices/", "/staff/reports/new/"]
    paths += ["/staff/reports/", f"/staff/reports/{report.number}/"]
    for path in paths:
        page = boss.sees(path)
        assert not re.findall(r'(?:src|href)="(?:https?:)?//', page)
        assert not re.findall(r"<script(?![^>]*\bsrc=)", page)
        assert " style=" not in page
        assert not re.findall(r"\son\w+=", page)
        ids = re.findall(r'\sid="([^"]+)"', page)
        assert len(ids) == len(set(ids)), (path, [i for i in ids if ids.count(i) > 1])
