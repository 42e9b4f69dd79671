"""What identifies a person is masked; what only looks like it is left alone."""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml
from django.conf import settings
from django.db import connection
from hypothesis import example, given
from hypothesis import strategies as st

from bot.conversations import (
    personal_addresses,
    personal_names,
    personal_numbers,
    privacy,
    service,
)
from bot.conversations.messages import Reply, Turn
from bot.conversations.models import TurnRecord
from bot.conversations.privacy import Kind, MaskingFilter, find, is_identity_number, mask
from bot.conversations.through_engine import given_to_engine
from tests.fakes import FakeDialogue

ROOT = Path(__file__).resolve().parents[2]
CASES = ROOT / "tests" / "data" / "privacy" / "cases.yml"
SHIPPED = sorted(
    path
    for folder in ("knowledge/data", "nlu/data")
    for path in (ROOT / folder).rglob("*.yml")
    if "trained" not in path.parts
)

# Made-up numbers with right check digits.
IDENTITY = "320111194905125623"
IDENTITY_X = "11010519491231002X"
CARD_16 = "6225880120202008"
# It holds eleven digits that look like a mobile number.
CARD_WITH_PHONE = "4532015112830366"
CARD_19 = "6222021234567890128"


@pytest.mark.parametrize(
    "phone",
    [
        "13812345678",
        "138 1234 5678",
        "138-1234-5678",
        "138.1234.5678",
        "138－1234－5678",
        "138 12 34 56 78",
        "1381 234 5678",
        "+8613812345678",
        "+86 138 1234 5678",
        "8613812345678",
        "19912345678",
        "025-58880123",
        "025 58880123",
        "0516-8888123",
        "02558880123",
    ],
)
def test_a_phone_is_masked_however_it_is_written(phone: str) -> None:
    assert mask(f"我姓王，电话{phone}，下午打") == "我姓王，电话<phone>，下午打"


@pytest.mark.parametrize(
    "spoken",
    [
        "一三八一二三四五六七八",
        "幺三八幺二三四五六七八",
        "幺三八，零零幺二，三四五六",
        "一 三 八 一 二 三 四 五 六 七 八",
        "一三九〇〇〇两两三三四",
    ],
)
def test_a_phone_spoken_digit_by_digit_is_masked(spoken: str) -> None:
    assert mask(f"我电话是{spoken}") == "我电话是<phone>"


@pytest.mark.parametrize(
    "phone",
    ["１３８１２３４５６７８", "(025)58880123", "（025）58880123"],
)
def test_a_phone_in_another_spelling_is_masked(phone: str) -> None:
    assert mask(f"我电话{phone}，下午打") == "我电话<phone>，下午打"


@pytest.mark.parametrize("number", [IDENTITY, IDENTITY_X, IDENTITY_X.lower()])
def test_an_identity_number_is_masked(number: str) -> None:
    assert mask(f"身份证{number}的老人") == "身份证<id>的老人"


@pytest.mark.parametrize(
    ("number", "is_right"),
    [
        (IDENTITY, True),
        (IDENTITY_X, True),
        (IDENTITY_X.lower(), True),
        (IDENTITY[:-1] + "8", False),
        ("110105194912310021", False),
        (IDENTITY[:-1], False),
        ("", False),
        ("３２０１１１１９４９０５１２５６２９", False),
    ],
)
def test_the_check_digit_decides_what_is_an_identity_number(number: str, is_right: bool) -> None:
    assert is_identity_number(number) is is_right


def test_a_wrong_check_digit_is_still_not_stored() -> None:
    assert IDENTITY[:-1] not in mask(f"身份证{IDENTITY[:-1]}8")


def test_an_old_identity_number_of_15_digits_is_masked() -> None:
    assert mask("老证号320111490512562") == "老证号<id>"


@pytest.mark.parametrize(
    "number",
    [CARD_16, "6225 8801 2020 2008", "6225-8801-2020-2008", CARD_19, "6222 0212 3456 7890 128"],
)
def test_a_bank_card_is_masked_by_its_check_sum(number: str) -> None:
    assert mask(f"钱打到{number}上") == "钱打到<card>上"


