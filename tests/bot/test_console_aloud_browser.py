"""A reply read aloud in a real browser, with the line's own engine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as given
from django.test import Client
from playwright.sync_api import Page, expect

from knowledge.files import KnowledgeFiles
from tests.bot import test_console_browser as console
from tests.bot.curating import make_desk

pytestmark = console.pytestmark
database_beside_playwright = console.database_beside_playwright
chromium = console.chromium


@pytest.fixture
def page(chromium: Any, live_server: Any, shipped: KnowledgeFiles, shelf: Path) -> Iterator[Page]:
    """An editor before the page of a guide."""
    desk = make_desk(shipped, shelf)
    client = Client()
    client.force_login(desk.editor, given.AUTHENTICATION_BACKENDS[1])
    cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value}
    context = chromium.new_context(locale="zh-CN")
    context.add_cookies([{**cookie, "url": live_server.url}])
    page = context.new_page()
    page.goto(f"{live_server.url}/staff/knowledge/records/item/SB13/")
    yield page
    context.close()


def test_a_reply_is_played_and_stopped(page: Page) -> None:
    page.get_by_text("电话里念").click()
    button = page.locator("[data-aloud]")
    with page.expect_response("**/staff/knowledge/aloud") as answered:
        button.click()
    assert answered.value.headers["content-type"] == "audio/wav"
    expect(button).to_have_text("停")
    button.click()
    expect(button).to_have_text("念给我听")
    expect(page.locator("[data-aloud-told]")).to_be_empty()


def test_without_a_voice_the_page_says_so(page: Page, settings: Any) -> None:
    settings.BOT_VOICE_ENGINE = "none"
    page.get_by_text("电话里念").click()
    page.locator("[data-aloud]").click()
    expect(page.locator("[data-aloud-told]")).to_contain_text("只放录音")
    expect(page.locator("[data-aloud]")).to_have_text("念给我听")
