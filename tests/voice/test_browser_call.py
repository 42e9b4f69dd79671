"""The page that calls, in a real browser with a recording as its microphone."""

from __future__ import annotations

import asyncio
import re
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect, sync_playwright

from bot.channels.call import call_of_token, is_own_origin
from tests.voice.fakes_audio import spoken
from tests.voice.fakes_transport import Calls, Event, FakeCall, tone
from voice.audio import SAMPLE_RATE_HZ, frames_of, wav_write
from voice.gateway import Gateway
from voice.http import BROWSER_PATH, VoiceApp, VoiceServer
from voice.register import CallRegister
from voice.transports.browser import BrowserLine

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed (make system-deps)"),
]
PHONE = {"width": 390, "height": 844}
QUESTION = "社保卡丢了怎么办"
REFUSAL = tone(300, 0.3)
# Notes what the loudspeaker plays, behind the page's own nodes.
LISTENING = """
const { connect } = AudioNode.prototype;
AudioNode.prototype.connect = function (to, ...more) {
  if (to === this.context.destination) {
    window.ear = new AnalyserNode(this.context, { fftSize: 32768 });
    connect.call(this, window.ear);
  }
  return connect.call(this, to, ...more);
};
"""


class Line:
    """A line of its own thread; ``calls`` makes what answers."""

    def __init__(self) -> None:
        self.calls = Calls()
        self.gateway: Gateway
        self.max_calls = 2
        self.is_own_origin = is_own_origin
        self.verify: Callable[[str], str | None] = call_of_token
        self._up = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()))

    def start(self) -> None:
        self._thread.start()
        assert self._up.wait(10)

    def stop(self) -> None:
        self.server.should_exit = True
        self._thread.join(20)
        assert not self._thread.is_alive()
        assert self.gateway.counts()["running"] == 0

    async def _serve(self) -> None:
        refusal = frames_of(REFUSAL)
        self.gateway = Gateway(self.calls, self.max_calls, refusal_frames=refusal)
        door = BrowserLine(self.gateway, self._call_of, self._is_ours)
        self.server = VoiceServer(VoiceApp(self.gateway, CallRegister(), "", door), "127.0.0.1", 0)
        serving = asyncio.create_task(self.server.serve())
        while not self.server.started:
            await asyncio.sleep(0.01)
        self._up.set()
        await serving

    def _call_of(self, token: str) -> str | None:
        return self.verify(token)

    def _is_ours(self, origin: str) -> bool:
        return self.is_own_origin(origin)

    @property
    def address(self) -> str:
        return f"ws://localhost:{self.server.port}{BROWSER_PATH}"


@pytest.fixture(scope="module", autouse=True)
def database_beside_playwright() -> Iterator[None]:
    """Playwright keeps an event loop in this thread; Django would refuse its database there."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        yield


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as playing:
        yield playing


@pytest.fixture(scope="module")
def question() -> bytes:
    """A second of room, the question, and room again, as the microphone hears it."""
    room = np.random.default_rng(5).normal(0, 20, SAMPLE_RATE_HZ).astype("<i2").tobytes()
    return room + spoken(QUESTION, dbfs=-20) + room


def launched(playwright: Playwright, microphone: Path) -> Browser:
    return playwright.chromium.launch(
        executable_path=CHROMIUM,
        args=[
            *("--no-sandbox", "--disable-gpu", "--disable-background-networking"),
            *("--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"),
            f"--use-file-for-fake-audio-capture={microphone}%noloop",
            "--autoplay-policy=no-user-gesture-required",
        ],
    )


@pytest.fixture(scope="module")
def chromium(
    playwright: Playwright, question: bytes, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Browser]:
    path = tmp_path_factory.mktemp("microphone") / "question.wav"
    wav_write(path, question)
    browser = launched(playwright, path)
    yield browser
    browser.close()


@pytest.fixture
def line(settings: Any) -> Iterator[Line]:
    line = Line()
    line.start()
    settings.BOT_VOICE_URL = line.address
    yield line
    line.stop()


@pytest.fixture
def context(chromium: Browser, live_server: Any, line: Line) -> Iterator[BrowserContext]:
    context = chromium.new_context(viewport=PHONE, base_url=live_server.url, locale="zh-CN")
    context.set_default_timeout(10_000)
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    page = context.new_page()
    page.add_init_script(LISTENING)
    troubles: list[str] = []
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("console", lambda m: "Content Security" in m.text and troubles.append(m.text))
    yield page
    assert not troubles


def ring(page: Page, line: Line) -> FakeCall:
    """Press the green button and wait until the line has heard something."""
    page.goto("/call")
    page.click("#dial")
    expect(page.locator("body")).to_have_attribute("data-at", "call")
    wait_for(page, lambda: len(line.calls.made) == 1 and len(line.calls.only.heard) > 5)
    return line.calls.only


def wait_for(page: Page, condition: Callable[[], bool], seconds: float = 10) -> None:
    """Let the browser live until something holds on the line's side."""
    for _ in range(int(seconds / 0.05)):
        if condition():
            return
        page.wait_for_timeout(50)
    raise AssertionError("it did not come to pass")


