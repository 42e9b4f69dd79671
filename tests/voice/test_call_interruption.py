"""Who speaks into whom: interruptions, small words, echoes, false alarms, sentences kept whole."""

from __future__ import annotations

import pytest

from tests.voice.fakes_call import OURS, VOICE, Phone
from voice.answerer import SpokenReply
from voice.commands import bare

ANSWER = SpokenReply(("先带身份证到社区。", "再填一张申请表。", "三天以后来拿。"))
FIRST, SECOND, THIRD = ANSWER.sentences


@pytest.fixture
def phone() -> Phone:
    """A caller who hears the second sentence of an answer."""
    phone = Phone().dial()
    phone.answerer.otherwise = ANSWER
    phone.say("社保卡丢了怎么办")
    while SECOND not in phone.said:
        phone.step()
    phone.wait(0.5)
    phone.forget()
    return phone


def test_two_words_interrupt_and_we_are_silent_at_once(phone: Phone) -> None:
    phone.utter("居住证怎么办")
    flushed = next(e for e in phone.happened if e.name == "flush")
    first = next(e for e in phone.happened if e.name == "partial" and len(e.text) == 2)
    assert flushed.seconds - first.seconds <= 0.12
    assert phone.call.state == "capture"
    after = round((flushed.seconds - phone.happened[0].seconds) * 50) + 12
    assert not any(frame == OURS for frame in phone.frames[after:])


def test_an_interrupted_answer_is_not_taken_up_after_another_question(phone: Phone) -> None:
    phone.answerer.otherwise = SpokenReply(("居住证很快的。",))
    phone.ask("居住证怎么办")
    assert phone.answerer.asked[-1] == ("居住证怎么办", "")
    phone.wait(3)
    assert THIRD not in phone.said
    assert phone.said[0] == "居住证很快的。"


@pytest.mark.parametrize("text", ["嗯", "哦哦", "对对对", "好的", "嗯，好"])
def test_a_listener_s_small_words_interrupt_nothing(phone: Phone, text: str) -> None:
    phone.utter(text, seconds=0.5)
    phone.listen_out()
    assert phone.texts("flush") == []
    assert THIRD in phone.said
    assert len(phone.answerer.asked) == 1


def test_a_single_syllable_interrupts_nothing(phone: Phone) -> None:
    phone.utter("那", seconds=0.5)
    phone.listen_out()
    assert phone.texts("flush") == []


def test_a_sound_without_words_interrupts_nothing(phone: Phone) -> None:
    phone.utter("", seconds=2)
    phone.listen_out()
    assert phone.texts("flush") == []


def test_speech_shorter_than_three_tenths_of_a_second_does_not_interrupt(phone: Phone) -> None:
    phone.recogniser.partial_of = lambda text: "居住证"  # an ear that is far too quick
    phone.utter("居住证", seconds=0.24)
    assert phone.texts("flush") == []
    phone.utter("居住证", seconds=0.2)
    assert phone.texts("flush") == [""]


def test_words_that_are_only_recognised_at_their_end_interrupt_then(phone: Phone) -> None:
    phone.recogniser.partial_of = lambda text: ""
    phone.answerer.otherwise = SpokenReply(("居住证很快的。",))
    phone.utter("居住证怎么办")
    phone.wait(1.6)
    phone.listen_out()
    assert phone.texts("flush") == [""]
    assert phone.said[-2:] == ["居住证很快的。", "您还想问什么？"]


def test_our_own_voice_coming_back_interrupts_nothing_and_asks_nothing() -> None:
    phone = Phone().dial()
    phone.answerer.otherwise = ANSWER
    phone.say("社保卡丢了怎么办")
    while FIRST not in phone.said:
        phone.step()
    phone.wait(0.2)
    phone.utter(bare(FIRST), seconds=1.8)
    phone.listen_out()
    assert phone.texts("flush") == []
    assert THIRD in phone.said
    assert len(phone.answerer.asked) == 1


