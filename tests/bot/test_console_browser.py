"""The staff's pages in a real browser: they stay current, fit a phone, and can be used by anyone."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings as given
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from bot import clock
from bot.accounts.models import Staff, StaffRole
from bot.channels.outbox import notice_send, notice_sms
from bot.conversations.messages import Reply
from bot.conversations.models import Conversation, TurnRecord
from bot.handovers.desk import Desk
from bot.handovers.models import Notice
from tests.bot.reporting import make_office

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed (make system-deps)"),
]
PHONE = {"width": 380, "height": 780}
SMALLEST_TARGET = 44


@pytest.fixture(scope="module", autouse=True)
def database_beside_playwright() -> Iterator[None]:
    """Playwright keeps an event loop in this thread; Django would refuse its database there."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        yield


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield browser
        browser.close()


Desks = Callable[..., Page]


@pytest.fixture
def desk(chromium: Browser, live_server: Any) -> Iterator[Desks]:
    """Puts a clerk before the inbox; what the browser complains of fails the test."""
    opened: list[BrowserContext] = []
    complaints: list[str] = []

    def open_desk(name: str, **more: Any) -> Page:
        staff, _ = Staff.objects.get_or_create(username=name, defaults={"display_name": name})
        StaffRole.objects.get_or_create(staff=staff, role=StaffRole.Role.INTAKE)
        client = Client()
        client.force_login(staff, given.AUTHENTICATION_BACKENDS[1])
        context = chromium.new_context(
            base_url=live_server.url, locale="zh-CN", **{"viewport": PHONE, **more}
        )
        opened.append(context)
        context.set_default_timeout(10_000)
        session = client.cookies["sessionid"].value
        context.add_cookies([{"name": "sessionid", "value": session, "url": live_server.url}])
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "console", lambda m: complaints.append(m.text) if "Content Security" in m.text else None
        )
        page.goto("/staff/")
        return page

    yield open_desk
    for context in opened:
        context.close()
    assert complaints == []


def calls(text: str, reason: str = "asked", **more: Any) -> Conversation:
    """A resident says something and a person is called."""
    number = Conversation.objects.count()
    talk = Conversation.objects.create(
        owner="web", channel="web", external_id=f"t{number}", sender=f"t{number}"
    )
    TurnRecord.objects.create(
        conversation=talk,
        turn_id=f"t{number}",
        message_id="m",
        text=text,
        reply=Reply(kind="handover", text="好的，正在叫人。").as_json(),
        asked_at=clock.now(),
    )
    Desk().call(talk.sender, reason, **more)
    return talk


def test_who_calls_appears_on_every_desk_and_goes_when_taken(desk: Desks) -> None:
    calls("社保卡丢了")
    li, wang = desk("小李"), desk("小王")
    wang.get_by_role("button", name="提示音：关").click()
    expect(wang.get_by_role("button", name="提示音：开")).to_be_visible()
    calls("家里冒烟", "emergency", urgent=True)
    waiting = wang.locator(".row.is-waiting")
    expect(waiting).to_have_count(2)
    expect(waiting.first).to_contain_text("家里冒烟")
    expect(wang).to_have_title("(2) 收件箱 · 小顶值守台")
    expect(wang.locator(".has-news")).to_have_count(1)
    li.locator(".row.is-waiting", has_text="社保卡").click()
    li.get_by_role("button", name="接手", exact=True).click()
    expect(li.locator("#composer")).to_be_visible()
    expect(waiting).to_have_count(1)


def test_a_clerk_answers_with_a_ready_phrase_and_the_keyboard(desk: Desks) -> None:
    talk = calls("社保卡丢了")
    li = desk("小李")
    li.locator(".row").click()
    li.get_by_role("button", name="接手", exact=True).click()
    li.locator("#quick button").first.click()
    box = li.locator("#text")
    box.press("End")
    box.type("马上就好。")
    box.press("Control+Enter")
    expect(box).to_have_value("")
    expect(li.locator(".line-clerk").last).to_contain_text("马上就好。")
    box.fill("第二句")
    li.get_by_role("button", name="发送").click()
    expect(li.locator(".line-clerk")).to_have_count(3)
    assert Notice.objects.filter(conversation=talk).count() == 3


def test_what_the_resident_says_appears_while_the_clerk_types(desk: Desks) -> None:
    talk = calls("社保卡丢了")
    li = desk("小李")
    li.locator(".row").click()
    li.get_by_role("button", name="接手", exact=True).click()
    li.locator("#text").fill("还没写完")
    TurnRecord.objects.create(
        conversation=talk,
        turn_id="later",
        message_id="later",
        text="我想起来了，在家里",
        reply=Reply(kind="handover", text="").as_json(),
        asked_at=clock.now(),
    )
    Desk().resident_said(talk.sender)
    expect(li.locator(".line-resident").last).to_contain_text("在家里")
    expect(li.locator("#text")).to_have_value("还没写完")


