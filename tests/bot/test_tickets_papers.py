"""What is printed from a ticket says what happened, and hides what nobody needs to read."""

from __future__ import annotations

import pytest

from bot.tickets import papers, services
from bot.tickets.papers import Paper, masked_id
from tests.bot.ticketing import (
    CONSENT,
    PHONE,
    Town,
    TurnedClock,
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


def rows(paper: Paper) -> dict[str, str]:
    return dict(paper.lines)


def test_the_mandate_says_who_what_until_when_and_how_she_said_yes(town: Town) -> None:
    paper = papers.mandate(town.opened(id_number="320111194001010012"))
    said = rows(paper)
    assert paper.title == "帮办代办委托书"
    assert (said["姓名"], said["联系电话"], said["地址"]) == ("王秀英", PHONE, "珍珠花园3栋502")
    assert said["委托事项"] == "代办“老年人优待证办理”"
    assert said["委托期限"] == "至2027年5月23日"
    assert (said["当面或电话确认的内容"], said["本人答复"]) == (CONSENT.words, "对的")
    assert said["答复时间"] == "2026年11月23日09:30"
    assert said["身份证号"] == "3201**********0012"


def test_the_receipt_lists_the_materials_and_the_promise(town: Town) -> None:
    ticket = town.started()
    services.material_set(ticket.materials.get(name="身份证"), "received", town.grid)
    said = rows(papers.receipt(ticket))
    assert said["受理时间"] == "2026年11月23日09:30"
    assert said["承诺办结"] == "2026年11月30日17:30"
    assert (said["材料：身份证"], said["材料：一寸照片"]) == ("已收", "还缺")
    assert (said["经办人"], said["原因"], said["谁提出"]) == ("小李", "老年人", "本人")


def test_the_suspension_says_since_when_and_why(town: Town) -> None:
    ticket = services.ticket_suspend(town.started(), town.grid, "缺户口本")
    said = rows(papers.suspension(ticket))
    assert (said["中止原因"], said["中止时间"]) == ("缺户口本", "2026年11月23日09:30")


def test_the_closing_says_what_came_of_it_and_how_it_was_sent(town: Town) -> None:
    ticket = services.ticket_ready(town.started(), town.grid, "EA123456789CN")
    said = rows(papers.closing(services.ticket_deliver(ticket, town.grid, "证已寄到")))
    assert (said["办理结果"], said["EMS单号"]) == ("证已寄到", "EA123456789CN")
    assert "EMS单号" not in rows(papers.closing(town.delivered(key="yes-2")))


def test_a_ticket_has_the_papers_of_the_steps_it_has_taken(town: Town) -> None:
    assert papers.papers_of(town.opened()) == ["mandate"]
    assert papers.papers_of(town.delivered(key="yes-2")) == ["mandate", "receipt", "closing"]


@pytest.mark.parametrize("number", ["", "1234", "12345678"])
def test_an_id_number_too_short_to_mask_is_not_shown(number: str) -> None:
    assert masked_id(number) == ""
