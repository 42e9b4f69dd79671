"""What becomes of a case in the words of the resident: how far, changed, withdrawn, rated, again."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.actions.intake import cases, phrases
from bot.actions.intake import report as report_form
from bot.actions.intake import ticket as ticket_form
from bot.actions.single_turn import single_turn
from bot.reports import services as report_services
from bot.reports.models import Report
from bot.reports.services import ReportRequest
from bot.tickets import phrases as ticket_phrases
from bot.tickets.models import Ticket
from tests.bot.conftest import MONDAY_MORNING, Says
from tests.bot.intaking import Talk
from tests.bot.ticketing import PHONE, Town, make_town, turn_clock

pytestmark = pytest.mark.django_db


@pytest.fixture
def town(monkeypatch: pytest.MonkeyPatch) -> Town:
    """Two communities and staff, on the morning of her turns."""
    turn_clock(monkeypatch).now = MONDAY_MORNING
    return make_town()


@pytest.fixture
def talk(says: Says) -> Talk:
    """Her conversation."""
    return Talk(says)


@pytest.fixture
def ticket(town: Town, talk: Talk) -> Ticket:
    """Her ticket of just now."""
    return town.opened(conversation=talk.conversation)


@pytest.mark.parametrize(
    ("text", "score"),
    [
        ("打5分", 5),
        ("很满意", 5),
        ("满意", 4),
        ("还行", 3),
        ("不满意", 2),
        ("差评", 1),
        ("非常不满意", 1),
        ("4", 4),
        ("谢谢", None),
    ],
)
def test_the_score_that_words_give(text: str, score: int | None) -> None:
    assert cases.score_in(text) == score


def test_how_far_it_is_in_the_conversation_that_opened_it(talk: Talk, ticket: Ticket) -> None:
    reply = talk.says_to(cases.progress, "我的单子到哪一步了", "ask_progress")
    assert (reply.kind, reply.intent) == ("ticket_status", "ask_progress")
    assert reply.ticket == {"number": ticket.number, "status": "ordered"}


def test_elsewhere_the_phone_is_asked_for_first_then_the_number(
    says: Says, town: Town, talk: Talk
) -> None:
    ticket = town.opened()
    talk.says_to(cases.progress, "我的单子到哪一步了", "ask_progress")
    asked = talk.kept(cases.ask_lookup("phone", talk.context("", "ask_progress")))
    assert asked.slot == "phone"
    talk.says_to(cases.validate_lookup, PHONE)
    asked = talk.kept(cases.ask_lookup("number", talk.context("", "ask_progress")))
    assert asked.slot == "number"
    talk.says_to(cases.validate_lookup, ticket.number)
    found = talk.kept(cases.looked_up(talk.context("", "ask_progress")))
    assert found.ticket == {"number": ticket.number, "status": "ordered"}


@pytest.mark.parametrize("wrong", ["13911112222", PHONE])
def test_what_does_not_match_gets_one_sentence_whether_it_exists_or_not(
    town: Town, talk: Talk, wrong: str
) -> None:
    ticket = town.opened()
    number = ticket.number if wrong != PHONE else "2601010001"
    talk.says_to(cases.progress, f"查单号{number}，电话{wrong}", "ask_progress")
    found = talk.kept(cases.looked_up(talk.context("", "ask_progress")))
    assert (found.text, found.ticket) == (ticket_phrases.NOT_MATCHED, None)


def test_who_gives_up_looking_is_let_go(talk: Talk) -> None:
    talk.says_to(cases.progress, "我的单子到哪一步了", "ask_progress")
    talk.kept(cases.ask_lookup("phone", talk.context("", "ask_progress")))
    assert talk.says_to(cases.validate_lookup, "算了不查了").text == phrases.LOOKUP_DROPPED
    assert talk.desk.calls == []


def test_who_forgot_the_number_gets_a_person(talk: Talk) -> None:
    talk.says_to(cases.progress, "我的单子到哪一步了", "ask_progress")
    assert talk.says_to(cases.validate_lookup, "单号忘了").kind == "handover"


def test_the_time_is_changed_to_what_it_is_moved_to(talk: Talk, ticket: Ticket) -> None:
    reply = talk.says_to(cases.change, "明天有事，改到后天下午三点", "change_ticket")
    assert reply.kind == "ticket_changed"
    assert reply.slots["time_iso"] == "2026-11-25T15:00:00+08:00"
    ticket.refresh_from_db()
    assert ticket.time_at is not None
    assert ticket.time_at.astimezone(MONDAY_MORNING.tzinfo).hour == 15


def test_what_stays_as_it_is_is_not_told_as_changed(talk: Talk, ticket: Ticket) -> None:
    reply = talk.says_to(cases.change, "明天家里没人，上门时间改到后天下午行吗", "change_ticket")
    assert reply.kind == "ticket_changed"
    assert "方式" not in reply.text
    assert "mode" not in reply.slots


def test_the_phone_is_changed_after_it_was_asked_for(talk: Talk, ticket: Ticket) -> None:
    asked = talk.says_to(cases.change, "我要改单子的电话", "change_ticket")
    assert (asked.kind, asked.slot) == ("ask_slot", "phone")
    changed = talk.says_to(cases.changing, "13911112222")
    assert (changed.kind, changed.slots) == ("ticket_changed", {"phone": "13911112222"})


def test_a_time_that_has_passed_changes_nothing(talk: Talk, ticket: Ticket) -> None:
    asked = talk.says_to(cases.change, "改到今天早上七点", "change_ticket")
    assert (asked.kind, asked.slot) == ("ask_slot", "time")
    assert talk.says_to(cases.changing, "那不改了").text == phrases.NOT_CHANGED


def test_a_ticket_is_withdrawn_after_it_was_asked_once_more(talk: Talk, ticket: Ticket) -> None:
    asked = talk.says_to(cases.cancel, "单子不要了", "cancel_ticket")
    assert (asked.kind, asked.slot) == ("confirm", "confirm")
    gone = talk.says_to(cases.withdraw, "对，撤掉", "affirm")
    assert gone.kind == "ticket_cancelled"
    assert gone.ticket == {"number": ticket.number, "status": "withdrawn"}


def test_who_thinks_better_of_it_keeps_it(talk: Talk, ticket: Ticket) -> None:
    talk.says_to(cases.cancel, "单子不要了", "cancel_ticket")
    assert talk.says_to(cases.withdraw, "还是别撤了").text == phrases.WITHDRAW_NOT
    ticket.refresh_from_db()
    assert ticket.state == "ordered"


def test_a_bad_rating_is_kept_and_answered(talk: Talk, ticket: Ticket) -> None:
    reply = talk.says_to(cases.rate, "差评", "rate")
    assert (reply.kind, reply.ticket and reply.ticket["number"]) == ("rated", ticket.number)
    assert "15个工作日" in reply.text


def test_a_score_is_asked_for(talk: Talk, ticket: Ticket) -> None:
    asked = talk.says_to(cases.rate, "我想评价一下", "rate")
    assert asked.kind == "ask_slot"
    assert talk.says_to(cases.rating, "很满意").kind == "rated"


def test_what_was_closed_and_is_not_solved_is_opened_again(town: Town, talk: Talk) -> None:
    done = town.delivered(conversation=talk.conversation)
    reply = talk.says_to(cases.progress, "还是没办好", "ask_progress")
    assert reply.kind == "ticket_changed"
    done.refresh_from_db()
    assert done.state not in ("delivered", "called_back")


def test_what_is_still_open_is_told_of_instead(talk: Talk, ticket: Ticket) -> None:
    reply = talk.says_to(cases.progress, "还是没办好", "ask_progress")
    assert reply.kind == "ticket_status"


@pytest.mark.parametrize(
    ("text", "kind"),
    [("我的单子还没办好吗", "ticket_status"), ("没办好之前我要不要再来一趟", "ticket_status")],
)
def test_who_only_asks_opens_nothing_again(town: Town, talk: Talk, text: str, kind: str) -> None:
    done = town.delivered(conversation=talk.conversation)
    assert talk.says_to(cases.progress, text, "ask_progress").kind == kind
    done.refresh_from_db()
    assert done.state == "delivered"


def test_what_comes_back_is_the_one_that_is_named(town: Town, talk: Talk) -> None:
    done = town.delivered(conversation=talk.conversation)
    other = town.opened("yes-2", conversation=talk.conversation, item_id="GG08")
    told = talk.says_to(cases.progress, f"单号{other.number}没办好，重新办", "ask_progress")
    assert (told.kind, told.ticket and told.ticket["number"]) == ("ticket_status", other.number)
    again = talk.says_to(cases.progress, f"单号{done.number}没办好，重新办", "ask_progress")
    assert (again.kind, again.ticket and again.ticket["number"]) == ("ticket_changed", done.number)


def test_what_was_finished_long_ago_does_not_come_back(town: Town, talk: Talk) -> None:
    town.delivered(conversation=talk.conversation)
    talk.now = MONDAY_MORNING + cases.REOPENED_WITHIN + timedelta(days=1)
    assert talk.says_to(cases.progress, "还是没办好", "ask_progress").kind == "ticket_status"


def test_that_it_is_solved_is_a_reports_verdict(town: Town, talk: Talk) -> None:
    kind = talk.context("", "").guide.report_kind("R01")
    assert kind is not None
    request = ReportRequest(kind, "明发滨江3栋", "灯不亮")
    reporter = report_services.report_open(request, "yes-9", conversation=talk.conversation)
    Report.objects.update(state="closed", closed_at=MONDAY_MORNING)
    assert talk.says_to(cases.progress, "已经修好了，谢谢", "ask_progress").kind == "rated"
    reporter.refresh_from_db()
    assert reporter.verdict == report_services.SOLVED


def test_that_it_is_solved_is_thanks_where_nothing_was(talk: Talk) -> None:
    assert talk.says_to(cases.progress, "解决了，谢谢", "ask_progress").kind == "smalltalk"


def test_a_number_that_is_not_whole_changes_nothing(talk: Talk, ticket: Ticket) -> None:
    asked = talk.says_to(cases.change, "电话改成1391111222", "change_ticket")
    assert (asked.kind, asked.slot) == ("ask_slot", "phone")
    ticket.refresh_from_db()
    assert ticket.sealed_person["phone"] == PHONE


def test_the_phone_that_proves_who_asks_is_no_change(talk: Talk, town: Town) -> None:
    elsewhere = town.opened()
    text = f"我要改时间，单号{elsewhere.number}，电话{PHONE}"
    talk.says_to(cases.change, text, "change_ticket")
    asked = talk.kept(cases.looked_up(talk.context("", "change_ticket")))
    assert (asked.kind, asked.slot) == ("ask_slot", "time")


def test_a_yes_after_the_ticket_says_its_number_once_more(talk: Talk, ticket: Ticket) -> None:
    reply = talk.says_to(cases.courtesy, "对", "affirm")
    assert reply.ticket == {"number": ticket.number, "status": "ordered"}
    assert Ticket.objects.count() == 1


def test_a_yes_whose_answer_was_lost_is_told_the_number_by_whoever_answers(
    talk: Talk, ticket: Ticket
) -> None:
    told = {"number": ticket.number, "status": "ordered"}
    assert talk.says_to(ticket_form.confirm, "对", "affirm").ticket == told
    assert talk.says_to(report_form.confirm, "对", "affirm").ticket == told
    alone = single_turn(talk.context("对", "affirm"))
    assert (alone.kind, alone.ticket) == ("ticket_status", told)
    assert Ticket.objects.count() == 1
