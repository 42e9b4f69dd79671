"""The map of the knowledge: what is empty, unconfirmed, expiring, never asked, hard to tell apart."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.conf import settings as given
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bot.accounts.models import StaffRole
from bot.figures import counting, coverage
from bot.figures.coverage import EMPTY, FIELDS, FULL, NEEDLESS, PAGE
from bot.figures.models import DailyFigure
from knowledge.models import Amount, Confusion, Fee, Material, ServiceItem
from tests.bot.conftest import MONDAY_MORNING
from tests.bot.figuring import make_item
from tests.bot.ticketing import make_staff, turn_clock

pytestmark = pytest.mark.django_db
Role = StaffRole.Role
MONDAY = MONDAY_MORNING.date()
MAY = {Role.EDITOR, Role.REVIEWER, Role.SUPERVISOR, Role.ANALYST, Role.ADMINISTRATOR}


@pytest.fixture(autouse=True)
def hands(monkeypatch: pytest.MonkeyPatch) -> None:
    """The office's clock, stopped on Monday morning."""
    turn_clock(monkeypatch)


def at_desk(role: str = Role.EDITOR) -> Client:
    """Somebody with a role is signed in."""
    client = Client()
    client.force_login(make_staff("小编", role), given.AUTHENTICATION_BACKENDS[1])
    return client


def counted(name: str, key: str, value: int = 1) -> None:
    """Something that happened today."""
    DailyFigure.objects.create(day=MONDAY, name=name, channel="web", key=key, value=value)


def cells(item_id: str = "SB13") -> dict[str, str]:
    """The cells of a guide, by field."""
    rows, _ = coverage.page_of(ServiceItem.objects.filter(pk=item_id), MONDAY)
    return dict(zip((each.name for each in FIELDS), rows[0].cells, strict=True))


def wanted(look: str, category: str = "") -> list[str]:
    """Which guides are shown."""
    return [item.pk for item in coverage.items_wanted(look, category, MONDAY)]


def test_a_field_is_full_empty_or_not_needed() -> None:
    item = make_item(case_type="承诺件", charged=True, voice_brief="补卡带身份证。")
    found = cells()
    assert (found["materials"], found["brief"], found["days"]) == (EMPTY, FULL, EMPTY)
    assert (found["fee"], found["amount"]) == (EMPTY, NEEDLESS)
    Material.objects.create(item=item, name="身份证")
    Fee.objects.create(item=item, name="工本费", standard="20元")
    ServiceItem.objects.filter(pk="SB13").update(item_type="行政给付", case_type="即办件")
    found = cells()
    assert (found["materials"], found["fee"]) == (FULL, FULL)
    assert (found["amount"], found["days"]) == (EMPTY, NEEDLESS)
    Amount.objects.create(item=item, name="补贴")
    assert cells()["amount"] == FULL


def test_gaps_are_counted_as_they_are_shown() -> None:
    make_item(), make_item("MZ10", "老年人优待证办理", charged=False, category="民政")
    summary = coverage.summary_of(coverage.items_wanted("", "", MONDAY), MONDAY)
    assert (summary.items, summary.unverified) == (2, 2)
    for each in FIELDS:
        shown = [cells(item_id)[each.name] for item_id in ("SB13", "MZ10")].count(EMPTY)
        assert summary.gaps[each.name] == shown == len(wanted(f"gap-{each.name}")), each.name


def test_guides_are_looked_at_by_what_is_wrong_with_them() -> None:
    soon = MONDAY + timedelta(days=30)
    make_item(verified=True)
    make_item("MZ10", "优待证", category="民政", effective_until=soon)
    make_item("GG08", "老年卡", category="公共服务", state="retired")
    counted(counting.ITEM, "SB13")
    assert wanted("") == ["MZ10", "SB13"]
    assert wanted("unverified") == wanted("expiring") == wanted("unasked") == ["MZ10"]
    assert wanted("", "民政") == ["MZ10"]
    assert wanted("gaps") == ["MZ10", "SB13"]


def test_what_residents_made_of_a_guide_stands_beside_it() -> None:
    make_item()
    for name, value in (
        (counting.ITEM, 10),
        (counting.HELPFUL, 3),
        (counting.UNHELPFUL, 1),
        (counting.ITEM_HANDED, 2),
    ):
        counted(name, "SB13", value)
    rows, _ = coverage.page_of(coverage.items_wanted("", "", MONDAY), MONDAY)
    assert (rows[0].asked, str(rows[0].helpful), str(rows[0].handed)) == (10, "75.0%", "20.0%")


def test_two_guides_that_are_often_asked_back_about_are_named() -> None:
    item = make_item()
    make_item("GG08", "老年卡")
    counted(counting.CONFUSED, "GG08|SB13", 4)
    assert [(p.times, p.is_told_apart) for p in coverage.pairs_confused(MONDAY)] == [(4, False)]
    Confusion.objects.create(item=item, other="GG08", tell_apart="一张是银行卡")
    assert coverage.pairs_confused(MONDAY)[0].is_told_apart
    page = at_desk().get("/staff/knowledge/coverage/").content.decode()
    assert "老年卡" in page
    assert "写了" in page


@pytest.mark.parametrize("role", list(Role))
def test_only_those_who_may_see_the_knowledge_see_its_map(role: str) -> None:
    client = at_desk(role)
    status = 200 if role in MAY else 403
    assert client.get("/staff/knowledge/coverage/").status_code == status
    assert client.get("/staff/knowledge/coverage.csv").status_code == status


def test_many_guides_go_page_by_page_in_few_queries_and_all_into_the_file() -> None:
    client = at_desk()
    for number in range(PAGE + 5):
        make_item(f"SB{number:03}", f"事项{number}")
    with CaptureQueriesContext(connection) as queries:
        page = client.get("/staff/knowledge/coverage/").content.decode()
    assert len(queries) <= 12
    assert f"after=SB{PAGE - 1:03}" in page
    second = client.get(f"/staff/knowledge/coverage/?after=SB{PAGE - 1:03}").content.decode()
    assert f"SB{PAGE:03}" in second
    assert "下一页" not in second
    response = client.get("/staff/knowledge/coverage.csv")
    lines = response.getvalue().decode("utf-8-sig").splitlines()  # type: ignore[attr-defined]
    assert len(lines) == PAGE + 6
    assert lines[0].split(",")[:2] == ["编号", "事项"]


def test_a_look_and_a_category_that_do_not_exist_show_everything() -> None:
    make_item()
    client = at_desk()
    page = client.get("/staff/knowledge/coverage/?look=x&category=y").content.decode()
    assert "SB13" in page
    assert "style=" not in page
