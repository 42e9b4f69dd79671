"""The staff's pages about tickets: who sees which, what each button does, nobody's data by chance."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from django.conf import LazySettings
from django.conf import settings as given
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from bot.accounts.models import Staff, StaffRole
from bot.actions.context import Guide
from bot.casework.models import PersonalLook
from bot.console import tickets_new
from bot.console.tickets_rows import (
    BOARD_ORDER,
    MOST_LATE,
    OVER_ORDER,
    PAPERS,
    TONES,
    due_words,
    masked_name,
    masked_phone,
)
from bot.console.tickets_steps import STEPS
from bot.evidence.models import Upload
from bot.handovers.desk import Desk as FrontDesk
from bot.tickets import board, papers, services, states
from bot.tickets.models import Ticket
from knowledge.search.errors import SnapshotDamaged
from tests.bot.ticketing import (
    MONDAY,
    PHONE,
    Role,
    Town,
    TurnedClock,
    make_staff,
    make_talk,
    make_town,
    steps_of,
    turn_clock,
)
from tests.people import OFFICE
from tests.photos import photo

pytestmark = pytest.mark.django_db
ADDRESS = "珍珠花园3栋502"


@pytest.fixture
def office_clock(monkeypatch: pytest.MonkeyPatch) -> TurnedClock:
    """Monday morning, until the test says otherwise."""
    return turn_clock(monkeypatch)


@pytest.fixture
def town(office_clock: TurnedClock) -> Town:
    """The office and its people."""
    return make_town()


@pytest.fixture(autouse=True)
def evidence_apart(settings: LazySettings, tmp_path: Path) -> None:
    settings.EVIDENCE_DIR = tmp_path / "evidence"


class Desk:
    """Somebody of the staff at her computer."""

    def __init__(self, staff: Staff) -> None:
        self.client = Client()
        self.client.force_login(staff, given.AUTHENTICATION_BACKENDS[1])

    def sees(self, address: str, **query: Any) -> str:
        """The page behind an address."""
        response = self.client.get(address, query)
        assert response.status_code == 200, (response.status_code, response.content.decode())
        return str(response.content.decode())

    def status(self, address: str, **query: Any) -> int:
        """What an address answers with."""
        return int(self.client.get(address, query).status_code)

    def does(self, ticket: Ticket, form: str, /, **fields: Any) -> Any:
        """Send a form of a ticket's page."""
        return self.client.post(f"{page_of(ticket)}{form}", fields)

    def steps(self, ticket: Ticket, step: str, /, **fields: Any) -> Any:
        """Press the button of a step."""
        return self.does(ticket, f"steps/{step}", **fields)


def page_of(ticket: Ticket) -> str:
    return f"/staff/tickets/{ticket.number}/"


def words_of(response: Any) -> str:
    return str(response.content.decode())


def fresh(ticket: Ticket) -> Ticket:
    return Ticket.objects.get(pk=ticket.pk)


# what the tables must agree on


def test_every_step_and_state_has_its_place_on_the_pages() -> None:
    assert set(STEPS) == set(states.LIFE.steps)
    assert set(BOARD_ORDER) | set(OVER_ORDER) == set(states.LABELS) == set(TONES)
    assert set(BOARD_ORDER) == set(board.ON_BOARD)
    assert set(PAPERS) == set(papers.PAPERS)


@pytest.mark.parametrize(
    ("name", "masked"), [("王秀英", "王**"), ("王", "王"), ("", ""), ("欧阳", "欧*")]
)
def test_a_name_shows_its_beginning_only(name: str, masked: str) -> None:
    assert masked_name(name) == masked


@pytest.mark.parametrize(
    ("phone", "masked"),
    [("13900000000", "139****0000"), ("58000000", "580*0000"), ("5800000", "*******"), ("", "")],
)
def test_a_phone_number_hides_its_middle(phone: str, masked: str) -> None:
    assert masked_phone(phone) == masked


