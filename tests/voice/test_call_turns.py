"""A call's way: greeting, listening, thinking, speaking, and its times."""

from __future__ import annotations

import pytest

from tests.voice.fakes_call import SILENCE, VOICE, Phone, failed
from voice.answerer import SpokenReply
from voice.errors import RecognizerUnavailable
from voice.events import stage_seconds

QUESTION = "社保卡丢了怎么办"


def test_the_greeting_comes_within_a_second_and_says_who_speaks_and_what_is_kept() -> None:
    phone = Phone()
    phone.wait(1)
    assert phone.said == ["您好，我是街道办事处的智能助手。"]
    phone.dial()
    assert "我是机器，说的话会记下来。" in phone.said
    assert phone.said[-1] == "找工作人员按0。"
    assert phone.call.state == "listen"
    assert phone.answerer.begun == [phone.info]


def test_the_greeting_names_the_office() -> None:
    phone = Phone(office="顶山街道")
    phone.wait(0.1)
    assert "顶山街道" in phone.said[0]


def test_what_the_answerer_knows_of_the_caller_follows_the_greeting() -> None:
    phone = Phone()
    phone.answerer.opening = SpokenReply(("您昨天的事办好了。",))
    phone.dial()
    assert phone.said[1:] == [
        "我是机器，说的话会记下来。",
        "您昨天的事办好了。",
        "您还想问什么？",
    ]


def test_an_opening_that_comes_too_late_is_left_out() -> None:
    phone = Phone()
    phone.executor.is_prompt = False
    phone.answerer.opening = SpokenReply(("您昨天的事办好了。",))
    phone.dial()
    phone.executor.run()
    phone.wait(3)
    assert "您昨天的事办好了。" not in phone.said
    phone.executor.is_prompt = True
    phone.ask(QUESTION)
    assert phone.said[-2] == "社保卡可以补办。"


def test_an_answerer_that_cannot_begin_does_not_spoil_the_greeting() -> None:
    phone = Phone()
    phone.answerer.opening = RuntimeError("database is locked")
    phone.dial()
    assert phone.said[-1] == "找工作人员按0。"
    phone.ask(QUESTION)
    assert "社保卡可以补办。" in phone.said


def test_a_question_is_answered_and_more_questions_are_invited() -> None:
    phone = Phone().dial()
    phone.forget()
    phone.ask(QUESTION, "蛇宝卡丢了怎么办")
    assert phone.said == ["社保卡可以补办。", "您还想问什么？"]
    assert phone.texts("state") == ["capture", "think", "speak", "listen"]
    assert [h.text for h in phone.answerer.hypotheses[0]] == [QUESTION, "蛇宝卡丢了怎么办"]
    assert phone.texts("final") == [QUESTION]
    assert phone.texts("partial")[-1] == QUESTION


def test_an_answer_that_asks_is_followed_by_no_invitation() -> None:
    phone = Phone().dial()
    phone.answerer.otherwise = SpokenReply(("您是本人来办吗？",))
    phone.forget()
    phone.ask(QUESTION)
    assert phone.said == ["您是本人来办吗？"]


def test_what_is_awaited_reaches_the_recogniser() -> None:
    phone = Phone().dial()
    phone.answerer.otherwise = SpokenReply(("您的电话是多少？",), "digits", ("幺", "三"))
    phone.ask(QUESTION)
    phone.say("幺三八")
    assert phone.recogniser.asked == [("free", ()), ("digits", ("幺", "三"))]


def test_the_beginning_of_the_first_word_reaches_the_recogniser() -> None:
    phone = Phone().dial()
    phone.utter(QUESTION)
    stream = phone.recogniser.streams[0]
    assert stream.fed == 40  # every frame of it, those before the beginning was noticed too


def test_a_pause_inside_a_number_does_not_end_it() -> None:
    phone = Phone().dial()
    phone.answerer.otherwise = SpokenReply(("您的电话是多少？",), "digits")
    phone.ask(QUESTION)
    phone.recogniser.coming.append(())
    phone.utter("幺三八零零")
    phone.wait(1.8)
    assert phone.call.state == "capture"
    phone.wait(0.6)
    assert phone.call.state != "capture"


def test_a_complete_question_is_answered_after_seven_tenths_of_a_second() -> None:
    phone = Phone().dial()
    phone.utter(QUESTION)
    phone.forget()
    phone.wait(0.68)
    assert phone.call.state == "capture"
    phone.wait(0.1)
    assert phone.said == ["社保卡可以补办。"]


def test_stages_of_a_turn_are_timed_from_the_end_of_the_turn() -> None:
    phone = Phone().dial()
    phone.executor.is_prompt = False
    phone.recogniser.is_holding = True
    phone.say(QUESTION)
    phone.wait(0.2)
    phone.recogniser.release()
    phone.wait(0.1)
    phone.speech.is_holding = True
    phone.executor.run()
    phone.wait(0.3)
    phone.speech.release()
    phone.listen_out()
    stages = stage_seconds(phone.happened)[1]
    assert stages["endpoint"] == pytest.approx(0.7, abs=0.05)
    assert stages["recognised"] == pytest.approx(0.2, abs=0.05)
    assert stages["answered"] == pytest.approx(0.3, abs=0.06)
    assert stages["first_audio"] == pytest.approx(0.6, abs=0.08)


