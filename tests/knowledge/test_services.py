"""What is done to the stored knowledge: loading a release, giving names, asking for publication."""

from __future__ import annotations

from dataclasses import replace

import pytest

from knowledge import services
from knowledge.files import KnowledgeFiles
from knowledge.models import Alias, Entry, Publication, QuestionSet, ServiceItem
from knowledge.record import RecordError
from knowledge.selectors import stored_knowledge
from tests.people import altered, tiny

pytestmark = pytest.mark.django_db


@pytest.fixture
def release(shipped: KnowledgeFiles) -> KnowledgeFiles:
    """A release with three guides, loaded."""
    files = tiny(shipped, "SB13", "GG08", "MZ10")
    services.knowledge_load(files)
    return files


def test_a_loaded_release_is_stored_as_it_ships(shipped: KnowledgeFiles) -> None:
    services.knowledge_load(shipped)
    # What is for training alone stays in the files, and the gate's questions are a set of theirs.
    rest = replace(shipped, calm=[], facet_questions={}, others=[], gate_questions=[])
    assert stored_knowledge() == rest


def test_loading_the_same_release_again_changes_nothing(release: KnowledgeFiles) -> None:
    assert services.knowledge_load(release) == 0


def test_a_new_release_brings_its_changes(release: KnowledgeFiles) -> None:
    better = altered(release.items["SB13"], scope="社保卡丢了坏了都办这一件")
    changed = services.knowledge_load(replace(release, items={**release.items, "SB13": better}))
    assert changed == 1
    assert stored_knowledge().items["SB13"].scope == "社保卡丢了坏了都办这一件"


def test_a_new_release_brings_new_phrasings(release: KnowledgeFiles) -> None:
    phrasings = {**release.phrasings, "SB13": release.phrasings["SB13"][:5]}
    assert services.knowledge_load(replace(release, phrasings=phrasings)) == 1
    assert stored_knowledge().phrasings["SB13"] == release.phrasings["SB13"][:5]


def test_what_the_office_edited_is_left_alone_by_a_release(release: KnowledgeFiles) -> None:
    services.alias_add("SB13", "看病的卡补办")
    better = altered(release.items["SB13"], scope="新版的说法")
    files = replace(release, items={**release.items, "SB13": better})
    assert services.knowledge_load(files) == 0
    stored = stored_knowledge().items["SB13"]
    assert stored.scope == release.items["SB13"].scope
    assert stored.aliases[-1] == "看病的卡补办"


def test_an_entry_that_the_office_edited_is_left_alone(release: KnowledgeFiles) -> None:
    hall = Entry.objects.get(kind="place", entry_id="hall")
    hall.content["phone"] = "12345"
    hall.edited = True
    hall.save()
    renamed = [altered(place, name="新名字") for place in release.places]  # type: ignore[arg-type]
    services.knowledge_load(replace(release, places=renamed))  # type: ignore[arg-type]
    stored = {place.place_id: place for place in stored_knowledge().places}
    assert stored["hall"].phone == "12345"
    assert stored["hall"].name != "新名字"
    assert stored["linjiang"].name == "新名字"


def test_a_release_that_reorders_its_entries_is_stored_in_the_new_order(
    release: KnowledgeFiles,
) -> None:
    turned = replace(release, emergencies=release.emergencies[::-1])
    services.knowledge_load(turned)
    assert stored_knowledge().emergencies == turned.emergencies


def test_what_a_release_no_longer_ships_is_gone(release: KnowledgeFiles) -> None:
    without = {text: ids for text, ids in release.ambiguous.items() if text != "卡丢了"}
    items = {"SB13": release.items["SB13"], "GG08": release.items["GG08"]}
    assert services.knowledge_load(replace(release, ambiguous=without, items=items)) == 2
    assert "卡丢了" not in stored_knowledge().ambiguous
    assert set(stored_knowledge().items) == {"SB13", "GG08"}


