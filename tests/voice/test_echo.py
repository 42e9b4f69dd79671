"""Our own sentence, coming back over the line, is told from a caller's words."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voice.echo import EchoGuard

LIST = "办理老年人优待证需要带身份证、户口本和两张照片。"
SENTENCES = [
    LIST,
    "您好，这里是幸福街道的智能助手。",
    "您想问什么，直接说就行。",
    "要找工作人员，随时按0。",
    "星期一到星期五，上午九点到十二点，在一楼三号窗口办理。",
    "您的电话是138 0013 8000，对吗？",
    "对不起，我没听清，请再说一遍。",
]


def is_echo(partial, speaking=LIST):
    return EchoGuard().is_echo(partial, speaking)


@pytest.mark.parametrize(
    "partial",
    [
        "办理老年人", "老年人优待证", "需要 带 身份证", "身份证户口本", "两张照片",
        "办理老年人优待证需要带身份证户口本和两张照片",
        "半里老年人有带正",  # other characters for the same sounds
        "暗里劳连人优待证",  # near sounds
        "办理老年优待证要带身份证",  # syllables missing
        "办理老年人优待政策要带身份证",  # one syllable too many
        "身份正湖口本",
        "生奉",  # -n and -ng
    ],
)  # fmt: skip
def test_a_part_of_our_sentence_is_an_echo_even_badly_recognised(partial):
    assert is_echo(partial)


@pytest.mark.parametrize(
    ("partial", "speaking"),
    [
        ("随时按零", "要找工作人员，随时按0。"),
        ("幺三八零零幺三八零零零", "您的电话是138 0013 8000，对吗？"),
        ("上午九点到十二点", "上午9:00到12:00办理。"),
        ("二楼三号窗口", "在2楼3号窗口。"),
    ],
)
def test_numbers_come_back_as_they_are_spoken_not_as_they_are_written(partial, speaking):
    assert is_echo(partial, speaking)


@pytest.mark.parametrize(
    "partial",
    [
        "身份证丢了", "身份证丢了怎么办", "没有身份证", "身份证吗", "我没有户口本", "户口本不在了怎么办",
        "照片要几寸的", "需要带什么", "身份证户口本我都没有", "两张照片是几寸的",
        "身份证拿来", "办理老年人优待证需要带身份证真麻烦", "办理老年人优待证需要带身份证我住院",
    ],
)  # fmt: skip
def test_who_takes_up_a_word_of_ours_and_adds_her_own_is_heard(partial):
    assert not is_echo(partial)


@pytest.mark.parametrize(
    "partial",
    [
        "等一下",
        "不是",
        "人工",
        "别说了",
        "我要投诉",
        "喂你好",
        "残疾证怎么办",
        "你说慢一点",
        "我问的是低保",
        "家里水管漏了",
        "着火了",
    ],
)
def test_what_has_nothing_to_do_with_our_sentence_is_heard(partial):
    assert not is_echo(partial)


def test_a_word_of_ours_alone_cannot_be_told_from_an_echo():
    assert is_echo("身份证")
    assert not is_echo("身份证", "您好，这里是幸福街道的智能助手。")


@pytest.mark.parametrize(
    ("partial", "speaking"),
    [("", LIST), ("身份证", ""), ("", ""), ("，。", LIST), ("身份证", "……")],
)
def test_nothing_is_no_echo(partial, speaking):
    assert not is_echo(partial, speaking)


def test_one_guard_answers_for_changing_partials_and_sentences():
    guard = EchoGuard()
    asked = [
        ("身份证", LIST),
        ("身份证丢了", LIST),
        ("身份证", LIST),
        ("身份证", "您好。"),
        ("身份证", LIST),
    ]
    assert [guard.is_echo(*pair) for pair in asked] == [True, False, True, False, True]


CONFUSED = (
    "的了是在有人这中大为上个国和地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里"
)


def as_a_bad_ear_writes_it(text, share, seed):
    """``share`` of the characters become others or get lost."""
    chance = random.Random(seed)
    written = []
    for character in text:
        if chance.random() >= share:
            written.append(character)
        elif chance.random() < 0.6:
            written.append(chance.choice(CONFUSED))
    return "".join(written)


def stretches(count, shortest, share):
    chance = random.Random(7)
    for seed in range(count):
        sentence = chance.choice([LIST, *SENTENCES[4:5]]).translate(str.maketrans("", "", "，、。"))
        begin = chance.randrange(len(sentence) - shortest)
        end = chance.randrange(begin + shortest, len(sentence) + 1)
        yield as_a_bad_ear_writes_it(sentence[begin:end], share, seed)


@pytest.mark.parametrize(("share", "at_least"), [(0.0, 1.0), (0.1, 0.97), (0.2, 0.9)])
def test_most_echoes_are_known_though_every_fifth_character_is_wrong(share, at_least):
    guard = EchoGuard()
    ours = LIST + SENTENCES[4]
    verdicts = [guard.is_echo(heard, ours) for heard in stretches(400, 5, share)]
    assert sum(verdicts) / len(verdicts) >= at_least


QUESTIONS = [
    "我想问一下低保怎么申请",
    "社保卡丢了在哪里补办",
    "楼上天天吵我要投诉",
    "我今年七十八了一个人住",
    "残疾证要多久才能拿到",
    "小区门口的路灯坏了",
    "能不能给我转个人工",
    "医保报销比例是多少",
    "我耳朵不好你大声点",
]


@pytest.mark.parametrize("sentence", SENTENCES)
@pytest.mark.parametrize("question", QUESTIONS)
def test_whole_questions_of_callers_are_never_taken_for_echoes(question, sentence):
    assert not is_echo(question, sentence)


@pytest.mark.parametrize("sentence", SENTENCES)
def test_a_caller_is_heard_by_her_sixth_character_at_the_latest(sentence):
    assert not any(is_echo(question[:6], sentence) for question in QUESTIONS)


@given(st.sampled_from([text for text in SENTENCES if not any(map(str.isdigit, text))]), st.data())
def test_every_stretch_of_three_or_more_of_our_characters_is_an_echo(sentence, data):
    plain = sentence.translate(str.maketrans("", "", "，、。？"))
    begin = data.draw(st.integers(0, len(plain) - 3))
    end = data.draw(st.integers(begin + 3, len(plain)))
    assert is_echo(plain[begin:end], sentence)


@given(st.text(max_size=40), st.text(max_size=60))
def test_no_text_is_too_strange(partial, speaking):
    assert is_echo(partial, speaking) in (True, False)
