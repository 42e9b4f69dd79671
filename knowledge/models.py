"""The knowledge as the office edits it: service items with their rows, other records, publications.

Columns carry the names of ``knowledge.record``; nested groups are flattened with their group's name
in front (``promised_days``). Reading and writing whole records is done by services and selectors.
"""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models

# The one entry that holds what no office could answer.
OUT_OF_SCOPE = "out_of_scope"
# Short questions that honestly mean several items, with their candidates.
AMBIGUOUS = "ambiguous"


def _text() -> models.TextField[str, str]:
    return models.TextField(blank=True, default="")


def _word(length: int = 100) -> models.CharField[str, str]:
    return models.CharField(max_length=length, blank=True, default="")


def _rows() -> models.JSONField[list[Any], list[Any]]:
    return models.JSONField(blank=True, default=list)


class ServiceItemQuerySet(models.QuerySet["ServiceItem"]):
    """Questions asked of the items."""

    def answerable(self) -> ServiceItemQuerySet:
        """Items whose guide is published."""
        return self.filter(state="published")


class ServiceItem(models.Model):
    """One guide; ``edited`` tells that the office changed it, so that a release leaves it be."""

    item_id = models.CharField(max_length=20, primary_key=True)
    name = models.CharField(max_length=200)
    short_name = _word()
    category = _word()
    item_type = _word()
    version = models.PositiveIntegerField(default=1)
    state = models.CharField(max_length=20, default="draft")
    effective_from = models.DateField(null=True, blank=True)
    effective_until = models.DateField(null=True, blank=True)
    implementing_body = _word(200)
    accepting_body = _word(200)
    deciding_body = _word(200)
    exercise_level = _word()
    audience = _rows()
    scope = _text()
    exclusions = _rows()
    needs = _rows()
    places = _rows()
    window = _word()
    case_type = _word(20)
    statutory_days = models.PositiveIntegerField(null=True, blank=True)
    statutory_unit = _word(10)
    statutory_basis = _text()
    promised_days = models.PositiveIntegerField(null=True, blank=True)
    promised_unit = _word(10)
    promised_basis = _text()
    visits_count = models.PositiveIntegerField(default=1)
    visits_reason = _text()
    online_available = models.BooleanField(default=False)
    online_depth = _word()
    online_where = _text()
    self_service_terminal = models.BooleanField(default=False)
    appointment = models.BooleanField(default=False)
    postal_delivery = models.BooleanField(default=False)
    region = _word()
    proxy_allowed = models.BooleanField(default=False)
    proxy_requirements = _rows()
    proxy_home_visit = models.BooleanField(default=False)
    proxy_note = _text()
    charged = models.BooleanField(null=True, blank=True)
    charge_note = _text()
    result_name = _word(200)
    result_kind = _word(20)
    result_validity = _text()
    result_validity_basis = _text()
    result_delivery = _rows()
    consult_phone = _word(40)
    supervise_phone = _word(40)
    source_title = _text()
    source_retrieved_on = models.DateField()
    verified = models.BooleanField(default=False)
    verified_by = _word()
    verified_on = models.DateField(null=True, blank=True)
    next_review_on = models.DateField(null=True, blank=True)
    voice_brief = _text()
    voice_pronunciation = _rows()
    voice_hot_words = _rows()
    shipped_fingerprint = models.CharField(max_length=64, blank=True, default="")
    edited = models.BooleanField(default=False)
    updated_at = models.DateTimeField(auto_now=True)

    objects = ServiceItemQuerySet.as_manager()

    class Meta:
        """Items in the order of their ids."""

        ordering: ClassVar = ["item_id"]

    def __str__(self) -> str:
        return f"{self.item_id} {self.name}"


class ItemRow(models.Model):
    """A row of an item; ``order`` counts from 0 within the item."""

    order = models.PositiveIntegerField(default=0)

    class Meta:
        """Rows stand in their order."""

        abstract = True
        ordering: ClassVar = ["order"]


