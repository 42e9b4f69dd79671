"""Which reading is meant: danger first, then the one that makes sense; yes and no in many words."""

from __future__ import annotations

import pytest

from bot.channels.phone.hearing import danger_in, meant, yes_or_no
from knowledge.search.live import LiveMatcher
from voice.answerer import Hypothesis

pytestmark = pytest.mark.usefixtures("office")


def readings(*texts: str) -> list[Hypothesis]:
    return [Hypothesis(text, 0.4 - 0.05 * place) for place, text in enumerate(texts)]


def test_danger_in_any_of_the_first_three_readings_wins() -> None:
    assert meant(readings("社保卡丢了怎么办", "今天有货", "家里着火了快来人")) == "家里着火了快来人"
    assert meant(readings("社保卡丢了怎么办", "甲", "乙", "家里着火了快来人")) == "社保卡丢了怎么办"


def test_a_danger_that_is_all_but_excluded_is_none() -> None:
    # Said at 20 dB of noise: 幺三七，三个四九，九九零二.
    heard = [
        Hypothesis("幺三七三个四九九九零二", 0.964),
        Hypothesis("幺三七三个四九九救命二", 0.01),
    ]
    assert danger_in(heard) == ""
    assert danger_in([heard[0], Hypothesis(heard[1].text, 0.05)]) == heard[1].text


def test_danger_is_heard_while_a_form_is_open_too() -> None:
    assert meant(readings("一三八", "救命我摔倒了"), "answer") == "救命我摔倒了"
    assert danger_in(readings("对")) == ""


def test_the_reading_that_leads_somewhere_wins_an_open_question() -> None:
    assert meant(readings("谁把它叼了怎么办", "社保卡丢了怎么办")) == "社保卡丢了怎么办"


def test_a_reading_that_is_hardly_heard_does_not_win() -> None:
    heard = [Hypothesis("喂你好", 0.9), Hypothesis("社保卡丢了怎么办", 0.05)]
    assert meant(heard) == "喂你好"


def test_what_leads_nowhere_stays_as_it_was_heard() -> None:
    assert meant(readings("今天天气不错", "今天天气不做")) == "今天天气不错"


def test_a_person_is_wanted_before_anything_else() -> None:
    assert meant(readings("转人工", "社保卡丢了怎么办")) == "转人工"


def test_an_answer_to_a_form_is_taken_as_it_was_heard() -> None:
    assert meant(readings("王桂兰", "社保卡丢了怎么办"), "answer") == "王桂兰"


def test_a_yes_further_down_is_a_yes() -> None:
    assert meant(readings("堆", "对"), "yes_no") == "对"


def test_silence_is_an_empty_text() -> None:
    assert meant(()) == ""


def test_without_published_knowledge_the_first_reading_counts(
    monkeypatch: pytest.MonkeyPatch, office: LiveMatcher
) -> None:
    from knowledge.search.errors import SnapshotUnavailable

    def nothing() -> None:
        raise SnapshotUnavailable("nothing is published")

    monkeypatch.setattr(office, "current", nothing)
    assert meant(readings("甲", "乙")) == "甲"


@pytest.mark.parametrize(
    "text", ["对", "是的", "嗯", "好的好的", "要", "接着说", "可以", "没错", "对对对", "行吧"]
)
def test_yes_has_many_words(text: str) -> None:
    assert yes_or_no(text) is True


@pytest.mark.parametrize(
    "text", ["不是", "不对", "不用了", "错了", "不要", "换一个", "不用这个", "算了", "没有"]
)
def test_no_has_many_words(text: str) -> None:
    assert yes_or_no(text) is False


@pytest.mark.parametrize("text", ["社保卡丢了", "王桂兰", "", "残疾证不用了怎么注销呢"])
def test_other_words_are_neither(text: str) -> None:
    assert yes_or_no(text) is None
