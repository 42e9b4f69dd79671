"""The pages of local words and of guides in Excel: wished for by one, let through by another."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from openpyxl import Workbook, load_workbook

from bot.actions import office
from bot.curation import services
from bot.curation.models import Revision
from bot.curation.words import TermWish, term_submit
from knowledge.files import KnowledgeFiles
from knowledge.models import LocalTerm, ServiceItem
from knowledge.search.live import LiveMatcher
from knowledge.search.matcher import Matcher
from knowledge.search.snapshot import current_fingerprint, load_snapshot
from tests.bot.curating import Desk, bell, make_desk
from tests.bot.test_console_office import Desk as Computer

pytestmark = pytest.mark.django_db
WORDS, FILES = "/staff/knowledge/words/", "/staff/knowledge/files/"
RED_BOOK = {
    "word": "彩虹卡",
    "canonical": "社会保障卡补领换领",
    "kind": "dialect",
    "spoken": "",
    "reason": "",
}


@pytest.fixture
def desk(shipped: KnowledgeFiles, shelf: Path, settings: Any, tmp_path: Path) -> Desk:
    """People, guides, a publisher without an encoder."""
    settings.BOT_DATA_DIR = tmp_path / "data"
    return make_desk(shipped, shelf)


def in_force(shelf: Path) -> Matcher:
    """The matcher of what is published."""
    return Matcher(load_snapshot(shelf, current_fingerprint(shelf)))


def publish(desk: Desk) -> None:
    """The reviewer lets through all that waits, and it comes into force."""
    for revision in Revision.objects.to_review():
        services.revision_approve(revision, desk.reviewer)
    desk.publisher.fulfil_next()
    services.revisions_settle()


def test_a_word_that_two_people_agree_on_is_understood(desk: Desk, shelf: Path) -> None:
    asked = "彩虹卡丢了怎么补"
    before = in_force(shelf).match(asked).best
    Computer(desk.editor).does(f"{WORDS}new", **RED_BOOK)
    assert not LocalTerm.objects.exists()
    assert "彩虹卡" in bell(desk.reviewer)[0]
    publish(desk)
    assert LocalTerm.objects.in_use().get().word == "彩虹卡"
    matcher = in_force(shelf)
    assert matcher.match(asked) == matcher.match("社会保障卡补领换领丢了怎么补")
    assert matcher.match(asked).best != before


def test_a_word_taken_out_of_force_is_no_longer_read(desk: Desk, shelf: Path) -> None:
    term_submit(desk.editor, TermWish("彩虹卡", "社会保障卡补领换领", "dialect"))
    publish(desk)
    term = LocalTerm.objects.get()
    Computer(desk.editor).does(f"{WORDS}{term.pk}/retire")
    publish(desk)
    term.refresh_from_db()
    assert not term.is_active
    assert in_force(shelf).snapshot.records["terms"] == {}
    Computer(desk.editor).does(
        f"{WORDS}{term.pk}/save", canonical="社保卡", kind="other", spoken="", reason=""
    )
    publish(desk)
    term.refresh_from_db()
    assert (term.is_active, term.canonical) == (True, "社保卡")


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"word": "卡"}, "至少要两个字"),
        ({"word": "社会保障卡补领换领"}, "两边写的一样"),
        ({"canonical": ""}, "这里要填"),
        ({"canonical": "老卡"}, "请直接写最后的说法"),
        ({"word": "新卡"}, "先把那一条改掉"),
    ],
)
def test_a_word_that_makes_no_sense_is_refused(
    desk: Desk, changed: dict[str, str], told: str
) -> None:
    LocalTerm.objects.create(word="老卡", canonical="新卡")
    page = Computer(desk.editor).does(f"{WORDS}new", 422, **{**RED_BOOK, **changed})
    assert told in page
    assert not Revision.objects.exists()


def test_one_wish_a_word_at_a_time(desk: Desk) -> None:
    Computer(desk.editor).does(f"{WORDS}new", **RED_BOOK)
    page = Computer(desk.colleague).does(f"{WORDS}new", 422, **RED_BOOK)
    assert "正由小编修改" in page
    assert "待审核" in Computer(desk.reviewer).sees(WORDS)


def test_the_words_are_listed_searched_and_turned_over(
    desk: Desk, django_assert_max_num_queries: Any
) -> None:
    terms = [LocalTerm(word=f"叫法{n:03d}", canonical=f"意思{n:03d}") for n in range(60)]
    LocalTerm.objects.bulk_create(terms)
    computer = Computer(desk.editor)
    with django_assert_max_num_queries(12):
        first = computer.sees(WORDS)
    assert "叫法049" in first
    assert "叫法050" not in first
    assert "叫法050" in computer.sees(WORDS, after="叫法049")
    assert "叫法007" in computer.sees(WORDS, q="意思007")
    assert "没有找到" in computer.sees(WORDS, kind="estate")


def test_a_sentence_can_be_tried(desk: Desk, shelf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    term_submit(desk.editor, TermWish("彩虹卡", "社会保障卡补领换领", "dialect"))
    publish(desk)
    monkeypatch.setattr(office, "live_matcher", lambda: LiveMatcher(shelf))
    page = Computer(desk.reviewer).does(f"{WORDS}try", 200, text="彩虹卡丢了")
    assert "看成“社会保障卡补领换领丢了”" in page


def test_who_may_not_edit_sees_no_form(desk: Desk) -> None:
    assert "加一个叫法" not in Computer(desk.reviewer).sees(WORDS)
    Computer(desk.reviewer).does(f"{WORDS}new", 403, **RED_BOOK)
    for page in (WORDS, FILES):
        Computer(desk.stranger).sees(page, 403)
    Computer(desk.reviewer).does(f"{FILES}upload", 403)


# Guides in Excel


def taken_out(computer: Computer, **query: str) -> bytes:
    """The file that somebody downloads."""
    response = computer.client.get(f"{FILES}export.xlsx", query)
    assert response.status_code == 200
    assert "attachment" in response["Content-Disposition"]
    return bytes(response.content)


def changed(content: bytes, head: str, value: str, item_id: str = "SB13") -> bytes:
    """The file with one cell of the first sheet filled in anew."""
    book = load_workbook(io.BytesIO(content))
    sheet = book["事项"]
    heads = [cell.value for cell in sheet[1]]
    row = next(row for row in sheet.iter_rows(min_row=2) if row[0].value == item_id)
    row[heads.index(head)].value = value
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def brought(computer: Computer, content: bytes, status: int = 302) -> str:
    """Bring a file back."""
    return computer.does(f"{FILES}upload", status, file=SimpleUploadedFile("表.xlsx", content))


def mark_in(page: str) -> str:
    """What the page's form confirms."""
    return page.split('name="mark" value="')[1].split('"')[0]


