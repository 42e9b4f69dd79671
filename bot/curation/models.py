"""Wishes to change one record of the knowledge, from the first draft to what residents are told."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from bot import clock
from knowledge.models import Publication


def _people(name: str) -> Any:
    return models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name=name
    )


class RevisionQuerySet(models.QuerySet["Revision"]):
    """Questions asked of the revisions."""

    def open(self) -> RevisionQuerySet:
        """Drafts, submitted ones, and approved ones that are not live yet."""
        return self.filter(state__in=Revision.OPEN)

    def of(self, kind: str, record_id: str) -> RevisionQuerySet:
        """All of one record."""
        return self.filter(kind=kind, record_id=record_id)

    def to_review(self) -> RevisionQuerySet:
        """Those that wait for a decision, the longest waiting first."""
        return self.filter(state=Revision.State.SUBMITTED).order_by("submitted_at", "id")

    def due(self, now: datetime) -> RevisionQuerySet:
        """Approved ones whose hour has come and that nobody has asked to publish yet."""
        approved = self.filter(state=Revision.State.APPROVED, publication=None)
        return approved.filter(effective_at__lte=now).order_by("effective_at", "id")

    def scheduled(self) -> RevisionQuerySet:
        """Approved ones that wait for their hour."""
        approved = self.filter(state=Revision.State.APPROVED, publication=None)
        return approved.order_by("effective_at", "id")

    def answered(self) -> RevisionQuerySet:
        """Approved ones whose publication has ended, well or badly."""
        ended = (Publication.State.LIVE, Publication.State.FAILED)
        return self.filter(state=Revision.State.APPROVED, publication__state__in=ended)

    def sent_back(self) -> RevisionQuerySet:
        """Drafts that could not be published; ``trouble`` says why."""
        return self.filter(state=Revision.State.DRAFT).exclude(trouble="")


class Revision(models.Model):
    """A wish to change one record.

    ``kind`` is "item" or the kind of an entry. ``content`` is the whole record as
    ``record.plain`` gives it (None takes it out of service), ``phrasings`` those of an item (None
    leaves them be). ``before`` is {"content", "phrasings"} as it was in force when this was
    published, None where there was nothing. ``base`` identifies what was in force when the draft
    was last saved. ``version`` counts the savings. ``writers`` are the ids of all who ever saved
    it. Without an author the office's clockwork made it.
    """

    class Action(models.TextChoices):
        """What is done to the record."""

        EDIT = "edit", "修改"
        CREATE = "create", "新增"
        RETIRE = "retire", "停用"
        VERIFY = "verify", "核实"
        ROLL_BACK = "roll_back", "退回旧版"

    class State(models.TextChoices):
        """How far it is."""

        DRAFT = "draft", "草稿"
        SUBMITTED = "submitted", "待审核"
        APPROVED = "approved", "已通过"
        PUBLISHED = "published", "已上线"
        REJECTED = "rejected", "已退回"
        WITHDRAWN = "withdrawn", "已撤回"

    OPEN: ClassVar = (State.DRAFT, State.SUBMITTED, State.APPROVED)

    kind = models.CharField(max_length=20)
    record_id = models.CharField(max_length=60)
    name = models.CharField(max_length=200, blank=True)
    action = models.CharField(max_length=10, choices=Action.choices, default=Action.EDIT)
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    content = models.JSONField(null=True, blank=True)
    phrasings = models.JSONField(null=True, blank=True)
    before = models.JSONField(null=True, blank=True)
    base = models.CharField(max_length=64, blank=True)
    evidence = models.JSONField(default=dict, blank=True)
    reason = models.CharField(max_length=500, blank=True)
    # Why it was sent back: the reviewer's words, or what stood against its publication.
    rejection = models.CharField(max_length=500, blank=True)
    trouble = models.TextField(blank=True)
    broken = models.JSONField(default=list, blank=True)
    author = _people("revisions")
    editor = _people("+")
    reviewer = _people("reviews")
    writers = models.JSONField(default=list, blank=True)
    version = models.PositiveIntegerField(default=1)
    effective_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=clock.now)
    changed_at = models.DateTimeField(default=clock.now)
    submitted_at = models.DateTimeField(null=True, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    published_at = models.DateTimeField(null=True, blank=True)
    publication = models.ForeignKey(
        Publication, models.SET_NULL, null=True, blank=True, related_name="revisions"
    )

    objects = RevisionQuerySet.as_manager()

    class Meta:
        """Newest first; one open wish of people a record; nobody decides about her own."""

        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["kind", "record_id"],
                condition=Q(state__in=["draft", "submitted", "approved"], author__isnull=False),
                name="one_open_revision_a_record",
            ),
            models.CheckConstraint(
                condition=Q(reviewer=None) | Q(author=None) | ~Q(reviewer=F("author")),
                name="author_is_not_reviewer",
            ),
            models.CheckConstraint(
                condition=Q(reviewer=None) | Q(editor=None) | ~Q(reviewer=F("editor")),
                name="editor_is_not_reviewer",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["kind", "record_id", "-id"], name="revisions_of_a_record"),
            models.Index(fields=["state", "-id"], name="revisions_by_state"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.record_id} {self.state}"

    @property
    def is_open(self) -> bool:
        """Whether it can still change anything."""
        return self.state in self.OPEN


class RevisionStep(models.Model):
    """One step in the life of a revision: who took it, when, and with which words."""

    class Step(models.TextChoices):
        """The steps."""

        DRAFT = "draft", "开始修改"
        TAKE_OVER = "take_over", "接手修改"
        SUBMIT = "submit", "提交审核"
        WITHDRAW = "withdraw", "撤回"
        REJECT = "reject", "退回"
        APPROVE = "approve", "通过"
        PUBLISH = "publish", "上线"
        FAIL = "fail", "没能上线"
        REOPEN = "reopen", "重新修改"

    revision = models.ForeignKey(Revision, models.CASCADE, related_name="steps")
    step = models.CharField(max_length=10, choices=Step.choices)
    staff = _people("+")
    at = models.DateTimeField(default=clock.now)
    note = models.TextField(blank=True)

    class Meta:
        """As they were taken."""

        ordering: ClassVar = ["id"]

    def __str__(self) -> str:
        return f"{self.revision_id} {self.step}"


class UnansweredCluster(models.Model):
    """Questions of residents that ask for the same and were not answered well.

    ``whys`` counts by reason (bot.curation.misses), ``weeks`` by week, the current one last.
    ``samples`` are the different texts, masked. ``rank`` orders the open ones, 1 is first.
    """

    class State(models.TextChoices):
        """What became of it."""

        OPEN = "open", "待处理"
        DRAFTED = "drafted", "已写成修改"
        IGNORED = "ignored", "不用管"

    title = models.CharField(max_length=200)
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    rank = models.PositiveIntegerField(default=0)
    count = models.PositiveIntegerField(default=0)
    whys = models.JSONField(default=dict, blank=True)
    weeks = models.JSONField(default=list, blank=True)
    samples = models.JSONField(default=list, blank=True)
    suggestions = models.JSONField(default=list, blank=True)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    refreshed_at = models.DateTimeField()
    handled_by = _people("+")
    handled_at = models.DateTimeField(null=True, blank=True)
    note = models.CharField(max_length=500, blank=True)
    revision = models.ForeignKey(
        Revision, models.SET_NULL, null=True, blank=True, related_name="unanswered"
    )

    class Meta:
        """The most frequent first."""

        ordering: ClassVar = ["rank", "id"]
        indexes: ClassVar = [models.Index(fields=["state", "rank"], name="unanswered_by_rank")]

    def __str__(self) -> str:
        return self.title
