"""Whoever changes the knowledge, its questions, words, files or recordings stands in the log."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from bot import clock
from bot.accounts.policies import Forbidden
from bot.audit.models import AuditAction, AuditEntry
from bot.channels.phone import recording
from bot.curation import answering, gathering, questions, services, words, workbooks
from bot.curation.clockwork import curation_sweep
from bot.curation.gathering import Wish
from bot.curation.models import Revision, UnansweredCluster
from bot.curation.words import TermWish
from bot.curation.workbooks import Preview
from knowledge.files import KnowledgeFiles
from knowledge.hits import Asked
from knowledge.models import LocalTerm, QuestionSet, ServiceItem
from tests.bot.curating import Desk, make_desk
from tests.bot.test_console_recordings import spoken, wav

pytestmark = pytest.mark.django_db
MODULES = (services, questions, words, answering, workbooks, gathering, recording)
# What is kept of a test run changes nothing that residents hear.
UNLOGGED = {"run_keep"}
Log = list[tuple[str, str, str]]


@pytest.fixture
def desk(shipped: KnowledgeFiles, shelf: Path, settings: Any, tmp_path: Path) -> Desk:
    """Editors, a reviewer, two guides in force."""
    settings.PROMPTS_DIR = tmp_path / "prompts"
    return make_desk(shipped, shelf)


def logged(do: Callable[[], Any]) -> Log:
    """What is in the log after something was done and was not before."""
    last = AuditEntry.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    do()
    rows = AuditEntry.objects.filter(pk__gt=last).order_by("pk").select_related("actor")
    return [(row.action, str(row.actor or ""), row.detail) for row in rows]


def writes() -> set[str]:
    """The public functions of the services that somebody of the staff calls to change something."""
    return {
        name
        for module in MODULES
        for name, function in inspect.getmembers(module, inspect.isfunction)
        if function.__module__ == module.__name__
        and not name.startswith(("_", "may_"))
        and "staff" in inspect.signature(function).parameters
    }


def test_every_step_of_a_revision_is_in_the_log(desk: Desk) -> None:
    act, draft = AuditAction, services.revision_draft(desk.editor, "item", "SB13")
    content, later = desk.content(window="3号窗口"), clock.now() + timedelta(days=1)

    def save() -> None:
        services.revision_save(draft, desk.editor, version=1, content=content)

    def again() -> Revision:
        return services.revision_submit(draft, desk.colleague)

    steps: list[tuple[Callable[[], Any], Log]] = [
        (save, [(act.KNOWLEDGE_EDIT, "小编", "存草稿")]),
        (lambda: services.revision_take_over(draft, desk.colleague), [(act.KNOWLEDGE_EDIT, "小吴", "接手修改")]),
        (again, [(act.KNOWLEDGE_SUBMIT, "小吴", "修改")]),
        (lambda: services.revision_reject(draft, desk.reviewer, "不对"), [(act.KNOWLEDGE_REJECT, "老审", "修改")]),
        (lambda: services.revision_reopen(draft, desk.colleague), [(act.KNOWLEDGE_EDIT, "小吴", "重新修改")]),
        (lambda: services.revision_withdraw(draft, desk.colleague), [(act.KNOWLEDGE_WITHDRAW, "小吴", "修改")]),
        (lambda: services.revision_reopen(draft, desk.colleague), [(act.KNOWLEDGE_EDIT, "小吴", "重新修改")]),
        (again, [(act.KNOWLEDGE_SUBMIT, "小吴", "修改")]),
    ]  # fmt: skip
    for do, told in steps:
        assert logged(do) == told
    approved = logged(lambda: services.revision_approve(draft, desk.reviewer, effective_at=later))
    at = f"{later.astimezone(clock.OFFICE_ZONE):%Y-%m-%d %H:%M}"
    assert approved == [(act.KNOWLEDGE_APPROVE, "老审", f"修改，{at}上线")]


def test_what_comes_into_force_or_back_is_in_the_log(desk: Desk) -> None:
    published: list[Revision] = []
    names = [action for action, _, _ in logged(lambda: published.append(desk.published()))]
    assert names == ["knowledge.edit", "knowledge.submit", "knowledge.approve", "knowledge.publish"]
    back = logged(
        lambda: services.revision_roll_back(published[0], desk.editor, "改错了", to_before=True)
    )
    assert [action for action, _, _ in back] == ["knowledge.roll_back", "knowledge.submit"]
    services.revision_withdraw(Revision.objects.latest("pk"), desk.editor)
    stamp = logged(
        lambda: services.revision_verify(
            desk.editor, "SB13", source="办事指南", verified_on=clock.now().date(),
            next_review_on=None,
        )
    )  # fmt: skip
    assert [action for action, _, _ in stamp] == ["knowledge.verify", "knowledge.submit"]


def test_what_the_clockwork_does_is_in_the_log_without_a_name(desk: Desk) -> None:
    yesterday = clock.now().date() - timedelta(days=1)
    ServiceItem.objects.filter(pk="GG08").update(effective_until=yesterday)
    assert logged(curation_sweep) == [("knowledge.approve", "", "停用")]


def test_changes_of_questions_are_in_the_log(desk: Desk) -> None:
    made: list[QuestionSet] = []
    asked = Asked("社保卡丢了", ["SB13"])
    judge = desk.reviewer
    assert logged(lambda: made.append(questions.set_create(desk.editor, "常问"))) == [
        ("question.set", "小编", "新建")
    ]
    held = made[0]
    questions.question_add(desk.editor, held, asked)
    one = held.questions.get()
    for do, action, how in [
        (lambda: questions.set_rename(judge, held, "老问题"), "question.set", "原来叫“常问”"),
        (lambda: questions.set_mark(judge, held, is_gate=True), "question.gate", "设为发布前必过"),
        (lambda: questions.question_add(judge, held, replace(asked, text="补卡")), "question.change", "加“补卡”"),
        (lambda: questions.questions_add(judge, held, [replace(asked, text="换卡")]), "question.change", "加1个"),
        (lambda: questions.question_change(judge, one, replace(asked, text="社保卡没了")), "question.change", "改“社保卡丢了”"),
        (lambda: questions.question_switch(judge, one, is_active=False), "question.change", "停用“社保卡没了”"),
        (lambda: questions.question_delete(judge, one), "question.change", "删“社保卡没了”"),
        (lambda: questions.set_mark(judge, held, is_gate=False), "question.gate", "不再必过"),
    ]:  # fmt: skip
        assert logged(do) == [(action, "老审", how)]
    held.refresh_from_db()
    deleted = logged(lambda: questions.set_delete(desk.editor, held))
    assert deleted == [("question.set", "小编", "删除")]


def test_words_files_and_recordings_are_in_the_log(desk: Desk, tmp_path: Path) -> None:
    wish = TermWish("大红本", "不动产权证", "other")
    LocalTerm.objects.create(word="老一村", canonical="一村", kind="old_name")
    preview = Preview([], [Wish("item", "GG08", desk.content("GG08", window="2号窗口"))])
    sound = wav(tmp_path, spoken())
    told = ["word.change", "knowledge.submit"]
    for do, actions in [
        (lambda: words.term_submit(desk.editor, wish), told),
        (lambda: words.term_retire(desk.editor, "老一村"), told),
        (lambda: workbooks.preview_submit(desk.editor, preview, ""),
         ["knowledge.edit", "knowledge.submit", "knowledge.import"]),
        (lambda: recording.recording_store(desk.editor, "sorry", sound), ["prompt.change"]),
        (lambda: recording.recording_remove(desk.editor, "sorry"), ["prompt.change"]),
    ]:  # fmt: skip
        assert [action for action, _, _ in logged(do)] == actions


def test_what_is_made_of_unanswered_questions_is_in_the_log_without_what_residents_said(
    desk: Desk,
) -> None:
    now = clock.now()
    group = UnansweredCluster.objects.create(
        title="俺家的卡找不着了", first_at=now, last_at=now, refreshed_at=now
    )
    ignored = logged(lambda: answering.cluster_ignore(desk.editor, group, "闲话"))
    assert ignored == [("knowledge.unanswered", "小编", "不用管")]
    reopened = logged(lambda: answering.cluster_reopen(desk.editor, group))
    assert reopened == [("knowledge.unanswered", "小编", "待处理")]
    for do in (
        lambda: answering.phrasings_teach(desk.editor, group, "SB13", ["卡找不着了"]),
        lambda: answering.alias_teach(desk.editor, group, "SB13", "红卡片"),
        lambda: answering.item_begin(desk.editor, group, "修卡", "民政", []),
        lambda: answering.subject_begin(desk.editor, group, {"body": "银行"}, "银行卡", []),
    ):
        assert logged(do)[-1] == ("knowledge.unanswered", "小编", "已写成修改")
    assert "找不着" not in str(list(AuditEntry.objects.values_list("what", "detail")))


def test_no_write_is_forgotten_here() -> None:
    this = inspect.getsource(inspect.getmodule(test_no_write_is_forgotten_here) or ModuleType(""))
    inner = {"revision_draft", "revisions_submit_together", "revision_publish"}
    assert {name for name in writes() - UNLOGGED - inner if f".{name}(" not in this} == set()


def test_what_was_refused_is_not_in_the_log(desk: Desk) -> None:
    entries = AuditEntry.objects.count()
    with pytest.raises(Forbidden):
        services.revision_draft(desk.stranger, "item", "SB13")
    assert AuditEntry.objects.count() == entries