def test_a_filler_is_not_taken_for_the_first_sound_of_the_answer() -> None:
    phone = Phone().dial()
    phone.executor.is_prompt = False
    phone.say(QUESTION)
    phone.wait(2)
    phone.executor.run()
    phone.listen_out()
    assert phone.said[-3:] == ["正在帮您查，请等一下。", "社保卡可以补办。", "您还想问什么？"]
    assert stage_seconds(phone.happened)[1]["first_audio"] > 2


def test_a_slow_answer_is_bridged_after_one_and_a_fifth_seconds_and_again_later() -> None:
    phone = Phone().dial()
    phone.executor.is_prompt = False
    phone.say(QUESTION)
    phone.forget()
    phone.wait(1.1)
    assert phone.said == []
    phone.wait(0.2)
    assert phone.said == ["正在帮您查，请等一下。"]
    phone.wait(4)
    assert phone.said[-1] == "还在查，请您再等一下。"
    assert phone.call.state == "think"


def test_after_eight_seconds_the_line_apologises_and_offers_a_call_back() -> None:
    phone = Phone().dial()
    phone.executor.is_prompt = False
    phone.say(QUESTION)
    phone.forget()
    phone.wait(8.2)
    phone.listen_out()
    assert phone.said[-3:] == [
        "对不起，让您久等了，还没查到。",
        "要我们给您回电话，请按1。",
        "要找工作人员，请按0。",
    ]
    phone.press("1")
    phone.executor.run()
    phone.wait(0.1)
    phone.executor.run()
    assert phone.answerer.asked == [(QUESTION, ""), ("请给我回电话", "")]


def test_an_answer_that_comes_after_the_apology_is_still_given() -> None:
    phone = Phone().dial()
    phone.executor.is_prompt = False
    phone.say(QUESTION)
    phone.wait(9)
    phone.executor.run()
    phone.listen_out()
    assert phone.said[-2:] == ["社保卡可以补办。", "您还想问什么？"]


def test_a_late_answer_is_not_given_to_another_question() -> None:
    phone = Phone().dial()
    phone.executor.is_prompt = False
    phone.answerer.replies.extend([SpokenReply(("第一个。",)), SpokenReply(("第二个。",))])
    phone.say(QUESTION)
    phone.wait(8.2)
    phone.listen_out()
    phone.say("居住证怎么办")
    for _ in range(3):
        phone.executor.run()
        phone.wait(0.1)
    phone.listen_out()
    assert "第一个。" not in phone.said
    assert "第二个。" in phone.said


def test_words_added_at_once_are_joined_to_the_words_before() -> None:
    phone = Phone().dial()
    phone.executor.is_prompt = False
    phone.answerer.replies.extend([SpokenReply(("半句。",)), SpokenReply(("全句。",))])
    phone.say(QUESTION)
    phone.wait(0.2)
    phone.utter("是我妈妈的")
    phone.executor.run()
    phone.wait(2)
    phone.executor.run()
    phone.wait(0.1)
    phone.executor.run()
    phone.listen_out()
    assert phone.answerer.asked == [(QUESTION, ""), (QUESTION + "是我妈妈的", "")]
    assert "半句。" not in phone.said
    assert "全句。" in phone.said


def test_words_added_while_the_answer_begins_are_joined_too() -> None:
    phone = Phone().dial()
    phone.say(QUESTION)
    phone.wait(0.2)
    phone.say("是我妈妈的", seconds=1.2)
    assert phone.answerer.asked[-1] == (QUESTION + "是我妈妈的", "")


def test_a_noise_after_the_question_does_not_cost_the_answer() -> None:
    phone = Phone().dial()
    phone.executor.is_prompt = False
    phone.say(QUESTION)
    phone.wait(0.2)
    phone.utter("", seconds=0.3)
    phone.executor.run()
    phone.wait(3)
    phone.listen_out()
    assert phone.answerer.asked == [(QUESTION, "")]
    assert "社保卡可以补办。" in phone.said


def test_a_second_question_while_the_first_is_looked_up_takes_its_place() -> None:
    phone = Phone().dial()
    phone.executor.is_prompt = False
    phone.answerer.replies.extend([SpokenReply(("第一个。",)), SpokenReply(("第二个。",))])
    phone.say(QUESTION)
    phone.wait(1)
    phone.utter("居住证怎么办")
    phone.wait(2)
    for _ in range(3):
        phone.executor.run()
        phone.wait(0.1)
    phone.listen_out()
    assert phone.answerer.asked == [(QUESTION, ""), ("居住证怎么办", "")]
    assert "第一个。" not in phone.said


