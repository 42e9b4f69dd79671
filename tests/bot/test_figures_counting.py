"""What happened on a day is counted once, on its day, and outlives the words."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from io import StringIO

import pytest
from django.core.management import call_command

from bot import clock, worker
from bot.conversations import phrases
from bot.conversations.models import TurnRecord
from bot.figures import counting, rollup
from bot.figures.counting import day_counts, pair_key
from bot.figures.models import CountedDay, DailyFigure
from tests.bot.conftest import MONDAY_MORNING
from tests.bot.figuring import asks, hands_over, make_item, rings, talk, votes

pytestmark = pytest.mark.django_db
MONDAY = MONDAY_MORNING.date()
SUNDAY = MONDAY - timedelta(days=1)


class Hands:
    """A clock that is set by hand."""

    now = MONDAY_MORNING


@pytest.fixture(autouse=True)
def hands(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Hands]]:
    """The office's clock stands on Monday morning."""
    monkeypatch.setattr(Hands, "now", MONDAY_MORNING)
    monkeypatch.setattr(clock, "now", lambda: Hands.now)
    return Hands  # type: ignore[return-value]


def stored(name: str) -> dict[tuple[date, str, str], int]:
    """What is stored of a figure."""
    rows = DailyFigure.objects.filter(name=name)
    return {(row.day, row.channel, row.key): row.value for row in rows}


def test_questions_are_counted_by_what_became_of_them_by_class_hour_and_channel() -> None:
    make_item()
    asks(), asks(channel="voice"), asks("clarify", None, offers=("SB13", "GG08"))
    asks("fallback", None), asks("handover", None), asks("referral", "WB01")
    asks("smalltalk", None), asks("ask_slot"), asks("handover", None, text=phrases.PASSED_ON)
    counts = day_counts(MONDAY)
    assert counts[counting.OUTCOME, "web", counting.ANSWERED] == 2
    assert counts[counting.OUTCOME, "voice", counting.ANSWERED] == 1
    assert counts[counting.OUTCOME, "web", counting.ASKED] == 1
    assert counts[counting.OUTCOME, "web", counting.HANDED] == 1
    assert counts[counting.OUTCOME, "web", counting.UNANSWERED] == 1
    assert counts[counting.CLASS, "web", "社会保障"] == 1
    assert counts[counting.CLASS, "web", counting.ELSEWHERE] == 1
    assert counts[counting.HOUR, "web", "10"] == 5
    assert counts[counting.ITEM, "web", "SB13"] == 1
    assert counts[counting.CONFUSED, "web", "GG08|SB13"] == 1


def test_a_turn_without_a_reply_was_not_answered() -> None:
    turn = asks()
    TurnRecord.objects.filter(pk=turn.pk).update(reply=None)
    assert day_counts(MONDAY)[counting.OUTCOME, "web", counting.UNANSWERED] == 1


def test_a_day_begins_and_ends_by_the_office_s_clock() -> None:
    midnight = MONDAY_MORNING.replace(hour=0)
    asks(at=midnight), asks(at=midnight - timedelta(seconds=1))
    for day in (SUNDAY, MONDAY):
        assert day_counts(day)[counting.OUTCOME, "web", counting.ANSWERED] == 1
    assert day_counts(SUNDAY)[counting.HOUR, "web", "23"] == 1


def test_votes_count_on_the_day_they_are_given_for_the_item_they_are_about() -> None:
    first, second = asks(at=MONDAY_MORNING - timedelta(days=1)), asks()
    votes(first, True), votes(second, False)
    assert day_counts(SUNDAY)[counting.HELPFUL, "web", "SB13"] == 0
    counts = day_counts(MONDAY)
    assert counts[counting.HELPFUL, "web", "SB13"] == 1
    assert counts[counting.UNHELPFUL, "web", "SB13"] == 1


