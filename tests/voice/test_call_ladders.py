"""Nobody speaks, or nobody understands: each rung helps more, and the last one is a person."""

from __future__ import annotations

import pytest

from tests.voice.fakes_call import OURS, VOICE, Phone
from voice.answerer import SpokenReply

UNSURE = SpokenReply(("没明白，您说的是哪一件？",), is_sure=False)


def test_eight_seconds_of_silence_bring_an_example() -> None:
    phone = Phone().dial()
    phone.forget()
    phone.wait(7.9)
    assert phone.said == []
    phone.wait(0.3)
    assert phone.said == ["我在听。比如说，社保卡丢了怎么办。"]


def test_the_ladder_of_silence_goes_from_an_example_over_keys_to_a_person_and_goodbye() -> None:
    phone = Phone().dial()
    phone.forget()
    rungs = []
    while not phone.call.is_over:
        before = len(phone.said)
        phone.wait(8.1)
        phone.listen_out()
        rungs.append(phone.said[before:])
    assert rungs == [
        ["我在听。比如说，社保卡丢了怎么办。"],
        ["我说慢一点。您也可以按键。", "想再听一遍，请按星号。", "要找工作人员，请按0。"],
        ["我没有听到您说话。", "要我们给您回电话，请按1。", "要找工作人员，请按0。"],
        ["还是没听到您说话，我先挂了。", "您随时再打来。再见。"],
    ]
    assert phone.call.outcome == "hang_up"
    assert phone.answerer.ended == [("call-1", "hung_up")]


def test_from_the_second_rung_on_everything_is_said_slowly() -> None:
    phone = Phone().dial()
    phone.wait(8.1)
    phone.listen_out()
    assert not phone.speech.rendered[-1][1]
    phone.wait(8.1)
    phone.ask("社保卡丢了怎么办")
    assert phone.speech.rendered[-1] == ("您还想问什么？", True)


def test_a_question_brings_the_ladder_back_to_its_foot() -> None:
    phone = Phone().dial()
    for _ in range(3):
        phone.wait(8.1)
        phone.listen_out()
        phone.ask("社保卡丢了怎么办")
        phone.forget()
    phone.wait(8.1)
    assert phone.said == ["我在听。比如说，社保卡丢了怎么办。"]


def test_on_the_third_rung_one_asks_for_a_call_back() -> None:
    phone = Phone().dial()
    for _ in range(3):
        phone.wait(8.1)
        phone.listen_out()
    phone.press("1")
    assert phone.answerer.asked == [("请给我回电话", "")]


@pytest.mark.parametrize(
    ("expects", "said"),
    [
        ("yes_no", ["您是本人吗？", "请您说“是”，或者说“不是”。"]),
        ("digits", ["请一位一位地说，也可以按键。"]),
        ("choice", ["社保卡请按1。", "您是本人吗？", "您要哪一个？请按它的号码。"]),
    ],
)
def test_the_first_rung_helps_with_what_was_asked(expects: str, said: list[str]) -> None:
    phone = Phone().dial()
    phone.answerer.otherwise = SpokenReply(("社保卡请按1。", "您是本人吗？"), expects, choices=1)
    phone.ask("社保卡")
    phone.forget()
    phone.wait(8.1)
    phone.listen_out()
    assert phone.said == said
    assert phone.call.state == "listen"


def test_a_cough_does_not_start_the_eight_seconds_again() -> None:
    phone = Phone().dial()
    phone.forget()
    phone.wait(5)
    phone.utter("", seconds=0.2)
    phone.wait(3.2)
    assert phone.said == ["我在听。比如说，社保卡丢了怎么办。"]


def test_a_television_in_the_room_does_not_hold_the_line_for_ever() -> None:
    phone = Phone().dial()
    phone.forget()
    for _ in range(50 * 200):
        if phone.call.is_over:
            break
        phone.step(VOICE)
    assert phone.said[0] == "我在听。比如说，社保卡丢了怎么办。"
    assert phone.call.is_over


