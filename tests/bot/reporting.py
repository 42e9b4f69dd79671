"""An office that takes reports: two communities, people with roles, kinds, a clock to be moved."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from io import BytesIO
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from bot import clock
from bot.accounts.models import Staff, StaffRole
from bot.conversations.models import Conversation
from bot.evidence.services import upload_take
from bot.gazetteer.models import Community, Estate
from bot.handovers.models import Notice, StaffNotice
from bot.reports import services
from bot.reports.models import Report, Reporter
from bot.reports.services import ReportRequest
from knowledge.record import ReportKind
from tests.bot.conftest import MONDAY_MORNING

Role = StaffRole.Role
_keys = count(1)


def make_kind(
    kind_id: str = "R10", name: str = "路灯不亮", role: str = "网格员", days: int = 3, **more: Any
) -> ReportKind:
    """A kind of report."""
    return ReportKind(
        kind_id=kind_id,
        name=name,
        responsible_role=role,
        due_working_days=days,
        answer="",
        phrasings=[],
        **more,
    )


LAMP = make_kind()
MANHOLE = make_kind("R18", "井盖没了或松动", days=1, urgent=True)
WAGES = make_kind("R12", "拖欠工资", "综合执法大队", 10)
MANNERS = make_kind("R13", "窗口态度不好", "政务通专员", 3)


def picture() -> bytes:
    """A small photo."""
    data = BytesIO()
    Image.new("RGB", (8, 8), (next(_keys) % 256, 90, 90)).save(data, "PNG")
    return data.getvalue()


@dataclass
class Office:
    """Two communities with estates, and who works there."""

    now: datetime = MONDAY_MORNING
    linjiang: Community = field(init=False)
    zhenzhulu: Community = field(init=False)

    def __post_init__(self) -> None:
        self.linjiang = Community.objects.create(name="临江社区")
        self.zhenzhulu = Community.objects.create(name="珍珠路社区")
        Estate.objects.create(name="明发滨江新城", others=["明发滨江"], community=self.linjiang)
        Estate.objects.create(name="大华锦绣", community=self.zhenzhulu)
        self.grid = self.hire("小李", Role.GRID, self.linjiang)
        self.supervisor = self.hire("老陈", Role.SUPERVISOR)
        self.dispatcher = self.hire("小周", Role.DISPATCHER)

    def hire(self, name: str, role: str, community: Community | None = None) -> Staff:
        """Somebody with a role."""
        staff = Staff.objects.create_user(f"staff{Staff.objects.count()}", display_name=name)
        StaffRole.objects.create(staff=staff, role=role, community=community)
        return staff

    def later(self, **by: float) -> datetime:
        """Let time pass."""
        self.now += timedelta(**by)
        return self.now

    def talk(self, channel: str = "web") -> Conversation:
        """A conversation begins."""
        name = f"talk{next(_keys)}"
        return Conversation.objects.create(
            owner="web", channel=channel, external_id=name, sender=f"sender-{name}"
        )

    def hears(
        self,
        place: str = "明发滨江3栋楼下",
        kind: ReportKind = LAMP,
        *,
        conversation: Conversation | None = None,
        **more: Any,
    ) -> Reporter:
        """Somebody reports something."""
        request = ReportRequest(kind, place, more.pop("description", "灯不亮三天了"), **more)
        talk = conversation or self.talk()
        return services.report_open(request, f"key-{next(_keys)}", conversation=talk)

    def photo(self, staff: Staff) -> str:
        """Somebody of the staff has taken a picture."""
        return upload_take(picture(), staff=staff).upload_id

    def closes(self, report: Report, answer: str = "灯泡换好了") -> Report:
        """The whole way to the end by those whose it is."""
        report.refresh_from_db()
        person = report.responsible
        assert person is not None
        services.report_give_evidence(report, person, "换了", [self.photo(person)])
        return services.report_close(report, self.supervisor, answer)


def make_office(patch: pytest.MonkeyPatch, settings: Any, folder: Path) -> Office:
    """An office whose clock is moved by hand, with a place for pictures."""
    settings.EVIDENCE_DIR = folder
    office = Office()
    patch.setattr(clock, "now", lambda: office.now)
    return office


def told(staff: Staff) -> list[str]:
    """What somebody of the staff was told."""
    return list(
        StaffNotice.objects.filter(staff=staff).order_by("pk").values_list("text", flat=True)
    )


def heard(conversation: Conversation) -> list[str]:
    """What a resident was told."""
    rows = Notice.objects.filter(conversation=conversation).order_by("pk")
    return list(rows.values_list("text", flat=True))


def steps(report: Report) -> list[str]:
    """What happened to a report."""
    return list(report.events.values_list("step", flat=True))
