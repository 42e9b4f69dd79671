"""What keys mean: commands, choices, digits."""

from __future__ import annotations

import pytest

from voice.keys import Keypad, KeyPlan, Pressed
from voice.timers import AudioClock

DIGITS = KeyPlan("digits")


class Pad(Keypad):
    def __init__(self) -> None:
        self.clock = AudioClock()
        super().__init__(self.clock, pause_seconds=4.0)

    def all(self, keys: str, plan: KeyPlan = DIGITS) -> list[Pressed]:
        return [self.press(key, plan) for key in keys]

    def pass_time(self, seconds: float) -> None:
        for _ in range(round(seconds * 50)):
            self.clock.tick()


@pytest.mark.parametrize(
    ("key", "meaning"),
    [
        ("0", "person"),
        ("*", "repeat"),
        ("7", "slower"),
        ("8", "louder"),
        ("#", "nothing"),
        ("5", "unknown"),
    ],
)
def test_keys_are_commands_while_words_are_awaited(key: str, meaning: str) -> None:
    for plan in (KeyPlan(), KeyPlan("yes_no"), KeyPlan("choice", 3)):
        assert Pad().press(key, plan) == Pressed(meaning)


@pytest.mark.parametrize("key", "078")
def test_no_key_is_a_command_while_digits_are_awaited(key: str) -> None:
    assert Pad().press(key, DIGITS) == Pressed("typing")


def test_eleven_digits_of_a_mobile_number_end_by_themselves() -> None:
    pad = Pad()
    pressed = pad.all("13807078800")
    assert pressed[-1] == Pressed("entry", "13807078800")
    assert {p.meaning for p in pressed[:-1]} == {"typing"}
    assert not pad.is_open


def test_a_landline_number_ends_with_the_hash_key() -> None:
    assert Pad().all("02558812345#")[-1] == Pressed("entry", "02558812345")


def test_the_star_key_clears_what_was_entered() -> None:
    pad = Pad()
    pad.all("138")
    assert pad.press("*", DIGITS) == Pressed("cleared")
    assert pad.all("12#")[-1] == Pressed("entry", "12")


def test_a_hash_without_digits_means_nothing() -> None:
    assert Pad().press("#", DIGITS) == Pressed("nothing")


def test_a_pause_reminds_of_the_hash_key_once_and_then_ends_the_entry() -> None:
    pad = Pad()
    pad.all("5881")
    pad.pass_time(3.9)
    assert pad.pause() is None
    pad.pass_time(0.2)
    assert pad.pause() == Pressed("unfinished")
    assert pad.pause() is None
    pad.pass_time(8.1)
    assert pad.pause() == Pressed("entry", "5881")
    pad.pass_time(100)
    assert pad.pause() is None


def test_a_zero_that_stays_alone_asks_for_a_person_even_while_digits_are_awaited() -> None:
    pad = Pad()
    pad.press("0", DIGITS)
    pad.pass_time(4.1)
    assert pad.pause() == Pressed("person")
    assert Pad().all("0#")[-1] == Pressed("person")


def test_one_and_two_answer_a_yes_or_no() -> None:
    assert Pad().all("12", KeyPlan("yes_no")) == [Pressed("yes"), Pressed("no")]


def test_only_offered_choices_can_be_chosen() -> None:
    plan = KeyPlan("choice", 2)
    assert Pad().all("1239", plan) == [
        Pressed("entry", "1"),
        Pressed("entry", "2"),
        Pressed("unknown"),
        Pressed("unknown"),
    ]


def test_a_choice_of_eight_makes_seven_and_eight_choices() -> None:
    assert Pad().all("78", KeyPlan("choice", 8)) == [Pressed("entry", "7"), Pressed("entry", "8")]


def test_one_asks_for_a_call_back_only_where_that_is_offered() -> None:
    assert Pad().press("1", KeyPlan(offers_call_back=True)) == Pressed("call_back")
    assert Pad().press("1", KeyPlan()) == Pressed("unknown")
    assert Pad().press("1", KeyPlan("digits", offers_call_back=True)) == Pressed("typing")
    assert Pad().press("1", KeyPlan("choice", 2, offers_call_back=True)) == Pressed("entry", "1")


def test_an_endless_row_of_digits_ends_at_twenty() -> None:
    assert Pad().all("2" * 20)[-1] == Pressed("entry", "2" * 20)
