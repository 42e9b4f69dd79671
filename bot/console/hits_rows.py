"""What the pages of questions and runs show, put into words and tables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from bot.curation.question_files import STYLE_NAMES
from knowledge.evaluation import Share
from knowledge.hits import FIRST, KIND_NAMES, MISSED, NEAR, UNKNOWN, Row

DECISIONS: Final = {"answer": "直接回答", "ask": "反问是哪一个", "step_back": "答不上来"}
VERDICTS: Final = {FIRST: "对", NEAR: "前三里有", MISSED: "错", UNKNOWN: "没写对错"}
# What the signs of a match are called; one without a name is shown as it is.
SIGN_NAMES: Final = {
    "chars": "字面",
    "words": "词语",
    "pinyin": "读音",
    "dense": "意思",
    "support": "意思（几句一起看）",
    "whole": "整篇用词",
    "named": "说出名称",
    "reader": "通读",
}
SHOWN_ROWS: Final = 100
SHOW: Final = {"": "全部", "wrong": "没答对的", "answered_wrong": "答错的", "silent": "答不上来的"}
NOTHING_RIGHT: Final = "不该由我们答"


@dataclass(frozen=True)
class Ranked:
    """One line of a ranking; ``signs`` are in the order of the heads."""

    place: int
    owner: str
    name: str
    kind: str
    score: float
    signs: list[str]

    @property
    def percent(self) -> str:
        """The score as a share of a hundred."""
        return f"{100 * self.score:.0f}"


def sign_heads(ranked: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the names of all signs that stand with any candidate, in their order."""
    return list(dict.fromkeys(name for each in ranked for name in each["signs"]))


def ranking(row: Row) -> tuple[list[str], list[Ranked]]:
    """Return the heads of the signs and the lines of a question's ranking."""
    heads = sign_heads(row["ranked"])
    lines = [
        Ranked(
            place,
            each["owner"],
            each["name"],
            KIND_NAMES.get(each["kind"], each["kind"]),
            each["score"],
            [_number(each["signs"].get(head)) for head in heads],
        )
        for place, each in enumerate(row["ranked"], start=1)
    ]
    return [SIGN_NAMES.get(head, head) for head in heads], lines


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def percent(share: Share) -> str:
    """Return a share as a clerk reads it."""
    return f"{100 * share.value:.1f}%" if share.of else "–"


@dataclass(frozen=True)
class Figure:
    """One figure of a run with a sentence that says what it counts."""

    name: str
    value: str
    meaning: str


def figures_shown(figures: Mapping[str, int]) -> list[Figure]:
    """Return the figures of a run; what was not judged is left out."""
    of, judged = figures.get("questions", 0), figures.get("judged", 0)
    found = [Figure("问题", str(of), "这一次试了几个问题。")]
    if judged:
        for key, name, meaning in _JUDGED:
            share = Share(figures.get(key, 0), judged)
            low, high = share.interval
            sure = f"{meaning}（{share.hits}/{judged}，把握范围{100 * low:.0f}–{100 * high:.0f}%）"
            found.append(Figure(name, percent(share), sure))
    for key, name, meaning in _DECIDED:
        found.append(Figure(name, str(figures.get(key, 0)), meaning))
    return found


_JUDGED: Final = (
    ("right_first", "答对", "答的，或反问时排第一的，就是应该的那一条"),
    ("in_three", "前三里有", "应该的那一条排在前三"),
    ("answered_wrong", "答错", "没有反问，直接答了别的"),
)
_DECIDED: Final = (
    ("answered", "直接回答", "有几个问题是直接回答的。"),
    ("asked_back", "反问", "有几个问题是反问居民要办哪一个。"),
    ("stepped_back", "答不上来", "有几个问题没敢答。"),
)


@dataclass(frozen=True)
class Shown:
    """One question of a run as a line."""

    number: int
    text: str
    expected: str
    verdict: str
    is_right: bool
    is_wrong: bool
    decision: str
    percent: str
    first: str
    reply: str


def shown_row(number: int, row: Row) -> Shown:
    """Return a question of a run in words."""
    best = row["ranked"][0] if row["ranked"] else None
    return Shown(
        number,
        row["text"],
        expected_shown(row),
        VERDICTS[row["verdict"]],
        row["verdict"] == FIRST,
        row["verdict"] in (NEAR, MISSED),
        DECISIONS[row["decision"]],
        f"{100 * row['probability']:.0f}%",
        f"{best['name']}（{best['owner']}）" if best else "",
        row["reply"],
    )


def expected_shown(row: Mapping[str, Any]) -> str:
    """Return what would be right, in words."""
    if row["expected"] is None:
        return ""
    pairs = zip(row["names"], row["expected"], strict=True)
    return "、".join(f"{name}（{owner}）" for name, owner in pairs) or NOTHING_RIGHT


def chosen(rows: Sequence[Row], show: str) -> list[tuple[int, Row]]:
    """Return the rows that a filter lets through, with their numbers."""
    numbered = enumerate(rows, start=1)
    return [(n, row) for n, row in numbered if _is_chosen(row, show)]


def _is_chosen(row: Row, show: str) -> bool:
    is_wrong = row["verdict"] in (NEAR, MISSED)
    if show == "wrong":
        return is_wrong
    if show == "answered_wrong":
        return is_wrong and row["decision"] == "answer"
    return row["decision"] == "step_back" if show == "silent" else True


def table_of(rows: Sequence[Row]) -> tuple[list[str], Iterator[list[str]]]:
    """Return heads and lines of a run for a spreadsheet, every sign in a column of its own."""
    signs = sign_heads(ranked for row in rows for ranked in row["ranked"])
    ranks = max((len(row["ranked"]) for row in rows), default=0)
    heads = [*_TABLE_HEADS]
    for place in range(1, ranks + 1):
        heads += [f"第{place}名", f"第{place}名编号", f"第{place}名得分"]
    heads += [f"第1名 {SIGN_NAMES.get(sign, sign)}" for sign in signs]
    return heads, (_line(row, signs, ranks) for row in rows)


_TABLE_HEADS: Final = ("问题", "应该是", "对不对", "怎么答", "把握", "类别", "说法", "回答")


def _line(row: Row, signs: Sequence[str], ranks: int) -> list[str]:
    line = [
        row["text"],
        "、".join(row["expected"] or []) or ("" if row["expected"] is None else "无"),
        VERDICTS[row["verdict"]],
        DECISIONS[row["decision"]],
        f"{row['probability']:.4f}",
        row["category"],
        STYLE_NAMES.get(row["style"], row["style"]),
        row["reply"],
    ]
    for place in range(ranks):
        each = row["ranked"][place] if place < len(row["ranked"]) else None
        line += [each["name"], each["owner"], f"{each['score']:.4f}"] if each else ["", "", ""]
    first = row["ranked"][0]["signs"] if row["ranked"] else {}
    return [*line, *(_number(first.get(sign)) for sign in signs)]
