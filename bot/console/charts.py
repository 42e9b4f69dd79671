"""Charts as shapes: where each bar, dot and label of a figure stands. The templates write the SVG.

Across, places are hundredths of the width, so that a chart is as wide as its page and its letters
keep their size; down, they are pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import floor, log10
from typing import Final

from bot.figures.tables import Cell, Figure, Row, Share, number_of

HEIGHT: Final = 220
TOP: Final = 14
# The line on which columns stand; below it are the names.
FLOOR: Final = 190
LEFT: Final = 9.0
RIGHT: Final = 99.0
MOST_NAMES: Final = 4
MOST_BARS: Final = 12
BAR_STEP: Final = 46
_NICE: Final = (1, 2, 2.5, 3, 4, 5, 6, 8, 10)
_TICKS: Final = 4


@dataclass(frozen=True)
class Bar:
    """A rectangle, with what is told when it is pointed at; ``tone`` counts series from 1."""

    x: str
    y: str
    width: str
    height: str
    tone: int
    title: str


@dataclass(frozen=True)
class Mark:
    """Words at a place."""

    x: str
    y: str
    text: str


@dataclass(frozen=True)
class Dot:
    """A point of a line, and the one before it if there is one."""

    x: str
    y: str
    tone: int
    title: str
    from_x: str = ""
    from_y: str = ""


@dataclass(frozen=True)
class Side:
    """One bar of a list: its name, its length, what it says at its end."""

    name: str
    width: str
    text: str
    title: str


@dataclass(frozen=True)
class Chart:
    """What there is to draw; ``told`` says it to those who hear the page."""

    told: str
    series: tuple[str, ...] = ()
    bars: list[Bar] = field(default_factory=list)
    dots: list[Dot] = field(default_factory=list)
    ticks: list[Mark] = field(default_factory=list)
    names: list[Mark] = field(default_factory=list)
    sides: list[Side] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        """Whether nothing is there to be seen."""
        return not (self.bars or self.dots or self.sides)


def chart_of(figure: Figure, rows: Sequence[Row]) -> Chart:
    """Return the chart of a figure's rows."""
    told = f"{figure.title}，图。数字在旁边的表里。"
    columns = [figure.columns.index(name) for name in figure.series]
    if not any(number_of(row[column]) for row in rows for column in columns):
        return Chart(told, figure.series)
    if figure.drawing == "bars":
        return Chart(told, figure.series, sides=_sides(rows, columns[0]))
    is_line = figure.drawing == "line"
    top = nice_top(max(_height(row, columns, is_line) for row in rows))
    if isinstance(rows[0][columns[0]], Share):
        top = 100.0
    ticks, names = _ticks(top, isinstance(rows[0][columns[0]], Share)), _names(rows)
    if is_line:
        dots = _dots(figure, rows, columns, top)
        return Chart(told, figure.series, dots=dots, ticks=ticks, names=names)
    bars = _columns(figure, rows, columns, top)
    return Chart(told, figure.series, bars=bars, ticks=ticks, names=names)


def nice_top(most: float) -> float:
    """Return the highest tick, not below the highest value; ticks are round and whole numbers."""
    least = max(most / _TICKS, 1)
    size: float = 10 ** floor(log10(least))
    steps = (size * nice for nice in _NICE)
    return _TICKS * next(step for step in steps if step >= least and step == int(step))


def _height(row: Row, columns: Sequence[int], is_line: bool) -> float:
    values = [number_of(row[column]) for column in columns]
    return max(values) if is_line else sum(values)


def _columns(figure: Figure, rows: Sequence[Row], columns: Sequence[int], top: float) -> list[Bar]:
    """Columns of the series upon one another."""
    step = (RIGHT - LEFT) / len(rows)
    width = min(step * 0.72, 8.0)
    bars = []
    for number, row in enumerate(rows):
        x, base = LEFT + step * number + (step - width) / 2, float(FLOOR)
        for tone, column in enumerate(columns, start=1):
            height = number_of(row[column]) / top * (FLOOR - TOP)
            if height:
                base -= height
                title = _said(figure, row, column)
                bars.append(Bar(_at(x), f"{base:.1f}", _at(width), f"{height:.1f}", tone, title))
    return bars


def _dots(figure: Figure, rows: Sequence[Row], columns: Sequence[int], top: float) -> list[Dot]:
    step = (RIGHT - LEFT) / len(rows)
    dots = []
    for tone, column in enumerate(columns, start=1):
        before = ("", "")
        for number, row in enumerate(rows):
            y = FLOOR - number_of(row[column]) / top * (FLOOR - TOP)
            here = _at(LEFT + step * (number + 0.5)), f"{y:.1f}"
            dots.append(Dot(*here, tone, _said(figure, row, column), *before))
            before = here
    return dots


def _ticks(top: float, is_share: bool) -> list[Mark]:
    marks = []
    for number in range(_TICKS + 1):
        value = top * number / _TICKS
        text = f"{value:.0f}%" if is_share else f"{value:g}"
        marks.append(Mark(_at(LEFT - 1), f"{FLOOR - (FLOOR - TOP) * number / _TICKS:.1f}", text))
    return marks


def _names(rows: Sequence[Row]) -> list[Mark]:
    """Names under the columns: as many as fit a telephone, evenly."""
    step = (RIGHT - LEFT) / len(rows)
    every = -(-len(rows) // MOST_NAMES)
    return [
        Mark(_at(LEFT + step * (number + 0.5)), str(FLOOR + 18), str(row[0]))
        for number, row in enumerate(rows)
        if number % every == 0
    ]


def _sides(rows: Sequence[Row], column: int) -> list[Side]:
    shown = rows[:MOST_BARS]
    most = max(number_of(row[column]) for row in shown)
    if isinstance(shown[0][column], Share):
        most = 100.0
    return [
        Side(
            str(row[0]),
            _at(100 * number_of(row[column]) / (most or 1)),
            _spelled(row[column]),
            f"{row[0]}：{_spelled(row[column])}",
        )
        for row in shown
    ]


def _said(figure: Figure, row: Row, column: int) -> str:
    return f"{row[0]}，{figure.columns[column]}：{_spelled(row[column])}"


def _spelled(cell: Cell) -> str:
    return f"{cell}（{cell.hits}/{cell.of}）" if isinstance(cell, Share) else str(cell)


def _at(place: float) -> str:
    return f"{place:.2f}%"
