"""Answers read aloud: three sentences at a time, again, slower, louder."""

from __future__ import annotations

import numpy as np
import pytest

from tests.voice.fakes_call import Phone
from voice.answerer import SpokenReply
from voice.reading import Reading

LONG = SpokenReply(tuple(f"第{n}样东西。" for n in "一二三四五六七"))
QUESTION = "办社保卡要带什么"


@pytest.fixture
def phone() -> Phone:
    """A caller who was read three of seven sentences."""
    phone = Phone().dial()
    phone.answerer.otherwise = LONG
    phone.forget()
    phone.ask(QUESTION)
    return phone


def test_after_three_sentences_the_caller_is_asked_whether_to_go_on(phone: Phone) -> None:
    assert phone.said == [*LONG.sentences[:3], "还要继续听吗？"]


@pytest.mark.parametrize("word", ["要", "好的", "继续", "嗯"])
def test_a_yes_goes_on_with_the_next_three(phone: Phone, word: str) -> None:
    phone.forget()
    phone.ask(word)
    assert phone.said == [*LONG.sentences[3:6], "还要继续听吗？"]
    phone.forget()
    phone.ask(word)
    assert phone.said == [LONG.sentences[6], "您还想问什么？"]
    assert len(phone.answerer.asked) == 1


def test_a_no_stops_and_asks_for_the_next_question(phone: Phone) -> None:
    phone.forget()
    phone.ask("不用了")
    assert phone.said == ["好的，不说了。", "您还想问什么？"]
    phone.forget()
    phone.answerer.otherwise = SpokenReply(("好。",))
    phone.ask("要")
    assert phone.answerer.asked[-1] == ("要", "")


def test_silence_goes_on_once_and_then_waits(phone: Phone) -> None:
    phone.forget()
    phone.wait(4.1)
    phone.listen_out()
    assert phone.said == [*LONG.sentences[3:6], "还要继续听吗？"]
    phone.forget()
    phone.wait(7.9)
    assert phone.said == []
    phone.wait(0.3)
    assert phone.said == ["还要继续听吗？"]
    phone.listen_out()
    phone.ask("要")
    assert LONG.sentences[6] in phone.said


def test_a_new_question_is_answered_and_the_rest_forgotten(phone: Phone) -> None:
    phone.answerer.otherwise = SpokenReply(("要两张照片。",))
    phone.forget()
    phone.ask("要照片吗")
    assert phone.said == ["要两张照片。", "您还想问什么？"]
    assert phone.answerer.asked[-1] == ("要照片吗", "")


def test_keys_answer_whether_to_go_on_also_while_it_is_asked() -> None:
    phone = Phone().dial()
    phone.answerer.otherwise = LONG
    phone.say(QUESTION)
    while "还要继续听吗？" not in phone.said:
        phone.step()
    phone.press("1")
    phone.wait(0.1)
    assert phone.said[-1] == LONG.sentences[3]
    phone.listen_out()
    phone.press("2")
    phone.listen_out()
    assert phone.said[-2:] == ["好的，不说了。", "您还想问什么？"]
    assert len(phone.answerer.asked) == 1


def test_a_short_yes_said_into_the_end_of_the_question_goes_on() -> None:
    phone = Phone().dial()
    phone.answerer.otherwise = LONG
    phone.say(QUESTION)
    while "还要继续听吗？" not in phone.said:
        phone.step()
    phone.utter("好", seconds=0.4)
    phone.wait(2)
    phone.listen_out()
    assert LONG.sentences[3] in phone.said


def test_a_question_a_choice_and_an_end_are_read_in_one_go() -> None:
    for reply in (
        SpokenReply(LONG.sentences, "choice", choices=3),
        SpokenReply(LONG.sentences, "yes_no"),
        SpokenReply(LONG.sentences, then="hang_up"),
        SpokenReply(LONG.sentences, is_urgent=True),
    ):
        page = Reading().open(reply)
        assert page.after == reply.then
        assert page.sentences[-1].text == LONG.sentences[-1]


def test_three_sentences_are_read_without_a_question_in_between() -> None:
    page = Reading().open(SpokenReply(LONG.sentences[:3]))
    assert (len(page.sentences), page.after) == (3, "listen")


def test_empty_sentences_are_not_read() -> None:
    assert [s.text for s in Reading().open(SpokenReply(("", " ", "好。"))).sentences] == ["好。"]


@pytest.mark.parametrize("way", ["再说一遍", "*"])
def test_the_last_answer_is_said_again(phone: Phone, way: str) -> None:
    phone.forget()
    if way == "*":
        phone.press(way)
        phone.listen_out()
    else:
        phone.ask(way)
    assert phone.said == [*LONG.sentences[:3], "还要继续听吗？"]
    phone.ask("要")
    assert phone.said[4:7] == list(LONG.sentences[3:6])


@pytest.mark.parametrize("way", ["慢一点", "7"])
def test_slower_says_it_again_slowly_and_stays_slow(phone: Phone, way: str) -> None:
    phone.forget()
    phone.speech.rendered.clear()
    if way == "7":
        phone.press(way)
        phone.listen_out()
    else:
        phone.ask(way)
    assert phone.said[:2] == ["好的，我说慢一点。", LONG.sentences[0]]
    phone.ask("要")
    assert all(slow for _, slow in phone.speech.rendered)


def loudest(phone: Phone) -> float:
    samples = np.frombuffer(b"".join(phone.frames), dtype="<i2").astype(float)
    return float(np.abs(samples).max())


@pytest.mark.parametrize("way", ["大声一点", "8"])
def test_louder_says_it_again_louder_up_to_twelve_decibels(phone: Phone, way: str) -> None:
    levels = [loudest(phone)]
    for _ in range(3):
        phone.forget()
        if way == "8":
            phone.press(way)
            phone.listen_out()
        else:
            phone.ask(way)
        levels.append(loudest(phone))
    assert levels[1] == pytest.approx(levels[0] * 2, rel=0.01)
    assert levels[2] == pytest.approx(levels[0] * 4, rel=0.01)
    assert levels[3] == levels[2]
    assert phone.said[:2] == ["这已经是最大声了。", LONG.sentences[0]]


def test_slower_while_an_answer_is_awaited_makes_it_slow_and_loses_nothing() -> None:
    phone = Phone().dial()
    phone.executor.is_prompt = False
    phone.say(QUESTION)
    phone.press("78")
    phone.forget()
    phone.executor.run()
    phone.listen_out()
    assert phone.said[0] == "社保卡可以补办。"
    assert phone.speech.rendered[-1][1]
    assert loudest(phone) == pytest.approx(2 * 0x1000, rel=0.01)


def test_louder_in_the_greeting_greets_again_louder() -> None:
    phone = Phone()
    phone.wait(2)
    phone.press("8")
    phone.listen_out()
    assert phone.said.count("您好，我是街道办事处的智能助手。") == 2
    assert phone.said[-1] == "找工作人员按0。"
