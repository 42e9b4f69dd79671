"""Who works on the knowledge in a served office, and how they come before its pages."""

from __future__ import annotations

import json
import time
from base64 import b32decode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import httpx
from django_otp.oath import totp
from playwright.sync_api import Browser, BrowserContext, Page

from tests.running import Running

PASSWORD = "shunshun-du-hao-2026"
PEOPLE = {"guanli": "administrator", "bianji": "editor", "shenhe": "reviewer", "fenxi": "analyst"}
NAMES = {"guanli": "小管", "bianji": "小编", "shenhe": "老审", "fenxi": "小析"}
LIVE_WITHIN_SECONDS = 5.0
_MAKE = """
from bot.accounts.models import Staff, StaffRole
for account, role, name, password in {rows}:
    staff = Staff.objects.create_user(account, password=password, display_name=name)
    StaffRole.objects.create(staff=staff, role=role)
"""


def people_make(server: Running) -> None:
    """Give the office an administrator, an editor, a reviewer and an analyst."""
    rows = [(account, role, NAMES[account], PASSWORD) for account, role in PEOPLE.items()]
    done = server.bot("manage", "shell", "-c", _MAKE.format(rows=json.dumps(rows)))
    assert done.returncode == 0, done.stderr


@dataclass
class Curators:
    """The people, each before a browser of her own."""

    server: Running
    browser: Browser
    opened: dict[str, BrowserContext]

    def page(self, account: str) -> Page:
        """A new page of somebody who has signed in."""
        if account not in self.opened:
            self.opened[account] = signed_in(self.context(), account)
        page = self.opened[account].new_page()
        page.goto("/staff/knowledge/")
        return page

    def context(self, width: int = 1280, height: int = 900) -> BrowserContext:
        """A browser of nobody yet."""
        context = self.browser.new_context(
            base_url=self.server.url,
            locale="zh-CN",
            viewport={"width": width, "height": height},
            accept_downloads=True,
        )
        context.set_default_timeout(20_000)
        return context

    def answers(self, text: str) -> str:
        """What a resident is told by the web page's own service."""
        body = {"conversation_id": f"c{time.monotonic_ns()}", "text": text, "channel": "web"}
        with self.server.client() as client:
            reply = client.post("/api/v1/messages", json=body)
            assert reply.status_code == httpx.codes.OK, reply.text
            return json.dumps(reply.json(), ensure_ascii=False)


def signed_in(context: BrowserContext, account: str) -> BrowserContext:
    """Sign somebody in who needs no code."""
    page = context.new_page()
    sign_in(page, account)
    page.close()
    return context


def sign_in(page: Page, account: str) -> None:
    """Type account and password."""
    page.goto("/staff/login")
    page.fill("[name=username]", account)
    page.fill("[name=password]", PASSWORD)
    page.get_by_role("button", name="登录").click()
    page.wait_for_url(lambda url: "/login" not in url)


def code_of(secret: str) -> str:
    """What the telephone shows now for a secret as the page prints it."""
    return f"{totp(b32decode(secret.replace(' ', ''))):06d}"


@contextmanager
def curators(server: Running, browser: Browser) -> Iterator[Curators]:
    """Put the people before the pages; their browsers are closed at the end."""
    people_make(server)
    held = Curators(server, browser, {})
    yield held
    for context in held.opened.values():
        context.close()
