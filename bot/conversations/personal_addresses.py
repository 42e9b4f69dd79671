"""Finds home addresses down to the building or the door.

A door (“3栋2单元501”, “三栋五零二室”, “12弄8号”) is one wherever it stands; a building, or a number
in a road, only with the name of its estate, village or road, or after “住”. “3栋楼顶漏水”, “8月3号”
and “10号线” are none. Works on text without blanks; see ``find`` in privacy.
"""

from __future__ import annotations

import re

from bot.conversations.found import COVER, Found

_MARKS = re.compile(r"[栋幢弄室座组号#＃]|单元|[0-9０-９][\-－—][0-9０-９]")
_D = "0-9０-９一二三四五六七八九十百零〇两幺"
_N = rf"[{_D}]{{1,5}}"
_B = rf"(?:{_N}|[A-Za-z甲乙丙丁东西南北])"
_NOT_A_NUMBER_MORE = rf"(?![{_D}])"
# After a bare number that could be a room: what makes it a time, an amount or a count instead.
_NO_ROOM = (
    rf"(?![{_D}点时分年月日岁元块毛万千天周个位人名户口家次平级米斤件张本份度%％:：.．/]|号线)"
)
_ROOM = (
    rf"(?:{_N}(?:室|号房|房间|号室|号门)|{_N}(?:号|户|房)(?!线|楼|栋|幢|窗|型|口|籍|主|产|东|屋|共|人家)"
    rf"|[{_D}]{{3,5}}{_NO_ROOM})"
)
_BUILDING = rf"(?:{_B}(?:号楼|[栋幢](?:楼(?=[{_D}单]))?)|(?:[0-9０-９]{{1,3}}|[A-Za-z])(?:座(?!机)|[#＃]楼?))"
_UNIT = rf"{_B}(?:单元|门洞)"
_FLOOR = rf"{_N}(?:楼|层)"
_DOOR = (
    rf"(?:{_BUILDING}之?(?:{_UNIT})?(?:{_FLOOR})?{_ROOM}"
    rf"|{_BUILDING}{_UNIT}(?:{_FLOOR}{_NOT_A_NUMBER_MORE})?"
    rf"|{_UNIT}(?:{_FLOOR})?{_ROOM}"
    rf"|{_N}弄{_N}号(?:楼|院)?(?:{_ROOM})?)"
)
# “一栋楼” counts buildings, it names none.
_PLACED_BUILDING = rf"(?![一两几][栋幢]){_BUILDING}(?:{_FLOOR}(?=[，,。；;！!？?\s]|$))?"
_HYPHENED = (
    r"[0-9０-９]{1,3}[\-－—](?:[0-9０-９]{1,2}[\-－—])?[0-9０-９]{3,4}室?(?![0-9０-９\-－—])"
)
_GROUP_HOUSE = rf"{_N}(?:组|队|社){_N}号"
_HOUSE = (
    rf"{_N}号(?!线|楼|栋|幢|窗|文|令|通知|公告|台|机|码|厅|门|柜|球|电池|字)(?:大?院)?(?:之{_N})?"
)
_CORE = re.compile(
    rf"(?<![{_D}第A-Za-z\-－—])(?:(?P<door>{_DOOR})|(?P<group>{_GROUP_HOUSE})"
    rf"|(?P<building>{_PLACED_BUILDING})|(?P<hyphened>{_HYPHENED})|(?P<house>{_HOUSE}))"
)
_DOOR_AFTER = re.compile(rf"(?:{_DOOR}|{_PLACED_BUILDING}|{_UNIT}|{_ROOM}){{1,3}}")

_ESTATE = (
    r"(?:小区|新村|花园|家园|公寓|新城|山庄|庄园|广场|大厦|大楼|人家|雅居|佳园|名邸|国际|半岛|华府"
    r"|苑|园|府|城|庭|居|湾|郡|庄|坊|邸|墅|轩|阁|洲|岸|村|里|寓|厦|埂|圩)"
)
_ROAD = r"(?:路|街|巷|大道|弄堂|胡同|里|村|庄|埂|圩|组|道(?<!街道))"
_ENDS_AS_ESTATE = re.compile(rf"{_ESTATE}(?:[一二三四五东西南北A-Za-z]{{1,2}}[区期苑村]|[0-9]期)?$")
_ENDS_AS_ROAD = re.compile(rf"{_ROAD}$")
_ENDS_AS_VILLAGE = re.compile(r"(?:村|社区|庄|圩|埂)$")
# Buildings that everybody shares, and words that only point.
_PUBLIC = re.compile(
    r"(?:医院|卫生院|公园|幼儿园|学院|法院|检察院|养老院|敬老院|福利院|电影院|大院|校园|园区|工业园|产业园"
    r"|(?:^|[^一-鿿])小区|这里|那里|哪里|家里|屋里|村里|城里|手里|市里|区里|镇里|街里|社里|心里|公路|半路)$"
)
_STOP = re.compile(
    r"[^0-9０-９A-Za-z一-鿿]|[的了吗呢吧我你您他她咱俺这那哪请把被给跟]"
    r"|住在|家住|住址|现住|地址|位置|住|位于|家在|就在|在|送到|寄到|搬到|来到|来|到|去|从|是|有|就|老小区"
    r"|隔壁|对面|我们|们|家是|一下|漏水|漏|坏|堵|停电|停水|报修|维修|修|投诉|反映|举报|帮忙|帮|看|叫|说|为"
)
_LIVES = re.compile(
    r"(?:住址|现住|家住|住在|住|地址|家在|搬到|送到|寄到|上门到|门牌)(?:是|在|为|：|:|写的?|就是)? ?$"
)
_NUMBER = re.compile(rf"[{_D}A-Za-z]+")
_DISTRICT = re.compile(r"省|市(?!场|民)|区(?!别|域)|县|街道|镇|乡")
_LONGEST_DISTRICT = 3
_LONGEST_LEFT = 24
_LONGEST_NAME = 16
_WHOLE_NAME = 5
_CUT_NAME = 4
_AFTER_HOUSE = re.compile(r"$|[，,。；;！!？?\s<]|(?:附近|旁边|门口|对面|院内|院里)")
_DATE_DAYS = 31


