"""What leaves open which record is meant is heard by its words."""

from __future__ import annotations

import pytest

from knowledge.search.vagueness import FURTHEST, train_vague, vagueness

VAGUE = ["那个补贴怎么领", "补贴怎么拿", "那个证怎么办", "证丢了", "卡丢了怎么办", "那个卡坏了"] * 3
PLAIN = [
    "高龄老人尊老金怎么领",
    "残疾人两项补贴怎么申请",
    "老年人优待证怎么办",
    "社会保障卡丢了怎么补办",
    "居住证到期了怎么续签",
    "独生子女光荣证丢了怎么补",
] * 20


def test_words_that_leave_it_open_are_vaguer() -> None:
    ear = train_vague(VAGUE, PLAIN)
    assert vagueness("那个补贴", ear) > 0 > vagueness("社会保障卡丢了怎么补办", ear)
    assert vagueness("那个证丢了", ear) > vagueness("老年人优待证丢了", ear)


@pytest.mark.parametrize("text", ["", "？", "1", "abc", "嗯" * 200])
def test_any_text_has_log_odds_within_bounds(text: str) -> None:
    assert abs(vagueness(text, train_vague(VAGUE, PLAIN))) <= FURTHEST
