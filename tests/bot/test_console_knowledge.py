"""The pages on which the knowledge is changed: one writes, another lets it through, residents hear it."""

from __future__ import annotations

import re
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as given
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from bot import clock
from bot.accounts.models import Staff, StaffRole
from bot.console.knowledge_findings import troubles_of
from bot.console.knowledge_tabs import TABS
from bot.curation import services
from bot.curation.models import Revision
from bot.evidence.models import Upload
from knowledge.changes import KIND_LABELS
from knowledge.files import KnowledgeFiles
from knowledge.models import Entry, Publication, ServiceItem
from knowledge.selectors import stored_record
from tests.bot.curating import Desk, make_desk
from tests.bot.ticketing import make_staff
from tests.photos import photo

pytestmark = pytest.mark.django_db
State = Revision.State


@pytest.fixture
def desk(shipped: KnowledgeFiles, shelf: Path, settings: Any, tmp_path: Path) -> Desk:
    """Editors, a reviewer, two guides in force."""
    settings.EVIDENCE_DIR = tmp_path / "evidence"
    return make_desk(shipped, shelf)


class Screen:
    """Somebody at her computer."""

    def __init__(self, staff: Staff) -> None:
        self.client = Client()
        self.client.force_login(staff, given.AUTHENTICATION_BACKENDS[1])

    def sees(self, path: str, status: int = 200, **query: str) -> str:
        """The page at an address."""
        response = self.client.get(path, query)
        assert response.status_code == status, response.content.decode()[-800:]
        return str(response.content.decode())

    def does(self, path: str, status: int = 302, **fields: Any) -> Any:
        """Press a button; who decides sends the version that her page shows, if it shows any."""
        if path.endswith(("approve", "reject")) and "version" not in fields:
            page = self.sees(path.rsplit("/", 1)[0] + "/")
            shown = re.search(r'name="version" value="(\d+)"', page)
            fields |= {"version": shown[1]} if shown else {}
        response = self.client.post(path, fields)
        assert response.status_code == status, response.content.decode()[-2500:]
        return response

    def form(self, path: str) -> dict[str, list[str]]:
        """What the editing form at an address would send."""
        return filled(self.sees(path))

    def sends(self, path: str, form: dict[str, list[str]], status: int = 302, **more: str) -> Any:
        """Send a form with some fields changed; names may have dots."""
        changed = {name.replace("__", "."): value for name, value in more.items()}
        response = self.client.post(path, {**form, **changed})
        assert response.status_code == status, response.content.decode()[-2500:]
        return response


class _Fields(HTMLParser):
    """Reads what a browser would send of the form with the id editor."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: dict[str, list[str]] = {}
        self._is_inside = False
        self._area = self._select = ""
        self._text = ""
        self._chosen: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        name, value = said.get("name") or "", said.get("value") or ""
        if tag == "form":
            self._is_inside = said.get("id") == "editor"
        if not self._is_inside:
            return
        if tag == "textarea":
            self._area, self._text = name, ""
        elif tag == "select":
            self._select, self._chosen = name, None
        elif tag == "option":
            if self._chosen is None or "selected" in said:
                self._chosen = value
        elif tag == "input":
            is_box = said.get("type") == "checkbox"
            if not is_box or "checked" in said:
                self._add(name, said.get("value") or ("on" if is_box else ""))

    def handle_data(self, data: str) -> None:
        if self._area:
            self._text += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea" and self._area:
            self._add(self._area, self._text.removeprefix("\n"))
            self._area = ""
        if tag == "select" and self._select:
            self._add(self._select, self._chosen or "")
            self._select = ""

    def _add(self, name: str, value: str) -> None:
        if name:
            self.sent.setdefault(name, []).append(value)


def filled(page: str) -> dict[str, list[str]]:
    """What a browser would send of the page's editing form."""
    fields = _Fields()
    fields.feed(page)
    return fields.sent


