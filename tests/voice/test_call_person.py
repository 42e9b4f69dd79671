"""A person in one step from wherever a caller is; and whatever fails ends with a person."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.voice.fakes_call import Phone
from voice.answerer import SpokenReply

QUESTION = "社保卡丢了怎么办"


def asked_for(expects: str) -> Callable[[], Phone]:
    def phone() -> Phone:
        phone = Phone().dial()
        phone.answerer.otherwise = SpokenReply(("请讲。",), expects, choices=2)
        phone.ask(QUESTION)
        return phone

    return phone


def thinking() -> Phone:
    phone = Phone().dial()
    phone.executor.is_prompt = False
    phone.say(QUESTION)
    phone.wait(0.8)
    return phone


def speaking() -> Phone:
    phone = Phone().dial()
    phone.answerer.otherwise = SpokenReply(("先带身份证到社区去问。", "再填一张申请表。"))
    phone.say(QUESTION)
    phone.wait(1.5)
    return phone


def entering() -> Phone:
    phone = asked_for("digits")()
    phone.press("138")
    phone.wait(0.6)
    return phone


def paused() -> Phone:
    phone = Phone().dial()
    phone.answerer.otherwise = SpokenReply(("一。", "二。", "三。", "四。"))
    phone.ask(QUESTION)
    return phone


def silent() -> Phone:
    phone = Phone().dial()
    phone.wait(9)
    return phone


PLACES = {
    "listening": lambda: Phone().dial(),
    "yes_no": asked_for("yes_no"),
    "choice": asked_for("choice"),
    "digits": asked_for("digits"),
    "entering": entering,
    "thinking": thinking,
    "speaking": speaking,
    "paused": paused,
    "silent": silent,
}


@pytest.mark.parametrize("place", PLACES)
def test_the_word_for_a_person_is_heard_everywhere(place: str) -> None:
    phone = PLACES[place]()
    phone.utter("转人工", seconds=0.5)
    for _ in range(4):
        phone.wait(1)
        phone.executor.run()
    phone.listen_out()
    assert phone.answerer.asked[-1] == ("人工", "")
    assert phone.call.outcome == "hand_over"
    phone.executor.run()
    assert phone.answerer.ended == [("call-1", "handed_over")]


@pytest.mark.parametrize(
    "place", [place for place in PLACES if place not in ("digits", "entering")]
)
def test_the_zero_key_calls_a_person_everywhere(place: str) -> None:
    phone = PLACES[place]()
    phone.press("0")
    for _ in range(3):
        phone.executor.run()
        phone.wait(0.1)
    phone.listen_out()
    assert phone.answerer.asked[-1] == ("人工", "")
    assert phone.said[-2:] == ["好的，我帮您找工作人员。", "马上给您转。"]
    assert phone.call.outcome == "hand_over"


def test_while_digits_are_awaited_a_zero_alone_calls_a_person_after_a_moment() -> None:
    phone = asked_for("digits")()
    phone.press("0")
    phone.wait(4.2)
    assert phone.answerer.asked[-1] == ("人工", "")


def test_if_nobody_is_there_the_answerer_says_so_and_the_call_goes_on() -> None:
    phone = Phone().dial()
    phone.answerer.person = SpokenReply(("工作人员下班了。", "您的电话是多少？"), "digits")
    phone.press("0")
    phone.listen_out()
    assert phone.said[-1] == "您的电话是多少？"
    assert not phone.call.is_over
    phone.press("13807078800")
    assert phone.answerer.asked[-1] == ("", "13807078800")


@pytest.mark.parametrize(
    "reply", [RuntimeError("database is locked"), SpokenReply(("没听懂。",), is_sure=False)]
)
def test_an_answerer_that_knows_no_way_to_a_person_does_not_stand_in_it(
    reply: SpokenReply | Exception,
) -> None:
    phone = Phone().dial()
    phone.answerer.person = reply
    phone.press("0")
    phone.listen_out()
    assert phone.said[-1] == "正在转给工作人员，请别挂电话。"
    assert phone.call.outcome == "hand_over"


def test_a_person_is_called_after_five_seconds_without_the_answerer_s_word() -> None:
    phone = Phone().dial()
    phone.executor.is_prompt = False
    phone.press("0")
    phone.wait(4)
    assert phone.said[-1] == "好的，我帮您找工作人员。"
    phone.listen_out()
    assert phone.said[-1] == "正在转给工作人员，请别挂电话。"
    assert phone.call.outcome == "hand_over"
    phone.executor.run()
    assert phone.answerer.ended == [("call-1", "handed_over")]


def test_impatient_words_while_a_person_is_sought_change_nothing() -> None:
    phone = Phone().dial()
    phone.executor.is_prompt = False
    phone.press("0")
    phone.wait(0.5)
    phone.utter("快一点好不好急死了")
    phone.press("0")
    phone.wait(2)
    phone.executor.run()
    phone.listen_out()
    assert phone.answerer.asked == [("人工", "")]
    assert phone.call.outcome == "hand_over"


def test_the_answerer_may_hand_over_by_itself() -> None:
    phone = Phone().dial()
    phone.answerer.otherwise = SpokenReply(("这件事要跟工作人员说。",), then="hand_over")
    phone.ask(QUESTION)
    assert phone.said[-1] == "这件事要跟工作人员说。"
    assert phone.call.outcome == "hand_over"


def test_an_answerer_that_fails_is_apologised_for_and_the_call_goes_on() -> None:
    phone = Phone().dial()
    phone.answerer.replies.append(RuntimeError("down"))
    phone.forget()
    phone.ask(QUESTION)
    assert phone.said == ["对不起，刚才出了点问题。", "请您再说一遍。", "要找工作人员，请按0。"]
    phone.ask(QUESTION)
    assert "社保卡可以补办。" in phone.said


def test_an_answerer_that_returns_nonsense_is_one_that_fails() -> None:
    phone = Phone().dial()
    phone.answerer.replies.append(None)  # type: ignore[arg-type]
    phone.ask(QUESTION)
    assert "对不起，刚才出了点问题。" in phone.said


def test_after_three_failures_the_caller_gets_a_person() -> None:
    phone = Phone().dial()
    phone.answerer.otherwise = RuntimeError("down")
    for _ in range(3):
        assert not phone.call.is_over
        phone.ask(QUESTION)
    assert phone.said[-1] == "对不起，我请工作人员来帮您。"
    assert phone.call.outcome == "hand_over"
    assert phone.answerer.ended == [("call-1", "handed_over")]


def test_failures_that_are_far_apart_are_not_added_up() -> None:
    phone = Phone().dial()
    for _ in range(4):
        phone.answerer.replies.append(RuntimeError("down"))
        phone.ask(QUESTION)
        phone.ask(QUESTION)
    assert phone.call.state == "listen"


def test_an_executor_that_is_shut_down_is_a_failure_like_any_other() -> None:
    phone = Phone().dial()
    phone.executor.is_down = True
    for _ in range(3):
        phone.ask(QUESTION)
    assert phone.call.outcome == "hand_over"
    assert phone.answerer.ended == [("call-1", "handed_over")]


def test_a_failure_while_digits_are_awaited_still_awaits_them() -> None:
    phone = Phone().dial()
    phone.answerer.replies.extend(
        [SpokenReply(("您的电话是多少？",), "digits"), RuntimeError("down")]
    )
    phone.ask(QUESTION)
    phone.press("13807078800")
    phone.listen_out()
    phone.press("13807078800")
    assert phone.answerer.asked[-2:] == [("", "13807078800")] * 2


def test_a_line_that_cannot_say_anything_gives_its_caller_to_a_person() -> None:
    phone = Phone()
    phone.speech.unspeakable = lambda text: True
    phone.wait(60)
    assert phone.call.outcome == "hand_over"
    assert phone.answerer.ended == [("call-1", "failed")]


def test_one_sentence_that_cannot_be_said_does_not_cost_the_others() -> None:
    phone = Phone().dial()
    phone.speech.unspeakable = lambda text: text == "二。"
    phone.answerer.otherwise = SpokenReply(("一。", "二。", "三。"))
    phone.forget()
    phone.ask(QUESTION)
    assert phone.said == ["一。", "三。", "您还想问什么？"]
    assert phone.texts("unsaid") == ["二。"]


def test_what_breaks_inside_becomes_an_apology_and_a_person(
    caplog: pytest.LogCaptureFixture,
) -> None:
    phone = Phone().dial()

    def broken(text: str) -> str:
        raise ValueError("my number is 13807078800")

    phone.recogniser.partial_of = broken
    phone.utter("救命啊")
    phone.wait(10)
    assert phone.said[-1] == "对不起，我请工作人员来帮您。"
    assert phone.call.outcome == "hand_over"
    assert phone.answerer.ended == [("call-1", "failed")]
    assert "ValueError" in caplog.text
    assert "13807078800" not in caplog.text


def test_what_breaks_even_in_the_apology_ends_with_a_person() -> None:
    phone = Phone()

    def broken(sentence: str, *, slow: bool = False) -> None:
        raise ValueError("no")

    phone.speech.render = broken  # type: ignore[method-assign,assignment]
    phone.wait(1)
    assert phone.call.outcome == "hand_over"
    assert phone.answerer.ended == [("call-1", "failed")]
