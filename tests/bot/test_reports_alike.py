"""The same trouble at the same place is one report; another place never disappears in it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bot.reports.alike import is_alike
from bot.reports.models import Report
from tests.bot.reporting import LAMP, MANNERS, Office, make_kind, make_office

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Path) -> Office:
    """An office with a clock of its own."""
    return make_office(monkeypatch, settings, tmp_path)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("明发滨江新城3栋楼下", "明发滨江新城 三栋楼底下"),
        ("明发滨江3栋", "明发滨江新城3号楼"),
        ("临江花园3栋2单元门口", "临江花园3栋门口"),
        ("我们浦园路桥头", "浦园路的桥头"),
        ("大华锦绣小区南门口", "大华锦绣南门"),
        ("明发滨江新城地下车库", "明发滨江新城的车库"),
    ],
)
def test_one_place_said_in_two_ways(one: str, other: str) -> None:
    assert is_alike(one, other)
    assert is_alike(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("明发滨江新城3栋", "明发滨江新城5栋"),
        ("大华锦绣3栋2单元", "大华锦绣3栋3单元"),
        ("大华锦绣东门", "大华锦绣西门"),
        ("浦园路路灯", "浦泗路路灯"),
        ("珍珠路小学门口", "珍珠路菜场门口"),
        ("阳光花园门口", "香江花园门口"),
        ("大华锦绣一期车库", "大华锦绣二期车库"),
        ("明发滨江", "大华锦绣"),
        ("明发滨江3栋地下一层", "明发滨江3栋一层"),
        ("明发滨江3栋一楼", "明发滨江3栋负一楼"),
        ("明发滨江甲栋", "明发滨江乙栋"),
        ("明发滨江3栋左边楼梯", "明发滨江3栋右边楼梯"),
        ("明发滨江3栋的厨房", "明发滨江3栋书房"),
        ("明发滨江3栋张家", "明发滨江3栋李家"),
    ],
)
def test_two_places_however_alike_they_read(one: str, other: str) -> None:
    assert not is_alike(one, other)
    assert not is_alike(other, one)


def test_a_place_said_otherwise_is_joined_for_three_days_only(desk: Office) -> None:
    first = desk.hears("明发滨江3栋门口").report
    desk.later(days=2)
    assert desk.hears("明发滨江新城3栋的大门口").report == first
    desk.later(days=2)
    assert desk.hears("明发滨江新城3栋大门口").report != first
    assert desk.hears("明发滨江3栋门口").report == first


def test_a_place_that_is_said_otherwise_is_kept_where_it_is_joined(desk: Office) -> None:
    report = desk.hears("明发滨江3栋门口").report
    desk.hears("明发滨江3栋大门口", description="灯又灭了")
    desk.hears("明发滨江3栋门口", description="还是黑的")
    notes = [event.note for event in report.events.filter(step="join")]
    assert notes == ["灯又灭了（地点：明发滨江3栋大门口）", "还是黑的"]


def test_another_kind_at_the_same_place_is_another_report(desk: Office) -> None:
    first = desk.hears("明发滨江3栋").report
    assert desk.hears("明发滨江3栋", make_kind("R02", "垃圾没人清")).report != first


@pytest.mark.parametrize("place", ["", "楼下", "我家门口", "3栋", "楼道里", "临江社区", "临江"])
def test_a_place_that_cannot_be_found_joins_nothing(desk: Office, place: str) -> None:
    desk.hears(place)
    desk.hears(place)
    assert Report.objects.count() == 2


@pytest.mark.parametrize("place", ["浦园路桥头", "大华锦绣", "临江社区篮球场"])
def test_a_place_that_can_be_found_joins(desk: Office, place: str) -> None:
    desk.hears(place)
    desk.hears(place)
    assert Report.objects.count() == 1


def test_what_happened_to_somebody_at_a_window_is_hers_alone(desk: Office) -> None:
    assert desk.hears("临江社区服务大厅", MANNERS) != desk.hears("临江社区服务大厅", MANNERS)
    assert Report.objects.count() == 2


def test_the_same_words_in_two_communities_are_two_places(desk: Office) -> None:
    first = desk.hears("南门口", description="大华锦绣的路灯").report
    second = desk.hears("南门口", description="明发滨江的路灯").report
    assert (first.community, second.community) == (desk.zhenzhulu, desk.linjiang)
    assert first != second
    assert first.kind_id == LAMP.kind_id
