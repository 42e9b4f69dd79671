"""My tickets on a telephone, in a real browser: a finger signs, and nothing sticks out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import LazySettings
from django.conf import settings as given
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page, expect

from bot.accounts.models import Staff
from bot.evidence.models import Upload
from bot.evidence.services import upload_bytes
from bot.tickets import services
from tests.bot.test_console_browser import (
    chromium,  # noqa: F401
    database_beside_playwright,  # noqa: F401
    pytestmark,  # noqa: F401
)
from tests.bot.ticketing import Town, make_town, turn_clock
from tests.photos import seen

Opens = Callable[..., Page]
PHONE = {"width": 380, "height": 780}


@pytest.fixture
def town(monkeypatch: pytest.MonkeyPatch, settings: LazySettings, tmp_path: Path) -> Town:
    """The office on Monday morning."""
    turn_clock(monkeypatch)
    settings.EVIDENCE_DIR = tmp_path / "evidence"
    return make_town()


@pytest.fixture
def opens(chromium: Browser, live_server: Any) -> Iterator[Opens]:  # noqa: F811
    """Opens a page as somebody of the staff."""
    opened: list[BrowserContext] = []

    def open_page(staff: Staff, address: str, **more: Any) -> Page:
        client = Client()
        client.force_login(staff, given.AUTHENTICATION_BACKENDS[1])
        context = chromium.new_context(
            base_url=live_server.url, locale="zh-CN", **{"viewport": PHONE, **more}
        )
        opened.append(context)
        context.set_default_timeout(15_000)
        session = client.cookies["sessionid"].value
        context.add_cookies([{"name": "sessionid", "value": session, "url": live_server.url}])
        page = context.new_page()
        page.goto(address)
        return page

    yield open_page
    for context in opened:
        context.close()


def test_a_resident_signs_with_her_finger_on_the_worker_s_telephone(
    town: Town, opens: Opens
) -> None:
    town.started()
    page = opens(town.grid, "/staff/tickets/mine/", has_touch=True)
    page.locator("summary", has_text="照片和签名").click()
    page.get_by_text("请居民签字").click()
    frame = page.locator("canvas").bounding_box()
    assert frame is not None
    page.mouse.move(frame["x"] + 30, frame["y"] + 30)
    page.mouse.down()
    page.mouse.move(frame["x"] + 150, frame["y"] + 90, steps=5)
    page.mouse.up()
    page.get_by_role("button", name="签好了").click()
    expect(page.locator("summary", has_text="照片和签名")).to_contain_text("1张")
    upload = Upload.objects.get()
    assert (upload.kind, upload.staff) == ("signature", town.grid)
    low, high = seen(upload_bytes(upload)).convert("L").getextrema()
    assert (low < 80, high) == (True, 255)


def test_a_ticket_and_my_tickets_fit_a_telephone_and_can_be_used_by_anyone(
    town: Town, opens: Opens
) -> None:
    ticket = town.delivered()
    services.ticket_rate(ticket, 1, "来晚了")
    town.started(key="yes-2")
    for who, address in (
        (town.intake, f"/staff/tickets/{ticket.number}/"),
        (town.grid, "/staff/tickets/mine/"),
        (town.supervisor, "/staff/tickets/"),
    ):
        page = opens(who, address)
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
