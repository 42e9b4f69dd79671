"""All figures, by the page that shows them, and by name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from bot.figures.calls import CALLS
from bot.figures.casework import REPORTS, TICKETS
from bot.figures.questions import QUALITY, QUESTIONS
from bot.figures.tables import Figure


@dataclass(frozen=True)
class Section:
    """Figures that are looked at together.

    ``is_counted`` if they come of daily counts, ``has_channels`` if they can be had of one channel.
    """

    name: str
    title: str
    figures: tuple[Figure, ...]
    is_counted: bool = False
    has_channels: bool = False


SECTIONS: Final = {
    section.name: section
    for section in (
        Section("questions", "问答", QUESTIONS, is_counted=True, has_channels=True),
        Section("quality", "效果", QUALITY, is_counted=True, has_channels=True),
        Section("tickets", "代办", TICKETS),
        Section("reports", "诉求", REPORTS),
        Section("calls", "电话", CALLS, is_counted=True),
    )
}
FIGURES: Final = {
    figure.name: figure for section in SECTIONS.values() for figure in section.figures
}
