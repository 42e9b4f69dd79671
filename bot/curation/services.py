"""What is done with revisions, each step in one short transaction with its log and its notices.

A revision passed in only says which one is meant: it is read again, locked, and returned as it is
then. Steps raise Forbidden (accounts.policies) for whoever may not take them, and a CurationError
(errors) with a sentence for staff otherwise. Nobody decides about what she had a hand in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final

from django.db import IntegrityError, transaction

from bot import clock
from bot.accounts.models import Staff
from bot.accounts.policies import Action, require
from bot.curation import selectors, telling
from bot.curation.checking import publishable_require
from bot.curation.errors import (
    ChangedUnder,
    CurationError,
    NoSuchRecord,
    NotOpen,
    Outdated,
    SamePerson,
    SomeoneHasIt,
)
from bot.curation.models import Revision, RevisionStep
from bot.curation.stamping import picture_bind, stamp_check
from bot.curation.steps import saved_log, step_log
from knowledge.changes import (
    AMBIGUOUS,
    ENTRY_KINDS,
    ITEM,
    KIND_LABELS,
    TERM,
    Change,
    name_of,
)
from knowledge.models import Publication
from knowledge.selectors import StoredRecord, stored_record
from knowledge.services import publication_request

State, Step = Revision.State, RevisionStep.Step
Content = Mapping[str, Any]
Rows = Sequence[Mapping[str, Any]]
LONGEST_REASON: Final = 500


# Drafting


def revision_draft(
    staff: Staff,
    kind: str,
    record_id: str = "",
    *,
    action: str = Revision.Action.EDIT,
    content: Content | None = None,
    phrasings: Rows | None = None,
    reason: str = "",
) -> Revision:
    """Begin to change a record; without content it begins with what is in force.

    A new record (``action`` create) is given an id if none is named. Raises SomeoneHasIt with the
    open revision, NoSuchRecord.
    """
    require(staff, Action.KNOWLEDGE_EDIT)
    if kind not in KIND_LABELS:
        raise NoSuchRecord(f"没有“{kind}”这一类内容。")
    revisions_settle()
    if action == Revision.Action.CREATE:
        record_id = record_id or _new_id(kind, content or {})
    stored = _stored(kind, record_id, action)
    _require_free(kind, record_id)
    revision = Revision(
        kind=kind,
        record_id=record_id,
        action=action,
        reason=reason[:LONGEST_REASON],
        author=staff,
        editor=staff,
        writers=[staff.pk],
        base=selectors.base_of(stored),
        created_at=clock.now(),
        changed_at=clock.now(),
    )
    _fill(revision, stored, content, phrasings)
    try:
        with transaction.atomic():
            revision.save()
            step_log(revision, Step.DRAFT, staff)
    except IntegrityError:
        # Somebody else was faster by a moment.
        _require_free(kind, record_id)
        raise
    return revision


def _new_id(kind: str, content: Content) -> str:
    if kind == ITEM:
        return selectors.new_item_id(str(content.get("category", "")))
    wanted = str(content.get(ENTRY_KINDS[kind].key) or "")
    # A short saying is its own id; of a copied record the id is taken.
    if wanted and (kind in (AMBIGUOUS, TERM) or stored_record(kind, wanted) is None):
        return wanted
    return selectors.new_entry_id(kind)


def _stored(kind: str, record_id: str, action: str) -> StoredRecord | None:
    stored = stored_record(kind, record_id)
    is_there = stored is not None and stored.is_active
    if action == Revision.Action.CREATE and is_there:
        raise NoSuchRecord(f"“{record_id}”已经有了，请直接修改。")
    if action != Revision.Action.CREATE and stored is None:
        raise NoSuchRecord(f"没有“{record_id}”这一条。")
    return stored


def _require_free(kind: str, record_id: str) -> None:
    if other := selectors.open_revision(kind, record_id):
        who = other.editor or other.author
        raise SomeoneHasIt(
            f"“{selectors.shown_name(other)}”正由{who}修改（{other.get_state_display()}），"
            "等这一次上线、撤回或退回以后才能再改。",
            other,
        )


def _fill(
    revision: Revision, stored: StoredRecord | None, content: Content | None, said: Rows | None
) -> None:
    held = stored.content if stored else None
    revision.content = dict(content) if content is not None else held
    revision.phrasings = [dict(each) for each in said] if said is not None else None
    if revision.kind == ITEM and said is None and stored:
        revision.phrasings = stored.phrasings
    revision.name = name_of(revision.kind, revision.content or held)[:200]
    if revision.action == Revision.Action.RETIRE:
        revision.content, revision.phrasings = None, None
    elif revision.content is not None:
        key = "item_id" if revision.kind == ITEM else ENTRY_KINDS[revision.kind].key
        revision.content[key] = revision.record_id


def revision_save(
    revision: Revision,
    staff: Staff,
    *,
    version: int,
    content: Content | None,
    phrasings: Rows | None = None,
    reason: str | None = None,
    effective_at: datetime | None = None,
    evidence: Mapping[str, Any] | None = None,
) -> Revision:
    """Keep a draft as it was typed, whether or not it is right already.

    ``version`` is the one the form was filled from: raises ChangedUnder if it is no longer the
    newest. ``phrasings``, ``reason`` and ``evidence`` None leave them be. Raises SomeoneHasIt if
    another editor has the draft (see revision_take_over).
    """
    require(staff, Action.KNOWLEDGE_EDIT)
    with transaction.atomic():
        held = _locked(revision)
        _require_state(held, State.DRAFT, what="保存")
        if held.editor_id != staff.pk:
            raise SomeoneHasIt(f"这份草稿在{held.editor}手里，要改请先接手。", held)
        if held.version != version:
            raise ChangedUnder(
                f"你打开以后，{held.editor}在{_clock(held.changed_at)}又存过一次。"
                "你填的还在下面，请对照着看一看，再保存。",
                held,
            )
        held.content = None if content is None else dict(content)
        if phrasings is not None:
            held.phrasings = [dict(each) for each in phrasings]
        if reason is not None:
            held.reason = reason[:LONGEST_REASON]
        if evidence is not None:
            held.evidence = dict(evidence)
            picture_bind(held, staff)
        held.effective_at = effective_at
        held.name = (name_of(held.kind, content) if content else held.name)[:200]
        held.base = selectors.base_of(stored_record(held.kind, held.record_id))
        held.version += 1
        _written_by(held, staff)
        held.save()
        saved_log(held, staff, "存草稿")
    return held


def revision_take_over(revision: Revision, staff: Staff) -> Revision:
    """Take a colleague's draft; she is told."""
    require(staff, Action.KNOWLEDGE_EDIT)
    with transaction.atomic():
        held = _locked(revision)
        _require_state(held, State.DRAFT, what="接手")
        former = held.editor
        _written_by(held, staff)
        held.version += 1
        held.save()
        step_log(held, Step.TAKE_OVER, staff)
        telling.taken_over_tell(held, former, staff)
    return held


