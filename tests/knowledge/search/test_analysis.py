"""Sentences become terms: width and case folded, courtesies dropped, what sounds alike alike."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.search.analysis import (
    LONGEST_INITIALS,
    LONGEST_TEXT,
    VIEWS,
    content,
    initials,
    normalise,
    sounds,
    squeezed,
    terms,
)


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("ＳＨＥＢＡＯ卡", "shebao卡"),
        ("社保卡　　丢了\n", "社保卡 丢了"),
        ("社保\x00卡\u200b", "社保 卡"),
        ("１２３４５", "12345"),
        ("", ""),
    ],
)
def test_width_case_and_control_characters_are_folded(text: str, folded: str) -> None:
    assert normalise(text) == folded


@given(st.text(max_size=5000))
def test_any_text_becomes_short_and_printable(text: str) -> None:
    folded = normalise(text)
    assert len(folded) <= LONGEST_TEXT
    assert not [c for c in folded if unicodedata.category(c)[0] == "C"]
    assert folded == folded.strip()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("你好，请问社保卡丢了", "社保卡丢了"),
        ("喂，您好啊，我想问一下居住证", "居住证"),
        ("呃那个社保卡", "社保卡"),
        ("麻烦问一下，老年卡", "老年卡"),
        ("小姑娘啊，卡坏了", "卡坏了"),
        ("您好！", ""),
        ("社保卡你好", "社保卡你好"),
    ],
)
def test_courtesies_in_front_say_nothing(text: str, said: str) -> None:
    assert content(text) == said


def test_characters_come_single_and_in_pairs() -> None:
    assert terms("补社保卡", "chars") == ["补", "社", "保", "卡", "补社", "社保", "保卡"]


def test_numbers_and_latin_words_stay_whole() -> None:
    assert terms("12345 app", "chars") == ["12345", "app", "12345app"]


def test_words_without_content_are_no_terms() -> None:
    assert terms("我的社保卡在哪里", "words") == terms("社保卡", "words")
    assert "的" not in terms("我的卡", "chars")
    assert "的卡" in terms("我的卡", "chars")


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("社宝卡", "社保卡"),
        ("射保卡", "社保卡"),
        ("居祖证", "居住证"),
        ("蓝京", "南京"),
        ("营业直照", "营业执照"),
        ("身分正", "身份证"),
        ("新片", "芯片"),
        ("慢性并", "慢性病"),
    ],
)
def test_what_sounds_alike_has_the_same_pinyin_terms(said: str, meant: str) -> None:
    assert terms(said, "pinyin") == terms(meant, "pinyin")


def test_what_sounds_different_has_other_pinyin_terms() -> None:
    assert terms("补卡", "pinyin") != terms("换卡", "pinyin")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("shebaoka", "社保卡"),
        ("SheBaoKa", "社保卡"),
        ("she bao ka", "社保卡"),
        ("juzhuzheng", "居住证"),
        ("zhuyuan", "住院"),
        ("nanjing", "南京"),
        # Long syllables come first, unless nothing would be left to read the rest with.
        ("fangan", "方案"),
        ("fanguan", "饭馆"),
        ("wo要ban社保ka", "我要办社保卡"),
    ],
)
def test_typed_pinyin_sounds_like_what_is_meant(typed: str, meant: str) -> None:
    assert sounds(normalise(typed)) == sounds(meant)
    assert set(terms(meant, "pinyin")) <= set(terms(normalise(typed), "pinyin"))


@pytest.mark.parametrize("word", ["12345", "wifi", "p2p", "sb13", "ok"])
def test_what_is_no_pinyin_stays_whole(word: str) -> None:
    assert sounds(word) == [word]


@pytest.mark.parametrize(
    ("text", "heard"),
    [
        ("张湘", ["zan", "xian"]),
        ("男蓝", ["nan", "nan"]),
        ("吃刺", ["ci", "ci"]),
        ("少扫", ["sao", "sao"]),
        ("社保卡,丢了", ["se", "bao", "ka", "diu", "ne"]),
        ("", []),
    ],
)
def test_sounds_are_folded_as_they_are_mixed_up_in_nanjing(text: str, heard: list[str]) -> None:
    assert sounds(text) == heard


@pytest.mark.parametrize(
    ("typed", "text"),
    [("jzz", "居住证"), ("sbk", "社保卡"), ("yyzz", "营业执照"), ("bljzz", "办理居住证")],
)
def test_typed_initials_are_those_of_the_words(typed: str, text: str) -> None:
    assert set(terms(typed, "pinyin")) & set(initials(text))


def test_initials_are_marked_and_belong_to_several_characters() -> None:
    assert initials("居住证") == ["~jzz"]
    assert initials("卡") == []
    assert initials("app") == initials("12345") == []


def test_initials_of_long_words_are_not_typed() -> None:
    assert all(len(i) - 1 <= LONGEST_INITIALS for i in initials("中华人民共和国居民身份证办理"))
    assert terms("x" * (LONGEST_INITIALS + 1), "pinyin") == []
    assert terms("x", "pinyin") == []


def test_a_question_in_characters_brings_no_initials() -> None:
    assert not [term for term in terms("居住证怎么办", "pinyin") if term.startswith("~")]


def test_initials_sound_like_no_other_initials() -> None:
    assert not set(terms("jzz", "pinyin")) & set(initials("社保卡"))


@pytest.mark.parametrize(
    ("text", "letters"),
    [
        ("社保卡，丢了？！", "社保卡丢了"),
        (" ＳＨＥ bao-卡 ", "shebao卡"),
        ("１２３４５。", "12345"),
        ("。。。", ""),
        ("", ""),
    ],
)
def test_punctuation_and_spaces_are_squeezed_out(text: str, letters: str) -> None:
    assert squeezed(text) == letters


@given(st.text(alphabet="社保卡丢aＡＢ1１，。？ -\n😀", max_size=60))
def test_squeezing_twice_changes_nothing(text: str) -> None:
    once = squeezed(text)
    assert squeezed(once) == once
    assert once == "" or once.isalnum()


@given(st.text(max_size=60))
@settings(deadline=None)  # the first one pays for the dictionaries
def test_any_text_has_terms_in_every_view(text: str) -> None:
    folded = normalise(text)
    for view in VIEWS:
        assert all(term for term in terms(folded, view))
    assert all(initial.startswith("~") for initial in initials(folded))
    assert all(sounds(folded)) or not folded


@pytest.mark.parametrize("text", ["", "。。。", "😀😀", "——"])
def test_marks_alone_have_no_terms(text: str) -> None:
    assert [terms(normalise(text), view) for view in VIEWS] == [[], [], []]
