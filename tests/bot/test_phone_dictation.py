"""A phone number by telephone: the caller's own, dictated whole or in pieces, corrected, pressed."""

from __future__ import annotations

import pytest

from bot.channels.phone.dictation import NO_NUMBER, Dictation, Step, caller_number
from tests.bot.phoning import MOBILE
from voice.answerer import Hypothesis

QUESTION = ("联系电话是多少？",)


def hears(dictation: Dictation, *readings: str) -> Step:
    return dictation.hear([Hypothesis(text, 1.0) for text in readings])


@pytest.mark.parametrize(
    ("caller", "number"),
    [
        (MOBILE, MOBILE),
        (f"+86{MOBILE}", MOBILE),
        (f"86{MOBILE}", MOBILE),
        (f"0086{MOBILE}", MOBILE),
        (f"0{MOBILE}", MOBILE),
        ("02558880000", "02558880000"),
        ("58880000", "58880000"),
        ("8001", ""),
        ("anonymous", ""),
        ("", ""),
    ],
)
def test_a_callers_number_is_read_as_one_would_dictate_it(caller: str, number: str) -> None:
    assert caller_number(caller) == number


def test_the_callers_own_number_is_offered_first_by_its_end() -> None:
    dictation = Dictation(QUESTION, MOBILE)
    step = dictation.opening(("好，记下了。",))
    assert step == Step(("好，记下了。", "就用您现在打来的这个号码吗，尾号5678？"), "yes_no")
    assert hears(dictation, "对").number == MOBILE


def test_who_wants_another_number_is_asked_for_it() -> None:
    dictation = Dictation(QUESTION, MOBILE)
    dictation.opening()
    step = hears(dictation, "不用这个")
    assert step.sentences[0] == "联系电话是多少？"
    assert step.expects == "digits"
    assert dictation.is_refused


def test_a_number_may_be_said_in_place_of_yes() -> None:
    dictation = Dictation(QUESTION, "13900001111")
    step = hears(dictation, "一三八一二三四五六七八")
    assert step == Step(("我听到的是138 1234 5678，对吗？",), "yes_no")
    assert hears(dictation, "对的").number == MOBILE


@pytest.mark.parametrize(
    "said",
    [
        "一三八一二三四五六七八",
        "幺三八幺二三四五六七八",
        "我的电话是幺三八 一二三四 五六七八",
        "138 1234 5678",
    ],
)
def test_a_dictated_number_is_read_back_and_needs_a_yes(said: str) -> None:
    dictation = Dictation(QUESTION)
    assert hears(dictation, said).sentences == ("我听到的是138 1234 5678，对吗？",)
    assert hears(dictation, "嗯对").number == MOBILE


def test_a_wrong_read_back_is_dictated_again() -> None:
    dictation = Dictation(QUESTION)
    hears(dictation, "一三八一二三四五六七九")
    assert hears(dictation, "不对").sentences == ("好的，请把号码再说一遍。",)
    assert hears(dictation, "一三八一二三四五六七八").expects == "yes_no"
    assert hears(dictation, "是的").number == MOBILE


def test_only_what_was_wrong_need_be_said_again() -> None:
    dictation = Dictation(QUESTION)
    hears(dictation, "一三八一二三四五六七九")
    assert hears(dictation, "不对五六七八").sentences == ("我听到的是138 1234 5678，对吗？",)


def test_a_number_in_pieces_is_put_together() -> None:
    dictation = Dictation(QUESTION)
    assert hears(dictation, "一三八").sentences == ("听到了138，还差几位，请接着说。",)
    assert "138 1234" in hears(dictation, "一二三四").sentences[0]
    assert hears(dictation, "五六七八").sentences == ("我听到的是138 1234 5678，对吗？",)


def test_who_begins_anew_after_a_piece_is_understood() -> None:
    dictation = Dictation(QUESTION)
    hears(dictation, "一三八一二")
    assert hears(dictation, "一三八一二三四五六七八").expects == "yes_no"


def test_a_number_that_is_too_long_is_asked_for_again_with_what_was_heard() -> None:
    dictation = Dictation(QUESTION)
    step = hears(dictation, "一三八一二三四五六七八九")
    assert step.sentences == ("我听到的是138 1234 56789，一共12位。手机号是11位，请再说一遍。",)
    assert not step.is_sure
    assert hears(dictation, "一三八一二三四五六七八").expects == "yes_no"


def test_keys_need_no_yes() -> None:
    assert Dictation(QUESTION).hear((), MOBILE).number == MOBILE
    dictation = Dictation(QUESTION)
    assert dictation.hear((), "1381234").expects == "digits"
    assert dictation.hear((), "5678").number == MOBILE


def test_a_breath_taken_for_a_digit_makes_no_number_too_long() -> None:
    # Twelve digits are a number, but none that begins with 15.
    step = hears(Dictation(QUESTION), "一五七三零四九九九七一五", "一五七三零四九九九七一")
    assert step.sentences == ("我听到的是157 3049 9971，对吗？",)


def test_the_reading_with_a_number_that_can_be_is_taken() -> None:
    step = hears(Dictation(QUESTION), "一三八一二三四五六七", "一三八一二三四五六七八")
    assert step.sentences == ("我听到的是138 1234 5678，对吗？",)


@pytest.mark.parametrize(
    "said", ["为什么要电话", "人工", "我住三栋五零二", "王桂兰", "你们几点下班"]
)
def test_what_is_no_number_is_left_to_others(said: str) -> None:
    assert hears(Dictation(QUESTION), said) == NO_NUMBER
    assert Dictation(QUESTION).hear(()) == NO_NUMBER
