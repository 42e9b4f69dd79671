"""From a draft to what residents are told: two people, one record, nothing lost on the way."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from django.db import IntegrityError, connection, transaction

from bot import clock
from bot.accounts.policies import Forbidden
from bot.curation import checking, selectors, services
from bot.curation.errors import (
    ChangedUnder,
    CurationError,
    NoSuchRecord,
    NotOpen,
    Outdated,
    SamePerson,
    SomeoneHasIt,
    Unreadable,
)
from bot.curation.models import Revision
from knowledge.files import KnowledgeFiles
from knowledge.gate import Outcome
from knowledge.models import Entry, Publication, Question, QuestionSet, ServiceItem
from knowledge.selectors import stored_record
from knowledge.services import alias_add
from tests.bot.curating import Desk, bell, make_desk

pytestmark = pytest.mark.django_db
State = Revision.State


@pytest.fixture
def desk(shipped: KnowledgeFiles, shelf: Path) -> Desk:
    """People, guides, a publisher without an encoder."""
    return make_desk(shipped, shelf)


def test_a_draft_begins_with_what_is_in_force(desk: Desk) -> None:
    draft = services.revision_draft(desk.editor, "item", "SB13")
    assert draft.content == desk.content()
    assert draft.phrasings
    assert (draft.state, draft.author, draft.name) == (
        State.DRAFT, desk.editor, "社会保障卡补领换领",
    )  # fmt: skip


def test_what_two_people_agreed_on_is_live(desk: Desk) -> None:
    revision = desk.published(window="3号窗口")
    assert revision.state == State.PUBLISHED
    assert revision.published_at is not None
    assert ServiceItem.objects.get(pk="SB13").window == "3号窗口"
    assert revision.before["content"]["window"] == "社保医保窗口"
    assert [step.step for step in revision.steps.all()] == [
        "draft", "submit", "approve", "publish",
    ]  # fmt: skip
    assert bell(desk.editor)[-1].endswith("已经上线")
    assert "请审核" in bell(desk.reviewer)[0]


def test_nobody_decides_about_her_own_whatever_roles_she_has(desk: Desk) -> None:
    draft = services.revision_draft(desk.both, "item", "SB13")
    services.revision_submit(draft, desk.both)
    with pytest.raises(SamePerson):
        services.revision_approve(draft, desk.both)
    with pytest.raises(SamePerson):
        services.revision_reject(draft, desk.both, "不行")
    services.revision_approve(draft, desk.reviewer)


def test_who_ever_saved_it_does_not_decide(desk: Desk) -> None:
    draft = services.revision_draft(desk.both, "item", "SB13")
    taken = services.revision_take_over(draft, desk.colleague)
    services.revision_submit(taken, desk.colleague)
    with pytest.raises(SamePerson):
        services.revision_approve(taken, desk.both)
    assert "接着改" in bell(desk.both)[0]


@pytest.mark.parametrize("who", ["author", "editor"])
def test_the_database_holds_to_it_too(desk: Desk, who: str) -> None:
    draft = services.revision_draft(desk.both, "item", "SB13")
    Revision.objects.filter(pk=draft.pk).update(author=desk.editor, editor=desk.editor)
    with pytest.raises(IntegrityError), transaction.atomic():
        Revision.objects.filter(pk=draft.pk).update(reviewer=desk.both, **{who: desk.both})


def test_a_second_editor_is_told_who_has_it(desk: Desk) -> None:
    first = services.revision_draft(desk.editor, "item", "SB13")
    with pytest.raises(SomeoneHasIt, match="小编") as told:
        services.revision_draft(desk.colleague, "item", "SB13")
    assert told.value.revision == first
    with pytest.raises(SomeoneHasIt, match="小编"):
        services.revision_save(first, desk.colleague, version=1, content=desk.content())
    services.revision_draft(desk.colleague, "item", "GG08")


def test_one_open_revision_a_record_is_held_to_by_the_database(desk: Desk) -> None:
    services.revision_draft(desk.editor, "item", "SB13")
    with pytest.raises(IntegrityError), transaction.atomic():
        Revision.objects.create(kind="item", record_id="SB13", author=desk.colleague)


def test_a_form_from_before_somebody_saved_does_not_overwrite(desk: Desk) -> None:
    draft = services.revision_draft(desk.editor, "item", "SB13")
    saved = services.revision_save(
        draft, desk.editor, version=1, content=desk.content(window="3号")
    )
    assert saved.version == 2
    with pytest.raises(ChangedUnder, match="又存过一次") as told:
        services.revision_save(draft, desk.editor, version=1, content=desk.content(window="4号"))
    assert told.value.revision.content["window"] == "3号"


def test_a_draft_keeps_what_is_no_record_yet_but_is_not_submitted(desk: Desk) -> None:
    draft = services.revision_draft(desk.editor, "item", "SB13")
    content = desk.content(category="说不清")
    saved = services.revision_save(draft, desk.editor, version=1, content=content)
    with pytest.raises(Unreadable) as told:
        services.revision_submit(saved, desk.editor)
    assert [finding.rule for finding in told.value.findings] == ["unreadable"]
    saved.refresh_from_db()
    assert saved.content["category"] == "说不清"


def test_lint_errors_stop_a_submission_with_their_findings(desk: Desk) -> None:
    content = desk.content()
    content["handling"]["visits"]["reason"] = ""
    draft = services.revision_draft(desk.editor, "item", "SB13", content=content)
    with pytest.raises(Unreadable) as told:
        services.revision_submit(draft, desk.editor)
    assert {finding.rule for finding in told.value.findings} == {"visit-reason"}


def test_what_changed_meanwhile_is_looked_at_again(desk: Desk) -> None:
    draft = services.revision_draft(desk.editor, "item", "SB13")
    alias_add("SB13", "蓝皮小折子")
    with pytest.raises(Outdated):
        services.revision_submit(draft, desk.editor)
    assert draft.content is not None
    saved = services.revision_save(draft, desk.editor, version=1, content=draft.content)
    assert services.revision_submit(saved, desk.editor).state == State.SUBMITTED


def test_a_rejected_one_comes_back_with_the_reason_and_can_be_gone_on_with(desk: Desk) -> None:
    revision = desk.submitted()
    with pytest.raises(CurationError, match="为什么"):
        services.revision_reject(revision, desk.reviewer, " ")
    services.revision_reject(revision, desk.reviewer, "窗口号不对")
    assert "窗口号不对" in bell(desk.editor)[-1]
    again = services.revision_reopen(revision, desk.editor)
    assert (again.state, again.reviewer) == (State.DRAFT, None)
    assert again.content["window"] == "3号窗口"


def test_a_withdrawn_one_leaves_the_record_free(desk: Desk) -> None:
    revision = desk.submitted()
    with pytest.raises(CurationError, match="写的人"):
        services.revision_withdraw(revision, desk.colleague)
    services.revision_withdraw(revision, desk.editor)
    services.revision_draft(desk.colleague, "item", "SB13")
    with pytest.raises(SomeoneHasIt):
        services.revision_reopen(revision, desk.editor)


def test_what_is_on_its_way_is_not_withdrawn(desk: Desk) -> None:
    revision = services.revision_approve(desk.submitted(), desk.reviewer)
    with pytest.raises(NotOpen, match="正在上线"):
        services.revision_withdraw(revision, desk.editor)
    with pytest.raises(NotOpen, match="已通过"):
        services.revision_approve(revision, desk.reviewer)


def test_what_the_gate_refuses_is_a_draft_again_with_its_questions(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = QuestionSet.objects.create(name="必过", is_gate=True)
    Question.objects.create(set=gate, text="社保卡补办", expected=["SB13"])
    revision = services.revision_approve(desk.submitted(), desk.reviewer)
    desk.publisher.warm_gate()
    monkeypatch.setattr("knowledge.gate._outcome", lambda *_: Outcome("step_back", (), ()))
    desk.publisher.fulfil_next()
    assert services.revisions_settle() == 1
    revision.refresh_from_db()
    assert (revision.state, revision.reviewer) == (State.DRAFT, None)
    assert [broken["text"] for broken in revision.broken] == ["社保卡补办"]
    assert list(Revision.objects.sent_back()) == [revision]
    assert "没能上线" in bell(desk.editor)[-1]
    assert ServiceItem.objects.get(pk="SB13").window == "社保医保窗口"
    # The reviewer may write now, and somebody else decides.
    services.revision_take_over(revision, desk.both)


def test_a_published_state_can_be_rolled_back_to(desk: Desk) -> None:
    first = desk.published(window="3号窗口")
    second = desk.published(window="5号窗口")
    back = services.revision_roll_back(first, desk.colleague)
    assert back.state == State.SUBMITTED
    services.revision_approve(back, desk.reviewer)
    desk.publisher.fulfil_next()
    assert ServiceItem.objects.get(pk="SB13").window == "3号窗口"
    services.revisions_settle()
    earlier = services.revision_roll_back(first, desk.editor, to_before=True)
    assert earlier.content["window"] == "社保医保窗口"
    assert selectors.history_of("item", "SB13")[1:] == [second, first]


def test_a_new_item_gets_the_next_number_and_is_published(desk: Desk) -> None:
    content = desk.content(name="社保卡寄到家", short_name="寄社保卡", aliases=[])
    draft = services.revision_draft(
        desk.editor, "item", action="create", content=content, phrasings=[{"text": "社保卡能寄吗"}]
    )
    assert draft.record_id == "SB48"
    assert draft.content["item_id"] == "SB48"
    services.revision_submit(draft, desk.editor)
    services.revision_approve(draft, desk.reviewer)
    desk.publisher.fulfil_next()
    services.revisions_settle()
    draft.refresh_from_db()
    assert (draft.state, draft.before) == (State.PUBLISHED, None)
    assert ServiceItem.objects.answerable().filter(pk="SB48").exists()
    gone = services.revision_roll_back(draft, desk.editor, to_before=True)
    assert (gone.action, gone.content) == ("retire", None)
    with pytest.raises(NoSuchRecord, match="已经有了"):
        services.revision_draft(desk.editor, "item", "SB48", action="create", content=content)


def test_an_entry_is_edited_created_and_retired_in_the_same_way(desk: Desk) -> None:
    row = Entry.objects.filter(kind="subject").first()
    assert row is not None
    draft = services.revision_draft(
        desk.editor, "subject", row.entry_id, content={**row.content, "answer": "改过了。"}
    )
    services.revision_submit(draft, desk.editor)
    services.revision_approve(draft, desk.reviewer)
    desk.publisher.fulfil_next()
    row.refresh_from_db()
    assert row.content["answer"] == "改过了。"
    retire = services.revision_draft(desk.editor, "subject", row.entry_id, action="retire")
    assert retire.content is None
    new = services.revision_draft(
        desk.editor, "subject", action="create", content={**row.content, "name": "新的"}
    )
    assert new.record_id != row.entry_id


def test_a_verified_item_carries_stamp_source_and_next_review(desk: Desk) -> None:
    revision = services.revision_verify(
        desk.editor,
        "SB13",
        source="区人社局2026年办事指南",
        verified_on=date(2026, 11, 20),
        next_review_on=date(2027, 5, 20),
        evidence={"text": "电话核对"},
    )
    services.revision_approve(revision, desk.reviewer)
    desk.publisher.fulfil_next()
    row = ServiceItem.objects.get(pk="SB13")
    assert (row.verified, row.verified_by) == (True, "小编")
    assert (row.source_title, row.next_review_on) == ("区人社局2026年办事指南", date(2027, 5, 20))
    assert revision.evidence == {"text": "电话核对"}


def test_approved_for_later_waits(desk: Desk) -> None:
    later = clock.now() + timedelta(days=3)
    revision = services.revision_approve(desk.submitted(), desk.reviewer, effective_at=later)
    assert (revision.state, revision.publication) == (State.APPROVED, None)
    assert not Publication.objects.exists()
    assert list(Revision.objects.scheduled()) == [revision]
    services.revision_withdraw(revision, desk.editor)


@pytest.mark.parametrize("person", ["stranger", "reviewer"])
def test_who_may_not_write_does_not(desk: Desk, person: str) -> None:
    with pytest.raises(Forbidden):
        services.revision_draft(getattr(desk, person), "item", "SB13")


def test_who_may_not_review_does_not(desk: Desk) -> None:
    revision = desk.submitted()
    for person in (desk.stranger, desk.colleague):
        with pytest.raises(Forbidden):
            services.revision_approve(revision, person)


def test_there_is_nothing_to_change_about_what_is_not_there(desk: Desk) -> None:
    with pytest.raises(NoSuchRecord):
        services.revision_draft(desk.editor, "item", "XX01")
    with pytest.raises(NoSuchRecord):
        services.revision_draft(desk.editor, "nothing", "XX01")


def test_findings_while_somebody_types_and_over_everything(desk: Desk) -> None:
    content = desk.content()
    content["handling"]["visits"]["reason"] = ""
    quick = checking.quick_findings("item", "SB13", content)
    assert "visit-reason" in {finding.rule for finding in quick}
    whole = checking.findings_of("item", "SB13", content)
    assert whole[0].rule == "visit-reason"
    taken = desk.content(aliases=desk.content("GG08")["aliases"][:1])
    assert not [f for f in checking.quick_findings("item", "SB13", taken) if f.level == "error"]
    shared = checking.findings_of("item", "SB13", taken, [{"text": "卡丢了去哪补"}])
    assert "shared-alias" in {finding.rule for finding in shared}
    stolen = stored_record("item", "GG08")
    assert stolen is not None
    [worst, *_] = checking.findings_of("item", "SB13", taken, (stolen.phrasings or [])[:1])
    assert (worst.level, worst.rule) == ("error", "shared-phrasing")
    assert checking.quick_findings("item", "SB13", {"item_id": "SB13"})[0].rule == "unreadable"


def test_what_could_not_be_published_can_be_withdrawn_or_wait_for_another_hour(desk: Desk) -> None:
    revision = services.revision_approve(desk.submitted(), desk.reviewer)
    Publication.objects.filter(pk=revision.publication_id).update(
        state="failed", error="…", finished_at=clock.now()
    )
    services.revisions_settle()
    services.revision_submit(revision, desk.editor)
    later = clock.now() + timedelta(days=1)
    services.revision_approve(revision, desk.reviewer, effective_at=later)
    assert Revision.objects.due(later).get() == revision
    assert services.revision_withdraw(revision, desk.editor).state == State.WITHDRAWN


@pytest.mark.parametrize("step", ["submit", "approve"])
def test_the_knowledge_is_read_over_before_the_revision_is_locked(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    depth, seen = len(connection.savepoint_ids), []
    draft = services.revision_draft(desk.editor, "item", "SB13")
    if step == "approve":
        draft = services.revision_submit(draft, desk.editor)

    def check(revision: Revision) -> None:
        seen.append(len(connection.savepoint_ids))

    monkeypatch.setattr(services, "publishable_require", check)
    if step == "submit":
        services.revision_submit(draft, desk.editor)
    else:
        services.revision_approve(draft, desk.reviewer)
    assert seen == [depth]


def test_what_was_saved_while_it_was_checked_is_not_submitted_unchecked(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft = services.revision_draft(desk.editor, "item", "SB13")

    def save_meanwhile(revision: Revision) -> None:
        services.revision_save(draft, desk.editor, version=1, content=desk.content(window="2号"))

    monkeypatch.setattr(services, "publishable_require", save_meanwhile)
    with pytest.raises(ChangedUnder):
        services.revision_submit(draft, desk.editor)
    draft.refresh_from_db()
    assert draft.state == Revision.State.DRAFT
