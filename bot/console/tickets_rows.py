"""What the pages about tickets show, put into words. Knows no request and changes nothing.

Names, phone numbers and addresses are masked here; what is opened comes through ``opened``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db.models import QuerySet, prefetch_related_objects

from bot import clock
from bot.accounts.models import Staff
from bot.accounts.policies import Action, may
from bot.casework.models import PersonalLook
from bot.casework.numbers import spaced_number
from bot.clock import OFFICE_ZONE
from bot.console.rows import CHANNELS, version_of
from bot.console.tickets_forms import ASKERS, REASONS
from bot.console.tickets_steps import offers
from bot.evidence.models import Upload
from bot.evidence.selectors import uploads_of_case, uploads_of_cases
from bot.gazetteer.models import Community
from bot.handovers.selectors import open_to_staff
from bot.tickets import board, papers, states
from bot.tickets.board import Candidates, Wanted
from bot.tickets.models import Rating, Ticket, TicketEvent, TicketMaterial

IN_A_GROUP: Final = 8
MOST_LATE: Final = 20
MOST_LOOKS: Final = 20
# What is done next stands first, what only waits last.
BOARD_ORDER: Final = (
    states.ORDERED,
    states.ACCEPTED,
    states.DISPATCHED,
    states.IN_PROGRESS,
    states.READY,
    states.DELIVERED,
    states.SUSPENDED,
)
OVER_ORDER: Final = (states.CALLED_BACK, states.REFUSED, states.ENDED, states.WITHDRAWN)
GROUP_NAMES: Final = {
    states.ORDERED: "等接单",
    states.ACCEPTED: "等派单",
    states.DISPATCHED: "已派单，等开始",
    states.IN_PROGRESS: "办理中",
    states.READY: "办好了，等送达",
    states.DELIVERED: "已办结，等回访",
    states.SUSPENDED: "中止的",
}
# Which colour a state has.
TONES: Final = {
    states.ORDERED: "new",
    states.ACCEPTED: "new",
    states.DISPATCHED: "moving",
    states.IN_PROGRESS: "moving",
    states.READY: "moving",
    states.DELIVERED: "done",
    states.CALLED_BACK: "done",
    states.SUSPENDED: "still",
    states.REFUSED: "over",
    states.ENDED: "over",
    states.WITHDRAWN: "over",
}
# What the next step is called that ``step_due_at`` waits for.
AWAITED: Final = {
    states.ORDERED: "接单",
    states.ACCEPTED: "派单",
    states.DISPATCHED: "开始办",
    states.DELIVERED: "回访",
}
EVENTS: Final = {
    "open": "登记",
    "change": "改了登记的内容",
    "material": "材料",
    "evidence": "照片和签名",
    "rate": "居民评价",
    "rate_bad": "居民打了差评",
    "rating_call_back": "差评回访",
    "rectify": "差评整改",
    "rectify_near": "差评整改快到期，提醒督办",
    "rectify_late": "差评整改超期，提醒督办",
    "remind": "到时限，提醒",
    "escalate": "催过没动，报督办",
    "overdue": "超过承诺时限，报督办",
}
BY: Final = {"resident": "居民", "office": "系统", "staff": "工作人员"}
PAPERS: Final = {
    "mandate": "委托书",
    "receipt": "受理单",
    "suspension": "中止单",
    "closing": "办结单",
}
LOOKS: Final = {
    "phone": "电话",
    "address": "姓名住址",
    "id_number": "身份证号",
    "paper": "单据",
    "photo": "照片",
    "signature": "签名",
    "consent": "授权",
}
_ASKERS: Final = {**dict(ASKERS), Ticket.Asker.CLERK.value: "工作人员"}
_PEOPLE: Final = ("assignee", "helper", "community")
_WEEK: Final = 7


@dataclass(frozen=True)
class Row:
    """A ticket in a list."""

    number: str
    spaced: str
    item: str
    mode: str
    state: str
    state_label: str
    tone: str
    name: str
    community: str
    assignee: str
    time_text: str
    due: str
    is_late: bool
    awaited: str
    is_mine: bool


@dataclass(frozen=True)
class Group:
    """Tickets in one state; ``more`` of them are not shown."""

    state: str
    title: str
    rows: tuple[Row, ...]
    count: int
    is_late: bool = False

    @property
    def is_cut(self) -> bool:
        """Whether there are more than are shown."""
        return self.count > len(self.rows)


@dataclass(frozen=True)
class Chip:
    """A state to choose, with how many there are."""

    state: str
    label: str
    count: int
    is_chosen: bool


@dataclass(frozen=True)
class Happening:
    """One line of a ticket's history."""

    at: datetime
    what: str
    who: str
    note: str
    is_step: bool


