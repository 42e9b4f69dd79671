"""What the bar of every staff page leads to: only what its reader may use."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from bot.accounts.models import Staff
from bot.accounts.policies import Action, may


@dataclass(frozen=True)
class Entry:
    """A page of the bar, open to those who may do one of ``actions``."""

    name: str
    path: str
    actions: tuple[Action, ...]


ENTRIES: Final = (
    Entry("收件箱", "/staff/", (Action.DESK_USE,)),
    Entry("我的代办", "/staff/tickets/mine/", (Action.TICKET_WORK,)),
    Entry("代办单", "/staff/tickets/", (Action.TICKET_VIEW,)),
    Entry("诉求", "/staff/reports/", (Action.REPORT_VIEW,)),
    Entry("知识库", "/staff/knowledge/", (Action.KNOWLEDGE_VIEW,)),
    Entry("统计", "/staff/figures/", (Action.FIGURES_VIEW,)),
    Entry("没送到的", "/staff/letters/", (Action.DEADLETTERS_VIEW,)),
    Entry("班次", "/staff/shifts/", (Action.SHIFTS_EDIT,)),
    Entry("社区小区", "/staff/places/", (Action.GAZETTEER_EDIT,)),
    Entry("提示音", "/staff/prompts/", (Action.PROMPTS_EDIT,)),
    Entry("人员", "/staff/people/", (Action.STAFF_EDIT,)),
    Entry("操作记录", "/staff/audit/", (Action.AUDIT_VIEW,)),
)
NOTICES: Final = "/staff/notices/"


def entries_for(staff: Staff) -> list[Entry]:
    """Return the pages that somebody may use."""
    return [entry for entry in ENTRIES if any(may(staff, action) for action in entry.actions)]


def home_of(staff: Staff) -> str:
    """Return the page on which somebody begins; what she is told is open to everybody."""
    return next((entry.path for entry in entries_for(staff)), NOTICES)


def current_of(entries: list[Entry], path: str) -> str:
    """Return which of the pages holds the one at ``path``: the longest beginning of it."""
    inside = [
        entry.path
        for entry in entries
        if path == entry.path or (entry.path != "/staff/" and path.startswith(entry.path))
    ]
    return max(inside, key=len, default="")
