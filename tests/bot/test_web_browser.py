"""The pages in a real browser, answered from a script: what only a browser can show."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect, sync_playwright

from bot.conversations import service
from bot.conversations.models import TurnRecord
from bot.evidence.models import Upload
from bot.evidence.services import upload_take
from tests.photos import CAMERA, photo, seen
from tests.scripted import ScriptedDialogue

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.embedding,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("office"),
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed (make system-deps)"),
]
QUESTION = "社保卡芯片坏了想换一张，要带啥"
PHONE = {"width": 390, "height": 844}
# Chromium here has no voice of its own; this one notes what it is asked to say.
VOICE = """
window.spoken = [];
window.SpeechSynthesisUtterance = class { constructor(text) { this.text = text; } };
Object.defineProperty(window, "speechSynthesis", { value: {
  getVoices: () => [{ lang: "zh-CN", name: "test" }],
  speak: (utterance) => window.spoken.push(utterance),
  cancel: () => { window.cancelled = true; },
  addEventListener: () => {},
} });
"""


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


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> ScriptedDialogue:
    dialogue = ScriptedDialogue()
    monkeypatch.setattr(service, "dialogue", lambda: dialogue)
    return dialogue


@pytest.fixture
def context(
    chromium: Browser, live_server: Any, script: ScriptedDialogue
) -> Iterator[BrowserContext]:
    context = chromium.new_context(viewport=PHONE, base_url=live_server.url, locale="zh-CN")
    context.set_default_timeout(10_000)
    # A stream would outlive the test; tests of a clerk's words put their own in its place.
    context.route(re.compile(r"/events\?"), lambda route: route.fulfill(status=404, body="{}"))
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    page = context.new_page()
    troubles: list[str] = []
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("console", lambda m: "Content Security" in m.text and troubles.append(m.text))
    yield page
    assert not troubles


def ask(page: Page, text: str) -> None:
    turns = page.locator(".turn-assistant").count()
    page.fill("#text", text)
    page.keyboard.press("Enter")
    expect(page.locator(".turn-assistant")).to_have_count(turns + 1)


def complaints(page: Page, *impacts: str) -> list[str]:
    """What axe-core finds, as lines a person can act on."""
    found = Axe().run(page).response["violations"]
    return [
        f"{v['id']} ({v['impact']}): {node['target']}"
        for v in found
        if v["impact"] in (impacts or ("serious", "critical"))
        for node in v["nodes"]
    ]


def cut(page: Page) -> None:
    """No line to the server for messages; the page itself stays."""
    page.route("**/api/v1/messages", lambda route: route.abort("internetdisconnected"))


def mend(page: Page) -> None:
    page.unroute("**/api/v1/messages")
    page.evaluate("() => { window.dispatchEvent(new Event('online')); }")


# ---- nobody is left out ----


@pytest.mark.parametrize(
    "address",
    ["/", "/?elder=1", "/?ask=GA02", "/kiosk", "/guide/GA02/", "/guide/XX/", "/staff/login"],
)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_on_a_page(
    chromium: Browser, live_server: Any, address: str, scheme: Any
) -> None:
    context = chromium.new_context(
        viewport=PHONE, base_url=live_server.url, color_scheme=scheme, bypass_csp=True
    )
    page = context.new_page()
    response = page.goto(address)
    assert response
    assert response.status == 404 if "XX" in address else response.ok
    assert complaints(page) == []
    context.close()


@pytest.mark.parametrize("elder", ["0", "1"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_in_a_conversation(
    chromium: Browser, live_server: Any, script: ScriptedDialogue, elder: str, scheme: Any
) -> None:
    context = chromium.new_context(
        viewport=PHONE, base_url=live_server.url, color_scheme=scheme, bypass_csp=True
    )
    context.add_init_script(VOICE)
    page = context.new_page()
    page.goto(f"/?elder={elder}")
    for text in ("老年卡", "居住证怎么办", QUESTION, "家里着火了"):
        ask(page, text)
    page.locator("details.card summary").last.click()
    for useless in page.locator(".feedback > button:visible", has_text="没帮上").all():
        useless.click()
    cut(page)
    page.fill("#text", "你好")
    page.keyboard.press("Enter")
    expect(page.locator(".state")).to_be_visible()
    assert complaints(page) == []
    context.close()


def test_the_elder_page_has_seven_to_one(
    chromium: Browser, live_server: Any, script: ScriptedDialogue
) -> None:
    context = chromium.new_context(viewport=PHONE, base_url=live_server.url, bypass_csp=True)
    context.add_init_script(VOICE)
    page = context.new_page()
    page.goto("/?elder=1")
    ask(page, "居住证怎么办")
    ask(page, QUESTION)
    rules = {
        "runOnly": ["color-contrast-enhanced"],
        "rules": {"color-contrast-enhanced": {"enabled": True}},
    }
    found = Axe().run(page, options=rules).response["violations"]
    assert [node["target"] for violation in found for node in violation["nodes"]] == []
    context.close()


# ---- 长辈版 ----


@pytest.mark.parametrize("size", [24, 40])
@pytest.mark.parametrize("width", [320, 390, 1280])
def test_the_elder_page_has_large_words_and_large_targets(
    page: Page, script: ScriptedDialogue, size: int, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 844})
    page.add_init_script(VOICE)
    page.goto(f"/?elder=1&size={size}")
    ask(page, "居住证怎么办")
    ask(page, QUESTION)
    words = page.locator(".said, .line, .choice, .only, .card-title, #text, .aloud")
    sizes = words.evaluate_all("all => all.map(e => parseFloat(getComputedStyle(e).fontSize))")
    assert min(sizes) >= 24
    assert (
        page.locator(".line-plain").last.evaluate("e => parseFloat(getComputedStyle(e).fontSize)")
        >= size - 0.5
    )
    lines = page.locator(".said").evaluate_all(
        "all => all.map(e => parseFloat(getComputedStyle(e).lineHeight) / parseFloat(getComputedStyle(e).fontSize))"
    )
    assert min(lines) >= 1.5
    targets = page.locator(
        "button:visible, a:visible:not(.skip), summary:visible, textarea:visible"
    )
    for target in targets.all():
        box = target.bounding_box()
        assert box
        assert box["width"] >= 60, target
        assert box["height"] >= 60, target
    assert page.evaluate("() => document.documentElement.scrollWidth - window.innerWidth") <= 0


def test_letters_grow_without_a_new_page_and_are_remembered(
    page: Page, context: BrowserContext
) -> None:
    page.goto("/?elder=1")
    page.fill("#text", "还没写完")
    for _ in range(4):
        page.locator("#larger").click()
    expect(page.locator("#larger")).to_have_attribute("aria-disabled", "true")
    page.locator("#larger").dispatch_event("click")
    assert page.locator("#intro-title + p").evaluate("e => getComputedStyle(e).fontSize") == "40px"
    expect(page.locator("#text")).to_have_value("还没写完")
    assert {c["name"]: c["value"] for c in context.cookies()}["elder"] == "40"
    page.goto("/")
    expect(page.locator("html")).to_have_class("elder letters-40")


def test_a_browser_that_lost_its_cookie_still_knows_the_elder_page(
    page: Page, context: BrowserContext
) -> None:
    page.goto("/?elder=1&size=32")
    context.clear_cookies(name="elder")
    page.goto("/")
    expect(page.locator("html")).to_have_class("elder letters-32")
    page.locator("#elder-switch").click()
    expect(page.locator("#elder-switch")).to_have_text("长辈版")
    page.goto("/")
    expect(page.locator("#elder-switch")).to_have_text("长辈版")


# ---- a question with its answers ----


def test_the_choices_of_a_situation_stand_under_the_words_and_are_pressed_once(page: Page) -> None:
    page.goto("/")
    ask(page, "头一次办居住证，怎么申请")
    expect(page.locator(".bubble + .answers")).to_have_count(1)
    expect(page.locator(".choices:not(.answers) .choice")).to_have_count(2)
    turn = page.locator(".answers")
    turn.locator(".choice", has_text="有工作").click()
    expect(page.locator(".turn-assistant").last).to_contain_text("劳动合同")
    for _ in range(2):
        expect(turn.locator(".choice")).to_have_count(3)
        expect(turn.locator(".choice:disabled")).to_have_count(3)
        expect(turn.locator(".choice.chosen")).to_have_text("有工作")
        page.reload()


def test_a_mark_names_the_situation_for_which_a_line_holds(page: Page) -> None:
    page.goto("/")
    ask(page, QUESTION)
    for _ in range(2):
        expect(page.locator(".said .only").first).to_contain_text("卡还在，要换")
        expect(page.locator(".said .line-step")).to_have_count(4)
        expect(page.locator(".said .line-note")).to_have_text("内容待窗口核实")
        page.reload()


def test_the_server_and_the_script_build_the_same_turns(page: Page) -> None:
    page.goto("/")
    for text in ("老年卡", "居住证怎么办", QUESTION, "家里着火了", "人工", "护照"):
        ask(page, text)
    shape = """() => [...document.querySelectorAll('.turn-assistant')].map(turn =>
        [...turn.querySelectorAll('*')].filter(e => !e.closest('.aloud, .feedback') && e.name !== 'csrfmiddlewaretoken')
          .map(e => `${e.tagName}.${e.className.replace(/ ?chosen/, '')} ${e.children.length ? '' : e.textContent.trim()}`))"""
    built = page.evaluate(shape)
    page.reload()
    expect(page.locator(".turn-assistant")).to_have_count(6)
    assert page.evaluate(shape) == built


# ---- read aloud ----


def test_an_answer_is_read_sentence_by_sentence_until_it_is_stopped(page: Page) -> None:
    page.add_init_script(VOICE)
    page.goto("/?elder=1")
    ask(page, QUESTION)
    button = page.locator(".turn-assistant .aloud").last
    button.click()
    expect(button).to_have_text("停")
    spoken = page.evaluate("() => window.spoken.map(({ text, lang }) => [text, lang])")
    assert len(spoken) > 3
    assert {lang for _, lang in spoken} == {"zh-CN"}
    page.evaluate("() => { window.spoken.at(-1).onend(); }")
    expect(button).to_have_text("念给我听")
    button.click()
    button.click()
    expect(button).to_have_text("念给我听")
    assert page.evaluate("() => window.cancelled")


def test_without_a_chinese_voice_nothing_offers_to_read(page: Page) -> None:
    page.goto("/?elder=1")
    ask(page, QUESTION)
    expect(page.locator(".aloud")).to_be_hidden()


# ---- photos ----


@pytest.fixture
def folder(settings: Any, tmp_path: Path) -> Path:
    settings.EVIDENCE_DIR = tmp_path / "evidence"
    return settings.EVIDENCE_DIR


def choose(page: Page, *pictures: bytes) -> None:
    files = [
        {"name": f"IMG_{n}.jpg", "mimeType": "image/jpeg", "buffer": data}
        for n, data in enumerate(pictures)
    ]
    page.set_input_files("#photo-file", files)  # type: ignore[arg-type]


def chosen(page: Page, state: str, number: int) -> None:
    expect(page.locator(f".waiting[data-state={state}]")).to_have_count(number)


def hold_uploads(page: Page) -> None:
    """Let pictures wait in the page, as on a slow line, until ``let_uploads_go``."""
    page.evaluate(
        """() => {
          window.held = [];
          const { send } = XMLHttpRequest.prototype;
          XMLHttpRequest.prototype.send = function (body) { window.held.push(() => send.call(this, body)); };
        }"""
    )


def let_uploads_go(page: Page) -> None:
    page.evaluate("() => { window.held.forEach((go) => go()); }")


@pytest.mark.usefixtures("folder")
def test_a_photo_goes_up_at_once_and_is_sent_with_the_words(
    page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    arrived: list[bytes] = []

    def noted(data: bytes, **more: Any) -> Upload:
        arrived.append(data)
        return upload_take(data, **more)

    monkeypatch.setattr("bot.api.uploads.upload_take", noted)
    page.goto("/")
    with page.expect_file_chooser():
        page.get_by_role("button", name="发照片").click()
    choose(page, photo((3000, 2000), orientation=6), photo((200, 100), "PNG"))
    chosen(page, "ready", 2)
    expect(page.locator("#photos-heard")).to_have_text("照片传好了，可以发了")
    # Made smaller and without its notes before it left the phone, standing upright.
    assert sorted(seen(data).size for data in arrived) == [(200, 100), (1365, 2048)]
    assert all(CAMERA.encode() not in data for data in arrived)
    page.locator(".waiting .drop").last.click()
    chosen(page, "ready", 1)
    page.fill("#text", "社保卡怎么换")
    page.keyboard.press("Enter")
    expect(page.locator(".turn-assistant")).to_have_count(1)
    expect(page.locator("#tray")).to_be_hidden()
    turn = TurnRecord.objects.get()
    assert len(turn.attachments) == 1
    for _ in range(2):
        picture = page.locator(".turn-resident .photos img")
        expect(picture).to_have_count(1)
        page.wait_for_function("() => document.querySelector('.photos img').naturalWidth > 0")
        assert picture.evaluate("img => [img.naturalWidth, img.naturalHeight]") == [1365, 2048]
        expect(page.locator(".turn-resident .said")).to_have_text("社保卡怎么换")
        page.reload()


@pytest.mark.usefixtures("folder")
def test_a_photo_is_sent_without_a_word(page: Page) -> None:
    page.goto("/")
    choose(page, photo())
    chosen(page, "ready", 1)
    page.click("#send")
    expect(page.locator(".turn-assistant .said")).to_contain_text("照片收到了")
    for _ in range(2):
        expect(page.locator(".turn-resident .photos img")).to_have_count(1)
        expect(page.locator(".turn-resident .said")).to_have_count(0)
        page.reload()


@pytest.mark.usefixtures("folder")
def test_words_wait_for_a_photo_that_is_still_on_its_way(page: Page) -> None:
    page.goto("/")
    hold_uploads(page)
    choose(page, photo())
    page.fill("#text", "社保卡怎么换")
    page.keyboard.press("Enter")
    expect(page.locator("#problem-text")).to_contain_text("照片还在传")
    expect(page.locator(".turn-resident")).to_have_count(0)
    page.wait_for_function("() => window.held.length === 1")
    let_uploads_go(page)
    expect(page.locator(".turn-assistant")).to_have_count(1)
    expect(page.locator("#problem")).to_be_hidden()
    assert len(TurnRecord.objects.get().attachments) == 1


@pytest.mark.usefixtures("folder")
def test_a_photo_that_is_taken_back_while_it_goes_up_is_not_sent(page: Page) -> None:
    page.goto("/")
    hold_uploads(page)
    choose(page, photo())
    page.wait_for_function("() => window.held.length === 1")
    page.locator(".waiting .drop").click()
    expect(page.locator("#tray")).to_be_hidden()
    page.fill("#text", "社保卡怎么换")
    page.keyboard.press("Enter")
    expect(page.locator(".turn-assistant")).to_have_count(1)
    assert TurnRecord.objects.get().attachments == []


@pytest.mark.usefixtures("folder")
def test_what_is_no_photo_is_told_so_and_leaves_the_words(page: Page) -> None:
    page.goto("/")
    page.fill("#text", "还没写完")
    choose(page, b"a letter, not a picture")
    expect(page.locator("#problem-text")).to_contain_text("不像是照片")
    expect(page.locator("#tray")).to_be_hidden()
    expect(page.locator("#text")).to_have_value("还没写完")
    choose(page, *[photo((20, 20))] * 7)
    chosen(page, "ready", 6)
    expect(page.locator("#problem-text")).to_contain_text("一次最多发6张")


@pytest.mark.usefixtures("folder")
def test_a_photo_without_a_line_waits_and_goes_up_when_the_line_is_back(page: Page) -> None:
    page.goto("/")
    page.route("**/api/v1/uploads", lambda route: route.abort("internetdisconnected"))
    choose(page, photo())
    chosen(page, "stuck", 1)
    page.fill("#text", "社保卡怎么换")
    page.keyboard.press("Enter")
    expect(page.locator("#problem-text")).to_contain_text("没传上")
    page.get_by_role("button", name="再传一次").click()
    chosen(page, "stuck", 1)
    page.unroute("**/api/v1/uploads")
    page.evaluate("() => { window.dispatchEvent(new Event('online')); }")
    chosen(page, "ready", 1)
    page.keyboard.press("Enter")
    page.click("#send")
    expect(page.locator(".turn-assistant")).to_have_count(1)
    assert len(TurnRecord.objects.get().attachments) == 1


@pytest.mark.usefixtures("folder")
def test_a_message_with_a_photo_that_waited_for_the_line_keeps_it(page: Page) -> None:
    page.goto("/")
    choose(page, photo())
    chosen(page, "ready", 1)
    cut(page)
    page.fill("#text", "社保卡怎么换")
    page.keyboard.press("Enter")
    expect(page.locator(".state")).to_be_visible()
    page.reload()
    cut(page)
    expect(page.locator(".turn-resident .photos img")).to_have_count(1)
    mend(page)
    expect(page.locator(".turn-assistant")).to_have_count(1)
    assert len(TurnRecord.objects.get().attachments) == 1


@pytest.mark.usefixtures("folder")
def test_changing_to_the_elder_page_keeps_the_photos_and_their_buttons_are_large(
    page: Page,
) -> None:
    page.goto("/")
    choose(page, photo(), photo())
    chosen(page, "ready", 2)
    page.click("#elder-switch")
    chosen(page, "ready", 2)
    for target in page.locator(".photo, .waiting .drop").all():
        box = target.bounding_box()
        assert box
        assert min(box["width"], box["height"]) >= 60
    page.click("#send")
    expect(page.locator(".turn-resident .photos img")).to_have_count(2)
    expect(page.locator(".turn-assistant")).to_have_count(1)
    assert len(TurnRecord.objects.get().attachments) == 2


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(("elder", "scheme"), [("0", "light"), ("1", "dark")])
def test_axe_finds_nothing_serious_with_photos(
    chromium: Browser, live_server: Any, script: ScriptedDialogue, elder: str, scheme: Any
) -> None:
    context = chromium.new_context(
        viewport=PHONE, base_url=live_server.url, color_scheme=scheme, bypass_csp=True
    )
    page = context.new_page()
    page.goto(f"/?elder={elder}")
    choose(page, photo())
    chosen(page, "ready", 1)
    page.click("#send")
    expect(page.locator(".turn-assistant")).to_have_count(1)
    page.route("**/api/v1/uploads", lambda route: route.abort("internetdisconnected"))
    choose(page, photo())
    chosen(page, "stuck", 1)
    hold_uploads(page)
    choose(page, photo())
    chosen(page, "sending", 1)
    assert complaints(page) == []
    context.close()


# ---- no line ----


def test_what_is_said_without_a_line_waits_and_goes_out_by_itself_in_order(page: Page) -> None:
    page.goto("/")
    cut(page)
    for text in ("社保卡怎么换", "居住证怎么办"):
        page.fill("#text", text)
        page.keyboard.press("Enter")
    expect(page.locator("#offline")).to_contain_text("没连上网")
    expect(page.locator(".turn-resident")).to_have_count(2)
    expect(page.locator(".state")).to_contain_text("还没发出去")
    mend(page)
    expect(page.locator(".turn-assistant")).to_have_count(2)
    assert page.locator(".state").count() == 0
    expect(page.locator("#offline")).to_be_hidden()
    assert [turn.text for turn in TurnRecord.objects.all()] == ["社保卡怎么换", "居住证怎么办"]
    order = page.locator(".turn").evaluate_all("all => all.map(e => e.className.split(' ')[1])")
    assert order == ["turn-resident", "turn-assistant"] * 2


def test_a_reload_loses_nothing_that_was_waiting(page: Page) -> None:
    page.goto("/")
    cut(page)
    page.fill("#text", "社保卡怎么换")
    page.keyboard.press("Enter")
    expect(page.locator(".state")).to_be_visible()
    page.reload()
    expect(page.locator(".turn-resident")).to_have_text(re.compile("社保卡怎么换"))
    mend(page)
    expect(page.locator(".turn-assistant")).to_have_count(1)
    page.reload()
    expect(page.locator(".turn-assistant")).to_have_count(1)
    assert TurnRecord.objects.count() == 1
    assert (
        page.evaluate(
            "() => Object.keys(localStorage).filter(k => k.startsWith('xiaoding-queue')).length"
        )
        == 0
    )


def test_a_reply_that_got_lost_on_the_way_is_fetched_not_asked_again(page: Page) -> None:
    page.goto("/")
    seen: list[str] = []

    def lose_the_first(route: Route) -> None:
        seen.append(json.loads(route.request.post_data or "{}")["message_id"])
        if len(seen) == 1:
            route.fetch()
            route.abort("connectionreset")
        else:
            route.continue_()

    page.route("**/api/v1/messages", lose_the_first)
    page.fill("#text", "社保卡怎么换")
    page.keyboard.press("Enter")
    page.locator(".state button", has_text="现在再发").click()
    expect(page.locator(".turn-assistant")).to_have_count(1)
    assert len(set(seen)) == 1
    assert len(seen) == 2
    assert TurnRecord.objects.count() == 1


def test_what_waits_can_be_taken_back(page: Page) -> None:
    page.goto("/")
    cut(page)
    page.fill("#text", "社保卡怎么换")
    page.keyboard.press("Enter")
    page.locator(".state button", has_text="不发了").click()
    expect(page.locator(".turn")).to_have_count(0)
    mend(page)
    page.reload()
    expect(page.locator(".turn")).to_have_count(0)
    assert TurnRecord.objects.count() == 0


def test_what_the_server_refuses_comes_back_into_the_box(page: Page) -> None:
    page.goto("/")
    page.route(
        "**/api/v1/messages",
        lambda route: route.fulfill(status=400, json={"detail": "text: too long"}),
    )
    page.fill("#text", "一句很长的话")
    page.keyboard.press("Enter")
    expect(page.locator("#problem")).to_contain_text("没发成")
    expect(page.locator("#text")).to_have_value("一句很长的话")
    expect(page.locator(".turn")).to_have_count(0)


def test_two_tabs_show_the_same_conversation_once(page: Page, context: BrowserContext) -> None:
    page.goto("/")
    other = context.new_page()
    other.goto("/")
    ask(page, QUESTION)
    expect(other.locator(".turn-assistant")).to_have_count(1)
    ask(other, "居住证怎么办")
    expect(page.locator(".turn-assistant")).to_have_count(2)
    assert TurnRecord.objects.count() == 2
    other.close()


# ---- a person ----


def test_a_clerks_words_come_by_themselves_and_once(page: Page) -> None:
    said = {
        "id": "notice-7",
        "text": "您好，我是小李",
        "buttons": [],
        "author": "小李",
        "at": "2026-11-23T10:00:00+08:00",
    }
    events = [
        ("handover", {"state": "waiting", "position": 3, "author": ""}),
        ("message", said),
        ("message", said),
        ("handover", {"state": "taken", "position": 0, "author": "小李"}),
    ]
    stream = "".join(f"event: {name}\ndata: {json.dumps(data)}\n\n" for name, data in events)
    page.route(
        re.compile(r"/events\?"),
        lambda route: route.fulfill(
            status=200, content_type="text/event-stream", body=f"retry: 600000\n\n{stream}"
        ),
    )
    page.goto("/")
    ask(page, "人工")
    expect(page.locator("#desk-state")).to_have_text("工作人员小李在跟您说")
    expect(page.locator(".turn-clerk")).to_have_count(1)
    expect(page.locator(".turn-clerk .by")).to_have_text("工作人员 小李")


@pytest.mark.parametrize(("position", "words"), [(1, "下一位就是您"), (3, "前面还有 2 位")])
def test_the_bar_says_how_many_are_waiting_before_one(
    page: Page, position: int, words: str
) -> None:
    data = json.dumps({"state": "waiting", "position": position})
    body = f"retry: 600000\nevent: handover\ndata: {data}\n\n"
    page.route(
        re.compile(r"/events\?"), lambda r: r.fulfill(content_type="text/event-stream", body=body)
    )
    page.goto("/")
    ask(page, "人工")
    expect(page.locator("#desk-state")).to_contain_text(words)


# ---- the sheet ----


def test_the_sheet_leads_back_to_the_conversation(page: Page, context: BrowserContext) -> None:
    page.goto("/")
    ask(page, QUESTION)
    page.locator("details.card summary").click()
    with context.expect_page() as opened:
        page.locator(".card-print a").click()
    sheet = opened.value
    expect(sheet.locator("h1")).to_have_text("社会保障卡补领换领")
    sheet.get_by_text("接着问小顶").click()
    expect(sheet.locator("#resumed")).to_contain_text("社会保障卡补领换领")
    sheet.locator("#resumed .choice", has_text="要带什么材料").click()
    expect(sheet.locator(".turn-assistant")).to_have_count(2)
    expect(sheet.locator("#resumed")).to_have_count(0)


def test_the_sheet_becomes_a_picture_without_leaving_the_browser(page: Page) -> None:
    page.goto("/guide/GA02/?s=work")
    page.locator("#picture").click()
    expect(page.locator("#image")).to_be_visible()
    size = page.locator("#image").evaluate(
        "i => i.decode().then(() => [i.naturalWidth, i.naturalHeight])"
    )
    assert size[0] == 1080
    assert size[1] > 1500
    page.locator("#shown-close").click()
    expect(page.locator("#shown")).to_be_hidden()


@pytest.mark.parametrize(
    "address", ["/", "/?elder=1&size=40", "/guide/GA02/", "/kiosk", "/?ask=GA02", "/guide/XX/"]
)
@pytest.mark.parametrize("width", [320, 640])
def test_nothing_sticks_out_sideways(page: Page, address: str, width: int) -> None:
    """640 wide at 200 % is 320 wide; both are the same to a page."""
    page.set_viewport_size({"width": width, "height": 480})
    page.goto(address)
    if page.locator("#composer").count():
        page.fill("#text", QUESTION)
        page.keyboard.press("Enter")
        expect(page.locator(".turn-assistant")).to_have_count(1)
    assert page.evaluate("() => document.documentElement.scrollWidth - window.innerWidth") <= 0


# ---- the machine in the hall ----


@pytest.fixture
def hall(page: Page) -> Page:
    """王阿姨 stands before the machine."""
    page.set_viewport_size({"width": 1080, "height": 1920})
    page.clock.install()
    page.goto("/kiosk")
    return page


def test_the_machine_has_large_words_and_large_targets(hall: Page) -> None:
    hall.locator(".tile", has_text="居住证").click()
    expect(hall.locator(".turn-assistant")).to_have_count(1)
    for place in ("start", "talk"):
        hall.evaluate("(place) => { document.body.dataset.at = place; }", place)
        for target in hall.locator(
            "button:visible, a:visible, input:visible, summary:visible"
        ).all():
            box = target.bounding_box()
            assert box
            assert min(box["width"], box["height"]) >= 80, target
    sizes = hall.locator("body *:visible").evaluate_all(
        "all => all.filter(e => e.childElementCount === 0 && e.textContent.trim()).map(e => parseFloat(getComputedStyle(e).fontSize))"
    )
    assert min(sizes) >= 28


def test_a_visitor_who_walks_away_is_asked_for_and_then_forgotten(hall: Page) -> None:
    hall.locator(".tile", has_text="社保卡").click()
    expect(hall.locator(".turn-assistant")).to_have_count(1)
    token = hall.locator("body").get_attribute("data-token")
    hall.clock.run_for(61_000)
    expect(hall.locator("#leaving")).to_be_visible()
    expect(hall.locator("#leaving-heard")).to_contain_text("秒")
    hall.clock.run_for(21_000)
    expect(hall.locator("body")).not_to_have_attribute("data-token", token or "")
    expect(hall.locator(".turn")).to_have_count(0)
    expect(hall.locator(".tile").first).to_be_visible()
    assert (
        hall.evaluate("() => localStorage.length + sessionStorage.length + document.cookie.length")
        == 0
    )
    hall.go_back()
    expect(hall.locator(".turn")).to_have_count(0)


def test_any_touch_keeps_the_conversation(hall: Page) -> None:
    hall.locator(".tile", has_text="社保卡").click()
    expect(hall.locator(".turn-assistant")).to_have_count(1)
    hall.clock.run_for(61_000)
    expect(hall.locator("#leaving")).to_be_visible()
    hall.mouse.click(20, 900)
    expect(hall.locator("#leaving")).to_be_hidden()
    hall.clock.run_for(59_000)
    expect(hall.locator("#leaving")).to_be_hidden()
    expect(hall.locator(".turn")).to_have_count(2)


def test_a_line_that_is_gone_keeps_nobodys_words_on_the_screen(hall: Page) -> None:
    cut(hall)
    hall.locator(".tile", has_text="社保卡").click()
    expect(hall.locator("#offline")).to_be_visible()
    hall.clock.run_for(210_000)
    expect(hall.locator(".turn")).to_have_count(0)


def test_the_start_screen_counts_nobody_down(hall: Page) -> None:
    hall.clock.run_for(200_000)
    expect(hall.locator("#leaving")).to_be_hidden()


def test_the_machine_prints_the_sheet_of_what_was_asked(hall: Page) -> None:
    hall.evaluate("() => { window.print = () => { window.printed = true; }; }")
    expect(hall.locator("#print")).to_be_disabled()
    hall.locator(".tile", has_text="居住证").click()
    hall.locator("#print").click()
    expect(hall.locator("#sheet-paper h1")).to_have_text("居住证申领")
    hall.locator("#sheet-print").click()
    assert hall.evaluate("() => window.printed")
    hall.locator("#sheet-close").click()
    expect(hall.locator("#sheet-box")).to_be_hidden()


def test_the_machine_speaks_as_a_machine(hall: Page) -> None:
    hall.locator(".tile", has_text="居住证").click()
    expect(hall.locator(".turn-assistant")).to_have_count(1)
    assert TurnRecord.objects.get().conversation.channel == "kiosk"
