"""What the staff's pages show, put into words. Knows no request and changes nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from bot import clock
from bot.accounts.models import Staff
from bot.accounts.policies import Action, cases_within, may
from bot.conversations.models import Conversation
from bot.handovers import selectors
from bot.handovers.models import Handover, Notice

CHANNELS = {
    "web": "网页",
    "voice": "电话",
    "telegram": "Telegram",
    "wechat": "微信",
    "kiosk": "自助机",
    "api": "其他程序",
}
REASONS = {
    "asked": "居民要找人工",
    "contact": "留了电话，等回电",
    "failures": "小顶几次没听懂",
    "trouble": "遇到难处",
    "anger": "居民着急了",
    "emergency": "说到紧急情况",
}
STATES = {"waiting": "等人接手", "taken": "正在接待", "closed": "已交还给小顶"}
DELIVERY = {"waiting": "等待送出", "sent": "已送到", "gone": "没有送到"}
ABOUT_STAFF = "（投诉工作人员的事，主管看得到。）"
MOST_WAITING = 100
MOST_SAID = 500


@dataclass(frozen=True)
class Line:
    """One thing said: ``who`` resident, assistant or clerk; ``note`` tells about its delivery."""

    who: str
    name: str
    text: str
    at: datetime
    is_alarm: bool = False
    note: str = ""
    is_lost: bool = False


@dataclass(frozen=True)
class Row:
    """One hand-over in a list."""

    handover: Handover
    reason: str
    channel: str
    waited: str
    words: str

    @property
    def look(self) -> tuple[object, ...]:
        """What of it can be seen, to tell whether a list looks the same."""
        shown = self.handover
        return (shown.pk, shown.urgent, shown.unread, self.reason, self.waited, self.words)


def inbox(staff: Staff) -> dict[str, Any]:
    """Return everything that the inbox lists, with a ``version`` that changes when it does."""
    taken = _rows(selectors.taken())
    lists: dict[str, Any] = {
        "waiting": _rows(selectors.waiting()[:MOST_WAITING]),
        "mine": [row for row in taken if row.handover.taken_by_id == staff.pk],
        "others": [row for row in taken if row.handover.taken_by_id != staff.pk],
        "closed": _rows(selectors.recent_closed()),
        "untold": [_untold(notice) for notice in _hers_to_tell(staff)[:MOST_WAITING]],
    }
    newest = max((row.handover.pk for row in lists["waiting"]), default=0)
    looks = [[getattr(row, "look", row) for row in shown] for shown in lists.values()]
    return {**lists, "newest": newest, "version": version_of(looks)}


def conversation_page(conversation: Conversation, staff: Staff) -> dict[str, Any]:
    """Return what the page of one conversation shows, with its ``version``."""
    handover = selectors.latest_handover(conversation)
    said = selectors.said_in(conversation, MOST_SAID)
    lines = [line for each in said for line in _lines(each, staff)]
    is_mine = bool(handover and handover.taken_by_id == staff.pk)
    shown: dict[str, Any] = {
        "lines": lines,
        "channel": CHANNELS.get(conversation.channel, conversation.channel),
        "handover": handover,
        "state": STATES[handover.state] if handover else "",
        "reason": REASONS[handover.reason] if handover else "",
        "is_mine": is_mine and handover is not None and handover.state == "taken",
        "is_free": bool(handover and selectors.is_free_to_take(handover, clock.now())),
        "untold": [_untold(n) for n in _hers_to_tell(staff).filter(conversation=conversation)],
    }
    parts = [lines, shown["state"], shown["is_mine"], shown["is_free"], shown["untold"]]
    if handover:
        parts += [handover.urgent, handover.note, handover.reason, bool(handover.contact)]
    return {**shown, "conversation": conversation, "version": version_of(parts)}


def version_of(parts: Iterable[Any]) -> str:
    """Return a short mark that is the same as long as the parts look the same."""
    return hashlib.sha256(repr(list(parts)).encode()).hexdigest()[:12]


def _rows(handovers: QuerySet[Handover]) -> list[Row]:
    now = clock.now()
    return [_row(handover, now) for handover in selectors.with_last_words(handovers)]


def _row(handover: Handover, now: datetime) -> Row:
    words = getattr(handover, "last_words", "") or handover.note
    return Row(
        handover=handover,
        reason=REASONS[handover.reason],
        channel=CHANNELS.get(handover.conversation.channel, handover.conversation.channel),
        waited=ago(handover.closed_at or handover.opened_at, now),
        words=words[:120],
    )


def ago(moment: datetime, now: datetime) -> str:
    """Return how long ago a moment was, in its largest units."""
    minutes = max(0, int((now - moment).total_seconds() // 60))
    if minutes < 1:
        return "刚刚"
    if minutes < 60:
        return f"{minutes}分钟"
    hours, minutes = divmod(minutes, 60)
    if hours < 24:
        return f"{hours}小时{minutes}分" if minutes and hours < 3 else f"{hours}小时"
    return f"{hours // 24}天"


def _hers_to_tell(staff: Staff) -> QuerySet[Notice]:
    return cases_within(staff, Action.DESK_USE, selectors.to_be_told())


def _untold(notice: Notice) -> dict[str, Any]:
    is_call = notice.state == Notice.State.WAITING
    return {
        "id": notice.pk,
        "conversation": notice.conversation_id,
        "channel": _way(notice),
        "why": "要打电话告诉" if is_call else "没有送到",
        "code": notice.last_error,
        "text": notice.text,
        "at": notice.created_at,
    }


def _way(notice: Notice) -> str:
    channel = notice.conversation.channel if notice.conversation else notice.medium
    return CHANNELS.get(channel, notice.get_medium_display())


def _lines(said: selectors.Said, staff: Staff) -> list[Line]:
    if isinstance(said, Notice):
        return [_notice_line(said, staff)]
    reply = said.reply or {}
    heard = [Line("resident", "居民", said.text, said.asked_at)] if said.text.strip() else []
    text = str(reply.get("text", ""))
    if not text.strip():
        return heard
    is_alarm = reply.get("kind") == "emergency"
    at = said.answered_at or said.asked_at
    return [*heard, Line("assistant", "小顶", text, at, is_alarm=is_alarm)]


def _notice_line(notice: Notice, staff: Staff) -> Line:
    name = f"工作人员 {notice.author}" if notice.author else "小顶（通知）"
    return Line(
        who="clerk" if notice.author else "assistant",
        name=name,
        text=notice.text if may(staff, Action.DESK_USE, notice) else ABOUT_STAFF,
        at=notice.created_at,
        note=DELIVERY[notice.state],
        is_lost=notice.state == Notice.State.GONE,
    )