def test_a_hand_over_counts_for_what_was_told_last_before_it() -> None:
    conversation = talk()
    early = MONDAY_MORNING - timedelta(minutes=5)
    asks(item="GG08", at=early, conversation=conversation)
    turn = asks(item="SB13", at=early, conversation=conversation)
    hands_over(turn, "failures")
    asks(item="MZ10", at=MONDAY_MORNING + timedelta(minutes=5), conversation=conversation)
    counts = day_counts(MONDAY)
    assert counts[counting.REASON, "web", "failures"] == 1
    assert [key for name, _, key in counts if name == counting.ITEM_HANDED] == ["SB13"]


def test_calls_are_counted_with_their_seconds_and_turns() -> None:
    rings(), rings(seconds=30), rings("hung_up")
    counts = day_counts(MONDAY)
    assert counts[counting.CALL, "sip", "completed"] == 2
    assert counts[counting.CALL_SECONDS, "sip", "completed"] == 120
    assert counts[counting.CALL_TURNS, "sip", "hung_up"] == 6


def test_a_pair_has_one_name_whichever_stands_first() -> None:
    assert pair_key("SB13", "GG08") == pair_key("GG08", "SB13")


def test_counting_a_day_twice_changes_nothing() -> None:
    asks()
    rollup.day_count(MONDAY)
    before = stored(counting.OUTCOME)
    rollup.day_count(MONDAY)
    assert stored(counting.OUTCOME) == before == {(MONDAY, "web", counting.ANSWERED): 1}


def test_today_is_counted_again_for_whoever_looks_but_not_every_second(hands: type[Hands]) -> None:
    asks()
    rollup.figures_refresh(hands.now)
    asks()
    rollup.figures_refresh(hands.now)
    assert stored(counting.OUTCOME) == {(MONDAY, "web", counting.ANSWERED): 1}
    hands.now += rollup.FRESH
    rollup.figures_refresh(hands.now)
    assert stored(counting.OUTCOME) == {(MONDAY, "web", counting.ANSWERED): 2}


def test_a_day_that_was_counted_before_its_end_is_counted_once_more(hands: type[Hands]) -> None:
    asks(at=MONDAY_MORNING - timedelta(days=2))
    rollup.day_count(MONDAY)
    hands.now += timedelta(days=1)
    saturday = MONDAY - timedelta(days=2)
    assert list(rollup.days_uncounted(hands.now)) == [saturday, SUNDAY, MONDAY]
    assert rollup.figures_fill(hands.now) == 3
    assert list(rollup.days_uncounted(hands.now)) == []


def test_without_a_record_there_is_nothing_to_count() -> None:
    assert rollup.figures_fill(MONDAY_MORNING) == 0


def test_the_figures_stay_when_the_words_go() -> None:
    asks(at=MONDAY_MORNING - timedelta(days=1))
    rollup.figures_fill(MONDAY_MORNING)
    TurnRecord.objects.all().delete()
    assert rollup.figures_fill(MONDAY_MORNING) == 0
    assert stored(counting.OUTCOME) == {(SUNDAY, "web", counting.ANSWERED): 1}


def test_a_command_fills_the_past_and_counts_again_from_a_day() -> None:
    asks(at=MONDAY_MORNING - timedelta(days=3))
    said = StringIO()
    call_command("count_figures", stdout=said)
    call_command("count_figures", "--since", str(SUNDAY), stdout=said)
    assert said.getvalue().splitlines() == ["3 days counted", "2 days counted"]
    assert CountedDay.objects.count() == 4


def test_the_worker_counts_at_one_at_night(
    hands: type[Hands], monkeypatch: pytest.MonkeyPatch
) -> None:
    # The test's own transaction lives in the connection.
    monkeypatch.setattr(worker, "close_old_connections", lambda: None)
    asks(at=MONDAY_MORNING - timedelta(days=1))
    hands.now = MONDAY_MORNING.replace(hour=1, minute=0)
    assert worker.is_figures_time()
    worker.figures_sweep()
    assert CountedDay.objects.filter(day=SUNDAY).exists()
    hands.now = MONDAY_MORNING.replace(hour=1, minute=1)
    assert not worker.is_figures_time()
