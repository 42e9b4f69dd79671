"""Keyed digests: alike is found again, nothing leads back, other keys find nothing."""

from __future__ import annotations

from typing import Any

import pytest

from bot.casework.digests import normal_place, phone_digest, place_digest


def test_a_phone_is_the_same_however_it_is_written() -> None:
    written = [
        "13951234567",
        "139 5123 4567",
        "139-5123-4567",
        "+86 139 5123 4567",
        "8613951234567",
        "008613951234567",
        "１３９５１２３４５６７",
    ]
    assert len({phone_digest(phone) for phone in written}) == 1


@pytest.mark.parametrize("other", ["13951234568", "1395123456", "02513951234567", "8658881234"])
def test_another_phone_has_another_digest(other: str) -> None:
    assert phone_digest(other) != phone_digest("13951234567")


def test_a_digest_tells_nothing_and_hangs_on_its_own_key(settings: Any) -> None:
    before = phone_digest("13951234567"), place_digest("阳光花园3栋")
    assert all(len(digest) == 64 for digest in before)
    assert not any("1395" in digest for digest in before)
    settings.FIELD_KEYS = "another-key-for-the-fields-that-are-encrypted"
    assert (phone_digest("13951234567"), place_digest("阳光花园3栋")) == before
    settings.DIGEST_KEY = "another-key-for-what-is-to-be-found-again"
    assert phone_digest("13951234567") != before[0]


def test_nothing_has_no_digest_and_a_phone_is_no_place() -> None:
    assert phone_digest("") == place_digest("  ，") == ""
    assert phone_digest("12345") != place_digest("12345")


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("阳光花园3栋", "阳光花园 三幢"),
        ("阳光花园3栋", "阳光花园小区，3号楼"),
        ("阳光花园3栋", "我们阳光花园第三栋"),
        ("阳光花园3栋", "南京市江北新区顶山街道阳光花园3栋"),
        ("阳光花园12栋2单元", "阳光花园小区的十二栋二单元"),
        ("阳光花园3栋502室", "阳光花园3栋五零二室"),
        ("清河苑102号", "清河苑一百零二号"),
        ("清河苑二十三号", "清河苑23号"),
        ("临江社区", "临江"),
        ("A区5栋", "a区5幢"),
        ("沿江路公交站附近", "在沿江路公交站那边"),
    ],
)
def test_a_place_is_the_same_however_it_is_called(first: str, second: str) -> None:
    assert normal_place(first) == normal_place(second)
    assert place_digest(first) == place_digest(second)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("阳光花园3栋", "阳光花园13栋"),
        ("阳光花园3栋", "阳光花园3单元"),
        ("阳光花园", "阳光家园"),
        ("阳光花园一期", "阳光花园二期"),
        ("小区门口", "社区门口"),
        ("五里桥", "八里桥"),
        ("清河苑20号", "清河苑12号"),
    ],
)
def test_different_places_stay_different(first: str, second: str) -> None:
    assert place_digest(first) != place_digest(second)


@pytest.mark.parametrize(
    ("place", "wanted"),
    [
        ("小区门口", "小区门口"),
        ("在家", "在家"),
        ("附近", "附近"),
        ("百家湖", "百家湖"),
        ("三元里", "三元里"),
        ("十里铺一百一十号", "十里铺110号"),
    ],
)
def test_names_are_not_worn_away(place: str, wanted: str) -> None:
    assert normal_place(place) == wanted
