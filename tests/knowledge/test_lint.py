"""Every rule of lint fires on a record that breaks it, and on no other."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import date
from itertools import combinations
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge import lint
from knowledge.files import DATA_DIR, KnowledgeFiles
from knowledge.lint import lint_item, lint_knowledge, lint_phrasings
from knowledge.record import (
    Amount,
    Checklist,
    CheckPoint,
    Condition,
    Confusion,
    Days,
    Deadline,
    Event,
    EventItem,
    Faq,
    Fee,
    LegalBasis,
    Material,
    Option,
    Phrasing,
    Situation,
    Step,
    Subject,
    Topic,
)
from tests.people import altered, small

TODAY = date(2026, 11, 23)
FEE = Fee(name="工本费", standard="每张20元", basis="苏价费〔2018〕1号")
AMOUNT = Amount(name="补贴", standard="每月100元", basis="宁民〔2025〕1号")


def material(**changes: Any) -> Material:
    """One sheet to bring."""
    return Material(**{"name": "承诺书", "source": "窗口领", "original_count": 1, **changes})


def question(option: str, text: str = "您是本人来吗？") -> Situation:
    """A question with two answers."""
    options = [Option(id=option, label="是"), Option(id=f"not-{option}", label="不是")]
    return Situation(id=f"q-{option}", question=text, options=options)


def question_with(*options: str) -> Situation:
    """A question with these answers."""
    return Situation(
        id="q", question="卡怎么了？", options=[Option(id=option, label="是") for option in options]
    )


def checklist(*points: CheckPoint, **changes: Any) -> Checklist:
    """A checklist for milk tea."""
    return Checklist(
        **{
            "checklist_id": "C99",
            "name": "奶茶店检查",
            "site": "奶茶店",
            "intro": "几个部门一次查完",
            "points": list(points),
            "legal_basis": [LegalBasis(title="《消防法》")],
            "phrasings": ENOUGH_SAID,
            **changes,
        }
    )


def topic(**changes: Any) -> Topic:
    """A question about the service itself."""
    told = {"topic_id": "T99", "name": "您是真人吗", "answer": "不是", "phrasings": ENOUGH_SAID}
    return Topic(**{**told, **changes})


# Five ways to say something, none like another, and five more.
OTHERWISE = ["甲乙丙丁戊", "己庚辛壬癸", "子丑寅卯辰", "巳午未申酉", "戌亥天地人"]
ENOUGH_SAID = ["头一种讲法", "换个说头再来", "第三回这样问", "要么如此开口", "最末一句不同"]

ERRORS: list[tuple[str, dict[str, Any]]] = [
    ("immediate-case", {"handling__promised": Days(days=3, basis="规定")}),
    ("promised-case", {"handling__case_type": "承诺件"}),
    (
        "day-units",
        {"handling__statutory": Days(days=9, unit="自然日", basis="规定")},
    ),
    (
        "promised-days",
        {
            "handling__case_type": "承诺件",
            "handling__promised": Days(days=9, basis="规定"),
            "handling__statutory": Days(days=5, basis="规定"),
        },
    ),
    ("basis", {"handling__promised": Days(days=0)}),
    ("basis", {"handling__statutory": Days(days=5)}),
    ("visit-reason", {"handling__visits__reason": ""}),
    ("visit-reason", {"handling__visits__count": 0}),
    (
        "no-way",
        {
            "handling__visits__count": 0,
            "handling__visits__reason": "",
            "handling__online__available": False,
            "handling__postal_delivery": False,
        },
    ),
    ("fully-online", {"handling__online__depth": "全程网办"}),
    ("online-path", {"handling__online__where": ""}),
    ("proxy", {"handling__proxy__requirements": []}),
    ("steps", {"handling__process_steps": []}),
    ("fee", {"fee__charged": True}),
    ("fee", {"fee__charged": False, "fee__fees": [FEE]}),
    ("basis", {"fee__fees": [Fee(name="工本费", standard="20元")]}),
    ("basis", {"amounts": [Amount(name="补贴", standard="100元")]}),
    ("basis", {"accept_conditions": [Condition(text="年满60周岁")]}),
    ("basis", {"deadlines": [Deadline(text="每年3月前")]}),
    ("basis", {"result__validity": "20年内"}),
    ("basis", {"scope": "满70岁的老人都能办"}),
    ("basis", {"exclusions": ["月收入超过3000元的不行"]}),
    ("basis", {"voice__brief": "补卡要20元"}),
    ("basis", {"faq": [Faq(question="多久？", answer="大概15个工作日")]}),
    ("basis", {"handling__process_steps": [Step(name="受理", text="5个工作日后来领")]}),
    ("basis", {"amounts": [Amount(name="补贴", note="大约100元")]}),
    ("basis", {"not_this": [Confusion(item="SB11", tell_apart="满16岁的办申领")]}),
    ("basis", {"materials": [material(note="房子超过90平方米才要")]}),
    ("basis", {"handling__proxy__note": "代办另收20元"}),
    ("result", {"result__name": ""}),
    ("result-kind", {"result__name": "老年人优待证", "result__kind": "服务"}),
    ("phones", {"consult_phone": "12333", "supervise_phone": "12333"}),
    ("phones", {"consult_phone": "12345", "supervise_phone": ""}),
    ("material-count", {"materials": [material(original_count=0)]}),
    ("material-count", {"materials": [material(kind="复印件", copy_count=0)]}),
    ("material-count", {"materials": [material(kind="原件和复印件", copy_count=0)]}),
    ("situations", {"situations": [question("lost"), question("broken"), question("agent")]}),
    ("situations", {"situations": [question("lost"), question("lost")]}),
    ("situations", {"situations": []}),
    ("voice-brief", {"voice__brief": "社" * 61}),
    ("web-address", {"handling__online__where": "打开 https://example.invalid 办"}),
    ("web-address", {"scope": "到 rs.jiangsu.gov.cn 上办"}),
    ("phone-number", {"scope": "先打025-58880000问"}),
    ("phone-number", {"faq": [Faq(question="找谁？", answer="找小李，13800138000")]}),
    ("expired", {"effective_until": date(2026, 11, 22)}),
]
WARNINGS: list[tuple[str, dict[str, Any]]] = [
    ("material-source", {"materials": [material(source="")]}),
    ("situation-unused", {"situations": [question("lost"), question("unused")]}),
    ("too-few", {"aliases": ["补社保卡"]}),
    ("too-few", {"needs": []}),
    ("too-few", {"faq": []}),
    ("too-few", {"accept_conditions": []}),
    ("too-few", {"legal_basis": []}),
    ("phone-number", {"consult_phone": "58880000"}),
    ("review-due", {"next_review_on": date(2026, 11, 22)}),
]


def rules(findings: list[lint.Finding], level: str) -> set[str]:
    """The names of the rules that fired at a level."""
    return {finding.rule for finding in findings if finding.level == level}


def test_what_ships_has_nothing_to_complain_of(shipped: KnowledgeFiles) -> None:
    assert [str(f) for f in lint_knowledge(shipped, TODAY) if f.level == "error"] == []


def test_the_clean_record_breaks_no_rule(shipped: KnowledgeFiles) -> None:
    assert lint_item(shipped.items["SB13"], TODAY) == []


@pytest.mark.parametrize(("rule", "changes"), ERRORS)
def test_each_error_fires_on_a_record_that_breaks_its_rule(
    shipped: KnowledgeFiles, rule: str, changes: dict[str, Any]
) -> None:
    findings = lint_item(altered(shipped.items["SB13"], **changes), TODAY)
    assert rule in rules(findings, "error")
    assert {finding.record for finding in findings} == {"SB13"}


@pytest.mark.parametrize(("options", "is_enough"), [(0, False), (1, False), (2, True), (3, True)])
def test_a_question_has_at_least_two_answers(
    shipped: KnowledgeFiles, options: int, is_enough: bool
) -> None:
    asked = question_with(*(f"option-{number}" for number in range(options)))
    item = altered(shipped.items["SB13"], situations=[*shipped.items["SB13"].situations[:1], asked])
    short = f"“卡怎么了？” has {options} options, needs 2"
    assert (short in [finding.message for finding in lint_item(item, TODAY)]) is not is_enough


@pytest.mark.parametrize(("rule", "changes"), WARNINGS)
def test_each_warning_fires_on_a_record_that_breaks_its_rule(
    shipped: KnowledgeFiles, rule: str, changes: dict[str, Any]
) -> None:
    assert rule in rules(lint_item(altered(shipped.items["SB13"], **changes), TODAY), "warning")


@pytest.mark.parametrize(
    "changes",
    [
        {"fee__charged": True, "fee__fees": [FEE]},
        {"fee__charged": False},
        {"amounts": [AMOUNT]},
        # The same figure may be repeated in words once it stands in a field with its basis.
        {"amounts": [AMOUNT], "scope": "每月补100元"},
        {"accept_conditions": [Condition(text="年满60周岁", basis="《老年人权益保障法》")]},
        {"deadlines": [Deadline(text="每年3月前", basis="年度通知")]},
        {"handling__case_type": "承诺件", "handling__promised": Days(days=5, basis="承诺")},
        # Where the law sets no days none are demanded.
        {"handling__case_type": "承诺件", "handling__promised": None},
        {"effective_until": TODAY, "next_review_on": TODAY},
        {"consult_phone": "", "supervise_phone": "12345"},
        {"materials": [material(form="电子", original_count=0)]},
    ],
)
def test_a_record_that_keeps_the_rules_passes(
    shipped: KnowledgeFiles, changes: dict[str, Any]
) -> None:
    assert rules(lint_item(altered(shipped.items["SB13"], **changes), TODAY), "error") == set()


@pytest.mark.parametrize(
    "fee", [Fee(name="", standard="20元", basis="规定"), Fee(name="费", standard="", basis="规定")]
)
def test_a_fee_has_a_name_and_a_standard(shipped: KnowledgeFiles, fee: Fee) -> None:
    item = altered(shipped.items["SB13"], fee__charged=True, fee__fees=[fee])
    assert "fee" in rules(lint_item(item, TODAY), "error")


@pytest.mark.parametrize(
    ("rule", "changes"),
    [
        ("catalogue", {"item_id": "SB99"}),
        ("catalogue", {"name": "社保卡补领"}),
        ("catalogue", {"category": "民政"}),
        ("catalogue", {"audience": ["法人"]}),
        ("reference", {"not_this": [Confusion(item="XX1", tell_apart="没有这一件")]}),
        ("reference", {"places": ["moon"]}),
    ],
)
def test_a_guide_has_to_fit_what_stands_around_it(
    shipped: KnowledgeFiles, rule: str, changes: dict[str, Any]
) -> None:
    item = altered(shipped.items["SB13"], **changes)
    files = replace(shipped, items={item.item_id: item})
    assert rule in rules(lint_knowledge(files, TODAY), "error")


def test_events_reports_and_ambiguous_words_name_only_what_exists(shipped: KnowledgeFiles) -> None:
    event = Event(event_id="E1", name="搬家", intro="", items=[EventItem(item="XX1")], phrasings=[])
    kind = altered(shipped.report_kinds[0], linked_item="XX2")  # type: ignore[arg-type]
    files = replace(shipped, events=[event], report_kinds=[kind], ambiguous={"卡": ["SB13", "XX3"]})
    said = [f.message for f in lint_knowledge(files, TODAY) if f.rule == "reference"]
    assert [next(x for x in ("XX1", "XX2", "XX3") if x in message) for message in said] == [
        "XX1",
        "XX2",
        "XX3",
    ]


def test_the_same_words_at_two_records_are_an_error(shipped: KnowledgeFiles) -> None:
    taken = shipped.phrasings["SB13"][0].text
    subject = Subject(
        subject_id="S999",
        name="别处的事",
        competent=shipped.subjects[0].competent,
        answer="不归我们管",
        phrasings=[f"{taken}？！"],
    )
    files = replace(shipped, subjects=[*shipped.subjects, subject])
    found = [f for f in lint_knowledge(files, TODAY) if f.rule == "shared-phrasing"]
    assert [(f.level, f.record) for f in found] == [("error", "S999")]


def test_a_name_of_two_records_is_a_warning(shipped: KnowledgeFiles) -> None:
    taken = shipped.items["SB13"].aliases[0]
    other = altered(shipped.items["GG08"], aliases=["老年卡", f"{taken}！"])
    subject = msgspec.structs.replace(shipped.subjects[0], aliases=[taken])
    items = {"SB13": shipped.items["SB13"], "GG08": other}
    found = lint_knowledge(replace(shipped, items=items, subjects=[subject]), TODAY)
    shared = [(f.level, f.record) for f in found if f.rule == "shared-alias"]
    assert shared == [("warning", "GG08"), ("warning", subject.subject_id)]


def test_a_report_may_be_worded_like_the_item_it_is_linked_to(shipped: KnowledgeFiles) -> None:
    kind = next(k for k in shipped.report_kinds if k.linked_item in shipped.phrasings)
    words = shipped.phrasings[kind.linked_item][0].text
    files = replace(
        shipped,
        report_kinds=[altered(kind, phrasings=[words])],  # type: ignore[arg-type]
    )
    assert "shared-phrasing" not in rules(lint_knowledge(files, TODAY), "error")


def said_in_ways(count: int, life: int) -> list[Phrasing]:
    """Phrasings unlike one another, some of them situations of life."""
    texts = [
        f"{chr(0x4E00 + 7 * n)}{chr(0x5E00 + 11 * n)}{chr(0x6E00 + 13 * n)}" for n in range(count)
    ]
    return [Phrasing(text=t, style="life" if n < life else "plain") for n, t in enumerate(texts)]


@pytest.mark.parametrize(
    ("count", "life", "warned"),
    [
        (30, 10, set()),
        (29, 10, {"few-phrasings"}),
        (30, 9, {"few-life"}),
        (4, 0, {"few-phrasings", "few-life"}),
    ],
)
def test_few_phrasings_are_a_warning_and_so_is_little_life(
    count: int, life: int, warned: set[str]
) -> None:
    findings = lint_phrasings("SB13", said_in_ways(count, life))
    assert rules(findings, "warning") == warned
    assert rules(findings, "error") == set()


@pytest.mark.parametrize(
    ("one", "other", "is_near"),
    [
        ("社保卡丢了怎么补", "社保卡丢了怎么补", True),
        ("社保卡丢了怎么补", "社保卡丢了，怎么补？", True),
        ("我的社保卡不小心弄丢了怎么补办", "我的社保卡不小心弄丢了怎么补办呢", True),
        ("社保卡丢了怎么补", "医保卡坏了怎么换", False),
        ("补卡", "换卡", False),
    ],
)
def test_near_duplicates_are_an_error(one: str, other: str, is_near: bool) -> None:
    findings = lint_phrasings("SB13", [Phrasing(text=one), Phrasing(text=other)])
    assert ("near-duplicate" in rules(findings, "error")) is is_near


def only(files: KnowledgeFiles, **records: Any) -> KnowledgeFiles:
    """A guide, its catalogue, and beside it nothing but what is given."""
    bare = replace(
        small(files, "SB13"),
        events=[],
        emergencies=[],
        report_kinds=[],
        checklists=[],
        topics=[],
        ambiguous={},
        out_of_scope=[],
    )
    return replace(bare, **records)


def found(files: KnowledgeFiles, record: str) -> set[tuple[str, str]]:
    """The levels and rules that fired at one record."""
    return {(f.level, f.rule) for f in lint_knowledge(files, TODAY) if f.record == record}


def test_a_figure_in_a_checklist_needs_its_basis(shipped: KnowledgeFiles) -> None:
    bare = CheckPoint(name="灭火器", in_order="至少10平方米一具，罚款500元")
    based = CheckPoint(name="灭火器", in_order="罚款500元", basis="《消防法》第六十条")
    plain = CheckPoint(name="灭火器", in_order="2具以上，看得清、拿得到")
    for points, errors in (
        ((bare,), {("error", "basis")}),
        ((based,), set()),
        ((plain,), set()),
        ((based, bare), {("error", "basis")}),
    ):
        assert found(only(shipped, checklists=[checklist(*points)]), "C99") == errors, points


def test_the_intro_of_a_checklist_has_no_figure(shipped: KnowledgeFiles) -> None:
    files = only(shipped, checklists=[checklist(intro="一次查完，最多罚500元")])
    assert found(files, "C99") == {("error", "basis")}


@pytest.mark.parametrize("known", ["SB13", "S001"])
def test_checklists_and_topics_may_name_items_and_subjects(
    shipped: KnowledgeFiles, known: str
) -> None:
    naming = [checklist(items=[known])], [topic(items=[known], phrasings=OTHERWISE)]
    files = only(shipped, checklists=naming[0], topics=naming[1])
    assert found(files, "C99") == found(files, "T99") == set()


def test_checklists_and_topics_name_only_what_exists(shipped: KnowledgeFiles) -> None:
    files = only(
        shipped,
        checklists=[checklist(items=["SB13", "XX1"])],
        topics=[topic(items=["XX2"], phrasings=OTHERWISE)],
    )
    assert found(files, "C99") == found(files, "T99") == {("error", "reference")}


def test_an_ambiguous_word_that_names_nothing_is_an_error(shipped: KnowledgeFiles) -> None:
    files = only(shipped, ambiguous={"我的卡": ["SB13", "XX1"]})
    assert found(files, "我的卡") == {("error", "reference")}
    assert found(only(shipped, ambiguous={"我的卡": ["SB13", "GG08"]}), "我的卡") == set()


def test_words_that_mean_one_thing_are_not_ambiguous(shipped: KnowledgeFiles) -> None:
    taken = shipped.phrasings["SB13"][0].text
    files = only(shipped, ambiguous={taken: ["SB13", "GG08"]})
    assert found(files, "ambiguous") == {("error", "shared-phrasing")}


def others(shipped: KnowledgeFiles, phrasings: list[str]) -> dict[str, tuple[str, Any]]:
    """One record of every kind that is no item, with these phrasings: field by id."""
    event = Event(event_id="E99", name="搬新家呀", intro="", items=[], phrasings=phrasings)
    subject = msgspec.structs.replace(
        shipped.subjects[0], subject_id="S999", name="别处", aliases=[], phrasings=phrasings
    )
    danger = msgspec.structs.replace(shipped.emergencies[0], kind="odd", phrasings=phrasings)
    kind = msgspec.structs.replace(
        shipped.report_kinds[0], kind_id="J99", linked_item="", phrasings=phrasings
    )
    return {
        "E99": ("events", event),
        "S999": ("subjects", subject),
        "odd": ("emergencies", danger),
        "J99": ("report_kinds", kind),
        "C99": ("checklists", checklist(phrasings=phrasings)),
        "T99": ("topics", topic(phrasings=phrasings)),
    }


KINDS = ("E99", "S999", "odd", "J99", "C99", "T99")


@pytest.mark.parametrize("record", KINDS)
@pytest.mark.parametrize(
    ("phrasings", "rule"),
    [
        (ENOUGH_SAID, None),
        (ENOUGH_SAID[:4], ("warning", "few-phrasings")),
        ([], ("warning", "few-phrasings")),
        ([*ENOUGH_SAID, "头一种讲法！"], ("error", "near-duplicate")),
        ([*ENOUGH_SAID, *OTHERWISE], None),
    ],
)
def test_every_other_record_is_said_in_several_ways(
    shipped: KnowledgeFiles, record: str, phrasings: list[str], rule: tuple[str, str] | None
) -> None:
    name, made = others(shipped, phrasings)[record]
    assert found(only(shipped, **{name: [made]}), record) == ({rule} if rule else set())


@pytest.mark.parametrize("record", KINDS)
def test_no_other_record_is_said_like_an_item(shipped: KnowledgeFiles, record: str) -> None:
    taken = shipped.phrasings["SB13"][0].text
    name, made = others(shipped, [f"{taken}？", *ENOUGH_SAID])[record]
    assert found(only(shipped, **{name: [made]}), record) == {("error", "shared-phrasing")}


@pytest.mark.parametrize(
    ("name", "made"),
    [
        ("checklists", checklist(aliases=["补办社保卡！"])),
        ("topics", topic(name="补办社保卡")),
        (
            "events",
            Event(event_id="E99", name="补办社保卡", intro="", items=[], phrasings=ENOUGH_SAID),
        ),
    ],
)
def test_a_name_of_an_item_and_of_anything_else_is_a_warning(
    shipped: KnowledgeFiles, name: str, made: Any
) -> None:
    files = only(shipped, **{name: [made]})
    files.items["SB13"] = altered(files.items["SB13"], aliases=["补办社保卡"])
    shared = [f for f in lint_knowledge(files, TODAY) if f.rule == "shared-alias"]
    assert [(f.level, f.record) for f in shared] == [("warning", _id(made))]


def _id(record: Any) -> str:
    """The id of a record of any kind: its first field."""
    return str(getattr(record, record.__struct_fields__[0]))


@given(st.lists(st.text(max_size=20), max_size=8))
def test_any_words_can_be_checked(texts: list[str]) -> None:
    lint_phrasings("SB13", [Phrasing(text=text) for text in texts])


def test_the_command_prints_every_finding_and_fails_on_errors(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for folder in ("items", "phrasings"):
        (tmp_path / folder).mkdir()
        shutil.copy(DATA_DIR / folder / "SB13.yml", tmp_path / folder)
    shutil.copy(DATA_DIR / "catalogue.csv", tmp_path)
    monkeypatch.setattr("sys.argv", ["lint", "--data", str(tmp_path)])
    assert lint.main() == 0
    path = tmp_path / "items" / "SB13.yml"
    broken = path.read_text(encoding="utf-8").replace(
        "count: 1, reason: 要核对", "count: 0, reason: 要核对"
    )
    path.write_text(broken, encoding="utf-8")
    assert lint.main() == 1
    assert "visit-reason" in capsys.readouterr().out
    path.write_text("name: 半张", encoding="utf-8")
    assert lint.main() == 1
    assert "SB13.yml" in capsys.readouterr().out


def test_near_duplicates_are_those_that_comparing_all_with_all_would_find(
    shipped: KnowledgeFiles,
) -> None:
    said = [phrasing.text for phrasing in shipped.phrasings["SB13"]]
    texts = (
        *said,
        *(f"{text}吗" for text in said[::2]),
        *(text[1:] for text in said[::3]),
        "",
        "？",
    )
    grams = [lint._trigrams(text) for text in texts]
    near = [
        (texts[one], texts[other])
        for one, other in combinations(range(len(texts)), 2)
        if lint._jaccard(grams[one], grams[other]) >= lint.NEAR_DUPLICATE
    ]
    assert len(near) > 50
    assert lint._near_duplicates(texts) == near