@dataclass(frozen=True)
class Evidence:
    """A photo or a signature that may be looked at."""

    upload_id: str
    label: str
    who: str
    at: datetime


@dataclass(frozen=True)
class RatingRow:
    """A rating, and what is still to be done about it."""

    rating: Rating
    stars: str
    is_bad: bool
    to_do: str
    due: str


def board_page(staff: Staff, wanted: Wanted, after: str = "") -> dict[str, Any]:
    """Return the board: all that is open in groups, or one list of what is looked for."""
    now = clock.now()
    everything = board.tickets_wanted(staff, Wanted(community=wanted.community), now)
    late = board.tickets_wanted(staff, Wanted(community=wanted.community, is_overdue=True), now)
    found = board.tickets_wanted(staff, wanted, now)
    counts = board.counts_by_state(everything)
    is_grouped = not (wanted.state or wanted.words or wanted.is_overdue)
    shown: dict[str, Any] = {
        "wanted": wanted,
        "is_grouped": is_grouped,
        "late_count": late.count(),
        "open_count": sum(counts.values()),
        "chips": [
            Chip(s, states.LABELS[s], counts.get(s, 0), s == wanted.state) for s in BOARD_ORDER
        ],
        "over": [Chip(s, states.LABELS[s], 0, s == wanted.state) for s in OVER_ORDER],
    }
    if is_grouped:
        shown["groups"] = _groups(staff, found, now)
    else:
        page = board.page_of(found, wanted, after)
        shown |= {"rows": _rows(page.tickets, staff, now), "next_key": page.next_key}
    return {**shown, "version": board_version()}


def board_version() -> str:
    """Return a mark that changes with every event, and with the hour, which moves due times."""
    return version_of([board.newest_event(), _hour()])


def communities_for(staff: Staff) -> list[Community]:
    """Return the communities among whose tickets somebody may choose."""
    given = list(staff.roles.all())
    rows = Community.objects.filter(is_active=True)
    if all(role.community_id for role in given):
        rows = rows.filter(pk__in=[role.community_id for role in given])
    return list(rows)


def mine_page(staff: Staff, after: str = "") -> dict[str, Any]:
    """Return what somebody works on, a page of it, each with all that is done on the way."""
    now = clock.now()
    # Every card asks several times what she may do.
    prefetch_related_objects([staff], "roles")
    mine = board.tickets_of(staff).select_related(*_PEOPLE).prefetch_related("materials")
    page = board.page_of(mine, Wanted(), after)
    uploads = uploads_of_cases(ticket.number for ticket in page.tickets)
    cards = []
    for ticket in page.tickets:
        shown = _with_offers(ticket, staff, uploads.get(ticket.number, []))
        cards.append({"ticket": ticket, "row": row_of(ticket, staff, now), **shown})
    version = mine_version(staff)
    late = sum(card["row"].is_late for card in cards)
    return {
        "cards": cards,
        "late_count": late,
        "after": after,
        "next_key": page.next_key,
        "version": version,
        "mark": version,
    }


def mine_version(staff: Staff) -> str:
    """Return a mark that changes when one of somebody's tickets does, comes or goes."""
    numbers = list(board.tickets_of(staff).values_list("pk", flat=True))
    return version_of([numbers, board.newest_event(staff)])


