"""Commands said in many ways, and enquiries that only sound like them."""

from __future__ import annotations

import time

import pytest

from voice.answerer import Hypothesis
from voice.commands import command_of, is_backchannel, is_no, is_yes

SAID = {
    "person": [
        "人工",
        "转人工",
        "我要转人工",
        "找人工",
        "人工服务",
        "转人工服务",
        "给我找个人工吧",
        "我要找真人",
        "帮我找一个工作人员",
        "请工作人员来",
        "我想找工作人员",
        "人工客服",
        "有没有人工",
        "我要人工，谢谢",
        "喂，转人工",
        "那个，我要找人工啊",
        "叫个活人来",
        "找工作人员说",
        "麻烦你帮我转人工好吗",
        "算了，转人工",
    ],
    "repeat": [
        "再说一遍",
        "再说一次",
        "请再说一遍",
        "你再说一遍好吗",
        "再讲一遍",
        "重复一遍",
        "没听清",
        "没听清楚",
        "我没听清",
        "没听见",
        "刚才没听清",
        "你说什么",
        "您说啥",
        "什么",
        "麻烦您再说一下",
        "重新说一遍吧",
        "啥",
        "再念一遍",
    ],
    "slower": [
        "慢一点",
        "慢点",
        "说慢一点",
        "请说慢一点",
        "你说慢点儿",
        "太快了",
        "说得太快了",
        "慢点说",
        "讲慢一些",
        "您慢慢说",
        "再慢一点好吗",
        "说话慢一点",
    ],
    "louder": [
        "大声点",
        "大声一点",
        "声音大一点",
        "声音大点",
        "说大声点",
        "再大声一点",
        "听不见",
        "我听不见",
        "听不清楚",
        "声音太小了",
        "请你大声一点好吗",
        "大点声",
        "响一点",
        "太小声了",
    ],
    "goodbye": [
        "再见",
        "好的再见",
        "谢谢，再见",
        "没事了，再见",
        "拜拜",
        "那我挂了",
        "好，挂了啊",
        "不用了谢谢再见",
        "好的知道了，再见",
    ],
}
ENQUIRIES = [
    "人工耳蜗有补贴吗",
    "残疾人工作证怎么办",
    "人工",
    "社区工作人员什么时候上班",
    "找工作人员要带什么材料",
    "我不要人工",
    "怎么找工作",
    "工人医保怎么交",
    "再见面要带什么",
    "什么材料",
    "医保卡挂了怎么办",
    "身份证挂失",
    "大一点的房子",
    "我家暖气声音大",
    "办事太慢了",
    "孩子听不见能办残疾证吗",
    "没听说过",
    "你们电话是多少",
    "社保卡丢了怎么办",
    "",
    "不用了",
    "没有了",
    "好",
    "再",
]


@pytest.mark.parametrize(
    ("command", "text"), [(command, text) for command, texts in SAID.items() for text in texts]
)
def test_a_command_is_known_however_it_is_said(command: str, text: str) -> None:
    assert command_of((Hypothesis(text, 0.9),)) == command


@pytest.mark.parametrize("text", [text for text in ENQUIRIES if text != "人工"])
def test_an_enquiry_that_holds_the_words_of_a_command_is_none(text: str) -> None:
    assert command_of((Hypothesis(text, 0.9),)) is None


def test_a_person_is_also_found_further_down_the_list() -> None:
    assert command_of((Hypothesis("人公", 0.6), Hypothesis("人工", 0.5))) == "person"
    assert command_of((Hypothesis("再剪", 0.6), Hypothesis("再见", 0.5))) is None
    assert command_of(()) is None


def test_spaces_punctuation_and_unknown_words_do_not_hide_a_command() -> None:
    assert command_of((Hypothesis(" 转 人工 。", 0.9),)) == "person"
    assert command_of((Hypothesis("[unk] 人工 [unk]", 0.9),)) == "person"


@pytest.mark.parametrize(
    "text",
    ["嗯", "哦", "对", "嗯嗯", "对对对", "好的", "是的", "喂", "喂你好", "嗯，好", "哦哦", "对的"],
)
def test_a_listener_s_small_words_are_no_interruption(text: str) -> None:
    assert is_backchannel(text)


@pytest.mark.parametrize(
    "text", ["不对", "人工", "好了不说了", "是不是", "对吗", "等一下", "", "好多钱"]
)
def test_words_that_say_something_are_no_backchannel(text: str) -> None:
    assert not is_backchannel(text)


@pytest.mark.parametrize(
    "text",
    ["要", "好", "继续", "嗯", "好的，继续", "要听", "你说吧", "接着说", "我要听", "可以", "想听"],
)
def test_yes_to_going_on(text: str) -> None:
    assert is_yes(text)
    assert not is_no(text)


@pytest.mark.parametrize(
    "text",
    [
        "不要",
        "不用了",
        "不听了",
        "好了不用了",
        "够了",
        "算了",
        "停",
        "不了，谢谢",
        "没有了",
        "不想听了",
        "不用继续了",
    ],
)
def test_no_to_going_on(text: str) -> None:
    assert is_no(text)
    assert not is_yes(text)


@pytest.mark.parametrize("text", ["社保卡要照片吗", "那要多少钱", "在哪里办", "", "人工"])
def test_a_new_question_is_neither_yes_nor_no(text: str) -> None:
    assert not is_yes(text)
    assert not is_no(text)


def test_long_and_monotonous_talk_is_matched_in_no_time() -> None:
    began = time.perf_counter()
    for word in ("好的", "我要", "请你", "行", "嗯那", "谢谢", "不用", "你您我请"):
        text = word * 400 + "吗"
        command_of((Hypothesis(text, 0.9),) * 5)
        for known in (is_backchannel, is_yes, is_no):
            known(text)
    assert time.perf_counter() - began < 0.5
