"""Replays dialogue files through the running server and prints, turn by turn, what differs.

A file is a YAML list of dialogues; the form is described in docs/authoring.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import yaml
from tqdm import tqdm

from bot.terminal import DoorClosed, door, door_at, patiently_say

AT_ONCE = 4
_DIALOGUE_KEYS = frozenset({"name", "channel", "now", "turns"})


class DialogueRefused(ValueError):
    """A file that cannot be read as dialogues; the message names the place."""


@dataclass(frozen=True)
class Dialogue:
    """One conversation to replay."""

    file: str
    name: str
    channel: str
    now: str
    turns: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True)
class Played:
    """A dialogue with the replies it got and what differs, each difference after its turn."""

    dialogue: Dialogue
    replies: tuple[Mapping[str, Any], ...]
    differences: tuple[tuple[int, str], ...]


def read_dialogues(paths: Iterable[Path]) -> list[Dialogue]:
    """Read files, and folders of them; raises DialogueRefused."""
    return [dialogue for path in paths for file in _files(path) for dialogue in _read(file)]


def _files(path: Path) -> list[Path]:
    return sorted(path.rglob("*.yml")) if path.is_dir() else [path]


def _read(file: Path) -> list[Dialogue]:
    try:
        rows = yaml.safe_load(file.read_text("utf-8"))
    except (OSError, UnicodeError, yaml.YAMLError) as error:
        raise DialogueRefused(f"{file}: {error}") from error
    if not isinstance(rows, list):
        raise DialogueRefused(f"{file}: expected a list of dialogues")
    return [_dialogue(file, row) for row in rows]


def _dialogue(file: Path, row: Mapping[str, Any]) -> Dialogue:
    place = f"{file}: {row.get('name', '?') if isinstance(row, dict) else row}"
    if not isinstance(row, dict) or not set(row) <= _DIALOGUE_KEYS or not row.get("turns"):
        raise DialogueRefused(f"{place}: expected name, turns, and perhaps channel and now")
    if not isinstance(row["turns"], list) or not all(isinstance(t, dict) for t in row["turns"]):
        raise DialogueRefused(f"{place}: expected turns to be a list of turns")
    for turn in row["turns"]:
        if unknown := set(turn) - _TURN_KEYS:
            raise DialogueRefused(f"{place}: unknown {sorted(unknown)}")
        if ("user" in turn) == ("press" in turn):
            raise DialogueRefused(f"{place}: a turn has either user or press")
    return Dialogue(
        file.name,
        str(row.get("name", "")),
        str(row.get("channel", "api")),
        str(row.get("now", "")),
        tuple(row["turns"]),
    )


def play_files(paths: Iterable[Path]) -> list[Played]:
    """Replay files; dialogues with a clock of their own get a server of their own.

    Raises DialogueRefused, DoorClosed.
    """
    dialogues = read_dialogues(paths)
    played: list[Played] = []
    for now in sorted({dialogue.now for dialogue in dialogues}):
        with door_at(now) if now else door() as client:
            played += play_all(client, [each for each in dialogues if each.now == now])
    return played


def play_all(
    client: httpx.Client, dialogues: Sequence[Dialogue], at_once: int = AT_ONCE
) -> list[Played]:
    """Replay dialogues, some at once, each in a conversation of its own."""
    with ThreadPoolExecutor(at_once) as pool:
        played = pool.map(lambda dialogue: play(client, dialogue), dialogues)
        return list(tqdm(played, total=len(dialogues), unit="dialogue"))


def play(client: httpx.Client, dialogue: Dialogue) -> Played:
    """Replay one dialogue; a turn that cannot be said ends it."""
    conversation_id = uuid4().hex
    replies: list[Mapping[str, Any]] = []
    differences: list[tuple[int, str]] = []
    for number, turn in enumerate(dialogue.turns):
        before = replies[-1] if replies else {}
        try:
            text, payload = _said(turn, before)
            reply = patiently_say(client, conversation_id, text, payload, dialogue.channel)
        except DoorClosed as error:
            differences.append((number, str(error)))
            break
        differences += [(number, problem) for problem in problems(turn, reply, before)]
        replies.append(reply)
    return Played(dialogue, tuple(replies), tuple(differences))


def _said(turn: Mapping[str, Any], before: Mapping[str, Any]) -> tuple[str, str]:
    if "user" in turn:
        return str(turn["user"]), ""
    wanted = str(turn["press"])
    for button in before.get("buttons", []):
        if wanted in button["title"]:
            return button["title"], button["payload"]
    titles = [button["title"] for button in before.get("buttons", [])]
    raise DoorClosed(f"no button “{wanted}” among {titles}")


def problems(
    turn: Mapping[str, Any], reply: Mapping[str, Any], before: Mapping[str, Any]
) -> list[str]:
    """Return what in a reply is not as expected, in words."""
    found = []
    for key in _PLAIN_KEYS:
        if key in turn and reply[key] not in _any_of(turn[key]):
            found.append(f"{key}: expected {turn[key]}, got {reply[key]}")
    found += [
        f"text: no “{wanted}”"
        for wanted in _any_of(turn.get("text", []))
        if not any(part in reply["text"] for part in str(wanted).split("|"))
    ]
    found += [
        f"text: has “{unwanted}”"
        for unwanted in _any_of(turn.get("not_text", []))
        if str(unwanted) in reply["text"]
    ]
    for key, check in _CHECKS.items():
        if key in turn and not check(turn[key], reply, before):
            found.append(f"{key}: expected {turn[key]}")
    return found


def _any_of(expected: Any) -> list[Any]:
    return expected if isinstance(expected, list) else [expected]


_Check = Callable[[Any, Mapping[str, Any], Mapping[str, Any]], bool]


def _answers(wanted: Any, reply: Mapping[str, Any], before: Mapping[str, Any]) -> bool:
    return all(
        any(all(given[key] == each[key] for key in each) for given in reply["answers"])
        for each in wanted
    )


def _candidates(wanted: Any, reply: Mapping[str, Any], before: Mapping[str, Any]) -> bool:
    return set(wanted) <= {candidate["item"] for candidate in reply["candidates"]}


def _buttons(wanted: Any, reply: Mapping[str, Any], before: Mapping[str, Any]) -> bool:
    titles = [button["title"] for button in reply["buttons"]]
    return all(any(each in title for title in titles) for each in wanted)


def _competent(wanted: Any, reply: Mapping[str, Any], before: Mapping[str, Any]) -> bool:
    return bool(reply["competent"]) and any(
        part in reply["competent"]["body"] for part in str(wanted).split("|")
    )


def _number(wanted: Any, reply: Mapping[str, Any], before: Mapping[str, Any]) -> bool:
    return str(wanted) in reply["speech"][0]


def _same_item(wanted: Any, reply: Mapping[str, Any], before: Mapping[str, Any]) -> bool:
    return bool(reply["item"] == before.get("item")) is bool(wanted)


def _slots(wanted: Any, reply: Mapping[str, Any], before: Mapping[str, Any]) -> bool:
    return all(reply["slots"].get(name) in _any_of(value) for name, value in wanted.items())


def _status(key: str) -> _Check:
    def check(wanted: Any, reply: Mapping[str, Any], before: Mapping[str, Any]) -> bool:
        given = reply[key]
        if wanted is None or given is None:
            return wanted is given
        return wanted is True or given["status"] in _any_of(wanted)

    return check


_CHECKS: dict[str, _Check] = {
    "answers": _answers,
    "candidates": _candidates,
    "buttons": _buttons,
    "competent": _competent,
    "number": _number,
    "same_item": _same_item,
    "slots": _slots,
    "ticket": _status("ticket"),
    "report": _status("report"),
}


_PLAIN_KEYS = ("kind", "item", "facet", "slot", "intent")
_TURN_KEYS = frozenset({"user", "press", "text", "not_text", *_PLAIN_KEYS, *_CHECKS})


def told(played: Played) -> str:
    """Return a dialogue that went otherwise than expected, as lines to read."""
    lines = [f"✗ {played.dialogue.file} · {played.dialogue.name}"]
    for number, turn in enumerate(played.dialogue.turns):
        lines.append(f"    您：{turn.get('user', turn.get('press'))}")
        if number < len(played.replies):
            reply = played.replies[number]
            shown = " / ".join(reply["text"].split("\n"))
            head = f"{reply['kind']} {reply['item']} {reply['facet']} {reply['intent']}"
            lines.append(f"    顶：[{head}] {shown[:160]}")
        lines += [f"      ≠ {problem}" for at, problem in played.differences if at == number]
    return "\n".join(lines)