def ticket_version(ticket: Ticket) -> str:
    """Return a mark that changes with every event of a ticket, and with the hour."""
    return version_of([ticket.events.values_list("pk", flat=True).last(), _hour()])


def ticket_page(ticket: Ticket, staff: Staff) -> dict[str, Any]:
    """Return what the page of one ticket shows; ``mark`` changes when what can be done does."""
    now, person = clock.now(), ticket.sealed_person
    shown = _with_offers(ticket, staff, uploads_of_case(ticket.number))
    sees_ratings = may(staff, Action.RATING_VIEW, ticket)
    ratings = [_rating(row, now) for row in ticket.ratings.all()] if sees_ratings else []
    history = [_happening(event) for event in ticket.events.select_related("staff")]
    page = {
        "ticket": ticket,
        "row": row_of(ticket, staff, now),
        "channel": CHANNELS.get(ticket.channel, "工作人员代为登记"),
        "asker": _ASKERS.get(ticket.asker, ticket.asker),
        "reason": dict(REASONS).get(ticket.reason, ticket.reason),
        "masked": {
            "name": masked_name(person.get("name", "")),
            "phone": masked_phone(person.get("phone", "")),
            "community": ticket.community.name if ticket.community else "还没分到社区",
        },
        "has_id": bool(person.get("id_number")),
        "consent_given": _day(_moment_of(ticket.sealed_consent.get("given_at", ""))),
        "consent_until": _day(_moment_of(ticket.sealed_consent.get("until", ""))),
        "papers": [(kind, PAPERS[kind]) for kind in papers.papers_of(ticket)],
        "ratings": ratings,
        "may_rectify": may(staff, Action.RATING_RECTIFY, ticket),
        "may_change": ticket.state in states.OPEN and may(staff, Action.TICKET_CHANGE, ticket),
        "history": history[::-1],
        "talk": _talk(ticket, staff),
        "looks": looks_of(ticket) if may(staff, Action.TICKET_TAKE_BACK, ticket) else [],
        **shown,
    }
    what_can_be_done = [
        ticket.state,
        ticket.assignee_id,
        ticket.helper_id,
        [(row.pk, row.state) for row in shown["materials"]],
        shown["evidence"],
        [(row.rating.pk, row.to_do) for row in ratings],
    ]
    mark = version_of(what_can_be_done)
    return {**page, "mark": mark, "version": ticket_version(ticket)}


def looks_of(ticket: Ticket) -> list[tuple[str, str, datetime]]:
    """Return who was shown what personal data of a ticket lately."""
    rows = PersonalLook.objects.filter(number=ticket.number).select_related("staff")[:MOST_LOOKS]
    return [(str(row.staff), LOOKS.get(row.what, row.what), row.looked_at) for row in rows]


def opened(ticket: Ticket, what: str) -> dict[str, str]:
    """Return personal data for somebody who has asked for it; the caller has noted the look."""
    person = ticket.sealed_person
    parts = {
        "phone": ("phone", "emergency_contact"),
        "address": ("name", "address", "reason_text"),
        "id_number": ("id_number",),
    }[what]
    return {name: person[name] for name in parts if person.get(name)}


def row_of(ticket: Ticket, staff: Staff, now: datetime) -> Row:
    """Return a ticket as a list shows it."""
    people = [person.display_name for person in (ticket.assignee, ticket.helper) if person]
    awaited = AWAITED.get(ticket.state, "") if board.is_silent(ticket, now) else ""
    return Row(
        number=ticket.number,
        spaced=spaced_number(ticket.number),
        item=ticket.item_name,
        mode=ticket.mode,
        state=ticket.state,
        state_label=states.LABELS[ticket.state],
        tone=TONES[ticket.state],
        name=masked_name(ticket.sealed_person.get("name", "")),
        community=ticket.community.name if ticket.community else "没分到社区",
        assignee="、".join(people),
        time_text=ticket.time_text,
        due=_due(ticket, now),
        is_late=board.is_overdue(ticket, now),
        awaited=awaited,
        is_mine=staff.pk in (ticket.assignee_id, ticket.helper_id),
    )