def begun(screen: Screen, kind: str = "item", record_id: str = "SB13") -> str:
    """The address of the form of a fresh draft."""
    answer = screen.does(f"/staff/knowledge/records/{kind}/{record_id}/edit")
    return str(answer.url)


def page_of(revision: Revision) -> str:
    """The page of a revision."""
    return f"/staff/knowledge/revisions/{revision.pk}/"


def test_the_list_finds_by_name_alias_and_number(desk: Desk) -> None:
    screen = Screen(desk.editor)
    assert "社会保障卡补领换领" in screen.sees("/staff/knowledge/")
    alias = ServiceItem.objects.get(pk="SB13").aliases.all()[0].text
    for words in ("补领换领", alias, "sb13"):
        page = screen.sees("/staff/knowledge/", q=words)
        assert "records/item/SB13/" in page
        assert "records/item/GG08/" not in page
    assert "没有找到" in screen.sees("/staff/knowledge/", q="月球")


def test_the_list_shows_what_is_to_be_looked_at_again(desk: Desk) -> None:
    today = clock.now().date()
    ServiceItem.objects.filter(pk="GG08").update(next_review_on=today)
    page = Screen(desk.reviewer).sees("/staff/knowledge/", due="review")
    assert "records/item/GG08/" in page
    assert "records/item/SB13/" not in page
    assert "该复核了" in page


def test_the_list_goes_on_by_key_with_few_queries(
    desk: Desk, django_assert_max_num_queries: Any
) -> None:
    held = ServiceItem.objects.get(pk="SB13")
    for number in range(60):
        held.pk = f"ZZ{number:02d}"
        held.save(force_insert=True)
    screen = Screen(desk.editor)
    with django_assert_max_num_queries(12):
        page = screen.sees("/staff/knowledge/")
    after = re.search(r'href="\?([^"]*after=[^"]*)"', page)
    assert after
    following = screen.sees(f"/staff/knowledge/?{after[1].replace('&amp;', '&')}")
    shown = [set(re.findall(r"records/item/(\w+)/", each)) for each in (page, following)]
    assert len(shown[0]) == 50
    assert len(shown[0] | shown[1]) == 62
    assert not shown[0] & shown[1]


def test_other_kinds_of_records_have_lists_and_pages(desk: Desk) -> None:
    screen = Screen(desk.editor)
    for kind in KIND_LABELS:
        if kind != "term":
            screen.sees("/staff/knowledge/", kind=kind)
        entry = Entry.objects.filter(kind=kind).first()
        if entry is not None:
            screen.sees(f"/staff/knowledge/records/{kind}/{entry.entry_id}/")


@pytest.mark.parametrize("kind", [kind for kind in KIND_LABELS if kind != "item"])
def test_a_form_saved_untouched_changes_nothing_in_any_kind_of_record(
    desk: Desk, kind: str
) -> None:
    screen, entry = Screen(desk.editor), Entry.objects.filter(kind=kind).first()
    if entry is None:
        pytest.skip("none of this kind in the small knowledge")
    form = begun(screen, kind, entry.entry_id)
    screen.sends(form, screen.form(form), do="save")
    assert Revision.objects.get().content == entry.content


def test_a_form_saved_untouched_changes_nothing_in_an_item(desk: Desk) -> None:
    screen = Screen(desk.editor)
    form = begun(screen)
    screen.sends(form, screen.form(form), do="save")
    revision, stored = Revision.objects.get(), stored_record("item", "SB13")
    assert stored is not None
    assert revision.content == stored.content
    assert revision.phrasings == stored.phrasings


def test_what_one_writes_and_another_lets_through_is_live(desk: Desk) -> None:
    writer, judge = Screen(desk.editor), Screen(desk.reviewer)
    form = begun(writer)
    fields = writer.form(form)
    writer.sends(form, fields, do="submit", materials__0__note="要原件", reason="窗口来电话")
    revision = Revision.objects.get()
    assert revision.state == State.SUBMITTED
    assert "等着审核" in judge.sees("/staff/knowledge/")
    page = judge.sees(page_of(revision))
    assert "窗口来电话" in page
    assert "<ins>" in page
    judge.does(f"{page_of(revision)}approve")
    assert "正在上线" in judge.sees(page_of(revision))
    desk.publisher.fulfil_next()
    assert "已上线" in judge.sees(page_of(revision))
    assert ServiceItem.objects.get(pk="SB13").materials.all()[0].note == "要原件"


