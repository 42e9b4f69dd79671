"""What staff are told: on their pages, and by mail or text message where they want it."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth import get_user_model

from bot.accounts.models import Staff
from bot.channels.outbox import staff_tell
from bot.handovers.models import LONGEST_NOTE, Notice, StaffNotice
from bot.handovers.selectors import dead_letters, staff_notices, staff_unseen, to_be_told
from bot.handovers.services import staff_notices_seen

pytestmark = pytest.mark.django_db

PHONE = "13851612345"
NEWS = "代办单 261123 0047 派给您了，请在4小时内接单。"


@pytest.fixture(autouse=True)
def ways(settings: Any) -> Any:
    """An office that has mail and text messages; nothing is sent here."""
    settings.BOT_EMAIL_URL = "smtp://127.0.0.1"
    settings.BOT_EMAIL_FROM = "desk@office.example"
    settings.BOT_URL = "https://ask.example.org"
    for name in ("ACCESS_KEY_ID", "ACCESS_KEY_SECRET", "SIGN_NAME", "TEMPLATE"):
        setattr(settings, f"BOT_SMS_{name}", "x")
    return settings


def make_clerk(name: str = "li", **values: Any) -> Staff:
    clerk: Staff = get_user_model().objects.create_user(name, display_name="小李", **values)
    return clerk


def media() -> list[str]:
    return sorted(Notice.objects.values_list("medium", flat=True))


def test_a_clerk_finds_it_on_her_pages() -> None:
    clerk, other = make_clerk(), make_clerk("wang")
    staff_tell(clerk, NEWS, "ticket-7-assigned", "/staff/tickets/2611230047")
    (told,) = staff_notices(clerk)
    assert (told.text, told.path) == (NEWS, "/staff/tickets/2611230047")
    assert (staff_unseen(clerk), staff_unseen(other)) == (1, 0)
    assert not staff_notices(other)


def test_the_newest_comes_first_and_what_was_shown_is_no_longer_new() -> None:
    clerk = make_clerk()
    for number in range(3):
        staff_tell(clerk, f"第{number}件", f"key-{number}")
    newest, middle, _ = staff_notices(clerk)
    assert newest.text == "第2件"
    staff_notices_seen(clerk, middle.pk)
    assert staff_unseen(clerk) == 1


def test_what_one_has_seen_is_still_new_to_the_other() -> None:
    clerk, other = make_clerk(), make_clerk("wang")
    for told in (clerk, other):
        staff_tell(told, NEWS, "ticket-7-overdue")
    newest = StaffNotice.objects.latest("id")
    staff_notices_seen(clerk, newest.pk)
    assert (staff_unseen(clerk), staff_unseen(other)) == (0, 1)


def test_the_same_key_is_told_once_to_each_by_every_way(ways: Any) -> None:
    ways.BOT_STAFF_NOTICES = "email+sms"
    clerks = [make_clerk(n, email=f"{n}@office.example", sealed_phone=PHONE) for n in ("li", "xu")]
    for clerk in clerks * 2:
        staff_tell(clerk, NEWS, "ticket-7-assigned")
    assert StaffNotice.objects.count() == 2
    assert media() == ["email", "email", "sms", "sms"]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [("", []), ("email", ["email"]), ("sms", ["sms"]), ("email+sms", ["email", "sms"])],
)
def test_the_setting_says_by_which_ways(ways: Any, wanted: str, expected: list[str]) -> None:
    ways.BOT_STAFF_NOTICES = wanted
    staff_tell(make_clerk(email="li@office.example", sealed_phone=PHONE), NEWS, "key")
    assert media() == expected


def test_who_has_neither_address_nor_number_is_told_on_her_pages_alone(ways: Any) -> None:
    ways.BOT_STAFF_NOTICES = "email+sms"
    clerk = make_clerk()
    staff_tell(clerk, NEWS, "key")
    assert media() == []
    assert staff_unseen(clerk) == 1


def test_an_office_without_mail_and_text_messages_tells_on_the_pages(ways: Any) -> None:
    ways.BOT_STAFF_NOTICES = "email+sms"
    ways.BOT_EMAIL_URL = ways.BOT_SMS_TEMPLATE = ""
    staff_tell(make_clerk(email="li@office.example", sealed_phone=PHONE), NEWS, "key")
    assert media() == []


def test_the_mail_leads_to_the_page() -> None:
    staff_tell(make_clerk(email="li@office.example"), NEWS, "key", "/staff/tickets/2611230047")
    notice = Notice.objects.get()
    assert notice.sealed_address == "li@office.example"
    assert notice.subject == NEWS
    assert notice.text == f"{NEWS}\n\nhttps://ask.example.org/staff/tickets/2611230047"


def test_who_has_left_is_told_nothing() -> None:
    staff_tell(make_clerk(is_active=False, email="li@office.example"), NEWS, "key")
    assert not StaffNotice.objects.exists()
    assert not Notice.objects.exists()


@pytest.mark.parametrize("path", ["https://elsewhere.example/", "//elsewhere.example", "tickets"])
def test_a_path_to_somewhere_else_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match="path"):
        staff_tell(make_clerk(), NEWS, "key", path)


def test_long_news_is_cut_to_what_a_row_holds() -> None:
    staff_tell(make_clerk(), "长" * 600, "key")
    assert len(StaffNotice.objects.get().text) == LONGEST_NOTE


def test_a_mail_to_a_clerk_that_did_not_arrive_is_a_dead_letter_but_no_resident_to_be_told() -> (
    None
):
    clerk = make_clerk(email="li@office.example")
    staff_tell(clerk, NEWS, "key")
    Notice.objects.update(state="gone")
    assert [row.staff for row in dead_letters()] == [clerk]
    assert not to_be_told()
