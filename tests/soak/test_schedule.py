from __future__ import annotations

import asyncio
from itertools import pairwise

from tests.soak.schedule import MOST_TURNS, PAUSE_SECONDS, Due, Heard, alone, follow, plan, talks

TALKS = [("一", "二", "三"), ("甲", "乙", "丙", "丁")]


class Echo:
    """A server that repeats what it is told, with the turn of its conversation."""

    def __init__(self) -> None:
        self.heard: dict[str, list[str]] = {}
        self.most_at_once = 0
        self._at_once = 0

    async def say(self, conversation_id: str, text: str) -> Heard:
        self._at_once += 1
        self.most_at_once = max(self.most_at_once, self._at_once)
        await asyncio.sleep(0)
        self._at_once -= 1
        self.heard.setdefault(conversation_id, []).append(text)
        return Heard(text=text, conversation_id=conversation_id)


def test_a_talk_ends_before_the_first_button_and_short_ones_are_left_out():
    said = [{"user": "一"}, {"user": "二"}, {"user": "三"}]
    pressed = {"turns": [*said, {"press": "都不是"}, {"user": "四"}]}
    short = {"turns": [*said[:2], {"press": "都不是"}]}
    long = {"turns": [{"user": str(n)} for n in range(9)]}
    assert talks([pressed, short, long]) == [
        ("一", "二", "三"),
        tuple(str(n) for n in range(MOST_TURNS)),
    ]


def test_the_shipped_dialogues_give_enough_talks():
    assert len(talks()) > 100


def test_messages_are_due_at_even_distances_and_a_resident_pauses():
    due = plan(TALKS, 30, 4)
    assert [each.at for each in due] == [n / 4 for n in range(120)]
    for resident in {each.resident for each in due}:
        own = [each.at for each in due if each.resident == resident]
        pauses = {after - before for before, after in pairwise(own)}
        assert pauses == {PAUSE_SECONDS}


def test_every_conversation_has_one_resident_and_one_talk_from_its_first_turn_on():
    due = plan(TALKS, 60, 4)
    for name in {each.conversation_id for each in due}:
        own = [each for each in due if each.conversation_id == name]
        assert len({(each.resident, each.talk) for each in own}) == 1
        assert [each.text for each in own] == list(TALKS[own[0].talk][: len(own)])


def test_the_same_plan_is_made_again():
    assert plan(TALKS, 20, 4) == plan(TALKS, 20, 4)


def test_a_resident_waits_for_her_reply_before_she_goes_on():
    server = Echo()
    due = [Due(0.0, n, f"talk-{n}", n, k, text) for n in (0, 1) for k, text in enumerate(TALKS[n])]
    happened = asyncio.run(follow(server, due))
    assert len(happened) == len(due)
    assert server.heard == {"talk-0": list(TALKS[0]), "talk-1": list(TALKS[1])}
    assert server.most_at_once == 2


def test_a_late_message_counts_from_when_it_was_due():
    happened = asyncio.run(follow(Echo(), [Due(-5.0, 0, "talk-0", 0, 0, "一")]))
    assert happened[0].seconds >= 5.0


def test_alone_every_talk_has_a_conversation_of_its_own():
    heard = asyncio.run(alone(Echo(), TALKS))
    assert [[each.text for each in talk] for talk in heard] == [list(each) for each in TALKS]
    assert len({talk[0].conversation_id for talk in heard}) == len(TALKS)
