"""Staff accounts: made by hand, guarded against guessing, nobody gets in without one."""

from __future__ import annotations

import argparse
import logging
import re
from datetime import date, time, timedelta
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings as given
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from bot import __main__ as commands
from bot import clock
from bot.accounts.models import Shift, Staff, StaffRole
from bot.accounts.policies import Action, may
from bot.accounts.selectors import staff_online
from bot.accounts.services import (
    AccountRefused,
    Grant,
    ShiftRefused,
    grant_named,
    role_give,
    role_withdraw,
    shift_add,
    shift_remove,
    staff_add,
    staff_seen,
)
from bot.gazetteer.models import Community

pytestmark = pytest.mark.django_db

PASSWORD = "lotus-leaf-77"


@pytest.fixture(autouse=True)
def quick_hashes(settings: Any) -> None:
    """Real hashes are slow on purpose."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def xiaoli() -> Staff:
    """小李 with her account."""
    staff_add("xiaoli", "小李", PASSWORD, [Grant(StaffRole.Role.INTAKE)])
    return Staff.objects.get()


def signs_in(name: str, password: str, client: Client | None = None, **more: str) -> Any:
    client = client or Client()
    return client.post("/staff/login", {"username": name, "password": password, **more})


def staff_addresses() -> list[str]:
    """Every address below /staff/, with a number wherever one is wanted."""
    found: list[str] = []

    def walk(patterns: list[URLPattern | URLResolver], before: str) -> None:
        for entry in patterns:
            route = before + str(entry.pattern)
            if isinstance(entry, URLResolver):
                walk(entry.url_patterns, route)
            elif route.startswith("staff/"):
                found.append("/" + re.sub("<[^>]+>", "1", route))

    walk(get_resolver("bot.urls").url_patterns, "")
    return found


def test_there_is_no_account_to_begin_with() -> None:
    assert not Staff.objects.exists()


@pytest.mark.parametrize("address", staff_addresses())
@pytest.mark.parametrize("method", ["get", "post", "head", "put", "delete", "options"])
def test_a_stranger_is_led_to_the_sign_in_page_from_everywhere(address: str, method: str) -> None:
    response = getattr(Client(), method)(address)
    if address == "/staff/login":
        assert response.status_code == (405 if method == "delete" else 200)
        return
    assert response.status_code == 302
    assert response.headers["Location"].startswith("/staff/login?next=")


def test_there_are_staff_pages_to_walk_through() -> None:
    assert {"/staff/", "/staff/login", "/staff/conversations/1/reply"} <= set(staff_addresses())


@pytest.mark.parametrize("address", ["/", "/healthz", "/api/v1/messages"])
def test_residents_need_no_account(address: str) -> None:
    assert "/staff/" not in Client().get(address).headers.get("Location", "")


def test_an_account_lets_in_and_the_office_sees_who_is_there(xiaoli: Staff) -> None:
    client = Client()
    response = signs_in("xiaoli", PASSWORD, client)
    assert response.headers["Location"] == "/staff/"
    assert not staff_online(clock.now())
    assert "小李" in client.get("/staff/").content.decode()
    assert list(staff_online(clock.now())) == [xiaoli]


def test_after_signing_in_one_comes_to_the_page_one_wanted(xiaoli: Staff) -> None:
    client = Client()
    wanted = client.get("/staff/conversations/1/").headers["Location"]
    assert wanted == "/staff/login?next=/staff/conversations/1/"
    assert "小顶值守台" in client.get(wanted).content.decode()
    response = signs_in("xiaoli", PASSWORD, client, next="/staff/conversations/1/")
    assert response.headers["Location"] == "/staff/conversations/1/"


def test_signing_in_leads_nowhere_else(xiaoli: Staff) -> None:
    response = signs_in("xiaoli", PASSWORD, next="//elsewhere.example/staff/")
    assert response.headers["Location"] == "/staff/"


def test_signing_out_closes_the_pages(xiaoli: Staff) -> None:
    client = Client()
    signs_in("xiaoli", PASSWORD, client)
    client.post("/staff/logout")
    assert client.get("/staff/").status_code == 302


def test_an_account_that_was_closed_is_out_at_once(xiaoli: Staff) -> None:
    client = Client()
    signs_in("xiaoli", PASSWORD, client)
    Staff.objects.update(is_active=False)
    assert client.get("/staff/").status_code == 302
    assert signs_in("xiaoli", PASSWORD).status_code == 200


def test_a_form_from_elsewhere_is_refused(xiaoli: Staff) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(xiaoli, given.AUTHENTICATION_BACKENDS[1])
    assert client.post("/staff/logout").status_code == 403
    assert client.post("/staff/conversations/1/take").status_code == 403


def test_staff_pages_are_kept_by_no_cache_and_shown_in_no_frame(xiaoli: Staff) -> None:
    client = Client()
    client.force_login(xiaoli, given.AUTHENTICATION_BACKENDS[1])
    response = client.get("/staff/")
    assert "no-store" in response.headers["Cache-Control"]
    assert response.headers["X-Frame-Options"] == "DENY"
    assert "default-src 'self'" in response.headers["Content-Security-Policy"]


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(xiaoli: Staff) -> None:
    client = Client()
    signs_in("xiaoli", PASSWORD, client)
    cookie = client.cookies["sessionid"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert int(cookie["max-age"]) <= 12 * 3600


def test_guessing_is_stopped_and_the_right_password_does_not_help_then(
    xiaoli: Staff, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        answers = [signs_in("xiaoli", f"guess-{n}").status_code for n in range(5)]
        assert answers[:4] == [200] * 4
        locked = signs_in("xiaoli", PASSWORD)
    assert locked.status_code == 429
    assert "15分钟" in locked.content.decode()
    assert "guess" not in caplog.text


def test_one_clerks_slips_do_not_shut_out_her_colleague(xiaoli: Staff) -> None:
    staff_add("xiaowang", "小王", PASSWORD)
    for number in range(6):
        signs_in("xiaoli", f"guess-{number}")
    assert signs_in("xiaowang", PASSWORD).status_code == 302


def test_a_guesser_elsewhere_does_not_shut_out_the_clerk(xiaoli: Staff) -> None:
    stranger = Client(REMOTE_ADDR="203.0.113.9")
    for number in range(6):
        signs_in("xiaoli", f"guess-{number}", stranger)
    assert signs_in("xiaoli", PASSWORD, stranger).status_code == 429
    assert signs_in("xiaoli", PASSWORD).status_code == 302


def test_a_wrong_password_is_answered_alike_for_names_that_are_there_and_not(
    xiaoli: Staff,
) -> None:
    pages = [signs_in(name, "wrong").content.decode() for name in ("xiaoli", "nobody")]
    assert all("账号或密码不对" in page for page in pages)


def test_a_made_up_password_is_long_and_works(xiaoli: Staff) -> None:
    password = staff_add("xiaozhao", "小赵")
    assert len(password) >= 16
    assert signs_in("xiaozhao", password).status_code == 302


@pytest.mark.parametrize(
    ("name", "display", "password"),
    [
        ("xiaoli", "小李", PASSWORD),
        ("xiaowang", "小王", "12345678"),
        ("xiaowang", "小王", "short"),
        ("xiaowang", "", PASSWORD),
        ("", "小王", PASSWORD),
        ("xiao wang", "小王", PASSWORD),
    ],
)
def test_an_account_without_name_or_with_an_easy_password_is_not_made(
    xiaoli: Staff, name: str, display: str, password: str
) -> None:
    with pytest.raises(AccountRefused):
        staff_add(name, display, password)
    assert Staff.objects.count() == 1


def run(*arguments: str) -> int:
    """``python -m bot …`` in this process."""
    parsed: argparse.Namespace = commands._parser().parse_args(arguments)
    code: int = parsed.run(parsed)
    return code


def test_the_command_prints_a_made_up_password_once_and_a_given_one_never(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run("staff", "add", "xiaoli", "--display", "小李", "--role", "intake") == 0
    password = capsys.readouterr().out.split("password ")[1].split()[0]
    assert signs_in("xiaoli", password).status_code == 302
    wang = ("staff", "add", "xiaowang", "--display", "小王", "--role", "intake")
    assert run(*wang, "--password", PASSWORD) == 0
    assert PASSWORD not in capsys.readouterr().out
    assert run(*wang) == 1


def test_the_command_makes_no_account_without_a_role(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("staff", "add", "xiaoli", "--display", "小李") == 2
    assert "--role" in capsys.readouterr().err
    assert not Staff.objects.exists()


def test_who_looked_after_conversations_without_a_role_goes_on_as_intake(xiaoli: Staff) -> None:
    for name, more in (("desk", {}), ("gone", {"is_active": False}), ("root", {"is_superuser": 1})):
        Staff.objects.create(username=name, **more)
    import_module("bot.accounts.migrations.0004_intake_for_who_had_no_role").give(apps, None)
    assert roles_of("desk") == {("intake", "")}
    assert roles_of("gone") == roles_of("root") == set()
    assert StaffRole.objects.count() == 2


def roles_of(name: str) -> set[tuple[str, str]]:
    rows = StaffRole.objects.filter(staff__username=name)
    return {(row.role, row.community.name if row.community else "") for row in rows}


def test_the_command_gives_roles_everywhere_and_in_communities() -> None:
    Community.objects.create(name="临江社区")
    arguments = ("--role", "intake:临江社区", "--role", "grid:临江", "--role", "supervisor")
    assert run("staff", "add", "xiaoli", "--display", "小李", *arguments) == 0
    assert roles_of("xiaoli") == {("intake", "临江社区"), ("grid", "临江社区"), ("supervisor", "")}


@pytest.mark.parametrize("role", ["cook", "grid:没有的社区", "grid:", ":临江社区", ""])
def test_a_role_that_is_none_makes_no_account(
    role: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Community.objects.create(name="临江社区")
    assert run("staff", "add", "xiaoli", "--display", "小李", "--role", role) == 1
    assert "error: " in capsys.readouterr().err
    assert not Staff.objects.exists()


def test_a_role_given_twice_is_one_and_holds_until_it_is_taken_away(xiaoli: Staff) -> None:
    for grant in (grant_named("supervisor"), Grant(StaffRole.Role.SUPERVISOR)):
        given = role_give(xiaoli, grant)
    assert roles_of("xiaoli") == {("intake", ""), ("supervisor", "")}
    assert may(xiaoli, Action.SHIFTS_EDIT)
    role_withdraw(given)
    assert not may(xiaoli, Action.SHIFTS_EDIT)


def test_shifts_are_for_a_weekday_or_a_date(xiaoli: Staff) -> None:
    weekly = shift_add(xiaoli, weekday=0, hours=(time(8), time(16)))
    shift_add(xiaoli, on=date(2026, 11, 28))
    shift_add(xiaoli, on=date(2026, 12, 1), is_off=True)
    rows = Shift.objects.values_list("weekday", "on", "opens", "is_off")
    assert set(rows) == {
        (0, None, time(8), False),
        (None, date(2026, 11, 28), None, False),
        (None, date(2026, 12, 1), None, True),
    }
    shift_remove(weekly)
    assert Shift.objects.count() == 2


@pytest.mark.parametrize(
    "given_values",
    [
        {},
        {"weekday": 0, "on": date(2026, 11, 28)},
        {"weekday": 7},
        {"weekday": 0, "is_off": True},
        {"weekday": 0, "hours": (time(16), time(8))},
        {"weekday": 0, "hours": (time(8), time(8))},
        {"on": date(2026, 11, 28), "is_off": True, "hours": (time(8), time(16))},
    ],
)
def test_a_shift_that_says_nothing_clear_is_refused(
    xiaoli: Staff, given_values: dict[str, Any]
) -> None:
    with pytest.raises(ShiftRefused):
        shift_add(xiaoli, **given_values)
    assert not Shift.objects.exists()


def test_being_seen_is_written_once_a_minute(
    xiaoli: Staff, monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: Any
) -> None:
    start = clock.now()
    for seconds, queries in ((0, 1), (20, 0), (59, 0), (61, 1)):
        moment = start + timedelta(seconds=seconds)
        monkeypatch.setattr(clock, "now", lambda moment=moment: moment)
        xiaoli.refresh_from_db()
        with django_assert_num_queries(queries):
            staff_seen(xiaoli)
