"""The pages on which questions are tried, kept and run, and those of publications."""

from __future__ import annotations

import io
import re
import zipfile
from typing import Any

import pytest
from django.conf import settings as given
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from bot.accounts.models import Staff, StaffRole
from bot.actions import office as office_module
from knowledge.changes import Change
from knowledge.models import Publication, Question, QuestionSet, TestRun
from knowledge.search.encoder import SentenceTransformerEncoder
from knowledge.search.live import LiveMatcher
from tests.bot.ticketing import make_staff

pytestmark = pytest.mark.django_db
Role = StaffRole.Role
HITS, SETS, RUNS = (
    "/staff/knowledge/hits/",
    "/staff/knowledge/hits/sets/",
    "/staff/knowledge/hits/runs/",
)
PUBLICATIONS = "/staff/knowledge/publications/"
TRIES = {Role.EDITOR, Role.REVIEWER, Role.ANALYST}
LOOKS = TRIES | {Role.SUPERVISOR, Role.ADMINISTRATOR}
CARD = "社保卡丢了怎么补"


class Desk:
    """Somebody of the staff at her computer."""

    def __init__(self, staff: Staff) -> None:
        self.client = Client()
        self.client.force_login(staff, given.AUTHENTICATION_BACKENDS[1])

    def sees(self, path: str, status: int = 200, **query: Any) -> str:
        """The page at an address."""
        response = self.client.get(path, query)
        assert response.status_code == status, response.content.decode()[-800:]
        return str(response.content.decode())

    def does(self, path: str, status: int = 302, **fields: Any) -> str:
        """Press a button; where it leads to, or the page."""
        response = self.client.post(path, fields)
        assert response.status_code == status, response.content.decode()[-1500:]
        return str(response.headers.get("Location") or response.content.decode())


