"""Every dialogue in tests/data/dialogues, through the real processes and over HTTP."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot import conversing

DATA = Path(__file__).resolve().parents[1] / "data"
pytestmark = [pytest.mark.server, pytest.mark.rasa]


def test_every_dialogue_goes_as_its_file_says() -> None:
    played = conversing.play_files([DATA / "dialogues"])
    wrong = [conversing.told(one) for one in played if one.differences]
    assert not wrong, "\n\n".join(wrong)
    assert len(played) >= 80


def test_dialogues_kept_for_later_can_be_read() -> None:
    for folder in ("dialogues_open", "dialogues_tickets"):
        assert conversing.read_dialogues([DATA / folder])
