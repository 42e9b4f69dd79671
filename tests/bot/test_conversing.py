"""Dialogue files: what in a reply counts as different, and which files are refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from bot import conversing
from bot.conversations.messages import Answer, Button, Competent, Offer, Reply
from bot.conversing import DialogueRefused, Played, play, play_all, problems, read_dialogues, told
from bot.terminal import DoorClosed

SHIPPED = Path(__file__).parents[1] / "data" / "dialogues"
REPLY = Reply(
    kind="referral",
    text="社保卡补换要带身份证。",
    intent="ask_item",
    speech=("请打12329。", "再见。"),
    item="SB13",
    facet="materials",
    answers=(Answer("SB13", "materials", "身份证"), Answer("GG08", "fee", "不收费")),
    candidates=(Offer("SB13", "社保卡", 0.9), Offer("GG08", "公交卡", 0.5)),
    slot="item",
    slots={"phone": "<phone>", "mode": "代办"},
    buttons=(Button("要带什么材料", "ask:SB13:materials"), Button("找人工", "human")),
    competent=Competent("公积金中心", "12329", "归它管"),
    ticket={"number": "1", "status": "accepted"},
).as_json()


@pytest.mark.parametrize(
    "turn",
    [
        {},
        {"kind": "referral"},
        {"kind": ["answer", "referral"]},
        {"item": "SB13"},
        {"facet": ["fee", "materials"]},
        {"slot": "item"},
        {"intent": "ask_item"},
        {"text": "身份证"},
        {"text": ["社保卡", "身份证"]},
        {"text": "户口本|身份证"},
        {"not_text": ["户口本", "None"]},
        {"answers": [{"item": "SB13"}, {"item": "GG08", "facet": "fee"}]},
        {"candidates": ["GG08"]},
        {"buttons": ["材料", "人工"]},
        {"competent": "社保局|公积金"},
        {"number": "12329"},
        {"number": 12329},
        {"same_item": True},
        {"slots": {"mode": ["代办", "帮办"]}},
        {"ticket": True},
        {"ticket": "accepted"},
        {"ticket": ["ordered", "accepted"]},
        {"report": None},
    ],
)
def test_a_reply_as_expected_has_no_problem(turn: dict[str, Any]) -> None:
    assert problems(turn, REPLY, {"item": "SB13"}) == []


@pytest.mark.parametrize(
    ("turn", "problem"),
    [
        ({"kind": "answer"}, "kind: expected answer, got referral"),
        ({"item": None}, "item: expected None, got SB13"),
        ({"facet": ["fee", "when"]}, "facet: expected ['fee', 'when'], got materials"),
        ({"slot": None}, "slot: expected None, got item"),
        ({"intent": "greet"}, "intent: expected greet, got ask_item"),
        ({"text": ["身份证", "户口本"]}, "text: no “户口本”"),
        ({"text": "户口本|照片"}, "text: no “户口本|照片”"),
        ({"not_text": "身份证"}, "text: has “身份证”"),
        ({"answers": [{"item": "SB13", "facet": "fee"}]}, "answers"),
        ({"candidates": ["MZ10"]}, "candidates"),
        ({"buttons": ["上一项"]}, "buttons"),
        ({"competent": "社保局"}, "competent"),
        ({"number": "119"}, "number"),
        ({"same_item": False}, "same_item"),
        ({"slots": {"mode": "陪办"}}, "slots"),
        ({"slots": {"name": "王"}}, "slots"),
        ({"ticket": "ready"}, "ticket"),
        ({"ticket": None}, "ticket"),
        ({"report": True}, "report"),
        ({"report": "opened"}, "report"),
    ],
)
def test_what_is_not_as_expected_is_said_in_words(turn: dict[str, Any], problem: str) -> None:
    found = problems(turn, REPLY, {"item": "SB13"})
    assert len(found) == 1
    assert found[0].startswith(problem)


@pytest.mark.parametrize(
    ("before", "is_same"), [({}, False), ({"item": "GG08"}, False), (REPLY, True)]
)
def test_the_item_is_compared_with_the_one_before(before: Mapping[str, Any], is_same: bool) -> None:
    assert problems({"same_item": is_same}, REPLY, before) == []
    assert problems({"same_item": not is_same}, REPLY, before) != []


def test_nobody_is_competent_where_nobody_is_named() -> None:
    assert problems({"competent": "公积金"}, {**REPLY, "competent": None}, {}) != []


def test_several_problems_are_all_told() -> None:
    turn = {"kind": "answer", "item": "GG08", "text": "户口本", "ticket": "ready"}
    assert len(problems(turn, REPLY, {})) == 4


# Files


Write = Callable[[Any], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """A dialogue file; a string is written as it is."""

    def make(content: Any) -> Path:
        path = tmp_path / "dialogue.yml"
        text = content if isinstance(content, str) else yaml.safe_dump(content, allow_unicode=True)
        path.write_text(text, encoding="utf-8")
        return path

    return make


def test_a_file_is_read_with_what_is_left_out_filled_in(write: Write) -> None:
    path = write([{"name": "问社保卡", "turns": [{"user": "社保卡丢了", "item": "SB13"}]}])
    (dialogue,) = read_dialogues([path])
    assert (dialogue.file, dialogue.name) == ("dialogue.yml", "问社保卡")
    assert (dialogue.channel, dialogue.now) == ("api", "")
    assert dialogue.turns == ({"user": "社保卡丢了", "item": "SB13"},)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "name: one",
        "- [",
        "just words",
        ["words"],
        [None],
        [{"name": "no turns"}],
        [{"name": "empty", "turns": []}],
        [{"name": "odd key", "turns": [{"user": "好"}], "colour": "red"}],
        [{"name": "odd turn key", "turns": [{"user": "好", "kinds": "answer"}]}],
        [{"name": "nobody speaks", "turns": [{"kind": "answer"}]}],
        [{"name": "both", "turns": [{"user": "好", "press": "材料"}]}],
        [{"name": "turn of words", "turns": ["好"]}],
        [{"name": "turns of words", "turns": "好"}],
        [{"name": "turns of number", "turns": 3}],
    ],
)
def test_what_is_no_dialogue_is_refused_with_its_place(write: Write, content: Any) -> None:
    path = write(content)
    with pytest.raises(DialogueRefused, match=r"dialogue\.yml"):
        read_dialogues([path])


def test_a_file_that_is_missing_or_no_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DialogueRefused, match="nowhere"):
        read_dialogues([tmp_path / "nowhere.yml"])
    (tmp_path / "picture.yml").write_bytes(b"\xff\xd8\xff\xe0")
    with pytest.raises(DialogueRefused, match="picture"):
        read_dialogues([tmp_path / "picture.yml"])


def test_the_shipped_dialogues_can_be_read_and_have_names_of_their_own() -> None:
    dialogues = read_dialogues([SHIPPED])
    names = [(dialogue.file, dialogue.name) for dialogue in dialogues]
    assert len({*names}) == len(names) > 50
    assert all(name for _, name in names)


# Replaying


class Door:
    """Stands in for the server: says what it is told to, and notes what was said to it."""

    def __init__(self, *replies: Mapping[str, Any]) -> None:
        self.replies = [*replies]
        self.said: list[tuple[str, str, str]] = []

    def __call__(
        self, client: httpx.Client, conversation: str, text: str, payload: str, channel: str
    ) -> Mapping[str, Any]:
        """Say the next reply; refuse when there is none."""
        self.said.append((text, payload, channel))
        if not self.replies:
            raise DoorClosed("no answer from here")
        return self.replies.pop(0)


def dialogue_of(*turns: dict[str, Any], channel: str = "api") -> conversing.Dialogue:
    """A dialogue of these turns."""
    return conversing.Dialogue("one.yml", "问社保卡", channel, "", turns)


@pytest.fixture
def client() -> httpx.Client:
    """A client that is never used."""
    return httpx.Client(trust_env=False)


def test_words_are_said_and_buttons_pressed_by_a_part_of_their_title(
    client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    door = Door(REPLY, REPLY)
    monkeypatch.setattr(conversing, "patiently_say", door)
    played = play(client, dialogue_of({"user": "社保卡"}, {"press": "材料"}, channel="kiosk"))
    assert door.said == [("社保卡", "", "kiosk"), ("要带什么材料", "ask:SB13:materials", "kiosk")]
    assert (len(played.replies), played.differences) == (2, ())


def test_a_button_that_is_not_there_ends_the_dialogue(
    client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conversing, "patiently_say", Door(REPLY, REPLY))
    played = play(client, dialogue_of({"user": "好"}, {"press": "上一项"}, {"user": "好"}))
    assert played.differences == ((1, "no button “上一项” among ['要带什么材料', '找人工']"),)
    assert len(played.replies) == 1


def test_a_closed_door_is_a_difference_of_its_turn(
    client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conversing, "patiently_say", Door(REPLY))
    (played,) = play_all(client, [dialogue_of({"user": "好"}, {"user": "好"}, {"user": "好"})])
    assert played.differences == ((1, "no answer from here"),)


def test_differences_are_told_after_their_turns() -> None:
    dialogue = dialogue_of({"user": "社保卡"}, {"press": "材料"})
    text = told(Played(dialogue, (REPLY,), ((0, "kind: expected answer"), (1, "no button"))))
    assert text.splitlines() == [
        "✗ one.yml · 问社保卡",
        "    您：社保卡",
        "    顶：[referral SB13 materials ask_item] 社保卡补换要带身份证。",
        "      ≠ kind: expected answer",
        "    您：材料",
        "      ≠ no button",
    ]