class Alias(ItemRow):
    """What residents call the item."""

    item = models.ForeignKey(ServiceItem, models.CASCADE, related_name="aliases")
    text = models.CharField(max_length=100)


class Condition(ItemRow):
    """One condition of acceptance."""

    item = models.ForeignKey(ServiceItem, models.CASCADE, related_name="accept_conditions")
    text = models.TextField()
    basis = _text()
    situation_ids = _rows()


class Situation(ItemRow):
    """A question whose answer changes what is needed; ``options`` as in ``record.Option``."""

    item = models.ForeignKey(ServiceItem, models.CASCADE, related_name="situations")
    situation_id = models.CharField(max_length=40)
    question = models.TextField()
    options = _rows()


class Material(ItemRow):
    """One thing to bring."""

    item = models.ForeignKey(ServiceItem, models.CASCADE, related_name="materials")
    name = models.CharField(max_length=200)
    necessity = models.CharField(max_length=10, default="必要")
    kind = models.CharField(max_length=10, default="原件")
    original_count = models.PositiveIntegerField(default=0)
    copy_count = models.PositiveIntegerField(default=0)
    form = models.CharField(max_length=10, default="纸质")
    source = _text()
    note = _text()
    situation_ids = _rows()
    exempt_by = _text()


class ProcessStep(ItemRow):
    """One step of handling."""

    item = models.ForeignKey(ServiceItem, models.CASCADE, related_name="process_steps")
    name = models.CharField(max_length=40)
    text = models.TextField()
    way = models.CharField(max_length=10, default="窗口")


class Deadline(ItemRow):
    """A date or period the resident has to keep."""

    item = models.ForeignKey(ServiceItem, models.CASCADE, related_name="deadlines")
    text = models.TextField()
    basis = _text()


class Fee(ItemRow):
    """One charge."""

    item = models.ForeignKey(ServiceItem, models.CASCADE, related_name="fees")
    name = models.CharField(max_length=100)
    standard = models.TextField()
    reduction = _text()
    basis = _text()


class Amount(ItemRow):
    """What the resident receives."""

    item = models.ForeignKey(ServiceItem, models.CASCADE, related_name="amounts")
    name = models.CharField(max_length=100)
    standard = _text()
    unit = _word(40)
    frequency = _word(40)
    basis = _text()
    note = _text()
    situation_ids = _rows()


class LegalBasis(ItemRow):
    """A law or document."""

    item = models.ForeignKey(ServiceItem, models.CASCADE, related_name="legal_basis")
    title = models.TextField()
    article = _text()


class Faq(ItemRow):
    """A frequent question with its answer."""

    item = models.ForeignKey(ServiceItem, models.CASCADE, related_name="faq")
    question = models.TextField()
    answer = models.TextField()
    facet = models.CharField(max_length=20, null=True, blank=True)  # noqa: DJ001 (None = no facet)


class Confusion(ItemRow):
    """What the item is mistaken for; ``other`` is an item's or a subject's id."""

    item = models.ForeignKey(ServiceItem, models.CASCADE, related_name="not_this")
    other = models.CharField(max_length=20)
    tell_apart = models.TextField()


class Phrasing(ItemRow):
    """What a resident said when she meant the item."""

    item = models.ForeignKey(ServiceItem, models.CASCADE, related_name="phrasings")
    text = models.TextField()
    style = models.CharField(max_length=20, default="plain")
    facet = models.CharField(max_length=20, default="overview")
    origin = models.CharField(max_length=20, default="written")


class Entry(models.Model):
    """A record of another kind (event, subject, emergency, report kind, place), typed by its kind.

    ``content`` is the record as plain data, read and written through ``knowledge.record``. One that
    was taken out of service stays, so that a release does not bring it back.
    """

    kind = models.CharField(max_length=20)
    entry_id = models.CharField(max_length=60)
    content = models.JSONField()
    order = models.PositiveIntegerField(default=0)
    shipped_fingerprint = models.CharField(max_length=64, blank=True, default="")
    edited = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)

    class Meta:
        """One entry per kind and id."""

        ordering: ClassVar = ["kind", "order"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["kind", "entry_id"], name="one_entry_per_kind_and_id")
        ]
        verbose_name_plural = "entries"

    def __str__(self) -> str:
        return f"{self.kind} {self.entry_id}"


