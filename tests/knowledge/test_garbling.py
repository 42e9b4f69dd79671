"""Sentences are garbled as a recogniser would: by sound, at the rate that is asked for."""

from __future__ import annotations

from random import Random

import pytest

from knowledge.garbling import FILLERS, Garbler
from knowledge.search.analysis import sounds

TEXTS = ["社保卡丢了怎么补办", "设备宝贝咔嚓", "去哪里办残疾证", "蚕吉政府"]


def bare(text: str) -> str:
    """Without fillers."""
    for filler in sorted(FILLERS, key=len, reverse=True):
        text = text.replace(filler, "")
    return text


def test_without_errors_only_fillers_are_added() -> None:
    heard = Garbler(TEXTS).garbled("社保卡丢了，怎么补办？", 0.0, Random(1))
    assert bare(heard) == "社保卡丢了怎么补办"
    assert len(heard) > len("社保卡丢了怎么补办")


def test_what_is_misheard_sounds_the_same() -> None:
    heard = bare(Garbler(["社设舍", "保宝堡", "卡咔喀"]).garbled("社保卡", 1.0, Random(3)))
    assert heard != "社保卡"
    assert set(sounds(heard)) <= set(sounds("社保卡"))


@pytest.mark.parametrize("rate", [0.05, 0.15, 0.25])
def test_the_share_of_wrong_characters_is_the_rate(rate: float) -> None:
    text = "社保卡" * 400
    heard = bare(Garbler(["社设舍", "保宝堡", "卡咔喀"]).garbled(text, rate, Random(7)))
    kept = sum(a == b for a, b in zip(heard, text, strict=False)) if len(heard) == len(text) else 0
    lost = len(text) - len(heard)
    changed = sum(heard.count(c) for c in "设舍宝堡咔喀")
    assert kept or (lost + changed) / len(text) == pytest.approx(rate, abs=0.03)


def test_nothing_can_be_garbled() -> None:
    assert bare(Garbler(TEXTS).garbled("", 0.5, Random(1))) == ""
