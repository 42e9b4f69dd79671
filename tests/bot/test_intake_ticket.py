"""Taking a proxy ticket down: said at once or one by one, corrected, refused, confirmed."""

from __future__ import annotations

import pytest

from bot.actions.intake import phrases, ticket
from bot.actions.single_turn import _of_a_case
from bot.conversations.models import TurnRecord
from bot.tickets.models import Ticket
from tests.bot.conftest import Says
from tests.bot.intaking import Act, Talk
from tests.bot.ticketing import make_town

pytestmark = pytest.mark.django_db

WISH = "我八十了，请你们代办尊老金"
PERSON = "张三，13800138000，临江社区，明天上午"


@pytest.fixture
def talk(says: Says) -> Talk:
    """A resident before her first word, in a town with two communities."""
    make_town()
    return Talk(says)


def test_three_turns_open_a_ticket(talk: Talk) -> None:
    assert talk.opens(WISH).text.startswith("好的，给您登记代办“尊老金”")
    read_back = talk.answers(PERSON)
    assert (read_back.kind, read_back.slot) == ("confirm", "confirm")
    assert all(word in read_back.text for word in ("张三", "138 0013 8000", "临江社区", "明天上午"))
    opened = talk.confirms("对")
    assert opened.kind == "ticket_opened"
    assert opened.slots["time_iso"] == "2026-11-24T09:00:00+08:00"
    ticket = Ticket.objects.get()
    assert opened.ticket == {"number": ticket.number, "status": "ordered"}
    assert (ticket.item_id, ticket.mode, str(ticket.community)) == ("MZ11", "代办", "临江社区")


def test_slots_come_in_any_order(talk: Talk) -> None:
    assert talk.opens("我要点小顶快跑").slot == "item"
    assert talk.answers("我电话13800138000，住珍珠路社区").slot == "item"
    assert talk.answers("尊老金").slot == "reason"
    assert talk.answers("我八十五了").slot == "mode"
    assert talk.answers("代办吧").slot == "name"
    assert talk.answers("王秀英").slot == "time"
    assert talk.answers("随便哪天").kind == "confirm"


@pytest.mark.parametrize(
    ("said", "slot", "value"),
    [
        ("电话错了，是13900139000", "phone", "13900139000"),
        ("不是代办，陪办就行", "mode", "陪办"),
        ("改成周五", "time", "周五"),
        ("名字不对，我叫李秀兰", "name", "李秀兰"),
        ("不对，我住珍珠路社区", "address", "珍珠路社区"),
        ("不是办尊老金，是老年公交卡", "item", "GG08"),
        ("原因不对，我是残疾人", "reason", "disabled"),
    ],
)
def test_what_was_read_back_is_corrected_and_read_again(
    talk: Talk, said: str, slot: str, value: str
) -> None:
    talk.opens(WISH)
    talk.answers(PERSON)
    read_again = talk.confirms(said)
    assert read_again.kind == "confirm"
    assert read_again.slots[slot] == value
    assert talk.confirms("对").slots[slot] == value


def test_what_is_wrong_is_asked_for_until_it_is_right(talk: Talk) -> None:
    talk.opens(WISH)
    talk.answers(PERSON)
    assert talk.confirms("不对").text == phrases.WHAT_IS_WRONG
    assert talk.confirms("电话").slot == "phone"
    assert talk.confirms("13900139000").slots["phone"] == "13900139000"
    assert not Ticket.objects.exists()


@pytest.mark.parametrize("confirm", [ticket.confirm, _of_a_case])
def test_a_yes_in_the_middle_of_a_correction_is_none_to_the_whole(talk: Talk, confirm: Act) -> None:
    talk.opens(WISH)
    talk.answers(PERSON)
    talk.confirms("电话不对")
    assert talk.says_to(confirm, "对").kind == "confirm"
    assert not Ticket.objects.exists()
    assert talk.says_to(confirm, "对").kind == "ticket_opened"


@pytest.mark.parametrize("confirm", [ticket.confirm, _of_a_case])
def test_a_yes_to_what_never_reached_her_is_read_back_once_more(talk: Talk, confirm: Act) -> None:
    talk.opens(WISH)
    talk.answers(PERSON)
    TurnRecord.objects.all().delete()
    assert talk.says_to(confirm, "对").kind == "confirm"
    assert not Ticket.objects.exists()
    assert talk.says_to(confirm, "对").kind == "ticket_opened"


def test_what_was_read_back_is_what_is_kept_as_consent(talk: Talk) -> None:
    talk.opens(WISH)
    read_back = talk.answers(PERSON)
    talk.confirms("对")
    assert Ticket.objects.get().sealed_consent["words"] == read_back.text


def loses_the_answer(talk: Talk) -> Ticket:
    """The yes is taken, its answer never arrives: the form is still as it was."""
    talk.opens(WISH)
    talk.answers(PERSON)
    draft, slots = dict(talk.draft), dict(talk.slots)
    talk.confirms("对")
    TurnRecord.objects.order_by("pk").last().delete()  # type: ignore[union-attr]
    talk.draft, talk.slots = draft, slots
    return Ticket.objects.get()


