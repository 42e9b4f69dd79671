"""Between signing in and working: passwords, codes, locks, and who has gone away."""

from __future__ import annotations

import argparse
import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django_otp.oath import totp
from django_otp.plugins.otp_totp.models import TOTPDevice

from bot import __main__ as commands
from bot.accounts.models import PastPassword, Staff, StaffRole
from bot.accounts.services import Grant, password_renew, staff_add
from bot.audit.models import AuditEntry
from tests.bot.ticketing import TurnedClock, turn_clock

pytestmark = pytest.mark.django_db
Role = StaffRole.Role
PASSWORD = "lotus-leaf-77"
OTHER = "willow-branch-3"


@pytest.fixture(autouse=True)
def quick_hashes(settings: Any) -> None:
    """Real hashes are slow on purpose."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> TurnedClock:
    """Monday morning, until it is told to go on."""
    return turn_clock(monkeypatch)


def make(name: str = "xiaoli", role: str = Role.INTAKE, display: str = "小李") -> Staff:
    """An account with a role and a password of its own."""
    staff_add(name, display, PASSWORD, [Grant(Role(role))])
    return Staff.objects.get(username=name)


def signed_in(name: str = "xiaoli", password: str = PASSWORD) -> Client:
    client = Client()
    response = client.post("/staff/login", {"username": name, "password": password})
    assert response.status_code == 302, response.content.decode()[-800:]
    return client


def changes(client: Client, new: str, old: str = PASSWORD, again: str = "", **more: str) -> Any:
    said = {"old": old, "new": new, "again": again or new, **more}
    return client.post("/staff/password/", said)


def leads_to(client: Client, path: str) -> str:
    """Where a page sends her instead; empty if she sees it."""
    response = client.get(path)
    return response.headers["Location"] if response.status_code == 302 else ""


def code_of(device: TOTPDevice, steps: int = 0) -> str:
    """What her telephone shows, now or some steps later."""
    return f"{totp(device.bin_key, t0=-30 * steps):06}"


def log() -> list[str]:
    return list(AuditEntry.objects.order_by("pk").values_list("action", flat=True))


# passwords


@pytest.mark.parametrize(
    ("new", "why"),
    [
        ("short-1", "至少10个字符"),
        ("password123", "太常见"),
        ("xiaoli2026", "太像了"),
        ("Xiao.Li.2026!", "太像了"),
        ("dingshan2026", "太像了"),
        ("5309471168", "不能全是数字"),
        (PASSWORD, "最近5次"),
    ],
)
def test_a_weak_password_is_refused_with_the_reason(new: str, why: str) -> None:
    staff = make()
    response = changes(signed_in(), new)
    assert response.status_code == 422
    assert why in response.content.decode()
    staff.refresh_from_db()
    assert staff.check_password(PASSWORD)


def test_a_name_inside_a_long_sentence_may_stand() -> None:
    make()
    assert changes(signed_in(), "xiaoli-plants-willows-by-the-river").status_code == 200


def test_one_changes_ones_password_and_stays_signed_in_but_elsewhere_no_longer() -> None:
    make()
    here, elsewhere = signed_in(), signed_in()
    assert "改好了" in changes(here, OTHER).content.decode()
    assert leads_to(here, "/staff/") == ""
    assert leads_to(elsewhere, "/staff/").startswith("/staff/login")
    assert leads_to(signed_in(password=OTHER), "/staff/") == ""
    assert log()[-2:] == ["self.password", "self.sign_in"]


def test_the_old_password_and_both_new_ones_must_be_right() -> None:
    make()
    client = signed_in()
    assert "现在的密码不对" in changes(client, OTHER, old="wrong").content.decode()
    assert "两遍不一样" in changes(client, OTHER, again="willow-branch-4").content.decode()
    assert PASSWORD not in changes(client, OTHER, again="x").content.decode()


def test_none_of_the_last_five_passwords_comes_back_and_the_sixth_may() -> None:
    staff = make()
    client, old = signed_in(), PASSWORD
    for number in range(5):
        new = f"river-{number}-stone-bridge"
        assert changes(client, new, old=old).status_code == 200
        old = new
        if number < 4:
            assert changes(client, PASSWORD, old=old).status_code == 422
    assert changes(client, PASSWORD, old=old).status_code == 200
    assert PastPassword.objects.filter(staff=staff).count() == 5


def test_a_password_that_somebody_else_made_up_is_changed_before_anything_else() -> None:
    made_up = password_renew(make())
    client = signed_in(password=made_up)
    assert leads_to(client, "/staff/notices/") == "/staff/password/?next=/staff/notices/"
    page = client.get("/staff/password/").content.decode()
    assert "别人给的" in page
    assert 'class="tabs"' not in page
    response = changes(client, OTHER, old=made_up, next="/staff/notices/")
    assert response.headers["Location"] == "/staff/notices/"
    assert leads_to(client, "/staff/notices/") == ""


def test_after_changing_one_is_led_nowhere_else() -> None:
    made_up = password_renew(make())
    response = changes(signed_in(password=made_up), OTHER, old=made_up, next="//elsewhere.example")
    assert response.headers["Location"] == "/staff/"


def test_a_password_is_changed_when_its_days_are_over(settings: Any, clock: TurnedClock) -> None:
    settings.BOT_PASSWORD_DAYS = 180
    make()
    clock.goes_on(days=179, hours=23)
    client = signed_in()
    assert leads_to(client, "/staff/") == ""
    clock.goes_on(hours=1)
    assert leads_to(client, "/staff/") == "/staff/password/?next=/staff/"
    assert "用得太久了" in client.get("/staff/password/").content.decode()
    assert client.post("/staff/logout").headers["Location"] == "/staff/login"


def test_a_password_that_was_never_changed_is_as_old_as_the_account(
    settings: Any, clock: TurnedClock
) -> None:
    settings.BOT_PASSWORD_DAYS = 180
    make()
    Staff.objects.update(password_changed_at=None, date_joined=clock.now - timedelta(days=181))
    assert leads_to(signed_in(), "/staff/") == "/staff/password/?next=/staff/"


# codes


@pytest.fixture
def boss(settings: Any) -> Staff:
    """The administrator, where administrators need a code."""
    settings.BOT_STAFF_TOTP = "on"
    return make("boss", Role.ADMINISTRATOR, "老王")


def bound(staff: Staff) -> TOTPDevice:
    """Her telephone."""
    return TOTPDevice.objects.create(user=staff, name="手机", confirmed=True)


def test_an_administrator_binds_a_telephone_before_anything_else(boss: Staff) -> None:
    client = signed_in("boss")
    assert leads_to(client, "/staff/people/") == "/staff/code/?next=/staff/people/"
    assert client.post("/staff/people/new").headers["Location"] == "/staff/code/"
    page = client.get("/staff/code/").content.decode()
    assert "data:image/svg+xml" in page
    assert 'class="tabs"' not in page
    assert client.get("/staff/code/").content.decode().count("二维码") == 1
    device = TOTPDevice.objects.get()
    said = {"code": code_of(device), "next": "/staff/people/"}
    assert client.post("/staff/code/", said).headers["Location"] == "/staff/people/"
    assert leads_to(client, "/staff/people/") == ""
    assert log()[-1] == "self.code"
    assert "已经绑好" in client.get("/staff/code/").content.decode()


def test_a_superuser_needs_a_code_too(settings: Any) -> None:
    settings.BOT_STAFF_TOTP = "on"
    make("root", Role.INTAKE, "小根")
    Staff.objects.update(is_superuser=True)
    assert leads_to(signed_in("root"), "/staff/").startswith("/staff/code/")


def test_a_bound_administrator_is_asked_at_every_sign_in_and_shown_no_secret(boss: Staff) -> None:
    device = bound(boss)
    client = signed_in("boss")
    page = client.get("/staff/code/").content.decode()
    assert "data:image" not in page
    response = client.post(
        "/staff/code/", {"code": f" {code_of(device)[:3]} {code_of(device)[3:]}"}
    )
    assert response.headers["Location"] == "/staff/"
    assert leads_to(client, "/staff/people/") == ""
    assert leads_to(signed_in("boss"), "/staff/people/").startswith("/staff/code/")


def test_a_wrong_code_lets_nobody_in_and_guessing_is_slowed_down(boss: Staff) -> None:
    device = bound(boss)
    client = signed_in("boss")
    right = code_of(device)
    wrong = f"{(int(right) + 7) % 1_000_000:06}"
    assert "动态码不对" in client.post("/staff/code/", {"code": wrong}).content.decode()
    # Right, but too soon after a wrong one.
    assert client.post("/staff/code/", {"code": right}).status_code == 422
    assert client.post("/staff/code/", {"code": "12345"}).status_code == 422
    assert leads_to(client, "/staff/people/").startswith("/staff/code/")


def test_a_code_counts_once(boss: Staff) -> None:
    device = bound(boss)
    code = code_of(device)
    assert signed_in("boss").post("/staff/code/", {"code": code}).status_code == 302
    assert signed_in("boss").post("/staff/code/", {"code": code}).status_code == 422


def test_somebody_elses_code_lets_nobody_in(boss: Staff) -> None:
    bound(boss)
    code = code_of(bound(make()))
    assert signed_in("boss").post("/staff/code/", {"code": code}).status_code == 422


def test_the_code_comes_before_the_password_so_that_a_stolen_password_changes_nothing(
    boss: Staff,
) -> None:
    bound(boss)
    made_up = password_renew(boss)
    client = signed_in("boss", made_up)
    assert changes(client, OTHER, old=made_up).headers["Location"].startswith("/staff/code/")
    boss.refresh_from_db()
    assert boss.check_password(made_up)


def test_a_clerk_needs_no_code_but_is_asked_once_she_has_bound_a_telephone(boss: Staff) -> None:
    clerk = make()
    assert leads_to(signed_in(), "/staff/") == ""
    bound(clerk)
    assert leads_to(signed_in(), "/staff/").startswith("/staff/code/")


def test_who_becomes_an_administrator_needs_a_code_from_the_next_page_on(boss: Staff) -> None:
    clerk = make()
    client = signed_in()
    StaffRole.objects.create(staff=clerk, role=Role.ADMINISTRATOR)
    assert leads_to(client, "/staff/").startswith("/staff/code/")


def test_without_the_setting_a_password_is_enough(settings: Any) -> None:
    settings.BOT_STAFF_TOTP = "off"
    make("boss", Role.ADMINISTRATOR, "老王")
    assert leads_to(signed_in("boss"), "/staff/people/") == ""


def verified(staff: Staff) -> Client:
    client = signed_in(staff.username)
    said = {"code": code_of(bound(staff))}
    assert client.post("/staff/code/", said).status_code == 302
    return client


def test_another_administrator_forgets_a_lost_telephone_and_nobody_her_own(boss: Staff) -> None:
    chief = make("chief", Role.ADMINISTRATOR, "老赵")
    bound(chief)
    client = verified(boss)
    assert "解除手机动态码" in client.get(f"/staff/people/{chief.pk}/").content.decode()
    assert client.post(f"/staff/people/{chief.pk}/code").status_code == 302
    assert client.post(f"/staff/people/{boss.pk}/code").status_code == 422
    assert list(TOTPDevice.objects.values_list("user__username", flat=True)) == ["boss"]
    assert log()[-1] == "account.code_reset"
    assert "先绑手机" in signed_in("chief").get("/staff/code/").content.decode()


def test_the_terminal_forgets_the_last_administrators_telephone(boss: Staff) -> None:
    bound(boss)
    parsed = commands._parser().parse_args(["staff", "reset-code", "boss"])
    assert commands._staff(parsed) == 0
    assert not TOTPDevice.objects.exists()
    assert commands._staff(argparse.Namespace(what="reset-code", name="nobody")) == 1


# locks


def guesses(name: str, times: int = 5) -> None:
    for number in range(times):
        Client().post("/staff/login", {"username": name, "password": f"guess-{number}"})


def test_an_administrator_sees_who_is_locked_out_and_lets_her_in(settings: Any) -> None:
    make("boss", Role.ADMINISTRATOR, "老王")
    make()
    guesses("xiaoli")
    client = signed_in("boss")
    assert "登录被锁的（1）" in client.get("/staff/people/").content.decode()
    page = client.get("/staff/people/locks/").content.decode()
    assert "小李 (xiaoli)" in page
    assert "127.0.0.1" in page
    unlock = re.search(r'action="(/staff/people/locks/\d+/unlock)"', page)
    assert unlock is not None
    assert client.post(unlock[1]).status_code == 302
    assert "没有人被锁" in client.get("/staff/people/locks/").content.decode()
    signed_in()
    assert log().count("self.locked") == 1
    assert "account.unlock" in log()
    assert client.post(unlock[1]).status_code == 302
    assert log().count("account.unlock") == 1


def test_four_slips_are_no_lock() -> None:
    make("boss", Role.ADMINISTRATOR, "老王")
    make()
    guesses("xiaoli", 4)
    assert "没有人被锁" in signed_in("boss").get("/staff/people/locks/").content.decode()


def test_a_password_typed_as_a_name_is_shown_nowhere() -> None:
    make("boss", Role.ADMINISTRATOR, "老王")
    guesses("my-secret-word", 6)
    page = signed_in("boss").get("/staff/people/locks/").content.decode()
    assert "没有这个账号" in page
    assert "my-secret-word" not in page
    assert "my-secret-word" not in str(list(AuditEntry.objects.values()))


def test_locks_are_for_administrators_alone() -> None:
    make(role=Role.SUPERVISOR)
    client = signed_in()
    assert client.get("/staff/people/locks/").status_code == 403
    assert client.post("/staff/people/locks/1/unlock").status_code == 403


# gone away


def test_who_touches_nothing_for_an_hour_is_signed_out_and_told_why(
    settings: Any, clock: TurnedClock
) -> None:
    settings.BOT_SESSION_MINUTES = 60
    make()
    client = signed_in()
    clock.goes_on(minutes=59)
    assert leads_to(client, "/staff/notices/") == ""
    clock.goes_on(minutes=59)
    assert leads_to(client, "/staff/notices/") == ""
    clock.goes_on(minutes=60)
    login = leads_to(client, "/staff/notices/")
    assert login == "/staff/login?next=/staff/notices/"
    assert "太久没有动" in client.get(login).content.decode()
    said = {"username": "xiaoli", "password": PASSWORD, "next": "/staff/notices/"}
    assert client.post("/staff/login", said).headers["Location"] == "/staff/notices/"
    assert leads_to(client, "/staff/notices/") == ""


def test_a_page_that_fetches_itself_keeps_nobody_signed_in(
    settings: Any, clock: TurnedClock
) -> None:
    settings.BOT_SESSION_MINUTES = 60
    make()
    client = signed_in()
    for _ in range(3):
        clock.goes_on(minutes=19)
        assert client.get("/staff/bell/", headers={"X-Untouched": "1"}).status_code in (200, 204)
    clock.goes_on(minutes=3)
    assert client.get("/staff/bell/", headers={"X-Untouched": "1"}).status_code == 302


def test_somebody_at_work_is_noted_once_a_minute_at_most(
    settings: Any, clock: TurnedClock, django_assert_max_num_queries: Any
) -> None:
    settings.BOT_SESSION_MINUTES = 60
    make()
    client = signed_in()
    client.get("/staff/notices/")
    noted = client.session["active_at"]
    clock.goes_on(seconds=59)
    client.get("/staff/notices/")
    assert client.session["active_at"] == noted
    clock.goes_on(seconds=1)
    client.get("/staff/notices/")
    assert client.session["active_at"] != noted


def test_every_sign_in_is_written_down() -> None:
    make()
    signed_in()
    entry = AuditEntry.objects.get(action="self.sign_in")
    assert (str(entry.actor), entry.detail) == ("小李", "127.0.0.1")
