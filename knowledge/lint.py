"""What the fields of a record must agree on. Errors stop publication, warnings are shown.

Works on plain records; needs neither Django nor an index. Run: ``python -m knowledge.lint``.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from math import ceil
from pathlib import Path
from typing import Literal

from knowledge.files import DATA_DIR, KnowledgeFiles, load_knowledge
from knowledge.record import (
    Checklist,
    Condition,
    Deadline,
    Event,
    Phrasing,
    RecordError,
    ServiceItem,
    Subject,
    Topic,
)

ENOUGH_PHRASINGS = 30
# Of them, situations of life that use none of the item's own words, and phrasings of any other
# record.
ENOUGH_LIFE = 10
ENOUGH_FOR_OTHERS = 5
NEAR_DUPLICATE = 0.7
BRIEF_CHARACTERS = 60
MOST_SITUATIONS = 2
FEWEST_OPTIONS = 2
# Real national service numbers; any other number in a text would be an invented one.
KNOWN_NUMBERS = frozenset(
    [
        "110",
        "119",
        "120",
        "122",
        "12345",
        "12333",
        "12393",
        "12315",
        "12348",
        "12356",
        "12123",
        "12367",
        "12329",
        "12366",
        "12385",
        "12338",
        "12355",
        "95598",
        "96110",
        "12320",
        "12319",
        "11185",
        "95188",
    ]
)
_FIGURE = re.compile(
    r"(\d[\d,.]*)\s*(?:[—~至到-]\s*\d[\d,.]*\s*)?"
    r"(元|万元|周岁|岁|%|个?工作日|个?自然日|天内|日内|个?月内|年内|平方米)"
)
_ADDRESS = re.compile(r"https?://|www\.|\.(?:gov\.)?(?:cn|com)\b")
_PHONE = re.compile(r"(?<!\d)(?:0\d{2,3}-?\d{7,8}|1[3-9]\d{9}|400-?\d{3}-?\d{4})(?!\d)")


@dataclass(frozen=True)
class Finding:
    """One thing lint has to say about a record."""

    level: Literal["error", "warning"]
    record: str
    rule: str
    message: str

    def __str__(self) -> str:
        return f"{self.level:7} {self.record:6} {self.rule:22} {self.message}"


def lint_knowledge(knowledge: KnowledgeFiles, today: date) -> list[Finding]:
    """Check all records and what they must not share; ``today`` decides what has expired."""
    findings: list[Finding] = []
    for item in knowledge.items.values():
        findings += lint_item(item, today)
        findings += _catalogue(item, knowledge)
        findings += lint_phrasings(item.item_id, knowledge.phrasings.get(item.item_id, []))
    for record, said in _others(knowledge):
        findings += _said_otherwise(record, said)
    for checklist in knowledge.checklists:
        findings += _checklist(checklist)
    findings += _references(knowledge)
    findings += _shared_phrasings(knowledge)
    findings += _shared_aliases(knowledge)
    return findings


def lint_item(item: ServiceItem, today: date) -> list[Finding]:
    """Check one guide on its own."""
    checks = (_days, _visits, _money, _figures, _result, _materials, _situations, _texts)
    findings = [
        Finding(level, item.item_id, rule, message)
        for check in checks
        for level, rule, message in check(item)
    ]
    if item.effective_until and item.effective_until < today:
        findings.append(
            Finding("error", item.item_id, "expired", f"effective_until {item.effective_until}")
        )
    if item.next_review_on and item.next_review_on < today:
        findings.append(
            Finding("warning", item.item_id, "review-due", f"next review {item.next_review_on}")
        )
    return findings


def lint_phrasings(record: str, phrasings: list[Phrasing]) -> list[Finding]:
    """Check the phrasings of one item: enough of them, and no two nearly the same."""
    findings = []
    if len(phrasings) < ENOUGH_PHRASINGS:
        findings.append(
            Finding("warning", record, "few-phrasings", f"{len(phrasings)} < {ENOUGH_PHRASINGS}")
        )
    life = sum(phrasing.style == "life" for phrasing in phrasings)
    if life < ENOUGH_LIFE:
        findings.append(Finding("warning", record, "few-life", f"{life} < {ENOUGH_LIFE}"))
    for text, other in _near_duplicates(tuple(phrasing.text for phrasing in phrasings)):
        findings.append(Finding("error", record, "near-duplicate", f"“{text}” ~ “{other}”"))
    return findings


def _said_otherwise(record: str, said: Sequence[str]) -> Iterator[Finding]:
    """Whether a record that is no item has enough phrasings, unlike one another."""
    if len(said) < ENOUGH_FOR_OTHERS:
        short = f"{len(said)} < {ENOUGH_FOR_OTHERS}"
        yield Finding("warning", record, "few-phrasings", short)
    for text, other in _near_duplicates(tuple(said)):
        yield Finding("error", record, "near-duplicate", f"“{text}” ~ “{other}”")


def _checklist(checklist: Checklist) -> Iterator[Finding]:
    """A figure in a checklist stands in a point with its basis."""
    for point in checklist.points:
        if _FIGURE.search(point.in_order) and not point.basis:
            message = f"point “{point.name}” has a figure without basis"
            yield Finding("error", checklist.checklist_id, "basis", message)
    if _FIGURE.search(checklist.intro):
        yield Finding("error", checklist.checklist_id, "basis", "figure in the intro")


_Said = Iterator[tuple[Literal["error", "warning"], str, str]]


def _days(item: ServiceItem) -> _Said:
    handling = item.handling
    promised, statutory = handling.promised, handling.statutory
    if handling.case_type == "即办件" and promised is not None and promised.days != 0:
        yield "error", "immediate-case", f"即办件 but promised {promised.days} days"
    if handling.case_type == "承诺件" and promised is not None and promised.days <= 0:
        yield "error", "promised-case", "承诺件 needs promised days > 0 (or none if not known)"
    if promised and statutory:
        if promised.unit != statutory.unit:
            yield "error", "day-units", f"{promised.unit} against {statutory.unit}"
        elif promised.days > statutory.days:
            yield "error", "promised-days", f"promised {promised.days} > {statutory.days}"
    for name, limit in (("promised", promised), ("statutory", statutory)):
        if limit and not limit.basis:
            yield "error", "basis", f"{name} {limit.days} {limit.unit} has no basis"


def _visits(item: ServiceItem) -> _Said:
    handling = item.handling
    if handling.visits.count > 0 and not handling.visits.reason:
        yield "error", "visit-reason", f"{handling.visits.count} visits without a reason"
    if handling.visits.count == 0 and handling.visits.reason:
        yield "error", "visit-reason", "a reason for no visit"
    if not (handling.visits.count or handling.online.available or handling.postal_delivery):
        yield "error", "no-way", "no visit and not online needs postal delivery"
    if handling.online.depth.startswith("全程网办") and handling.visits.count != 0:
        yield "error", "fully-online", "全程网办 but visits > 0"
    if handling.online.available and not handling.online.where:
        yield "error", "online-path", "online without the path in words"
    if handling.proxy.allowed and not handling.proxy.requirements:
        yield "error", "proxy", "proxy allowed but nothing said of what the proxy brings"
    if not handling.process_steps:
        yield "error", "steps", "no process steps"


def _money(item: ServiceItem) -> _Said:
    if item.fee.charged and not item.fee.fees:
        yield "error", "fee", "charged but no fee named"
    if item.fee.charged is False and item.fee.fees:
        yield "error", "fee", "not charged but fees named"
    for fee in item.fee.fees:
        if not fee.name.strip() or not fee.standard.strip():
            yield "error", "fee", f"fee “{fee.name}” of “{fee.standard}”: needs name and standard"
        if not fee.basis:
            yield "error", "basis", f"fee “{fee.name}” has no basis"
    for amount in item.amounts:
        if amount.standard and not amount.basis:
            yield "error", "basis", f"amount “{amount.name}” has no basis"


def _figures(item: ServiceItem) -> _Said:
    """A figure outside the typed fields must also stand in a field that carries its basis."""
    for condition in item.accept_conditions:
        if _FIGURE.search(condition.text) and not condition.basis:
            yield "error", "basis", f"condition “{condition.text}” has no basis"
    for deadline in item.deadlines:
        if re.search(r"\d", deadline.text) and not deadline.basis:
            yield "error", "basis", f"deadline “{deadline.text}” has no basis"
    if _FIGURE.search(item.result.validity) and not item.result.validity_basis:
        yield "error", "basis", f"validity “{item.result.validity}” has no basis"
    based = " ".join(_based_texts(item))
    for text in _free_texts(item):
        for number, unit in _FIGURE.findall(text):
            if not re.search(rf"(?<!\d){re.escape(number)}(?!\d)", based):
                yield "error", "basis", f"figure {number}{unit} in “{text}” has no based field"


def _based_texts(item: ServiceItem) -> Iterator[str]:
    limits = (item.handling.statutory, item.handling.promised)
    ruled: tuple[Condition | Deadline, ...] = (*item.accept_conditions, *item.deadlines)
    yield from (f"{limit.days} {limit.basis}" for limit in limits if limit and limit.basis)
    yield from (f"{a.name} {a.standard} {a.note} {a.basis}" for a in item.amounts if a.basis)
    yield from (f"{f.standard} {f.reduction} {f.basis}" for f in item.fee.fees if f.basis)
    yield from (f"{entry.text} {entry.basis}" for entry in ruled if entry.basis)
    yield from (f"{law.title} {law.article}" for law in item.legal_basis)
    yield item.name
    if item.result.validity_basis:
        yield item.result.validity


def _free_texts(item: ServiceItem) -> Iterator[str]:
    yield from (item.scope, item.voice.brief, item.fee.note, item.handling.visits.reason)
    yield from item.exclusions
    yield from (entry.answer for entry in item.faq)
    yield from (step.text for step in item.handling.process_steps)
    yield from (amount.note for amount in item.amounts if not amount.basis)
    yield from (confusion.tell_apart for confusion in item.not_this)
    yield from (f"{material.name} {material.note}" for material in item.materials)
    yield from item.handling.proxy.requirements
    yield from (item.handling.online.where, item.handling.proxy.note)


def _result(item: ServiceItem) -> _Said:
    if not item.result.name:
        yield "error", "result", "no result"
    if item.result.name.endswith("证") and item.result.kind != "证照":
        yield "error", "result-kind", f"{item.result.name} ends in 证 but is {item.result.kind}"
    if item.consult_phone and item.consult_phone == (item.supervise_phone or "12345"):
        yield "error", "phones", "consult and supervise phone are the same"


def _materials(item: ServiceItem) -> _Said:
    for material in item.materials:
        if material.necessity == "必要" and not material.source:
            yield "warning", "material-source", f"“{material.name}” without a source"
        if material.kind != "复印件" and material.form == "纸质" and material.original_count < 1:
            yield "error", "material-count", f"“{material.name}” counts no original"
        if material.kind != "原件" and material.copy_count < 1:
            yield "error", "material-count", f"“{material.name}” counts no copy"


def _situations(item: ServiceItem) -> _Said:
    if len(item.situations) > MOST_SITUATIONS:
        yield "error", "situations", f"{len(item.situations)} > {MOST_SITUATIONS}"
    options = [option.id for situation in item.situations for option in situation.options]
    if len(options) != len(set(options)):
        yield "error", "situations", "option ids must be unique within the item"
    used = {
        *(option for material in item.materials for option in material.situation_ids),
        *(option for condition in item.accept_conditions for option in condition.situation_ids),
        *(option for amount in item.amounts for option in amount.situation_ids),
    }
    for unknown in sorted(used - set(options)):
        yield "error", "situations", f"unknown option “{unknown}”"
    for situation in item.situations:
        count = len(situation.options)
        if count < FEWEST_OPTIONS:
            message = f"“{situation.question}” has {count} options, needs {FEWEST_OPTIONS}"
            yield "error", "situations", message
        if not used & {option.id for option in situation.options}:
            yield "warning", "situation-unused", f"“{situation.question}” selects nothing"


def _texts(item: ServiceItem) -> _Said:
    if len(item.voice.brief) > BRIEF_CHARACTERS:
        yield "error", "voice-brief", f"{len(item.voice.brief)} > {BRIEF_CHARACTERS} characters"
    for name, rows, least in (
        ("aliases", item.aliases, 5),
        ("needs", item.needs, 8),
        ("faq", item.faq, 4),
        ("conditions", item.accept_conditions, 1),
        ("legal_basis", item.legal_basis, 1),
    ):
        if len(rows) < least:
            yield "warning", "too-few", f"{name}: {len(rows)} < {least}"
    for text in (*_free_texts(item), *_based_texts(item)):
        if _ADDRESS.search(text):
            yield "error", "web-address", f"web address in “{text}”"
        if _PHONE.search(text):
            yield "error", "phone-number", f"invented phone number in “{text}”"
    for phone in (item.consult_phone, item.supervise_phone):
        if phone and phone not in KNOWN_NUMBERS:
            yield "warning", "phone-number", f"{phone} is no national number; is it the office's?"


def _catalogue(item: ServiceItem, knowledge: KnowledgeFiles) -> Iterator[Finding]:
    row = knowledge.catalogue.get(item.item_id)
    if row is None:
        yield Finding("error", item.item_id, "catalogue", "id is not in the catalogue")
        return
    for name, mine, theirs in (
        ("name", item.name, row.name),
        ("category", item.category, row.category),
        ("audience", set(item.audience), set(row.audience)),
    ):
        if mine != theirs:
            yield Finding("error", item.item_id, "catalogue", f"{name}: {mine} is not {theirs}")


def _references(knowledge: KnowledgeFiles) -> Iterator[Finding]:
    known = set(knowledge.catalogue) | {subject.subject_id for subject in knowledge.subjects}
    places = {place.place_id for place in knowledge.places} | {"hall", "community"}
    for item in knowledge.items.values():
        targets = [confusion.item for confusion in item.not_this]
        yield from _unknown(item.item_id, targets, known)
        yield from _unknown(item.item_id, item.places, places)
    for event in knowledge.events:
        yield from _unknown(event.event_id, [entry.item for entry in event.items], known)
    for kind in knowledge.report_kinds:
        yield from _unknown(kind.kind_id, [kind.linked_item] if kind.linked_item else [], known)
    for checklist in knowledge.checklists:
        yield from _unknown(checklist.checklist_id, checklist.items, known)
    for topic in knowledge.topics:
        yield from _unknown(topic.topic_id, topic.items, known)
    for text, candidates in knowledge.ambiguous.items():
        yield from _unknown(text, candidates, known)


def _unknown(record: str, targets: Iterable[str], known: set[str]) -> Iterator[Finding]:
    for target in targets:
        if target not in known:
            yield Finding("error", record, "reference", f"“{target}” does not exist")


def _shared_phrasings(knowledge: KnowledgeFiles) -> Iterator[Finding]:
    """The same words at two records: one of them is a mistake, or it belongs in ambiguous.yml."""
    owners: dict[str, str] = {}
    for owner, text in _all_phrasings(knowledge):
        key = _key(text)
        first = owners.setdefault(key, owner)
        if first != owner:
            yield Finding("error", owner, "shared-phrasing", f"“{text}” is also at {first}")


def _shared_aliases(knowledge: KnowledgeFiles) -> Iterator[Finding]:
    """The same name at two records: the matcher can only ask which is meant."""
    owners: dict[str, str] = {}
    for owner, text in _all_names(knowledge):
        first = owners.setdefault(_key(text), owner)
        if first != owner:
            yield Finding("warning", owner, "shared-alias", f"“{text}” is also a name of {first}")


def _all_names(knowledge: KnowledgeFiles) -> Iterator[tuple[str, str]]:
    for item in knowledge.items.values():
        names = dict.fromkeys((item.name, item.short_name, *item.aliases))
        yield from ((item.item_id, name) for name in names if name)
    named: list[tuple[str, Event | Subject | Checklist | Topic]] = [
        *((subject.subject_id, subject) for subject in knowledge.subjects),
        *((event.event_id, event) for event in knowledge.events),
        *((checklist.checklist_id, checklist) for checklist in knowledge.checklists),
        *((topic.topic_id, topic) for topic in knowledge.topics),
    ]
    for record_id, record in named:
        names = dict.fromkeys((record.name, *record.aliases))
        yield from ((record_id, name) for name in names if name)


def _all_phrasings(knowledge: KnowledgeFiles) -> Iterator[tuple[str, str]]:
    for item_id, phrasings in knowledge.phrasings.items():
        yield from ((item_id, phrasing.text) for phrasing in phrasings)
    # A report may be worded like the service item that it is linked to.
    linked = {kind.kind_id: kind.linked_item for kind in knowledge.report_kinds}
    for record, said in _others(knowledge):
        yield from ((linked.get(record) or record, text) for text in said)
    yield from (("ambiguous", text) for text in knowledge.ambiguous)


def _others(knowledge: KnowledgeFiles) -> Iterator[tuple[str, list[str]]]:
    """(id, phrasings) of every record that is no service item."""
    yield from ((subject.subject_id, subject.phrasings) for subject in knowledge.subjects)
    yield from ((event.event_id, event.phrasings) for event in knowledge.events)
    yield from ((emergency.kind, emergency.phrasings) for emergency in knowledge.emergencies)
    yield from ((kind.kind_id, kind.phrasings) for kind in knowledge.report_kinds)
    yield from ((check.checklist_id, check.phrasings) for check in knowledge.checklists)
    yield from ((topic.topic_id, topic.phrasings) for topic in knowledge.topics)


def _key(text: str) -> str:
    return re.sub(r"\W+", "", text).lower()


@lru_cache(maxsize=10_000)
def _near_duplicates(texts: tuple[str, ...]) -> list[tuple[str, str]]:
    """Pairs of texts that are nearly the same; kept, since a publication lints every item.

    Two texts can only be as near if the rarest trigrams of both share one (prefix filtering:
    Chaudhuri, Ganti, Kaushik 2006); only those are compared.
    """
    grams = [_trigrams(text) for text in texts]
    counts = Counter(gram for each in grams for gram in each)
    holders: dict[str, list[int]] = {}
    pairs: list[tuple[int, int]] = []
    for index, mine in enumerate(grams):
        rarest = sorted(mine, key=lambda gram: (counts[gram], gram))[: _telling(len(mine))]
        earlier = {other for gram in rarest for other in holders.get(gram, ())}
        pairs += [(o, index) for o in earlier if _jaccard(grams[o], mine) >= NEAR_DUPLICATE]
        for gram in rarest:
            holders.setdefault(gram, []).append(index)
    return [(texts[one], texts[other]) for one, other in sorted(pairs)]


def _telling(size: int) -> int:
    """How many of a text's rarest trigrams must be looked at so that no near one is missed."""
    return size - ceil(NEAR_DUPLICATE * size - 1e-9) + 1


def _trigrams(text: str) -> frozenset[str]:
    key = _key(text)
    return frozenset(key[i : i + 3] for i in range(max(1, len(key) - 2)))


def _jaccard(mine: frozenset[str], theirs: frozenset[str]) -> float:
    return len(mine & theirs) / len(mine | theirs)


def main() -> int:
    """Print every finding; exit 1 when there is an error."""
    parser = argparse.ArgumentParser(prog="python -m knowledge.lint", description=__doc__)
    parser.add_argument("records", nargs="*", help="ids of records; all of them if none is given")
    parser.add_argument("--data", type=Path, default=DATA_DIR, help="folder of the data files")
    given = parser.parse_args()
    try:
        findings = lint_knowledge(load_knowledge(given.data), datetime.now().astimezone().date())
    except RecordError as error:
        print(f"error   {error}")
        return 1
    shown = [f for f in findings if not given.records or f.record in given.records]
    for finding in sorted(shown, key=lambda f: (f.level, f.record)):
        print(finding)
    errors = sum(finding.level == "error" for finding in shown)
    print(f"{errors} errors, {len(shown) - errors} warnings")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
