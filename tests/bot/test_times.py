"""When a resident is at home, as words and a moment."""

from __future__ import annotations

from datetime import datetime

import pytest

from bot.actions.intake.times import time_in
from tests.people import OFFICE

MONDAY = datetime(2026, 11, 23, 9, 45, tzinfo=OFFICE)


@pytest.mark.parametrize(
    ("text", "words", "at"),
    [
        ("明天上午", "明天上午", "2026-11-24T09:00"),
        ("后天", "后天", "2026-11-25T09:00"),
        ("下周四下午三点", "下周四下午3点", "2026-12-03T15:00"),
        ("星期五下午两点半", "周五下午2点半", "2026-11-27T14:30"),
        ("礼拜天", "周日", "2026-11-29T09:00"),
        ("十二月三号下午", "十二月三号下午", "2026-12-03T14:00"),
        ("5号上午", "12月5号上午", "2026-12-05T09:00"),
        ("晚上八点", "今天晚上8点", "2026-11-23T20:00"),
        ("三点", "今天下午3点", "2026-11-23T15:00"),
        ("早上八点", "明天上午8点", "2026-11-24T08:00"),
        ("平时不在，双休日才在家", "周末", "2026-11-28T09:00"),
        ("明天有事，改到后天下午", "后天下午", "2026-11-25T14:00"),
        ("不对不对，明天我要去医院，后天上午吧", "后天上午", "2026-11-25T09:00"),
        ("明天上午九点以后", "明天上午9点以后", "2026-11-24T09:00"),
    ],
)
def test_a_day_and_a_part_of_it_stand_for_a_moment(text: str, words: str, at: str) -> None:
    wish = time_in(text, MONDAY)
    assert wish is not None
    assert wish.words == words
    assert wish.at == datetime.fromisoformat(at).replace(tzinfo=OFFICE)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("随便哪天", "哪天都行"),
        ("天天在家", "哪天都行"),
        ("上午九点以前，哪天都行", "哪天都行，上午9点以前"),
        ("下午都行", "哪天都行，下午"),
        ("越快越好", "尽快"),
    ],
)
def test_any_day_has_no_moment(text: str, words: str) -> None:
    wish = time_in(text, MONDAY)
    assert wish is not None
    assert (wish.words, wish.at) == (words, None)


def test_a_weekday_that_is_today_is_the_one_in_a_week() -> None:
    wish = time_in("周一", MONDAY)
    assert wish is not None
    assert wish.words == "下周一"
    assert wish.at == MONDAY.replace(month=11, day=30, hour=9, minute=0)


def test_a_part_of_today_that_has_begun_is_not_over() -> None:
    wish = time_in("今天上午", MONDAY)
    assert wish is not None
    assert wish.at == MONDAY.replace(hour=10, minute=0)


@pytest.mark.parametrize("text", ["今天早上八点", "今天上午"])
def test_what_has_passed_comes_back_as_it_is(text: str) -> None:
    wish = time_in(text, MONDAY.replace(hour=13))
    assert wish is not None
    assert wish.at is not None
    assert wish.at < MONDAY.replace(hour=13)


@pytest.mark.parametrize("text", ["临江社区", "我八十了", "对", ""])
def test_words_without_a_time_name_none(text: str) -> None:
    assert time_in(text, MONDAY) is None
