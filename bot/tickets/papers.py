"""What is printed from a ticket: 委托书, 受理单, 中止单, 办结单, as typed rows; pages lay them out.

They hold names and addresses: whoever shows one notes the look (casework.looks). An ID number is
shown masked.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from bot.casework.numbers import spaced_number
from bot.clock import OFFICE_ZONE
from bot.tickets import states
from bot.tickets.models import Ticket, TicketEvent, TicketMaterial

Line = tuple[str, str]
_ASKERS: Final = {
    Ticket.Asker.SELF: "本人",
    Ticket.Asker.CHILD: "子女",
    Ticket.Asker.NEIGHBOUR: "邻居",
    Ticket.Asker.CLERK: "工作人员代为提出",
    Ticket.Asker.OTHER: "他人代为提出",
}
_REASONS: Final = {
    Ticket.Reason.ELDERLY: "老年人",
    Ticket.Reason.DISABLED: "残疾人",
    Ticket.Reason.OTHER: "其他原因",
}


@dataclass(frozen=True)
class Paper:
    """One document: ``words`` stand below the lines, ``signatures`` name who signs."""

    title: str
    lines: tuple[Line, ...]
    words: str
    signatures: tuple[str, ...]


def mandate(ticket: Ticket) -> Paper:
    """委托书: who entrusts whom with what, for how long, and how she said yes."""
    consent, person = ticket.sealed_consent, ticket.sealed_person
    until = consent.get("until", "")
    return Paper(
        "帮办代办委托书",
        (
            *_whose(ticket),
            ("身份证号", masked_id(person.get("id_number", ""))),
            ("委托事项", f"{ticket.mode}“{ticket.item_name}”"),
            ("委托期限", f"至{_day(date.fromisoformat(until))}" if until else ""),
            ("当面或电话确认的内容", consent.get("words", "")),
            ("本人答复", consent.get("yes", "")),
            ("答复时间", _moment_of(consent.get("given_at", ""))),
        ),
        "本人委托街道帮办代办人员办理上述事项，所提供的材料真实有效。委托期限内可以随时撤销。",
        ("委托人", "受托人"),
    )


def receipt(ticket: Ticket) -> Paper:
    """受理单: what was accepted, with which materials, until when it is promised."""
    return Paper(
        "帮办代办受理单",
        (
            *_whose(ticket),
            *_errand(ticket),
            ("受理时间", _event_moment(ticket, "accept")),
            ("承诺办结", _moment(ticket.due_at)),
            *_materials(ticket),
        ),
        "查进度、改时间或者撤销，请报编号和登记的电话。",
        ("申请人", "受理人"),
    )


def suspension(ticket: Ticket) -> Paper:
    """中止单: since when and why it stands still."""
    event = _event(ticket, "suspend")
    return Paper(
        "帮办代办中止单",
        (
            *_whose(ticket),
            *_errand(ticket),
            ("中止时间", _moment(event.happened_at) if event else ""),
            ("中止原因", event.note if event else ""),
            *_materials(ticket),
        ),
        "中止的日子不算在承诺时限里；原因消除后马上接着办。",
        ("申请人", "经办人"),
    )


def closing(ticket: Ticket) -> Paper:
    """办结单: what came of it, how it was handed over, which originals were returned."""
    return Paper(
        "帮办代办办结单",
        (
            *_whose(ticket),
            *_errand(ticket),
            ("办结时间", _event_moment(ticket, "deliver")),
            ("办理结果", ticket.outcome),
            *((("EMS单号", ticket.ems_number),) if ticket.ems_number else ()),
            *_materials(ticket),
        ),
        "没办好可以要求重新办；满意不满意，请打分。",
        ("签收人", "送单人"),
    )


# Which papers there are, and from which step on.
PAPERS: Final[dict[str, tuple[str, Callable[[Ticket], Paper]]]] = {
    "mandate": ("open", mandate),
    "receipt": ("accept", receipt),
    "suspension": ("suspend", suspension),
    "closing": ("deliver", closing),
}


def papers_of(ticket: Ticket) -> list[str]:
    """Return the names of the papers that a ticket has so far."""
    taken = set(ticket.events.values_list("step", flat=True))
    return [name for name, (step, _) in PAPERS.items() if step in taken]


def masked_id(number: str) -> str:
    """Return an ID number with its birthday and order hidden: 3201**********0012."""
    return f"{number[:4]}{'*' * (len(number) - 8)}{number[-4:]}" if len(number) > 8 else ""


def _whose(ticket: Ticket) -> tuple[Line, ...]:
    person = ticket.sealed_person
    return (
        ("编号", spaced_number(ticket.number)),
        ("姓名", person.get("name", "")),
        ("联系电话", person.get("phone", "")),
        ("地址", person.get("address", "")),
    )


def _errand(ticket: Ticket) -> tuple[Line, ...]:
    assignee = ticket.assignee.display_name if ticket.assignee else ""
    return (
        ("事项", ticket.item_name),
        ("方式", ticket.mode),
        ("原因", _REASONS[Ticket.Reason(ticket.reason)]),
        ("谁提出", _ASKERS[Ticket.Asker(ticket.asker)]),
        ("约定时间", ticket.time_text),
        ("经办人", assignee),
        ("现在状态", states.LABELS[ticket.state]),
    )


def _materials(ticket: Ticket) -> tuple[Line, ...]:
    return tuple(
        (f"材料：{row.name}", TicketMaterial.State(row.state).label)
        for row in ticket.materials.all()
    )


def _event(ticket: Ticket, step: str) -> TicketEvent | None:
    return ticket.events.filter(step=step).last()


def _event_moment(ticket: Ticket, step: str) -> str:
    event = _event(ticket, step)
    return _moment(event.happened_at) if event else ""


def _moment_of(text: str) -> str:
    return _moment(datetime.fromisoformat(text)) if text else ""


def _moment(at: datetime) -> str:
    local = at.astimezone(OFFICE_ZONE)
    return f"{_day(local.date())}{local:%H:%M}"


def _day(on: date) -> str:
    return f"{on.year}年{on.month}月{on.day}日"