def test_an_echo_that_ends_after_our_last_word_is_no_question() -> None:
    phone = Phone().dial()
    phone.answerer.otherwise = SpokenReply((FIRST, "要问什么？"))
    phone.say("社保卡丢了怎么办")
    while "要问什么？" not in phone.said:
        phone.step()
    phone.forget()
    phone.utter("要问什么", seconds=1.2)
    phone.wait(3)
    assert len(phone.answerer.asked) == 1
    assert phone.call.state == "listen"
    assert phone.said == []


def test_the_first_second_of_our_speech_is_guarded_against_echoes_of_any_kind() -> None:
    phone = Phone().dial()
    phone.answerer.otherwise = ANSWER
    phone.say("社保卡丢了怎么办")
    phone.wait(0.7)  # words added sooner belong to the question
    began = next(e.seconds for e in phone.happened if e.text == FIRST)
    phone.happened.clear()
    phone.utter("居住证怎么办", seconds=1.5)
    flushed = next(e.seconds for e in phone.happened if e.name == "flush")
    assert flushed - began >= 1.0


def test_a_false_alarm_resumes_the_sentence_from_its_beginning(phone: Phone) -> None:
    phone.recogniser.partial_of = lambda text: "居住" if text else ""
    phone.recogniser.coming.append(())
    phone.recogniser.partial_of = lambda text: "居住"
    phone.utter("", seconds=0.5)
    assert phone.texts("flush") == [""]
    phone.listen_out()
    assert phone.said[:2] == [SECOND, THIRD]
    assert phone.texts("resumed") == [""]
    assert len(phone.answerer.asked) == 1


def test_a_false_alarm_that_goes_on_sounding_resumes_after_two_seconds(phone: Phone) -> None:
    heard = ["居住"]
    phone.recogniser.partial_of = lambda text: heard[0]
    phone.utter("", seconds=0.5)
    flushed = next(e.seconds for e in phone.happened if e.name == "flush")
    heard[0] = ""
    for _ in range(150):
        phone.step(VOICE)
    resumed = next(e.seconds for e in phone.happened if e.name == "resumed")
    assert resumed - flushed == pytest.approx(2.0, abs=0.1)
    assert phone.said[0] == SECOND


def test_a_sentence_that_was_cut_off_for_nothing_again_and_again_is_said_to_its_end(
    phone: Phone,
) -> None:
    phone.recogniser.partial_of = lambda text: "居住"
    for _ in range(6):
        phone.utter("", seconds=0.6)
        phone.wait(2.0)
    assert phone.said.count(SECOND) == 3
    assert THIRD in phone.said


def test_a_small_word_recognised_where_more_was_suspected_resumes(phone: Phone) -> None:
    phone.recogniser.partial_of = lambda text: "居住" if text else ""
    phone.utter("嗯", seconds=0.6)
    phone.listen_out()
    assert phone.texts("flush") == [""]
    assert phone.said[:2] == [SECOND, THIRD]


def test_a_goodbye_that_was_interrupted_for_nothing_still_ends_the_call() -> None:
    phone = Phone().dial()
    phone.answerer.otherwise = SpokenReply(("都登记好了请放心。", "再见。"), then="hang_up")
    phone.say("社保卡丢了怎么办")
    phone.wait(1.2)
    phone.recogniser.partial_of = lambda text: "居住"
    phone.utter("", seconds=0.5)
    assert phone.texts("flush") == [""]
    phone.listen_out()
    assert phone.call.outcome == "hang_up"


def test_a_yes_said_into_the_end_of_the_question_is_an_answer() -> None:
    phone = Phone().dial()
    phone.answerer.replies.append(SpokenReply(("您的号码是五八八幺。", "对不对？"), "yes_no"))
    phone.say("社保卡丢了怎么办")
    while "对不对？" not in phone.said:
        phone.step()
    phone.wait(0.5)
    phone.say("是")
    phone.wait(2)
    assert phone.answerer.asked[-1] == ("是", "")


def test_a_yes_in_the_words_of_our_question_is_an_answer_once_its_echo_has_died_away() -> None:
    phone = Phone().dial()
    phone.answerer.replies.append(SpokenReply(("您的号码是五八八幺。", "对不对？"), "yes_no"))
    phone.ask("社保卡丢了怎么办")
    phone.say("对", seconds=0.3)
    assert phone.answerer.asked[-1] == ("对", "")


