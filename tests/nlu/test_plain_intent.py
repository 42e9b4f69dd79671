"""Orders, complaints and asking after a case, where they are said in plain words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from knowledge.search.matcher import Candidate, Match
from knowledge.search.passages import Kind
from nlu.protocol import NOTHING_READ, Reading
from nlu.settling import ASKS, ORDERS, PERSON, PROGRESS, REPORT, REPORTS, plain_intent


def read(*kinds: Kind, probability: float = 0.9) -> Reading:
    """A reading whose candidates are of these kinds, the first the likeliest."""
    ranked = tuple(Candidate(f"X{n}", kind, "", 0.9 - n / 10, {}) for n, kind in enumerate(kinds))
    return Reading(Match(ranked, probability, "answer", ()), ("overview",), False, True)


@pytest.mark.parametrize(
    "text",
    [
        "想请你们代办尊老金",
        "想申请轮椅，请你们跑个腿",
        "叫个人来家里办",
        "找人陪我去办",
        "麻烦你们替我跑一趟",
        "我想找人帮我妈办尊老金，她瘫在床上",
        "想办张残疾证，你们能来人吗",
        "想办公交卡，叫网格员来",
        "好的就请人来吧",
        "给我办一个吧",
        "我儿子说请你们帮我跑一趟",
        "她下不了楼，你们可以叫个人到我家来吗",
        "能请人上家里来一趟不",
    ],
)
def test_who_wants_it_done_orders(text: str) -> None:
    assert plain_intent(ASKS, text, NOTHING_READ) == ORDERS


@pytest.mark.parametrize(
    "text",
    [
        *("我儿子能代办吗", "代办要带什么", "什么是陪办", "尊老金能不能代办", "居住证怎么办"),
        "媳妇心好说替我跑一趟，我人不到场给不给办",
        "转成企业要交哪些钱啊请代办的报我两千",
    ],
)
def test_a_question_about_it_orders_nothing(text: str) -> None:
    assert plain_intent(ASKS, text, NOTHING_READ) is None


def test_somebody_who_comes_in_a_long_story_is_not_ordered() -> None:
    story = "妈妈瘫了八个月都靠我，听说有人来家里看一看打个分，过了就能派人来办，打分之前先找谁"
    asked = replace(read("item"), facets=("process",), facet_is_cued=True)
    assert plain_intent(ASKS, story, asked) is None
    assert plain_intent(ASKS, story, read("item")) == ORDERS


def test_a_day_in_an_order_is_no_question() -> None:
    order = "我叫张三，今年81岁，住临江社区，想请你们代办尊老金，周五上午来"
    timed = replace(read("item"), facets=("when",), facet_is_cued=True)
    assert plain_intent(ASKS, order, timed) == ORDERS


def test_who_asks_for_a_service_at_home_orders_no_errand() -> None:
    name = "居家养老上门服务申请"
    washed = Match((Candidate("MZ15", "item", name, 0.9, {}),), 0.9, "answer", ())
    reading = Reading(washed, ("fee",), True, True)
    assert plain_intent(ASKS, "请人上门给我洗澡，往后要自己掏钱吗", reading) is None
    assert plain_intent(ASKS, "请你们上门帮我办", reading) == ORDERS


@pytest.mark.parametrize(
    "text", ["还是没解决", "那个广场舞处理了没", "什么时候来人", "我昨天报的路灯怎么样了"]
)
def test_who_asks_after_a_case(text: str) -> None:
    assert plain_intent(ASKS, text, NOTHING_READ) == PROGRESS


def test_a_complaint_asks_for_nothing() -> None:
    assert plain_intent(ASKS, "楼道灯不亮了", read(REPORT)) == REPORTS
    assert plain_intent(ASKS, "老板拖欠工资不给", read("item", REPORT)) == REPORTS
    assert plain_intent(ASKS, "楼道灯不亮找谁", read(REPORT)) is None
    assert plain_intent(ASKS, "我想办居住证", read("item", REPORT)) is None
    assert plain_intent(ASKS, "楼道灯不亮了", read(REPORT, probability=0.2)) is None


@pytest.mark.parametrize("intent", ["human", "cancel_ticket", "rate", "report_problem"])
def test_what_is_heard_beside_an_order_goes_first(intent: str) -> None:
    assert plain_intent(intent, "请你们代办尊老金", NOTHING_READ) is None


@pytest.mark.parametrize("heard", [ASKS, "inform_person", REPORTS, "cancel"])
@pytest.mark.parametrize(
    "text",
    ["找个人跟我讲", "喊个工作人员来跟我说", "我不想跟机器说", "换个真人", "叫人给我回话"],
)
def test_who_wants_to_talk_to_a_person_gets_one_whatever_was_heard(heard: str, text: str) -> None:
    assert plain_intent(heard, text, NOTHING_READ) == PERSON


@pytest.mark.parametrize(
    "text",
    ["叫个人来家里办", "找人陪我去办", "邻居找人来吵", "身份证机器读不出", "要跟谁讲材料的事"],
)
def test_who_wants_something_done_wants_no_talk(text: str) -> None:
    assert plain_intent(ASKS, text, NOTHING_READ) != PERSON


@pytest.mark.parametrize("text", ["不是自己辞的才有吧", "不是说六十就能领吗？"])
def test_a_question_that_begins_with_no_denies_nothing(text: str) -> None:
    assert plain_intent("deny", text, NOTHING_READ) == ASKS


@pytest.mark.parametrize("text", ["不是", "不是这个", "不是的，不是我", "不对，是我妈吧"])
def test_a_plain_no_stays_one(text: str) -> None:
    assert plain_intent("deny", text, NOTHING_READ) is None


@pytest.mark.parametrize(
    "text",
    [
        "没解决",
        "还没修好",
        "上个礼拜报的，一直没下文",
        "咋还没回音",
        "解决了",
        "都解决了，谢谢",
        "嗯，修好了",
    ],
)
def test_whether_it_is_solved_is_asked_of_a_case(text: str) -> None:
    assert plain_intent("nlu_fallback", text, NOTHING_READ) == PROGRESS