@pytest.mark.parametrize(
    ("said", "masked"),
    [
        (CARD_WITH_PHONE, "<card>"),
        ("4532 0151 1283 0366", "<card>"),
    ],
)
def test_a_longer_number_is_not_bitten_into(said: str, masked: str) -> None:
    assert mask(said) == masked


def test_a_long_number_without_the_check_sum_is_no_card() -> None:
    assert mask("单号6225880120202009") == "单号6225880120202009"


@pytest.mark.parametrize(
    "address",
    [
        "康华新村3栋502室",
        "康华新村3栋2单元502室",
        "浦珠中路88号12栋301",
        "浦珠中路88号12栋2单元301室",
        "大新路15号203室",
        "天润城16幢1单元1804",
        "明发滨江新城5号楼1203",
    ],
)
def test_an_address_is_masked_down_to_the_door(address: str) -> None:
    masked = mask(f"我住{address}，腿脚不好")
    assert "<address>" in masked
    assert masked.endswith("<address>，腿脚不好")
    assert not any(character.isdigit() for character in masked)


@pytest.mark.parametrize(
    "text",
    [
        "社保卡丢了怎么补",
        "我今年65岁了能办老年卡吗",
        "一个月补1980元吗",
        "低保标准是1035块",
        "2026年11月23日上午9点开门吗",
        "12月3号上班吗",
        "10月1号到7号放假吗",
        "12月3号10点开门吗",
        "我想3号13:30来",
        "打12345还是12333",
        "帮办单号DS20261123001办到哪了",
        "第1栋在哪",
        "80岁以上一个月50块，90岁以上100块",
        "满一百岁给多少",
        "要3张照片2寸的",
        "一二三四五",
        "三八妇女节放假吗",
        "1980年12月出生",
        "",
    ],
)
def test_what_is_no_personal_data_is_left_alone(text: str) -> None:
    assert mask(text) == text


def test_several_things_in_one_message_are_all_masked() -> None:
    said = f"我叫王桂兰，{IDENTITY}，电话13812345678，住康华新村3栋502室，卡号{CARD_16}"
    masked = mask(said)
    assert [masked.count(mark) for mark in ("<id>", "<phone>", "<address>", "<card>")] == [1] * 4
    assert not any(character.isdigit() for character in masked)


def labelled() -> list[Any]:
    """Every case with the group it stands in."""
    groups = yaml.safe_load(CASES.read_text(encoding="utf-8"))
    return [
        pytest.param(case, id=f"{group} {case['text']}")
        for group, cases in groups.items()
        for case in cases
    ]


@pytest.mark.parametrize("case", labelled())
def test_a_labelled_case_is_masked_as_people_would(case: dict[str, str]) -> None:
    said, asked = case["text"], case.get("asked")
    expected = None if asked is None else next(kind for kind in get_args(Kind) if kind == asked)
    assert mask(said, expected) == case.get("expected", said)


def test_there_are_enough_cases_of_each_sort() -> None:
    assert len(labelled()) >= 150
    wanted = [case.values[0].get("expected", "") for case in labelled()]
    assert {kind for kind in get_args(Kind) if any(f"<{kind}>" in text for text in wanted)} == {
        *get_args(Kind)
    }
    assert sum(not text for text in wanted) > 60


# What ships and changes, all of it rightly: a place or a name, mostly in a call for help.
RIGHTLY = (
    ("起伙了起伙了三栋二单元", "起伙了起伙了<address>"),
    ("心梗 我爸 快 阳光花园8栋501", "心梗 我爸 快 <address>"),
    ("送到锦绣里六栋", "送到<address>"),
    ("救命 三栋四零二 电话别挂", "救命 <address> 电话别挂"),
    ("我动不了，我叫周桂英", "我动不了，我叫<name>"),
    ("我就住八栋，", "我就住<address>，"),
    ("我是秦始皇 打钱", "我是<name> 打钱"),
)


