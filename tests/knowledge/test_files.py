"""The shipped files are complete, and a broken one is named."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from knowledge.files import DATA_DIR, KnowledgeFiles, load_catalogue, load_knowledge
from knowledge.record import CATEGORIES, FACETS, RecordError
from knowledge.search.analysis import squeezed


@pytest.fixture
def office_folder(tmp_path: Path) -> Path:
    """A data folder with one guide."""
    for folder in ("items", "phrasings"):
        (tmp_path / folder).mkdir()
        shutil.copy(DATA_DIR / folder / "SB13.yml", tmp_path / folder)
    shutil.copy(DATA_DIR / "catalogue.csv", tmp_path)
    return tmp_path


def test_the_catalogue_holds_193_items_of_known_categories() -> None:
    catalogue = load_catalogue()
    assert len(catalogue) == 193
    assert {row.category for row in catalogue.values()} <= set(CATEGORIES)
    assert len({row.name for row in catalogue.values()}) == 193


def test_the_catalogue_flags_are_those_of_the_reports() -> None:
    rows = load_catalogue().values()
    assert sum(row.online_high_frequency for row in rows) == 12
    assert sum(row.grid_proxy for row in rows) == 18
    assert {row.item_id for row in rows if row.proxy_package} >= {"MZ10", "MZ11", "GG08", "CL20"}


def test_a_catalogue_saved_by_a_spreadsheet_reads_the_same(tmp_path: Path) -> None:
    saved = tmp_path / "catalogue.csv"
    saved.write_bytes(b"\xef\xbb\xbf" + (DATA_DIR / "catalogue.csv").read_bytes())
    assert load_catalogue(saved) == load_catalogue()


def test_every_guide_lies_in_the_file_of_its_id(shipped: KnowledgeFiles) -> None:
    names = {path.stem for path in (DATA_DIR / "items").glob("*.yml")}
    assert names == set(shipped.items)
    assert names == set(shipped.phrasings)
    assert names <= set(shipped.catalogue)


def test_what_ships_is_as_much_as_was_promised(shipped: KnowledgeFiles) -> None:
    assert len(shipped.events) >= 20
    assert len(shipped.report_kinds) >= 24
    assert len(shipped.emergencies) >= 6
    assert len(shipped.checklists) >= 16
    assert len(shipped.topics) >= 20
    assert {place.kind for place in shipped.places} == {"hall", "community"}
    assert shipped.out_of_scope


def test_ids_of_one_kind_are_unique(shipped: KnowledgeFiles) -> None:
    for ids in (
        [event.event_id for event in shipped.events],
        [subject.subject_id for subject in shipped.subjects],
        [kind.kind_id for kind in shipped.report_kinds],
        [emergency.kind for emergency in shipped.emergencies],
        [place.place_id for place in shipped.places],
        [checklist.checklist_id for checklist in shipped.checklists],
        [topic.topic_id for topic in shipped.topics],
    ):
        assert len(ids) == len(set(ids))


def test_the_phrasings_of_a_guide_ask_for_every_usual_facet(shipped: KnowledgeFiles) -> None:
    for item_id, phrasings in shipped.phrasings.items():
        asked = {phrasing.facet for phrasing in phrasings}
        assert asked <= set(FACETS)
        assert {"overview", "materials", "where"} <= asked, item_id


def test_every_facet_is_asked_for_in_training(shipped: KnowledgeFiles) -> None:
    assert set(shipped.facet_questions) == set(FACETS)
    assert min(map(len, shipped.facet_questions.values())) >= 100


def test_nothing_is_both_danger_and_calm(shipped: KnowledgeFiles) -> None:
    dangerous = {squeezed(text) for danger in shipped.emergencies for text in danger.phrasings}
    said = [p.text for phrasings in shipped.phrasings.values() for p in phrasings]
    calm = [*said, *shipped.calm, *shipped.ambiguous, *shipped.out_of_scope]
    assert len(shipped.calm) >= 1000
    assert [text for text in calm if squeezed(text) in dangerous] == []


def test_what_is_ambiguous_means_two_things_at_least(shipped: KnowledgeFiles) -> None:
    for text, candidates in shipped.ambiguous.items():
        assert len(set(candidates)) == len(candidates) >= 2, text


def test_places_invent_neither_address_nor_phone(shipped: KnowledgeFiles) -> None:
    for place in shipped.places:
        assert (place.address, place.phone, place.verified) == ("", "", False)


def test_one_guide_alone_is_a_knowledge_too(office_folder: Path) -> None:
    files = load_knowledge(office_folder)
    assert set(files.items) == {"SB13"}
    assert files.events == files.subjects == files.emergencies == files.places == []
    assert files.checklists == files.topics == files.report_kinds == []
    assert files.ambiguous == files.facet_questions == {}
    assert files.out_of_scope == files.calm == []


@pytest.mark.parametrize(
    ("file", "text", "complaint"),
    [
        ("checklists.yml", "- {name: 检查}", r"checklists\.yml: .*checklist_id"),
        ("topics.yml", "- {topic_id: T1, name: 几点, adds: moon}", r"topics\.yml: .*adds"),
        ("ambiguous.yml", "卡丢了: SB13", r"ambiguous\.yml: "),
        ("training/calm.yml", "- {text: 你好}", r"calm\.yml: "),
        ("training/facet_questions.yml", "- 要带什么", r"facet_questions\.yml: "),
    ],
)
def test_a_broken_list_is_named_too(
    office_folder: Path, file: str, text: str, complaint: str
) -> None:
    path = office_folder / file
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    with pytest.raises(RecordError, match=complaint):
        load_knowledge(office_folder)


def test_what_is_for_training_alone_lies_in_a_folder_of_its_own(office_folder: Path) -> None:
    (office_folder / "training").mkdir()
    (office_folder / "training" / "calm.yml").write_text("- 气死我了\n", encoding="utf-8")
    asked = "fee: [要钱吗, 贵不贵]\n"
    (office_folder / "training" / "facet_questions.yml").write_text(asked, encoding="utf-8")
    files = load_knowledge(office_folder)
    assert files.calm == ["气死我了"]
    assert files.facet_questions == {"fee": ["要钱吗", "贵不贵"]}


@pytest.mark.parametrize(
    ("file", "old", "new", "complaint"),
    [
        ("items/SB13.yml", "scope:", "scop:", r"SB13\.yml: .*scop"),
        ("items/SB13.yml", "category: 社会保障", "category: 社保", r"SB13\.yml: .*\$\.category"),
        ("items/SB13.yml", "{days: 0,", "{days: 零,", r"SB13\.yml: .*\$\.handling\.promised\.days"),
        ("items/SB13.yml", "aliases: [", "aliases: [[", r"SB13\.yml: "),
        ("phrasings/SB13.yml", "style: plain", "style: formal", r"SB13\.yml: .*\$\[0\]\.style"),
    ],
)
def test_a_broken_file_is_named_with_its_field(
    office_folder: Path, file: str, old: str, new: str, complaint: str
) -> None:
    path = office_folder / file
    path.write_text(path.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")
    with pytest.raises(RecordError, match=complaint):
        load_knowledge(office_folder)


def test_an_empty_file_is_named(office_folder: Path) -> None:
    (office_folder / "items" / "SB13.yml").write_text("", encoding="utf-8")
    with pytest.raises(RecordError, match=r"SB13\.yml: "):
        load_knowledge(office_folder)


def test_yaml_may_not_build_objects(office_folder: Path) -> None:
    evil = "!!python/object/apply:os.getcwd []"
    (office_folder / "places.yml").write_text(evil, encoding="utf-8")
    with pytest.raises(RecordError, match=r"places\.yml: "):
        load_knowledge(office_folder)
