"""Records become the documents that a question is compared with."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import get_args

import msgspec
import pytest

from knowledge.documents import (
    checklist_document,
    documents_of,
    event_document,
    item_document,
    nothing_document,
    report_document,
    subject_document,
    topic_document,
)
from knowledge.files import KnowledgeFiles
from knowledge.record import (
    Checklist,
    CheckPoint,
    Competent,
    Event,
    LegalBasis,
    Phrasing,
    ReportKind,
    Subject,
    Topic,
)
from knowledge.search.passages import NOTHING, Document, Field, Kind
from tests.people import tiny

CHECKLIST = Checklist(
    checklist_id="C99",
    name="奶茶店检查",
    aliases=["奶茶店查什么"],
    site="奶茶店",
    intro="几个部门一次查完",
    points=[CheckPoint(name="灭火器", in_order="在有效期里", basis="《消防法》")],
    papers=["营业执照"],
    items=["SC01"],
    legal_basis=[LegalBasis(title="《消防法》")],
    phrasings=["开奶茶店检查看哪些", "奶茶店查什么"],
)
TOPIC = Topic(
    topic_id="T99",
    name="几点上班",
    aliases=["上班时间"],
    answer="周一到周五都在",
    adds="hours",
    phrasings=["你们啥时候有人", "你们啥时候有人"],
)


def by_field(document: Document) -> dict[Field, list[str]]:
    """A document's texts by their field."""
    return {field: [t for f, t in document.texts if f == field] for field, _ in document.texts}


def test_a_checklist_is_asked_for_by_its_names_and_phrasings() -> None:
    document = checklist_document(CHECKLIST)
    assert (document.owner, document.kind, document.name) == ("C99", "checklist", "奶茶店检查")
    assert by_field(document) == {
        "name": ["奶茶店检查"],
        "alias": ["奶茶店查什么"],
        "phrasing": ["开奶茶店检查看哪些", "奶茶店查什么"],
    }


def test_a_topic_is_asked_for_by_its_names_and_phrasings() -> None:
    document = topic_document(TOPIC)
    assert (document.owner, document.kind, document.name) == ("T99", "topic", "几点上班")
    assert by_field(document) == {
        "name": ["几点上班"],
        "alias": ["上班时间"],
        "phrasing": ["你们啥时候有人"],
    }


def test_what_is_answered_is_not_how_it_is_asked_for() -> None:
    said = str([checklist_document(CHECKLIST).texts, topic_document(TOPIC).texts])
    for answer in ("灭火器", "在有效期里", "营业执照", "几个部门", "《消防法》", "周一到周五"):
        assert answer not in said


def test_events_subjects_and_reports_become_documents_of_their_kind() -> None:
    event = Event(event_id="E1", name="搬家", intro="", items=[], phrasings=["我要搬家"])
    subject = Subject(
        subject_id="S1",
        name="护照",
        aliases=["出国本子"],
        competent=Competent(body="出入境"),
        answer="去出入境",
        phrasings=["护照在哪办"],
    )
    kind = ReportKind(
        kind_id="J1",
        name="乱停车",
        responsible_role="城管",
        due_working_days=3,
        linked_item="CG01",
        answer="记下了",
        phrasings=["门口停满了车"],
    )
    made = [event_document(event), subject_document(subject), report_document(kind)]
    assert [(d.owner, d.kind, d.twin) for d in made] == [
        ("E1", "event", ""),
        ("S1", "subject", ""),
        ("J1", "report", "CG01"),
    ]
    assert [len(d.texts) for d in made] == [2, 3, 2]


def test_laws_and_materials_are_not_how_people_ask_for_a_guide(shipped: KnowledgeFiles) -> None:
    item = msgspec.structs.replace(
        shipped.items["SB13"], legal_basis=[LegalBasis(title="《某某条例》")]
    )
    document = item_document(item, [Phrasing(text="卡没了"), Phrasing(text="卡没了", style="asr")])
    texts = by_field(document)
    assert texts["phrasing"] == ["卡没了"]
    assert set(texts) == {"name", "alias", "need", "question", "phrasing"}
    assert "《某某条例》" not in str(document.texts)


def test_nobodys_words_stand_in_one_document_each_once() -> None:
    document = nothing_document(["今天天气", "讲个笑话", "今天天气"])
    assert (document.owner, document.kind) == (NOTHING, "nothing")
    assert [text for _, text in document.texts] == ["今天天气", "讲个笑话"]


def test_every_shipped_record_is_one_document(shipped: KnowledgeFiles) -> None:
    documents = documents_of(shipped)
    assert Counter(document.kind for document in documents) == {
        "item": len(shipped.items),
        "event": len(shipped.events),
        "subject": len(shipped.subjects),
        "report": len(shipped.report_kinds),
        "checklist": len(shipped.checklists),
        "topic": len(shipped.topics),
        "nothing": 1,
    }
    assert set(shipped.items) == set(shipped.catalogue)
    owners = [document.owner for document in documents]
    assert len(owners) == len(set(owners))


def test_documents_stand_in_a_fixed_order(shipped: KnowledgeFiles) -> None:
    files = tiny(shipped, "GG08", "SB13")
    turned = replace(files, items=dict(reversed(files.items.items())))
    assert documents_of(files) == documents_of(turned)
    kinds = list(dict.fromkeys(d.kind for d in documents_of(files) if d.kind != "outline"))
    assert kinds == ["item", "event", "subject", "report", "checklist", "topic", "nothing"]
    assert set(kinds) < set(get_args(Kind))


def test_an_item_without_a_guide_is_known_by_its_name_alone(shipped: KnowledgeFiles) -> None:
    documents = {d.owner: d for d in documents_of(tiny(shipped, "SB13"))}
    outline = documents["GG08"]
    assert outline.kind == "outline"
    assert outline.texts == (("name", shipped.catalogue["GG08"].name),)
    assert documents["SB13"].kind == "item"


@pytest.mark.parametrize("missing", ["phrasings", "checklists", "topics", "out_of_scope"])
def test_what_is_missing_makes_no_documents(shipped: KnowledgeFiles, missing: str) -> None:
    files = tiny(shipped, "SB13")
    empty = {} if missing == "phrasings" else []
    fewer = documents_of(replace(files, **{missing: empty}))  # type: ignore[arg-type]
    assert len(fewer) == len(documents_of(files)) - (
        len(getattr(files, missing)) if missing in ("checklists", "topics") else 0
    )
