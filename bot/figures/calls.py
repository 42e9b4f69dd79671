"""Figures of calls: how many, how they ended, how long they took."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from bot.figures import counting
from bot.figures.selectors import sums_by_channel, sums_by_step
from bot.figures.tables import Figure, Head, Row, Share, total_of
from bot.figures.window import Window

ENDINGS: Final = {
    "completed": "说完了",
    "handed_over": "转给人",
    "hung_up": "中途挂断",
    "refused": "没接进来",
    "failed": "出了故障",
}
LINES: Final = {"sip": "电话（SIP）", "audiosocket": "电话（总机）", "browser": "网页上打"}


def by_day(window: Window) -> Iterator[Row]:
    """How calls ended, over time."""
    for step, sums in sums_by_step(_all_lines(window), counting.CALL).items():
        each = [sums[counting.CALL, ending] for ending in ENDINGS]
        yield window.name_of(step), sum(each), *each


def by_line(window: Window) -> Iterator[Row]:
    """How long calls take, by line."""
    names = (counting.CALL, counting.CALL_SECONDS, counting.CALL_TURNS)
    sums = sums_by_channel(_all_lines(window), *names)
    for line in dict.fromkeys([*LINES, *(key[1] for key in sums)]):
        calls, seconds, turns = (
            sum(sums.get((name, line, ending), 0) for ending in ENDINGS) for name in names
        )
        if calls:
            done = sums.get((counting.CALL, line, "completed"), 0)
            handed = sums.get((counting.CALL, line, "handed_over"), 0)
            mean, said = round(seconds / calls), round(turns / calls, 1)
            yield LINES.get(line, line), calls, mean, said, Share(done, calls), Share(handed, calls)


def _heads(rows: Sequence[Row]) -> Iterator[Head]:
    total = total_of(rows, 1)
    yield "来电", total
    for column, label in enumerate(ENDINGS.values(), start=2):
        yield label, Share(total_of(rows, column), total)


def _all_lines(window: Window) -> Window:
    """Calls know lines, not channels."""
    return Window(window.first, window.last)


CALLS: Final = (
    Figure(
        "calls-by-day",
        "每天的来电",
        "打进来的电话，按怎么结束的数，算在打来的那天。",
        ("日期", "来电", *ENDINGS.values()),
        by_day,
        "stacked",
        tuple(ENDINGS.values()),
        heads=_heads,
    ),
    Figure(
        "calls-by-line",
        "来电有多长",
        "按线路：平均每通多少秒、说了几句，多少通说完了、转给了人。",
        ("线路", "来电", "平均秒数", "平均句数", "说完了", "转给人"),
        by_line,
        "bars",
        ("来电",),
    ),
)