def test_who_decides_must_have_seen_what_she_decides_about(desk: Desk) -> None:
    revision = desk.submitted()
    judge = Screen(desk.reviewer)
    seen = revision.version
    Revision.objects.filter(pk=revision.pk).update(version=seen + 1)
    for what in ("approve", "reject"):
        told = judge.does(f"{page_of(revision)}{what}", 409, version=seen, reason="不对")
        assert "内容又改过了" in told.content.decode()
    revision.refresh_from_db()
    assert revision.state == Revision.State.SUBMITTED
    judge.does(f"{page_of(revision)}approve")


def test_rows_are_added_moved_and_removed_without_losing_what_was_typed(desk: Desk) -> None:
    screen = Screen(desk.editor)
    form = begun(screen)
    fields = screen.form(form)
    names = [fields[f"materials.{n}.name"][0] for n in range(2)]
    page = screen.sends(form, fields, 200, do="down:materials.0", window="还没存的")
    moved = filled(page.content.decode())
    assert [moved[f"materials.{n}.name"][0] for n in range(2)] == names[::-1]
    assert moved["window"] == ["还没存的"]
    page = screen.sends(form, moved, 200, do="add:faq")
    count = len([name for name in moved if re.fullmatch(r"faq\.\d+\.question", name)])
    added = filled(page.content.decode())
    assert added[f"faq.{count}.question"] == [""]
    page = screen.sends(form, added, 200, do="remove:materials.0")
    left = filled(page.content.decode())
    assert left["materials.0.name"] == [names[0]]
    screen.sends(form, left, do="save")
    content = Revision.objects.get().content
    assert content["materials"][0]["name"] == names[0]
    assert len(content["faq"]) == count  # the blank row is left out


def test_a_script_gets_the_rows_alone(desk: Desk) -> None:
    screen = Screen(desk.editor)
    form = begun(screen)
    answer = screen.client.post(
        form, {**screen.form(form), "do": "add:materials"}, headers={"X-Part": "rows"}
    )
    page = answer.content.decode()
    assert page.lstrip().startswith("<fieldset")
    assert 'data-rows="materials"' in page


def test_options_of_a_new_situation_can_be_ticked_at_a_material(desk: Desk) -> None:
    screen = Screen(desk.editor)
    form = begun(screen)
    fields = {n: v for n, v in screen.form(form).items() if not n.startswith("situations")}
    more = {"situations.0.id": "", "situations.0.question": "卡还在吗？"}
    more |= {"situations.0.options.0.label": "还在", "situations.0.options.1.label": "丢了"}
    page = screen.sends(form, {**fields, **more}, 200, do="see:").content.decode()
    assert re.search(r'name="materials\.0\.situation_ids" value="o\d+"[^>]*> 丢了', page)


def test_lint_speaks_beside_the_field_while_somebody_types(desk: Desk) -> None:
    screen = Screen(desk.editor)
    form = begun(screen)
    fields = screen.form(form)
    more = {"voice.brief": "很长" * 40, "materials.1.original_count": "0"}
    answer = screen.does(form.replace("edit/", "look"), 200, **{**fields, **more}).json()
    notes = {note["name"]: note for note in answer["notes"]}
    assert notes["voice.brief"]["text"] == "这句有80个字，最多60个。"
    assert notes["materials.1"]["level"] == "error"
    assert Revision.objects.get().content == desk.content()


