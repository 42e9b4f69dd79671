"""What a figure is: a name, the sentence that explains it, and the rows that are shown and kept."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from bot.figures.window import Window

# How it is drawn: columns upon one another or a line over time, bars side by side by name.
Drawing = Literal["stacked", "columns", "line", "bars"]


@dataclass(frozen=True)
class Share:
    """So many of so many; of none there is no share."""

    hits: int
    of: int

    @property
    def value(self) -> float:
        """The share, 0 to 1."""
        return self.hits / self.of if self.of else 0.0

    def __str__(self) -> str:
        return f"{100 * self.value:.1f}%" if self.of else "—"


Cell = str | int | float | Share
Row = tuple[Cell, ...]


Head = tuple[str, Cell]


def no_heads(rows: Sequence[Row]) -> Iterator[Head]:
    """Say nothing in large."""
    yield from ()


@dataclass(frozen=True)
class Figure:
    """A figure; ``series`` are the columns that are drawn, the first column names the row.

    ``heads`` draws from the rows what stands in large at the top of the page. ``is_now`` tells that
    it stands as it is, whichever days are looked at.
    """

    name: str
    title: str
    sentence: str
    columns: tuple[str, ...]
    rows: Callable[[Window], Iterable[Row]]
    drawing: Drawing
    series: tuple[str, ...]
    heads: Callable[[Sequence[Row]], Iterable[Head]] = no_heads
    is_now: bool = False


def number_of(cell: Cell) -> float:
    """Return a cell as it is drawn; a share in hundredths."""
    if isinstance(cell, Share):
        return 100 * cell.value
    return float(cell) if isinstance(cell, int | float) else 0.0


def total_of(rows: Sequence[Row], column: int) -> int:
    """Return the sum of a column."""
    return round(sum(number_of(row[column]) for row in rows))
