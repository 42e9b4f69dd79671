"""A ticket's way from the yes to the call-back, and everything that may come between."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from bot.accounts.policies import Forbidden
from bot.casework.digests import phone_digest
from bot.casework.life import NotAllowed
from bot.tickets import services
from bot.tickets.errors import Incomplete, NobodyThere, Unsuitable
from bot.tickets.models import Ticket, TicketMaterial
from bot.tickets.selectors import cases_of, cases_of_phone
from tests.bot.ticketing import (
    CONSENT,
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

pytestmark = pytest.mark.django_db


@pytest.fixture
def office_clock(monkeypatch: pytest.MonkeyPatch) -> TurnedClock:
    """Monday morning, until the test says otherwise."""
    return turn_clock(monkeypatch)


@pytest.fixture
def town(office_clock: TurnedClock) -> Town:
    """The office and its people."""
    return make_town()


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=OFFICE)


# Opening


def test_a_ticket_has_a_number_its_materials_its_community_and_a_first_event(town: Town) -> None:
    ticket = town.opened()
    assert ticket.number.startswith("261123")
    assert len(ticket.number) == 10
    assert (ticket.state, ticket.mode, ticket.reason) == ("ordered", "代办", "elderly")
    assert ticket.community == town.pearl
    assert [row.name for row in ticket.materials.all()] == ["身份证", "一寸照片"]
    event = ticket.events.get()
    assert (event.step, event.before, event.after, event.by) == ("open", "", "ordered", "resident")


def test_the_same_request_key_opens_one_ticket(town: Town) -> None:
    first = town.opened("yes-1")
    assert town.opened("yes-1", name="别人") == first
    assert town.opened("yes-2") != first
    assert Ticket.objects.count() == 2
    assert first.events.count() == 1


def test_what_is_personal_is_not_in_the_table_in_clear(town: Town) -> None:
    town.opened(id_number="320111194001010012", emergency_contact="女儿 13811111111")
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM tickets_ticket")
        row = str(cursor.fetchall())
    for secret in (PHONE, "王秀英", "3栋502", "32011119", "13811111111", "腿脚不好", CONSENT.yes):
        assert secret not in row


def test_the_read_back_and_its_yes_are_the_consent(town: Town) -> None:
    consent = Ticket.objects.get(pk=town.opened().pk).sealed_consent
    assert consent["words"] == CONSENT.words
    assert (consent["yes"], consent["who"], consent["turn_id"]) == ("对的", "王秀英", "t1")
    assert consent["until"] == "2027-05-23"
    assert "老年人优待证办理" in consent["what"]
    assert datetime.fromisoformat(consent["given_at"]) == at(23, 9, 30)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"name": " "}, "姓名"),
        ({"phone": "139"}, "电话"),
        ({"address": ""}, "地址"),
        ({"mode": "包办"}, "方式"),
        ({"reason": "lazy"}, "原因"),
        ({"time_text": ""}, "时间"),
        ({"item_id": ""}, "事项"),
        ({"asker": "stranger"}, "谁来申请"),
    ],
)
def test_what_is_required_is_asked_for_by_name(
    town: Town, changes: dict[str, Any], named: str
) -> None:
    with pytest.raises(Incomplete, match=named):
        town.opened(**changes)
    assert not Ticket.objects.exists()


def test_the_phone_is_kept_as_digits_however_it_was_given(town: Town) -> None:
    ticket = town.opened(phone="+86 139-0000-0000")
    assert ticket.sealed_person["phone"] == PHONE
    assert ticket.phone_digest == phone_digest(PHONE)


def test_an_address_that_nobody_knows_leaves_the_community_open(town: Town) -> None:
    assert town.opened(address="某某路1号").community is None


def test_staff_open_one_for_a_caller_and_somebody_without_the_right_does_not(town: Town) -> None:
    ticket = town.opened(staff=town.intake)
    assert (ticket.created_by, ticket.channel) == (town.intake, "staff")
    assert ticket.events.get().by == "staff"
    with pytest.raises(Forbidden):
        town.opened("yes-2", staff=make_staff("小编", Role.EDITOR))


@pytest.mark.parametrize(
    ("moment", "accept_until", "promised_until"),
    [
        # 9:30 on a Monday: four working hours run over the lunch break.
        (at(23, 9, 30), at(23, 15), at(30, 17, 30)),
        # Friday afternoon: the weekend does not count.
        (at(27, 16), at(30, 11, 30), datetime(2026, 12, 4, 17, 30, tzinfo=OFFICE)),
        # In the night: work begins in the morning.
        (at(23, 22), at(24, 14, 30), at(30, 17, 30)),
    ],
)
def test_due_times_run_in_working_time(
    town: Town,
    office_clock: TurnedClock,
    moment: datetime,
    accept_until: datetime,
    promised_until: datetime,
) -> None:
    office_clock.now = moment
    ticket = town.opened()
    assert ticket.step_due_at == accept_until
    assert ticket.due_at == promised_until


def test_the_national_holiday_and_its_made_up_days_count_as_the_calendar_says(
    town: Town, office_clock: TurnedClock
) -> None:
    office_clock.now = datetime(2025, 9, 26, 16, 0, tzinfo=OFFICE)
    # 28 September and 11 October 2025 are worked for the holiday of 1 to 8 October.
    ticket = town.opened(promised_days=5)
    assert ticket.due_at == datetime(2025, 10, 10, 17, 30, tzinfo=OFFICE)


def test_an_appointment_after_the_promised_days_puts_the_promise_off(town: Town) -> None:
    later = datetime(2026, 12, 9, 14, 0, tzinfo=OFFICE)
    assert town.opened(time_at=later).due_at == later.replace(hour=17, minute=30)


# The way through


def test_the_way_from_the_order_to_the_call_back(town: Town) -> None:
    ticket = town.accepted()
    assert ticket.state == "accepted"
    ticket = services.ticket_dispatch(ticket, town.dispatcher)
    assert (ticket.state, ticket.assignee) == ("dispatched", town.grid)
    ticket = services.ticket_start(ticket, town.grid)
    ticket = services.ticket_ready(ticket, town.grid, "ea 1234-5678 9cn")
    assert (ticket.state, ticket.ems_number) == ("ready", "EA123456789CN")
    ticket = services.ticket_deliver(ticket, town.grid, "证已交到本人手里")
    assert ticket.outcome == "证已交到本人手里"
    assert ticket.closed_at == at(23, 9, 30)
    ticket = services.ticket_call_back(ticket, town.intake, solved=True, note="满意")
    assert ticket.state == "called_back"
    assert steps_of(ticket) == [
        *("open", "accept", "dispatch", "start", "ready", "deliver", "call_back"),
    ]


def test_who_was_first_is_not_overwritten_by_who_has_an_old_page_open(town: Town) -> None:
    old_page = town.opened()
    services.ticket_accept(old_page, town.intake)
    with pytest.raises(NotAllowed, match="已接单"):
        services.ticket_accept(old_page, town.intake)
    with pytest.raises(NotAllowed):
        services.ticket_refuse(town.started(key="yes-2"), town.intake, "不归我们", "公安")


def test_a_step_that_staff_may_not_take_changes_nothing(town: Town) -> None:
    ticket = town.accepted()
    with pytest.raises(Forbidden):
        services.ticket_dispatch(ticket, town.intake)
    stranger = make_staff("外人", Role.GRID, town.river)
    with pytest.raises(Forbidden):
        services.ticket_start(services.ticket_dispatch(ticket, town.dispatcher), stranger)
    ticket.refresh_from_db()
    assert steps_of(ticket) == ["open", "accept", "dispatch"]


def test_the_least_loaded_grid_worker_of_the_community_gets_it(town: Town) -> None:
    second = make_staff("小钱", Role.GRID, town.pearl)
    assignees = [town.dispatched(key=f"yes-{n}").assignee for n in range(4)]
    assert sorted(person.pk for person in assignees if person) == sorted(
        [town.grid.pk, second.pk] * 2
    )


def test_without_any_grid_worker_the_dispatcher_is_told_so(town: Town) -> None:
    town.grid.roles.all().delete()
    with pytest.raises(NobodyThere, match="网格员"):
        town.dispatched()


def test_somebody_who_may_not_do_errands_is_not_given_one(town: Town) -> None:
    editor = make_staff("小编", Role.EDITOR)
    with pytest.raises(Unsuitable, match="小编"):
        services.ticket_dispatch(town.accepted(), town.dispatcher, editor)
    with pytest.raises(Unsuitable, match="小编"):
        services.ticket_dispatch(town.accepted(key="yes-2"), town.dispatcher, town.grid, editor)


def test_a_helper_goes_along(town: Town) -> None:
    helper = make_staff("小钱", Role.GRID, town.pearl)
    ticket = services.ticket_dispatch(town.accepted(), town.dispatcher, town.grid, helper)
    assert (ticket.assignee, ticket.helper) == (town.grid, helper)
    assert services.ticket_start(ticket, helper).state == "in_progress"


def test_who_waits_for_the_agreed_day_is_not_due_before_it(town: Town) -> None:
    thursday = at(26, 14)
    assert town.dispatched(time_at=thursday).step_due_at == thursday
    assert town.dispatched(key="yes-2").step_due_at == at(24, 10, 30)


# Standing still


def test_suspended_time_does_not_count(town: Town, office_clock: TurnedClock) -> None:
    ticket = town.started()
    promised = ticket.due_at
    office_clock.now = at(24, 9)
    ticket = services.ticket_suspend(ticket, town.grid, "缺户口本")
    left = ticket.suspended_minutes
    assert left == 5 * 7 * 60
    office_clock.now = datetime(2026, 12, 10, 9, 0, tzinfo=OFFICE)
    ticket = services.ticket_resume(ticket, town.grid)
    assert ticket.suspended_minutes is None
    # As many working hours after the resumption as were left at the suspension.
    assert ticket.due_at == datetime(2026, 12, 16, 17, 30, tzinfo=OFFICE)
    assert ticket.due_at > promised


def test_what_was_late_before_the_suspension_stays_late(
    town: Town, office_clock: TurnedClock
) -> None:
    ticket = town.started()
    office_clock.now = datetime(2026, 12, 7, 10, 0, tzinfo=OFFICE)
    ticket = services.ticket_suspend(ticket, town.grid, "等回函")
    assert ticket.suspended_minutes == 0
    office_clock.goes_on(days=1)
    assert services.ticket_resume(ticket, town.grid).due_at == at(30, 17, 30)


@pytest.mark.parametrize(
    "attempt",
    [
        lambda town: services.ticket_suspend(town.started(), town.grid, " "),
        lambda town: services.ticket_deliver(town.started(), town.grid, ""),
        lambda town: services.ticket_end(town.started(), town.dispatcher, ""),
        lambda town: services.ticket_refuse(town.opened(), town.intake, "", "公安"),
        lambda town: services.ticket_refuse(town.opened(), town.intake, "不归我们", " "),
        lambda town: services.ticket_call_back(town.delivered(), town.intake, solved=False),
        lambda town: services.ticket_ready(town.started(), town.grid, "没有号"),
    ],
)
def test_a_reason_is_not_left_out(town: Town, attempt: Callable[[Town], Any]) -> None:
    with pytest.raises(Incomplete):
        attempt(town)
    assert Ticket.objects.get().state in ("ordered", "in_progress", "delivered")


# Side exits and back again


def test_a_refusal_names_why_and_who_is_competent(town: Town) -> None:
    ticket = services.ticket_refuse(town.opened(), town.intake, "这是户口的事。", "派出所")
    event = ticket.events.get(step="refuse")
    assert (ticket.state, event.note) == ("refused", "这是户口的事；这件事归派出所管")


def test_the_resident_withdraws_it_until_it_is_done(town: Town) -> None:
    ticket = services.ticket_withdraw(town.started(), "不办了")
    assert (ticket.state, ticket.events.last().by) == ("withdrawn", "resident")  # type: ignore[union-attr]
    with pytest.raises(NotAllowed, match="已撤销"):
        services.ticket_withdraw(ticket)
    with pytest.raises(NotAllowed, match="已办结"):
        services.ticket_withdraw(town.delivered(key="yes-2"))


def test_what_the_resident_says_is_not_solved_is_done_again(
    town: Town, office_clock: TurnedClock
) -> None:
    ticket = town.delivered()
    office_clock.now = at(30, 9)
    ticket = services.ticket_reopen(ticket, "名字写错了")
    assert (ticket.state, ticket.reopened_count, ticket.assignee) == ("accepted", 1, None)
    assert (ticket.closed_at, ticket.outcome) == (None, "")
    assert ticket.due_at == datetime(2026, 12, 7, 17, 30, tzinfo=OFFICE)
    assert ticket.events.last().note == "名字写错了"  # type: ignore[union-attr]


def test_a_call_back_that_finds_it_unsolved_reopens_it_and_logs_both(town: Town) -> None:
    ticket = services.ticket_call_back(town.delivered(), town.intake, solved=False, note="没收到证")
    assert ticket.state == "accepted"
    assert steps_of(ticket)[-2:] == ["call_back", "reopen"]
    assert [event.note for event in ticket.events.all()][-1] == "没收到证"


def test_taken_back_it_waits_for_another_and_the_clockwork_takes_only_what_was_reminded(
    town: Town,
) -> None:
    ticket = town.dispatched()
    with pytest.raises(NotAllowed):
        services.ticket_take_back(ticket)
    ticket = services.ticket_take_back(ticket, town.dispatcher)
    assert (ticket.state, ticket.assignee) == ("accepted", None)
    assert ticket.events.last().by == "staff"  # type: ignore[union-attr]


# Changes


def test_a_changed_phone_finds_the_ticket_and_the_old_one_no_longer_does(town: Town) -> None:
    ticket = services.ticket_change(town.opened(), phone="138 1111 1111")
    assert cases_of_phone("13811111111") == [ticket]
    assert cases_of_phone(PHONE) == []
    note = ticket.events.last().note  # type: ignore[union-attr]
    assert "尾号0000改成尾号1111" in note
    assert "13811111111" not in note


def test_a_changed_address_is_routed_anew(town: Town) -> None:
    assert services.ticket_change(town.opened(), address="江畔人家1栋").community == town.river


def test_a_later_day_puts_the_promise_off_and_an_earlier_one_leaves_it(town: Town) -> None:
    ticket = town.opened()
    promised = ticket.due_at
    later = datetime(2026, 12, 10, 9, 0, tzinfo=OFFICE)
    ticket = services.ticket_change(ticket, time_text="下下周四上午", time_at=later)
    assert ticket.due_at == later.replace(hour=17, minute=30)
    ticket = services.ticket_change(ticket, time_text="明天上午", time_at=at(24, 9))
    assert (ticket.time_text, ticket.time_at) == ("明天上午", at(24, 9))
    assert ticket.due_at > promised


def test_with_a_new_day_whoever_has_the_errand_begins_by_that_day(town: Town) -> None:
    ticket = town.dispatched(time_at=at(26, 14))
    Ticket.objects.update(reminded_at=at(26, 15))
    ticket = services.ticket_change(ticket, time_text="周五上午", time_at=at(27, 9))
    assert (ticket.step_due_at, ticket.reminded_at) == (at(27, 9), None)
    ticket = services.ticket_change(ticket, time_text="越快越好")
    assert ticket.step_due_at == at(24, 10, 30)


def test_nothing_new_is_no_change(town: Town) -> None:
    ticket = services.ticket_change(
        town.opened(), phone=PHONE, address="珍珠花园3栋502", mode="代办", time_text="周四下午"
    )
    assert steps_of(ticket) == ["open"]


def test_what_is_over_cannot_be_changed_and_nonsense_neither(town: Town) -> None:
    with pytest.raises(NotAllowed, match="已办结"):
        services.ticket_change(town.delivered(), time_text="周五")
    ticket = town.opened(key="yes-2")
    for nonsense in ({"phone": "12"}, {"mode": "包办"}):
        with pytest.raises(Incomplete):
            services.ticket_change(ticket, **nonsense)  # type: ignore[arg-type]


def test_staff_change_what_is_theirs_to_change(town: Town) -> None:
    ticket = services.ticket_change(town.dispatched(), mode="陪办", staff=town.grid)
    assert (ticket.mode, ticket.events.last().by) == ("陪办", "staff")  # type: ignore[union-attr]
    with pytest.raises(Forbidden):
        services.ticket_change(ticket, mode="代办", staff=make_staff("外人", Role.GRID, town.river))


# Materials


def test_materials_are_ticked_one_by_one_by_who_has_the_errand(town: Town) -> None:
    ticket = town.started()
    card = ticket.materials.get(name="身份证")
    row = services.material_set(card, TicketMaterial.State.RECEIVED, town.grid)
    services.material_set(card, TicketMaterial.State.RECEIVED, town.grid)
    assert (row.state, row.changed_by) == ("received", town.grid)
    notes = [event.note for event in ticket.events.filter(step="material")]
    assert notes == ["身份证：已收"]
    with pytest.raises(Forbidden):
        services.material_set(card, "returned", town.intake)
    with pytest.raises(Incomplete):
        services.material_set(card, "lost", town.grid)
    done = services.ticket_deliver(ticket, town.grid, "办好了")
    assert services.material_set(card, "returned", town.grid).state == "returned"
    services.ticket_call_back(done, town.intake, solved=True)
    over = services.ticket_withdraw(town.started(key="yes-2"))
    with pytest.raises(NotAllowed):
        services.material_set(over.materials.all()[0], "received", town.grid)


# Ratings


def test_a_rating_is_taken_at_any_time_and_only_a_bad_one_is_to_be_made_good(town: Town) -> None:
    good = services.ticket_rate(town.opened(), 5, "好", ("态度",))
    assert (good.score, good.rectify_due_at, good.dimensions) == (5, None, ["态度"])
    bad = services.ticket_rate(town.delivered(key="yes-2"), 1, "没人理我")
    assert bad.rectify_due_at == datetime(2026, 12, 14, 17, 30, tzinfo=OFFICE)
    withdrawn = services.ticket_withdraw(town.opened(key="yes-3"))
    assert services.ticket_rate(withdrawn, 2).rectify_due_at is not None


@pytest.mark.parametrize("score", [0, 6, -1])
def test_a_score_out_of_range_is_refused(town: Town, score: int) -> None:
    with pytest.raises(Incomplete, match="1到5"):
        services.ticket_rate(town.opened(), score)


def test_a_bad_rating_is_called_back_before_it_is_made_good(town: Town) -> None:
    rating = services.ticket_rate(town.delivered(), 1, "没人理我")
    with pytest.raises(NotAllowed, match="先回访"):
        services.rating_rectify(rating, town.supervisor, "道歉了")
    services.rating_call_back(rating, town.supervisor, "等了三天没人打电话")
    row = services.rating_rectify(rating, town.supervisor, "上门道歉，已补办")
    assert (row.rectified_by, row.rectification) == (town.supervisor, "上门道歉，已补办")
    with pytest.raises(NotAllowed, match="整改过"):
        services.rating_rectify(rating, town.supervisor, "再来")
    with pytest.raises(NotAllowed, match="差评"):
        services.rating_call_back(
            services.ticket_rate(town.opened(key="yes-2"), 5), town.supervisor, "谢谢"
        )
    with pytest.raises(Forbidden):
        services.rating_call_back(rating, town.grid, "我自己来")


# Whose


def test_the_tickets_of_a_conversation_come_newest_first(
    town: Town, office_clock: TurnedClock
) -> None:
    talk = make_talk()
    first = town.opened("yes-1", conversation=talk)
    office_clock.goes_on(minutes=5)
    second = town.opened("yes-2", conversation=talk)
    town.opened("yes-3")
    assert cases_of(talk) == [second, first]
    assert cases_of(make_talk()) == []
    assert len(cases_of_phone("+86 139 0000 0000")) == 3


def test_closing_is_dated_once(town: Town, office_clock: TurnedClock) -> None:
    ticket = town.delivered()
    office_clock.goes_on(days=1)
    called = services.ticket_call_back(ticket, town.intake, solved=True)
    assert called.closed_at == ticket.closed_at
    assert ticket.closed_at is not None
    assert office_clock.now - ticket.closed_at == timedelta(days=1)
