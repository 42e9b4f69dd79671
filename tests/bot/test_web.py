"""The web page: rendered on the server, usable without scripts, speaking for itself only."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from django.core.cache import cache
from django.template.loader import render_to_string
from django.test import Client

from bot.api.auth import conversation_of_token
from bot.api.limits import PageLimit
from bot.channels import web
from bot.conversations import phrases
from bot.conversations.models import TurnRecord
from tests.fakes import FakeDialogue

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("dialogue")]


class Browser:
    """王阿姨's browser, without scripts: it keeps cookies and posts forms."""

    def __init__(self) -> None:
        self.client = Client(enforce_csrf_checks=True)
        self.page = ""

    def opens(self, address: str = "/") -> Any:
        """Load the page."""
        response = self.client.get(address)
        self.page = html.unescape(response.content.decode())
        return response

    def posts(self, headers: dict[str, str] | None = None, **fields: str) -> Any:
        """Send a form of the page."""
        mark = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', self.page)
        assert mark
        form = {"csrfmiddlewaretoken": mark[1], **fields}
        response = self.client.post("/", form, **(headers or {}))
        self.page = html.unescape(response.content.decode())
        return response


@pytest.fixture
def browser() -> Browser:
    """A browser with the page open."""
    opened = Browser()
    opened.opens()
    return opened


def test_the_page_says_who_speaks_and_what_to_ask(browser: Browser) -> None:
    assert phrases.NOTICE in browser.page
    assert all(example in browser.page for example in phrases.EXAMPLES)
    assert "人工" in browser.page
    assert "12345" in browser.page or "110" in browser.page
    assert 'lang="zh-CN"' in browser.page


def test_a_form_without_scripts_gets_its_answer(browser: Browser) -> None:
    response = browser.posts(text="社保卡丢了怎么补")
    assert response.status_code == 200
    assert "社保卡丢了怎么补" in browser.page
    assert "社会保障卡补领换领" in browser.page
    assert "内容待窗口核实" in browser.page
    browser.opens()
    assert "社保卡丢了怎么补" in browser.page


