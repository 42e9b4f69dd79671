"""The office has one clock, and it can be started at another moment."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
import time_machine

from bot import clock


def test_the_clock_stands_in_the_offices_zone() -> None:
    with time_machine.travel("2026-11-23T01:00:00+00:00", tick=False):
        assert clock.now().isoformat() == "2026-11-23T09:00:00+08:00"


def test_a_clock_that_was_started_elsewhere_runs_on_from_there(settings: Any) -> None:
    settings.BOT_NOW = "2026-10-01T09:00+08:00"
    began = datetime(2026, 11, 23, 1, tzinfo=timezone.utc)
    settings.BOT_NOW_SINCE = str(began.timestamp())
    with time_machine.travel(began, tick=False) as machine:
        assert clock.now().isoformat() == "2026-10-01T09:00:00+08:00"
        machine.shift(timedelta(hours=2, minutes=5))
        assert clock.now().isoformat() == "2026-10-01T11:05:00+08:00"


def test_all_processes_that_know_the_start_agree(settings: Any) -> None:
    settings.BOT_NOW = "2026-10-01T09:00"
    settings.BOT_NOW_SINCE = "1763859600.5"
    with time_machine.travel(1763859660.5, tick=False):
        one = clock.now()
        clock._shift.cache_clear()
        assert clock.now() == one
        assert one.isoformat() == "2026-10-01T09:01:00+08:00"


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("2026-11-23T09:00+08:00", "2026-11-23T09:00:00+08:00"),
        ("2026-11-23T09:00", "2026-11-23T09:00:00+08:00"),
        ("2026-11-23T01:00+00:00", "2026-11-23T01:00:00+00:00"),
        ("2026-11-23", "2026-11-23T00:00:00+08:00"),
    ],
)
def test_a_moment_without_a_zone_is_the_offices(text: str, iso: str) -> None:
    assert clock.parse_moment(text).isoformat() == iso


@pytest.mark.parametrize("text", ["", "now", "23.11.2026", "2026-13-01"])
def test_what_is_no_moment_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"isoformat|month"):
        clock.parse_moment(text)
