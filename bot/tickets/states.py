"""The life of a proxy ticket: 点单 → 接单 → 派单 → 办理 → 送单, with its side exits."""

from __future__ import annotations

from typing import Final

from bot.casework.life import Life, Step

ORDERED: Final = "ordered"
ACCEPTED: Final = "accepted"
DISPATCHED: Final = "dispatched"
IN_PROGRESS: Final = "in_progress"
SUSPENDED: Final = "suspended"
READY: Final = "ready"
DELIVERED: Final = "delivered"
CALLED_BACK: Final = "called_back"
REFUSED: Final = "refused"
ENDED: Final = "ended"
WITHDRAWN: Final = "withdrawn"

LABELS: Final = {
    ORDERED: "已点单",
    ACCEPTED: "已接单",
    DISPATCHED: "已派单",
    IN_PROGRESS: "办理中",
    SUSPENDED: "中止",
    READY: "待送达",
    DELIVERED: "已办结",
    CALLED_BACK: "已回访",
    REFUSED: "不予受理",
    ENDED: "已终止",
    WITHDRAWN: "已撤销",
}
OPEN: Final = (ORDERED, ACCEPTED, DISPATCHED, IN_PROGRESS, SUSPENDED, READY)
DONE: Final = (DELIVERED, CALLED_BACK)
OVER: Final = (CALLED_BACK, REFUSED, ENDED, WITHDRAWN)

LIFE: Final = Life(
    labels=LABELS,
    steps={
        "accept": Step("接单", frozenset({ORDERED}), ACCEPTED),
        "dispatch": Step("派单", frozenset({ACCEPTED}), DISPATCHED),
        "start": Step("开始办理", frozenset({DISPATCHED}), IN_PROGRESS),
        "take_back": Step("收回重派", frozenset({DISPATCHED, IN_PROGRESS}), ACCEPTED),
        "suspend": Step("中止", frozenset({IN_PROGRESS}), SUSPENDED),
        "resume": Step("恢复办理", frozenset({SUSPENDED}), IN_PROGRESS),
        "ready": Step("办好待送", frozenset({IN_PROGRESS}), READY),
        "deliver": Step("送单办结", frozenset({IN_PROGRESS, READY}), DELIVERED),
        "call_back": Step("回访", frozenset({DELIVERED}), CALLED_BACK),
        "reopen": Step("重新办理", frozenset({DELIVERED, CALLED_BACK}), ACCEPTED),
        "refuse": Step("不予受理", frozenset({ORDERED, ACCEPTED}), REFUSED),
        "end": Step(
            "终止",
            frozenset({ACCEPTED, DISPATCHED, IN_PROGRESS, SUSPENDED, READY}),
            ENDED,
        ),
        "withdraw": Step("撤销", frozenset(OPEN), WITHDRAWN),
    },
)
