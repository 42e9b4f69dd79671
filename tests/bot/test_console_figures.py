"""The pages of figures: who may, what is shown, files, and how they hold out in a real year."""

from __future__ import annotations

import pytest
from django.conf import settings as given
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bot.accounts.models import Staff, StaffRole
from bot.console.charts import FLOOR, TOP, chart_of, nice_top
from bot.figures import counting
from bot.figures.catalogue import FIGURES, SECTIONS
from bot.figures.models import DailyFigure
from bot.figures.tables import Share
from tests.bot.conftest import MONDAY_MORNING
from tests.bot.figuring import asks, make_item
from tests.bot.ticketing import TurnedClock, make_staff, turn_clock

pytestmark = pytest.mark.django_db
Role = StaffRole.Role
MONDAY = MONDAY_MORNING.date()
MOST_QUERIES = 12
MAY = {Role.DISPATCHER, Role.SUPERVISOR, Role.ANALYST, Role.ADMINISTRATOR}


@pytest.fixture(autouse=True)
def hands(monkeypatch: pytest.MonkeyPatch) -> TurnedClock:
    """The office's clock, stopped on Monday morning."""
    return turn_clock(monkeypatch)


def at_desk(staff: Staff) -> Client:
    """Somebody is signed in."""
    client = Client()
    client.force_login(staff, given.AUTHENTICATION_BACKENDS[1])
    return client


@pytest.fixture
def analyst() -> Client:
    """Who looks at figures."""
    return at_desk(make_staff("小析", Role.ANALYST))


@pytest.mark.parametrize("role", list(Role))
def test_only_those_who_may_see_figures_see_them(role: str) -> None:
    client = at_desk(make_staff("某人", role))
    status = 200 if role in MAY else 403
    assert client.get("/staff/figures/").status_code == status
    assert client.get("/staff/figures/questions-by-day.csv").status_code == status
    assert ("统计" in client.get("/staff/notices/").content.decode()) is (role in MAY)


@pytest.mark.parametrize("section", SECTIONS)
def test_each_page_shows_its_figures_with_sentence_chart_table_and_file(
    analyst: Client, section: str
) -> None:
    make_item()
    asks()
    page = analyst.get(f"/staff/figures/{section}/").content.decode()
    for figure in SECTIONS[section].figures:
        assert figure.sentence in page
        assert f"/staff/figures/{figure.name}.csv?first=2026-10-25" in page
    assert "style=" not in page
    assert "<script>" not in page


@pytest.mark.parametrize("section", SECTIONS)
def test_a_page_asks_the_database_a_dozen_times_at_most(analyst: Client, section: str) -> None:
    asks()
    analyst.get(f"/staff/figures/{section}/")
    with CaptureQueriesContext(connection) as queries:
        analyst.get(f"/staff/figures/{section}/?first=2025-11-24&last=2026-11-23")
    assert len(queries) <= MOST_QUERIES, [query["sql"][:120] for query in queries]


def test_what_was_just_asked_is_on_the_page(analyst: Client) -> None:
    make_item()
    asks(), asks("fallback", None)
    page = analyst.get("/staff/figures/").content.decode()
    assert "<dt>问题</dt><dd>2</dd>" in page
    assert "11月23日，答上了：1" in page
    assert "社会保障卡补领" in page


def test_days_and_channel_can_be_chosen_and_go_along(analyst: Client) -> None:
    query = "first=2026-11-01&last=2026-11-10&channel=voice"
    page = analyst.get(f"/staff/figures/?{query}").content.decode()
    assert "2026年11月1日到2026年11月10日，共10天" in page
    assert f"/staff/figures/calls/?{query.replace('&', '&amp;')}" in page


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("first=2026-11-10&last=2026-11-01", "开始的日子在结束的后面"),
        ("first=gestern", "日期写成"),
        ("first=2001-01-01&last=2026-11-01", "最多看三年"),
        ("channel=fax", "没有这个渠道"),
    ],
)
def test_days_that_cannot_be_are_told_and_the_usual_ones_are_shown(
    analyst: Client, query: str, said: str
) -> None:
    response = analyst.get(f"/staff/figures/?{query}")
    assert response.status_code == 422
    assert said in response.content.decode()
    assert "共30天" in response.content.decode()


def test_a_first_day_alone_far_in_the_past_is_refused_as_well(analyst: Client) -> None:
    assert analyst.get("/staff/figures/?first=1990-01-01").status_code == 422
    assert analyst.get("/staff/figures/?first=2027-01-01").status_code == 422


def test_unknown_sections_and_figures_are_not_there(analyst: Client) -> None:
    assert analyst.get("/staff/figures/nothing/").status_code == 404
    assert analyst.get("/staff/figures/nothing.csv").status_code == 404


def test_a_file_holds_all_rows_and_no_formula(analyst: Client) -> None:
    make_item("XX01", "=HYPERLINK(1)")
    for number in range(40):
        item_id = f"SB{number:02}"
        make_item(item_id, f"事项{number}")
        DailyFigure.objects.create(
            day=MONDAY, name=counting.ITEM, channel="web", key=item_id, value=1
        )
    DailyFigure.objects.create(day=MONDAY, name=counting.ITEM, channel="web", key="XX01", value=9)
    response = analyst.get("/staff/figures/questions-by-item.csv?first=2026-11-01")
    lines = response.getvalue().decode("utf-8-sig").splitlines()  # type: ignore[attr-defined]
    assert len(lines) == 42
    assert lines[1].startswith("'=HYPERLINK(1),9,")
    assert response["Content-Disposition"].startswith("attachment")


def test_columns_stand_upon_one_another_and_fill_the_height() -> None:
    figure = FIGURES["votes"]
    chart = chart_of(figure, [("一", 3, 1, Share(3, 4)), ("二", 0, 2, Share(0, 2))])
    first, second, third = chart.bars
    assert float(second.y) + float(second.height) == pytest.approx(float(first.y), abs=0.2)
    assert float(first.y) + float(first.height) == pytest.approx(FLOOR, abs=0.2)
    assert float(second.y) == pytest.approx(TOP, abs=0.2)
    assert (first.tone, second.tone, third.tone) == (1, 2, 2)
    assert first.title == "一，有用：3"


def test_a_line_has_a_dot_for_each_row_and_shares_reach_up_to_a_hundred() -> None:
    figure = FIGURES["same-meaning"]
    chart = chart_of(figure, [("一", 4, 3, 0, Share(3, 4)), ("二", 4, 4, 0, Share(4, 4))])
    assert [dot.y for dot in chart.dots] == ["58.0", "14.0"]
    assert chart.dots[1].from_y == chart.dots[0].y
    assert chart.ticks[-1].text == "100%"


def test_nothing_gives_an_empty_chart() -> None:
    assert chart_of(FIGURES["votes"], [("一", 0, 0, Share(0, 0))]).is_empty
    assert chart_of(FIGURES["handovers"], []).is_empty


@pytest.mark.parametrize(
    ("most", "top"), [(1, 4), (5, 8), (11, 12), (99, 100), (240, 240), (241, 320)]
)
def test_the_highest_tick_is_a_round_number(most: float, top: float) -> None:
    assert nice_top(most) == top


def test_a_year_has_names_for_some_columns_only() -> None:
    rows = [(f"{number}月", 1, 0, Share(1, 1)) for number in range(13)]
    chart = chart_of(FIGURES["votes"], rows)
    assert len(chart.names) <= 4
