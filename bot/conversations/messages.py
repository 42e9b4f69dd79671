"""What travels between channels and the rest: a Turn in, a Reply out. Frozen, free of Django."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal, get_args

Channel = Literal["web", "voice", "telegram", "wechat", "kiosk", "api"]
Kind = Literal[
    "answer",
    "clarify",
    "ask_slot",
    "confirm",
    "ticket_opened",
    "ticket_changed",
    "ticket_cancelled",
    "ticket_status",
    "report_opened",
    "rated",
    "referral",
    "handover",
    "emergency",
    "fallback",
    "smalltalk",
]
CHANNELS: tuple[str, ...] = get_args(Channel)
KINDS: tuple[str, ...] = get_args(Kind)


@dataclass(frozen=True)
class Turn:
    """What a resident said or pressed; ``owner`` speaks for her: an API key's name, or web.

    ``attachments`` are ids of uploads that she sent along.
    """

    owner: str
    channel: Channel
    conversation_id: str
    text: str
    message_id: str = ""
    payload: str = ""
    attachments: tuple[str, ...] = ()


@dataclass(frozen=True)
class Card:
    """A 办事卡片: rows of (label, value); a value may hold several lines."""

    title: str
    rows: tuple[tuple[str, str], ...]
    source: str
    updated: str
    verified: bool


@dataclass(frozen=True)
class Answer:
    """The answer to one question about one item; ``situations`` are the options it was told for."""

    item: str
    facet: str
    text: str
    card: Card | None = None
    situations: tuple[str, ...] = ()


@dataclass(frozen=True)
class Offer:
    """One of the records that a question may have meant; ``score`` 0..1."""

    item: str
    name: str
    score: float


@dataclass(frozen=True)
class Button:
    """A next step: what it says, and what is sent when it is pressed."""

    title: str
    payload: str


@dataclass(frozen=True)
class Competent:
    """Another body that is competent, with its number if there is a national one."""

    body: str
    phone: str
    why: str


@dataclass(frozen=True)
class Reply:
    """What the assistant says; its fields are the HTTP contract's."""

    kind: Kind
    text: str
    intent: str = "unknown"
    speech: tuple[str, ...] = ()
    item: str | None = None
    facet: str | None = None
    answers: tuple[Answer, ...] = ()
    candidates: tuple[Offer, ...] = ()
    confidence: float = 0.0
    slot: str | None = None
    slots: dict[str, str] = field(default_factory=dict)
    buttons: tuple[Button, ...] = ()
    competent: Competent | None = None
    ticket: dict[str, str] | None = None
    report: dict[str, str] | None = None
    conversation_id: str = ""
    turn_id: str = ""

    def placed(self, conversation_id: str, turn_id: str) -> Reply:
        """Return the reply with the conversation and the turn it belongs to."""
        return replace(self, conversation_id=conversation_id, turn_id=turn_id)

    def as_json(self) -> dict[str, Any]:
        """Return the reply as plain data in the contract's form."""
        data = asdict(self)
        first = ("conversation_id", "turn_id")
        return {name: data[name] for name in (*first, *(n for n in data if n not in first))}
