"""In production Django's own check finds nothing to warn of, and browsers come by HTTPS alone."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as given
from django.test import Client

KEY = "3f9c1ad07be64528a9d1c0e7f4b25386-Zq_71xLmPw"


def checked(folder: Path, **changes: str) -> subprocess.CompletedProcess[str]:
    """What ``check --deploy`` says of a service in production."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("BOT_")}
    secrets = dict.fromkeys(("BOT_SECRET_KEY", "BOT_FIELD_KEY", "BOT_DIGEST_KEY"), KEY + KEY)
    kept |= {"BOT_ENV": "production", "BOT_DATA_DIR": str(folder), **secrets, **changes}
    kept["DJANGO_SETTINGS_MODULE"] = "bot.settings"
    command = [sys.executable, "-m", "bot", "manage", "check", "--deploy"]
    return subprocess.run(
        [*command, "--fail-level", "WARNING"],
        env=kept,
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).resolve().parents[2],
    )


def test_the_check_before_going_live_finds_nothing(tmp_path: Path) -> None:
    found = checked(tmp_path)
    assert found.returncode == 0, found.stderr
    assert "no issues" in found.stdout + found.stderr


def test_the_check_warns_where_administrators_need_no_code(tmp_path: Path) -> None:
    found = checked(tmp_path, BOT_STAFF_TOTP="off")
    assert found.returncode != 0
    assert "bot.W001" in found.stderr


@pytest.fixture
def by_https(settings: Any) -> None:
    """As in production."""
    settings.SECURE_SSL_REDIRECT = True
    settings.SECURE_HSTS_SECONDS = 3600


@pytest.mark.django_db
@pytest.mark.usefixtures("by_https")
@pytest.mark.parametrize("path", ["/", "/staff/login", "/staff/", "/kiosk"])
def test_a_browser_without_https_is_sent_back_with_it(path: str) -> None:
    response = Client().get(path)
    assert response.status_code == 301
    assert response.headers["Location"] == f"https://testserver{path}"


@pytest.mark.django_db
@pytest.mark.usefixtures("by_https")
@pytest.mark.parametrize("path", ["/healthz", "/api/v1/items", "/api/v1/messages", "/wechat/"])
def test_a_program_on_this_machine_is_let_be(path: str) -> None:
    assert Client().get(path).status_code != 301


@pytest.mark.django_db
@pytest.mark.usefixtures("by_https")
def test_a_browser_is_told_to_come_by_https_from_now_on() -> None:
    response = Client().get("/staff/login", secure=True)
    assert response.headers["Strict-Transport-Security"] == "max-age=3600"


def test_on_a_developers_machine_nobody_is_sent_anywhere() -> None:
    assert not given.SECURE_SSL_REDIRECT
    assert not given.SECURE_HSTS_SECONDS
