"""Communities and estates: which one an address names, and keeping the names unmistakable."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from bot import __main__ as commands
from bot.accounts.models import Staff, StaffRole
from bot.gazetteer.errors import GazetteerError, NameTaken, StillNeeded
from bot.gazetteer.exchange import gazetteer_export, gazetteer_import
from bot.gazetteer.models import Community, Estate
from bot.gazetteer.selectors import community_named, community_of
from bot.gazetteer.services import (
    community_delete,
    community_save,
    estate_delete,
    estate_save,
    gazetteer_seed,
)
from knowledge.files import KnowledgeFiles
from knowledge.models import LocalTerm

pytestmark = pytest.mark.django_db


@pytest.fixture
def town() -> None:
    """临江社区 and 珍珠路社区 with made-up estates."""
    linjiang = community_save("临江社区", ["江边老街坊"], "linjiang")
    zhenzhulu = community_save("珍珠路社区", place_id="zhenzhulu")
    estate_save("阳光花园", linjiang, ["阳光一村"])
    estate_save("阳光花园二期", zhenzhulu)
    estate_save("清河苑", zhenzhulu, ["清河苑A区"])
    closed = community_save("旧码头社区", is_active=False)
    estate_save("码头新村", closed)


def named(address: str) -> str:
    """The name of an address's community, empty for none."""
    found = community_of(address)
    return found.name if found else ""


@pytest.mark.usefixtures("town")
@pytest.mark.parametrize(
    ("address", "wanted"),
    [
        ("临江社区", "临江社区"),
        ("我住临江", "临江社区"),
        ("临江那边", "临江社区"),
        ("临江3栋502", "临江社区"),
        ("江边老街坊12号", "临江社区"),
        ("阳光花园3栋2单元501", "临江社区"),
        ("阳光 花园，3栋", "临江社区"),
        ("阳光花园小区3栋", "临江社区"),
        ("阳光一村7号", "临江社区"),
        ("清河苑a区５栋", "珍珠路社区"),
        ("住在珍珠路", "珍珠路社区"),
        ("珍珠路社区党群服务中心旁边", "珍珠路社区"),
        # The longer name goes before the one it holds, a full one before a community's short one.
        ("阳光花园二期3栋", "珍珠路社区"),
        ("临江清河苑3栋", "珍珠路社区"),
        # A road of that name, an estate that begins so: nobody knows where they lie.
        ("临江路18号", ""),
        ("临江大道和浦滨路口", ""),
        ("临江花园3栋", ""),
        ("临江世纪华府", ""),
        ("珍珠路12号", ""),
        ("阳光花园路5号", ""),
        # Two at once, none, one that is closed, nothing.
        ("临江社区，不对，是清河苑那个社区", ""),
        ("阳光花园和阳光一村", "临江社区"),
        ("临江社区珍珠路12号", "临江社区"),
        ("临江，门口城管天天来", "临江社区"),
        ("在江北新区", ""),
        ("码头新村3栋", ""),
        ("旧码头社区", ""),
        ("", ""),
    ],
)
def test_an_address_lies_where_its_longest_name_says(address: str, wanted: str) -> None:
    assert named(address) == wanted


@pytest.mark.usefixtures("town")
def test_two_communities_in_one_address_are_not_chosen_between() -> None:
    community_save("新江社区")
    assert named("临江社区和新江社区中间") == ""
    assert named("临江和新江中间") == ""
    assert named("新江社区，也叫新江") == "新江社区"


@pytest.mark.usefixtures("town")
@pytest.mark.parametrize("name", ["临江社区", "临江", " 临 江 社区 ", "江边老街坊"])
def test_a_community_is_found_by_its_whole_name(name: str) -> None:
    found = community_named(name)
    assert found is not None
    assert found.name == "临江社区"


@pytest.mark.usefixtures("town")
@pytest.mark.parametrize("name", ["", "社区", "临江花园", "江", "阳光花园"])
def test_what_is_no_communitys_name_finds_none(name: str) -> None:
    assert community_named(name) is None


@pytest.mark.usefixtures("town")
@pytest.mark.parametrize("name", ["临江社区", "阳光花园", "江边老街坊", "清河苑a区", " 阳光一村"])
def test_a_name_means_one_place_only(name: str) -> None:
    community = Community.objects.get(name="珍珠路社区")
    with pytest.raises(NameTaken, match="一个名字只能指一个地方"):
        estate_save("新建小区", community, [name])
    assert not Estate.objects.filter(name="新建小区").exists()


@pytest.mark.usefixtures("town")
def test_an_entry_may_keep_its_own_names_when_it_is_changed() -> None:
    estate = Estate.objects.get(name="阳光花园")
    other = Community.objects.get(name="珍珠路社区")
    estate_save("阳光花园", other, ["阳光一村", "阳光一村", " ", "阳光花园"], estate=estate)
    estate.refresh_from_db()
    assert (estate.others, estate.community) == (["阳光一村"], other)
    assert named("阳光一村") == "珍珠路社区"


@pytest.mark.parametrize("name", ["", "  ", "=1+1", "-小区", "阳" * 41, "阳光\n花园", "阳光,花园"])
def test_what_is_no_name_is_refused(name: str) -> None:
    with pytest.raises(GazetteerError, match="名称"):
        community_save(name)
    assert not Community.objects.exists()


