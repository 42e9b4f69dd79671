"""The committed tiny model: does it fit its code, and does it understand voices it never heard?"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from voice.recognition import grammars, tiny_model_path
from voice.recognition.grammars import grammar_of, in_words
from voice.recognition.training import fingerprint
from voice.recognition.training.build import described
from voice.recognition.training.configuration import DECODING
from voice.recognition.training.espeak import Manner
from voice.recognition.training.evaluation import (
    Heard,
    Listener,
    distance,
    error_rate,
    read_lines,
)
from voice.recognition.training.numerals import digit_by_digit
from voice.recognition.training.recipe import FULL

MODEL = tiny_model_path()
SENTENCES = Path("tests/data/voice/sentences.txt")
# Services in the usual questions; the services and the questions ship, these pairs may not.
ASKED = [
    "社保卡丢了怎么补办",
    "老年人优待证怎么办",
    "高龄津贴在哪里办",
    "临时占道许可要带什么",
    "我想办居住证",
    "失业登记需要什么材料",
    "我想申请低保",
    "请问公租房怎么申请",
    "残疾人两项补贴要什么材料",
    "医保参保登记在哪里办",
    "独生子女父母退休奖励怎么领",
    "个体工商户开业登记要几天",
    "我想问一下生育登记怎么办",
    "退役军人优待证可以代办吗",
    "灵活就业登记能不能网上办",
    "小额贷款有什么条件",
    "食品经营许可多久能办好",
    "法律援助去哪里办",
    "老旧小区加装电梯怎么申请",
    "养老待遇资格认证要本人来吗",
]


@pytest.fixture(scope="module")
def listener() -> Iterator[Listener]:
    return Listener(MODEL)


def _phone_numbers(count: int) -> list[str]:
    random = Random(11)
    figures = [
        "1" + random.choice("3456789") + f"{random.randrange(10**9):09}" for _ in range(count)
    ]
    return [digit_by_digit(number, random.choice("一幺")) for number in figures]


def _mistakes(heard: list[Heard]) -> str:
    return "\n".join(f"{one.said} → {one.understood}" for one in heard if one.errors)


def test_the_model_was_built_by_this_code() -> None:
    """The texts are left out: they change every week, and the model is as good as it was."""
    made = described(MODEL)
    rebuild = "python -m voice.recognition.training"
    assert made["acoustics"] == fingerprint.acoustic_fingerprint(FULL.acoustics), rebuild
    assert made["graph"] == fingerprint.graph_fingerprint(FULL.graph), f"{rebuild} --only graph"
    assert made["texts"] == ["knowledge/data", "nlu/data"]
    assert (MODEL / "conf" / "model.conf").read_text() == DECODING, f"{rebuild} --only graph"
    assert (MODEL / "conf" / "mfcc.conf").read_text() == FULL.acoustics.cepstra.configuration()


def test_the_files_stay_below_eight_megabytes() -> None:
    assert sum(path.stat().st_size for path in MODEL.rglob("*")) < 8_000_000


def test_whatever_the_line_listens_for_is_in_the_vocabulary() -> None:
    lines = (MODEL / "graph" / "words.txt").read_text(encoding="utf-8").splitlines()
    words = {line.split()[0] for line in lines}
    phrases = (*grammars.YES, *grammars.NO, *grammars.CHOICES, *grammars.COMMANDS)
    assert not [phrase for phrase in phrases if not in_words(phrase, words.__contains__)]
    assert {*"零一二三四五六七八九十幺两", "[unk]"} <= words


def test_the_readme_says_that_it_is_not_for_callers() -> None:
    assert "does not understand people" in (MODEL / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("said", "understood", "errors"),
    [("社保卡", "社保卡", 0), ("社保卡", "社保", 1), ("社保卡", "设保卡了", 2), ("", "一", 1)],
)
def test_errors_are_characters_wrong_missing_or_too_many(
    said: str, understood: str, errors: int
) -> None:
    assert distance(said, understood) == errors


@pytest.mark.vosk
def test_questions_about_services_are_understood(listener: Listener) -> None:
    heard = listener.hear(ASKED)
    assert error_rate(heard) <= 0.03, _mistakes(heard)


@pytest.mark.vosk
def test_dictated_phone_numbers_are_understood_with_yi_and_with_yao(listener: Listener) -> None:
    heard = listener.hear(_phone_numbers(40))
    assert error_rate(heard) <= 0.01, _mistakes(heard)


@pytest.mark.vosk
def test_control_words_are_understood(listener: Listener) -> None:
    heard = listener.hear(grammars.COMMANDS)
    assert error_rate(heard) <= 0.01, _mistakes(heard)


@pytest.mark.vosk
def test_free_wording_that_no_text_holds_is_understood(listener: Listener) -> None:
    heard = listener.hear(read_lines(SENTENCES))
    assert error_rate(heard) <= 0.04, _mistakes(heard)


@pytest.mark.vosk
def test_free_wording_is_mostly_understood_through_noise(listener: Listener) -> None:
    heard = listener.hear(read_lines(SENTENCES), noise_db=10)
    assert error_rate(heard) <= 0.10, _mistakes(heard)


@pytest.mark.vosk
def test_digits_are_understood_within_the_grammar_for_digits(listener: Listener) -> None:
    lines = (MODEL / "graph" / "words.txt").read_text(encoding="utf-8").splitlines()
    words = {line.split()[0] for line in lines}
    grammar = grammar_of("digits", (), words.__contains__)
    heard = []
    for index, number in enumerate(_phone_numbers(20)):
        pcm = listener.sound(number, Manner("m4"), None, index)
        heard.append(Heard(number, listener.understood(pcm, grammar)))
    assert error_rate(heard) <= 0.015, _mistakes(heard)


@pytest.mark.vosk
def test_the_same_sound_is_always_the_same_words_and_silence_is_none(listener: Listener) -> None:
    pcm = listener.sound("我想问一下社保卡的事", Manner("f3"), 15, 1)
    assert len({listener.understood(pcm) for _ in range(3)}) == 1
    assert listener.understood(bytes(4 * 16000)) == ""