def test_what_is_no_number_stays_as_it_was_typed_and_is_pointed_at(desk: Desk) -> None:
    screen = Screen(desk.editor)
    form = begun(screen)
    screen.sends(form, screen.form(form), do="save", handling__visits__count="三趟")
    page = screen.sees(form)
    assert 'value="三趟"' in page
    assert "这里要填整数" in page
    answer = screen.sends(form, screen.form(form), 422, do="submit")
    assert "还不能提交" in answer.content.decode()


def test_the_preview_is_the_residents_reply_in_her_situation(desk: Desk) -> None:
    screen = Screen(desk.editor)
    form = begun(screen)
    fields = screen.form(form)
    item = desk.content()
    option = item["situations"][0]["options"][0]
    more = {"see.facet": "materials", "see.option": option["id"], "materials.0.note": "要新的"}
    preview = screen.does(form.replace("edit/", "look"), 200, **{**fields, **more}).json()[
        "preview"
    ]
    assert "要新的" in preview
    assert f"按您说的（{option['label']}" in preview
    assert "长辈版" in preview
    assert "第一，" in preview  # spoken


def test_nothing_typed_is_lost_when_somebody_saved_in_between(desk: Desk) -> None:
    screen = Screen(desk.editor)
    form = begun(screen)
    old = screen.form(form)
    screen.sends(form, old, do="save", window="1号窗口")
    answer = screen.sends(form, old, 409, do="save", window="2号窗口")
    page = answer.content.decode()
    assert "又存过一次" in page
    assert "号窗口" in page
    again = filled(page)
    assert again["window"] == ["2号窗口"]
    screen.sends(form, again, do="save")
    assert Revision.objects.get().content["window"] == "2号窗口"


def test_a_second_editor_is_told_who_has_it_and_can_take_over(desk: Desk) -> None:
    begun(Screen(desk.editor))
    other = Screen(desk.colleague)
    assert "小编正在改" in other.sees("/staff/knowledge/records/item/SB13/")
    place = begun(other)
    assert place == page_of(Revision.objects.get())
    other.does(f"{place}take")
    other.sees(f"{place}edit/")
    assert Revision.objects.get().editor == desk.colleague


def test_who_wrote_it_is_not_offered_to_decide(desk: Desk) -> None:
    screen = Screen(desk.both)
    form = begun(screen)
    screen.sends(form, screen.form(form), do="submit", window="5号窗口")
    revision = Revision.objects.get()
    page = screen.sees(page_of(revision))
    assert "要请另一位同事审核" in page
    assert "退回去改" not in page
    assert "不能自己审核" in screen.does(f"{page_of(revision)}approve", 409).content.decode()


def test_it_is_sent_back_with_a_reason_and_taken_up_again(desk: Desk) -> None:
    revision = desk.submitted()
    judge, writer = Screen(desk.reviewer), Screen(desk.editor)
    assert "为什么退回" in judge.does(f"{page_of(revision)}reject", 409).content.decode()
    judge.does(f"{page_of(revision)}reject", reason="窗口号不对")
    assert "窗口号不对" in writer.sees(page_of(revision))
    writer.does(f"{page_of(revision)}reopen")
    writer.sees(f"{page_of(revision)}edit/")


def test_it_waits_for_its_hour(desk: Desk) -> None:
    revision, judge = desk.submitted(), Screen(desk.reviewer)
    later = clock.now() + timedelta(days=2)
    judge.does(f"{page_of(revision)}approve", effective_at=f"{later:%Y-%m-%dT08:00}")
    page = judge.sees(page_of(revision))
    assert "定在" in page
    assert "08:00 上线" in page
    assert revision.record_id in judge.sees("/staff/knowledge/revisions/", show="scheduled") or (
        revision.name in judge.sees("/staff/knowledge/revisions/", show="scheduled")
    )
    assert not Publication.objects.exclude(changes=[]).exists()
    wrong = judge.does(f"{page_of(desk.submitted('GG08'))}approve", 409, effective_at="明早")
    assert "上线时间写得不对" in wrong.content.decode()


