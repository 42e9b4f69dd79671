"""What is heard about the person: her age, who she is, and what a condition says of ages."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.actions.facts import (
    PERSONS,
    AgeRange,
    age_in,
    age_limit,
    age_told,
    number,
    person_in,
    tells_of_person,
)
from knowledge.files import KnowledgeFiles

ONES = "零一二三四五六七八九"


def in_characters(value: int) -> str:
    """1 to 109 as it is written in characters."""
    if value >= 100:
        return "一百" if value == 100 else f"一百零{ONES[value - 100]}"
    tens, ones = divmod(value, 10)
    head = ("" if tens == 1 else ONES[tens]) + "十" if tens else ""
    return head + (ONES[ones] if ones or not tens else "")


@pytest.mark.parametrize("value", range(1, 110))
def test_numbers_are_read_in_digits_and_in_characters(value: int) -> None:
    assert number(str(value)) == value
    assert number(in_characters(value)) == value


@pytest.mark.parametrize(("text", "value"), [("两", 2), ("〇", 0), ("0", 0), ("120", 120)])
def test_odd_ways_of_writing_numbers_are_read(text: str, value: int) -> None:
    assert number(text) == value


@pytest.mark.parametrize("value", range(1, 110))
def test_every_age_is_heard_in_digits_and_in_characters(value: int) -> None:
    assert age_in(f"我妈{value}岁") == value
    assert age_in(f"我妈{in_characters(value)}岁") == value


@pytest.mark.parametrize("value", range(20, 110))
def test_grown_ups_need_not_say_the_word_for_years(value: int) -> None:
    assert age_in(f"我妈今年{value}了") == value
    assert age_in(f"我妈今年{in_characters(value)}了") == value


@pytest.mark.parametrize(
    ("text", "age"),
    [
        ("八十二岁", 82),
        ("今年七十二", 72),
        ("今年八十", 80),
        ("他都九十啦", 90),
        ("我妈80岁了", 80),
        ("80了", 80),
        ("我今年82了", 82),
        ("老伴七十五了", 75),
        ("我爸 82", 82),
        ("奶奶九十三了，走不动", 93),
        ("六十多岁", 60),
        ("六十来岁的人", 60),
        ("孩子两岁", 2),
        ("娃三岁半", 3),
        ("70虚岁", 70),
        ("虚岁七十", 70),
        ("35周岁", 35),
        ("刚满60", 60),
        ("满60岁了能领吗", 60),
        ("一百零二岁", 102),
        ("我100了", 100),
    ],
)
def test_an_age_is_heard_however_it_is_said(text: str, age: int) -> None:
    assert age_in(text) == age


@pytest.mark.parametrize(
    ("text", "age"),
    [
        ("差两个月满60", 59),
        ("差3个月80岁", 79),
        ("差一岁60", 59),
        ("还没到60", 59),
        ("不到60岁", 59),
        ("不满十六岁", 15),
        ("没满16周岁", 15),
        ("快六十岁了", 59),
        ("快80了", 79),
        ("还有两个月满60", 59),
        ("下个月满60", 59),
        ("我妈明年80", 79),
        ("还有我妈，80岁了", 80),
    ],
)
def test_who_is_not_that_old_yet_is_a_year_younger(text: str, age: int) -> None:
    assert age_in(text) == age


@pytest.mark.parametrize(
    "text",
    [
        *("", "岁数大了", "几岁", "多少岁能办", "今年", "80后", "去年"),
        *("2026年", "今年2026年了", "12345", "打12345了", "打12345", "我妈1944年生的"),
        *("60岁以上的人", "65岁那年", "80岁的时候", "满80才能领吗"),
        *("8月", "3个月", "一个月80块", "工龄30年", "都30年了", "82号", "我住82号", "110平米"),
        *("都十点了", "快十二点了", "已经30天了", "快30天了", "等了三个小时了", "二楼", "第二个"),
        *("130岁", "999岁"),
    ],
)
def test_other_numbers_are_no_age(text: str) -> None:
    assert age_in(text) is None


@pytest.mark.parametrize(
    ("text", "age"), [("我79岁，我妈80岁", 80), ("不是80岁，是79岁", 79), ("80岁，不对，81岁", 81)]
)
def test_the_last_age_counts(text: str, age: int) -> None:
    assert age_in(text) == age


@given(
    st.text(
        alphabet="0123456789零一二两三四五六七八九十百岁周虚满差快今年了多我妈第个月 ，",
        max_size=14,
    )
)
def test_whatever_is_said_an_age_is_that_of_a_human_being(text: str) -> None:
    age = age_in(text)
    assert age is None or 0 <= age <= 120


@pytest.mark.parametrize(
    ("told", "age"),
    [
        ([], None),
        (["我妈80岁"], 80),
        (["我妈80岁", "她有医保"], 80),
        (["我妈80岁", "还是我自己办"], 80),
        (["我妈80岁", "我爸呢"], None),
        (["我妈80岁", "我爸82"], 82),
        (["我妈80岁", "住院了", "我邻居也要办"], None),
    ],
)
def test_an_age_is_kept_until_somebody_else_is_named(told: list[str], age: int | None) -> None:
    assert age_told(told) == age


# What conditions and labels say


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("满60周岁", 60, None),
        ("年满80周岁，看身份证上的出生日期", 80, None),
        ("80至99周岁", 80, 99),
        ("80到89岁", 80, 89),
        ("90—99岁", 90, 99),
        ("60～69岁", 60, 69),
        ("60岁到79岁", 60, 79),
        ("0到6岁，有残疾", 0, 6),
        ("16至18周岁", 16, 18),
        ("100周岁以上", 100, None),
        ("老人满一百周岁", 100, None),
        ("60周岁及以上", 60, None),
        ("六十岁以上老人", 60, None),
        ("7岁以上", 7, None),
        ("六十到六十九", 60, 69),
        ("七十以上", 70, None),
        ("还没到六十", 0, 59),
        ("已经过了六十", 60, None),
        ("6岁以下", 0, 6),
        ("男22周岁以前", 0, 22),
        ("35周岁以内", 0, 35),
        ("不满16周岁", 0, 15),
        ("未满十六岁", 0, 15),
        ("孩子没满18周岁", 0, 17),
    ],
)
def test_the_ages_of_a_condition_are_read(text: str, low: int, high: int | None) -> None:
    assert age_limit(text) == AgeRange(low, high)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "大人",
        "三级",
        "交满15年",
        "1960年",
        "不满三个月",
        "90天以内",
        "3栋2单元",
        "三分之二以上的业主",
        "10人以上",
    ],
)
def test_what_names_no_age_has_no_limit(text: str) -> None:
    assert age_limit(text) is None


@pytest.mark.parametrize(
    "text",
    ["男满22周岁、女满20周岁", "未满18周岁，或者满了18周岁但还在上学", "男60岁，女55岁"],
)
def test_two_limits_in_one_sentence_decide_nothing(text: str) -> None:
    assert age_limit(text) is None


@pytest.mark.parametrize(
    ("low", "high", "age", "is_within"),
    [
        (60, None, 59, False),
        (60, None, 60, True),
        (60, None, 120, True),
        (0, 15, 0, True),
        (0, 15, 15, True),
        (0, 15, 16, False),
    ],
)
def test_both_ends_of_a_range_belong_to_it(
    low: int, high: int | None, age: int, is_within: bool
) -> None:
    assert AgeRange(low, high).holds(age) is is_within


def test_the_labels_of_one_situation_never_claim_the_same_age(shipped: KnowledgeFiles) -> None:
    for item in shipped.items.values():
        for situation in item.situations:
            limits = [limit for o in situation.options if (limit := age_limit(o.label))]
            doubled = [age for age in range(121) if sum(limit.holds(age) for limit in limits) > 1]
            assert doubled == [], (item.item_id, situation.id)


# Whom it is about


@pytest.mark.parametrize(
    ("text", "who"),
    [
        ("我妈要办", "mother"),
        ("给我婆婆办", "mother"),
        ("我爸走不动", "father"),
        ("老伴住院了", "partner"),
        ("我老公的", "partner"),
        ("我奶奶的低保", "grandparent"),
        ("外婆", "grandparent"),
        ("我孩子上学", "child"),
        ("我孙女刚出生", "child"),
        ("帮邻居问", "other"),
        ("我姐姐", "other"),
        ("我自己办", "self"),
        ("本人来", "self"),
        ("是我", "self"),
    ],
)
def test_the_person_is_heard(text: str, who: str) -> None:
    assert person_in(text) == who


@pytest.mark.parametrize(
    "text", ["", "我想问社保卡", "我要办证", "我们小区", "我家漏水", "要带什么"]
)
def test_who_only_asks_has_said_nothing_of_a_person(text: str) -> None:
    assert person_in(text) is None


@pytest.mark.parametrize(
    ("text", "who"),
    [
        ("不是我妈，是我爸", "father"),
        ("是我爸，不是我妈", "father"),
        ("不是我，是我邻居", "other"),
        ("不是我妈，是我自己", "self"),
    ],
)
def test_who_is_denied_is_not_meant(text: str, who: str) -> None:
    assert person_in(text) == who


@pytest.mark.parametrize(("who", "word"), [(w, x) for w, words in PERSONS.items() for x in words])
def test_every_word_for_a_person_is_understood(who: str, word: str) -> None:
    assert person_in(f"替{word}办的") == who


@pytest.mark.parametrize(
    ("text", "is_told"),
    [("我妈80了", True), ("82岁", True), ("我爸的", True), ("要带什么", False), ("", False)],
)
def test_only_what_tells_of_a_person_is_worth_remembering(text: str, is_told: bool) -> None:
    assert tells_of_person(text) is is_told
