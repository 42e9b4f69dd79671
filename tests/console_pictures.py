"""Takes the pictures of the staff's pages, at a desk and on a phone.

``python -m tests.console_pictures [name …]``: a real server, an invented half year, a real Chromium.
Pictures keep 128 colours. A page that is wider than its window is said to be so.
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
from playwright.sync_api import Browser, Error, Page, sync_playwright
from tqdm import tqdm

from tests.curators import PASSWORD, Curators, curators
from tests.running import ROOT, Running, running

PICTURES = ROOT / "docs" / "pictures" / "console"
NOW = "2026-11-23T10:00+08:00"
WIDTHS = {"desk": (1280, 900), "phone": (390, 844)}
SAMPLE = ("--turns", "6000", "--tickets", "400", "--items", "193", "--seed", "7")
FREE = ("GG08", "SB12", "MZ10", "MZ11", "SB13", "GA02", "CL01", "WJ09", "SC01", "SB20", "GA08")
MANY = "社保卡丢了怎么补\n八十岁能领什么钱\n残疾证要多久\n楼道里堆满了东西\n我想办护照"


def first(selector: str) -> Callable[[Page], None]:
    """Open the first link that is found."""

    def follow(page: Page) -> None:
        link = page.locator(selector).first
        page.goto(str(link.get_attribute("href")))

    return follow


def begins(page: Page) -> None:
    """Open the form of the first item that nobody is at."""
    button = page.get_by_role("button", name="修改", exact=True)
    for item in FREE:
        page.goto(f"/staff/knowledge/records/item/{item}/")
        if button.count():
            break
    button.click()
    page.wait_for_selector("#editor")


def submits(page: Page) -> None:
    begins(page)
    page.fill("[name=scope]", page.input_value("[name=scope]") + "，问不清的也从这里问起")
    page.fill("#reason", "居民常问到底算不算这一件")
    page.get_by_role("button", name="提交审核", exact=True).last.click()
    page.wait_for_selector(".state")


def tries_many(page: Page) -> None:
    page.fill("textarea", MANY)
    page.locator("form:has(textarea) button").first.click()
    page.wait_for_load_state()


@dataclass(frozen=True)
class Shot:
    """One page: whose, where, and what is done before it is taken."""

    name: str
    account: str
    address: str
    before: Callable[[Page], None] = lambda page: None


ALL = (
    Shot("knowledge", "bianji", "/staff/knowledge/"),
    Shot("record", "bianji", "/staff/knowledge/records/item/SB13/"),
    Shot("edit", "bianji", "/staff/knowledge/records/item/GG08/", begins),
    Shot("submitted", "bianji", "/staff/knowledge/records/item/SB13/", submits),
    Shot(
        "review",
        "shenhe",
        "/staff/knowledge/revisions/",
        first("main a[href*='/revisions/']:not([href$='/revisions/'])"),
    ),
    Shot("revisions", "shenhe", "/staff/knowledge/revisions/"),
    Shot("publications", "shenhe", "/staff/knowledge/publications/"),
    Shot("hits", "bianji", "/staff/knowledge/hits/?q=我八十了腿不好，那个坐车的卡儿子能代办吗"),
    Shot("hits-many", "bianji", "/staff/knowledge/hits/", tries_many),
    Shot("sets", "bianji", "/staff/knowledge/hits/sets/"),
    Shot("unanswered", "bianji", "/staff/knowledge/unanswered/"),
    Shot(
        "cluster",
        "bianji",
        "/staff/knowledge/unanswered/",
        first("main a[href*='/unanswered/']:not([href$='/unanswered/'])"),
    ),
    Shot("words", "bianji", "/staff/knowledge/words/"),
    Shot("files", "bianji", "/staff/knowledge/files/"),
    Shot("coverage", "bianji", "/staff/knowledge/coverage/"),
    Shot("figures", "fenxi", "/staff/figures/"),
    Shot("recordings", "bianji", "/staff/prompts/"),
    Shot("audit", "guanli", "/staff/audit/"),
    Shot("people", "guanli", "/staff/people/"),
    Shot("password", "guanli", "/staff/password/"),
    Shot("code", "guanli", "/staff/code/"),
    Shot("inbox", "sample-intake1", "/staff/"),
    Shot("tickets", "sample-dispatcher1", "/staff/tickets/"),
    Shot(
        "ticket", "sample-supervisor1", "/staff/tickets/", first("main a[href^='/staff/tickets/2']")
    ),
    Shot("ticket-new", "sample-intake1", "/staff/tickets/new/"),
    Shot("mine", "sample-grid4", "/staff/tickets/mine/"),
    Shot("reports", "sample-dispatcher1", "/staff/reports/"),
    Shot(
        "report", "sample-supervisor1", "/staff/reports/", first("main a[href^='/staff/reports/2']")
    ),
    Shot("places", "guanli", "/staff/places/"),
    Shot("shifts", "sample-supervisor1", "/staff/shifts/"),
    Shot("letters", "guanli", "/staff/letters/"),
)
# Of the people that the sample makes, these may sign in.
_MAY_SIGN_IN = """
from bot.accounts.models import Staff
for person in Staff.objects.filter(username__in={accounts}):
    person.set_password({password!r})
    person.save()
"""


def take(people: Curators, browser: Browser, shot: Shot, width: str) -> str:
    """Take one picture; returns a line about it."""
    page = people.page(shot.account)
    size = WIDTHS[width]
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.goto(shot.address)
    shot.before(page)
    page.wait_for_load_state("networkidle")
    wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    taken = Image.open(io.BytesIO(page.screenshot(animations="disabled")))
    page.close()
    path = PICTURES / f"{shot.name}-{width}.png"
    taken.convert("RGB").quantize(128).save(path, optimize=True)
    told = f"{path.name}  {path.stat().st_size // 1024} kB"
    return told if wide <= 0 else f"{told}  {wide} px too wide"


def furnish(server: Running) -> None:
    """Half a year of an invented office."""
    done = server.bot("manage", "make_sample", "--yes", *SAMPLE, seconds=900)
    assert done.returncode == 0, done.stderr[-2000:]
    accounts = sorted({s.account for s in ALL if s.account.startswith("sample-")})
    code = _MAY_SIGN_IN.format(accounts=accounts, password=PASSWORD)
    done = server.bot("manage", "shell", "-c", code)
    assert done.returncode == 0, done.stderr[-2000:]


def main() -> None:
    """Take the pictures named on the command line, or all."""
    wanted = [s for s in ALL if not sys.argv[1:] or s.name in sys.argv[1:]]
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    PICTURES.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as data,
        running(Path(data), BOT_NOW=NOW) as server,
        sync_playwright() as playwright,
    ):
        furnish(server)
        browser = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--lang=zh-CN"]
        )
        with curators(server, browser) as people:
            for shot in tqdm(wanted, unit="page"):
                for width in WIDTHS:
                    try:
                        tqdm.write(take(people, browser, shot, width))
                    except Error as error:  # the others are taken all the same
                        tqdm.write(f"{shot.name}-{width}: {str(error).splitlines()[0]}")
        browser.close()


if __name__ == "__main__":
    main()