def test_an_old_version_comes_back_through_review(desk: Desk) -> None:
    revision = desk.published(window="3号窗口")
    writer = Screen(desk.editor)
    history = writer.sees("/staff/knowledge/records/item/SB13/")
    assert page_of(revision) in history
    assert "恢复成改之前的样子" in writer.sees(page_of(revision))
    writer.does(f"{page_of(revision)}undo")
    back = Revision.objects.first()
    assert back is not None
    assert (back.action, back.state) == (Revision.Action.ROLL_BACK, State.SUBMITTED)
    Screen(desk.reviewer).does(f"{page_of(back)}approve")
    desk.publisher.fulfil_next()
    assert ServiceItem.objects.get(pk="SB13").window == "社保医保窗口"


def test_what_could_not_be_published_says_why(desk: Desk) -> None:
    revision = desk.submitted()
    Screen(desk.reviewer).does(f"{page_of(revision)}approve")
    revision.refresh_from_db()
    broken = {
        "text": "社保卡丢了", "expected": ["SB13"], "before": ["SB13"], "before_decision": "answer",
        "after": ["GG08"], "after_decision": "answer", "after_names": ["预约办事"],
    }  # fmt: skip
    Publication.objects.filter(pk=revision.publication_id).update(
        state="failed", error="必过问题有 1 个会答错", broken=[broken], finished_at=clock.now()
    )
    page = Screen(desk.editor).sees("/staff/knowledge/publications/")
    assert "没能上线" in page
    assert "1 个必过的问题会答错" in page
    assert revision.name in page
    page = Screen(desk.editor).sees(f"/staff/knowledge/publications/{revision.publication_id}/")
    assert "“社保卡丢了”" in page
    assert "直接回答：预约办事" in page
    page = Screen(desk.editor).sees(page_of(revision))
    assert "必过问题有 1 个会答错" in page
    assert "继续修改" in page
    assert revision.name in Screen(desk.editor).sees("/staff/knowledge/revisions/", show="back")


def test_lint_that_stops_a_publication_is_told_in_chinese(desk: Desk) -> None:
    Publication.objects.create(
        state="failed", error="error   SB13   basis                  promised 3 工作日 has no basis"
    )
    failed = Publication.objects.get(state="failed")
    for path in ("", f"{failed.pk}/"):
        page = Screen(desk.editor).sees(f"/staff/knowledge/publications/{path}")
        assert "SB13：写了承诺天数，就要写依据。" in page


def test_every_page_of_the_knowledge_has_the_same_tabs_of_what_its_reader_may_open(
    desk: Desk,
) -> None:
    tabs = [tab.path for tab in TABS]
    for path in tabs:
        assert tabs_on(Screen(desk.editor).sees(path)) == (tabs, path)
    looks_only = Screen(make_staff("主管", StaffRole.Role.SUPERVISOR))
    seen, _ = tabs_on(looks_only.sees("/staff/knowledge/words/"))
    assert seen == [path for path in tabs if "hits" not in path]
    for path in seen:
        looks_only.sees(path)


def tabs_on(page: str) -> tuple[list[str], str]:
    """The addresses of the tabs of a page, and which of them it is on."""
    nav = page.split('<nav class="subtabs"', 1)[1].split("</nav>", 1)[0]
    current = re.search(r'href="([^"]*)" aria-current', nav)
    return re.findall(r'href="([^"]*)"', nav), current[1] if current else ""


def test_a_local_word_is_added_on_its_own_page(desk: Desk) -> None:
    page = Screen(desk.editor).sees("/staff/knowledge/new/", kind="term")
    assert '<option value="term"' not in page
    assert 'href="/staff/knowledge/words/"' in page.split("</nav>")[-1]
    listed = Screen(desk.editor).client.get("/staff/knowledge/", {"kind": "term"})
    assert listed.headers["Location"] == "/staff/knowledge/words/"


