"""Which of some choices is named by its place."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.actions.positions import position_in

LONGEST = 1000


@pytest.mark.parametrize(
    ("text", "place"),
    [
        *((text, 0) for text in ("第一个", "1", "一", "1.", "①", "1号", "第1个", "第一", "第一种")),
        *(
            (text, 0)
            for text in ("就第一个吧", "我选第一个", "是第一个", "那就一吧", "按1", "选一")
        ),
        *((text, 0) for text in ("头一个", "头一件", "最上面那个", "最前面一个", "上面那个")),
        *(
            (text, 1)
            for text in ("第二个", "2", "二", "２", "第２个", "二号", "要2", "2、", "（2）")
        ),
        *(
            (text, 1)
            for text in ("二吧", "第二", "按2键", "嗯，第二个", "对，就是第二个", "第 二 个")
        ),
        *((text, 1) for text in ("中间那个", "当中那个", "中间的", "倒数第二个", "二的")),
        *((text, 2) for text in ("第三个", "选3号", "3)", "选项3", "我说的是第三个", "第三项")),
        *(
            (text, 2)
            for text in ("最后一个", "最后那个", "最后的", "末一个", "最末一个", "最后一项")
        ),
        *((text, 2) for text in ("下面那个", "最下面的", "后面那个", "倒数第一个")),
    ],
)
def test_a_place_is_heard_however_it_is_said(text: str, place: int) -> None:
    assert position_in(text, 3) == place


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("第一个要什么材料", 0),
        ("我想问第二个要钱吗", 1),
        ("那第二件呢", 1),
        ("第二件怎么办", 1),
        ("先看第一件", 0),
        ("最后一个在哪办", 2),
    ],
)
def test_a_place_may_stand_in_a_question(text: str, place: int) -> None:
    assert position_in(text, 3) == place


@pytest.mark.parametrize(
    "text",
    [
        *(
            "一楼在哪",
            "2号窗口在哪",
            "三楼",
            "1月份",
            "一个月",
            "三个月",
            "3个月以上",
            "5天",
            "三天",
        ),
        *("周一", "星期二", "2026年", "80岁", "七十", "12345", "一年", "三轮车", "二维码", "二胎"),
        *("第一次办", "头一回办", "头一次", "第二胎要带什么", "第二代身份证", "第三方", "第一季度"),
        *("最后一天", "最后期限是哪天", "最后怎么拿", "后面怎么办", "中间价", "两个孩子", "一件事"),
        *(
            "两个都要",
            "两个",
            "都要",
            "一样",
            "一点",
            "一起办",
            "一般",
            "一卡通",
            "一次",
            "第一时间",
        ),
        *("", "都不是", "要带什么", "😀", "？", "one", "社保卡丢了"),
    ],
)
def test_other_numbers_name_no_place(text: str) -> None:
    assert position_in(text, 3) is None


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("不是第一个", None),
        ("不要第二个", None),
        ("第一个不是", None),
        ("不是最后一个", None),
        ("第一个不是，第二个", 1),
        ("不是第一个，是第三个", 2),
        ("除了第一个", None),
    ],
)
def test_what_is_denied_is_not_chosen(text: str, place: int | None) -> None:
    assert position_in(text, 3) == place


@pytest.mark.parametrize(
    ("text", "of", "place"),
    [
        ("最后一个", 2, 1),
        ("最后一个", 1, 0),
        ("中间那个", 1, 0),
        ("倒数第二个", 2, 0),
        ("倒数第三个", 2, None),
        ("第四个", 3, 3),
        ("9", 3, 8),
        ("10", 10, 9),
        ("第十个", 10, 9),
    ],
)
def test_the_end_is_counted_from_and_a_number_may_be_beyond(
    text: str, of: int, place: int | None
) -> None:
    assert position_in(text, of) == place


@given(
    st.text(alphabet="第一二三两1239个号的那就要选最后头中间不是倒数 ，吧", max_size=20),
    st.integers(1, 9),
)
def test_whatever_is_said_a_place_is_no_less_than_the_first(text: str, of: int) -> None:
    place = position_in(text, of)
    assert place is None or 0 <= place < 10


@pytest.mark.parametrize(
    "word", ["要", "就", "我要", "那个", "的", "第一", "1", "不是第", "最后", "嗯，"]
)
def test_stammering_for_a_whole_message_costs_no_time(word: str) -> None:
    began = time.perf_counter()
    position_in((word * LONGEST)[:LONGEST] + "x", 3)
    assert time.perf_counter() - began < 0.2
