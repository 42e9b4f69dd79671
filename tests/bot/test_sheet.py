"""The 一次性告知单: everything of the card, fitted to the situation, leading back to the talk."""

from __future__ import annotations

import html
import re
from urllib.parse import unquote

import pytest
from django.test import Client

from bot.actions.rendering import Asked, card
from bot.channels import sheet
from bot.channels.lines import lines_of
from knowledge.files import KnowledgeFiles
from tests.bot.conftest import MONDAY_MORNING

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("office")]


def shown(address: str) -> str:
    response = Client().get(address)
    assert response.status_code == 200
    return html.unescape(response.content.decode())


def materials(page: str) -> list[str]:
    part = page.split('<section class="materials">')[1].split("</section>")[0]
    return [re.sub(r"<[^>]+>|\s", "", entry) for entry in re.findall(r"<li>(.*?)</li>", part, re.S)]


def test_everything_of_the_card_stands_on_the_sheet(shipped: KnowledgeFiles) -> None:
    item = shipped.items["GA02"]
    page = re.sub(r"<[^>]+>|\s", "", shown("/guide/GA02/"))
    for label, value in card(item, Asked(shipped.places, MONDAY_MORNING)).rows:
        for line in lines_of(value):
            for part in line.parts:
                assert re.sub(r"\s", "", part.text) in page, label


@pytest.mark.parametrize("item_id", ["GA02", "SB13", "MZ11", "CG07", "SC01"])
def test_a_sheet_says_where_it_is_from_and_that_a_window_has_the_last_word(item_id: str) -> None:
    page = shown(f"/guide/{item_id}/")
    assert "待窗口核实" in page
    assert "来源" in page
    assert re.search(r"<time>20\d\d-\d\d-\d\d</time>", page)
    assert "办理时间" in page
    assert "12345" in page
    assert "tick" not in page


def test_each_thing_to_bring_has_a_box_to_tick() -> None:
    page = shown("/guide/GA02/")
    assert len(materials(page)) == page.count('class="box"') == 6


def test_what_only_some_need_is_marked_until_the_situation_is_known() -> None:
    everybody = materials(shown("/guide/GA02/"))
    assert any(entry.startswith("有工作：劳动合同") for entry in everybody)
    mine = materials(shown("/guide/GA02/?s=work"))
    assert any(entry.startswith("劳动合同") for entry in mine)
    assert not any("租房合同" in entry or "学生证" in entry for entry in mine)
    assert any(entry.startswith("给未成年孩子") for entry in mine), "not asked yet, so still open"
    alone = materials(shown("/guide/GA02/?s=work,adult"))
    assert len(alone) == 3


def test_the_situation_can_be_chosen_on_the_sheet_itself() -> None:
    page = shown("/guide/GA02/?s=work")
    assert "按您的情况：有工作" in page
    assert 'href="?s=work,relative"' in page
    assert 'href="?s=study"' in page
    assert 'href="?s=work" class="chosen"' in page


@pytest.mark.parametrize("options", ["", ",,,", "nothing", "<b>", "work" * 500])
def test_options_nobody_knows_change_nothing(options: str) -> None:
    page = shown(f"/guide/GA02/?s={options}")
    assert len(materials(page)) == 6
    assert "按您的情况" not in page


def test_of_two_answers_to_one_question_the_last_counts(shipped: KnowledgeFiles) -> None:
    assert sheet.options_in(shipped.items["GA02"], "work,adult,study") == ("study", "adult")


def test_the_code_leads_back_to_the_conversation(settings) -> None:  # type: ignore[no-untyped-def]
    settings.BOT_URL = "http://127.0.0.1:8000/"
    same = sheet.code_of("http://127.0.0.1:8000/?ask=GA02")
    assert same in html.unescape(shown("/guide/GA02/"))
    assert unquote(same).startswith("data:image/svg+xml")


@pytest.mark.parametrize("item_id", ["XX", "ga02", "SB999", "a" * 300, "%3Cb%3E"])
def test_an_unknown_item_gets_a_kind_page(item_id: str) -> None:
    response = Client().get(f"/guide/{item_id}/")
    assert response.status_code == 404
    assert "没找到这张告知单" in response.content.decode()
    assert "12345" in response.content.decode()


def test_a_sheet_is_only_read() -> None:
    assert Client().head("/guide/GA02/").status_code == 200
    assert Client().post("/guide/GA02/").status_code == 405


def test_a_sheet_loads_nothing_from_elsewhere_and_runs_nothing_inline() -> None:
    response = Client().get("/guide/GA02/")
    page = response.content.decode()
    assert "unsafe" not in response["Content-Security-Policy"]
    assert not re.search(r'(src|href)="(https?:)?//', page)
    assert not re.search(r"<script(?![^>]*src=)|\son\w+=|\sstyle=", page)


def test_every_item_has_a_sheet(shipped: KnowledgeFiles) -> None:
    client = Client()
    for item_id in shipped.items:
        assert client.get(f"/guide/{item_id}/").status_code == 200, item_id