def revision_submit(revision: Revision, staff: Staff, reason: str | None = None) -> Revision:
    """Ask for review; reviewers are told. Raises Unreadable with findings, Outdated."""
    require(staff, Action.KNOWLEDGE_EDIT)
    seen = _read(revision)
    _require_hers_to_submit(seen, staff)
    # The whole knowledge is read over for it: never while others wait for the lock.
    publishable_require(seen)
    stored = stored_record(seen.kind, seen.record_id)
    with transaction.atomic():
        held = _locked(revision)
        _require_hers_to_submit(held, staff)
        _require_unchanged(held, seen)
        stamp_check(held, stored)
        held.state, held.submitted_at = State.SUBMITTED, clock.now()
        held.trouble, held.broken, held.rejection = "", [], ""
        # That of an earlier try; the next one may wait for its hour.
        held.publication = None
        if reason is not None:
            held.reason = reason[:LONGEST_REASON]
        held.save()
        step = step_log(held, Step.SUBMIT, staff, held.reason)
        telling.submitted_tell(held, step)
    return held


def _require_hers_to_submit(held: Revision, staff: Staff) -> None:
    _require_state(held, State.DRAFT, what="提交")
    if held.editor_id != staff.pk:
        raise SomeoneHasIt(f"这份草稿在{held.editor}手里，要提交请先接手。", held)
    _require_fresh(held)


def revision_withdraw(revision: Revision, staff: Staff) -> Revision:
    """Take it back before it is on its way to be published."""
    require(staff, Action.KNOWLEDGE_EDIT)
    with transaction.atomic():
        held = _locked(revision)
        _require_state(held, State.DRAFT, State.SUBMITTED, State.APPROVED, what="撤回")
        if held.state == State.APPROVED and held.publication_id:
            raise NotOpen("正在上线，撤不回来了；上线以后可以退回旧版。")
        if staff.pk not in {held.author_id, held.editor_id}:
            raise CurationError("只有写的人能撤回；审核的人请用“退回”。")
        held.state = State.WITHDRAWN
        held.save()
        step_log(held, Step.WITHDRAW, staff)
    return held


