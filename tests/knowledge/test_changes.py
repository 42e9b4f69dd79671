"""Single records laid over a knowledge: what is published is what is stored afterwards."""

from __future__ import annotations

from typing import Any

import pytest

from knowledge import services
from knowledge.changes import Change, change_of, overlaid
from knowledge.documents import documents_of
from knowledge.files import KnowledgeFiles
from knowledge.models import Entry, ServiceItem
from knowledge.publishing import records_of
from knowledge.record import RecordError, plain
from knowledge.selectors import stored_knowledge, stored_record
from tests.people import altered, tiny


@pytest.fixture
def release(shipped: KnowledgeFiles) -> KnowledgeFiles:
    files = tiny(shipped, "SB13", "GG08")
    services.knowledge_load(files)
    return files


def content_of(record: Any, **more: Any) -> dict[str, Any]:
    return {**plain(record), **more}


def same_after_storing(*changes: Change) -> None:
    """What the overlay makes of it is what the database then holds."""
    expected = overlaid(stored_knowledge(), changes)
    services.changes_store(changes)
    stored = stored_knowledge()
    assert records_of(stored) == records_of(expected)
    assert documents_of(stored) == documents_of(expected)


@pytest.mark.django_db
def test_an_edited_item(release: KnowledgeFiles) -> None:
    item = altered(release.items["SB13"], short_name="换社保卡")
    same_after_storing(Change("item", "SB13", plain(item)))
    row = ServiceItem.objects.get(pk="SB13")
    assert (row.short_name, row.edited) == ("换社保卡", True)


@pytest.mark.django_db
def test_phrasings_come_with_the_item_or_stay(release: KnowledgeFiles) -> None:
    content = plain(release.items["SB13"])
    same_after_storing(Change("item", "SB13", content))
    assert len(stored_knowledge().phrasings["SB13"]) == len(release.phrasings["SB13"])
    same_after_storing(Change("item", "SB13", content, [{"text": "卡坏了"}]))
    assert [p.text for p in stored_knowledge().phrasings["SB13"]] == ["卡坏了"]


@pytest.mark.django_db
def test_an_item_out_of_service_leaves_its_name_and_a_release_does_not_bring_it_back(
    release: KnowledgeFiles,
) -> None:
    same_after_storing(Change("item", "SB13", None))
    services.knowledge_load(release)
    assert "SB13" not in stored_knowledge().items
    record = stored_record("item", "SB13")
    assert record is not None
    assert not record.is_active


@pytest.mark.django_db
def test_an_item_that_the_catalogue_does_not_know_is_indexed(release: KnowledgeFiles) -> None:
    new = altered(release.items["SB13"], item_id="SB99", name="社保卡寄到家", aliases=[])
    same_after_storing(Change("item", "SB99", plain(new), [{"text": "社保卡能不能寄"}]))
    stored = stored_knowledge()
    assert "SB99" in {document.owner for document in documents_of(stored)}
    services.changes_store([Change("item", "SB99", None)])
    assert "SB99" not in stored_knowledge().catalogue
    assert "SB99" not in overlaid(stored, [Change("item", "SB99", None)]).catalogue


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["event", "subject", "emergency", "report", "topic", "place"])
def test_an_entry_changed_added_and_taken_out(release: KnowledgeFiles, kind: str) -> None:
    row = Entry.objects.filter(kind=kind).first()
    assert row is not None
    same_after_storing(Change(kind, row.entry_id, {**row.content, "name": "换个名字"}))
    key = next(name for name, value in row.content.items() if value == row.entry_id)
    same_after_storing(Change(kind, "new", {**row.content, key: "new", "name": "新的"}))
    same_after_storing(Change(kind, row.entry_id, None))
    services.knowledge_load(release)
    assert not Entry.objects.get(kind=kind, entry_id=row.entry_id).is_active


@pytest.mark.django_db
def test_short_words_and_what_nobody_answers(release: KnowledgeFiles) -> None:
    same_after_storing(Change("ambiguous", "卡", {"id": "卡", "candidates": ["SB13", "GG08"]}))
    same_after_storing(Change("ambiguous", "卡丢了", None))
    only = {"id": "out_of_scope", "texts": ["今天吃什么"]}
    same_after_storing(Change("out_of_scope", "out_of_scope", only))
    assert stored_knowledge().out_of_scope == ["今天吃什么"]


def test_what_is_no_record_is_refused(shipped: KnowledgeFiles) -> None:
    files = tiny(shipped, "SB13")
    content = plain(files.items["SB13"])
    with pytest.raises(RecordError, match="SB13"):
        overlaid(files, [Change("item", "SB13", {**content, "category": "别的"})])
    with pytest.raises(RecordError, match="item_id"):
        overlaid(files, [Change("item", "SB14", content)])
    with pytest.raises(RecordError, match="no_kind"):
        change_of({"kind": "no_kind", "id": "1"})
