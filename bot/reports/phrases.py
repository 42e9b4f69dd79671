"""What residents and staff read about a report. Plain, short, kind; no place, no phone number.

Moments are those of the office's clock. What staff wrote as an answer is repeated as it stands.
"""

from __future__ import annotations

from datetime import datetime

from bot.casework.numbers import spaced_number
from bot.reports import states
from bot.reports.models import Report, Reporter
from knowledge.opening import clock, day_in_words

_VERDICT = "解决了请说“解决了”；没解决就说“没解决”，我们重新处理。"
# Who reads what at which step; a step that is not here is not told to reporters.
_STEPS = {
    "open": "{named}登记好了，有专人管。{promise}编号您留着，问进度用得上。",
    "start": "{named}{responsible}已经开始处理。{promise}",
    "close": "{named}处理好了：{note}。" + _VERDICT,
    "reopen": "{named}有人说还没解决，我们重新处理。{promise}",
    "join": "{named}跟别人反映的是同一件事，并到一起处理了。您的编号照样能查，有结果一起告诉您。",
    "refuse": "{named}这件我们管不了，因为：{note}。",
}
_STANDING = {
    states.OPENED: "{named}已经登记，正在安排人。{promise}",
    states.ASSIGNED: "{named}已经交给{responsible}。{promise}",
    states.IN_PROGRESS: "{named}{responsible}正在处理。{promise}",
    states.EVIDENCE_GIVEN: "{named}{responsible}已经处理过，交了照片，我们正在核实。{promise}",
    states.CLOSED: "{named}已经处理好了：{note}。" + _VERDICT,
    states.REOPENED: "{named}说没解决，正在重新处理，由{responsible}负责。{promise}",
    states.JOINED: "{named}跟别人反映的是同一件事，并到一起处理了。",
    states.REFUSED: "{named}没有受理，因为：{note}。",
}


def step(reporter: Reporter, taken: str, note: str, now: datetime) -> str:
    """Say what has just been done; empty if reporters are not told of such a step."""
    return _filled(_STEPS.get(taken, ""), reporter, note, now)


def standing(reporter: Reporter, now: datetime) -> str:
    """Say how far her report is."""
    report = reporter.report
    return _filled(_STANDING[report.state], reporter, report.answer, now)


def refusal(reason: str, competent: str) -> str:
    """Say why something is not accepted and who is competent, as one note."""
    return f"{reason.rstrip('。；，')}；这件事归{competent.rstrip('。；，')}管"


def staff_line(report: Report, what: str, now: datetime) -> str:
    """Tell staff in one line; the place and the words stand on the report's page only."""
    where = report.community.name if report.community else "社区待定"
    haste = "加急，" if report.is_urgent else f"{_moment(report.due_at, now)}前，"
    return f"{what}：{spaced_number(report.number)} {report.kind_name}（{haste}{where}）"


def _filled(text: str, reporter: Reporter, note: str, now: datetime) -> str:
    report = reporter.report
    person = report.responsible
    return text.format(
        named=f"您反映的“{report.kind_name}”（编号{spaced_number(reporter.number)}），",
        responsible=f"工作人员{person.display_name}" if person else "工作人员",
        note=note.rstrip("。；，"),
        promise=_promise(report, now),
    )


def _promise(report: Report, now: datetime) -> str:
    if report.is_urgent:
        return "这件是加急的，我们抓紧处理。"
    if report.due_at <= now:
        return "比说好的晚了，对不起，我们在催。"
    return f"最晚{_moment(report.due_at, now)}给您结果。"


def _moment(at: datetime, now: datetime) -> str:
    local = at.astimezone(now.tzinfo)
    return f"{day_in_words(local.date(), now.date())}{clock(local.time())}"