def masked_name(name: str) -> str:
    """Return a name with all but its beginning hidden: 王**."""
    return f"{name[0]}{'*' * (len(name) - 1)}" if name else ""


def masked_phone(phone: str) -> str:
    """Return a phone number with its middle hidden: 139****0000."""
    if len(phone) < 8:
        return "*" * len(phone)
    return f"{phone[:3]}{'*' * (len(phone) - 7)}{phone[-4:]}"


def candidate_choices(found: Candidates) -> list[dict[str, Any]]:
    """Return who may be given a ticket, as the choices of a list in two groups."""
    groups: dict[str, list[dict[str, Any]]] = {"这个社区的网格员": [], "其他可以办的人": []}
    for row in found.rows:
        name = "这个社区的网格员" if row.is_near else "其他可以办的人"
        duty = "在班 · " if row.is_on_shift else ("不在班 · " if row.is_near else "")
        label = f"{row.staff.display_name}（{duty}手上{row.open_cases}件）"
        is_preset = found.preset is not None and row.staff.pk == found.preset.pk
        groups[name].append({"id": row.staff.pk, "label": label, "is_preset": is_preset})
    return [{"name": name, "choices": choices} for name, choices in groups.items() if choices]


CSV_HEADER: Final = (
    "编号",
    "状态",
    "事项",
    "方式",
    "原因",
    "社区",
    "姓名",
    "电话",
    "约定时间",
    "登记时间",
    "最晚办结",
    "是否超时",
    "结束时间",
    "经办人",
    "协办人",
    "EMS单号",
    "重办次数",
    "最近评分",
)


def csv_rows(tickets: QuerySet[Ticket]) -> Iterator[tuple[str, ...]]:
    """Return tickets as lines of a table, the oldest first; whose they are is masked."""
    now, reasons = clock.now(), dict(REASONS)
    for ticket in tickets.order_by("pk").prefetch_related("ratings").iterator(chunk_size=200):
        person, ratings = ticket.sealed_person, list(ticket.ratings.all())
        yield (
            spaced_number(ticket.number),
            states.LABELS[ticket.state],
            ticket.item_name,
            ticket.mode,
            reasons.get(ticket.reason, ticket.reason),
            ticket.community.name if ticket.community else "",
            masked_name(person.get("name", "")),
            masked_phone(person.get("phone", "")),
            ticket.time_text,
            _written(ticket.opened_at),
            _written(ticket.due_at),
            "是" if board.is_overdue(ticket, now) else "",
            _written(ticket.closed_at),
            ticket.assignee.display_name if ticket.assignee else "",
            ticket.helper.display_name if ticket.helper else "",
            ticket.ems_number,
            str(ticket.reopened_count),
            str(ratings[-1].score) if ratings else "",
        )


def _groups(staff: Staff, found: QuerySet[Ticket], now: datetime) -> list[Group]:
    """The late ones on top, the others by state."""
    counts = board.counts_by_state(found)
    late = list(found.filter(board.overdue(now)).order_by("due_at", "pk")[:MOST_LATE])
    known = {ticket.pk for ticket in late}
    groups = [Group("", "超过承诺时限的，先办", _rows(late, staff, now), len(late), True)]
    for state in BOARD_ORDER:
        rest = found.filter(state=state).exclude(pk__in=known).order_by("due_at", "pk")
        rows = _rows(list(rest[:IN_A_GROUP]), staff, now) if counts.get(state) else ()
        shown_above = sum(ticket.state == state for ticket in late)
        count = counts.get(state, 0) - shown_above
        groups.append(Group(state, GROUP_NAMES[state], rows, count))
    return [group for group in groups if group.rows]


def _rows(tickets: Sequence[Ticket], staff: Staff, now: datetime) -> tuple[Row, ...]:
    return tuple(row_of(ticket, staff, now) for ticket in tickets)