@pytest.mark.parametrize(
    ("days", "hours", "said"),
    [
        (0, 8, "今天17:30前"),
        (1, 0, "明天09:30前"),
        (4, 0, "11月27日（周五）前"),
        (10, 0, "12月3日前"),
        (0, -2, "超时2小时"),
        (-3, 0, "超时3天"),
    ],
)
def test_a_due_time_is_said_as_a_clerk_would(days: int, hours: int, said: str) -> None:
    assert due_words(MONDAY + timedelta(days=days, hours=hours), MONDAY) == said


# who may see


def test_a_stranger_is_sent_to_the_sign_in_page_everywhere(town: Town) -> None:
    ticket, client = town.delivered(), Client()
    gets = ("", "list/", "table.csv", "mine/", "mine/version/", "new/")
    gets += tuple(f"{ticket.number}/{p}" for p in ("", "live/", "papers/mandate/", "evidence/x/"))
    posts = ("steps/accept", "look", "change", "materials/1", "evidence/", "ratings/1")
    answers = [client.get(f"/staff/tickets/{path}") for path in gets]
    answers += [client.post(f"{page_of(ticket)}{path}") for path in posts]
    assert {(a.status_code, a["Location"].split("?")[0]) for a in answers} == {
        (302, "/staff/login")
    }


@pytest.mark.parametrize("role", [Role.EDITOR, Role.REVIEWER, Role.ANALYST, Role.ADMINISTRATOR])
def test_other_roles_read_nothing_and_change_nothing(town: Town, role: str) -> None:
    ticket = town.started()
    desk = Desk(make_staff("外人", role))
    gets = ["", "list/", "table.csv", "mine/", "mine/version/", "new/"]
    gets += [f"{ticket.number}/{path}" for path in ("", "live/", "papers/mandate/")]
    assert {desk.status(f"/staff/tickets/{path}") for path in gets} == {403}
    material = ticket.materials.first()
    assert material is not None
    forms: list[tuple[str, dict[str, str]]] = [
        *((f"steps/{step}", {"reason": "x", "outcome": "x", "competent": "x"}) for step in STEPS),
        ("look", {"what": "phone"}),
        ("change", {"time_text": "周五上午"}),
        (f"materials/{material.pk}", {"state": "received"}),
    ]
    answers = [desk.does(ticket, what, **fields) for what, fields in forms]
    assert {answer.status_code for answer in answers} == {403}
    assert all(PHONE not in words_of(a) and "王" not in words_of(a) for a in answers)
    assert fresh(ticket).state == states.IN_PROGRESS
    assert not PersonalLook.objects.exists()


def test_a_refusal_is_a_sentence_on_a_page(town: Town) -> None:
    answer = Desk(make_staff("小吴", Role.INTAKE, town.river)).client.get(page_of(town.opened()))
    assert answer.status_code == 403
    assert "这一件不归你办。" in words_of(answer)


def test_a_grid_worker_sees_her_own_tickets_only(town: Town) -> None:
    hers, other = town.dispatched(), town.opened(key="yes-2")
    desk = Desk(town.grid)
    assert hers.number in desk.sees("/staff/tickets/")
    assert other.number not in desk.sees("/staff/tickets/")
    assert (desk.status(page_of(hers)), desk.status(page_of(other))) == (200, 403)


def test_an_intake_sees_her_community_and_what_lies_nowhere(town: Town) -> None:
    near = town.opened()
    far = town.opened(key="yes-2", address="江畔人家2栋")
    nowhere = town.opened(key="yes-3", address="不知道哪里")
    page = Desk(town.intake).sees("/staff/tickets/")
    assert [t.number in page for t in (near, far, nowhere)] == [True, False, True]


# the board


def test_a_late_one_is_seen_behind_many_that_stand_still(town: Town) -> None:
    late = town.started(key="late")
    Ticket.objects.filter(pk=late.pk).update(due_at=MONDAY - timedelta(days=1))
    for number in range(MOST_LATE):
        still = services.ticket_suspend(town.started(key=f"still-{number}"), town.grid, "等材料")
        Ticket.objects.filter(pk=still.pk).update(due_at=MONDAY - timedelta(days=9))
    seen = Desk(town.supervisor).sees("/staff/tickets/")
    assert page_of(late) in seen[seen.index("超过承诺时限的") :].split("</section>")[0]


