"""The steps of a ticket as staff see them: who is offered which, what it asks for, what it calls.

Whether a step may be taken is decided again by its service; here it is only not offered.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from bot.accounts.models import Staff
from bot.accounts.policies import Action, may
from bot.tickets import services
from bot.tickets.errors import Incomplete
from bot.tickets.models import Ticket
from bot.tickets.states import LIFE

Typed = Mapping[str, Any]


@dataclass(frozen=True)
class Field:
    """One thing to be typed; ``phrases`` are put in by a click."""

    name: str
    label: str
    is_required: bool = True
    hint: str = ""
    phrases: tuple[str, ...] = ()


@dataclass(frozen=True)
class StepOnPage:
    """A step as it is offered; one without fields is a single button.

    ``tone`` is main for the way forward, quiet for side ways, grave for what ends it.
    """

    action: Action
    take: Callable[[Ticket, Staff, Typed], Ticket]
    fields: tuple[Field, ...] = ()
    tone: str = "main"
    button: str = ""
    asks_people: bool = False
    asks_solved: bool = False


@dataclass(frozen=True)
class Offer:
    """A step that somebody may take now."""

    name: str
    label: str
    step: StepOnPage


def _reason(label: str, *phrases: str, is_required: bool = True) -> tuple[Field, ...]:
    return (Field("reason", label, is_required, phrases=phrases),)


def _called_back(ticket: Ticket, staff: Staff, said: Typed) -> Ticket:
    if said["solved"] is None:
        raise Incomplete("请选居民说办好了还是没办好。")
    return services.ticket_call_back(ticket, staff, said["solved"], said["note"])


STEPS: Final[dict[str, StepOnPage]] = {
    "accept": StepOnPage(Action.TICKET_ACCEPT, lambda t, s, _: services.ticket_accept(t, s)),
    "dispatch": StepOnPage(
        Action.TICKET_DISPATCH,
        lambda t, s, said: services.ticket_dispatch(t, s, said["assignee"], said["helper"]),
        asks_people=True,
        button="就派给这个人",
    ),
    "start": StepOnPage(Action.TICKET_WORK, lambda t, s, _: services.ticket_start(t, s)),
    "resume": StepOnPage(Action.TICKET_WORK, lambda t, s, _: services.ticket_resume(t, s)),
    "deliver": StepOnPage(
        Action.TICKET_WORK,
        lambda t, s, said: services.ticket_deliver(t, s, said["outcome"]),
        (
            Field(
                "outcome",
                "办成了什么、东西交给了谁（居民会看到）",
                phrases=("证件已交到本人手里", "EMS已寄到，本人签收", "已交给家属代收"),
            ),
        ),
        button="送到了，办结",
    ),
    "ready": StepOnPage(
        Action.TICKET_WORK,
        lambda t, s, said: services.ticket_ready(t, s, said["ems_number"]),
        (Field("ems_number", "EMS单号", is_required=False, hint="不走快递就空着"),),
        tone="quiet",
    ),
    "call_back": StepOnPage(
        Action.TICKET_CALL_BACK,
        _called_back,
        (Field("note", "居民怎么说的", is_required=False, hint="没办好的要写明差在哪里"),),
        asks_solved=True,
        button="记下回访",
    ),
    "suspend": StepOnPage(
        Action.TICKET_WORK,
        lambda t, s, said: services.ticket_suspend(t, s, said["reason"]),
        _reason(
            "为什么中止（居民会看到）",
            "材料还缺，等居民补齐",
            "居民要求先缓一缓",
            "等上级部门出结果",
        ),
        tone="quiet",
    ),
    "take_back": StepOnPage(
        Action.TICKET_TAKE_BACK,
        lambda t, s, _: services.ticket_take_back(t, s),
        tone="quiet",
    ),
    "reopen": StepOnPage(
        Action.TICKET_REOPEN,
        lambda t, s, said: services.ticket_reopen(t, said["reason"], s),
        _reason("为什么要重新办", is_required=False),
        tone="quiet",
    ),
    "withdraw": StepOnPage(
        Action.TICKET_WITHDRAW,
        lambda t, s, said: services.ticket_withdraw(t, said["reason"], s),
        _reason("居民怎么说的", "居民打电话说不办了", "居民已经自己办了", is_required=False),
        tone="grave",
    ),
    "refuse": StepOnPage(
        Action.TICKET_REFUSE,
        lambda t, s, said: services.ticket_refuse(t, s, said["reason"], said["competent"]),
        (
            *_reason("为什么不予受理（居民会看到）"),
            Field("competent", "这件事归哪里管", hint="比如：区人社局社保中心"),
        ),
        tone="grave",
    ),
    "end": StepOnPage(
        Action.TICKET_END,
        lambda t, s, said: services.ticket_end(t, s, said["reason"]),
        _reason("为什么终止（居民会看到）"),
        tone="grave",
    ),
}


def offers(ticket: Ticket, staff: Staff) -> list[Offer]:
    """Return the steps that somebody may take now, the way forward first."""
    possible = LIFE.open_steps(ticket.state)
    return [
        Offer(name, LIFE.steps[name].label, step)
        for name, step in STEPS.items()
        if name in possible and may(staff, step.action, ticket)
    ]
