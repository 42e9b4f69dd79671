"""Phrasings that say the same in the same words are told from those that do not."""

from __future__ import annotations

import pytest

from knowledge.diversity import diversity
from knowledge.files import KnowledgeFiles
from knowledge.record import Phrasing

WANTED = {"life": 40, "elderly": 15, "asr": 10}


def said(*texts: str) -> list[Phrasing]:
    """Plain phrasings."""
    return [Phrasing(text=text, style="plain", facet="overview") for text in texts]


def test_the_same_words_lie_near_and_others_far() -> None:
    near = diversity(said("社保卡丢了怎么补办", "社保卡丢了怎么补办呢"))
    far = diversity(said("社保卡丢了怎么补办", "钱包掉进长江里去了"))
    assert near.median_distance < 0.2 < far.median_distance
    assert far.median_distance == far.distinct == 1.0
    assert near.nearest[1:] == ("社保卡丢了怎么补办", "社保卡丢了怎么补办呢")
    assert near.by_style == {"plain": 2}


@pytest.mark.parametrize("texts", [("卡", "证"), ("卡", "卡")])
def test_the_shortest_texts_can_be_compared(texts: tuple[str, str]) -> None:
    assert 0.0 <= diversity(said(*texts)).median_distance <= 1.0


def test_every_item_is_said_in_a_hundred_ways_that_are_unlike_each_other(
    shipped: KnowledgeFiles,
) -> None:
    for item, phrasings in shipped.phrasings.items():
        found = diversity(phrasings)
        assert found.lines >= 100, item
        assert found.median_distance >= 0.8, item
        for style, least in WANTED.items():
            assert found.by_style[style] >= least, (item, style)