def test_what_the_office_edited_or_made_outlives_the_release(release: KnowledgeFiles) -> None:
    services.alias_add("MZ10", "当兵的证")
    services.item_store(altered(release.items["GG08"], item_id="XX01"), [])
    Entry.objects.filter(kind="ambiguous", entry_id="老年卡").update(edited=True)
    Entry.objects.create(
        kind="ambiguous", entry_id="本子", content={"id": "本子", "candidates": []}
    )
    bare = replace(release, items={"SB13": release.items["SB13"]}, ambiguous={})
    services.knowledge_load(bare)
    assert set(stored_knowledge().items) == {"SB13", "MZ10", "XX01"}
    assert set(stored_knowledge().ambiguous) == {"老年卡", "本子"}


def test_an_edited_entry_takes_its_new_place(release: KnowledgeFiles) -> None:
    first = release.emergencies[0]
    Entry.objects.filter(kind="emergency", entry_id=first.kind).update(edited=True)
    services.knowledge_load(replace(release, emergencies=release.emergencies[::-1]))
    assert stored_knowledge().emergencies[-1].kind == first.kind


def test_only_published_guides_are_answerable(release: KnowledgeFiles) -> None:
    ServiceItem.objects.filter(pk="MZ10").update(state="retired")
    assert set(stored_knowledge().items) == {"SB13", "GG08"}


def test_rows_that_do_not_fit_name_their_item(release: KnowledgeFiles) -> None:
    ServiceItem.objects.filter(pk="MZ10").update(category="杂项")
    with pytest.raises(RecordError, match="MZ10"):
        stored_knowledge()


def test_an_added_alias_stands_last_and_counts_as_an_edit(release: KnowledgeFiles) -> None:
    services.alias_add("SB13", "  看病的卡补办 ")
    item = ServiceItem.objects.get(pk="SB13")
    assert item.edited
    assert item.version == 2
    assert [alias.text for alias in item.aliases.all()] == [
        *release.items["SB13"].aliases,
        "看病的卡补办",
    ]


@pytest.mark.parametrize(
    ("item_id", "text", "complaint"),
    [
        ("SB13", "", "2 to 30 characters, got 0"),
        ("SB13", "  卡  ", "2 to 30 characters, got 1"),
        ("SB13", "卡" * 31, "2 to 30 characters, got 31"),
        ("XX99", "看病的卡", "no item XX99"),
        ("GG08", "补社保卡", "already an alias of SB13"),
        ("SB13", "补社保卡", "already an alias of SB13"),
    ],
)
def test_an_alias_that_cannot_be_is_refused_with_the_reason(
    release: KnowledgeFiles, item_id: str, text: str, complaint: str
) -> None:
    before = Alias.objects.count()
    with pytest.raises(services.KnowledgeError, match=complaint):
        services.alias_add(item_id, text)
    assert Alias.objects.count() == before
    assert not ServiceItem.objects.filter(edited=True).exists()


def test_a_removed_alias_is_gone_and_counts_as_an_edit(release: KnowledgeFiles) -> None:
    services.alias_remove("SB13", "补社保卡")
    assert "补社保卡" not in stored_knowledge().items["SB13"].aliases
    assert ServiceItem.objects.get(pk="SB13").edited


def test_an_alias_that_is_not_there_cannot_be_removed(release: KnowledgeFiles) -> None:
    with pytest.raises(services.KnowledgeError, match="SB13 has no alias “天线”"):
        services.alias_remove("SB13", "天线")


def test_no_two_aliases_stand_at_the_same_place(release: KnowledgeFiles) -> None:
    services.alias_remove("SB13", "补社保卡")
    services.alias_add("SB13", "看病的卡补办")
    orders = list(Alias.objects.filter(item_id="SB13").values_list("order", flat=True))
    assert len(orders) == len(set(orders))


def test_a_wish_to_publish_is_noted() -> None:
    wish = services.publication_request("小李", "改了社保卡")
    assert (wish.state, wish.requested_by) == (Publication.State.REQUESTED, "小李")


def test_the_gate_is_made_once_and_then_belongs_to_the_office(shipped: KnowledgeFiles) -> None:
    services.knowledge_load(tiny(shipped, "SB13"))
    gate = QuestionSet.objects.get(name=services.GATE_SET)
    assert gate.is_gate
    assert gate.questions.count() == len(shipped.gate_questions)
    gate.questions.all().delete()
    services.knowledge_load(tiny(shipped, "SB13"))
    assert not gate.questions.exists()