def strings_in(data: Any) -> Iterator[str]:
    if isinstance(data, str):
        yield from data.split("\n")
    elif isinstance(data, dict):
        for key, value in data.items():
            yield from strings_in(key)
            yield from strings_in(value)
    elif isinstance(data, list):
        for value in data:
            yield from strings_in(value)


def test_what_ships_is_hardly_ever_touched() -> None:
    """All phrasings, guides and training sentences; the held-out questions are not looked at."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    texts = [
        text
        for path in SHIPPED
        for text in strings_in(yaml.load(path.read_text(encoding="utf-8"), Loader=loader))
    ]
    assert len(texts) > 50_000
    changed = [(text, mask(text)) for text in texts if mask(text) != text]
    assert len(changed) < 0.001 * len(texts), changed[:20]
    unexpected = [
        (text, masked)
        for text, masked in changed
        if not any(before in text and after in masked for before, after in RIGHTLY)
    ]
    assert unexpected == []


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ("我电话是幺三八零零幺三八零零零", [("phone", "13800138000")]),
        ("电话+86 138 1234 5678", [("phone", "13812345678")]),
        ("电话l38OO138OOO", [("phone", "13800138000")]),
        ("电话是一三九四个零一二三四", [("phone", "13900001234")]),
        ("家里（025）5888 0123", [("phone", "02558880123")]),
        ("身份证 11010519491231002x", [("id", IDENTITY_X)]),
        ("我住康华新村 3栋 502室", [("address", "康华新村3栋502室")]),
        ("我叫王小明，电话13812345678", [("name", "王小明"), ("phone", "13812345678")]),
        ("苏a8k325挡路", [("plate", "苏A8K325")]),
        ("社保卡丢了怎么补", []),
    ],
)
def test_a_form_gets_the_value_and_its_kind(said: str, wanted: list[tuple[str, str]]) -> None:
    assert [(found.kind, found.value) for found in find(said)] == wanted


def test_what_is_found_says_where_it_stands() -> None:
    said = "我 叫 王 小 明 电话 一三八 1234 5678"
    assert [said[found.start : found.end] for found in find(said)] == [
        "王 小 明",
        "一三八 1234 5678",
    ]


def test_only_a_form_that_asked_takes_a_bare_word_for_a_name() -> None:
    assert [found.value for found in find("王小明", "name")] == ["王小明"]
    assert find("王小明") == []


DIGITS = st.text(alphabet="0123456789 -，。号栋室路村一二三幺零Xx<>+", max_size=60)
# Parts that touch each other in every order.
PARTS = st.lists(
    st.sampled_from(
        [
            *(
                "我叫",
                "王小明",
                "姓名",
                "联系人",
                "我是",
                "我住",
                "地址",
                "电话",
                "微信号",
                "护照",
                "卡号",
            ),
            *(
                "3栋",
                "502",
                "二单元",
                "88号",
                "浦珠路",
                "康华新村",
                "12弄",
                "三组",
                "小区",
                "的",
                "室",
            ),
            *(
                "13812345678",
                "一三八",
                "1234",
                "5678",
                "025",
                "58880123",
                IDENTITY,
                CARD_16,
                "三个八",
            ),
            *("<phone>", "<name>", "<id>", "abc123", "a@b.cn", "苏A12345", "X", "l38OO", "DS2026"),
            *(" ", "，", "-", ".", "：", "+86", "(", "）", "呃", "\n"),
        ]
    ),
    max_size=14,
).map("".join)


@given(st.one_of(st.text(max_size=200), DIGITS, PARTS))
def test_any_text_can_be_masked(text: str) -> None:
    assert isinstance(mask(text), str)


@given(st.one_of(st.text(max_size=200), DIGITS, PARTS))
@example("13812345678" * 3)
@example(IDENTITY * 2)
@example("电话<id>58880123")
def test_masking_twice_is_masking_once(text: str) -> None:
    once = mask(text)
    assert mask(once) == once


@given(st.one_of(DIGITS, PARTS))
def test_what_is_found_does_not_overlap(text: str) -> None:
    found = find(text)
    assert all(one.end <= other.start for one, other in pairwise(found))
    assert all(0 <= each.start < each.end <= len(text) for each in found)


@given(
    st.integers(13_000_000_000, 19_999_999_999), st.sampled_from(["我电话{}", "{}", "打 {} 找我"])
)
def test_every_mobile_number_is_masked(number: int, said: str) -> None:
    assert str(number) not in mask(said.format(number))


@given(st.integers(0, 10**6 - 1), st.dates(), st.integers(0, 999))
def test_every_identity_number_is_masked(region: int, born: object, order: int) -> None:
    year = 1930 + hash(str(born)) % 90
    seventeen = f"{region:06}{year}0512{order:03}"
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    total = sum(int(d) * w for d, w in zip(seventeen, weights, strict=True))
    number = seventeen + "10X98765432"[total % 11]
    assert is_identity_number(number)
    assert mask(number) == "<id>"


def patterns() -> list[re.Pattern[str]]:
    modules = (personal_addresses, personal_names, personal_numbers, privacy)
    return [v for module in modules for v in vars(module).values() if isinstance(v, re.Pattern)]


@pytest.mark.parametrize("pattern", patterns(), ids=lambda pattern: pattern.pattern[:40])
def test_no_pattern_repeats_a_repetition(pattern: re.Pattern[str]) -> None:
    """What made expressions slow on purpose: ``(a+)+``; here nothing unbounded holds a repeat."""
    unbounded = [held for held in _unbounded(_parsed(pattern)) if any(_repeats(held))]
    assert unbounded == []


def _parsed(pattern: re.Pattern[str]) -> Any:
    import sre_parse

    return sre_parse.parse(pattern.pattern, pattern.flags)


def _repeats(tree: Any) -> Iterator[Any]:
    for name, given_ in tree:
        is_repeat = str(name) in ("MAX_REPEAT", "MIN_REPEAT")
        if is_repeat and given_[0] != given_[1] and given_[1] > 1:
            yield given_
        for part in _subtrees(given_):
            yield from _repeats(part)


def _unbounded(tree: Any) -> Iterator[Any]:
    for name, given_ in tree:
        if str(name) in ("MAX_REPEAT", "MIN_REPEAT") and str(given_[1]) == "MAXREPEAT":
            yield given_[2]
        for part in _subtrees(given_):
            yield from _unbounded(part)


def _subtrees(given_: Any) -> Iterator[Any]:
    import sre_parse

    if isinstance(given_, sre_parse.SubPattern):
        yield given_
    elif isinstance(given_, (list, tuple)):
        for part in given_:
            yield from _subtrees(part)


class Steps:
    """Counts the lines of ours that run."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, frame: Any, event: str, given_: Any) -> Any:
        self.count += event == "line"
        return self if "conversations" in frame.f_code.co_filename else None