def test_words_that_did_not_get_through_stay_in_the_box(desk: Desks) -> None:
    talk = calls("社保卡丢了")
    li = desk("小李")
    li.locator(".row").click()
    li.get_by_role("button", name="接手", exact=True).click()
    li.locator("#text").fill("带身份证来")
    li.context.set_offline(True)
    li.get_by_role("button", name="发送").click()
    expect(li.locator("#line-down")).to_be_visible()
    expect(li.locator("#text")).to_have_value("带身份证来")
    li.context.set_offline(False)
    li.get_by_role("button", name="发送").click()
    expect(li.locator("#text")).to_have_value("")
    assert [row.text for row in talk.notices.all()].count("带身份证来") == 1


def test_without_scripts_everything_can_be_done(desk: Desks) -> None:
    calls("社保卡丢了")
    li = desk("小李", java_script_enabled=False)
    li.locator(".row").click()
    li.get_by_role("button", name="接手", exact=True).click()
    li.locator("#text").fill("带身份证来")
    li.get_by_role("button", name="发送").click()
    expect(li.locator(".line-clerk").last).to_contain_text("带身份证来")
    li.get_by_role("button", name="交还给小顶").click()
    expect(li.locator(".about")).to_contain_text("已交还给小顶")


@pytest.mark.parametrize("look", ["light", "dark"])
def test_nothing_is_too_small_too_wide_or_out_of_reach(desk: Desks, look: str) -> None:
    talk = calls("家里冒烟了，https://" + "a" * 80, "emergency", urgent=True)
    Desk().contact(talk.sender, "13900000000")
    lost = calls("问居住证")
    notice_send(lost, "您的证好了")
    Notice.objects.update(state="gone", last_error="Forbidden")
    li = desk("小李", color_scheme=look)
    pages = ["/staff/", f"/staff/conversations/{talk.pk}/"]
    assert problems(li, pages) == []
    li.goto(pages[1])
    li.get_by_role("button", name="接手", exact=True).click()
    assert problems(li, pages) == []
    li.goto(pages[1])
    li.get_by_role("button", name="看居民留的电话").click()
    expect(li.locator(".phone")).to_contain_text("13900000000")
    assert looks_wrong(li) == []
    li.context.clear_cookies()
    assert problems(li, ["/staff/login"]) == []


@pytest.mark.parametrize("look", ["light", "dark"])
def test_the_pages_of_the_office_fit_and_can_be_pressed(
    desk: Desks, look: str, monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Path
) -> None:
    office = make_office(monkeypatch, settings, tmp_path)
    for role in (StaffRole.Role.ADMINISTRATOR, StaffRole.Role.GRID):
        StaffRole.objects.create(staff=office.supervisor, role=role)
    report = office.hears(phone="13900001111", is_anonymous=False).report
    notice_sms("13900001111", "您的代办单办好了", "lost")
    Notice.objects.update(state="gone", last_error="Forbidden")
    li = desk(office.supervisor.username, color_scheme=look)
    names = ("reports/", f"reports/{report.number}/", "reports/new/", "letters/", "people/")
    names += ("notices/", "shifts/", f"shifts/{office.grid.pk}/", f"people/{office.grid.pk}/")
    names += ("places/", f"places/{office.linjiang.pk}/")
    assert problems(li, [f"/staff/{name}" for name in names]) == []


def problems(page: Page, addresses: list[str]) -> list[str]:
    found = []
    for address in addresses:
        page.goto(address)
        found += [f"{address} {problem}" for problem in looks_wrong(page)]
    return found


def looks_wrong(page: Page) -> list[str]:
    """What cannot be pressed, sticks out, or stands in the way of a screen reader."""
    wrong = []
    for width in (320, 380, 1280):
        page.set_viewport_size({"width": width, "height": 780})
        if page.evaluate("document.documentElement.scrollWidth") > width:
            wrong.append(f"wider than {width}")
    page.set_viewport_size({"width": 380, "height": 780})
    small = page.evaluate(
        """least => [...document.querySelectorAll(
                "button, select, textarea, a, summary, label:has(> input), "
                + "input:not([type=hidden], [type=checkbox], [type=radio])")]
            .filter(e => getComputedStyle(e).display !== "inline")
            .map(e => [e.textContent.trim().slice(0, 20), e.getBoundingClientRect()])
            .filter(([, box]) => box.height && (box.height < least || box.width < least))
            .map(([name]) => name)""",
        SMALLEST_TARGET,
    )
    wrong += [f"small: {name}" for name in small]
    for violation in Axe().run(page).response["violations"]:
        if violation["impact"] in ("serious", "critical"):
            where = [node["html"][:120] for node in violation["nodes"]]
            wrong.append(f"{violation['id']}: {where}")
    return wrong
