"""The account's menu: three columns, and the words that each key stands for."""

from __future__ import annotations

from typing import Any

from bot.conversations.messages import Button

COLUMNS: tuple[tuple[str, tuple[tuple[str, str, str], ...]], ...] = (
    (
        "问事情",
        (
            ("社保卡丢了", "ask-card", "社保卡丢了怎么补"),
            ("办居住证", "ask-residence", "居住证怎么申领"),
            ("老人补贴", "ask-elder", "尊老金怎么领"),
            ("大件垃圾", "ask-bulky", "旧沙发不要了，找谁来拉"),
            ("几点上班", "ask-hours", "现在开门吗"),
        ),
    ),
    (
        "帮办代办",
        (
            ("找人帮办代办", "proxy", "想请人帮忙代办"),
            ("反映问题", "report", "我要反映一个问题"),
            ("查进度", "progress", "我想查查办到哪了"),
        ),
    ),
    ("找人工", (("", "human", "人工"),)),
)
_PRESSED = {
    key: Button(name or words, f"say:{words}") for _, rows in COLUMNS for name, key, words in rows
}


def pressed(key: str) -> Button | None:
    """Return what a key of the menu stands for, None if it is not (or no longer) in the menu."""
    return _PRESSED.get(key)


def menu() -> dict[str, Any]:
    """Return the menu in WeChat's form."""
    return {"button": [_column(title, rows) for title, rows in COLUMNS]}


def _column(title: str, rows: tuple[tuple[str, str, str], ...]) -> dict[str, Any]:
    if len(rows) == 1:
        return {"type": "click", "name": title, "key": rows[0][1]}
    entries = [{"type": "click", "name": name, "key": key} for name, key, _ in rows]
    return {"name": title, "sub_button": entries}
