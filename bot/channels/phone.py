"""Replies for the ear: short sentences, no brackets, no list marks.

The telephone itself comes through ``voice``; here only the words are made speakable.
"""

from __future__ import annotations

import re

from bot.conversations.messages import Reply

LONGEST_SENTENCE = 25
MOST_SENTENCES = 12
# A pair with no other inside.
_BRACKETS = re.compile(r"[（(【][^（(【】)）]*[】)）]")
_DIGITS = "零一二三四五六七八九"
_STOPS = re.compile(r"(?<=[。！？；\n])")
_BREAKS = re.compile(r"(?<=[，：、])")


def speakable(reply: Reply) -> tuple[str, ...]:
    """Return the reply sentence by sentence as a caller should hear it."""
    text = reply.text.replace("——\n", "，")
    lines = [_ordinal(line) for line in text.split("\n")]
    plain = _without_brackets("\n".join(lines))
    sentences = [
        piece for sentence in _STOPS.split(plain) for piece in _short(sentence.strip(" \n·"))
    ]
    return tuple(sentence for sentence in sentences if sentence)[:MOST_SENTENCES]


def _without_brackets(text: str) -> str:
    """Take out bracketed asides from the innermost outwards."""
    while (shorter := _BRACKETS.sub("", text)) != text:
        text = shorter
    return text


def _ordinal(line: str) -> str:
    found = re.match(r"(\d{1,2})\. ", line)
    return f"第{_number(int(found[1]))}，{line[found.end() :]}" if found else line


def _number(value: int) -> str:
    """Return 0 to 99 in characters."""
    tens, ones = divmod(value, 10)
    if not tens:
        return _DIGITS[ones]
    return f"{_DIGITS[tens] if tens > 1 else ''}十{_DIGITS[ones] if ones else ''}"


def _short(sentence: str) -> list[str]:
    """Break a long sentence at its commas into pieces that one breath can carry."""
    pieces: list[str] = []
    for part in _BREAKS.split(sentence):
        if pieces and len(pieces[-1]) + len(part) <= LONGEST_SENTENCE:
            pieces[-1] += part
        else:
            pieces.append(part)
    return pieces