def test_the_late_ones_stand_first_and_each_state_has_its_list(
    town: Town, office_clock: TurnedClock
) -> None:
    late = town.started()
    office_clock.goes_on(days=20)
    new = town.opened(key="yes-2")
    page = Desk(town.supervisor).sees("/staff/tickets/")
    assert page.index("超过承诺时限") < page.index(late.number) < page.index("等接单")
    assert page.index("等接单") < page.index(new.number)
    assert page.count(f"{page_of(late)}") == 1
    assert "超时" in page


def test_a_list_shows_nobody_s_name_phone_or_address(town: Town) -> None:
    town.dispatched()
    for who, address in ((town.supervisor, ""), (town.grid, "mine/")):
        page = Desk(who).sees(f"/staff/tickets/{address}")
        assert "王**" in page
        assert not any(secret in page for secret in ("王秀英", PHONE, ADDRESS))


def test_tickets_are_found_by_number_phone_and_errand(town: Town) -> None:
    hers = town.opened()
    other = town.opened(key="yes-2", phone="13800138000", item_name="社保卡补办", item_id="RS01")
    desk = Desk(town.supervisor)

    def found(words: str) -> list[bool]:
        page = desk.sees("/staff/tickets/", words=words)
        return [ticket.number in page for ticket in (hers, other)]

    assert found(hers.number) == [True, False]
    assert found(f"{other.number[:6]} {other.number[6:]}") == [False, True]
    assert found("138 0013 8000") == [False, True]
    assert found("优待证") == [True, False]
    assert found("王秀英") == [False, False]
    assert found("1380013") == [False, False]


def test_a_finished_ticket_is_found_by_words_and_listed_under_its_state(town: Town) -> None:
    gone = services.ticket_withdraw(town.opened(), "不办了")
    desk = Desk(town.supervisor)
    assert gone.number not in desk.sees("/staff/tickets/")
    assert gone.number in desk.sees("/staff/tickets/", words=gone.number)
    assert gone.number in desk.sees("/staff/tickets/", state="withdrawn")


def test_the_board_narrows_to_a_community_mine_and_what_is_due(
    town: Town, office_clock: TurnedClock
) -> None:
    mine = town.dispatched()
    other = services.ticket_accept(town.opened(key="yes-2"), town.intake)
    far = town.opened(key="yes-3", address="江畔人家2栋")
    desk = Desk(town.supervisor)
    page = desk.sees("/staff/tickets/", community=town.river.pk)
    assert [t.number in page for t in (mine, other, far)] == [False, False, True]
    page = Desk(town.grid).sees("/staff/tickets/", mine="1")
    assert [t.number in page for t in (mine, other, far)] == [True, False, False]
    assert other.number not in desk.sees("/staff/tickets/", overdue="1")
    office_clock.goes_on(hours=7)
    page = desk.sees("/staff/tickets/", overdue="1")
    assert [t.number in page for t in (mine, other, far)] == [False, True, True]
    assert "该派单了" in page