def revision_reopen(revision: Revision, staff: Staff) -> Revision:
    """Go on with one that was rejected or withdrawn. Raises SomeoneHasIt."""
    require(staff, Action.KNOWLEDGE_EDIT)
    _require_free(revision.kind, revision.record_id)
    with transaction.atomic():
        held = _locked(revision)
        _require_state(held, State.REJECTED, State.WITHDRAWN, what="接着改")
        held.state, held.reviewer, held.decided_at = State.DRAFT, None, None
        held.base = selectors.base_of(stored_record(held.kind, held.record_id))
        _written_by(held, staff)
        held.version += 1
        held.save()
        step_log(held, Step.REOPEN, staff)
    return held


def revision_roll_back(
    to: Revision, staff: Staff, reason: str = "", *, to_before: bool = False
) -> Revision:
    """Ask for what a published revision brought (or replaced) to be in force again.

    It is submitted at once and wants a reviewer like any other. What may not be published any more
    (Unreadable) stays a draft.
    """
    require(staff, Action.KNOWLEDGE_EDIT)
    if to.state != State.PUBLISHED:
        raise NotOpen("只有上线过的版本才能退回去。")
    held = to.before if to_before else {"content": to.content, "phrasings": to.phrasings}
    held = held or {"content": None, "phrasings": None}
    is_gone = held["content"] is None
    draft = revision_draft(
        staff,
        to.kind,
        to.record_id,
        action=Revision.Action.RETIRE if is_gone else Revision.Action.ROLL_BACK,
        content=held["content"],
        phrasings=held["phrasings"],
        reason=reason or f"退回到{_clock(to.published_at)}{'以前' if to_before else ''}的版本",
    )
    return revision_submit(draft, staff)


def revision_verify(
    staff: Staff,
    item_id: str,
    *,
    source: str,
    verified_on: date,
    next_review_on: date | None,
    evidence: Mapping[str, Any] | None = None,
) -> Revision:
    """Ask for an item to be stamped as verified against a source; it is submitted at once."""
    require(staff, Action.KNOWLEDGE_EDIT)
    if not source.strip():
        raise CurationError("请写清楚是跟什么核对的，例如“区人社局2026年办事指南”。")
    stored = stored_record(ITEM, item_id)
    if stored is None:
        raise NoSuchRecord(f"没有“{item_id}”这一条。")
    content = {
        **stored.content,
        "verified": True,
        "verified_by": str(staff),
        "verified_on": verified_on.isoformat(),
        "next_review_on": next_review_on.isoformat() if next_review_on else None,
        "source": {"title": source.strip(), "retrieved_on": verified_on.isoformat()},
    }
    draft = revision_draft(
        staff, ITEM, item_id, action=Revision.Action.VERIFY, content=content, reason=source.strip()
    )
    with transaction.atomic():
        draft.evidence = dict(evidence or {})
        draft.save(update_fields=["evidence"])
        picture_bind(draft, staff)
    return revision_submit(draft, staff)


# Deciding


def revision_reject(
    revision: Revision, staff: Staff, reason: str, *, version: int | None = None
) -> Revision:
    """Send it back with a reason; its writers are told.

    ``version`` is the one that the reviewer had before her: raises ChangedUnder for another.
    """
    require(staff, Action.KNOWLEDGE_REVIEW)
    if not reason.strip():
        raise CurationError("请写一句为什么退回，写的人才知道怎么改。")
    with transaction.atomic():
        held = _decided(revision, staff, "退回")
        _require_seen(held, version)
        held.state, held.rejection = State.REJECTED, reason.strip()[:LONGEST_REASON]
        held.save()
        step = step_log(held, Step.REJECT, staff, held.rejection)
        telling.rejected_tell(held, step)
    return held


def revision_approve(
    revision: Revision,
    staff: Staff,
    *,
    effective_at: datetime | None = None,
    version: int | None = None,
) -> Revision:
    """Let it through: publication is asked for at once, or when its hour has come.

    ``version`` is the one that the reviewer had before her: raises ChangedUnder for another.
    """
    require(staff, Action.KNOWLEDGE_REVIEW)
    seen = _read(revision)
    _require_to_decide(seen, staff, "通过")
    _require_seen(seen, version)
    _require_fresh(seen)
    publishable_require(seen)
    with transaction.atomic():
        held = _decided(revision, staff, "通过")
        _require_fresh(held)
        _require_unchanged(held, seen)
        held.state = State.APPROVED
        held.effective_at = effective_at or held.effective_at
        held.save()
        step_log(held, Step.APPROVE, staff)
        if held.effective_at is None or held.effective_at <= clock.now():
            revision_publish(held)
    return held