def test_a_yes_said_into_the_first_sentence_is_none_yet() -> None:
    phone = Phone().dial()
    phone.answerer.replies.append(
        SpokenReply(("您的号码是五八八幺。", "住在珍珠街九号。", "对不对？"), "yes_no")
    )
    phone.say("社保卡丢了怎么办")
    phone.wait(0.7)
    phone.utter("对", seconds=0.4)
    phone.wait(1)
    assert len(phone.answerer.asked) == 1


def test_a_key_interrupts_always(phone: Phone) -> None:
    phone.press("0")
    assert phone.texts("flush") == [""]
    assert phone.answerer.asked[-1] == ("人工", "")


def test_a_key_without_meaning_is_explained_and_the_sentence_said_again(phone: Phone) -> None:
    phone.press("5")
    phone.listen_out()
    assert phone.said[:3] == ["这个键用不上，您直接说就行。", SECOND, THIRD]


def test_a_hash_out_of_habit_interrupts_nothing(phone: Phone) -> None:
    phone.press("#")
    phone.listen_out()
    assert phone.texts("flush") == []


def test_a_hello_into_the_greeting_does_not_cut_off_what_everybody_has_to_hear() -> None:
    phone = Phone()
    phone.wait(1.2)
    phone.utter("喂你好我想问一下社保卡丢了怎么办")
    phone.listen_out()
    assert "我是机器，说的话会记下来。" in phone.said
    assert phone.answerer.asked == [("喂你好我想问一下社保卡丢了怎么办", "")]


def test_a_key_into_the_greeting_is_obeyed_at_once() -> None:
    phone = Phone()
    phone.wait(1.2)
    phone.press("0")
    assert phone.answerer.asked == [("人工", "")]


URGENT = SpokenReply(("先离开屋子，打幺幺九。", "别坐电梯。"), is_urgent=True)


def test_an_emergency_is_said_twice_before_anything_else() -> None:
    phone = Phone().dial()
    phone.answerer.otherwise = URGENT
    phone.forget()
    phone.ask("我家着火了")
    assert phone.said[:3] == [URGENT.sentences[0], URGENT.sentences[0], URGENT.sentences[1]]


def test_nothing_interrupts_the_first_sentence_of_an_emergency() -> None:
    phone = Phone().dial()
    phone.answerer.otherwise = URGENT
    phone.say("我家着火了")
    phone.forget()
    phone.wait(0.1)
    phone.press("0")
    phone.utter("怎么办啊怎么办", seconds=0.9)
    assert phone.texts("flush") == []
    while phone.texts("flush") == []:
        phone.step()
    assert sum(frame == OURS for frame in phone.frames) >= 10 * len(URGENT.sentences[0]) - 5
    assert phone.answerer.asked[-1] == ("人工", "")


def test_words_said_into_an_emergency_are_answered_after_its_first_sentence() -> None:
    phone = Phone().dial()
    phone.answerer.otherwise = URGENT
    phone.say("我家着火了")
    phone.wait(0.7)
    phone.answerer.otherwise = SpokenReply(("从楼梯走。",))
    phone.utter("老人走不动怎么办", seconds=0.8)
    phone.listen_out()
    assert phone.answerer.asked[-1] == ("老人走不动怎么办", "")
    assert phone.said.count(URGENT.sentences[0]) >= 1
    assert "从楼梯走。" in phone.said


class Loop:
    """A recogniser's ear at the end of a line that brings our own voice back."""

    def __init__(self) -> None:
        self.frames: list[bytes] = []

    def step(self, ours: bytes) -> bytes:
        self.frames.append(ours)
        return VOICE if len(self.frames) > 10 and self.frames[-11] == OURS else bytes(320)


def test_a_line_that_echoes_everything_lets_us_finish_and_stays_usable() -> None:
    phone, loop = Phone(), Loop()
    phone.answerer.otherwise = ANSWER
    phone.recogniser.partial_of = lambda text: (
        bare(phone.said[-1])[: max(1, len(text))] if phone.said else ""
    )
    out = phone.step()
    for _ in range(50 * 14):
        out = phone.step(loop.step(out))
    assert phone.texts("flush") == []
    assert phone.answerer.asked == []
    phone.listen_out()