def test_a_long_list_goes_on_by_key_and_shows_each_once(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = [town.opened(key=f"yes-{n}") for n in range(5)]
    wanted = board.Wanted(state="ordered")
    rows = board.tickets_wanted(town.supervisor, wanted, MONDAY)
    seen: list[str] = []
    after = ""
    for _ in range(3):
        page = board.page_of(rows, wanted, after, size=2)
        seen += [ticket.number for ticket in page.tickets]
        after = page.next_key
    assert seen == [ticket.number for ticket in made]
    assert after == ""


def test_what_is_over_is_listed_the_newest_change_first(
    town: Town, office_clock: TurnedClock
) -> None:
    gone = []
    for number in range(3):
        gone.append(services.ticket_withdraw(town.opened(key=f"yes-{number}")))
        office_clock.goes_on(minutes=5)
    wanted = board.Wanted(state="withdrawn")
    rows = board.tickets_wanted(town.supervisor, wanted, MONDAY)
    first = board.page_of(rows, wanted, size=2)
    rest = board.page_of(rows, wanted, first.next_key, size=2)
    assert [t.pk for t in [*first.tickets, *rest.tickets]] == [t.pk for t in gone[::-1]]


def test_a_key_that_is_nonsense_shows_the_first_page(town: Town) -> None:
    ticket = town.opened()
    page = Desk(town.supervisor).sees("/staff/tickets/", state="ordered", after="_x", community="z")
    assert ticket.number in page


def test_the_board_is_fetched_again_only_when_it_has_changed(town: Town) -> None:
    town.opened()
    desk = Desk(town.supervisor)
    version = desk.sees("/staff/tickets/list/").split('data-version="')[1].split('"')[0]
    assert desk.status("/staff/tickets/list/", version=version) == 204
    town.opened(key="yes-2")
    assert desk.status("/staff/tickets/list/", version=version) == 200


def test_an_empty_board_says_so_kindly(town: Town) -> None:
    assert "歇口气" in Desk(town.supervisor).sees("/staff/tickets/")
    assert "您手上没有单子" in Desk(town.grid).sees("/staff/tickets/mine/")


# one ticket, step by step


def test_the_whole_life_of_a_ticket_is_done_with_buttons(town: Town) -> None:
    ticket = town.opened()
    intake, dispatcher, grid = Desk(town.intake), Desk(town.dispatcher), Desk(town.grid)
    assert intake.steps(ticket, "accept").status_code == 302
    page = dispatcher.sees(page_of(ticket))
    assert f'<option value="{town.grid.pk}" selected>小李' in page
    dispatcher.steps(ticket, "dispatch", assignee=town.grid.pk)
    assert fresh(ticket).assignee == town.grid
    grid.steps(ticket, "start")
    grid.steps(ticket, "suspend", reason="材料还缺")
    grid.steps(ticket, "resume")
    grid.steps(ticket, "ready", ems_number="EA 1234 5678 9CN")
    assert fresh(ticket).ems_number == "EA123456789CN"
    grid.steps(ticket, "deliver", outcome="证已交到本人手里")
    assert intake.steps(ticket, "call_back", solved="yes", note="都好").status_code == 302
    assert fresh(ticket).state == states.CALLED_BACK
    history = intake.sees(page_of(ticket))
    assert all(word in history for word in ("接单", "派单", "开始办理", "中止", "材料还缺", "回访"))


def test_a_page_offers_only_the_steps_that_are_possible_and_allowed(town: Town) -> None:
    ticket = town.dispatched()

    def offered(who: Staff) -> set[str]:
        page = Desk(who).sees(page_of(ticket))
        return {step for step in STEPS if f"/steps/{step}" in page}

    assert offered(town.grid) == {"start"}
    assert offered(town.intake) == {"withdraw"}
    assert offered(town.supervisor) == {"take_back", "end"}
    assert offered(town.dispatcher) == {"take_back", "end", "withdraw"}


def test_a_missing_reason_is_asked_for_and_what_was_typed_stays(town: Town) -> None:
    ticket, desk = town.opened(), Desk(town.intake)
    answer = desk.steps(ticket, "refuse", reason="不归街道管", competent=" ")
    assert answer.status_code == 422
    assert "请写明这件事归哪里管" in words_of(answer)
    assert 'value="不归街道管"' in words_of(answer)
    assert fresh(ticket).state == states.ORDERED


def test_a_step_that_somebody_else_has_taken_meanwhile_is_told(town: Town) -> None:
    answer = Desk(town.intake).steps(town.accepted(), "accept")
    assert answer.status_code == 409
    assert "不能“接单”" in words_of(answer)


def test_who_did_it_is_not_offered_to_call_back_or_to_judge_it(town: Town) -> None:
    ticket = services.ticket_dispatch(town.accepted(), town.dispatcher, town.intake, town.grid)
    services.ticket_start(ticket, town.intake)
    services.ticket_deliver(ticket, town.intake, "证已交到本人手里")
    rating = services.ticket_rate(ticket, 1, "等太久")
    buttons = ("steps/call_back", f"ratings/{rating.pk}")
    colleague = make_staff("小孙", Role.INTAKE, town.pearl)
    for person, is_offered in ((town.intake, False), (colleague, True), (town.supervisor, True)):
        seen = Desk(person).sees(page_of(ticket))
        assert [button in seen for button in buttons] == [is_offered] * 2
    answer = Desk(town.intake).steps(ticket, "call_back", solved="yes", note="都好")
    assert answer.status_code == 403


def test_a_call_back_asks_whether_it_is_solved(town: Town) -> None:
    ticket, desk = town.delivered(), Desk(town.intake)
    assert desk.steps(ticket, "call_back", note="嗯").status_code == 422
    assert desk.steps(ticket, "call_back", solved="no").status_code == 422
    assert desk.steps(ticket, "call_back", solved="no", note="名字打错了").status_code == 302
    assert fresh(ticket).state == states.ACCEPTED


def test_a_ticket_is_given_to_somebody_else_and_a_helper(town: Town) -> None:
    ticket, other = town.accepted(), make_staff("小孙", Role.GRID, town.pearl)
    desk = Desk(town.dispatcher)
    desk.steps(ticket, "dispatch", assignee=other.pk, helper=town.grid.pk)
    assert (fresh(ticket).assignee, fresh(ticket).helper) == (other, town.grid)
    answer = desk.steps(town.accepted(key="yes-2"), "dispatch", assignee=town.supervisor.pk)
    assert answer.status_code == 422
    assert "请换一个人" in words_of(answer)


def test_an_unknown_step_and_number_are_not_found(town: Town) -> None:
    desk = Desk(town.intake)
    assert desk.steps(town.opened(), "delete").status_code == 404
    assert desk.status("/staff/tickets/0000000000/") == 404


def test_after_a_ticket_is_taken_from_her_she_is_led_to_the_board(town: Town) -> None:
    both = make_staff("小钱", Role.GRID, town.river)
    StaffRole.objects.create(staff=both, role=Role.DISPATCHER, community=town.river)
    ticket = services.ticket_dispatch(town.accepted(), town.dispatcher, both)
    answer = Desk(both).steps(ticket, "take_back")
    assert (answer.status_code, answer["Location"]) == (302, "/staff/tickets/")
    assert fresh(ticket).assignee is None


def test_the_talk_is_linked_only_where_it_may_be_read(town: Town) -> None:
    talk = make_talk()
    ticket = town.opened(conversation=talk)
    address = f"/staff/conversations/{talk.pk}/"
    assert address not in Desk(town.intake).sees(page_of(ticket))
    FrontDesk().call(talk.sender, "asked")
    assert address in Desk(town.intake).sees(page_of(ticket))
    services.ticket_dispatch(services.ticket_accept(ticket, town.intake), town.dispatcher)
    assert address not in Desk(town.grid).sees(page_of(ticket))


# personal data


def test_a_phone_number_is_opened_by_a_click_that_is_noted(town: Town) -> None:
    ticket, desk = town.dispatched(), Desk(town.grid)
    assert PHONE not in desk.sees(page_of(ticket))
    answer = desk.does(ticket, "look", what="phone")
    assert f'href="tel:{PHONE}"' in words_of(answer)
    assert ADDRESS not in words_of(answer)
    assert "no-store" in answer["Cache-Control"]
    look = PersonalLook.objects.get()
    assert (look.number, look.what, look.staff) == (ticket.number, "phone", town.grid)
    assert PHONE not in desk.sees(page_of(ticket))


def test_an_address_is_opened_apart_from_the_phone_number(town: Town) -> None:
    answer = words_of(Desk(town.grid).does(town.dispatched(), "look", what="address"))
    assert "王秀英" in answer
    assert ADDRESS in answer
    assert PHONE not in answer


def test_what_may_be_opened_is_a_short_list(town: Town) -> None:
    assert Desk(town.grid).does(town.dispatched(), "look", what="consent").status_code == 404


def test_who_looked_is_shown_to_supervisors_alone(town: Town) -> None:
    ticket = town.dispatched()
    Desk(town.grid).does(ticket, "look", what="phone")
    assert "小李 看了电话" in Desk(town.supervisor).sees(page_of(ticket))
    assert "小李 看了电话" not in Desk(town.grid).sees(page_of(ticket))


# materials, photos, changes, ratings


def test_materials_are_ticked(town: Town) -> None:
    ticket, desk = town.started(), Desk(town.grid)
    row = ticket.materials.get(name="身份证")
    answer = desk.does(ticket, f"materials/{row.pk}", state="received")
    assert (answer.status_code, answer["Location"]) == (302, f"{page_of(ticket)}#materials")
    row.refresh_from_db()
    assert row.state == "received"
    assert desk.does(ticket, f"materials/{row.pk}", state="lost").status_code == 422
    other = town.opened(key="yes-2").materials.first()
    assert other is not None
    assert desk.does(ticket, f"materials/{other.pk}", state="received").status_code == 404


def test_a_photo_is_kept_noted_and_shown_to_who_may_see_it(town: Town) -> None:
    ticket, desk = town.started(), Desk(town.grid)
    file = SimpleUploadedFile("a.jpg", photo(), "image/jpeg")
    assert desk.does(ticket, "evidence/", kind="photo", file=file).status_code == 302
    upload = Upload.objects.get()
    assert (upload.number, upload.staff) == (ticket.number, town.grid)
    assert "evidence" in steps_of(ticket)
    address = f"{page_of(ticket)}evidence/{upload.upload_id}/"
    assert address in desk.sees(page_of(ticket))
    answer = desk.client.get(address)
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/jpeg")
    assert "no-store" in answer["Cache-Control"]
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert PersonalLook.objects.get().what == "photo"
    far = Desk(make_staff("小吴", Role.INTAKE, town.river))
    assert far.status(address) == 403


def test_a_picture_of_another_case_is_not_found(town: Town) -> None:
    ticket, other = town.started(), town.started(key="yes-2")
    desk = Desk(town.grid)
    file = SimpleUploadedFile("a.jpg", photo(), "image/jpeg")
    desk.does(ticket, "evidence/", kind="photo", file=file)
    upload = Upload.objects.get()
    assert desk.status(f"{page_of(other)}evidence/{upload.upload_id}/") == 404


def test_a_signature_is_kept_as_one(town: Town) -> None:
    ticket = town.started()
    file = SimpleUploadedFile("s.png", photo(form="PNG"), "image/png")
    Desk(town.grid).does(ticket, "evidence/", kind="signature", file=file)
    assert (Upload.objects.get().kind, Upload.objects.get().content_type) == (
        "signature",
        "image/png",
    )


def test_what_is_no_picture_is_refused_with_a_sentence(town: Town) -> None:
    ticket, desk = town.started(), Desk(town.grid)
    file = SimpleUploadedFile("a.jpg", b"<html>", "image/jpeg")
    answer = desk.does(ticket, "evidence/", kind="photo", file=file)
    assert answer.status_code == 422
    assert "不像是照片" in words_of(answer)
    assert desk.does(ticket, "evidence/", kind="photo").status_code == 422
    assert "evidence" not in steps_of(ticket)


def test_time_and_phone_are_changed_for_the_resident(town: Town) -> None:
    ticket, desk = town.dispatched(), Desk(town.grid)
    desk.does(ticket, "change", time_text="周五上午十点", phone="138 0013 8000")
    changed = fresh(ticket)
    assert changed.sealed_person["phone"] == "13800138000"
    assert changed.time_at is not None
    assert f"{changed.time_at.astimezone(OFFICE):%m-%d %H:%M}" == "11-27 10:00"
    assert desk.does(ticket, "change", phone="123").status_code == 422
    answer = desk.does(ticket, "change", time_text="今天上午八点")
    assert answer.status_code == 422
    assert "已经过了" in words_of(answer)


def test_a_bad_rating_is_called_back_then_made_good(town: Town) -> None:
    ticket = town.delivered()
    rating = services.ticket_rate(ticket, 1, "来晚了")
    desk = Desk(town.intake)
    assert "来晚了" in desk.sees(page_of(ticket))
    answer = desk.does(ticket, f"ratings/{rating.pk}", do="rectify", words="道歉了")
    assert answer.status_code == 409
    desk.does(ticket, f"ratings/{rating.pk}", do="call_back", words="等了一上午")
    desk.does(ticket, f"ratings/{rating.pk}", do="rectify", words="以后先打电话")
    rating.refresh_from_db()
    assert rating.rectification == "以后先打电话"
    assert desk.does(ticket, f"ratings/{rating.pk}", do="forget", words="x").status_code == 404
    assert Desk(town.grid).does(ticket, f"ratings/{rating.pk}", do="call_back").status_code == 403


# my tickets


def test_my_tickets_lead_back_to_my_tickets(town: Town) -> None:
    ticket, desk = town.dispatched(), Desk(town.grid)
    page = desk.sees("/staff/tickets/mine/")
    assert "开始办理" in page
    answer = desk.steps(ticket, "start", back="mine")
    assert answer["Location"] == f"/staff/tickets/mine/#t{ticket.number}"
    row = ticket.materials.first()
    assert row is not None
    answer = desk.does(ticket, f"materials/{row.pk}", state="received", back="mine")
    assert answer["Location"] == f"/staff/tickets/mine/#t{ticket.number}"
    answer = words_of(desk.does(ticket, "look", what="phone", back="mine"))
    assert f'href="tel:{PHONE}"' in answer
    assert "我的代办" in answer


def test_my_tickets_tell_when_they_have_changed(town: Town) -> None:
    ticket, desk = town.dispatched(), Desk(town.grid)
    version = desk.sees("/staff/tickets/mine/version/").split('data-version="')[1].split('"')[0]
    assert desk.status("/staff/tickets/mine/version/", version=version) == 204
    services.ticket_start(ticket, town.grid)
    assert desk.status("/staff/tickets/mine/version/", version=version) == 200


def test_an_open_page_learns_of_what_others_did(town: Town) -> None:
    ticket, desk = town.opened(), Desk(town.intake)
    address = f"{page_of(ticket)}live/"
    version = desk.sees(address).split('data-version="')[1].split('"')[0]
    assert desk.status(address, version=version) == 204
    services.ticket_accept(ticket, town.intake)
    assert desk.status(address, version=version) == 200


# papers and the table


def test_papers_are_printed_and_the_look_is_noted(town: Town) -> None:
    ticket, desk = town.delivered(), Desk(town.grid)
    page = desk.sees(f"{page_of(ticket)}papers/closing/")
    assert "帮办代办办结单" in page
    assert "王秀英" in page
    assert PersonalLook.objects.get().what == "paper"
    assert desk.status(f"{page_of(ticket)}papers/suspension/") == 404
    assert desk.status(f"{page_of(ticket)}papers/anything/") == 404


def table_of(content: bytes) -> list[dict[str, str]]:
    assert content.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))


