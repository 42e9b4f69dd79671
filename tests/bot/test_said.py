"""What a resident's words say of an errand: why, how, for whom."""

from __future__ import annotations

import pytest

from bot.actions.intake.said import (
    asker_in,
    asks_about_modes,
    groups_in,
    is_whole,
    mode_in,
    names_mode,
    need_in,
    refuses,
)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("我八十了", "elderly"),
        ("年纪大了，走不动", "elderly"),
        ("我是肢体二级残疾", "disabled"),
        ("坐轮椅的", "disabled"),
        ("我骨折住院", "other"),
        ("怀孕八个月了", "other"),
        ("没空，天天上班", "convenience"),
        ("我三十五，身体好着呢", "convenience"),
    ],
)
def test_why_somebody_does_not_come(text: str, reason: str) -> None:
    need = need_in(text)
    assert need is not None
    assert (need.reason, need.words) == (reason, text)


def test_an_age_that_was_told_before_counts() -> None:
    need = need_in("就办这个", age=81)
    assert need is not None
    assert need.reason == "elderly"


def test_words_without_a_need_tell_none() -> None:
    assert need_in("临江社区") is None


@pytest.mark.parametrize(
    ("text", "mode"),
    [
        ("帮我代办", "代办"),
        ("你们替我跑", "代办"),
        ("请你们跑个腿", "代办"),
        ("找人陪我去", "陪办"),
        ("教教我怎么弄", "导办"),
        ("帮我填填表", "帮办"),
        ("不是代办，陪办就行", "陪办"),
        ("代办改成帮办", "帮办"),
        ("代办还是陪办", None),
        ("不要代办", None),
        ("临江社区", None),
    ],
)
def test_the_mode_that_is_asked_for(text: str, mode: str | None) -> None:
    assert mode_in(text) == mode


def test_only_a_mode_called_by_its_name_is_named() -> None:
    assert names_mode("那就陪办吧")
    assert not names_mode("你们替我跑")


def test_modes_are_asked_about() -> None:
    assert asks_about_modes("代办和帮办有什么区别")
    assert asks_about_modes("什么是导办")
    assert not asks_about_modes("代办吧")


@pytest.mark.parametrize("text", ["不想留电话", "为什么要电话", "没有手机", "保密"])
def test_who_would_rather_not_say(text: str) -> None:
    assert refuses(text)


def test_who_tells_does_not_refuse() -> None:
    assert not refuses("13800138000")


@pytest.mark.parametrize(
    ("text", "asker"),
    [
        ("我八十了", "self"),
        ("我妈八十了", "child"),
        ("隔壁的奶奶一个人住", "neighbour"),
        ("我老伴走不动", "other"),
    ],
)
def test_for_whom_it_is(text: str, asker: str) -> None:
    assert asker_in(text) == asker


def test_special_groups() -> None:
    assert groups_in("一个人住", age=90, reason="elderly") == ["独居", "高龄"]
    assert groups_in("怀孕了", age=None, reason="other") == ["孕产"]
    assert groups_in("坐轮椅", age=None, reason="disabled") == ["残疾"]
    assert groups_in("走不动", age=70, reason="elderly") == []


@pytest.mark.parametrize(
    ("phone", "whole"),
    [
        ("13800138000", True),
        ("58880123", True),
        ("02558880123", True),
        ("1380013800", False),
        ("138001380001", False),
    ],
)
def test_a_number_has_neither_too_few_digits_nor_too_many(phone: str, whole: bool) -> None:
    assert is_whole(phone) is whole
