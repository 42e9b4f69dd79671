"""The stamp “verified” stands for the very words that were compared; their picture is kept."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as given
from django.test import Client

from bot import clock
from bot.curation import services
from bot.curation.gathering import Wish, revisions_submit_together
from bot.curation.models import Revision
from bot.evidence.models import Upload
from bot.evidence.services import upload_take, uploads_sweep
from knowledge.files import KnowledgeFiles
from knowledge.models import ServiceItem
from tests.bot.curating import Desk, make_desk
from tests.photos import photo

pytestmark = pytest.mark.django_db
RECORD = "/staff/knowledge/records/item/SB13/"


@pytest.fixture
def desk(shipped: KnowledgeFiles, shelf: Path, settings: Any, tmp_path: Path) -> Desk:
    """Editors, a reviewer, two guides in force, one of them verified."""
    settings.EVIDENCE_DIR = tmp_path / "evidence"
    made = make_desk(shipped, shelf)
    verified(made)
    return made


def verified(desk: Desk) -> Revision:
    """The guide is compared with the window's own, with a picture of it."""
    upload = upload_take(photo(), staff=desk.editor)
    revision = services.revision_verify(
        desk.editor,
        "SB13",
        source="区人社局办事指南",
        verified_on=clock.now().date(),
        next_review_on=None,
        evidence={"upload": upload.upload_id},
    )
    return put_in_force(desk, revision)


def put_in_force(desk: Desk, revision: Revision) -> Revision:
    services.revision_approve(revision, desk.reviewer)
    desk.publisher.fulfil_next()
    services.revisions_settle()
    revision.refresh_from_db()
    assert revision.state == Revision.State.PUBLISHED, revision.trouble
    return revision


def guide() -> ServiceItem:
    return ServiceItem.objects.get(pk="SB13")


def page(desk: Desk, path: str = RECORD, **query: str) -> str:
    client = Client()
    client.force_login(desk.editor, given.AUTHENTICATION_BACKENDS[1])
    return str(client.get(path, query).content.decode())


def test_what_is_changed_after_it_was_verified_is_to_be_verified_again(desk: Desk) -> None:
    assert "核实之后改过" not in page(desk)
    stamped = guide()
    desk.published(window="9号窗口")
    changed = guide()
    assert (changed.window, changed.verified) == ("9号窗口", False)
    assert (changed.verified_by, changed.verified_on) == (stamped.verified_by, stamped.verified_on)
    told = page(desk)
    assert "核实之后改过" in told
    assert "请再核对一遍" in told
    assert "SB13" in page(desk, "/staff/knowledge/", due="changed")
    assert "核实之后改过" in page(desk, "/staff/knowledge/")
    assert "核实之后改过" in page(desk, "/staff/knowledge/coverage/")
    verified(desk)
    assert guide().verified
    assert "核实之后改过" not in page(desk)


def test_who_reviews_a_change_is_told_that_the_stamp_comes_off(desk: Desk) -> None:
    revision = desk.submitted(window="9号窗口")
    assert "改了以后要重新核实" in page(desk, f"/staff/knowledge/revisions/{revision.pk}/")


@pytest.mark.parametrize("field", ["aliases", "needs"])
def test_what_only_helps_to_find_the_guide_leaves_the_stamp(desk: Desk, field: str) -> None:
    said = [*desk.content()[field], "新的说法"]
    desk.published(**{field: said})
    assert guide().verified


def test_new_phrasings_leave_the_stamp(desk: Desk) -> None:
    said = [{"text": "俺的卡寻不见了", "style": "plain", "facet": "overview", "origin": "mined"}]
    draft = services.revision_draft(desk.editor, "item", "SB13", phrasings=said)
    put_in_force(desk, services.revision_submit(draft, desk.editor))
    assert guide().verified


def test_a_change_by_excel_takes_the_stamp_off_too(desk: Desk) -> None:
    wish = Wish("item", "SB13", desk.content(window="9号窗口"))
    put_in_force(desk, revisions_submit_together(desk.editor, [wish])[0])
    assert not guide().verified


def test_going_back_to_what_was_verified_brings_its_stamp_back(desk: Desk) -> None:
    changed = desk.published(window="9号窗口")
    back = services.revision_roll_back(changed, desk.editor, "改错了", to_before=True)
    put_in_force(desk, back)
    assert guide().verified


def test_the_picture_of_a_verification_outlives_the_sweep(desk: Desk) -> None:
    unbound = upload_take(photo(), staff=desk.editor)
    uploads_sweep(clock.now() + timedelta(days=3))
    held = Upload.objects.get()
    assert held.upload_id != unbound.upload_id
    assert held.number == f"K{Revision.objects.get(action='verify').pk:08d}"


def test_a_picture_given_with_a_draft_is_bound_when_the_draft_is_kept(desk: Desk) -> None:
    upload = upload_take(photo(), staff=desk.editor)
    draft = services.revision_draft(desk.editor, "item", "GG08")
    services.revision_save(
        draft, desk.editor, version=1, content=draft.content, evidence={"upload": upload.upload_id}
    )
    upload.refresh_from_db()
    assert upload.number == f"K{draft.pk:08d}"