def test_the_table_is_masked_harmless_and_of_what_was_looked_for(town: Town) -> None:
    evil = town.opened(time_text="=HYPERLINK(1)")
    town.opened(key="yes-2", item_name="社保卡补办")
    response = Desk(town.supervisor).client.get("/staff/tickets/table.csv", {"words": "优待证"})
    rows = table_of(b"".join(response.streaming_content))
    assert [row["编号"].replace(" ", "") for row in rows] == [evil.number]
    assert (rows[0]["姓名"], rows[0]["电话"]) == ("王**", "139****0000")
    assert rows[0]["约定时间"] == "'=HYPERLINK(1)"


def test_the_table_is_for_dispatchers_and_supervisors(town: Town) -> None:
    answers = [
        Desk(who).status("/staff/tickets/table.csv")
        for who in (town.intake, town.grid, town.dispatcher, town.supervisor)
    ]
    assert answers == [403, 403, 200, 200]


def test_the_table_holds_only_what_one_may_take_away(town: Town) -> None:
    town.opened(key="yes-2", address="江畔人家2栋")
    kept = town.opened()
    # Seeing all, she may take away only those of the community for which she dispatches.
    staff = make_staff("小孙", Role.INTAKE)
    StaffRole.objects.create(staff=staff, role=Role.DISPATCHER, community=town.pearl)
    response = Desk(staff).client.get("/staff/tickets/table.csv")
    rows = table_of(b"".join(response.streaming_content))
    assert [row["编号"].replace(" ", "") for row in rows] == [kept.number]


