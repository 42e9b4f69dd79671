"""What the line listens for while it waits for an answer."""

from __future__ import annotations

import pytest

from voice.recognition.grammars import (
    COMMANDS,
    NO,
    YES,
    digits_only,
    grammar_of,
    grammar_phrases,
    in_words,
)

CHARACTERS = set("".join((*YES, *NO, *COMMANDS))) | set("零一幺二两三四五六七八九个社保卡第嗯啊")


def knows_characters(word: str) -> bool:
    return word in CHARACTERS


def test_free_speech_has_no_grammar() -> None:
    assert grammar_phrases("free", ["社保卡"]) == ()
    assert grammar_of("free", ["社保卡"], knows_characters) == []


@pytest.mark.parametrize("expects", ["yes_no", "digits", "choice"])
def test_whatever_is_awaited_commands_and_other_words_are_heard(expects: str) -> None:
    grammar = grammar_of(expects, [], lambda word: word in COMMANDS)  # type: ignore[arg-type]
    assert {"人工", "再说一遍", "救命"} <= set(grammar)
    assert grammar[-1] == "[unk]"
    assert len(grammar) == len(set(grammar))


def test_each_state_listens_for_its_own_words() -> None:
    assert "不 用" in grammar_of("yes_no", [], knows_characters)
    assert "社 保 卡" in grammar_of("choice", ["社保卡"], knows_characters)
    digits = grammar_of("digits", [], knows_characters)
    assert "不 用" not in digits
    assert {f"{a} {b}" for a in "零一幺二两三四五六七八九" for b in "零一九"} <= set(digits)


def test_no_other_word_of_one_syllable_is_listened_for_among_digits() -> None:
    """A 的 or 声 from a command would be heard for a 四."""
    words = {*"零一二三四五六七八九个再说大点声", "三个", "再说", "一遍", "大点"}
    digits = grammar_of("digits", [], words.__contains__)
    assert {"三个 八", "再说 一遍", "四 四"} <= set(digits)
    assert not [phrase for phrase in digits if set("声个说") & set(phrase.split())]
    assert digits_only(words.__contains__) == list("零一二三四五六七八九")


def test_a_thoughtful_sound_before_a_yes_is_in_the_grammar() -> None:
    grammar = grammar_of("yes_no", [], knows_characters)
    assert {"嗯", "嗯 可 以", "嗯 是 的"} <= set(grammar)


def test_a_phrase_is_cut_into_as_few_known_words_as_can_be() -> None:
    words = {"再", "说", "一遍", "再说", "一", "遍"}
    assert in_words("再说一遍", words.__contains__) == ("再说", "一遍")
    assert in_words("再见", words.__contains__) == ()


def test_a_model_that_knows_none_of_the_words_gets_no_grammar() -> None:
    assert grammar_of("yes_no", [], lambda word: False) == []
