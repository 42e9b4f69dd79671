"""Which of an item's rows apply to this resident, and what still has to be asked.

An item has at most two situations, each a question with options; a row names the options it is for.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from bot.actions.facts import age_in, age_limit
from knowledge.record import Option, ServiceItem, Situation

# The fields whose rows depend on situations, by the facets that show them.
_ROWS = {
    "materials": ("materials",),
    "conditions": ("accept_conditions",),
    "amount": ("amounts",),
    "overview": ("materials",),
}


# Which of them an option narrows that is told late, after another facet was asked in between.
_NARROWED = ("materials", "conditions", "amount")

# “我儿子能代我去吗” asks whether he may; it does not say that it is for him.
_SOMEBODY_ELSE = re.compile(
    r"(能|可以|行|可)[^，。,]{0,4}(代|替|帮)[^，。,]{0,6}(吗|不|么|吧|[？?]|$)"
)
# A question that can be answered with yes or no; its options stand in that order.
_ASKS_WHETHER = re.compile(r"吗？$")
_YES = re.compile(r"[嗯对噢哦，。,]{0,4}([是对有]的?|[能会嗯在]|没错)[啊呀呢了，。,！!]{0,4}")
_NO = re.compile(r"[嗯，。,]{0,4}([不没]|不是的?|没有的?|不[能会在对])[啊呀呢了，。,！!]{0,4}")
# What is in many answers and says nothing of an option.
SHORTEST_SPREAD = 3
_EMPTY_WORDS = frozenset("是的了吗啊呢吧嗯对好不那就我")
_DENIES = re.compile(r"(不是|没有|[不没非别])[吃领拿算]?$")
_FIRST_TIME = re.compile(r"头一回|头一次|头回|首次|初次|第一回|从来没|从没")


class Row(Protocol):
    """A material, condition or amount: whatever is for some options only."""

    @property
    def situation_ids(self) -> list[str]:
        """The options it is for; none means everybody."""


AnyRow = TypeVar("AnyRow", bound=Row)


@dataclass(frozen=True)
class Chosen:
    """The options known for an item."""

    item: ServiceItem
    options: frozenset[str] = frozenset()

    def rows(self, rows: Iterable[AnyRow]) -> list[AnyRow]:
        """Return the rows that apply, those that may apply included."""
        return [row for row in rows if self._applies(row)]

    def is_settled(self, row: Row) -> bool:
        """Whether it is known that a row is for this resident, so that no mark is needed."""
        return all(self._answer(s) for s in self._touched(row))

    def open(self, facet: str) -> Situation | None:
        """Return the first situation not yet known on which the facet's rows depend."""
        return next(iter(self.open_all(facet)), None)

    def open_all(self, facet: str) -> list[Situation]:
        """Return the situations not yet known on which the facet's rows depend."""
        wanted = {i for row in self.rows(_rows(self.item, facet)) for i in row.situation_ids}
        return [
            situation
            for situation in self.item.situations
            if not self._answer(situation) and wanted & {o.id for o in situation.options}
        ]

    def _applies(self, row: Row) -> bool:
        for situation in self._touched(row):
            answer = self._answer(situation)
            if answer and not answer & set(row.situation_ids):
                return False
        return True

    def _touched(self, row: Row) -> list[Situation]:
        ids = set(row.situation_ids)
        return [s for s in self.item.situations if ids & {option.id for option in s.options}]

    def _answer(self, situation: Situation) -> set[str]:
        return {option.id for option in situation.options} & self.options


def _rows(item: ServiceItem, facet: str) -> list[Row]:
    return [row for name in _ROWS.get(facet, ()) for row in getattr(item, name)]


def options_in(item: ServiceItem, text: str) -> frozenset[str]:
    """Return the options that a text gives away, at most one a situation.

    An option is told by its label, one of its words, or an age within its range; where two options
    of a situation are told alike, neither is.
    """
    if _SOMEBODY_ELSE.search(text):
        return frozenset()
    found = (_told(situation, text) for situation in item.situations)
    return frozenset(option for option in found if option)


def options_told(item: ServiceItem, told: Sequence[str]) -> frozenset[str]:
    """Return the options that what was told so far gives away; later words outweigh earlier."""
    known: dict[str, str] = {}
    for text in told:
        for option in options_in(item, text):
            situation = next(s.id for s in item.situations if _has(s, option))
            known[situation] = option
    return frozenset(known.values())