# on behalf of a caller


@pytest.fixture
def published(guide: Guide, monkeypatch: pytest.MonkeyPatch) -> Guide:
    """The guides that ship, without the matcher that would read them."""
    snapshot = SimpleNamespace(records=guide._records)
    monkeypatch.setattr(tickets_new.office, "guide", lambda: guide)
    monkeypatch.setattr(tickets_new.office, "matcher", lambda: SimpleNamespace(snapshot=snapshot))
    return guide


def caller(**changes: Any) -> dict[str, Any]:
    """What 王阿姨 says at the telephone."""
    return {
        "item": "MZ10",
        "key": str(uuid4()),
        "mode": "代办",
        "reason": "elderly",
        "asker": "self",
        "name": "王秀英",
        "phone": "139 0000 0000",
        "address": ADDRESS,
        "time_text": "周四下午三点",
        **changes,
    }


def test_without_guides_in_force_it_says_so(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing() -> None:
        raise SnapshotDamaged("nothing is published")

    monkeypatch.setattr(tickets_new.office, "matcher", nothing)
    answer = Desk(town.intake).client.get("/staff/tickets/new/", {"words": "优待证"})
    assert answer.status_code == 503
    assert "还没有发布" in words_of(answer)


def test_an_item_is_found_by_its_names(town: Town, published: Guide) -> None:
    desk = Desk(town.intake)
    assert "?item=MZ10" in desk.sees("/staff/tickets/new/", words="优待证")
    assert "没有叫" in desk.sees("/staff/tickets/new/", words="龘龘")
    assert "先找到要办的事项" in desk.sees("/staff/tickets/new/")


def test_a_ticket_is_opened_only_after_it_was_read_back_and_agreed_to(
    town: Town, published: Guide
) -> None:
    desk, said = Desk(town.grid), caller(groups=["高龄"])
    assert "谁要办" in desk.sees("/staff/tickets/new/", item="MZ10")
    page = words_of(desk.client.post("/staff/tickets/new/", said))
    assert "王秀英，电话139 0000 0000，住珍珠花园3栋502。" in page
    silent = desk.client.post("/staff/tickets/new/", {**said, "do": "open", "yes": " "})
    assert silent.status_code == 422
    assert not Ticket.objects.exists()
    answer = desk.client.post("/staff/tickets/new/", {**said, "do": "open", "yes": "好的好的"})
    ticket = Ticket.objects.get()
    assert answer["Location"] == page_of(ticket)
    assert (ticket.created_by, ticket.community) == (town.grid, town.pearl)
    assert ticket.sealed_consent["yes"] == "好的好的"
    assert "王秀英" in ticket.sealed_consent["words"]
    assert ticket.time_at is not None
    assert ticket.materials.exists()
    assert ticket.groups == ["高龄"]


def test_the_same_form_twice_opens_one_ticket(town: Town, published: Guide) -> None:
    desk, said = Desk(town.intake), caller(do="open", yes="对")
    answers = [desk.client.post("/staff/tickets/new/", said) for _ in range(2)]
    assert answers[0]["Location"] == answers[1]["Location"]
    assert Ticket.objects.count() == 1


def test_what_is_missing_or_wrong_is_marked_and_the_rest_stays(
    town: Town, published: Guide
) -> None:
    said = caller(phone="12-34-56-", name="", time_text="昨天上午")
    answer = Desk(town.intake).client.post("/staff/tickets/new/", said)
    page = words_of(answer)
    assert answer.status_code == 422
    assert "姓名要填" in page
    assert "电话应是7到12位数字" in page
    assert f'value="{ADDRESS}"' in page


def test_what_law_ties_to_the_person_is_not_done_for_her(town: Town, published: Guide) -> None:
    records = published._records["items"]
    item = next(i for i, r in records.items() if not r["handling"]["proxy"]["allowed"])
    desk = Desk(town.intake)
    assert "不能代办" in desk.sees("/staff/tickets/new/", item=item)
    answer = desk.client.post("/staff/tickets/new/", caller(item=item))
    assert answer.status_code == 422
    assert "不能代办" in words_of(answer)
    assert (
        desk.client.post("/staff/tickets/new/", caller(item=item, mode="陪办")).status_code == 200
    )
