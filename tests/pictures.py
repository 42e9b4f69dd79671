"""Takes the pictures of the pages that the documents show: ``python -m tests.pictures``.

With a real server on ports and data of its own, in a real Chromium. Pictures keep 256 colours, so
that a document with all of them stays small.
"""

from __future__ import annotations

import io
import shutil
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from tests.running import ROOT, running

PICTURES = ROOT / "docs" / "pictures"
NOW = "2026-11-23T10:00+08:00"
QUESTION = "社保卡芯片坏了想换一张，要带啥"
# Chromium on a server has no Chinese voice; residents' browsers have one, and show the button.
VOICE = """
window.SpeechSynthesisUtterance = class {};
Object.defineProperty(window, "speechSynthesis", { value: {
  getVoices: () => [{ lang: "zh-CN" }], speak: () => {}, cancel: () => {}, addEventListener: () => {},
} });
"""


def ask(page: Page, text: str) -> None:
    """Say something and wait for the answer."""
    turns = page.locator(".turn-assistant").count()
    page.fill("#text", text)
    page.keyboard.press("Enter")
    page.locator(".turn-assistant").nth(turns).wait_for()


def asks_for_materials(page: Page) -> None:
    ask(page, QUESTION)


def asks_twice(page: Page) -> None:
    ask(page, QUESTION)
    ask(page, "那我儿子能不能代办")


@dataclass(frozen=True)
class Picture:
    """One picture: where, how large (CSS pixels), at which density, and what is done before."""

    name: str
    address: str
    width: int
    height: int
    density: float = 1
    before: Callable[[Page], None] = lambda page: None


ALL = (
    Picture("chat-phone", "/", 390, 844, 2, asks_for_materials),
    Picture("chat-desk", "/", 1280, 900, 1, asks_twice),
    Picture("chat-elder-phone", "/?elder=1", 390, 844, 2, asks_for_materials),
    Picture("chat-elder-desk", "/?elder=1", 1280, 900, 1, asks_for_materials),
    Picture("kiosk", "/kiosk", 1080, 1920, 0.75),
    Picture("sheet", "/guide/GA02/?s=work", 900, 1270),
)


def take(browser: Browser, url: str, picture: Picture) -> Path:
    """Take one picture; returns where it lies."""
    context = browser.new_context(
        viewport={"width": picture.width, "height": picture.height},
        device_scale_factor=picture.density,
        base_url=url,
        locale="zh-CN",
    )
    context.add_init_script(VOICE)
    page = context.new_page()
    page.goto(picture.address)
    picture.before(page)
    page.evaluate("() => { document.activeElement.blur(); }")
    taken = Image.open(io.BytesIO(page.screenshot(animations="disabled")))
    context.close()
    path = PICTURES / f"{picture.name}.png"
    taken.convert("RGB").quantize(256).save(path, optimize=True)
    return path


def main() -> None:
    """Take the pictures named on the command line, or all."""
    wanted = [p for p in ALL if not sys.argv[1:] or p.name in sys.argv[1:]]
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    with (
        tempfile.TemporaryDirectory() as data,
        running(Path(data), BOT_NOW=NOW) as server,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for picture in wanted:
            path = take(browser, server.url, picture)
            print(f"{path.name}  {path.stat().st_size // 1024} kB")
        browser.close()


if __name__ == "__main__":
    main()
