"""The curator's chapter of the handbook: what it tells to press stands on the pages."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from bot import clock
from bot.accounts.models import Staff, StaffRole
from bot.curation import services
from bot.curation.models import UnansweredCluster
from knowledge.files import KnowledgeFiles
from knowledge.models import QuestionSet
from tests.bot.curating import Desk, make_desk
from tests.bot.ticketing import make_staff

pytestmark = pytest.mark.django_db
CHAPTER = "管内容的人：十件常做的事"
PAGES = ("", "revisions/", "hits/", "hits/sets/", "unanswered/", "words/", "files/")


@pytest.fixture
def desk(shipped: KnowledgeFiles, shelf: Path) -> Desk:
    """The people of the knowledge, and two guides in force."""
    return make_desk(shipped, shelf)


def pressed() -> set[str]:
    """What the chapter says in corner brackets."""
    told = (settings.ROOT / "docs" / "handbook.zh.md").read_text(encoding="utf-8")
    chapter = told.split(f"## {CHAPTER}\n")[1].split("\n## ")[0]
    return {word for word in re.findall("「([^」]+)」", chapter) if word}


def seen(staff: Staff | None, *paths: str) -> str:
    """The words of some pages, as somebody reads them."""
    client = Client()
    if staff:
        client.force_login(staff, settings.AUTHENTICATION_BACKENDS[1])
    answers = [client.get(path) for path in paths]
    assert {answer.status_code for answer in answers} == {200}, paths
    return unescape(re.sub(r"<[^>]+>", "\n", "".join(a.content.decode() for a in answers)))


def test_what_the_handbook_tells_to_press_is_on_the_pages(desk: Desk) -> None:
    past, waiting = desk.published(), desk.submitted("GG08", window="5号窗口")
    draft = services.revision_draft(desk.editor, "item", "SB13", content=desk.content("SB13"))
    group = UnansweredCluster.objects.create(
        title="卡没了", **dict.fromkeys(("first_at", "last_at", "refreshed_at"), clock.now())
    )
    questions = QuestionSet.objects.create(name="窗口常问")
    StaffRole.objects.create(staff=desk.editor, role=StaffRole.Role.ANALYST)
    base = "/staff/knowledge/"
    more = (
        f"revisions/{past.pk}/",
        f"revisions/{draft.pk}/edit/",
        f"unanswered/{group.pk}/",
        "records/item/GG08/",
    )
    text = seen(None, "/staff/login")
    text += seen(make_staff("小管", StaffRole.Role.ADMINISTRATOR), "/staff/code/")
    text += seen(desk.editor, *(base + page for page in (*PAGES, *more)))
    judges = (f"revisions/{waiting.pk}/", f"hits/sets/{questions.pk}/")
    text += seen(desk.reviewer, *(base + page for page in judges))
    services.revision_withdraw(waiting, desk.editor)
    text += seen(desk.editor, f"{base}records/item/GG08/")
    lines: list[Any] = [line.strip() for line in text.splitlines()]
    assert {word for word in pressed() if not any(word in line for line in lines)} == set()
