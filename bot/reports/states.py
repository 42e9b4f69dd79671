"""The life of a closed-loop report: nobody closes one without evidence, and it can come back."""

from __future__ import annotations

from typing import Final

from bot.casework.life import Life, Step

OPENED: Final = "opened"
ASSIGNED: Final = "assigned"
IN_PROGRESS: Final = "in_progress"
EVIDENCE_GIVEN: Final = "evidence_given"
CLOSED: Final = "closed"
REOPENED: Final = "reopened"
JOINED: Final = "joined"
REFUSED: Final = "refused"

LABELS: Final = {
    OPENED: "已登记",
    ASSIGNED: "已交办",
    IN_PROGRESS: "处理中",
    EVIDENCE_GIVEN: "已整改待核",
    CLOSED: "已办结",
    REOPENED: "重新处理",
    JOINED: "已并案",
    REFUSED: "不属受理",
}
OPEN: Final = (OPENED, ASSIGNED, IN_PROGRESS, EVIDENCE_GIVEN, REOPENED)

LIFE: Final = Life(
    labels=LABELS,
    steps={
        "assign": Step("交办", frozenset({OPENED, REOPENED, ASSIGNED, IN_PROGRESS}), ASSIGNED),
        "start": Step("开始处理", frozenset({ASSIGNED, REOPENED}), IN_PROGRESS),
        "give_evidence": Step(
            "交整改证据", frozenset({ASSIGNED, IN_PROGRESS, REOPENED}), EVIDENCE_GIVEN
        ),
        "send_back": Step("退回再整改", frozenset({EVIDENCE_GIVEN}), IN_PROGRESS),
        "close": Step("办结", frozenset({EVIDENCE_GIVEN}), CLOSED),
        "reopen": Step("重新处理", frozenset({CLOSED}), REOPENED),
        "join": Step("并入已有的", frozenset({OPENED, ASSIGNED}), JOINED),
        "refuse": Step("不属受理", frozenset({OPENED, ASSIGNED}), REFUSED),
    },
)
