"""Taking a report down: where, what, a number or none."""

from __future__ import annotations

import pytest

from bot.actions.intake import phrases, report
from bot.evidence.models import Upload
from bot.reports.models import Reporter
from tests.bot.conftest import Says
from tests.bot.intaking import Talk
from tests.bot.ticketing import make_town

pytestmark = pytest.mark.django_db


@pytest.fixture
def talk(says: Says) -> Talk:
    """A resident before her first word."""
    make_town()
    return Talk(says, form="report")


def test_a_place_in_the_first_sentence_is_not_asked_for(talk: Talk) -> None:
    asked = talk.opens("顶山花园3栋门口天天乱停车，走都走不过去")
    assert asked.slot == "phone"
    assert asked.slots["location"] == "顶山花园3栋门口"
    assert talk.answers("13800138000").kind == "confirm"
    opened = talk.confirms("对")
    assert opened.kind == "report_opened"
    reporter = Reporter.objects.get()
    assert opened.report == {"number": reporter.number, "status": reporter.report.state}


@pytest.mark.parametrize(
    "said",
    [
        "小区里老有人跳广场舞，吵死了",
        "楼上那家在楼道里堆了一堆纸箱子",
        "我们小区楼道里堆满了杂物",
        "楼下饭店油烟大得很",
    ],
)
def test_words_that_lead_nobody_there_are_no_place(talk: Talk, said: str) -> None:
    assert talk.opens(said).slot == "location"


@pytest.mark.parametrize(
    ("said", "place"),
    [
        ("我们顶山花园消防通道被车堵死了", "顶山花园消防通道"),
        ("沿江路那边路灯不亮好几天了", "沿江路"),
        ("珍珠路口有个井盖没了", "珍珠路口"),
    ],
)
def test_a_place_is_told_from_the_story_around_it(talk: Talk, said: str, place: str) -> None:
    assert talk.opens(said).slots["location"] == place


def test_anonymous_is_as_good(talk: Talk) -> None:
    talk.opens("沿江路那边路灯不亮好几天了")
    assert "匿名" in talk.answers("不留").text
    assert talk.confirms("对").kind == "report_opened"
    assert Reporter.objects.get().is_anonymous


@pytest.mark.parametrize(
    ("said", "slot", "value"),
    [
        ("不对，是11栋门口", "location", "顶山花园11栋门口"),
        ("电话错了，13900139000", "phone", "13900139000"),
    ],
)
def test_what_was_read_back_is_corrected(talk: Talk, said: str, slot: str, value: str) -> None:
    talk.opens("顶山花园10栋门口垃圾没人清")
    talk.answers("13800138000")
    assert talk.confirms(said).slots[slot] == value


def test_a_number_may_be_taken_back(talk: Talk) -> None:
    talk.opens("顶山花园10栋门口垃圾没人清")
    talk.answers("13800138000")
    read_again = talk.confirms("电话还是不留了，匿名")
    assert read_again.kind == "confirm"
    assert "phone" not in read_again.slots


def test_why_a_number_is_asked_for(talk: Talk) -> None:
    talk.opens("顶山花园10栋门口垃圾没人清")
    assert talk.answers("为什么要留电话").text.startswith(phrases.WHY_NEEDED["contact"])


def test_who_fears_to_be_known_is_told_that_nobody_hears_of_it(talk: Talk) -> None:
    talk.opens("工地老板欠我们工资半年了")
    talk.answers("浦珠路99号工地")
    assert talk.answers("说了会不会让老板晓得是我说的").text.startswith(phrases.NOBODY_IS_TOLD)


@pytest.mark.parametrize("said", ["我要投诉", "我要反映一下", "举报！"])
def test_who_only_wants_to_complain_is_asked_of_what(says: Says, said: str) -> None:
    outcome = report.begin(says(said, "report_problem"))
    assert (outcome.reply.kind, outcome.reply.text) == ("ask_slot", phrases.REPORT_WHAT)
    assert outcome.draft == {}


def test_a_number_that_is_not_whole_is_asked_for_again(talk: Talk) -> None:
    talk.opens("顶山花园10栋门口垃圾没人清")
    assert talk.answers("1390013900").text.startswith(phrases.PHONE_NOT_WHOLE)


def test_a_question_is_left_to_those_who_answer_it(talk: Talk) -> None:
    talk.opens("工地老板欠我们工资半年了")
    assert talk.slots["item"] == "SB35"
    asked = talk.says_to(report.validate, "要带什么材料")
    assert asked.text == ""
    assert "report_contact" not in talk.draft


def test_a_picture_is_acknowledged_and_goes_to_the_report(talk: Talk) -> None:
    talk.opens("顶山花园10栋门口垃圾没人清")
    upload = Upload.objects.create(
        content_type="image/jpeg",
        size_bytes=1,
        digest="0" * 64,
        path="photo",
        owner=talk.conversation.sender,
        created_at=talk.now,
    )
    talk.photos = (upload.upload_id,)
    assert talk.answers("").text.startswith(phrases.PHOTO_TAKEN)
    assert "照片：1张" in talk.answers("不留").text
    opened = talk.confirms("对")
    upload.refresh_from_db()
    assert opened.report is not None
    assert upload.number == opened.report["number"]


def test_a_report_that_was_dropped_leaves_nothing(talk: Talk) -> None:
    talk.opens("楼下饭店油烟大得很")
    assert talk.answers("算了，不报了").text == phrases.REPORT_DROPPED
    assert not Reporter.objects.exists()


def test_who_asks_for_a_person_names_no_place(talk: Talk) -> None:
    talk.opens("楼上天天半夜装修吵死了")
    assert talk.answers("找个人跟我讲", "human").slot == "location"
    assert "report_location" not in talk.draft
