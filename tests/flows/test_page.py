"""The chat page in a real browser: phone, desk, 长辈版, with and without scripts."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.running import Running

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.server,
    pytest.mark.rasa,
    pytest.mark.embedding,
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed (make system-deps)"),
]
QUESTION = "社保卡芯片坏了想换一张，要带啥"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser, served: Running) -> Iterator[Page]:
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, base_url=served.url, locale="zh-CN"
    )
    page = context.new_page()
    troubles: list[str] = []
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("console", lambda m: troubles.append(m.text) if m.type == "error" else None)
    page.on(
        "request",
        lambda r: troubles.append(r.url) if not r.url.startswith((served.url, "data:")) else None,
    )
    yield page
    context.close()
    assert not troubles


def ask(page: Page, text: str) -> None:
    turns = page.locator(".turn-assistant").count()
    page.fill("#text", text)
    page.keyboard.press("Enter")
    expect(page.locator(".turn-assistant")).to_have_count(turns + 1)


def test_a_question_is_answered_and_the_next_one_follows_up(page: Page):
    page.goto("/")
    ask(page, QUESTION)
    expect(page.locator(".turn-assistant .said").last).to_contain_text("旧的社保卡")
    page.locator(".choices .choice", has_text="几天办好").last.click()
    expect(page.locator(".turn-assistant .said").last).to_contain_text("当场办")
    page.reload()
    expect(page.locator(".turn-assistant")).to_have_count(2)


def test_the_card_shows_source_date_and_that_it_is_not_verified(page: Page):
    page.goto("/")
    ask(page, QUESTION)
    card = page.locator("details.card").last
    card.locator("summary").click()
    expect(card).to_contain_text("来源")
    expect(card).to_contain_text("2026-11-22")
    expect(card.locator(".badge")).to_have_text("内容待窗口核实")


def test_a_person_is_one_press_away(page: Page):
    page.goto("/")
    page.locator("#human button").click()
    expect(page.locator(".turn-assistant .said").last).to_contain_text("12345")


def test_words_are_shown_as_words(page: Page):
    page.goto("/")
    ask(page, "<script>document.title='x'</script>社保卡丢了怎么补")
    expect(page.locator(".turn-resident .said").last).to_contain_text("<script>")
    assert page.title() != "x"


def test_the_page_works_by_keyboard_alone(page: Page):
    page.goto("/")
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.type(QUESTION)
    page.keyboard.press("Enter")
    expect(page.locator(".turn-assistant .said").last).to_contain_text("身份证")
    expect(page.locator("#text")).to_be_focused()


def test_the_elder_page_has_large_words_and_large_targets(page: Page):
    page.goto("/?elder=1")
    ask(page, QUESTION)
    sizes = page.locator(".said, .choice, #text, .human").evaluate_all(
        "all => all.map(e => parseFloat(getComputedStyle(e).fontSize))"
    )
    assert min(sizes) >= 24
    boxes = [b.bounding_box() for b in page.locator(".choice:visible, #send, .human").all()]
    assert all(box and box["width"] >= 60 and box["height"] >= 60 for box in boxes)


@pytest.mark.parametrize("width", [320, 360, 390, 1280])
def test_nothing_sticks_out_sideways(page: Page, width: int):
    page.set_viewport_size({"width": width, "height": 800})
    page.goto("/")
    ask(page, QUESTION)
    overflow = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert overflow <= 0


def test_the_page_works_without_scripts(browser: Browser, served: Running):
    context = browser.new_context(java_script_enabled=False, base_url=served.url)
    page = context.new_page()
    page.goto("/")
    page.fill("#text", QUESTION)
    page.click("#send")
    expect(page.locator(".turn-assistant .said").last).to_contain_text("旧的社保卡")
    page.locator(".choices .choice", has_text="在哪办").last.click()
    expect(page.locator(".turn-assistant .said").last).to_contain_text("为民服务大厅")
    context.close()


def test_an_answer_can_be_called_helpful(page: Page):
    page.goto("/")
    ask(page, QUESTION)
    with page.expect_response("**/api/v1/feedback") as told:
        page.locator(".feedback button").first.click()
    assert told.value.status == 204


def test_the_answer_leads_to_a_sheet_for_paper_and_back(page: Page):
    page.goto("/")
    ask(page, QUESTION)
    page.locator("details.card summary").last.click()
    with page.context.expect_page() as opened:
        page.locator(".card-print a").last.click()
    sheet = opened.value
    expect(sheet.locator("h1")).to_have_text("社会保障卡补领换领")
    expect(sheet.locator(".materials .box").first).to_be_visible()
    sheet.get_by_text("接着问小顶").click()
    sheet.locator("#resumed .choice", has_text="在哪办").click()
    expect(sheet.locator(".turn-assistant .said").last).to_contain_text("为民服务大厅")


def test_a_situation_is_chosen_by_a_press_and_narrows_the_answer(page: Page):
    page.goto("/")
    ask(page, "居住证要带什么材料")
    page.locator(".answers .choice", has_text="有工作").click()
    expect(page.locator(".turn-assistant .said").last).to_contain_text("劳动合同")
    expect(page.locator(".turn-assistant .said").last).not_to_contain_text("租房合同")


def test_the_machine_in_the_hall_answers_on_its_own_channel(page: Page):
    page.set_viewport_size({"width": 1080, "height": 1920})
    page.goto("/kiosk")
    page.locator(".tile", has_text="居住证").click()
    expect(page.locator(".turn-assistant .said").last).to_contain_text("居住证")
    page.locator("#print").click()
    expect(page.locator("#sheet-paper h1")).to_have_text("居住证申领")


def test_what_was_said_without_a_line_is_answered_when_it_is_back(page: Page):
    page.goto("/")
    page.route("**/api/v1/messages", lambda route: route.fulfill(status=200, body="not json"))
    page.fill("#text", QUESTION)
    page.keyboard.press("Enter")
    expect(page.locator(".state")).to_be_visible()
    page.unroute("**/api/v1/messages")
    page.locator(".state button", has_text="现在再发").click()
    expect(page.locator(".turn-assistant .said").last).to_contain_text("旧的社保卡")
    assert page.locator(".turn-resident").count() == 1