@pytest.mark.parametrize(
    "part",
    [
        "1",
        "1 ",
        "一",
        "13812345678 ",
        "康华新村3栋",
        "3号",
        "我叫",
        "我是王小明",
        "a@",
        "三个",
        "1-1-",
        "lO1",
        "微信号",
    ],
)
def test_twice_the_text_is_twice_the_work(part: str) -> None:
    def work(times: int) -> int:
        steps = Steps()
        before = sys.gettrace()
        sys.settrace(steps)
        try:
            mask(part * times)
        finally:
            sys.settrace(before)
        return steps.count

    assert work(400) <= 2.2 * work(200) + 200


def test_a_very_long_text_is_masked_too() -> None:
    assert mask("1" * 100_000) == "1" * 100_000
    assert mask("我" * 99_989 + "13812345678").endswith("我<phone>")


def test_every_log_line_is_masked() -> None:
    record = logging.LogRecord("x", 20, "f", 1, "call %s", ("13812345678",), None)
    assert MaskingFilter().filter(record)
    assert record.getMessage() == "call <phone>"


def test_a_traceback_in_the_log_is_masked() -> None:
    try:
        raise ValueError("cannot read 13812345678")
    except ValueError:
        record = logging.LogRecord("x", 40, "f", 1, "failed", (), sys.exc_info())
    MaskingFilter().filter(record)
    line = logging.Formatter().format(record)
    assert "cannot read <phone>" in line
    assert "13812345678" not in line


