"""Whether a record may be published as it stands: readable, and no new error of its own.

What records must not share with one another is found at publication, over the whole knowledge.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bot import clock
from bot.curation.errors import Unreadable
from bot.curation.models import Revision
from knowledge.changes import ITEM, Change, overlaid, phrasings_read, record_read
from knowledge.lint import Finding, lint_item, lint_knowledge, lint_phrasings
from knowledge.record import RecordError
from knowledge.selectors import stored_knowledge


def findings_of(
    kind: str,
    record_id: str,
    content: Mapping[str, Any] | None,
    phrasings: Sequence[Mapping[str, Any]] | None = None,
) -> list[Finding]:
    """Return what lint has to say about a record as it would be, errors first.

    What cannot be read is one error of the rule “unreadable”. Of other records only errors count
    that this one brings.
    """
    said = None if phrasings is None else [dict(each) for each in phrasings]
    change = Change(kind, record_id, None if content is None else dict(content), said)
    today, knowledge = clock.now().date(), stored_knowledge()
    try:
        after = lint_knowledge(overlaid(knowledge, [change]), today)
    except RecordError as error:
        return [Finding("error", record_id, "unreadable", str(error))]
    # What two records share is found at the later one and names the other last.
    found = [f for f in after if record_id in (f.record, f.message.rpartition(" ")[2])]
    if others := [f for f in after if f.level == "error" and f not in found]:
        before = set(lint_knowledge(knowledge, today))
        found += [f for f in others if f not in before]
    return sorted(found, key=lambda f: (f.level != "error", f.rule, f.message))


def quick_findings(
    kind: str,
    record_id: str,
    content: Mapping[str, Any],
    phrasings: Sequence[Mapping[str, Any]] | None = None,
) -> list[Finding]:
    """Return what lint has to say about a record by itself; fast enough while somebody types."""
    try:
        record = record_read(kind, record_id, content)
        said = phrasings_read(record_id, phrasings or [])
    except RecordError as error:
        return [Finding("error", record_id, "unreadable", str(error))]
    if kind != ITEM:
        return []
    found = lint_item(record, clock.now().date())
    return found if phrasings is None else [*found, *lint_phrasings(record_id, said)]


def publishable_require(revision: Revision) -> None:
    """Let pass what may be published; raises Unreadable with the findings."""
    try:
        if revision.content is not None:
            record_read(revision.kind, revision.record_id, revision.content)
        if revision.phrasings is not None:
            phrasings_read(revision.record_id, revision.phrasings)
    except RecordError as error:
        found = [Finding("error", revision.record_id, "unreadable", str(error))]
        raise Unreadable("有的栏没填好，还不能提交。", found) from error
    findings = findings_of(revision.kind, revision.record_id, revision.content, revision.phrasings)
    errors = [f for f in findings if f.level == "error"]
    if errors:
        raise Unreadable(f"还有 {len(errors)} 处要改好才能上线。", errors)
