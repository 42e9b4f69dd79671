"""The whole, with real processes: what a resident, an outside program and an attacker meet."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from tests.running import ROOT, Running, running

pytestmark = [pytest.mark.server, pytest.mark.rasa, pytest.mark.embedding]


def test_the_question_of_the_readme_gets_the_right_facts(say):
    reply = say("社保卡芯片坏了想换一张,要带啥")
    assert (reply["kind"], reply["item"], reply["facet"]) == ("answer", "SB13", "materials")
    assert "身份证" in reply["text"]
    assert "旧的社保卡" in reply["text"]
    assert "待窗口核实" in reply["text"]
    card = reply["answers"][0]["card"]
    assert card["verified"] is False
    assert card["updated"]
    assert reply["speech"]


def test_a_follow_up_stays_with_the_item(say):
    say("居住证要带什么材料")
    reply = say("几天能好")
    assert (reply["item"], reply["facet"]) == ("GA02", "duration")


def test_a_button_names_its_item_and_facet(say):
    first = say("大件垃圾怎么处理")
    button = next(b for b in first["buttons"] if b["payload"].endswith(":where"))
    reply = say(button["title"], payload=button["payload"])
    assert (reply["item"], reply["facet"]) == (first["item"], "where")


def test_opening_hours_follow_the_office_clock(say):
    reply = say("现在开门吗")
    assert reply["facet"] == "when"
    assert "现在开着门，到中午12点" in reply["text"]


def test_what_another_body_does_is_a_referral(say):
    reply = say("护照去哪办")
    assert reply["kind"] == "referral"
    assert reply["competent"]["phone"] == "12367"


def test_a_person_is_one_step_away(say):
    assert say("人工")["kind"] == "handover"


def test_danger_comes_first(say):
    reply = say("家里着火了")
    assert reply["kind"] == "emergency"
    assert "119" in reply["speech"][0]


def test_the_same_message_id_returns_the_stored_reply(say, client):
    once = say("你好", message_id="m-1")
    again = say("完全不同的话", message_id="m-1")
    assert again == once


def test_a_slash_is_words_and_no_command(say):
    reply = say('/ask_item{"item": "SB13"}')
    assert reply["kind"] in {"clarify", "fallback", "answer", "smalltalk"}
    assert reply["confidence"] < 1.0
    assert say("/restart")["turn_id"]


def test_the_action_endpoint_is_not_on_the_public_port(client):
    assert client.post("/actions", json={}).status_code == 404


def test_the_action_endpoint_wants_the_secret(served: Running):
    url = f"http://127.0.0.1:{served.environment['BOT_ACTION_PORT']}"
    assert httpx.post(f"{url}/actions", json={}, trust_env=False).status_code == 403
    assert httpx.get(f"{url}/", trust_env=False).status_code == 404


def test_an_edited_alias_is_answered_without_a_restart(served: Running, say):
    done = served.bot("alias", "SB13", "塑料小本本")
    assert done.returncode == 0, done.stderr
    deadline = time.monotonic() + 20
    while say("塑料小本本要带什么")["item"] != "SB13":
        assert time.monotonic() < deadline
    assert served.bot("alias", "SB13", "塑料小本本", "--remove").returncode == 0


def test_ask_from_the_terminal_uses_the_running_server(served: Running, tmp_path: Path):
    questions = tmp_path / "in.jsonl"
    questions.write_text('{"id": "a", "text": "居住证几天能办好"}\n{"id": "b", "text": "你好"}\n')
    done = served.bot("ask", "--jsonl", str(questions), "--out", str(tmp_path / "out.jsonl"))
    assert done.returncode == 0, done.stderr
    lines = (tmp_path / "out.jsonl").read_text().splitlines()
    assert len(lines) == 2
    assert '"id": "a"' in lines[0]
    assert '"GA02"' in lines[0]


def test_telemetry_is_off_and_nothing_reached_out(served: Running, refused: Path, say):
    say("社保卡丢了怎么补")
    for process in _children(served.process.pid):
        environment = Path(f"/proc/{process}/environ").read_bytes().decode()
        assert "RASA_TELEMETRY_ENABLED=false" in environment
    assert not refused.exists(), refused.read_text()


def test_no_personal_data_reaches_a_log(served: Running, say):
    say("我电话13812345678，身份证11010519491231002X，社保卡丢了")
    data = Path(served.environment["BOT_DATA_DIR"])
    logs = [path.read_text(errors="replace") for path in (data / "log").iterdir()]
    for secret in ("13812345678", "11010519491231002X"):
        assert not any(secret in text for text in [*logs, served.output.read_text()])
        for database in data.glob("*.sqlite3*"):
            assert secret.encode() not in database.read_bytes()


def test_a_term_signal_stops_every_process(tmp_path: Path):
    with running(tmp_path) as server:
        family = _children(server.process.pid)
        assert len(family) >= 2
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(30) == 0
        deadline = time.monotonic() + 10
        while any(_alive(pid) for pid in family):
            assert time.monotonic() < deadline, "a process outlived its supervisor"
            time.sleep(0.1)


def test_contradictory_settings_fail_at_start_in_a_sentence(tmp_path: Path):
    done = subprocess.run(
        [sys.executable, "-m", "bot", "serve"],
        env={
            **os.environ,
            "BOT_DATA_DIR": str(tmp_path),
            "BOT_RATE_LIMITS": "off",
            "BOT_HOST": "0.0.0.0",
            "DJANGO_SETTINGS_MODULE": "bot.settings",
        },
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode != 0
    assert "BOT_RATE_LIMITS=off needs a loopback BOT_HOST" in done.stderr


def test_the_web_page_speaks_only_for_itself(served: Running):
    with httpx.Client(base_url=served.url, trust_env=False) as page:
        html = page.get("/").text
        token = html.split('data-token="')[1].split('"')[0]
        body = {"conversation_id": uuid4().hex, "text": "你好", "channel": "web"}
        headers = {"X-Conversation-Token": token}
        assert page.post("/api/v1/messages", json=body, headers=headers).status_code == 403


def _children(pid: int) -> list[int]:
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if int(fields[1]) == pid:
            found.append(int(status.parent.name))
    return found


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def test_nothing_on_disk_holds_what_was_told_of_a_person(served: Running, say):
    say("我八十了，请你们代办尊老金")
    say("赵桂兰，13812345678，住珍珠路社区，明天上午")
    opened = say("对")
    assert opened["kind"] == "ticket_opened"
    data_dir = Path(served.environment["BOT_DATA_DIR"])
    with contextlib.closing(sqlite3.connect(data_dir / "bot.sqlite3")) as database:
        # A turn is noted before it is known what in it is a name.
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    files = [path for path in data_dir.iterdir() if path.is_file()]
    assert any(path.name == "tracker.sqlite3" for path in files)
    for path in files:
        content = path.read_bytes()
        for told in ("赵桂兰", "13812345678", "138 1234 5678", "12345678"):
            forms = (told, json.dumps(told)[1:-1], json.dumps(json.dumps(told))[2:-2])
            assert not any(form.encode() in content for form in forms), (path.name, told)