@pytest.fixture(autouse=True)
def in_force(
    office: LiveMatcher, encoder: SentenceTransformerEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(office_module, "encoder", lambda: encoder)


@pytest.fixture
def editor() -> Desk:
    return Desk(make_staff("小编", Role.EDITOR))


@pytest.fixture
def reviewer() -> Desk:
    return Desk(make_staff("老审", Role.REVIEWER))


@pytest.fixture
def everyday() -> QuestionSet:
    made = QuestionSet.objects.create(name="平时")
    Question.objects.create(set=made, text=CARD, expected=["SB13"])
    Question.objects.create(set=made, text="老年公交卡在哪办", expected=["SB13"])
    Question.objects.create(set=made, text="月亮离地球多远", expected=[])
    return made


@pytest.mark.parametrize("role", list(Role))
def test_pages_open_for_those_who_may(role: StaffRole.Role) -> None:
    desk = Desk(make_staff("谁", role))
    for path in (HITS, SETS, RUNS):
        desk.sees(path, 200 if role in TRIES else 403)
    desk.sees(PUBLICATIONS, 200 if role in LOOKS else 403)


def test_one_question_shows_ranks_signs_decision_and_the_reply(
    editor: Desk, office: LiveMatcher
) -> None:
    page = editor.sees(HITS, q=CARD)
    match = office.current().match(CARD)
    assert match.best is not None
    assert match.best.name in page
    assert "直接回答" in page
    for value in match.best.signs.values():
        assert f"{value:.2f}" in page
    heads = re.findall(r'<th scope="col" class="number">', page)
    assert len(heads) == len(match.best.signs)
    assert "身份证" in page.split("居民会看到")[1]


def test_a_sign_nobody_named_is_shown_as_it_is(
    editor: Desk, office: LiveMatcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    for candidate in (plain := office.current().match(CARD, 10)).ranked:
        candidate.signs["brand_new"] = 0.77
    monkeypatch.setattr(type(office.current()), "match", lambda *_: plain)
    page = editor.sees(HITS, q=CARD)
    assert "brand_new" in page
    assert "0.77" in page


def test_danger_shows_the_reply_that_danger_gets(editor: Desk) -> None:
    assert "请马上打" in editor.sees(HITS, q="家里煤气漏了，人晕倒了")


def test_asking_for_a_person_calls_nobody(editor: Desk) -> None:
    from bot.handovers.models import Handover

    editor.sees(HITS, q="我要找人工")
    assert not Handover.objects.exists()


def test_what_is_typed_in_the_page_is_shown_as_text(editor: Desk) -> None:
    assert "<script>alert" not in editor.sees(HITS, q="<script>alert(1)</script>社保卡")


def test_a_single_line_is_shown_at_once_and_many_become_a_run(editor: Desk) -> None:
    assert editor.does(f"{HITS}try", questions=CARD).startswith(f"{HITS}?q=")
    where = editor.does(f"{HITS}try", questions=f"{CARD}\tSB13\n月亮离地球多远\t无\n随便")
    run = TestRun.objects.get()
    assert where == f"{RUNS}{run.pk}/"
    assert run.started_by == "小编"
    assert run.figures["judged"] == 2
    assert run.figures["right_first"] == 2
    page = editor.sees(where)
    assert CARD in page
    assert "没写对错" in page
    assert CARD not in editor.sees(where, show="wrong")


def test_a_file_is_tried_and_a_bad_line_is_told(editor: Desk) -> None:
    good = SimpleUploadedFile("题.csv", f"问题,应该是\n{CARD},SB13\n".encode())
    assert RUNS in editor.does(f"{HITS}try", file=good)
    bad = SimpleUploadedFile("题.csv", f"{CARD},没这条\n".encode())
    assert "第1行" in editor.does(f"{HITS}try", 422, file=bad)


def test_a_set_is_made_filled_run_and_compared_with_before(editor: Desk) -> None:
    where = editor.does(f"{SETS}new", name="一月的题")
    editor.does(f"{where}add", text=CARD, expected="SB13", style="plain")
    page = editor.does(f"{where}add-many", 200, lines=f"{CARD}\tSB13\n月亮离地球多远\t无")
    assert "加了1个问题；1个本来就有" in page
    assert "应该是" in editor.does(f"{where}add", 422, text="没写答案", expected="")
    first, second = (editor.does(f"{where}run") for _ in range(2))
    assert "上一次" not in editor.sees(first)
    assert "上一次" in editor.sees(second)
    assert "已经有叫" in editor.does(f"{SETS}new", 422, name="一月的题")


def test_a_run_tells_what_is_taken_for_what_and_each_class(
    editor: Desk, everyday: QuestionSet
) -> None:
    page = editor.sees(editor.does(f"{SETS}{everyday.pk}/run"))
    assert "容易弄混的" in page
    assert "老年公交卡在哪办" in page
    assert "按类别、说法、事项看" in page


def test_a_run_is_handed_out_as_csv_and_workbook(editor: Desk) -> None:
    where = editor.does(f"{HITS}try", questions=f"=1+1\t无\n{CARD}\tSB13")
    table = b"".join(editor.client.get(f"{where}run.csv").streaming_content).decode("utf-8-sig")
    assert "'=1+1" in table
    assert "SB13" in table
    assert "把握" in table
    book = zipfile.ZipFile(io.BytesIO(editor.client.get(f"{where}run.xlsx").content))
    sheets = book.read("xl/workbook.xml").decode()
    assert all(name in sheets for name in ("问题", "各条", "混淆"))


def test_a_set_comes_out_as_it_can_be_read_in_again(editor: Desk, everyday: QuestionSet) -> None:
    response = editor.client.get(f"{SETS}{everyday.pk}/set.csv")
    table = b"".join(response.streaming_content)
    where = editor.does(f"{SETS}new", name="抄的")
    editor.does(f"{where}add-many", 200, file=SimpleUploadedFile("题.csv", table))
    copied = QuestionSet.objects.get(name="抄的").questions.values_list("text", "expected")
    assert list(copied) == list(everyday.questions.values_list("text", "expected"))


def test_a_tried_question_is_kept_with_the_chosen_answer(
    editor: Desk, everyday: QuestionSet
) -> None:
    editor.does(f"{HITS}keep", text="补社保卡要几天", chosen="SB13", expected="", set=everyday.pk)
    assert everyday.questions.get(text="补社保卡要几天").expected == ["SB13"]


def test_the_gate_is_marked_and_loosened_by_a_reviewer_only(
    editor: Desk, reviewer: Desk, everyday: QuestionSet
) -> None:
    where, question = f"{SETS}{everyday.pk}/", everyday.questions.get(text=CARD)
    editor.does(f"{where}mark", 403, on="1")
    reviewer.does(f"{where}mark", on="1")
    assert "改名字" in editor.sees(where)
    assert "停用</button>" not in editor.sees(where)
    assert "审核的同事" in editor.does(f"{where}switch", 422, question=question.pk, on="0")
    assert "先把“必过”去掉" in reviewer.does(f"{where}delete", 422)
    reviewer.does(f"{where}switch", question=question.pk, on="0")
    question.refresh_from_db()
    assert not question.is_active
    reviewer.does(
        f"{where}change", question=question.pk, text="改过的", expected="无", style="short"
    )
    reviewer.does(f"{where}take-away", question=question.pk)
    reviewer.does(f"{where}mark", on="0")
    reviewer.does(f"{where}rename", name="旧题")
    reviewer.does(f"{where}delete")
    assert not QuestionSet.objects.exists()


def test_lists_are_read_by_key_and_with_few_queries(
    editor: Desk, everyday: QuestionSet, django_assert_max_num_queries: Any
) -> None:
    Question.objects.bulk_create(
        Question(set=everyday, text=f"问{n}", expected=["SB13"]) for n in range(250)
    )
    with django_assert_max_num_queries(12):
        page = editor.sees(f"{SETS}{everyday.pk}/")
    after = re.search(r"after=(\d+)", page)
    assert after is not None
    assert "问150" in editor.sees(f"{SETS}{everyday.pk}/", after=after[1])
    assert "问7<" in editor.sees(f"{SETS}{everyday.pk}/", q="问7")
    for n in range(31):
        TestRun.objects.create(set=everyday, at="2026-11-23T10:00Z", figures={"questions": n})
        Publication.objects.create(reason=f"第{n}次")
    for path, newest in ((RUNS, "更早的"), (PUBLICATIONS, "第30次")):
        with django_assert_max_num_queries(12):
            page = editor.sees(path)
        assert newest in page
        assert "第0次" not in page
        after = re.search(r"after=(\d+)", page)
        assert after is not None
        editor.sees(path, after=after[1])


def test_without_a_publication_the_pages_say_so(
    editor: Desk, shelf: Any, monkeypatch: pytest.MonkeyPatch, everyday: QuestionSet
) -> None:
    empty = LiveMatcher(shelf)
    monkeypatch.setattr(office_module, "live_matcher", lambda: empty)
    assert "没有上线的知识库" in editor.sees(HITS, 503, q=CARD)
    assert "没有上线的知识库" in editor.does(f"{HITS}try", 503, questions=CARD)
    assert "没有上线的知识库" in editor.does(f"{SETS}{everyday.pk}/run", 503)
    assert CARD in editor.sees(f"{SETS}{everyday.pk}/")


def test_a_failed_publication_shows_which_questions_stood_against_it(editor: Desk) -> None:
    broken = {
        "text": CARD, "expected": ["SB13"], "before": ["SB13"], "before_decision": "answer",
        "after": ["GG08"], "after_decision": "answer", "after_names": ["老年优待卡"],
    }  # fmt: skip
    figures = {
        "before": {"questions": 9, "right_first": 9, "answered_wrong": 0, "set_aside": 0},
        "after": {"questions": 9, "right_first": 8, "answered_wrong": 1, "set_aside": 0},
    }
    change = Change("item", "GG08", {"item_id": "GG08", "name": "老年优待卡"})
    failed = Publication.objects.create(
        state="failed", reason="改别名", broken=[broken], figures=figures, changes=[change.plain()],
        error="必过问题有 1 个会答错",
    )  # fmt: skip
    refused = Publication.objects.create(state="failed", reason="写错了", error="缺少依据")
    Publication.objects.create(state="live", reason="改窗口")
    page = editor.sees(f"{PUBLICATIONS}{failed.pk}/")
    assert CARD in page
    assert "直接回答：老年优待卡" in page
    assert "必过的问题会答错" in page
    assert "缺少依据" in editor.sees(f"{PUBLICATIONS}{refused.pk}/")
    listed = editor.sees(PUBLICATIONS, show="failed")
    assert "1 个必过的问题会答错" in listed
    assert "改窗口" not in listed
