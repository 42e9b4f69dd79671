"""People and records of the curation tests: two editors, a reviewer, a few guides, a publisher."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from bot import clock
from bot.accounts.models import Staff, StaffRole
from bot.curation import services
from bot.curation.models import Revision
from bot.handovers.models import StaffNotice
from knowledge.files import KnowledgeFiles
from knowledge.publishing import Publisher
from knowledge.selectors import stored_record
from knowledge.services import knowledge_load
from tests.bot.ticketing import make_staff
from tests.people import tiny

Role = StaffRole.Role


@dataclass(frozen=True)
class Desk:
    """Who works on the knowledge, and what puts it in force."""

    editor: Staff
    colleague: Staff
    reviewer: Staff
    both: Staff
    stranger: Staff
    publisher: Publisher

    def content(self, item_id: str = "SB13", **changes: Any) -> dict[str, Any]:
        """What is stored of an item, with some fields replaced."""
        stored = stored_record("item", item_id)
        assert stored is not None
        return {**stored.content, **changes}

    def submitted(self, item_id: str = "SB13", **changes: Any) -> Revision:
        """A revision of 小编 that waits for review."""
        content = self.content(item_id, **(changes or {"window": "3号窗口"}))
        draft = services.revision_draft(self.editor, "item", item_id, content=content)
        return services.revision_submit(draft, self.editor, "窗口换了")

    def published(self, item_id: str = "SB13", **changes: Any) -> Revision:
        """The same, in force."""
        revision = services.revision_approve(self.submitted(item_id, **changes), self.reviewer)
        self.publisher.fulfil_next()
        services.revisions_settle()
        revision.refresh_from_db()
        return revision


def make_desk(shipped: KnowledgeFiles, shelf: Any) -> Desk:
    """Two guides in force and the people; 全能 has both roles."""
    knowledge_load(replace(tiny(shipped, "SB13", "GG08"), gate_questions=[]))
    publisher = Publisher(shelf, None, clock.now)
    publisher.publish()
    both = make_staff("全能", Role.EDITOR)
    StaffRole.objects.create(staff=both, role=Role.REVIEWER)
    return Desk(
        editor=make_staff("小编", Role.EDITOR),
        colleague=make_staff("小吴", Role.EDITOR),
        reviewer=make_staff("老审", Role.REVIEWER),
        both=both,
        stranger=make_staff("网格", Role.GRID),
        publisher=publisher,
    )


def bell(person: Staff) -> list[str]:
    """What somebody has been told."""
    return [row.text for row in StaffNotice.objects.filter(staff=person).order_by("id")]
