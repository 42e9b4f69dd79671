"""The pages of the knowledge, side by side below the bar: one list of them for all."""

from __future__ import annotations

from typing import Final

from bot.accounts.models import Staff
from bot.accounts.policies import Action, may
from bot.console.navigation import Entry, current_of

TABS: Final = (
    Entry("内容", "/staff/knowledge/", (Action.KNOWLEDGE_VIEW,)),
    Entry("修改和审核", "/staff/knowledge/revisions/", (Action.KNOWLEDGE_VIEW,)),
    Entry("上线记录", "/staff/knowledge/publications/", (Action.KNOWLEDGE_VIEW,)),
    Entry("没答好的", "/staff/knowledge/unanswered/", (Action.KNOWLEDGE_VIEW,)),
    Entry("试问题", "/staff/knowledge/hits/", (Action.HIT_TEST,)),
    Entry("题库", "/staff/knowledge/hits/sets/", (Action.HIT_TEST,)),
    Entry("测试记录", "/staff/knowledge/hits/runs/", (Action.HIT_TEST,)),
    Entry("本地叫法", "/staff/knowledge/words/", (Action.KNOWLEDGE_VIEW,)),
    Entry("覆盖情况", "/staff/knowledge/coverage/", (Action.KNOWLEDGE_VIEW,)),
    Entry("Excel", "/staff/knowledge/files/", (Action.KNOWLEDGE_VIEW,)),
)


def tabs_for(staff: Staff, path: str) -> tuple[list[Entry], str]:
    """Return the pages that somebody may open, and which of them holds the one at ``path``."""
    open_to = [tab for tab in TABS if any(may(staff, action) for action in tab.actions)]
    first, rest = "/staff/knowledge/", [tab for tab in open_to if tab.path != "/staff/knowledge/"]
    return open_to, current_of(rest, path) or (first if path.startswith(first) else "")