def _decided(revision: Revision, staff: Staff, what: str) -> Revision:
    held = _locked(revision)
    _require_to_decide(held, staff, what)
    held.reviewer, held.decided_at = staff, clock.now()
    return held


def _require_to_decide(held: Revision, staff: Staff, what: str) -> None:
    _require_state(held, State.SUBMITTED, what=what)
    if not selectors.may_decide(staff, held):
        raise SamePerson("自己写的、改过的不能自己审核，请另一位同事来看。")


# Publishing


def revision_publish(revision: Revision) -> Publication:
    """Ask for the publication of an approved revision; called within its transaction."""
    stored = stored_record(revision.kind, revision.record_id)
    is_there = stored is not None and stored.is_active
    revision.before = (
        {"content": stored.content, "phrasings": stored.phrasings} if stored and is_there else None
    )
    change = Change(revision.kind, revision.record_id, revision.content, revision.phrasings)
    revision.publication = publication_request(
        requested_by=str(revision.reviewer or "定时"),
        reason=f"{revision.get_action_display()} {selectors.shown_name(revision)}",
        changes=[change.plain()],
    )
    revision.save(update_fields=["before", "publication"])
    return revision.publication


def revisions_settle() -> int:
    """Note what became of publications that have ended; returns how many revisions changed.

    The worker does it every minute; a page that waits for an outcome may call it.
    """
    settled = 0
    for revision in list(Revision.objects.answered()):
        with transaction.atomic():
            held = Revision.objects.select_for_update().get(pk=revision.pk)
            if held.state == State.APPROVED and held.publication:
                _settle(held, held.publication)
                settled += 1
    return settled


def _settle(revision: Revision, publication: Publication) -> None:
    if publication.state == Publication.State.LIVE:
        revision.state, revision.published_at = State.PUBLISHED, publication.finished_at
        revision.save()
        step = step_log(revision, Step.PUBLISH, None)
        telling.published_tell(revision, step)
        return
    revision.state = State.DRAFT if revision.author_id else State.WITHDRAWN
    revision.trouble, revision.broken = publication.error, publication.broken
    # The next reviewer may be another one; who decided before stands in the steps.
    revision.reviewer, revision.decided_at = None, None
    revision.effective_at, revision.before = None, None
    revision.version += 1
    revision.save()
    step = step_log(revision, Step.FAIL, None, publication.error)
    telling.failed_tell(revision, step)


# What they share


def _read(revision: Revision) -> Revision:
    rows = Revision.objects.select_related("author", "editor", "reviewer")
    return rows.get(pk=revision.pk)


def _require_seen(held: Revision, version: int | None) -> None:
    if version is not None and held.version != version:
        raise ChangedUnder("你打开这一页以后，内容又改过了。请把改动重新看一遍，再决定。", held)


def _require_unchanged(held: Revision, seen: Revision) -> None:
    """What was checked must be what is let through."""
    if held.version != seen.version:
        raise ChangedUnder("你提交的时候内容又变了，请打开看一看，再来一次。", held)


def _locked(revision: Revision) -> Revision:
    rows = Revision.objects.select_for_update(of=("self",))
    return rows.select_related("author", "editor", "reviewer").get(pk=revision.pk)


def _require_state(revision: Revision, *allowed: str, what: str) -> None:
    if revision.state not in allowed:
        raise NotOpen(f"现在是“{revision.get_state_display()}”，不能{what}。")


def _require_fresh(revision: Revision) -> None:
    stored = stored_record(revision.kind, revision.record_id)
    if revision.base != selectors.base_of(stored):
        raise Outdated("这一条在起草以后被别的途径改过，请退回草稿，对照着看清楚，再保存一次。")


def _written_by(revision: Revision, staff: Staff) -> None:
    revision.editor, revision.changed_at = staff, clock.now()
    revision.writers = list(dict.fromkeys([*revision.writers, staff.pk]))


def _clock(moment: datetime | None) -> str:
    return f"{moment.astimezone(clock.OFFICE_ZONE):%m月%d日%H:%M}" if moment else ""
