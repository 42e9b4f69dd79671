"""Sentences become terms: width and case folded, courtesies dropped, homophones alike."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.search.analysis import LONGEST_TEXT, VIEWS, content, normalise, terms


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


@given(st.text(max_size=60))
def test_any_text_has_terms_in_every_view(text: str) -> None:
    folded = normalise(text)
    for view in VIEWS:
        assert all(term for term in terms(folded, view))
    assert terms(folded, "chars") == terms(folded, "chars")


@pytest.mark.parametrize("text", ["", "。。。", "😀😀", "——"])
def test_marks_alone_have_no_terms(text: str) -> None:
    assert [terms(normalise(text), view) for view in VIEWS] == [[], [], []]
