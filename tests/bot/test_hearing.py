"""What is taken out of a message before the dialogue engine sees it."""

from __future__ import annotations

import pytest

from bot.conversations.hearing import hear


@pytest.mark.parametrize(
    ("text", "asked", "left", "values"),
    [
        ("我叫张三", "", "我叫<name>", {"name": "张三"}),
        ("代办尊老金，叫张三", "", "代办尊老金，叫<name>", {"name": "张三"}),
        ("名字叫李四", "", "名字叫<name>", {"name": "李四"}),
        ("我姓张叫张三", "", "我姓张叫<name>", {"name": "张三"}),
        ("张三", "name", "<name>", {"name": "张三"}),
        (
            "王秀英，13800138000",
            "name",
            "<name>，<phone>",
            {"name": "王秀英", "phone": "13800138000"},
        ),
        ("李四，13800138000", "mode", "<name>，<phone>", {"name": "李四", "phone": "13800138000"}),
        ("幺三八零零幺三八零零零", "phone", "<phone>", {"phone": "13800138000"}),
        ("顶山花园2栋", "address", "<address>", {"address": "顶山花园2栋"}),
        ("临江社区，明天上午", "address", "<address>，明天上午", {"address": "临江社区"}),
        ("珍珠路社区菜场旁边", "location", "<address>", {"address": "珍珠路社区菜场旁边"}),
    ],
)
def test_what_is_personal_is_taken_out(
    text: str, asked: str, left: str, values: dict[str, str]
) -> None:
    heard = hear(text, asked)
    assert (heard.text, dict(heard.values)) == (left, values)


@pytest.mark.parametrize("text", ["叫个跑腿，帮我办事", "叫人来", "叫车"])
def test_calling_somebody_says_no_name(text: str) -> None:
    assert hear(text).text == text


@pytest.mark.parametrize(
    "text",
    [
        "要准备哪些材料",
        "要带什么",
        "不想说",
        "算了",
        "对",
        "改成陪办",
        "你们几点上班",
        "找个人跟我讲",
    ],
)
def test_a_question_or_a_wish_is_no_place(text: str) -> None:
    assert hear(text, "address").values == {}
    assert hear(text, "location").values == {}


def test_a_surname_alone_is_no_name_beside_a_place() -> None:
    assert hear("临江社区", "name").values == {}
