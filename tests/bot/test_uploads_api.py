"""Pictures over HTTP: taken from a conversation's owner, sent along with words, shown to her only."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from bot import clock, worker
from bot.actions.gathering import context_for
from bot.api import uploads as api
from bot.api.auth import token_for
from bot.channels.web import COOKIE
from bot.conversations import phrases
from bot.conversations.drafts import draft_update
from bot.conversations.models import Conversation, TurnRecord
from bot.conversations.service import PHOTO, sender_of
from bot.evidence import phrases as refusals
from bot.evidence.models import Upload
from bot.evidence.pictures import LARGEST_BYTES
from bot.evidence.services import upload_take, uploads_attach
from nlu.protocol import Understanding
from tests.fakes import FakeDialogue
from tests.people import OFFICE
from tests.photos import CAMERA, photo, seen

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("dialogue")]

UPLOADS = "/api/v1/uploads"
MESSAGES = "/api/v1/messages"
NOW = datetime(2026, 11, 23, 10, 0, tzinfo=OFFICE)


@pytest.fixture(autouse=True)
def folder(settings: Any, tmp_path: Path) -> Path:
    settings.EVIDENCE_DIR = tmp_path / "evidence"
    return settings.EVIDENCE_DIR


class Page:
    """The web page of one resident: her token in a header, her cookie for pictures."""

    def __init__(self, conversation_id: str = "w1") -> None:
        self.conversation_id = conversation_id
        self.client = Client(raise_request_exception=False)
        self.headers = {"X-Conversation-Token": token_for(conversation_id)}
        self.where = {"conversation_id": conversation_id, "channel": "web"}

    def sends(self, data: bytes, **more: Any) -> Any:
        file = SimpleUploadedFile("C:\\我家.exe", data, content_type="application/x-dosexec")
        return self.client.post(UPLOADS, {**self.where, "file": file, **more}, headers=self.headers)

    def says(self, text: str, *attachments: str, **more: Any) -> Any:
        body = {**self.where, "text": text, "attachments": attachments, **more}
        return self.client.post(
            MESSAGES, json.dumps(body), content_type="application/json", headers=self.headers
        )

    def sent(self) -> str:
        return str(self.sends(photo()).json()["upload_id"])


class Program(Page):
    """An outside program with its key."""

    def __init__(self, key: str = "tester-key-1") -> None:
        super().__init__("c1")
        self.headers = {"X-API-Key": key}
        self.where = {"conversation_id": "c1", "channel": "api"}


def assert_problem(response: Any, status: int, word: str = "") -> None:
    assert response.status_code == status, response.content
    assert response.headers["Content-Type"] == "application/problem+json"
    assert word in response.json()["detail"]


# ---- taking ----


@pytest.mark.parametrize("who", [Page, Program])
def test_a_picture_is_taken_whatever_its_name_and_type_say(who: Any) -> None:
    response = who().sends(photo())
    assert response.status_code == 201
    upload = Upload.objects.get()
    assert response.json() == {
        "upload_id": upload.upload_id,
        "content_type": "image/jpeg",
        "size": upload.size_bytes,
    }
    assert upload.number == ""


def test_it_belongs_to_the_conversation_even_before_the_first_word() -> None:
    page = Page()
    upload_id = page.sent()
    assert not Conversation.objects.exists()
    page.says("你好", upload_id)
    assert Upload.objects.get().owner == Conversation.objects.get().sender


@pytest.mark.parametrize(
    ("data", "status", "sentence"),
    [
        (b"", 400, refusals.EMPTY),
        (b"MZ not a picture", 400, refusals.NOT_A_PICTURE),
        (photo()[:-300], 400, refusals.BROKEN),
        (bytes(LARGEST_BYTES + 1), 413, refusals.TOO_LARGE),
        (bytes(LARGEST_BYTES + 200_000), 413, refusals.TOO_LARGE),
    ],
    ids=["empty", "program", "half", "large", "announced-large"],
)
def test_what_is_not_taken_says_why_in_her_own_language(
    data: bytes, status: int, sentence: str, folder: Path
) -> None:
    response = Page().sends(data)
    assert_problem(response, status)
    assert response.json()["detail"] == sentence
    assert not Upload.objects.exists()
    assert not list(folder.rglob("*.bin"))


@pytest.mark.parametrize(
    ("more", "word"),
    [
        ({"file": "no file"}, "file"),
        ({"channel": "pigeon"}, "channel"),
        ({"number": "2611230047"}, "unknown field"),
        ({"conversation_id": ""}, "conversation_id"),
    ],
)
def test_a_form_that_cannot_be_understood_says_what_was_expected(
    more: dict[str, Any], word: str
) -> None:
    assert_problem(Page().sends(photo(), **more), 400, word)


def test_what_is_no_form_is_refused() -> None:
    page = Page()
    response = page.client.post(
        UPLOADS, json.dumps(page.where), content_type="application/json", headers=page.headers
    )
    assert_problem(response, 415)


def test_a_page_sends_for_its_own_conversation_only() -> None:
    stranger = Page("w2")
    assert_problem(stranger.sends(photo(), conversation_id="w1"), 404)
    assert_problem(stranger.sends(photo(), channel="telegram"), 404)
    assert_problem(Client().post(UPLOADS, {}), 401)
    page = Page()
    page.headers = {}
    page.client.cookies[COOKIE] = token_for("w1")
    assert_problem(page.sends(photo()), 401)
    assert not Upload.objects.exists()


def test_uploads_of_a_conversation_are_limited_apart_from_its_messages(settings: Any) -> None:
    settings.BOT_RATE_LIMITS = "on"
    cache.clear()
    page = Page()
    most = int(api.UploadConversationLimit.rate.partition("/")[0])
    small = photo((8, 8))
    assert {page.sends(small).status_code for _ in range(most)} == {201}
    assert_problem(page.sends(small), 429)
    assert page.says("你好").status_code == 200
    assert Page("w2").sends(small).status_code == 201


def test_a_conversation_with_enough_pictures_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.evidence.services.MOST_WAITING", 1)
    page = Page()
    page.sent()
    response = page.sends(photo())
    assert_problem(response, 429)
    assert response.json()["detail"] == refusals.TOO_MANY


# ---- showing ----


def test_she_sees_her_picture_again_without_what_the_camera_wrote() -> None:
    page = Page()
    upload_id = page.sent()
    page.client.cookies[COOKIE] = token_for("w1")
    shown = page.client.get(f"{UPLOADS}/{upload_id}", headers={"Accept": "image/avif,image/*"})
    assert (shown.status_code, shown.headers["Content-Type"]) == (200, "image/jpeg")
    assert shown.headers["Cache-Control"] == "no-store"
    assert shown.headers["X-Content-Type-Options"] == "nosniff"
    assert seen(shown.content).size == (120, 80)
    assert CAMERA.encode() not in shown.content
    assert page.client.get(f"{UPLOADS}/{upload_id}", headers=page.headers).status_code == 200


def test_a_program_sees_those_of_its_conversations() -> None:
    program, other = Program(), Program("other-key-22")
    upload_id = program.sent()
    program.says("你好", upload_id)
    shown = program.client.get(f"{UPLOADS}/{upload_id}", headers=program.headers)
    assert shown.status_code == 200
    assert_problem(other.client.get(f"{UPLOADS}/{upload_id}", headers=other.headers), 404)


def test_nobody_sees_anothers_picture_or_one_of_the_office(admin_user: Any) -> None:
    upload_id = Page().sent()
    office = upload_take(photo(), staff=admin_user).upload_id
    for cookie, status in ((token_for("w2"), 404), ("forged", 401), ("", 401)):
        stranger = Client()
        stranger.cookies[COOKIE] = cookie
        assert stranger.get(f"{UPLOADS}/{upload_id}").status_code == status
    owner = Client()
    owner.cookies[COOKIE] = token_for("w1")
    assert_problem(owner.get(f"{UPLOADS}/{office}"), 404)
    assert_problem(owner.get(f"{UPLOADS}/{'0' * 32}"), 404)


def test_a_picture_whose_file_is_gone_is_not_there(folder: Path) -> None:
    page = Page()
    upload_id = page.sent()
    next(folder.rglob("*.bin")).unlink()
    response = page.client.get(f"{UPLOADS}/{upload_id}", headers=page.headers)
    assert_problem(response, 404)


# ---- sent along with words ----


def test_attachments_are_stored_with_the_turn_and_in_the_history() -> None:
    page = Page()
    ids = [page.sent(), page.sent()]
    page.says("路灯不亮", *ids)
    assert TurnRecord.objects.get().attachments == ids
    [turn] = page.client.get(
        "/api/v1/conversations/w1/turns?channel=web", headers=page.headers
    ).json()
    assert (turn["text"], turn["attachments"]) == ("路灯不亮", ids)


def test_somebody_elses_upload_is_refused_and_nothing_is_said(dialogue: FakeDialogue) -> None:
    foreign = Page("w2").sent()
    page = Page()
    for bad in (foreign, "0" * 32, "x", "../../etc"):
        assert_problem(
            page.says("路灯不亮", page.sent(), bad), 400, "attachments: expected uploads"
        )
    assert TurnRecord.objects.count() == 0


def test_a_repeated_message_gets_its_reply_though_its_upload_is_gone() -> None:
    page = Page()
    upload_id = page.sent()
    first = page.says("路灯不亮", upload_id, message_id="m1")
    Upload.objects.all().delete()
    again = page.says("路灯不亮", upload_id, message_id="m1")
    assert again.status_code == 200
    assert again.json() == first.json()
    assert_problem(page.says("路灯不亮", upload_id, message_id="m2"), 400, "attachments")


def test_an_upload_that_is_attached_already_may_be_sent_again() -> None:
    page = Page()
    upload_id = page.sent()
    uploads_attach([upload_id], "2611230047", sender_of("web", "web", "w1"))
    assert page.says("就是这个", upload_id).status_code == 200


def test_a_picture_without_a_word_is_kept_and_asked_about() -> None:
    page = Page()
    reply = page.says("", page.sent()).json()
    assert (reply["kind"], reply["text"]) == ("fallback", phrases.PHOTO_ALONE)
    assert reply["speech"]
    assert [button["title"] for button in reply["buttons"]] == [phrases.REPORT, "找人工"]


def test_a_picture_without_a_word_answers_a_form_that_is_open(
    dialogue: FakeDialogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = Page()
    page.says("你好")
    draft_update(Conversation.objects.get(), {"form": "report"})
    asked: list[str] = []
    send = dialogue.send

    def noted(sender: str, text: str, metadata: Any) -> Any:
        asked.append(text)
        return send(sender, text, metadata)

    monkeypatch.setattr(dialogue, "send", noted)
    page.says("", page.sent())
    assert asked == [PHOTO]


def test_actions_see_the_pictures_that_belong_to_no_case_yet(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOW)
    page, stranger = Page(), Page("w2")
    unsent, *sent = [page.sent() for _ in range(4)]
    for upload_id in sent:
        page.says("看照片", upload_id)
    stranger.says("看照片", stranger.sent())
    sender = sender_of("web", "web", "w1")

    def attachments() -> tuple[str, ...]:
        heard = Understanding("看照片", "report_problem", 0.9, None)  # type: ignore[arg-type]
        return context_for(sender, heard).attachments()

    assert attachments() == tuple(sent)
    assert unsent not in attachments()
    uploads_attach([sent[0]], "2611230047", sender)
    assert attachments() == tuple(sent[1:])
    monkeypatch.setattr(clock, "now", lambda: NOW + timedelta(days=1, minutes=1))
    assert attachments() == ()


# ---- the worker ----


def test_the_worker_deletes_every_hour_what_belongs_to_no_case(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOW)
    Page().sent()
    assert worker.is_full_hour()
    worker.evidence_sweep()
    assert Upload.objects.count() == 1
    monkeypatch.setattr(clock, "now", lambda: NOW + timedelta(days=1, minutes=1))
    assert not worker.is_full_hour()
    worker.evidence_sweep()
    assert Upload.objects.count() == 0
