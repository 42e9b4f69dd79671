"""Long answers in parts: three things at a time, nothing lost, never one left over."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.phone.pages import SENTENCES_IN_ONE_GO, in_one_go, parts_of
from bot.channels.phone.speakable import points


def rows(count: int) -> str:
    return "要带这些：\n" + "\n".join(f"{n}. 材料{n}" for n in range(1, count + 1))


@pytest.mark.parametrize(
    ("count", "parts"), [(1, 1), (3, 1), (4, 1), (5, 2), (6, 2), (7, 2), (8, 3), (12, 4)]
)
def test_a_list_comes_three_at_a_time_and_never_leaves_one_alone(count: int, parts: int) -> None:
    told = parts_of(points(rows(count)))
    assert len(told) == parts
    for number, part in enumerate(told, start=1):
        later = count - 3 * number
        if number < parts:
            assert part[-1] == f"还有{later}样，要接着听吗？"
        else:
            assert "要接着听" not in part[-1]


def test_prose_is_offered_on_without_a_number() -> None:
    told = parts_of(points("一句。两句。三句。四句。五句。"))
    assert told == [
        ("一句。", "两句。", "三句。", "还没说完，要接着听吗？"),
        ("四句。", "五句。"),
    ]


def test_a_heading_goes_with_what_it_leads_to() -> None:
    told = parts_of(points("一句。两句。三句。\n还要这些：\n1. 甲\n2. 乙"))
    assert told[0][-2] == "三句。"
    assert told[1][0] == "还要这些："


def test_what_is_asked_comes_after_the_last_part_only() -> None:
    told = parts_of(points(rows(5)), ("本人来吗？",))
    assert "本人来吗？" not in told[0]
    assert told[-1][-1] == "本人来吗？"


@given(st.integers(1, 30))
def test_no_row_is_lost(count: int) -> None:
    told = [sentence for part in parts_of(points(rows(count))) for sentence in part]
    assert [s for s in told if "材料" in s] == [
        s for point in points(rows(count)) for s in point.pieces if "材料" in s
    ]


@given(st.lists(st.text(alphabet="社保卡，。", min_size=1, max_size=12), max_size=12))
def test_in_one_go_there_are_three_sentences_at_most_and_all_words(said: list[str]) -> None:
    told = in_one_go(tuple(said))
    assert len(told) <= SENTENCES_IN_ONE_GO
    assert "".join(told).replace("。", "") == "".join(said).replace("。", "")
    assert told[:1] == tuple(said[:1])
