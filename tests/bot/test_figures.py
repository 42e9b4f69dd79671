"""Each figure says what its sentence says."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from bot.figures import questions, rollup
from bot.figures.catalogue import FIGURES, SECTIONS
from bot.figures.tables import Row, Share
from bot.figures.window import Window
from bot.handovers.models import Handover
from bot.reports import services as reports
from bot.tickets import services
from knowledge.models import Publication
from tests.bot.conftest import MONDAY_MORNING
from tests.bot.figuring import asks, hands_over, make_item, rings, votes
from tests.bot.reporting import make_office
from tests.bot.ticketing import Town, TurnedClock, make_town, turn_clock

pytestmark = pytest.mark.django_db
MONDAY = MONDAY_MORNING.date()
WEEK = Window(MONDAY - timedelta(days=6), MONDAY)


@pytest.fixture
def hands(monkeypatch: pytest.MonkeyPatch) -> TurnedClock:
    """The office's clock, stopped on Monday morning."""
    return turn_clock(monkeypatch)


@pytest.fixture
def town(hands: TurnedClock) -> Town:
    """Two communities and their staff."""
    return make_town()


def rows(name: str, window: Window = WEEK) -> list[Row]:
    """The rows of a figure, whatever was not counted yet counted first."""
    rollup.day_count(MONDAY)
    return list(FIGURES[name].rows(window))


def heads(name: str) -> dict[str, str]:
    """What a figure says in large."""
    figure = FIGURES[name]
    return {label: str(value) for label, value in figure.heads(rows(name))}


def test_every_figure_has_one_name_a_sentence_and_draws_columns_that_it_has() -> None:
    names = [figure.name for section in SECTIONS.values() for figure in section.figures]
    assert len(names) == len(set(names)) == len(FIGURES)
    for figure in FIGURES.values():
        assert figure.sentence.endswith("。"), figure.name
        assert set(figure.series) <= set(figure.columns[1:]), figure.name


def test_every_figure_can_be_had_of_an_office_in_which_nothing_happened(hands: TurnedClock) -> None:
    for figure in FIGURES.values():
        found = list(figure.rows(WEEK))
        assert all(len(row) == len(figure.columns) for row in found), figure.name
        list(figure.heads(found))


def test_every_reason_of_a_hand_over_has_its_words() -> None:
    assert set(questions.REASONS) == set(Handover.Reason.values)


def test_questions_by_day_add_up(hands: TurnedClock) -> None:
    asks(), asks(), asks("fallback", None), asks("clarify", None)
    last = rows("questions-by-day")[-1]
    assert last == ("11月23日", 4, 2, 1, 0, 1, Share(2, 4))
    assert len(rows("questions-by-day")) == 7
    assert heads("questions-by-day")["答上了"] == "50.0%"


def test_one_channel_can_be_looked_at_alone(hands: TurnedClock) -> None:
    asks(), asks(channel="voice")
    window = Window(WEEK.first, WEEK.last, "voice")
    assert rows("questions-by-day", window)[-1][1] == 1
    assert [row[:2] for row in rows("questions-by-channel")] == [("网页", 1), ("电话", 1)]


def test_questions_by_class_and_hour(hands: TurnedClock) -> None:
    make_item()
    asks(), asks(), asks(item=None)
    assert rows("questions-by-class") == [
        ("社会保障", 2, Share(2, 3)),
        ("其他", 1, Share(1, 3)),
    ]
    assert rows("questions-by-hour")[10] == ("10点", 3)


def test_an_item_stands_with_its_votes_and_hand_overs(hands: TurnedClock) -> None:
    make_item()
    turn = asks()
    votes(turn, True), hands_over(turn)
    assert rows("questions-by-item") == [("社会保障卡补领", 1, 1, 0, Share(1, 1), 1, "SB13")]
    assert rows("votes")[-1] == ("11月23日", 1, 0, Share(1, 1))
    assert rows("handovers") == [("居民要找人工", 1, Share(1, 1))]