def test_noise_while_we_spoke_does_not_count_as_the_caller_s_silence() -> None:
    phone = Phone().dial()
    phone.answerer.otherwise = SpokenReply(("先带身份证到社区去问一问。",) * 3)
    phone.say("社保卡丢了怎么办")
    for _ in range(50 * 60):
        if phone.call.state == "capture":
            break
        phone.step(VOICE)
    phone.forget()
    for _ in range(50 * 3):
        phone.step(VOICE)
    assert phone.said == []


def test_speech_without_a_recognised_word_is_asked_for_again_and_then_brings_a_person() -> None:
    phone = Phone().dial()
    phone.forget()
    said = []
    for _ in range(3):
        before = len(phone.said)
        phone.utter("", seconds=1.5)
        phone.wait(2)
        phone.listen_out()
        said.append(phone.said[before:])
    assert said == [
        ["对不起，我没听清，请再说一遍。"],
        ["我还是没听清，请说短一点。", "要找工作人员，请按0。"],
        ["我没听明白，请工作人员来帮您。", "马上给您转。"],
    ]
    assert phone.call.outcome == "hand_over"


def test_an_unsure_reply_is_said_and_the_second_names_the_way_to_a_person() -> None:
    phone = Phone().dial()
    phone.answerer.otherwise = UNSURE
    phone.forget()
    phone.ask("那个什么卡")
    assert phone.said == ["没明白，您说的是哪一件？"]
    phone.ask("就是那个卡")
    assert phone.said[1:] == ["没明白，您说的是哪一件？", "要找工作人员，请按0。"]
    phone.ask("哎呀就是那个")
    assert phone.said[3:] == ["我没听明白，请工作人员来帮您。", "马上给您转。"]
    assert phone.answerer.ended == [("call-1", "handed_over")]


def test_an_unsure_choice_is_first_asked_to_be_said_again_and_then_offered_by_keys() -> None:
    phone = Phone().dial()
    choice = SpokenReply(("社保卡请按1。", "居住证请按2。"), "choice", choices=2, is_sure=False)
    phone.answerer.otherwise = choice
    phone.forget()
    phone.ask("那个什么卡")
    assert phone.said == ["对不起，没听明白，换个说法好吗？"]
    phone.ask("就是那个卡")
    assert phone.said[1:] == list(choice.sentences)
    phone.answerer.otherwise = SpokenReply(("居住证很快的。",))
    phone.press("2")
    assert phone.answerer.asked[-1] == ("", "2")


def test_a_sure_reply_brings_the_ladder_of_misunderstandings_back_to_its_foot() -> None:
    phone = Phone().dial()
    phone.answerer.replies.extend([UNSURE, UNSURE, SpokenReply(("好。",)), UNSURE, UNSURE])
    for _ in range(5):
        phone.ask("社保卡丢了怎么办")
    assert phone.call.state == "listen"
    assert ("人工", "") not in phone.answerer.asked


def test_a_key_that_is_no_choice_names_the_choices() -> None:
    phone = Phone().dial()
    phone.answerer.otherwise = SpokenReply(("社保卡请按1。", "居住证请按2。"), "choice", choices=2)
    phone.ask("卡")
    phone.press("5")
    phone.listen_out()
    assert phone.said[-1] == "没有这个号，请按1到2。"


def test_a_number_is_entered_by_keys_without_a_word_in_between() -> None:
    phone = Phone().dial()
    phone.answerer.otherwise = SpokenReply(("您的电话是多少？",), "digits")
    phone.ask("帮我登记")
    phone.forget()
    for key in "13807078800":
        phone.press(key)
        phone.wait(1)
    assert phone.answerer.asked[-1] == ("", "13807078800")
    assert phone.said[0] == "您的电话是多少？"


