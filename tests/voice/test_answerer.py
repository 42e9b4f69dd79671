"""The line's door to whoever knows the answers: plain frozen data, any answerer fits."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest

import voice
from voice.answerer import Answerer, Hypothesis, SpokenReply


class Parrot:
    """Repeats the surest reading."""

    def answer(self, call_id: str, hypotheses: Sequence[Hypothesis]) -> SpokenReply:
        """Say it back."""
        if not hypotheses:
            return SpokenReply(("您说什么？",))
        return SpokenReply((max(hypotheses, key=lambda h: h.confidence).text,), "yes_no")


def test_anybody_who_answers_is_an_answerer() -> None:
    answerer: Answerer = Parrot()
    heard = [Hypothesis("社保卡", 0.8), Hypothesis("蛇宝卡", 0.3)]
    assert answerer.answer("call-1", heard) == SpokenReply(("社保卡",), "yes_no", ())
    assert answerer.answer("call-1", []).sentences == ("您说什么？",)


def test_a_reply_awaits_free_speech_unless_it_says_otherwise() -> None:
    reply = SpokenReply(("好的。",))
    assert (reply.expects, reply.hot_words) == ("free", ())


def test_what_was_heard_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        Hypothesis("社保卡", 0.8).text = "居住证"  # type: ignore[misc]


def test_the_line_knows_no_sibling_package() -> None:
    for path in Path(voice.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                names.append(node.module or "")
            assert not {name.split(".")[0] for name in names} & {"bot", "knowledge", "nlu"}
