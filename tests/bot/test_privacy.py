"""What identifies a person is masked; what only looks like it is left alone."""

from __future__ import annotations

import logging

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.conversations.privacy import MaskingFilter, is_identity_number, mask

# Made-up numbers with right check digits.
IDENTITY = "320111194905125623"
IDENTITY_X = "11010519491231002X"
CARD_16 = "6225880120202008"
# It holds eleven digits that look like a mobile number.
CARD_WITH_PHONE = "4532015112830366"
CARD_19 = "6222021234567890128"


@pytest.mark.parametrize(
    "phone",
    [
        "13812345678",
        "138 1234 5678",
        "138-1234-5678",
        "138.1234.5678",
        "138－1234－5678",
        "138 12 34 56 78",
        "1381 234 5678",
        "+8613812345678",
        "+86 138 1234 5678",
        "8613812345678",
        "19912345678",
        "025-58880123",
        "025 58880123",
        "0516-8888123",
        "02558880123",
    ],
)
def test_a_phone_is_masked_however_it_is_written(phone: str) -> None:
    assert mask(f"我姓王，电话{phone}，下午打") == "我姓王，电话<phone>，下午打"


@pytest.mark.parametrize(
    "spoken",
    [
        "一三八一二三四五六七八",
        "幺三八幺二三四五六七八",
        "幺三八，零零幺二，三四五六",
        "一 三 八 一 二 三 四 五 六 七 八",
        "一三九〇〇〇两两三三四",
    ],
)
def test_a_phone_spoken_digit_by_digit_is_masked(spoken: str) -> None:
    assert mask(f"我电话是{spoken}") == "我电话是<phone>"


@pytest.mark.parametrize(
    "phone",
    ["１３８１２３４５６７８", "(025)58880123", "（025）58880123"],
)
def test_a_phone_in_another_spelling_is_masked(phone: str) -> None:
    assert mask(f"我电话{phone}，下午打") == "我电话<phone>，下午打"


@pytest.mark.parametrize("number", [IDENTITY, IDENTITY_X, IDENTITY_X.lower()])
def test_an_identity_number_is_masked(number: str) -> None:
    assert mask(f"身份证{number}的老人") == "身份证<id>的老人"


@pytest.mark.parametrize(
    ("number", "is_right"),
    [
        (IDENTITY, True),
        (IDENTITY_X, True),
        (IDENTITY_X.lower(), True),
        (IDENTITY[:-1] + "8", False),
        ("110105194912310021", False),
        (IDENTITY[:-1], False),
        ("", False),
        ("３２０１１１１９４９０５１２５６２９", False),
    ],
)
def test_the_check_digit_decides_what_is_an_identity_number(number: str, is_right: bool) -> None:
    assert is_identity_number(number) is is_right


def test_a_wrong_check_digit_is_still_not_stored() -> None:
    assert IDENTITY[:-1] not in mask(f"身份证{IDENTITY[:-1]}8")


def test_an_old_identity_number_of_15_digits_is_masked() -> None:
    assert mask("老证号320111490512562") == "老证号<id>"


@pytest.mark.parametrize(
    "number",
    [CARD_16, "6225 8801 2020 2008", "6225-8801-2020-2008", CARD_19, "6222 0212 3456 7890 128"],
)
def test_a_bank_card_is_masked_by_its_check_sum(number: str) -> None:
    assert mask(f"钱打到{number}上") == "钱打到<card>上"


@pytest.mark.parametrize(
    ("said", "masked"),
    [
        (CARD_WITH_PHONE, "<card>"),
        ("4532 0151 1283 0366", "<card>"),
    ],
)
def test_a_longer_number_is_not_bitten_into(said: str, masked: str) -> None:
    assert mask(said) == masked


def test_a_long_number_without_the_check_sum_is_no_card() -> None:
    assert mask("单号6225880120202009") == "单号6225880120202009"


@pytest.mark.parametrize(
    "address",
    [
        "康华新村3栋502室",
        "康华新村3栋2单元502室",
        "浦珠中路88号12栋301",
        "浦珠中路88号12栋2单元301室",
        "大新路15号203室",
        "天润城16幢1单元1804",
        "明发滨江新城5号楼1203",
    ],
)
def test_an_address_is_masked_down_to_the_door(address: str) -> None:
    masked = mask(f"我住{address}，腿脚不好")
    assert "<address>" in masked
    assert masked.endswith("<address>，腿脚不好")
    assert not any(character.isdigit() for character in masked)


@pytest.mark.parametrize(
    "text",
    [
        "社保卡丢了怎么补",
        "我今年65岁了能办老年卡吗",
        "一个月补1980元吗",
        "低保标准是1035块",
        "2026年11月23日上午9点开门吗",
        "12月3号上班吗",
        "10月1号到7号放假吗",
        "12月3号10点开门吗",
        "我想3号13:30来",
        "打12345还是12333",
        "帮办单号DS20261123001办到哪了",
        "第1栋在哪",
        "80岁以上一个月50块，90岁以上100块",
        "满一百岁给多少",
        "要3张照片2寸的",
        "一二三四五",
        "三八妇女节放假吗",
        "1980年12月出生",
        "",
    ],
)
def test_what_is_no_personal_data_is_left_alone(text: str) -> None:
    assert mask(text) == text


def test_several_things_in_one_message_are_all_masked() -> None:
    said = f"我叫王桂兰，{IDENTITY}，电话13812345678，住康华新村3栋502室，卡号{CARD_16}"
    masked = mask(said)
    assert [masked.count(mark) for mark in ("<id>", "<phone>", "<address>", "<card>")] == [1] * 4
    assert not any(character.isdigit() for character in masked)


DIGITS = st.text(alphabet="0123456789 -，。号栋室路村一二三幺零Xx<>+", max_size=60)


@given(st.one_of(st.text(max_size=200), DIGITS))
def test_any_text_can_be_masked(text: str) -> None:
    assert isinstance(mask(text), str)


@given(st.one_of(st.text(max_size=200), DIGITS))
@example("13812345678" * 3)
@example(IDENTITY * 2)
def test_masking_twice_is_masking_once(text: str) -> None:
    once = mask(text)
    assert mask(once) == once


@given(
    st.integers(13_000_000_000, 19_999_999_999), st.sampled_from(["我电话{}", "{}", "打 {} 找我"])
)
def test_every_mobile_number_is_masked(number: int, said: str) -> None:
    assert str(number) not in mask(said.format(number))


@given(st.integers(0, 10**6 - 1), st.dates(), st.integers(0, 999))
def test_every_identity_number_is_masked(region: int, born: object, order: int) -> None:
    year = 1930 + hash(str(born)) % 90
    seventeen = f"{region:06}{year}0512{order:03}"
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    total = sum(int(d) * w for d, w in zip(seventeen, weights, strict=True))
    number = seventeen + "10X98765432"[total % 11]
    assert is_identity_number(number)
    assert mask(number) == "<id>"


def test_every_log_line_is_masked() -> None:
    record = logging.LogRecord("x", 20, "f", 1, "call %s", ("13812345678",), None)
    assert MaskingFilter().filter(record)
    assert record.getMessage() == "call <phone>"