def find_addresses(text: str, *, is_expected: bool = False) -> list[Found]:
    """Find addresses, leftmost first, none overlapping."""
    if not _MARKS.search(text):
        return []
    found: list[Found] = []
    at = 0
    while core := _CORE.search(text, at):
        span = _span(text, core, at, is_expected)
        if span is None:
            # Inside what was no address may stand one: “3号3栋502”.
            at = _next_start(core)
            continue
        start, end = _whole_words(text, span[0], core.start()), span[1]
        found.append(Found("address", start, end, text[start:end]))
        at = end
    return found


def _whole_words(text: str, start: int, latest: int) -> int:
    """Begin no address within a number or a word of plain letters."""
    while 0 < start < latest and _NUMBER.fullmatch(text, start - 1, start + 1):
        start += 1
    return start


def _next_start(core: re.Match[str]) -> int:
    number = _NUMBER.match(core.string, core.start())
    return number.end() if number else core.start() + 1


def _span(text: str, core: re.Match[str], floor: int, is_expected: bool) -> tuple[int, int] | None:
    """Where the address around a core begins and ends; None if it is no address."""
    left = text[max(floor, core.start() - _LONGEST_LEFT) : core.start()]
    name, lives = _name_before(left, is_expected)
    end = core.end()
    if core["door"]:
        return core.start() - len(name), end
    if core["house"]:
        return _house_span(text, core, name, lives)
    if not (lives or (name and not _is_shared(name))):
        return None
    if core["group"] and not (lives or _ENDS_AS_VILLAGE.search(name)):
        return None
    if core["hyphened"] and not lives and not _ENDS_AS_ESTATE.search(name):
        return None
    return core.start() - len(name), end


def _house_span(text: str, core: re.Match[str], name: str, lives: bool) -> tuple[int, int] | None:
    """A number in a road: “大新路15号”; elsewhere it is rather a date."""
    is_place = _ENDS_AS_ROAD.search(name) or (lives and len(name) > 1)
    if not is_place or _is_shared(name):
        return None
    more = _DOOR_AFTER.match(text, core.end())
    end = more.end() if more else core.end()
    if not (more or _is_no_day(core["house"]) or _AFTER_HOUSE.match(text, end)):
        return None
    return core.start() - len(name), end


def _is_no_day(house: str) -> bool:
    digits = re.sub(r"\D", "", house)
    return bool(digits) and int(digits) > _DATE_DAYS


def _is_shared(name: str) -> bool:
    return _PUBLIC.search(name) is not None


def _name_before(left: str, is_expected: bool) -> tuple[str, bool]:
    """The name of estate or road before a core, and whether somebody is said to live there."""
    left = left[left.rfind(COVER) + 1 :]
    cut = 0
    for stop in _STOP.finditer(left):
        cut = stop.end()
    name = left[cut:]
    lives = is_expected or _LIVES.search(left[:cut]) is not None
    if lives:
        return name[-_LONGEST_NAME:], True
    if not (_ENDS_AS_ESTATE.search(name) or _ENDS_AS_ROAD.search(name)):
        return "", False
    return _proper_name(name), False


def _proper_name(name: str) -> str:
    """Cut what stands before an estate's name: four characters and its kind are enough."""
    kind = _ENDS_AS_ESTATE.search(name) or _ENDS_AS_ROAD.search(name)
    proper = name[: kind.start()] if kind else name
    if len(proper) < 2 - (len(name) - len(proper) > 1):
        return ""
    if len(proper) <= _WHOLE_NAME:
        return name
    district = _DISTRICT.search(proper)
    if district and district.start() <= _LONGEST_DISTRICT:
        return name
    return name[(district.start() - 2 if district else len(proper) - _CUT_NAME) :]
