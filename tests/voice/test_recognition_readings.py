"""What Vosk writes, made into readings."""

from __future__ import annotations

import json

import pytest

from voice.answerer import Hypothesis
from voice.recognition.readings import (
    alternatives_of,
    has_unknown,
    joined,
    known_share,
    partial_of,
    settled,
    tidied,
)


def result(*alternatives: tuple[str, float]) -> str:
    return json.dumps({"alternatives": [{"text": t, "confidence": c} for t, c in alternatives]})


@pytest.mark.parametrize(
    ("text", "tidy"),
    [
        ("老年人 优待证 怎么 办理", "老年人优待证怎么办理"),
        ("一 三 八 〇 〇", "一三八〇〇"),
        ("用 app 怎么 办", "用app怎么办"),
        ("open the app", "open the app"),
        ("[unk] 是 的 [unk]", "是的"),
        ("[unk]", ""),
        ("", ""),
    ],
)
def test_blanks_go_where_chinese_has_none(text: str, tidy: str) -> None:
    assert tidied(text) == tidy


def test_a_partial_is_tidied() -> None:
    assert partial_of('{"partial": "社保 卡 丢"}') == "社保卡丢"
    assert partial_of('{"partial": ""}') == ""


def test_likelihoods_become_shares_of_one() -> None:
    heard = alternatives_of(result(("社保 卡", 200.0), ("蛇 宝 卡", 199.0), ("射 保", 190.0)))
    assert [one.text for one in heard] == ["社保 卡", "蛇 宝 卡", "射 保"]
    assert sum(one.confidence for one in heard) == pytest.approx(1.0)
    assert heard[0].confidence == pytest.approx(0.731, abs=0.001)


def test_a_huge_likelihood_is_no_overflow() -> None:
    assert alternatives_of(result(("好", 9e5), ("号", 1.0)))[0].confidence == 1.0


def test_silence_has_no_reading() -> None:
    assert alternatives_of(result(("", 1.2))) == ()
    assert alternatives_of('{"text": ""}') == ()


def test_a_result_without_alternatives_is_one_reading() -> None:
    assert alternatives_of('{"text": "是 的"}') == (Hypothesis("是 的", 1.0),)


def test_segments_of_one_utterance_are_put_together() -> None:
    first = (Hypothesis("一 三 八", 0.9), Hypothesis("一 三 吧", 0.1))
    second = (Hypothesis("零 零", 0.6), Hypothesis("零", 0.4))
    whole = joined([first, (), second])
    assert whole[0] == Hypothesis("一 三 八 零 零", pytest.approx(0.54))
    assert [one.text for one in whole[:3]] == ["一 三 八 零 零", "一 三 八 零", "一 三 吧 零 零"]
    assert joined([(), ()]) == ()


def test_many_segments_do_not_multiply_without_end() -> None:
    segment = tuple(Hypothesis(word, 0.2) for word in "甲乙丙丁戊")
    assert len(joined([segment] * 12)) <= 10


def test_equal_readings_count_together_and_five_stay() -> None:
    readings = [Hypothesis("是 的", 0.3), Hypothesis("是的", 0.3), Hypothesis("不 是", 0.35)]
    assert settled(readings) == (Hypothesis("是的", 0.6), Hypothesis("不是", 0.35))
    assert len(settled(Hypothesis(f"读法{n}", 0.1) for n in range(9))) == 5
    assert settled([Hypothesis("[unk]", 1.0)]) == ()


def test_a_reading_is_as_sure_as_its_known_words() -> None:
    assert known_share("[unk] 是 的 [unk]") == 0.5
    assert settled([Hypothesis("[unk] 是", 1.0)]) == (Hypothesis("是", 0.5),)


def test_only_the_best_reading_tells_that_something_is_open() -> None:
    assert has_unknown([Hypothesis("[unk] 是", 0.5), Hypothesis("是", 0.4)])
    assert not has_unknown([Hypothesis("是", 0.5), Hypothesis("[unk]", 0.4)])
    assert not has_unknown([])
