"""Sentences said over a line: the same each time, coded in both laws, with noise as it is asked."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from voice.recognition.training.espeak import Manner
from voice.recognition.training.saying import LAWS, RATES, Saying, in_turn, say_all
from voice.recognition.training.variants import HELD_OUT


def test_voices_speeds_and_laws_take_turns() -> None:
    sayings = in_turn(["一"] * 30)
    assert {(one.manner.variant, one.manner.rate, one.law) for one in sayings} == {
        (variant, rate, law) for variant in HELD_OUT for rate in RATES for law in LAWS
    }
    assert len({one.seed for one in sayings}) == 30


def test_the_same_sayings_sound_the_same_and_noise_is_as_far_below_as_asked() -> None:
    clean = Saying("社保卡丢了怎么补办", Manner("m4"), "alaw")
    noisy = replace(clean, noise_db=10.0, seed=3)
    # What espeak said before sways what it says next, so each is the first of its process.
    [first], [again], [loud] = (say_all([one]) for one in (clean, clean, noisy))
    assert first == again
    voice, mixed = (np.frombuffer(sound, "<i2").astype(float) for sound in (first, loud))
    speech = voice[np.abs(voice) > 0.05 * np.abs(voice).max()]
    assert abs(20 * np.log10(speech.std() / (mixed - voice).std()) - 10) < 0.5
