"""What people here say, put into the words of the knowledge."""

from __future__ import annotations

import pytest

from knowledge.search.local_terms import Terms, aloud, rewriter
from knowledge.search.matcher import Matcher
from knowledge.search.recipe import Recipe
from knowledge.search.snapshot import build_snapshot
from tests.people import page


def term(word: str, canonical: str, spoken: str = "") -> Terms:
    """One term as a snapshot holds it."""
    return {word: {"word": word, "canonical": canonical, "kind": "other", "spoken": spoken}}


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("大红本丢了", "户口簿丢了"),
        ("我的户口簿丢了", "我的户口簿丢了"),
        ("大红本本丢了", "结婚证丢了"),
        ("低保多少钱", "最低生活保障多少钱"),
        ("最低生活保障多少钱", "最低生活保障多少钱"),
        ("没有这些词", "没有这些词"),
    ],
)
def test_a_local_word_becomes_what_is_meant(said: str, meant: str) -> None:
    terms = {
        **term("大红本", "户口簿"),
        **term("大红本本", "结婚证"),
        **term("低保", "最低生活保障"),
    }
    assert rewriter(terms)(said) == meant


def test_a_word_within_its_own_meaning_is_not_doubled() -> None:
    assert rewriter(term("老年证", "老年证办理"))("老年证办理要什么") == "老年证办理要什么"
    assert rewriter(term("老年证", "老年证办理"))("老年证要什么") == "老年证办理要什么"


def test_what_was_put_in_is_not_looked_at_again() -> None:
    terms = {**term("甲卡", "乙卡"), **term("乙卡", "甲卡")}
    assert rewriter(terms)("甲卡换乙卡") == "乙卡换甲卡"


def test_width_and_case_of_a_word_do_not_matter() -> None:
    assert rewriter(term("ＥＴＣ卡", "高速通行卡"))("etc卡") == "高速通行卡"


def test_a_word_is_read_as_the_office_says() -> None:
    assert aloud(term("六合", "六合", "陆合"))("六合路") == "陆合路"
    assert aloud(term("六合", "六合"))("六合路") == "六合路"
    assert aloud({})("六合路") == "六合路"


def test_the_matcher_reads_the_terms_of_its_snapshot() -> None:
    documents = [
        page("home", "居住证办理", "外地人办什么证"),
        page("old", "老年人优待证", "坐车免费"),
    ]
    plain = Matcher(build_snapshot(documents, Recipe(), None))
    local = Matcher(
        build_snapshot(documents, Recipe(), None, records={"terms": term("绿本子", "居住证办理")})
    )
    assert plain.match("绿本子").best is None or not plain.match("绿本子").ranked[0].is_named
    best = local.match("你好，绿本子要多久").best
    assert best is not None
    assert (best.owner, best.is_named) == ("home", True)
