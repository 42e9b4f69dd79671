"""Danger now is heard in every message, and what only sounds like it is not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bot.actions.context import Guide
from bot.actions.emergencies import DangerWords, emergency_reply
from knowledge.files import KnowledgeFiles
from knowledge.record import Emergency

HELD_OUT = Path(__file__).parents[1] / "data" / "heldout"


def held_out(name: str) -> list[dict[str, Any]]:
    """Sentences of another author."""
    text = (HELD_OUT / f"{name}.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def danger(kind: str, *words: str) -> Emergency:
    """An emergency with these words."""
    return Emergency(
        kind=kind, name=kind, number="119", safety=["先跑。"], words=list(words), phrasings=[]
    )


def test_every_written_example_is_heard_as_its_kind(guide: Guide, shipped: KnowledgeFiles) -> None:
    missed = [
        (emergency.kind, text)
        for emergency in shipped.emergencies
        for text in emergency.phrasings
        if (found := guide.danger.recognise(text)) is None or found.number != emergency.number
    ]
    assert missed == []


def test_most_held_out_emergencies_are_heard_with_the_right_number(guide: Guide) -> None:
    asked = held_out("emergencies")
    heard = [guide.danger.recognise(row["text"]) for row in asked]
    right = sum(
        found is not None and found.number == row["number"]
        for found, row in zip(heard, asked, strict=True)
    )
    assert right / len(asked) >= 0.6


def test_hardly_anything_else_is_mistaken_for_danger(guide: Guide) -> None:
    wrong = [
        row["text"] for row in held_out("not_emergencies") if guide.danger.recognise(row["text"])
    ]
    assert len(wrong) <= 2, wrong


def test_no_question_about_an_item_is_mistaken_for_danger(
    guide: Guide, shipped: KnowledgeFiles
) -> None:
    phrasings = [p.text for each in shipped.phrasings.values() for p in each]
    asked = [*phrasings, *(row["text"] for row in held_out("items"))]
    # A fire of last year, told with the same words, may cost one needless warning in a thousand.
    wrong = [text for text in asked if guide.danger.recognise(text)]
    assert len(wrong) <= 0.001 * len(asked), wrong


@pytest.mark.parametrize(
    "text", ["我家 厨房 着火 了", "着火了！！", "您好，社保卡的事等会，隔壁着火了", "电瓶车着火"]
)
def test_spaces_marks_and_other_words_hide_no_fire(guide: Guide, text: str) -> None:
    found = guide.danger.recognise(text)
    assert found is not None
    assert found.number == "119"


@pytest.mark.parametrize("text", ["", "😀", "社保卡丢了", "消防通道被车堵了", "110平米的房子"])
def test_everyday_words_are_no_danger(guide: Guide, text: str) -> None:
    assert guide.danger.recognise(text) is None


def test_the_number_stands_in_the_first_sentence(shipped: KnowledgeFiles) -> None:
    for emergency in shipped.emergencies:
        reply = emergency_reply(emergency)
        assert (reply.kind, reply.intent, reply.confidence) == ("emergency", "emergency", 1.0)
        assert emergency.number in reply.speech[0]
        assert reply.text == "".join(reply.speech)
        assert len(reply.speech) >= 2


def test_the_longest_words_decide_between_two_dangers() -> None:
    words = DangerWords([danger("fire", "冒烟"), danger("battery", "电瓶车冒烟")])
    assert words.recognise("楼下电瓶车冒烟了") == danger("battery", "电瓶车冒烟")


def test_the_longest_words_decide_even_behind_shorter_ones() -> None:
    battery = danger("battery", "冒烟", "电瓶车充电")
    gas = danger("gas", "燃气味")
    assert DangerWords([gas, battery]).recognise("冒烟，有燃气味，电瓶车充电") == battery


def test_equal_words_are_decided_by_the_order_of_the_list() -> None:
    first, second = danger("first", "着火了"), danger("second", "着火了")
    assert DangerWords([first, second]).recognise("着火了") == first


@pytest.mark.parametrize(
    ("text", "is_heard"),
    [("老人倒在地上", True), ("老人突然倒在地上", True), ("老人昨天说他的手机倒在地上", False)],
)
def test_dots_stand_for_a_few_characters(text: str, is_heard: bool) -> None:
    words = DangerWords([danger("fall", "老人…倒在地上")])
    assert (words.recognise(text) is not None) is is_heard


def test_words_are_words_and_no_patterns() -> None:
    assert DangerWords([danger("odd", "着火(了", "a.b")]).recognise("axb") is None


def test_an_emergency_without_words_is_never_heard() -> None:
    assert DangerWords([danger("none")]).recognise("社保卡丢了") is None


def test_without_emergencies_nothing_is_danger() -> None:
    assert DangerWords([]).recognise("着火了") is None
