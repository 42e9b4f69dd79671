"""From a group of unanswered questions to a draft: one press each, then the normal way.

Whoever has the record's draft open goes on with it; a colleague's draft is left alone
(SomeoneHasIt). Nothing here is in force before somebody else has reviewed it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from django.db import transaction

from bot import clock
from bot.accounts.models import Staff
from bot.accounts.policies import Action, require
from bot.audit.models import AuditAction
from bot.audit.services import audit_note
from bot.curation import services
from bot.curation.blank import blank_content
from bot.curation.errors import CurationError, NoSuchRecord
from bot.curation.models import Revision, UnansweredCluster
from bot.curation.selectors import open_revision
from knowledge.changes import ITEM
from knowledge.files import load_catalogue
from knowledge.selectors import StoredRecord, stored_record

State = UnansweredCluster.State
REASON: Final = "居民这样问，没答好"
LONGEST_PHRASING: Final = 200
SHORTEST_ALIAS, LONGEST_ALIAS = 2, 30
# The kinds in which residents' sentences can stand, in the order in which an id is looked for.
WITH_PHRASINGS: Final = (ITEM, "event", "subject", "report", "topic", "checklist")
Content = dict[str, Any]


def record_named(record_id: str) -> StoredRecord:
    """Return the record with an id, whatever its kind; raises NoSuchRecord."""
    for kind in WITH_PHRASINGS:
        if stored := stored_record(kind, record_id.strip()):
            return stored
    raise NoSuchRecord(f"没有编号“{record_id}”的内容。")


def phrasings_teach(
    staff: Staff, cluster: UnansweredCluster, record_id: str, texts: Sequence[str]
) -> Revision:
    """Give a record what residents say when they mean it."""
    said = [text.strip()[:LONGEST_PHRASING] for text in texts if text.strip()]
    if not said:
        raise CurationError("请至少选一句。")
    stored = record_named(record_id)

    def add(content: Content, phrasings: list[Content]) -> list[Content]:
        if stored.kind != ITEM:
            content["phrasings"] = [*dict.fromkeys([*content.get("phrasings", []), *said])]
            return phrasings
        known = {each["text"] for each in phrasings}
        new = [{"text": t, "origin": "mined"} for t in dict.fromkeys(said) if t not in known]
        return [*phrasings, *({"style": "plain", "facet": "overview", **each} for each in new)]

    return _changed(staff, cluster, stored, add)


def alias_teach(staff: Staff, cluster: UnansweredCluster, record_id: str, alias: str) -> Revision:
    """Give a record one more name."""
    alias, stored = alias.strip(), record_named(record_id)
    if not SHORTEST_ALIAS <= len(alias) <= LONGEST_ALIAS:
        raise CurationError(f"别名要{SHORTEST_ALIAS}到{LONGEST_ALIAS}个字。")
    if "aliases" not in stored.content:
        raise CurationError("这一类内容没有别名，可以加成居民的说法。")

    def add(content: Content, phrasings: list[Content]) -> list[Content]:
        content["aliases"] = [*dict.fromkeys([*content["aliases"], alias])]
        return phrasings

    return _changed(staff, cluster, stored, add)


def _changed(staff: Staff, cluster: UnansweredCluster, stored: StoredRecord, add: Any) -> Revision:
    require(staff, Action.KNOWLEDGE_EDIT)
    held = open_revision(stored.kind, stored.record_id)
    is_mine = held is not None and held.editor_id == staff.pk
    with transaction.atomic():
        if held and is_mine and held.state == Revision.State.DRAFT and held.content is not None:
            content = dict(held.content)
            phrasings = add(content, list(held.phrasings or []))
            revision = services.revision_save(
                held,
                staff,
                version=held.version,
                content=content,
                phrasings=phrasings if stored.kind == ITEM else None,
                effective_at=held.effective_at,
            )
        else:
            content = dict(stored.content)
            phrasings = add(content, list(stored.phrasings or []))
            revision = services.revision_draft(
                staff,
                stored.kind,
                stored.record_id,
                content=content,
                phrasings=phrasings if stored.kind == ITEM else None,
                reason=f"{REASON}：{cluster.title}",
            )
        _dealt_with(staff, cluster, revision)
    return revision


def item_begin(
    staff: Staff, cluster: UnansweredCluster, name: str, category: str, texts: Sequence[str]
) -> Revision:
    """Begin a new guide for what nobody has written yet."""
    name = _named(name)
    if category not in categories():
        raise CurationError("请选一个类别。")
    content = {**blank_content(ITEM), "name": name, "short_name": name[:10], "category": category}
    said = [text.strip()[:LONGEST_PHRASING] for text in texts if text.strip()]
    phrasings = [
        {"text": text, "style": "plain", "facet": "overview", "origin": "mined"}
        for text in dict.fromkeys(said)
    ]
    return _begun(staff, cluster, ITEM, content, phrasings)


def categories() -> list[str]:
    """Return the categories of the catalogue, in its order."""
    return list(dict.fromkeys(row.category for row in load_catalogue().values()))


def subject_begin(
    staff: Staff,
    cluster: UnansweredCluster,
    competent: Mapping[str, str],
    name: str,
    texts: Sequence[str],
) -> Revision:
    """Begin to tell who is competent for what is not ours: ``body``, ``phone``, ``why``."""
    name, body = _named(name), competent.get("body", "").strip()
    if not body:
        raise CurationError("请写清楚归哪个部门。")
    content = blank_content("subject")
    content["name"] = name
    for field in ("body", "phone", "why"):
        if field in content["competent"]:
            content["competent"][field] = competent.get(field, "").strip()
    content["phrasings"] = [*dict.fromkeys(text.strip() for text in texts if text.strip())]
    return _begun(staff, cluster, "subject", content, None)


def _named(name: str) -> str:
    name = name.strip()
    if not 2 <= len(name) <= 100:
        raise CurationError("请起个名称，2到100个字。")
    return name


def _begun(
    staff: Staff,
    cluster: UnansweredCluster,
    kind: str,
    content: Content,
    phrasings: list[Content] | None,
) -> Revision:
    with transaction.atomic():
        revision = services.revision_draft(
            staff,
            kind,
            action=Revision.Action.CREATE,
            content=content,
            phrasings=phrasings,
            reason=f"{REASON}：{cluster.title}",
        )
        _dealt_with(staff, cluster, revision)
    return revision


def cluster_ignore(staff: Staff, cluster: UnansweredCluster, note: str) -> None:
    """Put a group aside for good, with what was asked like it and will be."""
    require(staff, Action.KNOWLEDGE_EDIT)
    _set(staff, cluster, State.IGNORED, note=note.strip()[:500], revision=None)


def cluster_reopen(staff: Staff, cluster: UnansweredCluster) -> None:
    """Take a group up again."""
    require(staff, Action.KNOWLEDGE_EDIT)
    _set(staff, cluster, State.OPEN, note="", revision=None)


def _dealt_with(staff: Staff, cluster: UnansweredCluster, revision: Revision) -> None:
    _set(staff, cluster, State.DRAFTED, note="", revision=revision)


def _set(staff: Staff, cluster: UnansweredCluster, state: str, **more: Any) -> None:
    with transaction.atomic():
        UnansweredCluster.objects.filter(pk=cluster.pk).update(
            state=state, handled_by=staff, handled_at=clock.now(), **more
        )
        # Its title is what residents said.
        what = f"第{cluster.pk}组"
        audit_note(AuditAction.KNOWLEDGE_UNANSWERED, staff, what, str(State(state).label))