@pytest.mark.usefixtures("town")
def test_a_community_with_something_in_it_is_switched_off_not_deleted() -> None:
    linjiang = Community.objects.get(name="临江社区")
    staff = Staff.objects.create(username="xiaoli", display_name="小李")
    role = StaffRole.objects.create(staff=staff, role="grid", community=linjiang)
    with pytest.raises(StillNeeded, match="小区、岗位"):
        community_delete(linjiang)
    estate_delete(Estate.objects.get(name="阳光花园"))
    with pytest.raises(StillNeeded, match="岗位，不能删"):
        community_delete(linjiang)
    role.delete()
    community_delete(linjiang)
    assert named("临江社区") == ""


def test_the_published_places_become_communities_once(shipped: KnowledgeFiles) -> None:
    assert gazetteer_seed(shipped.places) == 2
    found = Community.objects.values_list("name", "place_id")
    assert set(found) == {("临江社区", "linjiang"), ("珍珠路社区", "zhenzhulu")}
    assert gazetteer_seed(shipped.places) == 0
    assert Community.objects.count() == 2


def test_without_places_those_that_ship_are_taken() -> None:
    assert gazetteer_seed() == 2


def test_an_office_that_has_its_own_communities_gets_no_others(shipped: KnowledgeFiles) -> None:
    community_save("新江社区")
    assert gazetteer_seed(shipped.places) == 0
    assert list(Community.objects.values_list("name", flat=True)) == ["新江社区"]


@pytest.mark.usefixtures("town")
def test_what_is_written_is_read_back_the_same() -> None:
    def everything() -> list[tuple[object, ...]]:
        communities = Community.objects.values_list("name", "others", "place_id", "is_active")
        estates = Estate.objects.values_list("name", "others", "community__name")
        return [*communities, *estates]

    before, text = everything(), gazetteer_export()
    Estate.objects.all().delete()
    Community.objects.all().delete()
    done = gazetteer_import(text)
    assert (done.communities, done.estates, done.errors) == (3, 4, ())
    assert everything() == before
    assert gazetteer_import(text).errors == ()
    assert everything() == before


def test_estates_may_stand_before_their_community_and_columns_in_any_order() -> None:
    done = gazetteer_import(
        "名称,类型,所属社区,别名\n阳光花园,小区,临江,阳光一村，阳光二村\n\n临江社区,社区,,\n"
    )
    assert (done.communities, done.estates) == (1, 1)
    assert Estate.objects.get().others == ["阳光一村", "阳光二村"]
    assert Community.objects.get().is_active


def test_every_wrong_row_is_told_with_its_line_and_nothing_is_stored() -> None:
    done = gazetteer_import(
        "类型,名称,所属社区,别名,启用\n"
        "社区,临江社区,,,\n"
        "小区,阳光花园,没有的社区,,\n"
        "街道,顶山,,,\n"
        "小区,清河苑,临江社区,临江社区,\n"
        "社区,,,,\n"
        "社区,新江社区,,,不\n"
        "小区,月光苑,临江社区,,\n"
    )
    assert [error.line for error in done.errors] == [3, 4, 5, 6, 7]
    told = [str(error) for error in done.errors]
    for sentence, word in zip(told, ("没有的社区", "街道", "已经是", "名称", "启用"), strict=True):
        assert word in sentence
    assert (done.communities, done.estates) == (0, 0)
    assert not Community.objects.exists()


@pytest.mark.parametrize("text", ["甲,乙\n1,2\n", '类型,名称\n社区,"临江'])
def test_a_file_that_is_no_such_table_is_refused(text: str) -> None:
    done = gazetteer_import(text)
    assert [error.line for error in done.errors] == [1]
    assert not Community.objects.exists()


def run(*arguments: str) -> int:
    """``python -m bot …`` in this process."""
    parsed: argparse.Namespace = commands._parser().parse_args(arguments)
    code: int = parsed.run(parsed)
    return code


@pytest.mark.usefixtures("town")
def test_the_command_writes_a_file_that_it_reads_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "gazetteer.csv"
    assert run("gazetteer", "export", str(file)) == 0
    assert file.read_bytes().startswith(b"\xef\xbb\xbf")
    Estate.objects.all().delete()
    assert run("gazetteer", "import", str(file)) == 0
    assert "3 communities, 4 estates" in capsys.readouterr().out
    assert named("阳光花园3栋") == "临江社区"


def test_a_file_as_chinese_excel_writes_it_is_read(tmp_path: Path) -> None:
    file = tmp_path / "gazetteer.csv"
    file.write_bytes("类型,名称\r\n社区,临江社区\r\n".encode("gb18030"))
    assert run("gazetteer", "import", str(file)) == 0
    assert named("临江社区") == "临江社区"


@pytest.mark.parametrize("data", [b"\xff\xff\xff", "类型,名称\n街道,顶山\n".encode(), None])
def test_a_file_that_cannot_be_taken_ends_with_a_sentence(
    tmp_path: Path, data: bytes | None, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "gazetteer.csv"
    if data is not None:
        file.write_bytes(data)
    assert run("gazetteer", "import", str(file)) == 1
    assert "error: " in capsys.readouterr().err


@pytest.mark.usefixtures("town")
def test_what_people_here_call_a_place_lies_where_it_means() -> None:
    assert named("老棉纺厂3栋") == ""
    LocalTerm.objects.create(word="老棉纺厂", canonical="清河苑", kind="old_name")
    LocalTerm.objects.create(word="阳光", canonical="临江社区", kind="old_name", is_active=False)
    assert named("老棉纺厂3栋") == "珍珠路社区"
    assert named("阳光那边") == ""
