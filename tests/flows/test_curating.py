"""A curator's ten main tasks, through the browser, with a real server that residents ask."""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import openpyxl
import pytest
from playwright.sync_api import Page, expect, sync_playwright

from knowledge.search.matcher import Matcher
from knowledge.search.snapshot import publish_snapshot
from tests.curators import LIVE_WITHIN_SECONDS, Curators, code_of, curators, sign_in
from tests.running import running

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = [
    pytest.mark.rasa,
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed (make system-deps)"),
]
ITEM = "SB13"
MATERIAL = "近三个月的蓝底电子照片"
# Nothing in the knowledge says it like this.
ODD = "那个小方块片片搞没了要咋整"
LOCAL, MEANT = "绿壳壳", "社会保障卡"


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory, matcher: Matcher) -> Iterator[Curators]:
    """One server for the ten tasks: administrators need a code; the snapshot lies there already."""
    data = tmp_path_factory.mktemp("curating")
    publish_snapshot(matcher.snapshot, data / "snapshots")
    with (
        running(data, BOT_STAFF_TOTP="on") as server,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        with curators(server, browser) as people:
            yield people
        browser.close()


def live_after_approval(office: Curators, address: str) -> Page:
    """老审 lets a revision pass; its page says when residents have it."""
    page = office.page("shenhe")
    page.goto(address)
    page.get_by_role("button", name="通过", exact=True).click()
    decided(page)
    expect(page.locator(".state").first).to_have_text("已上线", timeout=30_000)
    return page


def decided(page: Page) -> None:
    """Wait until the publisher has had its say."""
    expect(page.locator(".state").first).not_to_have_text(
        re.compile("正在上线|待审核|已通过"), timeout=60_000
    )


def within_seconds(is_heard: Callable[[], bool]) -> None:
    """Wait until residents hear what is in force."""
    until = time.monotonic() + LIVE_WITHIN_SECONDS
    while not is_heard():
        assert time.monotonic() < until, "residents do not hear it"
        time.sleep(0.1)


def begin(office: Curators, item_id: str = ITEM) -> Page:
    """小编 finds an item by its number and opens its form."""
    page = office.page("bianji")
    page.fill("#q", item_id)
    page.get_by_role("button", name="找", exact=True).click()
    page.locator(".record-name").first.click()
    page.get_by_role("button", name="修改", exact=True).click()
    expect(page.locator("#editor")).to_be_visible()
    return page


def submit(page: Page, reason: str) -> str:
    """Submit the form; returns the address of the revision."""
    page.fill("#reason", reason)
    page.get_by_role("button", name="提交审核", exact=True).last.click()
    page.wait_for_url(re.compile(r"/revisions/\d+/$"))
    expect(page.locator(".state").first).to_contain_text("审核")
    return page.url


def rows_of(page: Page, name: str):  # type: ignore[no-untyped-def]
    """The rows of a list in the form, its section open."""
    rows = page.locator(f'[data-rows="{name}"]')
    rows.evaluate("e => { const part = e.closest('details'); if (part) part.open = true; }")
    return rows


def test_an_administrator_signs_in_with_a_code(office: Curators) -> None:
    context = office.context()
    page = context.new_page()
    sign_in(page, "guanli")
    expect(page).to_have_url(re.compile("/staff/code/"))
    page.fill("[name=code]", code_of(page.locator("b.number").inner_text()))
    page.get_by_role("button", name="绑定").click()
    page.goto("/staff/audit/")
    expect(page.locator("h1")).to_contain_text("操作记录")
    context.close()


@pytest.fixture(scope="module")
def submitted(office: Curators) -> str:
    """The address of the revision that adds a material."""
    page = begin(office)
    materials = rows_of(page, "materials")
    before = materials.locator(":scope > .form-row").count()
    materials.get_by_role("button", name="加一条").last.click()
    expect(materials.locator(":scope > .form-row")).to_have_count(before + 1)
    box = page.locator(f'[name="materials.{before}.name"]')
    box.fill(MATERIAL)
    expect(page.locator("#preview")).to_contain_text(MATERIAL)
    page.locator(f'button[value="up:materials.{before}"]').click()
    expect(page.locator(f'[name="materials.{before - 1}.name"]')).to_have_value(MATERIAL)
    materials.get_by_role("button", name="加一条").last.click()
    page.locator(f'button[value="remove:materials.{before + 1}"]').click()
    expect(materials.locator(":scope > .form-row")).to_have_count(before + 1)
    expect(page.locator("#standing")).to_have_text("", timeout=30_000)
    return submit(page, "窗口要蓝底照片")


def test_a_second_person_sees_what_changed_and_residents_hear_it_within_seconds(
    office: Curators, submitted: str
) -> None:
    page = office.page("bianji")
    page.goto(submitted)
    expect(page.get_by_role("button", name="通过", exact=True)).to_have_count(0)
    page = office.page("shenhe")
    page.goto(submitted)
    expect(page.locator(".diff, [class*=diff]").first).to_contain_text(MATERIAL)
    live_after_approval(office, submitted)
    within_seconds(lambda: MATERIAL in office.answers("社保卡补办要什么材料"))


def test_what_was_published_can_be_taken_back(office: Curators, submitted: str) -> None:
    page = office.page("bianji")
    page.goto(submitted)
    page.get_by_text("退回旧版", exact=True).click()
    page.get_by_role("button", name="恢复成改之前的样子").click()
    page.wait_for_url(lambda url: url != submitted)
    live_after_approval(office, page.url)
    within_seconds(lambda: MATERIAL not in office.answers("社保卡补办要什么材料"))


def test_one_question_and_a_pasted_list_are_tried(office: Curators, tmp_path: Path) -> None:
    page = office.page("bianji")
    page.goto("/staff/knowledge/hits/")
    page.fill("#questions", "社保卡丢了怎么补")
    page.get_by_role("button", name="试一试").click()
    expect(page.locator(".ranks tbody tr").first).to_contain_text(ITEM)
    page.fill("#questions", "问题\t应该是\n社保卡丢了怎么补\tSB13\n今晚吃什么\t无")
    page.get_by_role("button", name="试一试").click()
    page.wait_for_url(re.compile(r"/hits/runs/\d+/"))
    with page.expect_download() as handed:
        page.locator("a[href$='run.csv']").click()
    table = tmp_path / "run.csv"
    handed.value.save_as(table)
    assert "社保卡丢了怎么补" in table.read_text("utf-8-sig")


def test_a_question_not_answered_becomes_a_phrasing_and_is_answered(office: Curators) -> None:
    for _ in range(3):
        office.answers(ODD)
    page = office.page("bianji")
    page.goto("/staff/knowledge/unanswered/")
    page.get_by_role("button", name="现在整理").click()
    group = page.get_by_role("link", name=ODD)
    for _ in range(60):
        if group.count():
            break
        page.wait_for_timeout(1000)
        page.goto("/staff/knowledge/unanswered/")
    group.click()
    page.locator("#phrasing-record").fill(ITEM)
    page.get_by_role("button", name="写成修改").first.click()
    page.locator(".good a").click()
    page.get_by_role("button", name="提交审核", exact=True).click()
    expect(page.locator(".state").first).to_contain_text("审核")
    live_after_approval(office, page.url)
    assert ITEM in office.answers(ODD)


def test_a_saved_question_stops_an_edit_that_would_break_it(office: Curators) -> None:
    page = office.page("shenhe")
    page.goto("/staff/knowledge/hits/sets/")
    page.fill("#name", "窗口常问")
    page.get_by_role("button", name="建好").click()
    page.wait_for_url(re.compile(r"/sets/\d+/"))
    page.get_by_text("加问题", exact=True).click()
    page.fill("#text", ODD)
    page.fill("#expected", ITEM)
    page.get_by_role("button", name="加上", exact=True).click()
    page.get_by_role("button", name="设为发布前必过").click()
    expect(page.get_by_role("button", name="不再必过")).to_be_visible()
    page = begin(office)
    said = rows_of(page, "phrasings")
    boxes = said.locator('[name$=".text"]')
    texts = boxes.evaluate_all("all => all.map(each => each.value)")
    page.locator(f'button[value="remove:phrasings.{texts.index(ODD)}"]').click()
    expect(boxes).to_have_count(len(texts) - 1)
    address = submit(page, "去掉没人说的")
    page = office.page("shenhe")
    page.goto(address)
    page.get_by_role("button", name="通过", exact=True).click()
    decided(page)
    expect(page.locator(".broken")).to_contain_text(ODD)
    assert ITEM in office.answers(ODD)
    page = office.page("bianji")
    page.goto(address)
    page.get_by_role("button", name="撤回").click()


def test_a_word_of_the_neighbourhood_is_understood(office: Curators) -> None:
    page = office.page("bianji")
    page.goto("/staff/knowledge/words/")
    page.get_by_text("加一个叫法", exact=True).click()
    page.fill("[name=word]", LOCAL)
    page.fill("[name=canonical]", MEANT)
    page.get_by_role("button", name="提交审核").click()
    page.get_by_role("link", name=LOCAL).click()
    live_after_approval(office, page.url)
    within_seconds(lambda: ITEM in office.answers(f"{LOCAL}丢了怎么补"))


def test_guides_are_changed_in_excel(office: Curators, tmp_path: Path) -> None:
    page = office.page("bianji")
    page.goto("/staff/knowledge/files/")
    with page.expect_download() as handed:
        page.get_by_role("button", name="下载表格").click()
    path = tmp_path / "guides.xlsx"
    handed.value.save_as(path)
    book = openpyxl.load_workbook(path)
    sheet = book["事项"]
    heads = [cell.value for cell in sheet[1]]
    cell = next(row for row in sheet.iter_rows(min_row=2) if row[0].value == ITEM)
    window = next(n for n, head in enumerate(heads) if head and "窗口" in str(head))
    cell[window].value = "6号窗口"
    book.save(path)
    page.set_input_files("#file", path)
    page.get_by_role("button", name="看看会改什么").click()
    expect(page.locator("h1")).to_contain_text("现在还什么都没有改")
    expect(page.locator("table")).to_contain_text("6号窗口")
    page.get_by_role("button", name="提交1条，请同事审核").click()
    expect(page.get_by_role("heading", name="提交了1条，等审核")).to_be_visible()