# What a publication's error begins with that is no refusal but a fault of ours; its type follows.
UNEXPECTED = "unexpected "


class Publication(models.Model):
    """One wish to publish and what became of it.

    ``changes`` are what it brings along (``knowledge.changes``), stored only if all goes well.
    ``broken`` are the questions of the gate that failed, ``figures`` what the gate measured.
    """

    class State(models.TextChoices):
        """From wish to force."""

        REQUESTED = "requested"
        RUNNING = "running"
        LIVE = "live"
        FAILED = "failed"

    state = models.CharField(max_length=10, choices=State, default=State.REQUESTED)
    requested_by = _word()
    reason = _text()
    requested_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    fingerprint = _word(64)
    error = _text()
    changes = _rows()
    broken = _rows()
    figures = models.JSONField(blank=True, default=dict)

    class Meta:
        """Newest first."""

        ordering: ClassVar = ["-id"]

    def __str__(self) -> str:
        return f"{self.id} {self.state}"


class QuestionSet(models.Model):
    """Questions with their right answers; those of a gate are asked before every publication."""

    name = models.CharField(max_length=60, unique=True)
    is_gate = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        """By name."""

        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name


class QuestionQuerySet(models.QuerySet["Question"]):
    """Questions asked of the questions."""

    def of_the_gate(self) -> QuestionQuerySet:
        """Those that a publication has to pass."""
        return self.filter(is_active=True, set__is_gate=True)


class Question(models.Model):
    """One question: any of the ``expected`` ids is right; none means that nothing should answer."""

    set = models.ForeignKey(QuestionSet, models.CASCADE, related_name="questions")
    text = models.CharField(max_length=200)
    expected = _rows()
    style = models.CharField(max_length=20, default="plain")
    facet = models.CharField(max_length=20, default="overview")
    is_active = models.BooleanField(default=True)

    objects = QuestionQuerySet.as_manager()

    class Meta:
        """In the order they were written; each once in its set."""

        ordering: ClassVar = ["id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["set", "text"], name="one_question_once_in_a_set")
        ]

    def __str__(self) -> str:
        return self.text


class TestRun(models.Model):
    """One run of questions against a snapshot; without a set they were pasted or uploaded."""

    __test__ = False  # pytest collects by name

    set = models.ForeignKey(
        QuestionSet, models.SET_NULL, null=True, blank=True, related_name="runs"
    )
    started_by = _word()
    at = models.DateTimeField()
    snapshot = _word(64)
    figures = models.JSONField(blank=True, default=dict)
    rows = _rows()

    class Meta:
        """Newest first."""

        ordering: ClassVar = ["-id"]

    def __str__(self) -> str:
        return f"{self.id} {self.started_by}"


class LocalTermQuerySet(models.QuerySet["LocalTerm"]):
    """Questions asked of the local terms."""

    def in_use(self) -> LocalTermQuerySet:
        """Those that matching and speech go by."""
        return self.filter(is_active=True)


class LocalTerm(models.Model):
    """What people here say, and what is meant by it; ``spoken`` is how it is read aloud."""

    class Kind(models.TextChoices):
        """What kind of word it is."""

        ESTATE = "estate", "小区"
        COMMUNITY = "community", "社区"
        OLD_NAME = "old_name", "老地名"
        DIALECT = "dialect", "本地话"
        OTHER = "other", "其他叫法"

    word = models.CharField(max_length=40, unique=True)
    canonical = models.CharField(max_length=40)
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.OTHER)
    is_active = models.BooleanField(default=True)
    spoken = _word(80)

    objects = LocalTermQuerySet.as_manager()

    class Meta:
        """By word."""

        ordering: ClassVar = ["word"]

    def __str__(self) -> str:
        return f"{self.word} → {self.canonical}"