def test_a_key_cuts_the_question_for_digits_short() -> None:
    phone = Phone().dial()
    phone.answerer.otherwise = SpokenReply(("您的电话是多少？请慢慢说。",), "digits")
    phone.say("帮我登记")
    phone.wait(0.3)
    phone.press("1")
    phone.wait(0.1)
    assert phone.call.state == "listen"
    assert phone.frames[-1] != OURS


def test_talk_while_digits_are_pressed_is_passed_over_but_for_a_person() -> None:
    phone = Phone().dial()
    phone.answerer.otherwise = SpokenReply(("您的电话是多少？",), "digits")
    phone.ask("帮我登记")
    phone.press("138")
    phone.wait(0.5)
    phone.say("幺三八")
    phone.wait(0.2)
    assert len(phone.answerer.asked) == 1
    phone.press("0")
    phone.wait(0.5)
    phone.say("转人工")
    assert phone.answerer.asked[-1] == ("人工", "")


def test_an_entry_that_stops_is_reminded_of_the_hash_key_and_then_taken() -> None:
    phone = Phone().dial()
    phone.answerer.otherwise = SpokenReply(("您的电话是多少？",), "digits")
    phone.ask("帮我登记")
    phone.forget()
    phone.press("5881")
    phone.wait(4.1)
    assert phone.said == ["按完了，请按井号。"]
    phone.wait(8.1)
    assert phone.answerer.asked[-1] == ("", "5881")


def test_a_star_clears_the_entry_and_says_so() -> None:
    phone = Phone().dial()
    phone.answerer.otherwise = SpokenReply(("您的电话是多少？",), "digits")
    phone.ask("帮我登记")
    phone.press("139*5881#")
    assert phone.answerer.asked[-1] == ("", "5881")
    assert "清掉了，请从头再按一遍。" in phone.said


def test_without_a_recogniser_the_greeting_names_the_keys_and_the_call_goes_by_keys() -> None:
    phone = Phone()
    phone.recogniser.is_ready = False
    phone.dial()
    assert phone.said[-3:] == [
        "对不起，现在只能用按键。",
        "要我们给您回电话，请按1。",
        "要找工作人员，请按0。",
    ]
    phone.answerer.replies.extend(
        [
            SpokenReply(("请按您的电话号码。",), "digits"),
            SpokenReply(("您的号码是一三八，对吗？",), "yes_no"),
            SpokenReply(("记下了，我们给您打电话。",), then="hang_up"),
        ]
    )
    phone.press("1")
    phone.listen_out()
    assert phone.said[-2:] == ["请按您的电话号码。", "请按电话上的数字，按完再按井号。"]
    phone.press("13807078800")
    phone.listen_out()
    assert phone.said[-1] == "是，请按1。不是，请按2。"
    phone.press("1")
    phone.listen_out()
    assert phone.answerer.asked == [("请给我回电话", ""), ("", "13807078800"), ("是的", "")]
    assert phone.call.outcome == "hang_up"


def test_without_a_recogniser_silence_is_met_with_the_keys_again() -> None:
    phone = Phone()
    phone.recogniser.is_ready = False
    phone.dial()
    phone.forget()
    phone.wait(8.1)
    phone.listen_out()
    assert phone.said[-1] == "要找工作人员，请按0。"
    phone.press("9")
    phone.listen_out()
    assert phone.said[-2:] == ["要我们给您回电话，请按1。", "要找工作人员，请按0。"]


def test_a_recogniser_that_breaks_in_the_middle_leaves_the_keys() -> None:
    phone = Phone().dial()
    phone.ask("社保卡丢了怎么办")
    phone.recogniser.refuses = True
    phone.forget()
    phone.utter("居住证怎么办")
    phone.wait(8.5)
    phone.listen_out()
    assert phone.said[:2] == ["对不起，现在只能用按键。", "要我们给您回电话，请按1。"]
    phone.press("0")
    assert phone.answerer.asked[-1] == ("人工", "")
