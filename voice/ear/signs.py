"""What is written but not said: widths, addresses of pages, brackets, list marks, arrows, emoji.

``folded`` comes before all other rules, ``cleaned`` after them.
"""

from __future__ import annotations

import re
import unicodedata

from voice.ear.numbers import cardinal
from voice.ear.rules import Rule, applied, rule

_KEPT = "，。、；：！？（）《》〈〉【】〔〕“”‘’「」『』〇…—～￥·"
_STOPS = "，。、；：！？"
# Of several stops in a row the strongest is kept.
_STRENGTH = "、，：；？！。"
_ASCII_STOPS = str.maketrans(",;:!?", "，；：！？")
_HAN = r"[\u3400-\u9fff]"
_ADDRESS = (
    r"(?:https?://|www\.)[\w\-./?%&=#:~+@!$,;]*[\w/=]"
    r"|(?<![\w@])(?:[a-zA-Z0-9\-]+\.)+(?:com|cn|net|org|gov|edu)(?:/[\w\-./?%&=#]*)?(?![\w@])"
)
_MAIL = r"[\w.+\-]+@(?:[a-zA-Z0-9\-]+\.)+[a-zA-Z]{2,}"

_LIST_MARK = r"(?:^|(?<=[。；;：:\n])|(?<=：\n))[ \t]*"

_WRITTEN: tuple[Rule, ...] = (
    rule(_MAIL, "电子邮箱"),
    rule(
        rf"(?:登录|登陆|打开|访问|浏览|进入|点击)(?:网址|网站|链接)?[：: ]*(?:{_ADDRESS})", "上网"
    ),
    rule(rf"(?:网址|网站|链接|官网)(?:是|为)?[：: ]*(?:{_ADDRESS})", "网上可以看到"),
    rule(rf"在 ?(?:{_ADDRESS}) ?上?", "在网上"),
    rule(_ADDRESS, "网上"),
    rule(r"(?m)^[ \t]*[·•●○■□◆▪*\-–—]+[ \t]*(?!\d)", ""),
    rule(
        rf"(?m){_LIST_MARK}(\d{{1,2}})(?:[.．](?!\d)|[、)）])[ \t]*",
        lambda m: f"第{cardinal(m[1])}，",
    ),
    rule(r"[（(](0\d{2,3})[)）][- ]?(?=\d)", lambda m: f"{m[1]}-"),
    rule(r"[（(](\d{1,2})[)）]", lambda m: f"，第{cardinal(m[1])}，"),
    rule(r"(?<=[，、：；。！？,;:!?])[ \t]*\n\s*", ""),
    rule(r"\s*\n\s*", "。"),
    rule(rf"(?<={_HAN})[ \t]+(?=[0-9A-Za-z+¥￥])|(?<=[0-9A-Za-z%])[ \t]+(?={_HAN})", ""),
)
_MARKS: tuple[Rule, ...] = (
    rule(r"GB ?/? ?T? ?\d+(?:\.\d+)?(?:[-—]\d{4})?", "国家标准"),
    rule(r"(?<=》)[（(]\d{4}年[^（）()]*[)）]", ""),
    rule(r"》\s*、?\s*《", "、"),
    rule(r"[《》〈〉“”‘’「」『』\"'`]", ""),
    rule(r"[\[【]([^\[\]【】]*)[\]】]", lambda m: f"，{m[1]}，"),
    rule(r"\s*(?:→|⇒|➔|➡|⟶|->|=>|＞＞|>>)\s*", "，然后"),
    rule(r"\s*[#＃]\s*号?键", "井号键"),
    rule(r"\s*[*＊]\s*号?键", "星号键"),
)
# A law's number is no use to the ear; a short aside belongs to the word before it.
_BRACKET = re.compile(r"[（(]([^（）()]*)[)）]")
_LAW_NUMBER = re.compile(r"〔\d{4}〕|(?:令|公告)第?\d+号|^\d{4}年(?:修订|修正|修改|版)$")
_DATED_LAW = rule(r"〔(\d{4})〕第?(\d+)号", lambda m: f"{m[1]}年第{m[2]}号")


def folded(text: str) -> str:
    """Return the text in ordinary widths; addresses, brackets and marks are told or dropped."""
    text = applied(_WRITTEN, "".join(_ordinary(character) for character in text))
    text = applied(_MARKS, text)
    while (shorter := _BRACKET.sub(_aside, text)) != text:
        text = shorter
    return applied((_DATED_LAW,), text)


def cleaned(text: str) -> str:
    """Return nothing but characters and Chinese stops, no two stops together, none in front."""
    text = re.sub(rf"(?<={_HAN})\s+(?={_HAN})", "，", text)
    text = re.sub(r"\s+", "", text).translate(_ASCII_STOPS).replace("〇", "零").replace("·", "")
    text = text.replace("……", "。").replace("....", "。")
    text = re.sub(rf"(?<={_HAN})/(?={_HAN})", "或", text)
    text = re.sub(rf"[^\u3400-\u4dbf\u4e00-\u9fff{_STOPS}.\-–—~～/|_…（）()\[\]〔〕]", "", text)
    text = re.sub(rf"[^\u3400-\u4dbf\u4e00-\u9fff{_STOPS}]+", "，", text)
    text = re.sub(rf"[{_STOPS}]{{2,}}", lambda m: max(m[0], key=_STRENGTH.index), text)
    return text.lstrip(_STOPS)


def _ordinary(character: str) -> str:
    """Return one character in its ordinary form; a circled number becomes a list mark."""
    if character in _KEPT or character.isascii():
        return character
    if unicodedata.category(character) == "No" and unicodedata.name(character, "").startswith(
        ("CIRCLED", "DINGBAT", "NEGATIVE CIRCLED", "DOUBLE CIRCLED")
    ):
        return f"({unicodedata.numeric(character):.0f})"
    if unicodedata.category(character) == "Nd":
        return str(unicodedata.digit(character))
    if unicodedata.category(character) == "Nl" and "ROMAN" in unicodedata.name(character, ""):
        return f"{unicodedata.numeric(character):.0f}"
    return unicodedata.normalize("NFKC", character).replace("\u2044", "/")


def _aside(match: re.Match[str]) -> str:
    inside = match[1].strip()
    if not inside or _LAW_NUMBER.search(inside):
        return ""
    return inside if re.fullmatch(rf"{_HAN}{{1,4}}", inside) else f"，{inside}，"