def _with_offers(ticket: Ticket, staff: Staff, uploads: Sequence[Upload]) -> dict[str, Any]:
    """What may be done with a ticket: steps, materials, photos."""
    may_work = may(staff, Action.TICKET_WORK, ticket)
    is_open = ticket.state in (*states.OPEN, *states.DONE)
    offered = offers(ticket, staff)
    needs_people = any(offer.step.asks_people for offer in offered)
    found = board.candidates(ticket, clock.now()) if needs_people else Candidates()
    return {
        "ways": [offer for offer in offered if offer.step.tone == "main"],
        "side_ways": [offer for offer in offered if offer.step.tone != "main"],
        "people": candidate_choices(found),
        "preset": found.preset,
        "materials": list(ticket.materials.all()),
        "material_states": TicketMaterial.State.choices,
        "evidence": [_evidence(upload) for upload in uploads],
        "may_work": may_work and is_open,
        "may_see": may(staff, Action.PERSONAL_VIEW, ticket),
    }


def _talk(ticket: Ticket, staff: Staff) -> int | None:
    """The conversation it was asked for in, where somebody may read it."""
    if ticket.conversation_id is None or not may(staff, Action.DESK_USE):
        return None
    found = open_to_staff().filter(pk=ticket.conversation_id).values_list("pk", flat=True)
    return found.first()


def _evidence(upload: Upload) -> Evidence:
    label = LOOKS.get(upload.kind, "照片")
    who = str(upload.staff) if upload.staff else "居民"
    return Evidence(upload.upload_id, label, who, upload.created_at)


def _rating(rating: Rating, now: datetime) -> RatingRow:
    is_bad = rating.rectify_due_at is not None
    to_do = ""
    if is_bad and rating.rectified_at is None:
        to_do = "rectify" if rating.called_back_at else "call_back"
    due = due_words(rating.rectify_due_at, now) if to_do and rating.rectify_due_at else ""
    return RatingRow(rating, "★" * rating.score + "☆" * (5 - rating.score), is_bad, to_do, due)


def _happening(event: TicketEvent) -> Happening:
    step = states.LIFE.steps.get(event.step)
    what = step.label if step else EVENTS.get(event.step, event.step)
    who = str(event.staff) if event.staff else BY.get(event.by, event.by)
    return Happening(event.happened_at, what, who, event.note, step is not None)


def _due(ticket: Ticket, now: datetime) -> str:
    if ticket.state in states.OVER:
        return f"{_day(ticket.closed_at)}结束" if ticket.closed_at else ""
    if ticket.state == states.SUSPENDED:
        return "时限停着"
    if ticket.state == states.DELIVERED:
        return f"{due_words(ticket.step_due_at, now)}回访" if ticket.step_due_at else ""
    return due_words(ticket.due_at, now)


def due_words(at: datetime, now: datetime) -> str:
    """Say until when: 今天17:30前, 周五17:30前, 12月3日前, 超时2天."""
    local, today = at.astimezone(OFFICE_ZONE), now.astimezone(OFFICE_ZONE).date()
    days = (local.date() - today).days
    if at <= now:
        hours = int((now - at).total_seconds() // 3600)
        return f"超时{hours // 24}天" if hours >= 24 else f"超时{max(hours, 1)}小时"
    if days <= 1:
        return f"{'今天' if days == 0 else '明天'}{local:%H:%M}前"
    if days < _WEEK:
        return f"{local.month}月{local.day}日（周{'一二三四五六日'[local.weekday()]}）前"
    return f"{local.month}月{local.day}日前"


def _hour() -> str:
    return f"{clock.now():%m%d%H}"


def _written(at: datetime | None) -> str:
    return f"{at.astimezone(OFFICE_ZONE):%Y-%m-%d %H:%M}" if at else ""


def _day(at: datetime | None) -> str:
    if at is None:
        return ""
    local = at.astimezone(OFFICE_ZONE) if at.tzinfo else at
    return f"{local.year}年{local.month}月{local.day}日"


def _moment_of(text: str) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