def test_who_asks_too_fast_keeps_the_words_and_is_told(
    browser: Browser, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.BOT_RATE_LIMITS = "on"
    monkeypatch.setattr(PageLimit, "rate", "2/min")
    cache.clear()
    taken = [browser.posts(text=f"第{n}句").status_code for n in (1, 2)]
    asked = TurnRecord.objects.count()
    refused = browser.posts({"HTTP_X_FORWARDED_FOR": "192.0.2.7"}, text="第3句")
    assert (taken, refused.status_code) == ([200, 200], 429)
    assert TurnRecord.objects.count() == asked
    assert phrases.TOO_OFTEN in browser.page
    assert ">第3句</textarea>" in browser.page


def test_a_button_of_the_page_works_without_scripts(browser: Browser) -> None:
    browser.posts(text="社保卡丢了怎么补")
    payload = re.search(r'name="payload" value="(ask:SB13:[a-z]+)"', browser.page)
    assert payload
    browser.posts(text="要带什么材料", payload=payload[1])
    assert TurnRecord.objects.count() == 2
    assert TurnRecord.objects.last().reply["item"] == "SB13"  # type: ignore[union-attr, index]


def test_a_payload_that_was_never_offered_becomes_its_words(browser: Browser) -> None:
    assert browser.posts(text="人工", payload="drop table").status_code == 200
    assert TurnRecord.objects.get().reply["kind"] == "handover"  # type: ignore[index]


@pytest.mark.parametrize("text", ["", "   ", "\x00"])
def test_an_empty_form_says_nothing(browser: Browser, text: str) -> None:
    assert browser.posts(text=text).status_code == 200
    assert TurnRecord.objects.count() == 0


def test_what_a_resident_writes_is_shown_as_text(browser: Browser) -> None:
    response = browser.posts(text="<script>alert(1)</script>")
    raw = response.content.decode()
    assert "<script>alert" not in raw
    assert "&lt;script&gt;alert" in raw


def test_a_long_text_is_cut_and_answered(browser: Browser) -> None:
    assert browser.posts(text="话" * 10_000).status_code == 200
    assert len(TurnRecord.objects.get().text) == 4000


def test_the_cookie_holds_the_right_to_the_conversation(browser: Browser) -> None:
    cookie = browser.client.cookies["conversation"]
    conversation_id = conversation_of_token(cookie.value)
    assert conversation_id
    assert f'data-conversation-id="{conversation_id}"' in browser.page
    assert f'data-token="{cookie.value}"' in browser.page
    assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")
    browser.opens()
    assert f'data-conversation-id="{conversation_id}"' in browser.page


@pytest.mark.parametrize("cookie", ["", "false", "a:b:c", "é"])
def test_a_false_cookie_begins_a_new_conversation(cookie: str) -> None:
    stranger = Browser()
    stranger.client.cookies["conversation"] = cookie
    assert stranger.opens().status_code == 200
    assert conversation_of_token(stranger.client.cookies["conversation"].value)


def test_two_browsers_do_not_see_each_other(browser: Browser) -> None:
    browser.posts(text="社保卡丢了怎么补")
    neighbour = Browser()
    neighbour.opens()
    assert "社保卡丢了怎么补" not in neighbour.page


def test_the_page_speaks_through_the_api_with_its_token(browser: Browser) -> None:
    token = browser.client.cookies["conversation"].value
    message = {
        "conversation_id": conversation_of_token(token),
        "channel": "web",
        "text": "社保卡丢了怎么补",
    }
    response = browser.client.post(
        "/api/v1/messages",
        message,
        content_type="application/json",
        headers={"X-Conversation-Token": token},
    )
    assert response.json()["item"] == "SB13"
    browser.opens()
    assert "社保卡丢了怎么补" in browser.page


def test_a_form_without_its_safety_mark_is_asked_to_load_the_page_anew() -> None:
    response = Client(enforce_csrf_checks=True).post("/", {"text": "你好"})
    assert response.status_code == 403
    assert "重新打开页面" in response.content.decode()
    assert TurnRecord.objects.count() == 0


def test_the_page_loads_nothing_from_elsewhere(browser: Browser) -> None:
    response = browser.opens()
    policy = response["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert response["Cache-Control"] == "no-store"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert not re.search(r'(src|href)="(https?:)?//', browser.page)
    assert not re.search(r"<script(?![^>]*src=)|\son\w+=|\sstyle=", browser.page)


def test_the_elder_mode_is_one_link_away(browser: Browser) -> None:
    assert "长辈版" in browser.page
    browser.opens("/?elder=1")
    assert 'class="elder letters-24"' in browser.page
    assert "标准版" in browser.page


@pytest.mark.parametrize(
    ("address", "letters"),
    [
        ("/?elder=1", "24"),
        ("/?elder=1&size=32", "32"),
        ("/?elder=1&size=33", "24"),
        ("/?elder=1&size=<b>", "24"),
        ("/?elder=0", "0"),
    ],
)
def test_the_browser_is_told_to_remember_the_version(
    browser: Browser, address: str, letters: str
) -> None:
    browser.opens(address)
    assert browser.client.cookies["elder"].value == letters
    browser.opens()
    assert (f'class="elder letters-{letters}"' in browser.page) == (letters != "0")


def test_the_letters_grow_without_scripts_too(browser: Browser) -> None:
    browser.opens("/?elder=1&size=28")
    assert 'id="larger" href="?elder=1&size=32"' in browser.page
    assert 'id="smaller" href="?elder=1&size=24"' in browser.page
    browser.opens("/?elder=1&size=40")
    assert 'id="larger" href="?elder=1&size=40"' in browser.page


def test_a_cookie_of_another_kind_shows_the_standard_page() -> None:
    stranger = Browser()
    stranger.client.cookies["elder"] = "<script>"
    stranger.opens()
    assert "letters-24" in stranger.page


def test_whoever_comes_from_a_sheet_may_go_on_asking(browser: Browser) -> None:
    browser.opens("/?ask=GA02")
    assert "接着问“居住证申领”" in browser.page
    assert 'name="payload" value="ask:GA02:materials"' in browser.page


@pytest.mark.parametrize("item_id", ["", "XX", "../etc", "<b>"])
def test_a_sheet_nobody_knows_leads_to_the_plain_page(browser: Browser, item_id: str) -> None:
    assert browser.opens(f"/?ask={item_id}").status_code == 200
    assert "接着问" not in browser.page


def test_an_answer_leads_to_its_sheet(browser: Browser) -> None:
    browser.posts(text="社保卡丢了怎么补")
    assert 'href="/guide/SB13/' in browser.page
    assert "打印 / 存成图片" in browser.page


def reply(**fields: Any) -> dict[str, Any]:
    told = {
        "kind": "answer",
        "text": "好",
        "buttons": [],
        "answers": [],
        "speech": ["好"],
        **fields,
    }
    return {"competent": None, "slot": None, **told}


SITUATION = {"title": "有工作", "payload": "tell:GA02:work"}
STEP = {"title": "在哪办", "payload": "ask:GA02:where"}


@pytest.mark.parametrize(
    ("fields", "answers"),
    [
        ({"kind": "clarify", "slot": "item", "buttons": [STEP]}, [STEP]),
        ({"kind": "confirm", "buttons": [STEP]}, [STEP]),
        ({"slot": "situation", "buttons": [SITUATION, STEP]}, [SITUATION]),
        ({"buttons": [STEP]}, []),
    ],
)
def test_buttons_that_answer_a_question_are_told_from_those_that_lead_on(
    fields: dict[str, Any], answers: list[dict[str, str]]
) -> None:
    row = web.dressed({"who": "assistant", "text": "好", "reply": reply(**fields)})
    assert row["answers"] == answers
    assert row["steps"] == [b for b in fields["buttons"] if b not in answers]


def test_the_sheet_knows_what_is_known_of_the_situation() -> None:
    card = {"title": "居住证", "rows": [], "source": "", "updated": "", "verified": False}
    answer = {"item": "GA02", "card": card, "situations": ["work", "adult"]}
    row = web.dressed({"who": "assistant", "text": "好", "reply": reply(answers=[answer])})
    assert row["cards"][0]["sheet"] == "/guide/GA02/?s=work,adult"


def test_a_clerks_words_say_whose_they_are() -> None:
    rows = [
        {"who": "resident", "text": "人工", "reply": None},
        {"who": "clerk", "id": "notice-3", "text": "您好 <b>", "author": "小李"},
    ]
    page = render_to_string("_turn.html", {"turn": web.dressed(rows[1])})
    assert "小李" in page
    assert 'data-notice-id="notice-3"' in page
    assert "&lt;b&gt;" in page


def test_a_question_that_was_answered_cannot_be_answered_again(browser: Browser) -> None:
    turn = web.dressed(
        {"who": "assistant", "text": "哪一件？", "reply": reply(kind="clarify", buttons=[STEP])}
    )
    later = {"who": "resident", "text": "在哪办", "lines": []}
    page = render_to_string(
        "chat.html", {"turns": [turn, later], "examples": [], "conversation_id": "c"}
    )
    assert 'type="submit" disabled>在哪办' in page
    page = render_to_string("chat.html", {"turns": [turn], "examples": []})
    assert 'type="submit">在哪办' in page


def test_without_the_engine_the_page_still_answers(
    browser: Browser, dialogue: FakeDialogue
) -> None:
    dialogue.is_away = True
    browser.posts(text="社保卡丢了怎么补")
    assert "社会保障卡补领换领" in browser.page


def test_other_methods_are_refused() -> None:
    assert Client().put("/").status_code == 405
