"""Sentences for somebody of 78 who hears badly, and every one of them in use."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import voice
from voice.call import OFFICE
from voice.commands import command_of
from voice.floor import prompts as sentences
from voice.ladders import GOODBYE_RUNG, no_input_prompts, no_match_prompts
from voice.prompts import prompts

VALUES = {"office": OFFICE, "choices": 3}
ALL = prompts()
# Words of the office that nobody says at home.
STIFF = re.compile(r"贵|敬请|予以|如需|谨|本系统|该|用户|业务|办理|请知悉|感谢您的来电|坐席|输入")


@pytest.mark.parametrize("name", ALL)
def test_a_prompt_is_short_plain_and_ends_like_a_sentence(name: str) -> None:
    text = ALL[name].format(**VALUES)
    assert 2 < len(text) <= 25
    assert text[-1] in "。？"
    assert not STIFF.search(text)
    assert re.fullmatch(r"[a-z_]+", name)


def test_every_prompt_is_used_and_every_prompt_used_exists() -> None:
    code = "\n".join(
        path.read_text(encoding="utf-8") for path in Path(voice.__file__).parent.glob("*.py")
    )
    # What is due while waiting is named for its prompt.
    unused = {name for name in ALL if f'"{name}"' not in code}
    assert not unused
    for rung in range(1, GOODBYE_RUNG + 1):
        for expects in ("free", "yes_no", "digits", "choice"):
            for is_by_keys in (True, False):
                ids = no_input_prompts(rung, expects, is_by_keys)
                assert ids
                assert sentences(*ids, **VALUES)
        assert sentences(*no_match_prompts(rung))


def test_a_greeting_says_that_a_machine_speaks_and_that_the_talk_is_written_down() -> None:
    assert "智能助手" in ALL["greeting"]
    assert "机器" in ALL["notice"]
    assert "记下来" in ALL["notice"]


def test_no_rung_offers_a_key_for_a_call_back_where_that_key_means_something_else() -> None:
    for expects in ("yes_no", "digits", "choice"):
        for rung in (1, 2, 3):
            for is_by_keys in (True, False):
                assert "keys_call_back" not in no_input_prompts(rung, expects, is_by_keys)


def test_no_rung_but_the_last_says_goodbye() -> None:
    for rung in (1, 2, 3):
        for expects in ("free", "yes_no", "digits", "choice"):
            text = "".join(ALL[i] for i in no_input_prompts(rung, expects, False))
            assert "再见" not in text
    assert "再见" in ALL[no_input_prompts(GOODBYE_RUNG, "free", False)[-1]]


def test_what_we_say_is_no_command_when_it_comes_back() -> None:
    from voice.answerer import Hypothesis

    for name, text in ALL.items():
        if name not in ("goodbye", "call_again", "slower", "say_again", "louder"):
            assert command_of((Hypothesis(text.format(**VALUES), 0.9),)) is None, name