def test_a_yes_is_never_joined_to_the_yes_before() -> None:
    phone = Phone().dial()
    phone.answerer.replies.extend(
        [SpokenReply(("给您登记好吗？",), "yes_no"), SpokenReply(("登记好了，五号。",))]
    )
    phone.ask(QUESTION)
    phone.executor.is_prompt = False
    phone.say("好的")
    phone.utter("好的好的", seconds=0.4)
    phone.executor.run()
    phone.wait(3)
    phone.executor.run()
    phone.listen_out()
    assert phone.answerer.asked[1:] == [("好的", "")]
    assert "登记好了，五号。" in phone.said


def test_an_utterance_without_end_is_ended_after_half_a_minute() -> None:
    phone = Phone().dial()
    phone.forget()
    phone.utter("我跟你说啊" * 60, seconds=31)
    assert len(phone.answerer.asked) >= 1
    assert phone.call.state != "over"


def test_a_recognition_that_fails_asks_to_say_it_again() -> None:
    phone = Phone().dial()
    phone.recogniser.finishes = lambda hypotheses: failed(RecognizerUnavailable("gone"))
    phone.forget()
    phone.ask(QUESTION)
    assert phone.said == ["对不起，我没听清，请再说一遍。"]
    assert phone.answerer.asked == []


def test_a_recognition_that_never_ends_does_not_leave_the_caller_in_silence() -> None:
    phone = Phone().dial()
    phone.recogniser.is_holding = True
    phone.say(QUESTION)
    phone.forget()
    phone.wait(9)
    assert phone.said[0] == "正在帮您查，请等一下。"
    assert "对不起，让您久等了，还没查到。" in phone.said


def test_a_goodbye_ends_the_call_with_a_goodbye() -> None:
    phone = Phone().dial()
    phone.say("好的谢谢再见")
    phone.listen_out()
    assert phone.said[-1] == "好的，有事您再打来，再见。"
    assert phone.call.is_over
    assert phone.call.outcome == "hang_up"
    assert phone.answerer.ended == [("call-1", "completed")]
    assert phone.answerer.asked == []


def test_who_speaks_into_the_goodbye_is_heard() -> None:
    phone = Phone().dial()
    phone.say("再见")
    phone.wait(0.5)
    phone.utter("等一下还有一件事居住证怎么办")
    phone.wait(2)
    phone.listen_out()
    assert not phone.call.is_over
    assert phone.answerer.asked[-1][0] == "等一下还有一件事居住证怎么办"


def test_the_answerer_may_end_the_call() -> None:
    phone = Phone().dial()
    phone.answerer.otherwise = SpokenReply(("登记好了，再见。",), then="hang_up")
    phone.ask(QUESTION)
    assert phone.said[-1] == "登记好了，再见。"
    assert phone.call.outcome == "hang_up"
    assert phone.answerer.ended == [("call-1", "completed")]


def test_nobody_hangs_up_without_a_word_even_if_the_answerer_has_none() -> None:
    phone = Phone().dial()
    phone.answerer.otherwise = SpokenReply((), then="hang_up")
    phone.ask(QUESTION)
    assert phone.said[-1] == "好的，有事您再打来，再见。"


@pytest.mark.parametrize("moment", ["greeting", "listen", "capture", "think", "speak", "goodbye"])
def test_a_caller_who_hangs_up_at_any_time_is_ended_exactly_once(moment: str) -> None:
    phone = Phone()
    if moment != "greeting":
        phone.dial()
    if moment == "think":
        phone.executor.is_prompt = False
    if moment == "capture":
        phone.utter(QUESTION)
    if moment in ("think", "speak"):
        phone.say(QUESTION)
    if moment == "goodbye":
        phone.say("再见")
    phone.wait(0.3)
    phone.call.hung_up()
    phone.call.hung_up()
    phone.executor.run()
    phone.wait(3)
    phone.executor.run()
    assert phone.call.is_over
    assert phone.call.outcome == ""
    assert phone.answerer.ended == [("call-1", "hung_up")]
    assert all(stream.is_closed for stream in phone.recogniser.streams)


def test_a_call_that_is_over_says_and_hears_nothing() -> None:
    phone = Phone().dial()
    phone.call.hung_up()
    phone.forget()
    assert phone.step(VOICE, "0") == SILENCE
    assert phone.said == []


def test_a_long_call_is_warned_and_ends_after_half_an_hour_with_a_reason() -> None:
    phone = Phone().dial()
    while phone.seconds < 28 * 60:
        phone.ask(QUESTION)
    phone.ask(QUESTION)
    assert "咱们说了很久，还剩两分钟。" in phone.said
    while not phone.call.is_over:
        phone.ask(QUESTION)
    assert phone.said[-2:] == ["对不起，通话时间到了，先挂了。", "您随时再打来。再见。"]
    assert phone.said.count("咱们说了很久，还剩两分钟。") == 1
    assert 30 * 60 <= phone.seconds < 30 * 60 + 10
    assert phone.answerer.ended == [("call-1", "completed")]