SECRETS = ("王小明", "康华新村", "502", "13812345678", "幺三八", IDENTITY, CARD_16, "wangxm1949")
SAID = (
    f"我叫王小明，住康华新村3栋502，电话13812345678或者幺三八一二三四五六七九，身份证{IDENTITY}，"
    f"卡号{CARD_16}，微信号wangxm1949，社保卡丢了怎么补"
)


def everything_stored() -> str:
    """All texts of all tables of the database, as the driver returns them."""
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
        rows = []
        for table in tables:
            cursor.execute(f'SELECT * FROM "{table}"')
            rows += cursor.fetchall()
    return "\n".join(str(value) for row in rows for value in row if isinstance(value, (str, bytes)))


def secrets_in(text: str) -> list[str]:
    """The secrets that stand in ``text``; 502 within a longer number or a key is no door."""
    door = re.compile(r"(?<![0-9A-Za-z])502(?![0-9A-Za-z])")
    return [s for s in SECRETS if (door.search(text) if s == "502" else s in text)]


@pytest.mark.django_db
@pytest.mark.parametrize("is_away", [False, True])
def test_a_whole_turn_leaves_no_personal_data_anywhere(
    dialogue: FakeDialogue, caplog: pytest.LogCaptureFixture, is_away: bool
) -> None:
    caplog.handler.addFilter(MaskingFilter())
    dialogue.is_away = is_away
    with caplog.at_level(logging.DEBUG):
        reply = service.answer(Turn("web", "web", "privacy-1", SAID))
    seen = {
        "database": everything_stored(),
        "log": caplog.text,
        "engine": repr(dialogue.asked),
        "reply": repr(reply),
    }
    for place, text in seen.items():
        assert secrets_in(text) == [], place
    assert "<phone>" in seen["database"]
    assert is_away or "<name>" in seen["engine"]


@pytest.mark.django_db
def test_a_failing_turn_leaves_no_personal_data_in_the_log(
    dialogue: FakeDialogue, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> Any:
        raise RuntimeError(f"no idea what to do with {SAID}")

    caplog.handler.addFilter(MaskingFilter())
    monkeypatch.setattr(dialogue, "send", fail)
    service.answer(Turn("web", "web", "privacy-2", SAID))
    assert "no idea what to do" in caplog.text
    assert secrets_in(caplog.text) == []


def test_a_secret_is_found_beside_any_other_words() -> None:
    assert set(secrets_in(SAID)) == set(SECRETS)
    assert secrets_in("a502f 15020 0.5021") == []


def test_every_handler_of_the_log_masks() -> None:
    assert all("masked" in handler["filters"] for handler in settings.LOGGING["handlers"].values())


@pytest.mark.parametrize(
    "reply",
    [
        Reply(
            "ticket_status", "办不了。因为：打13912345678问。", ticket={"number": "1", "status": ""}
        ),
        Reply(
            "report_status", "办好了：打13912345678问。", report={"number": "1", "status": "closed"}
        ),
        Reply("confirm", "电话139 1234 5678，对吗？", slots={"phone": "139 1234 5678"}),
    ],
    ids=["ticket", "report", "read back"],
)
@pytest.mark.django_db
def test_a_reply_with_words_of_staff_or_hers_is_stored_masked_and_repeated_in_full(
    dialogue: FakeDialogue, monkeypatch: pytest.MonkeyPatch, reply: Reply
) -> None:
    custom = {"custom": given_to_engine(reply)}
    monkeypatch.setattr(dialogue, "send", lambda *_: [custom])
    turn = Turn("web", "web", "privacy-3", "我的单子怎么样了", "m-1")
    assert service.answer(turn).text == reply.text
    stored = TurnRecord.objects.get()
    assert "1234" not in json.dumps([stored.reply, stored.text], ensure_ascii=False)
    assert service.answer(turn).text == reply.text
