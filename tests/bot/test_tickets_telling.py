"""Who hears of what happens to a ticket, once, and without anybody's phone or address."""

from __future__ import annotations

import pytest

from bot.handovers.models import Notice, StaffNotice
from bot.tickets import phrases, services, states, telling
from bot.tickets.models import Ticket
from tests.bot.ticketing import (
    PHONE,
    Role,
    Town,
    TurnedClock,
    make_staff,
    make_talk,
    make_town,
    turn_clock,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def office_clock(monkeypatch: pytest.MonkeyPatch) -> TurnedClock:
    """Monday morning, until the test says otherwise."""
    return turn_clock(monkeypatch)


@pytest.fixture
def town(office_clock: TurnedClock) -> Town:
    """The office and its people."""
    return make_town()


def told() -> list[str]:
    return list(Notice.objects.order_by("id").values_list("text", flat=True))


def heard(*people: object) -> list[list[str]]:
    """What each has in her bell, the newest last."""
    rows = StaffNotice.objects.order_by("id")
    return [[row.text for row in rows if row.staff == person] for person in people]


def test_on_the_way_the_resident_hears_each_step_of_the_offices_and_not_her_own_words(
    town: Town,
) -> None:
    ticket = town.delivered()
    steps = ["社区接单", "派给工作人员小李", "小李开始办", "办完了"]
    assert len(told()) == len(steps)
    for text, step in zip(told(), steps, strict=True):
        assert step in text
        assert phrases.spaced_number(ticket.number) in text
    services.ticket_reopen(ticket, "名字写错了")
    services.ticket_withdraw(ticket)
    assert len(told()) == len(steps)


def test_a_caller_whose_ticket_staff_opened_is_told_its_number_on_her_phone(town: Town) -> None:
    ticket = town.opened(staff=town.intake)
    notice = Notice.objects.get()
    assert phrases.spaced_number(ticket.number) in notice.text
    assert "最晚今天下午3点接单" in notice.text
    assert (notice.conversation, notice.sealed_address) == (None, PHONE)


def test_notices_go_where_she_talked_with_us(town: Town) -> None:
    talk = make_talk("telegram")
    town.accepted(conversation=talk)
    assert Notice.objects.get().conversation == talk


def test_the_reason_and_who_is_competent_reach_her(town: Town) -> None:
    services.ticket_refuse(town.opened(), town.intake, "这是户口的事。", "派出所")
    assert "因为：这是户口的事；这件事归派出所管。" in told()[-1]
    services.ticket_suspend(town.started(key="yes-2"), town.grid, "缺户口本。")
    assert "因为：缺户口本。停着" in told()[-1]


def test_an_agreed_time_is_repeated_when_somebody_is_found(town: Town) -> None:
    town.dispatched()
    assert "时间按您说的周四下午" in told()[-1]


def test_staff_hear_when_it_is_their_turn_and_never_of_what_they_did_themselves(town: Town) -> None:
    town.started()
    intake, dispatcher, grid, supervisor = heard(
        town.intake, town.dispatcher, town.grid, town.supervisor
    )
    assert ["新单子" in text for text in intake] == [True]
    assert ["请派单" in text for text in dispatcher] == [True]
    assert ["派给你了" in text for text in grid] == [True]
    assert supervisor == []


def test_another_communitys_intake_hears_nothing(town: Town) -> None:
    other = make_staff("小吴", Role.INTAKE, town.river)
    town.opened()
    assert heard(other) == [[]]


def test_without_an_intake_the_supervisor_hears_of_a_new_ticket(town: Town) -> None:
    town.intake.roles.all().delete()
    town.opened()
    assert "新单子" in heard(town.supervisor)[0][0]


def test_who_had_it_hears_that_it_is_gone(town: Town) -> None:
    services.ticket_take_back(town.dispatched(), town.dispatcher)
    services.ticket_withdraw(town.started(key="yes-2"))
    assert "收回" in heard(town.grid)[0][1]
    assert "撤销" in heard(town.grid)[0][-1]


def test_a_changed_time_reaches_who_has_the_errand(town: Town) -> None:
    services.ticket_change(town.dispatched(), time_text="周五上午")
    assert "改了" in heard(town.grid)[0][-1]


def test_the_number_that_a_ticket_had_is_told_of_the_change(town: Town) -> None:
    ticket = services.ticket_change(town.dispatched(), phone="13900002222")
    *_, notice = Notice.objects.order_by("id")
    assert notice.sealed_address == PHONE
    assert phrases.spaced_number(ticket.number) in notice.text
    assert "13900002222" not in notice.text
    before = Notice.objects.count()
    services.ticket_change(ticket, time_text="周五上午")
    services.ticket_change(ticket, phone="13900002222")
    assert not Notice.objects.filter(sealed_address=PHONE, pk__gt=notice.pk).exists()
    assert Notice.objects.count() == before


def test_a_bad_rating_reaches_the_supervisors_and_a_good_one_bothers_nobody(town: Town) -> None:
    ticket = town.delivered()
    services.ticket_rate(ticket, 5)
    assert heard(town.supervisor) == [[]]
    services.ticket_rate(ticket, 1, "没人理")
    assert "差评" in heard(town.supervisor)[0][0]


def test_no_line_for_staff_holds_anything_personal(town: Town) -> None:
    ticket = town.delivered()
    services.ticket_rate(ticket, 1, "没人理我")
    services.ticket_reopen(ticket, "打13811111111找我女儿")
    for text in StaffNotice.objects.values_list("text", flat=True):
        for secret in (PHONE, "王秀英", "珍珠花园", "13811111111", "没人理我"):
            assert secret not in text


def test_a_notice_opens_the_tickets_page(town: Town) -> None:
    ticket = town.opened()
    assert StaffNotice.objects.get().path == f"/staff/tickets/{ticket.number}/"


@pytest.mark.parametrize("state", list(states.LABELS))
def test_every_state_has_a_sentence_that_says_which_ticket_it_is(town: Town, state: str) -> None:
    ticket = town.dispatched()
    Ticket.objects.filter(pk=ticket.pk).update(state=state)
    ticket.refresh_from_db()
    text = telling.standing(ticket)
    assert "老年人优待证办理" in text
    assert phrases.spaced_number(ticket.number) in text
    assert "{" not in text


def test_how_far_it_is_says_why_it_stands_still(town: Town) -> None:
    ticket = services.ticket_suspend(town.started(), town.grid, "缺户口本")
    assert "因为：缺户口本" in telling.standing(ticket)


def test_a_broken_promise_is_admitted_and_not_repeated(
    town: Town, office_clock: TurnedClock
) -> None:
    ticket = town.started()
    assert "最晚11月30日下午5点半办好" in telling.standing(ticket)
    office_clock.goes_on(days=20)
    assert "对不起" in telling.standing(ticket)
    assert "最晚" not in telling.standing(ticket)


def test_news_for_a_text_message_comes_before_the_rest(town: Town) -> None:
    """A text message is cut after some clauses; who it is given to must not be lost."""
    town.dispatched()
    assert told()[-1].startswith("“老年人优待证办理”派给工作人员小李了，")
