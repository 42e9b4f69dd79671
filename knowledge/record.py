"""The records of the knowledge base as plain typed data, free of Django.

One struct for each record type of the shipped files in ``knowledge/data``. Field names follow the
national exchange tables and GB/T 36114-2018. Reading is strict: an unknown field, a wrong type or a
word outside its list is an error that names the place. What the fields must agree on among
themselves is the business of ``knowledge.lint``.
"""

from __future__ import annotations

from datetime import date
from typing import Any, Literal, TypeVar, get_args

import msgspec

Facet = Literal[
    "overview",
    "conditions",
    "materials",
    "process",
    "where",
    "when",
    "fee",
    "amount",
    "duration",
    "online",
    "proxy",
    "progress",
    "result",
]
Style = Literal["plain", "elderly", "life", "short", "asr", "typo", "long", "dialect"]
State = Literal["outline", "draft", "published", "retired"]
ItemType = Literal["行政许可", "行政确认", "行政给付", "行政奖励", "其他行政权力", "公共服务"]
Category = Literal[
    "社会保障", "民政", "卫生健康", "城市管理", "市场监管", "残疾人服务", "公安户政", "公共服务"
]
Unit = Literal["工作日", "自然日"]

FACETS: tuple[str, ...] = get_args(Facet)
STYLES: tuple[str, ...] = get_args(Style)
CATEGORIES: tuple[str, ...] = get_args(Category)


class RecordError(ValueError):
    """A record that cannot be read; the message names the file and the field."""