def test_the_rate_of_same_meanings_is_what_the_fixed_questions_gave_at_publication(
    hands: TurnedClock,
) -> None:
    after = {"questions": 300, "right_first": 291, "answered_wrong": 2, "set_aside": 0}
    for state in (Publication.State.LIVE, Publication.State.FAILED):
        Publication.objects.create(state=state, finished_at=hands.now, figures={"after": after})
    assert rows("same-meaning") == [("11-23 09:30", 300, 291, 2, Share(291, 300))]
    assert heads("same-meaning") == {"同义问题解答率": "97.0%"}


def test_tickets_stand_by_state_and_the_late_ones_are_told(town: Town, hands: TurnedClock) -> None:
    town.opened(), town.accepted(key="yes-2")
    assert [row for row in rows("tickets-by-state") if row[1]] == [
        ("已点单", 1, 0),
        ("已接单", 1, 0),
    ]
    hands.goes_on(days=30)
    assert heads("tickets-by-state") == {"现在没办完的": "2", "现在超期的": "2"}


def test_what_was_done_late_is_not_in_time(town: Town, hands: TurnedClock) -> None:
    town.delivered()
    late = town.started(key="yes-2")
    hands.goes_on(days=20)
    services.ticket_deliver(late, town.grid, "证已交到本人手里")
    window = Window(MONDAY, hands.now.date())
    assert rows("tickets-punctuality", window) == [("珍珠路社区", 2, 1, 1, Share(1, 2))]
    by_day = rows("tickets-by-day", window)
    assert [sum(row[column] for row in by_day) for column in (1, 2)] == [2, 2]  # type: ignore[misc]


def test_ratings_stand_by_clerk_and_community_and_only_the_newest_counts(
    town: Town, hands: TurnedClock
) -> None:
    ticket = town.delivered()
    services.ticket_rate(ticket, 1, "来晚了")
    assert rows("ratings-rectified")[0][1] == 1
    hands.goes_on(hours=1)
    services.ticket_rate(ticket, 5, "")
    assert rows("ratings-by-clerk") == [("小李", 1, Share(1, 1), 5.0, 1, 0, 0, 0, 0)]
    assert rows("ratings-by-community")[0][:2] == ("珍珠路社区", 1)
    assert heads("ratings-by-clerk") == {"评价": "1", "好评率": "100.0%"}


def test_reports_stand_by_state_and_punctuality(
    monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Any
) -> None:
    office = make_office(monkeypatch, settings, tmp_path)
    report = office.hears().report
    if report.responsible is None:
        reports.report_assign(report, office.supervisor, office.grid)
    office.hears("大华锦绣门口")
    office.closes(report)
    counts = {row[0]: row[1] for row in rows("reports-by-state")}
    assert (counts["已办结"], sum(map(int, counts.values()))) == (1, 2)  # type: ignore[arg-type]
    assert rows("reports-punctuality") == [("临江社区", 1, 1, 0, Share(1, 1))]


def test_calls_stand_by_their_ending_and_their_line(hands: TurnedClock) -> None:
    rings(), rings("handed_over", seconds=30)
    assert rows("calls-by-day")[-1] == ("11月23日", 2, 1, 1, 0, 0, 0)
    assert rows("calls-by-line") == [("电话（SIP）", 2, 60, 6.0, Share(1, 2), Share(1, 2))]


@pytest.mark.parametrize(
    ("days", "steps", "name"),
    [(7, 7, "11月17日"), (90, 14, "8月26日起"), (365, 13, "2025年11月")],
)
def test_many_days_are_put_together_by_week_and_month(days: int, steps: int, name: str) -> None:
    window = Window(MONDAY - timedelta(days=days - 1), MONDAY)
    found = list(window.steps())
    assert len(found) == steps
    assert window.name_of(found[0]) == name
    assert found[0] == window.first


def test_a_share_of_nothing_is_no_share() -> None:
    assert str(Share(0, 0)) == "—"
    assert Share(0, 0).value == 0.0
    assert Window(date(2026, 11, 1), date(2026, 11, 30)).days == 30
