"""Replies in WeChat's measure: short parts, numbered choices, and the numbers residents send back.

Plain functions of text; nothing here knows WeChat's server or the record of conversations.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence

from bot.conversations.messages import Button, Reply

MOST_CHARACTERS = 600
MOST_BYTES = 2048
# WeChat takes five messages for one of the resident's; some are left for a clerk.
MOST_PARTS = 4

WAIT = "正在为您查，稍等。"
PHOTO = "照片收到了，可我现在还看不懂照片。麻烦您打几个字，说说是什么事。"
VOICE = "语音收到了，可我没听出是什么话。麻烦您打几个字，说说是什么事。"
PLACE = "位置收到了。您想问什么事？打字告诉我就行。"
CANNOT_OPEN = "这个我还打不开。麻烦您打几个字，说说是什么事。"
OLD_MENU = "这个菜单已经换了。您想问什么事？打字告诉我就行。"
MORE = "还想知道哪一样，回复数字就行："
BY_NUMBER = "回复数字就行："
TOO_LONG = "内容多，这里没发完。想细问哪一样，再说一句就行。"

_NUMBERS = {word: number for number, word in enumerate("一二三四五六七八九十", start=1)}
_NUMBER = re.compile(
    r"(?:回复|我?选|我?要)?\s*第?\s*(?P<number>\d{1,2}|[一二三四五六七八九十])\s*"
    r"(?:个|项|条|号|样)?\s*(?:吧|的|呢)?[.。、,，!！)）]?"
)
_SENTENCES = re.compile(r"(?<=[。！？；])")
_BREATHS = re.compile(r"(?<=[，、,])")


def number_in(text: str) -> int | None:
    """Return the number that a message consists of: 2, ２, ②, 二, 第2个; None for any other."""
    found = _NUMBER.fullmatch(unicodedata.normalize("NFKC", text).strip())
    if found is None:
        return None
    word = found["number"]
    return _NUMBERS.get(word) or int(word)


def parts_of(reply: Reply, link: str = "") -> list[str]:
    """Return a reply as messages in order, the choices at the end of the last.

    ``link`` is where all of it can be read; it is named when one message is not enough.
    """
    choices = _choices(reply.text, reply.buttons, MORE if reply.kind == "answer" else BY_NUMBER)
    parts = split("\n".join(filter(None, [reply.text, choices])))
    if len(parts) <= 1:
        return parts
    more = f'<a href="{link}">看全部</a>' if link else ""
    parts = split("\n".join(filter(None, [reply.text, more, choices])))
    if len(parts) <= MOST_PARTS:
        return parts
    ending = "\n".join(filter(None, [TOO_LONG, more, choices]))
    kept = split(reply.text)[:MOST_PARTS]
    return [*kept[:-1], _with_ending(kept[-1], ending)]


def with_choices(text: str, buttons: Sequence[Button]) -> str:
    """Return a notice's words with its choices below."""
    return "\n".join(filter(None, [text, _choices(text, buttons, BY_NUMBER)]))


def split(text: str) -> list[str]:
    """Cut a text into messages between its entries; a heading stays with its first entry."""
    parts: list[str] = []
    for entry in _entries(text):
        joined = f"{parts[-1]}\n{entry}" if parts else entry
        if parts and _fits(joined):
            parts[-1] = joined
        else:
            parts.extend(_pieces(entry))
    return parts


def _choices(text: str, buttons: Sequence[Button], heading: str) -> str:
    """Number the buttons; what the text numbers itself is not said again."""
    if not buttons:
        return ""
    said = text.splitlines()
    listed = {n: f"{n}. {button.title}" for n, button in enumerate(buttons, start=1)}
    if listed[1] in said:
        rest = [line for line in listed.values() if line not in said]
        return "\n".join([*rest, "回复前面的数字就行。"])
    lines = [f"【{n}】{button.title}" for n, button in enumerate(buttons, start=1)]
    return "\n".join([heading, *lines])


def _entries(text: str) -> Iterator[str]:
    heading = ""
    for line in text.split("\n"):
        entry = f"{heading}\n{line}" if heading else line
        if line.endswith(("：", "——")):
            heading = entry
            continue
        heading = ""
        yield entry
    if heading:
        yield heading


def _pieces(entry: str) -> list[str]:
    """Return an entry whole if it fits, else torn at lines, sentences, commas, anywhere."""
    pieces = [""]
    for bit in _bits(entry):
        if _fits(pieces[-1] + bit):
            pieces[-1] += bit
        else:
            pieces.append(bit)
    return [piece.strip("\n") for piece in pieces if piece.strip()]


def _bits(text: str, depth: int = 0) -> Iterator[str]:
    if _fits(text):
        yield text
        return
    cuts = (re.compile(r"(?<=\n)"), _SENTENCES, _BREATHS)
    if depth == len(cuts):
        # Characters above U+FFFF take four bytes and count twice for some phones.
        step = MOST_BYTES // 4
        yield from (text[i : i + step] for i in range(0, len(text), step))
        return
    for bit in cuts[depth].split(text):
        yield from _bits(bit, depth + 1)


def _with_ending(part: str, ending: str) -> str:
    """Give the last entries of a part up for its ending."""
    lines = part.split("\n")
    while lines and not _fits("\n".join([*lines, ending])):
        lines.pop()
    return "\n".join([*lines, ending])


def _fits(text: str) -> bool:
    return len(text) <= MOST_CHARACTERS and len(text.encode()) <= MOST_BYTES