def test_a_correction_after_a_lost_answer_changes_the_ticket(talk: Talk) -> None:
    opened = loses_the_answer(talk)
    assert talk.confirms("改成后天下午").kind == "ticket_changed"
    opened.refresh_from_db()
    assert opened.time_text == "后天下午"
    assert not talk.draft.get("form")


def test_who_gives_up_after_a_lost_answer_is_asked_whether_to_withdraw(talk: Talk) -> None:
    loses_the_answer(talk)
    asked = talk.confirms("算了，不办了", "cancel")
    assert (asked.kind, asked.intent) == ("confirm", "cancel_ticket")
    assert Ticket.objects.get().state == "ordered"


def test_what_was_said_with_a_time_that_is_past_is_not_lost(talk: Talk) -> None:
    talk.opens(WISH)
    talk.answers(PERSON)
    assert talk.confirms("电话改成13900139000，时间改到今天早上七点").slot == "time"
    assert "139 0013 9000" in talk.confirms("后天上午").text


def test_the_same_wish_once_more_opens_no_second_ticket(talk: Talk) -> None:
    for _ in range(2):
        talk.opens(WISH)
        talk.answers(PERSON)
        again = talk.confirms("对")
    assert again.ticket is not None
    assert again.ticket["number"] == Ticket.objects.get().number
    assert not talk.draft.get("form")


def test_the_same_errand_for_somebody_else_is_another_ticket(talk: Talk) -> None:
    for name in ("张三", "李四"):
        talk.opens(WISH)
        talk.answers(PERSON.replace("张三", name))
        assert talk.confirms("对").kind == "ticket_opened"
    assert Ticket.objects.count() == 2


@pytest.mark.parametrize("said", ["1380013800", "138001380001"])
def test_a_number_that_is_not_whole_is_asked_for_again(talk: Talk, said: str) -> None:
    talk.opens(WISH)
    talk.answers("张三")
    asked = talk.answers(said)
    assert (asked.kind, asked.slot) == ("ask_slot", "phone")
    assert asked.text.startswith(phrases.PHONE_NOT_WHOLE)
    assert "phone" not in asked.slots


def test_a_number_that_is_never_whole_is_taken_down_by_a_person(talk: Talk) -> None:
    talk.opens("我妈走不动，请你们代办尊老金")
    talk.answers("张三")
    for said in ("1390013900", "139001390"):
        assert talk.answers(said).slot == "phone"
    given = talk.answers("139001")
    assert given.kind == "handover"
    assert given.text.startswith(phrases.NEVER_WHOLE)


def test_who_will_not_leave_a_number_hears_why_and_then_a_person(talk: Talk) -> None:
    talk.opens(WISH)
    talk.answers("张三")
    assert talk.answers("不想留电话").text.startswith(phrases.WHY_NEEDED["phone"])
    assert talk.answers("就是不想留").kind == "handover"
    assert talk.desk.calls == ["asked"]
    assert not Ticket.objects.exists()


def test_what_has_passed_is_asked_for_again(talk: Talk) -> None:
    talk.opens(WISH)
    talk.answers("张三，13800138000，临江社区")
    asked = talk.answers("今天早上八点")
    assert asked.slot == "time"
    assert "已经过了" in asked.text


def test_what_law_ties_to_the_person_is_not_done_for_her(talk: Talk) -> None:
    asked = talk.opens("我妈八十五瘫痪在床，身份证过期了，请你们代办")
    assert "本人" in asked.text
    assert "mode" not in asked.slots
    assert talk.answers("那就陪办").slots["mode"] == "陪办"


def test_who_can_go_alone_is_shown_the_way(talk: Talk) -> None:
    told = talk.opens("我三十五，身体没毛病，就是懒得跑，居住证你们给我代办吧")
    assert told.kind == "answer"
    assert "导办" in told.text
    assert "form" not in talk.draft


def test_a_paper_that_is_asked_about_is_answered_and_the_form_goes_on(talk: Talk) -> None:
    talk.opens("我残疾一级，代办残疾人免费乘车卡")
    asked = talk.answers("要带身份证吗")
    assert "身份证" in asked.text
    assert (asked.kind, asked.slot, asked.item) == ("ask_slot", "name", "CL20")


def test_modes_are_explained(talk: Talk) -> None:
    talk.opens("我想点小顶快跑，办尊老金，我妈八十二")
    assert talk.answers("帮办和代办有什么区别").text.startswith(phrases.MODES_EXPLAINED)


def test_nothing_is_kept_of_a_form_that_was_dropped(talk: Talk) -> None:
    talk.opens(WISH)
    talk.answers("张三，13800138000")
    assert talk.answers("算了").text == phrases.DROPPED
    assert not any(name.startswith("ticket_") for name in talk.draft)
    assert not Ticket.objects.exists()