def test_nothing_is_written_until_it_is_confirmed_and_reviewed(desk: Desk) -> None:
    computer = Computer(desk.editor)
    brought(computer, changed(taken_out(computer), "窗口", "9号窗口"))
    page = computer.sees(f"{FILES}preview/")
    assert "9号窗口" in page
    assert "提交1条" in page
    assert not Revision.objects.exists()
    computer.does(f"{FILES}confirm", 200, mark=mark_in(page), reason="窗口搬了")
    revision = Revision.objects.get()
    assert (revision.state, revision.action, revision.reason) == ("submitted", "edit", "窗口搬了")
    assert ServiceItem.objects.get(pk="SB13").window != "9号窗口"
    assert len(bell(desk.reviewer)) == 1
    publish(desk)
    assert ServiceItem.objects.get(pk="SB13").window == "9号窗口"
    assert not list((desk_folder()).glob("*.xlsx"))


def desk_folder() -> Path:
    """Where uploads wait."""
    from bot.curation.workbooks import _folder

    return _folder()


def test_a_file_can_be_forgotten(desk: Desk) -> None:
    computer = Computer(desk.editor)
    brought(computer, changed(taken_out(computer), "窗口", "9号窗口"))
    assert list(desk_folder().glob("*.xlsx"))
    computer.does(f"{FILES}cancel")
    assert not list(desk_folder().glob("*.xlsx"))
    assert "请再传一次" in computer.sees(f"{FILES}preview/", 422)


def test_what_changed_meanwhile_is_looked_at_again(desk: Desk) -> None:
    computer = Computer(desk.editor)
    brought(computer, changed(taken_out(computer), "窗口", "9号窗口"))
    mark = mark_in(computer.sees(f"{FILES}preview/"))
    ServiceItem.objects.filter(pk="SB13").update(window="8号窗口")
    page = computer.does(f"{FILES}confirm", 409, mark=mark)
    assert "请再看一遍" in page
    assert "8号窗口" in page
    assert not Revision.objects.exists()


def test_a_guide_that_somebody_has_stands_in_the_way(desk: Desk) -> None:
    services.revision_draft(desk.colleague, "item", "SB13")
    computer = Computer(desk.editor)
    brought(computer, changed(taken_out(computer), "窗口", "9号窗口"))
    page = computer.sees(f"{FILES}preview/")
    assert "正由小吴（草稿）修改" in page
    assert 'name="mark"' not in page


def test_errors_are_told_row_by_row_and_nothing_can_be_confirmed(desk: Desk) -> None:
    computer = Computer(desk.editor)
    brought(computer, changed(taken_out(computer), "承诺办结时限", "三天"))
    page = computer.sees(f"{FILES}preview/")
    assert "要先改好" in page
    assert 'name="mark"' not in page


def test_formulas_and_other_files_are_refused_in_words(desk: Desk) -> None:
    computer = Computer(desk.editor)
    brought(computer, changed(taken_out(computer), "窗口", '=HYPERLINK("http://a.example")'))
    assert "格里是公式" in computer.sees(f"{FILES}preview/", 422)
    assert "不是Excel文件" in brought(computer, b"GIF89a", 422)
    assert "坏了" in brought(computer, b"PK\x03\x04" + b"0" * 50, 422)
    empty = io.BytesIO()
    Workbook().save(empty)
    brought(computer, empty.getvalue())
    assert "没有“事项”表" in computer.sees(f"{FILES}preview/", 422)


def test_what_goes_out_is_text_for_any_spreadsheet(desk: Desk) -> None:
    ServiceItem.objects.filter(pk="SB13").update(window="=1+1")
    book = load_workbook(io.BytesIO(taken_out(Computer(desk.reviewer))))
    cells = [cell for row in book["事项"].iter_rows() for cell in row if cell.value == "=1+1"]
    assert [cell.data_type for cell in cells] == ["s"]
    assert all(cell.quotePrefix for cell in cells)


def test_what_is_on_its_way_goes_out_if_it_is_wished(desk: Desk) -> None:
    desk.submitted(window="7号窗口")
    computer = Computer(desk.editor)
    told = [
        any(
            cell.value == "7号窗口"
            for row in load_workbook(io.BytesIO(content))["事项"].iter_rows()
            for cell in row
        )
        for content in (taken_out(computer), taken_out(computer, drafts="1"))
    ]
    assert told == [False, True]


def test_the_exchange_form_comes_back_the_same(desk: Desk) -> None:
    computer = Computer(desk.editor)
    brought(computer, taken_out(computer, form="exchange"))
    assert "没有要改的" in computer.sees(f"{FILES}preview/")
