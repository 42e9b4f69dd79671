"""Figures of what residents asked, and what became of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from bot.figures import counting
from bot.figures.counting import ANSWERED, ASKED, HANDED, UNANSWERED
from bot.figures.selectors import sums_by_channel, sums_by_key, sums_by_step
from bot.figures.tables import Figure, Head, Row, Share, total_of
from bot.figures.window import Window
from knowledge.models import Publication, ServiceItem

OUTCOMES: Final = {ANSWERED: "答上了", ASKED: "反问了", HANDED: "转人工", UNANSWERED: "没答上"}
CHANNELS: Final = {
    "web": "网页",
    "voice": "电话",
    "telegram": "Telegram",
    "wechat": "微信",
    "kiosk": "自助机",
    "api": "其他程序",
}
REASONS: Final = {
    "asked": "居民要找人工",
    "contact": "留电话等回电",
    "failures": "几次没听懂",
    "trouble": "遇到难处",
    "anger": "居民着急了",
    "emergency": "紧急情况",
}
_OUTCOME_COLUMNS: Final = ("问题", *OUTCOMES.values(), "答上率")


def by_day(window: Window) -> Iterator[Row]:
    """What became of questions, over time."""
    for step, sums in sums_by_step(window, counting.OUTCOME).items():
        each = [sums[counting.OUTCOME, outcome] for outcome in OUTCOMES]
        yield window.name_of(step), sum(each), *each, Share(each[0], sum(each))


def by_class(window: Window) -> Iterator[Row]:
    """What was answered, by class of the item."""
    sums = sums_by_key(window, counting.CLASS)
    total = sum(sums.values())
    for (_, name), value in _falling(sums):
        yield name, value, Share(value, total)


def by_hour(window: Window) -> Iterator[Row]:
    """When residents ask."""
    sums = sums_by_key(window, counting.HOUR)
    for hour in range(24):
        yield f"{hour}点", sums.get((counting.HOUR, f"{hour:02}"), 0)


def by_channel(window: Window) -> Iterator[Row]:
    """Where residents ask, and what became of it."""
    sums = sums_by_channel(window, counting.OUTCOME)
    rows: list[tuple[int, Row]] = []
    for channel in dict.fromkeys([*CHANNELS, *(key[1] for key in sums)]):
        each = [sums.get((counting.OUTCOME, channel, outcome), 0) for outcome in OUTCOMES]
        if sum(each):
            name = CHANNELS.get(channel, channel)
            row: Row = (name, sum(each), *each, Share(each[0], sum(each)))
            rows.append((sum(each), row))
    yield from (row for _, row in sorted(rows, key=lambda row: -row[0]))


def by_item(window: Window) -> Iterator[Row]:
    """What is asked most, and whether it helped."""
    names = (counting.ITEM, counting.HELPFUL, counting.UNHELPFUL, counting.ITEM_HANDED)
    sums = sums_by_key(window, *names)
    items = dict(ServiceItem.objects.values_list("item_id", "name"))
    asked = {key: value for key, value in sums.items() if key[0] == counting.ITEM}
    for (_, item_id), value in _falling(asked):
        good, bad, handed = (sums.get((name, item_id), 0) for name in names[1:])
        yield (
            items.get(item_id, item_id),
            value,
            good,
            bad,
            Share(good, good + bad),
            handed,
            item_id,
        )


def votes(window: Window) -> Iterator[Row]:
    """Whether residents say that it helped."""
    for step, sums in sums_by_step(window, counting.HELPFUL, counting.UNHELPFUL).items():
        good = sum(value for (name, _), value in sums.items() if name == counting.HELPFUL)
        bad = sum(value for (name, _), value in sums.items() if name == counting.UNHELPFUL)
        yield window.name_of(step), good, bad, Share(good, good + bad)


def handovers(window: Window) -> Iterator[Row]:
    """Why a person was called."""
    sums = sums_by_key(window, counting.REASON)
    total = sum(sums.values())
    for (_, reason), value in _falling(sums):
        yield REASONS.get(reason, reason), value, Share(value, total)


def same_meaning(window: Window) -> Iterator[Row]:
    """How many of the fixed questions are answered right, at every publication."""
    published = Publication.objects.filter(
        state=Publication.State.LIVE, finished_at__gte=window.begins, finished_at__lt=window.ends
    )
    for at, figures in published.order_by("id").values_list("finished_at", "figures"):
        after = figures.get("after") or {}
        if at is None or not after.get("questions"):
            continue
        right, of = after["right_first"], after["questions"]
        local = at.astimezone(window.begins.tzinfo)
        yield f"{local:%m-%d %H:%M}", of, right, after["answered_wrong"], Share(right, of)


def _outcome_heads(rows: Sequence[Row]) -> Iterator[Head]:
    total = total_of(rows, 1)
    yield "问题", total
    for column, label in enumerate(OUTCOMES.values(), start=2):
        yield label, Share(total_of(rows, column), total)


def _vote_heads(rows: Sequence[Row]) -> Iterator[Head]:
    good, bad = total_of(rows, 1), total_of(rows, 2)
    yield "点了有用没用的", good + bad
    yield "有用率", Share(good, good + bad)


def _handover_heads(rows: Sequence[Row]) -> Iterator[Head]:
    yield "转给人的对话", total_of(rows, 1)


def _same_meaning_heads(rows: Sequence[Row]) -> Iterator[Head]:
    if rows:
        yield "同义问题解答率", rows[-1][-1]


def _falling(sums: dict[Any, int]) -> list[tuple[Any, int]]:
    return sorted(sums.items(), key=lambda pair: (-pair[1], pair[0]))


QUESTIONS: Final = (
    Figure(
        "questions-by-day",
        "每天的问题",
        "居民问的每一句算一个问题。反问了：小顶先问清是哪一件。登记代办、闲聊、说给工作人员的话不算。",
        ("日期", *_OUTCOME_COLUMNS),
        by_day,
        "stacked",
        tuple(OUTCOMES.values()),
        heads=_outcome_heads,
    ),
    Figure(
        "questions-by-class",
        "问的是哪一类",
        "答上了的问题，按事项的类别数。别处管的：告诉了居民该找哪个部门。",
        ("类别", "问题", "占比"),
        by_class,
        "bars",
        ("问题",),
    ),
    Figure(
        "questions-by-hour",
        "几点来问",
        "全部问题，按问的钟点数。",
        ("钟点", "问题"),
        by_hour,
        "columns",
        ("问题",),
    ),
    Figure(
        "questions-by-channel",
        "从哪儿来问",
        "全部问题，按渠道数。",
        ("渠道", *_OUTCOME_COLUMNS),
        by_channel,
        "bars",
        ("问题",),
    ),
    Figure(
        "questions-by-item",
        "问得最多的事项",
        "讲到这个事项的回答数。有用、没用是居民点的；转人工：讲完它以后居民找了人。",
        ("事项", "问题", "有用", "没用", "有用率", "转人工", "编号"),
        by_item,
        "bars",
        ("问题",),
    ),
)

QUALITY: Final = (
    Figure(
        "votes",
        "居民说有用吗",
        "居民在回答下面点的“有用”“没用”，按点的那天数。",
        ("日期", "有用", "没用", "有用率"),
        votes,
        "stacked",
        ("有用", "没用"),
        heads=_vote_heads,
    ),
    Figure(
        "handovers",
        "为什么找人",
        "转给工作人员的对话，按原因数，算在转的那天。",
        ("原因", "次数", "占比"),
        handovers,
        "bars",
        ("次数",),
        heads=_handover_heads,
    ),
    Figure(
        "same-meaning",
        "同义问题解答率",
        "每次发布前都拿同一套固定的问法来考：换着说法问，第一个答的就对，才算解答。",
        ("发布时间", "题数", "答对", "答错成别的", "解答率"),
        same_meaning,
        "line",
        ("解答率",),
        heads=_same_meaning_heads,
    ),
)
