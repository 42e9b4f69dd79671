"""What a call left behind: its turns, and the callers who make it."""

from __future__ import annotations

import json
import sqlite3
import time
from contextlib import closing
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import httpx

from tests.running import Running
from tests.voice.fakes_audio import silence, spoken
from tests.voice.fakes_caller import Telephone

PHONE = "13800138000"
WISH = "我妈八十二了走不动，请你们代办尊老金，住临江社区，周四下午"
# What she says when the form asks; the number is said in digits.
SAID = {
    "item": "尊老金",
    "name": "她叫王秀英",
    "reason": "她走不动",
    "mode": "代办",
    "address": "住临江社区",
    "time": "周四下午",
    "confirm": "对",
}
DICTATED = "幺三八零零幺三八零零零"
MOST_TURNS = 24


@dataclass(frozen=True)
class Said:
    """A turn of a call as it is stored."""

    number: int
    text: str
    reply: dict[str, Any]

    def puts_first(self, item: str) -> bool:
        """Whether an item is answered, or heads what is asked back."""
        offered = [candidate["item"] for candidate in self.reply["candidates"]]
        return item in (self.reply["item"], *offered[:1])


def door(server: Running) -> str:
    """Where the line speaks HTTP."""
    return f"http://127.0.0.1:{server.environment['BOT_VOICE_HTTP_PORT']}"


def wait_for_line(server: Running) -> None:
    """Until calls are taken."""
    until = time.monotonic() + 120
    while time.monotonic() < until:
        try:
            if httpx.get(f"{door(server)}/healthz", trust_env=False).status_code == 200:
                return
        except httpx.HTTPError:
            time.sleep(0.3)
    raise AssertionError("the telephone line is not up")


def turns_of(server: Running, call_id: str) -> list[Said]:
    """The answered turns of a call."""
    return [said for of_call, said in _turns(server) if of_call == call_id]


def wait_for_turn(server: Running, item: str, intent: str = "", seconds: float = 60.0) -> Said:
    """The first turn of any call that puts ``item`` first; with ``intent`` a later one of that."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        turns = _turns(server)
        found = [(of_call, said) for of_call, said in turns if said.puts_first(item)]
        if found and intent:
            calls = {of_call for of_call, _ in found}
            found = [(c, s) for c, s in turns if c in calls and s.reply["intent"] == intent]
        if found:
            return found[0][1]
        time.sleep(0.3)
    heard = [(said.text, said.reply["kind"], said.reply["item"]) for _, said in _turns(server)]
    raise AssertionError(f"{item} was not heard in {seconds:.0f} s: {heard}")


def _turns(server: Running) -> list[tuple[str, Said]]:
    place = Path(server.environment["BOT_DATA_DIR"]) / "bot.sqlite3"
    with closing(sqlite3.connect(place, timeout=30)) as database:
        rows = database.execute(
            "select c.external_id, t.id, t.text, t.reply from conversations_turnrecord t"
            " join conversations_conversation c on c.id = t.conversation_id"
            " where c.channel = 'voice' and t.reply is not null order by t.id"
        ).fetchall()
    return [(row[0], Said(row[1], row[2], json.loads(row[3]))) for row in rows]


@lru_cache(maxsize=64)
def voice(text: str) -> bytes:
    """A sentence as she says it, with room around."""
    return silence(0.3) + spoken(text, "cmn+m4", words_per_minute=140, dbfs=-20) + silence(0.3)


def take_down(server: Running, phone: Telephone, number_by: str) -> Said:
    """Answer whatever the form asks until the ticket is open; ``number_by``: keys or voice."""
    phone.listen()
    phone.say(voice(WISH))
    for _ in range(MOST_TURNS):
        phone.listen(30)
        last = turns_of(server, phone.call_id)[-1]
        if last.reply["kind"] == "ticket_opened":
            return last
        if last.reply["slot"] == "phone":
            _give_number(server, phone, number_by, last)
        else:
            phone.say(voice(SAID.get(last.reply["slot"] or "", WISH)))
    raise AssertionError(f"no ticket after {MOST_TURNS} turns: {turns_of(server, phone.call_id)}")


def _give_number(server: Running, phone: Telephone, number_by: str, asked: Said) -> None:
    """Press it, or say it and confirm what was read back."""
    if number_by == "keys":
        phone.press(PHONE)
        return
    phone.say(voice(DICTATED))
    phone.listen(30)
    if turns_of(server, phone.call_id)[-1] == asked:
        phone.say(voice("对"))
