"""Numbers of cases: given once, told in two groups, heard again in many ways."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from bot import clock
from bot.casework import numbers
from bot.casework.models import CaseNumber
from bot.casework.numbers import NumbersUsedUp, number_in, number_new, spaced_number
from tests.bot.conftest import MONDAY_MORNING


@pytest.fixture(autouse=True)
def monday(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is Monday, 23 November 2026."""
    monkeypatch.setattr(clock, "now", lambda: MONDAY_MORNING)


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """What is drawn next, the last one first; without any it is 47 for ever."""
    coming: list[int] = []
    monkeypatch.setattr(numbers.secrets, "randbelow", lambda limit: coming.pop() if coming else 47)
    return coming


@pytest.mark.django_db
def test_a_number_is_the_day_and_four_digits_noted_with_what_it_is_for() -> None:
    number = number_new("ticket")
    assert number[:6] == "261123"
    assert len(number) == 10
    assert number.isdecimal()
    noted = CaseNumber.objects.get(number=number)
    assert (noted.kind, noted.given_at) == ("ticket", MONDAY_MORNING)


@pytest.mark.django_db
def test_a_number_that_is_taken_is_not_given_again(drawn: list[int]) -> None:
    assert number_new("ticket") == "2611230047"
    drawn[:] = [5012, 47, 47]
    assert number_new("report") == "2611235012"


@pytest.mark.django_db
def test_the_last_free_number_of_a_day_is_found_and_then_there_is_none(drawn: list[int]) -> None:
    taken = [f"261123{tail:04}" for tail in range(10_000) if tail != 8306]
    CaseNumber.objects.bulk_create(
        [CaseNumber(number=n, kind="ticket", given_at=MONDAY_MORNING) for n in taken]
    )
    assert number_new("ticket") == "2611238306"
    with pytest.raises(NumbersUsedUp):
        number_new("ticket")


@pytest.mark.django_db
def test_a_number_for_nothing_known_is_not_given() -> None:
    with pytest.raises(ValueError, match="parcel"):
        number_new("parcel")
    assert not CaseNumber.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_number_goes_with_the_transaction_that_asked_for_it() -> None:
    with transaction.atomic():
        number_new("ticket")
        assert CaseNumber.objects.exists()
        transaction.set_rollback(True)
    assert not CaseNumber.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_many_at_the_same_moment_get_numbers_of_their_own(drawn: list[int]) -> None:
    drawn[:] = [3, 3, 2, 2, 2, 1, 1, 1, 1] * 4

    def ask(_: int) -> str:
        try:
            with transaction.atomic():
                return number_new("ticket")
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        given_out = list(pool.map(ask, range(12)))
    assert len(set(given_out)) == 12
    assert set(CaseNumber.objects.values_list("number", flat=True)) == set(given_out)


def test_a_number_is_told_in_two_groups() -> None:
    assert spaced_number("2611230047") == "261123 0047"


@pytest.mark.parametrize(
    "said",
    [
        "2611230047",
        "261123 0047",
        "我的单号是261123 0047，办到哪一步了",
        "２６１１２３　００４７",
        "261123-0047",
        "26-11-23-0047",
        "二六一一二三零零四七",
        "二六幺幺二三 零零四七",
        "两六幺幺二三，洞洞四拐",
        "二 六 幺 幺 二 三 零 零 四 七",
        "二六两个一二三两个零四七",
        "261123，嗯，0047",
        "2611 2300 47",
        "号码261123 0047，电话13951234567",
        "13951234567 261123 0047",
        "139 5123 4567，2611230047",
        "单号2611230047有两张，2611230047",
    ],
)
def test_a_number_is_heard_however_it_is_said(said: str) -> None:
    assert number_in(said) == "2611230047"


@pytest.mark.parametrize(
    "said",
    [
        "",
        "我的单子办好没有",
        "13951234567",
        "139 5123 4567",
        "1 3 9 1 2 1 5 4 5 6 7",
        "26112300470",
        "261123004",
        "2613230047",  # there is no thirteenth month
        "2602300047",  # nor a 30 February
        "320111195001011234",
        "2611230047还有2611235012",
        "一二三四五六七八九十",
        "2026年11月23号下午3点",
    ],
)
def test_what_is_no_number_is_not_taken_for_one(said: str) -> None:
    assert number_in(said) is None


@given(
    st.dates(min_value=MONDAY_MORNING.date().replace(year=2000)).filter(lambda d: d.year < 2100),
    st.integers(0, 9999),
    st.sampled_from(["", " ", "-", "，", "  "]),
    st.sampled_from(["0123456789", "零一二三四五六七八九", "洞幺两三四五六拐八勾"]),
)
def test_every_number_is_heard_in_every_script(day: Any, tail: int, gap: str, script: str) -> None:
    number = f"{day:%y%m%d}{tail:04}"
    said = f"{number[:6]}{gap}{number[6:]}".translate(str.maketrans("0123456789", script))
    assert number_in(f"麻烦查下{said}谢谢") == number