class Record(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Base of all records: immutable, unknown fields refused."""


class Option(Record, frozen=True, kw_only=True):
    """One answer to a situation's question; ``words`` are how residents say it."""

    id: str
    label: str
    words: list[str] = []


class Situation(Record, frozen=True, kw_only=True):
    """A question whose answer selects materials, conditions or amounts (at most two an item)."""

    id: str
    question: str
    options: list[Option]


class Condition(Record, frozen=True, kw_only=True):
    """One condition, to be read aloud; ``situation_ids`` are option ids, none means all."""

    text: str
    basis: str = ""
    situation_ids: list[str] = []


class Material(Record, frozen=True, kw_only=True):
    """One thing to bring. Counts are pieces of paper; ``source`` says where one gets it."""

    name: str
    necessity: Literal["必要", "容缺后补", "非必要"] = "必要"
    kind: Literal["原件", "复印件", "原件和复印件"] = "原件"
    original_count: int = 0
    copy_count: int = 0
    form: Literal["纸质", "电子", "纸质或电子"] = "纸质"
    source: str = ""
    note: str = ""
    situation_ids: list[str] = []
    exempt_by: str = ""


class Days(Record, frozen=True, kw_only=True):
    """A time limit. Without a basis no figure may be written."""

    days: int
    unit: Unit = "工作日"
    basis: str = ""


class Step(Record, frozen=True, kw_only=True):
    """One step of handling, in the words told to a resident."""

    name: str
    text: str
    way: Literal["窗口", "网上", "上门", "后台"] = "窗口"


class Visits(Record, frozen=True, kw_only=True):
    """How often the resident has to come in person, and why."""

    count: int
    reason: str = ""


class Online(Record, frozen=True, kw_only=True):
    """The path by phone or internet in words; never a web address."""

    available: bool
    depth: str = ""
    where: str = ""


class Proxy(Record, frozen=True, kw_only=True):
    """Whether somebody else may act, what he brings, and whether staff can come to the home."""

    allowed: bool
    requirements: list[str] = []
    home_visit: bool = False
    note: str = ""


class Handling(Record, frozen=True, kw_only=True):
    """How the item is handled. ``statutory`` is None where the law sets no days."""

    case_type: Literal["即办件", "承诺件"]
    statutory: Days | None = None
    promised: Days | None = None
    process_steps: list[Step] = []
    visits: Visits
    online: Online
    self_service_terminal: bool = False
    appointment: bool = False
    postal_delivery: bool = False
    region: str = ""
    proxy: Proxy


class Fee(Record, frozen=True, kw_only=True):
    """One charge: its standard in words with the figure, who pays less, and the rule behind it."""

    name: str
    standard: str
    reduction: str = ""
    basis: str = ""


class Charge(Record, frozen=True, kw_only=True):
    """``charged`` None means that the office does not know for certain; the answer says so."""

    charged: bool | None
    note: str = ""
    fees: list[Fee] = []


class Amount(Record, frozen=True, kw_only=True):
    """What the resident receives. ``standard`` is a figure or a range in words, empty if unsure."""

    name: str
    standard: str = ""
    unit: str = ""
    frequency: str = ""
    basis: str = ""
    note: str = ""
    situation_ids: list[str] = []


class Deadline(Record, frozen=True, kw_only=True):
    """A date or a period that the resident has to keep (申领期限, 截止日期)."""

    text: str
    basis: str = ""


class Result(Record, frozen=True, kw_only=True):
    """What one ends up with and how it arrives."""

    name: str
    kind: Literal["证照", "批文", "证明", "资金", "登记", "服务", "答复"]
    validity: str = ""
    validity_basis: str = ""
    delivery: list[Literal["窗口", "EMS", "网上", "发放到账", "上门"]] = []


class LegalBasis(Record, frozen=True, kw_only=True):
    """A law or document with the article that carries the item."""

    title: str
    article: str = ""


class Faq(Record, frozen=True, kw_only=True):
    """A question residents ask again and again, with its answer and the facet it belongs to."""

    question: str
    answer: str
    facet: Facet | None = None


class Confusion(Record, frozen=True, kw_only=True):
    """What the item is mistaken for and how a clerk tells the two apart."""

    item: str
    tell_apart: str


class Voice(Record, frozen=True, kw_only=True):
    """``brief`` (at most 60 characters) is what a caller hears first."""

    brief: str
    pronunciation: list[str] = []
    hot_words: list[str] = []


class Source(Record, frozen=True, kw_only=True):
    """Where the guide's content was taken from, and when."""

    title: str
    retrieved_on: date


class ServiceItem(Record, frozen=True, kw_only=True):
    """One guide (办事指南)."""

    item_id: str
    name: str
    short_name: str
    aliases: list[str]
    category: Category
    item_type: ItemType
    version: int = 1
    state: State = "published"
    effective_from: date | None = None
    effective_until: date | None = None
    implementing_body: str
    accepting_body: str
    deciding_body: str
    exercise_level: str
    audience: list[Literal["自然人", "法人"]]
    scope: str
    accept_conditions: list[Condition]
    exclusions: list[str] = []
    situations: list[Situation] = []
    materials: list[Material] = []
    handling: Handling
    places: list[str] = msgspec.field(default_factory=lambda: ["hall", "community"])
    window: str = ""
    deadlines: list[Deadline] = []
    fee: Charge
    amounts: list[Amount] = []
    result: Result
    consult_phone: str = ""
    supervise_phone: str = ""
    legal_basis: list[LegalBasis]
    source: Source
    verified: bool = False
    verified_by: str = ""
    verified_on: date | None = None
    next_review_on: date | None = None
    faq: list[Faq]
    voice: Voice
    needs: list[str]
    not_this: list[Confusion]


class Phrasing(Record, frozen=True, kw_only=True):
    """What one resident said; ``facet`` is what she wanted to know."""

    text: str
    style: Style = "plain"
    facet: Facet = "overview"
    origin: Literal["written", "mined", "imported"] = "written"


class GateQuestion(Record, frozen=True, kw_only=True):
    """A question with its right answers; any of ``expected`` will do, none means no answer."""

    text: str
    expected: list[str]
    style: Style = "plain"
    facet: Facet = "overview"


class Competent(Record, frozen=True, kw_only=True):
    """Who is competent for what is not ours, with a real national number or none."""

    body: str
    phone: str = ""
    why: str = ""


class Subject(Record, frozen=True, kw_only=True):
    """Something residents ask for that is not among the items."""

    subject_id: str
    name: str
    aliases: list[str] = []
    competent: Competent
    answer: str
    phrasings: list[str]


class EventItem(Record, frozen=True, kw_only=True):
    """One errand within an event; ``item`` is a catalogue id or a subject id."""

    item: str
    who: str = ""
    deadline: str = ""
    note: str = ""


class Event(Record, frozen=True, kw_only=True):
    """高效办成一件事: a turn of life with its errands in order."""

    event_id: str
    name: str
    aliases: list[str] = []
    intro: str
    items: list[EventItem]
    phrasings: list[str]


class Emergency(Record, frozen=True, kw_only=True):
    """Danger now: the number, two sentences that keep people safe, and the words that give it away.

    ``words`` are substrings that alone are enough (“…” stands for a few characters between);
    ``phrasings`` are whole examples.
    """

    kind: str
    name: str
    number: str
    safety: list[str]
    report: bool = True
    words: list[str]
    phrasings: list[str]


class ReportKind(Record, frozen=True, kw_only=True):
    """A kind of complaint or fault that opens a closed-loop report."""

    kind_id: str
    name: str
    responsible_role: str
    due_working_days: int
    linked_item: str = ""
    urgent: bool = False
    answer: str
    phrasings: list[str]


class CheckPoint(Record, frozen=True, kw_only=True):
    """One thing an inspection looks at, and how it looks when it is in order."""

    name: str
    in_order: str
    basis: str = ""


class Checklist(Record, frozen=True, kw_only=True):
    """处方式菜单: what the one joint inspection of a kind of site looks at.

    ``papers`` are what to have at hand; ``items`` are the service items a business may need first.
    """

    checklist_id: str
    name: str
    aliases: list[str] = []
    site: str
    intro: str
    points: list[CheckPoint]
    papers: list[str] = []
    items: list[str] = []
    legal_basis: list[LegalBasis]
    phrasings: list[str]


class Topic(Record, frozen=True, kw_only=True):
    """A question about the service itself. ``adds`` is looked up when it is asked."""

    topic_id: str
    name: str
    aliases: list[str] = []
    answer: str
    adds: Literal["", "hours", "places"] = ""
    items: list[str] = []
    phrasings: list[str]


class Period(Record, frozen=True, kw_only=True):
    """Opening hours, both ends as HH:MM on the office's clock."""

    opens: str
    closes: str


class LocalTerm(Record, frozen=True, kw_only=True):
    """What people here say, and what is meant; ``spoken`` is how the word is read aloud."""

    word: str
    canonical: str
    kind: Literal["estate", "community", "old_name", "dialect", "other"] = "other"
    spoken: str = ""


class Hours(Record, frozen=True, kw_only=True):
    """Usual hours by kind of day; an empty list means closed. Days follow the 调休 calendar."""

    workday: list[Period]
    weekend: list[Period]
    holiday: list[Period]
    note: str = ""


class Place(Record, frozen=True, kw_only=True):
    """Where items are handled. Unknown addresses and phones stay empty; they are never invented."""

    place_id: str
    name: str
    kind: Literal["hall", "community"]
    address: str = ""
    phone: str = ""
    hours: Hours
    verified: bool = False
    estates: list[str] = []


T = TypeVar("T")


def read(data: Any, kind: type[T], origin: str) -> T:
    """Turn plain data into a record of ``kind``; ``origin`` (a file's name) opens the error."""
    try:
        return msgspec.convert(data, kind)
    except msgspec.ValidationError as error:
        raise RecordError(f"{origin}: {error}") from error


def plain(record: Any) -> Any:
    """Turn a record into dicts, lists, strings and numbers (dates become ISO strings)."""
    return msgspec.to_builtins(record)
