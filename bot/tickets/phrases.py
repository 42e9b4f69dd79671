"""What residents and staff read about a ticket. Plain, short, kind; no address, no phone number.

Moments are those of the office's clock. What staff wrote as a reason is repeated as it stands.
"""

from __future__ import annotations

from datetime import datetime

from bot.casework.numbers import spaced_number
from bot.tickets import states
from bot.tickets.models import Ticket
from knowledge.opening import clock, day_in_words

NOT_MATCHED = (
    "没有查到：编号和登记的电话对不上。请您核对一下这两样，或者说“人工”，请工作人员帮您查。"
)
TOO_MANY_TRIES = "试的次数多了，先歇一歇，过一阵子再查；急的话说“人工”，或者打12345。"
_ASKED_FOR = (
    "有人报了您的编号{number}来问进度，但电话没对上，我们什么都没说。"
    "不是您也不是家里人的话，不用管它；有疑问打12345。"
)

_PHONE_CHANGED = (
    "编号{number}的联系电话换成了别的号码，往后的消息不再发到这里。"
    "不是您也不是家里人换的话，请打12345。"
)

_STOPS = "。；，"

# Who reads what at which step; a step that is not here is not told to her. The news comes first:
# a text message has room for little more.
_STEPS = {
    "open": "{item}登记好了，{number}。{due}接单，编号您留着，查进度、改时间都用得上。",
    "accept": "{item}社区接单了，{number}。正在给您派人。",
    "dispatch": "{item}派给{assignee}了，{number}。会打电话跟您约{time}。",
    "start": "{item}{assignee}开始办了，{number}。{promise}",
    "take_back": "{item}给您换人办，{number}不变。原来的同志一时忙不开，对不起，让您多等了。",
    "suspend": "{item}先停一停，{number}。因为：{note}。停着的日子不算在时限里，好了马上接着办。",
    "resume": "{item}接着办了，{number}。{promise}",
    "ready": "{item}办好了，这就给您送去，{number}。{ems}",
    "deliver": "{item}办完了，{number}。{note}。要是没办好，说“没办好”，我们重新办；"
    "满意不满意，也请您打个分，1到5分。",
    "refuse": "{item}这件我们办不了，{number}。因为：{note}。",
    "end": "{item}没能办下去，{number}。因为：{note}。您有疑问就说“人工”，或者打12345。",
    "withdraw": "{item}按您说的撤销了，{number}。什么都不用做，以后要办随时再说。",
    "reopen": "{item}重新办了，还是原来的{number}。正在给您派人。",
    "change": "{item}按您说的改好了，{number}。其他不变。",
}
_STANDING = {
    states.ORDERED: "{item}已经登记，{number}。在等社区接单，{due}接单。",
    states.ACCEPTED: "{item}社区接单了，{number}。正在派人，{due}派好。",
    states.DISPATCHED: "{item}已经派给{assignee}，{number}。会打电话跟您约{time}。",
    states.IN_PROGRESS: "{item}{assignee}正在办，{number}。{promise}",
    states.SUSPENDED: "{item}先停着，{number}。因为：{note}。停着的日子不算在时限里。",
    states.READY: "{item}已经办好，正要给您送去，{number}。{ems}",
    states.DELIVERED: "{item}已经办完，{number}。{note}。没办好就说“没办好”，我们重新办。",
    states.CALLED_BACK: "{item}已经办完，也回访过了，{number}。没办好就说“没办好”，我们重新办。",
    states.REFUSED: "{item}没有受理，{number}。因为：{note}。",
    states.ENDED: "{item}没能办下去，{number}。因为：{note}。",
    states.WITHDRAWN: "{item}已经按您说的撤销了，{number}。",
}
# The step whose note explains a state.
NOTED_BY = {
    states.SUSPENDED: "suspend",
    states.DELIVERED: "deliver",
    states.REFUSED: "refuse",
    states.ENDED: "end",
}


def step(ticket: Ticket, taken: str, note: str, now: datetime) -> str:
    """Say what has just been done; empty if the resident is not told of such a step."""
    return _filled(_STEPS.get(taken, ""), ticket, note, now)


def standing(ticket: Ticket, note: str, now: datetime) -> str:
    """Say how far a ticket is; ``note`` belongs to the step of NOTED_BY."""
    return _filled(_STANDING[ticket.state], ticket, note, now)


def phone_changed(number: str) -> str:
    """Tell the number that a ticket had before that it has another now."""
    return _PHONE_CHANGED.format(number=spaced_number(number))


def asked_for(number: str) -> str:
    """Tell whose number it is that somebody asked with another phone."""
    return _ASKED_FOR.format(number=spaced_number(number))


def moment(at: datetime, now: datetime) -> str:
    """Say a moment as it is said aloud: 今天下午5点半, 11月24日上午10点."""
    local = at.astimezone(now.tzinfo)
    return f"{day_in_words(local.date(), now.date())}{clock(local.time())}"


def refusal(reason: str, competent: str) -> str:
    """Say why something is not accepted and who is competent, as one note."""
    return f"{reason.rstrip(_STOPS)}；这件事归{competent.rstrip(_STOPS)}管"


def _filled(text: str, ticket: Ticket, note: str, now: datetime) -> str:
    assignee = ticket.assignee.display_name if ticket.assignee else ""
    return text.format(
        item=f"“{ticket.item_name}”",
        number=f"编号{spaced_number(ticket.number)}",
        assignee=f"工作人员{assignee}",
        note=note.rstrip(_STOPS),
        time=f"，时间按您说的{ticket.time_text}" if ticket.time_text else "时间",
        due=_until(ticket.step_due_at, now),
        promise=_promise(ticket.due_at, now),
        ems=f"走EMS，单号{ticket.ems_number}。" if ticket.ems_number else "",
    )


def _until(at: datetime | None, now: datetime) -> str:
    return f"最晚{moment(at, now)}" if at and at > now else "我们正催着尽快"


def _promise(at: datetime, now: datetime) -> str:
    return f"最晚{moment(at, now)}办好。" if at > now else "比说好的晚了，对不起，我们在催。"


def staff_line(ticket: Ticket, what: str) -> str:
    """Tell staff in one line; names, phones and addresses stand on the ticket's page only."""
    where = ticket.community.name if ticket.community else "社区待定"
    return f"{what}：{spaced_number(ticket.number)} {ticket.item_name}（{ticket.mode}，{where}）"