def answer_to(situation: Situation, text: str, position: int | None) -> str | None:
    """Return the option that answers the question just asked: by its number, or by words."""
    if position is not None:
        return situation.options[position].id if -1 <= position < len(situation.options) else None
    return (
        _told(situation, text)
        or _yes_or_no(situation, text)
        or _spread_out(situation, text)
        or _nearest(situation, text)
    )


def facet_narrowed(item: ServiceItem, options: Collection[str], facet: str) -> str:
    """Return the facet that options narrow: the one at hand, if it depends on their situations."""
    told = [s for s in item.situations if any(_has(s, option) for option in options)]
    ids = {option.id for situation in told for option in situation.options}
    depending = (
        name
        for name in (facet, *_NARROWED)
        if any(ids & {*row.situation_ids} for row in _rows(item, name))
    )
    return next(depending, facet)


def replaced(item: ServiceItem, known: Collection[str], told: Collection[str]) -> frozenset[str]:
    """Return the known options with those told just now in their place."""
    kept = set(known)
    for option in told:
        situation = next((s for s in item.situations if _has(s, option)), None)
        if situation is not None:
            kept -= {other.id for other in situation.options}
            kept.add(option)
    return frozenset(kept)


def _has(situation: Situation, option_id: str) -> bool:
    return any(option.id == option_id for option in situation.options)


def _told(situation: Situation, text: str) -> str | None:
    age = age_in(text)
    if age is not None and (aged := _of_age(situation, age)):
        return aged
    lengths = {option.id: _longest_word(option, text) for option in situation.options}
    if len(lengths) == 2 and not any(lengths.values()):
        # Of two, the one that is not denied.
        denied = [o.id for o in situation.options if _is_denied(o, text)]
        return next((o for o in lengths if o not in denied), None) if len(denied) == 1 else None
    best = max(lengths, key=lambda option: lengths[option])
    others = [length for option, length in lengths.items() if option != best]
    return best if lengths[best] > max(others, default=0) else None


def _of_age(situation: Situation, age: int) -> str | None:
    ranges = [(option.id, age_limit(option.label)) for option in situation.options]
    fitting = [(limit.low, option) for option, limit in ranges if limit and limit.holds(age)]
    return max(fitting)[1] if fitting else None


def _longest_word(option: Option, text: str) -> int:
    """Length of the longest of an option's words in the text; a word that is denied is none."""
    text = _FIRST_TIME.sub("第一次", text)
    words = [_FIRST_TIME.sub("第一次", word) for word in (option.label, *option.words)]
    return max((len(w) for w in words if w in text and not _denied(w, text)), default=0)


def _is_denied(option: Option, text: str) -> bool:
    words = (option.label, *option.words)
    return any(word in text and _denied(word, text) for word in words)


def _denied(word: str, text: str) -> bool:
    before = text[: text.index(word)]
    return bool(_DENIES.search(before))


def _yes_or_no(situation: Situation, text: str) -> str | None:
    if not _ASKS_WHETHER.search(situation.question) or len(situation.options) != 2:
        return None
    yes, no = (option.id for option in situation.options)
    if _NO.fullmatch(text.strip()):
        return no
    return yes if _YES.fullmatch(text.strip()) else None


def _spread_out(situation: Situation, text: str) -> str | None:
    """The option whose label's words stand in an answer with others between: “户口…迁来”."""
    found = [o.id for o in situation.options if _in_order(o.label, text)]
    return found[0] if len(found) == 1 else None


def _in_order(label: str, text: str) -> bool:
    wanted = [c for c in label if c not in _EMPTY_WORDS]
    rest = iter(text)
    return len(wanted) >= SHORTEST_SPREAD and all(c in rest for c in wanted)


def _nearest(situation: Situation, text: str) -> str | None:
    """The option whose label shares most characters with a short answer."""
    said = set(text) - _EMPTY_WORDS
    shared = {o.id: len(set(o.label) & said) / max(1, len(said)) for o in situation.options}
    first, second = sorted(shared.values(), reverse=True)[:2]
    best = max(shared, key=lambda option: shared[option])
    return best if first >= 0.5 and first > second else None