def test_the_stamp_brings_its_source_and_a_picture(desk: Desk) -> None:
    writer, judge = Screen(desk.editor), Screen(desk.reviewer)
    today = clock.now().date()
    path = "/staff/knowledge/records/item/SB13/verify"
    fields = {"verified_on": today.isoformat(), "next_review_on": "2027-06-01"}
    assert "这里要填" in writer.does(path, 422, source="", **fields).content.decode()
    paper = SimpleUploadedFile("paper.jpg", photo(), "image/jpeg")
    place = writer.does(path, source="区人社局办事指南", picture=paper, **fields).url
    revision = Revision.objects.get()
    page = judge.sees(place)
    assert "核对依据：区人社局办事指南" in page
    assert Upload.objects.get().number == f"K{revision.pk:08d}"
    shown = judge.client.get(f"{place}picture")
    assert shown["Content-Type"] == "image/jpeg"
    judge.does(f"{place}approve")
    desk.publisher.fulfil_next()
    assert "已核实" in judge.sees("/staff/knowledge/records/item/SB13/")


def test_a_stamp_is_not_for_days_to_come(desk: Desk) -> None:
    later = clock.now().date() + timedelta(days=1)
    answer = Screen(desk.editor).does(
        "/staff/knowledge/records/item/SB13/verify",
        422,
        source="指南",
        verified_on=later.isoformat(),
        next_review_on="2027-06-01",
    )
    assert "核对日期不能在今天以后" in answer.content.decode()


def test_a_record_goes_out_of_service_through_review(desk: Desk) -> None:
    writer = Screen(desk.editor)
    path = "/staff/knowledge/records/item/GG08/retire"
    assert "请写一句为什么停用" in writer.does(path, 422).content.decode()
    place = writer.does(path, reason="窗口撤了").url
    page = Screen(desk.reviewer).sees(place)
    assert "停用这一条" in page
    Screen(desk.reviewer).does(f"{place}approve")
    desk.publisher.fulfil_next()
    assert ServiceItem.objects.get(pk="GG08").state == "retired"


@pytest.mark.parametrize(
    "kind", [kind for kind in KIND_LABELS if kind not in ("out_of_scope", "term")]
)
def test_something_new_begins_with_a_name(desk: Desk, kind: str) -> None:
    screen = Screen(desk.editor)
    answer = screen.does("/staff/knowledge/new/", kind=kind, name="免费理发", category="民政")
    assert "edit" in screen.sees(answer.url)
    revision = Revision.objects.get()
    assert (revision.kind, revision.action) == (kind, Revision.Action.CREATE)
    screen.sends(answer.url, screen.form(answer.url), do="save")
    screen.sees(page_of(revision))


def test_nobody_else_comes_near(desk: Desk) -> None:
    stranger, judge = Screen(desk.stranger), Screen(desk.reviewer)
    revision = desk.submitted()
    for path in ("", "revisions/", "publications/", "new/", "records/item/SB13/"):
        stranger.sees(f"/staff/knowledge/{path}", 403)
    stranger.sees(page_of(revision), 403)
    judge.sees("/staff/knowledge/new/", 403)
    judge.does("/staff/knowledge/records/item/SB13/edit", 403)
    judge.does(f"{page_of(revision)}withdraw", 403)
    judge.sees("/staff/knowledge/records/item/XX99/", 404)
    judge.sees("/staff/knowledge/records/nothing/SB13/", 404)


def test_pages_of_a_revision_ask_the_database_seldom(
    desk: Desk, django_assert_max_num_queries: Any
) -> None:
    revision = desk.submitted()
    services.revisions_settle()
    screen = Screen(desk.reviewer)
    screen.sees("/staff/knowledge/revisions/")
    with django_assert_max_num_queries(12):
        screen.sees("/staff/knowledge/revisions/", show="all")
    with django_assert_max_num_queries(12):
        screen.sees("/staff/knowledge/publications/")
    with django_assert_max_num_queries(30):
        screen.sees(page_of(revision))


def test_a_fault_of_ours_is_told_in_a_plain_sentence() -> None:
    (told,) = troubles_of("unexpected KeyError")
    assert "网上的内容没有动" in told
    assert told.endswith("KeyError。")