def envelope(pcm: bytes) -> np.ndarray:
    """Loudness of each frame."""
    samples = np.frombuffer(pcm, "<i2").astype(float)
    return np.sqrt((samples[: samples.size // 160 * 160].reshape(-1, 160) ** 2).mean(axis=1))


def likeness(heard: np.ndarray, said: np.ndarray) -> float:
    """How alike two courses of loudness are where they fit best."""
    fits = [
        np.corrcoef(heard[lag : lag + said.size], said)[0, 1]
        for lag in range(max(1, heard.size - said.size))
    ]
    return float(np.nanmax(fits))


def complaints(page: Page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [
        f"{v['id']}: {node['target']}"
        for v in found
        if v["impact"] in ("serious", "critical")
        for node in v["nodes"]
    ]


# ---- sound ----


def test_the_line_hears_the_microphone(page: Page, line: Line, question: bytes) -> None:
    call = ring(page, line)
    frames = len(question) // 320
    wait_for(page, lambda: len(call.heard) > frames + 40, 15)
    heard = envelope(b"".join(call.heard))
    said = envelope(question)[45:-45]
    assert likeness(heard, said) > 0.8
    assert heard.max() > 1000
    page.click("#dial")


def test_the_page_plays_what_the_line_says_without_a_crack(page: Page, line: Line) -> None:
    line.calls.more = {"says": frames_of(tone(1000, 20))}
    call = ring(page, line)
    wait_for(page, lambda: len(call.heard) > 100)
    rate, samples = page.evaluate(
        """() => {
          const samples = new Float32Array(window.ear.fftSize);
          window.ear.getFloatTimeDomainData(samples);
          return [window.ear.context.sampleRate, Array.from(samples)];
        }"""
    )
    page.click("#dial")
    # The quietest third: a machine at work elsewhere may tear holes into sound of real time.
    spans = np.array(samples)[: len(samples) // 2048 * 2048].reshape(-1, 2048)
    spectra = np.abs(np.fft.rfft(spans * np.blackman(2048), axis=1)) ** 2
    at = round(1000 / rate * 2048)
    wanted = spectra[:, at - 4 : at + 5].sum(axis=1)
    ratios = 10 * np.log10(wanted / (spectra.sum(axis=1) - wanted + 1e-12))
    assert np.percentile(ratios, 67) > 40
    assert np.abs(samples).max() == pytest.approx(0.3, abs=0.05)


@pytest.mark.parametrize("rate", [48000, 44100, 16000, 8000])
def test_the_worklet_turns_a_microphone_into_clean_frames(
    page: Page, live_server: Any, rate: int
) -> None:
    page.goto("/call")
    heard = page.evaluate(
        """async ([rate, hertz]) => {
          const seconds = 2, result = [];
          for (const pitch of hertz) {
            const sound = new OfflineAudioContext(1, seconds * rate, rate);
            await sound.audioWorklet.addModule(document.body.dataset.worklet);
            const ear = new AudioWorkletNode(sound, "microphone", { numberOfOutputs: 0 });
            const heard = [];
            ear.port.onmessage = ({ data }) => heard.push(...new Int16Array(data));
            const source = new OscillatorNode(sound, { frequency: pitch });
            const softer = new GainNode(sound, { gain: 0.5 });
            source.connect(softer).connect(ear);
            source.start();
            await sound.startRendering();
            await new Promise((resolve) => { setTimeout(resolve, 300); });
            result.push(heard);
          }
          return result;
        }""",
        [rate, [1000, 3000, 5000] if rate > 12000 else [1000, 3000]],
    )
    for pitch, samples in zip((1000, 3000), heard, strict=False):
        middle = np.array(samples[2000:10000], dtype=float)
        assert middle.size == 8000
        times = np.arange(middle.size) / 8000 * 2 * np.pi * pitch
        basis = np.stack([np.sin(times), np.cos(times)], axis=1)
        fitted = basis @ np.linalg.lstsq(basis, middle, rcond=None)[0]
        noise = middle - fitted
        assert 10 * np.log10((fitted**2).sum() / (noise**2).sum()) > 45
        assert np.sqrt((fitted**2).mean()) == pytest.approx(32767 * 0.5 / 2**0.5, rel=0.05)
    if len(heard) == 3:
        # What a telephone cannot carry must not come back as something else.
        assert np.sqrt((np.array(heard[2][2000:10000], dtype=float) ** 2).mean()) < 60


# ---- what the buttons do ----


def test_keys_and_the_way_to_a_person_reach_the_line(page: Page, line: Line) -> None:
    call = ring(page, line)
    page.click("#keys-switch")
    for key in "159":
        page.click(f'[data-key="{key}"]')
    page.keyboard.press("#")
    expect(page.locator("#live")).to_have_text("159#")
    wait_for(page, lambda: call.keys == "159#")
    page.click("#human-call")
    wait_for(page, lambda: call.keys == "159#*0#")
    page.click("#dial")
    wait_for(page, lambda: call.is_gone)
    expect(page.locator(".turn-ended")).to_have_text("您挂断了电话")
    expect(page.locator("#dial-words")).to_have_text("打电话")
    wait_for(page, lambda: line.gateway.counts()["hung_up"] == 1)


def test_closing_the_page_hangs_up(page: Page, context: BrowserContext, line: Line) -> None:
    call = ring(page, line)
    page.goto("/")
    wait_for(context.new_page(), lambda: call.is_gone)


def test_before_a_call_the_way_to_a_person_leads_to_the_chat_page(page: Page) -> None:
    page.goto("/call")
    page.click("#human-idle button")
    page.wait_for_url(re.compile(r"/#latest$"))
    expect(page.locator(".turn-resident .said")).to_have_text("人工")


def test_one_call_after_the_other_each_with_a_token_of_its_own(page: Page, line: Line) -> None:
    for number in (1, 2):
        if number == 1:
            page.goto("/call")
        page.click("#dial")
        wait_for(page, lambda n=number: len(line.calls.made) == n)
        expect(page.locator("body")).to_have_attribute("data-at", "call")
        page.click("#dial")
        wait_for(page, lambda n=number: line.gateway.counts()["hung_up"] == n)
    first, second = line.calls.made
    assert first.info.call_id != second.info.call_id
    assert first.info.transport == "browser"


# ---- what is shown ----


def test_captions_follow_both_sides(page: Page, line: Line) -> None:
    line.calls.more = {
        "told": {
            10: Event("said", text="您好，我是街道办事处的智能助手。"),
            12: Event("said", text="您想问什么？"),
            20: Event("state", text="listen"),
            40: Event("partial", text="社保卡"),
            90: Event("flush"),
            92: Event("final", text="社保卡丢了怎么办"),
            94: Event("failure", text="not for pages"),
            96: Event("said", text="社保卡可以补办。"),
            98: Event("state", text="speak"),
        }
    }
    ring(page, line)
    expect(page.locator(".turn-assistant .said").first).to_have_text(
        "您好，我是街道办事处的智能助手。您想问什么？"
    )
    expect(page.locator("#live")).to_have_text("社保卡")
    expect(page.locator(".turn-resident .said")).to_have_text(QUESTION)
    expect(page.locator("#live")).to_be_hidden()
    expect(page.locator(".turn-assistant.is-cut")).to_have_count(1)
    expect(page.locator(".turn-assistant .said").last).to_have_text("社保卡可以补办。")
    expect(page.locator("#call-words")).to_have_text("小顶在说，您可以随时插话")
    expect(page.locator("#call-time")).to_have_text(re.compile(r"0:0\d"))
    assert "not for pages" not in page.content()
    page.click("#dial")


@pytest.mark.parametrize(
    ("outcome", "words"), [("hang_up", "通话结束了"), ("hand_over", "要找工作人员")]
)
def test_the_page_says_how_a_call_ended(page: Page, line: Line, outcome: str, words: str) -> None:
    line.calls.more = {"ends_after": 60, "ends_as": outcome}
    ring(page, line)
    expect(page.locator(".turn-ended")).to_contain_text(words)
    expect(page.locator("#human-idle")).to_be_visible()


def test_a_full_line_says_so_by_voice(page: Page, line: Line) -> None:
    line.gateway.max_calls = 0
    page.goto("/call")
    page.click("#dial")
    expect(page.locator(".turn-ended")).to_be_visible()
    assert line.gateway.counts()["refused"] == 1
    assert not line.calls.made


@pytest.mark.parametrize(
    ("error", "words"),
    [
        ("NotAllowedError", "点“允许”"),
        ("NotFoundError", "没找到话筒"),
        ("NotReadableError", "话筒打不开"),
    ],
)
def test_a_microphone_that_is_refused_or_missing_is_a_clear_sentence(
    page: Page, line: Line, error: str, words: str
) -> None:
    page.add_init_script(
        f"navigator.mediaDevices.getUserMedia = async () => {{ throw new DOMException('', '{error}'); }};"
    )
    page.goto("/call")
    page.click("#dial")
    expect(page.locator("#problem-text")).to_contain_text(words)
    expect(page.locator("#dial-words")).to_have_text("打电话")
    expect(page.locator("#human-idle")).to_be_visible()
    assert not line.calls.made


def test_a_page_without_https_says_that_there_is_no_microphone(page: Page) -> None:
    page.add_init_script("Object.defineProperty(navigator, 'mediaDevices', { value: undefined });")
    page.goto("/call")
    page.click("#dial")
    expect(page.locator("#problem-text")).to_contain_text("https")


@pytest.mark.parametrize("what", ["token", "origin", "too many", "nobody"])
def test_a_call_that_is_not_put_through_is_a_clear_sentence(
    page: Page, line: Line, settings: Any, what: str
) -> None:
    if what == "token":
        line.verify = lambda token: None
    elif what == "origin":
        line.is_own_origin = lambda origin: False
    elif what == "nobody":
        settings.BOT_VOICE_URL = "ws://localhost:9/voice/browser"
    page.goto("/call")
    if what == "too many":
        page.route("**/call/token", lambda route: route.fulfill(status=429, body="{}"))
    page.click("#dial")
    words = "打得有点勤" if what == "too many" else "没接通"
    expect(page.locator("#problem-text")).to_contain_text(words)
    expect(page.locator("#dial-words")).to_have_text("打电话")
    assert not line.calls.made


def test_a_line_that_breaks_off_is_told_and_can_be_rung_again(page: Page, line: Line) -> None:
    page.add_init_script(
        "const Socket = WebSocket; window.WebSocket = class extends Socket {"
        " constructor(...given) { super(...given); window.socket = this; } };"
    )
    ring(page, line)
    page.evaluate("() => window.socket.close()")
    expect(page.locator("#problem-text")).to_contain_text("电话断了")
    page.click("#dial")
    expect(page.locator("body")).to_have_attribute("data-at", "call")
    expect(page.locator("#problem")).to_be_hidden()
    page.click("#dial")


# ---- nobody is left out ----


@pytest.mark.parametrize("address", ["/call", "/call?elder=1"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_before_and_during_a_call(
    chromium: Browser, live_server: Any, line: Line, address: str, scheme: Any
) -> None:
    line.calls.more = {
        "told": {
            5: Event("said", text="您好。"),
            8: Event("final", text=QUESTION),
            9: Event("partial", text="社保"),
        }
    }
    context = chromium.new_context(
        viewport=PHONE, base_url=live_server.url, color_scheme=scheme, bypass_csp=True
    )
    page = context.new_page()
    page.goto(address)
    assert complaints(page) == []
    page.click("#dial")
    expect(page.locator("#live")).to_have_text("社保")
    page.click("#keys-switch")
    assert complaints(page) == []
    page.click("#dial")
    expect(page.locator(".turn-ended")).to_be_visible()
    assert complaints(page) == []
    context.close()


def test_the_elder_page_has_seven_to_one(chromium: Browser, live_server: Any, line: Line) -> None:
    line.calls.more = {"told": {5: Event("said", text="您好。"), 8: Event("final", text=QUESTION)}}
    context = chromium.new_context(viewport=PHONE, base_url=live_server.url, bypass_csp=True)
    page = context.new_page()
    page.goto("/call?elder=1")
    rules = {
        "runOnly": ["color-contrast-enhanced"],
        "rules": {"color-contrast-enhanced": {"enabled": True}},
    }
    for _ in range(2):
        found = Axe().run(page, options=rules).response["violations"]
        assert [node["target"] for violation in found for node in violation["nodes"]] == []
        page.click("#dial")
        expect(page.locator("body")).to_have_attribute("data-at", re.compile("call|idle"))
        if page.locator("#keys-switch").is_enabled():
            page.click("#keys-switch")
    context.close()


@pytest.mark.parametrize("size", [24, 40])
@pytest.mark.parametrize("width", [320, 390, 1280])
def test_the_elder_page_has_large_targets_and_fits(
    page: Page, line: Line, size: int, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 844})
    line.calls.more = {"told": {5: Event("said", text="您好，这里是街道办事处。")}}
    page.goto(f"/call?elder=1&size={size}")
    for at in ("idle", "call"):
        expect(page.locator("body")).to_have_attribute("data-at", at)
        for target in page.locator("button:visible, a:visible").all():
            box = target.bounding_box()
            assert box
            assert min(box["width"], box["height"]) >= 60, target.inner_text()
        assert page.evaluate("() => document.documentElement.scrollWidth - innerWidth") <= 0
        if at == "idle":
            page.click("#dial")
            expect(page.locator("#keys-switch")).to_be_enabled()
            page.click("#keys-switch")
    said = page.locator(".turn-assistant .said")
    expect(said).to_have_count(1)
    assert said.evaluate("e => parseFloat(getComputedStyle(e).fontSize)") >= size - 0.5
    page.click("#dial")
