"""Words of the office, found again behind an accent."""

from __future__ import annotations

import time

import pytest

from voice.answerer import Hypothesis
from voice.recognition.pinyin import Repairer
from voice.recognition.sounds import NEAR, RELATED, distance, syllable_cost, syllables_of

WORDS = (
    "社保卡",
    "老年人优待证",
    "居住证",
    "高龄津贴",
    "残疾证",
    "低保",
    "医保",
    "公租房",
    "灵活就业",
    "户口本",
)
REPAIRER = Repairer(WORDS)


@pytest.mark.parametrize(
    ("heard", "meant"),
    [
        ("lan", "nan"),
        ("zi", "zhi"),
        ("ce", "che"),
        ("se", "she"),
        ("xin", "xing"),
        ("men", "meng"),
        ("hu", "fu"),
        ("hui", "fei"),
        ("huang", "fang"),
        ("re", "le"),
    ],
)
def test_sounds_that_the_accent_does_not_tell_apart_are_near(heard: str, meant: str) -> None:
    assert syllable_cost(heard, meant) == NEAR
    assert syllable_cost(meant, heard) == NEAR


@pytest.mark.parametrize(
    ("heard", "meant", "cost"),
    [
        ("she", "she", 0.0),
        ("sen", "sheng", 2 * NEAR),
        ("ta", "ka", RELATED),
        ("ban", "ba", RELATED),
        ("shi", "ban", 1.0),
        ("zhen", "jin", 1.0),
        ("an", "ang", RELATED),
    ],
)
def test_other_sounds_are_further_apart(heard: str, meant: str, cost: float) -> None:
    assert syllable_cost(heard, meant) == pytest.approx(cost)


def test_a_swallowed_syllable_costs_one() -> None:
    assert distance(("lao", "nian", "zheng"), ("lao", "nian", "ren", "zheng")) == 1.0
    assert distance((), ("a", "b")) == 2.0


def test_every_character_has_a_syllable_of_its_own() -> None:
    assert syllables_of("社保卡") == ("she", "bao", "ka")
    assert syllables_of("A卡12") == ("A", "ka", "1", "2")


@pytest.mark.parametrize(
    ("heard", "meant"),
    [
        ("蛇宝卡丢了怎么办", "社保卡丢了怎么办"),
        ("我要办色保卡", "我要办社保卡"),
        ("老年人油带证怎么办", "老年人优待证怎么办"),
        ("老年优带证怎么办", "老年人优待证怎么办"),
        ("高林金贴多少钱", "高龄津贴多少钱"),
        ("菜籍证在哪办", "残疾证在哪办"),
        ("我想问地保", "我想问低保"),
        ("公助房怎么申请", "公租房怎么申请"),
        ("零活旧业", "灵活就业"),
        ("带付口本吗", "带户口本吗"),
        ("居组证", "居住证"),
    ],
)
def test_a_misheard_word_of_the_office_is_offered_too(heard: str, meant: str) -> None:
    readings = REPAIRER.with_repairs((Hypothesis(heard, 0.8),))
    assert readings[0] == Hypothesis(heard, 0.8)
    assert meant in [one.text for one in readings[1:]]
    assert all(one.confidence < 0.8 for one in readings[1:])


@pytest.mark.parametrize(
    "text",
    [
        "社保卡丢了怎么办",
        "老年人优待证怎么办理",
        "今天天气很好",
        "我要找人工",
        "你们几点下班",
        "一三八零零零零一二三四",
        "低保和医保",
        "抱怨一下物业",
        "",
        "A",
    ],
)
def test_what_needs_no_repair_gets_none(text: str) -> None:
    assert REPAIRER.with_repairs((Hypothesis(text, 0.8),)) == (Hypothesis(text, 0.8),)


def test_a_domain_word_that_was_heard_is_left_alone_even_where_another_sounds_like_it() -> None:
    both = Repairer(["医保", "一包", "社保", "射保"])
    assert both.with_repairs((Hypothesis("医保和社保", 1.0),)) == (Hypothesis("医保和社保", 1.0),)


def test_two_misheard_words_are_put_right_together_and_each_alone() -> None:
    texts = [text for text, _ in REPAIRER.repaired("蛇宝卡和居组证")]
    assert texts[0] == "社保卡和居住证"
    assert set(texts[1:]) == {"社保卡和居组证", "蛇宝卡和居住证"}


def test_words_of_the_moment_can_be_added() -> None:
    heard = (Hypothesis("卧沟园", 0.8),)
    assert REPAIRER.with_repairs(heard) == heard
    extended = REPAIRER.extended(["沃沟苑", "社保卡"])
    assert "沃沟苑" in [one.text for one in extended.with_repairs(heard)]
    assert REPAIRER.extended(["社保卡"]) is REPAIRER


def test_nothing_heard_stays_nothing() -> None:
    assert REPAIRER.with_repairs(()) == ()
    assert Repairer([]).with_repairs((Hypothesis("好", 1.0),)) == (Hypothesis("好", 1.0),)


def test_hundreds_of_words_that_resemble_each_other_are_searched_quickly() -> None:
    many = Repairer(
        [
            f"{a}{b}{c}证"
            for a in "老年残疾居住社保高龄"
            for b in "优待补贴医疗"
            for c in "卡本册单表房车钱款项"
        ]
    )
    text = "我想问一下老年人的优带证到哪里去办要带什么材料呢谢谢你啊"
    list(many.repaired(text))
    began = time.perf_counter()
    list(many.repaired(text))
    took = time.perf_counter() - began
    assert took < 0.5, took  # 0.05 s on an idle machine
