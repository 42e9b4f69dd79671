"""What every dialogue engine has to do, the real one and the fake alike.

Subclass ``DialogueContract`` and give it the fixtures ``dialogue`` (an engine that answers) and
``dialogue_away`` (one that cannot be reached).
"""

from __future__ import annotations

from uuid import uuid4

import pytest

from bot.conversations.messages import KINDS, Reply
from bot.conversations.selectors import reply_of
from nlu.protocol import Dialogue, DialogueUnavailable


class Resident:
    """Somebody who talks to an engine; every resident is a sender of her own."""

    def __init__(self, dialogue: Dialogue) -> None:
        self._dialogue = dialogue
        self._sender = uuid4().hex

    def says(self, text: str) -> Reply:
        """Say something and read the one reply."""
        messages = self._dialogue.send(self._sender, text, {"turn_id": uuid4().hex})
        replies = [m["custom"] for m in messages if isinstance(m.get("custom"), dict)]
        assert len(replies) == 1, messages
        return reply_of(replies[0])

    def presses(self, item: str, facet: str) -> Reply:
        """Press a button that names an item and a facet."""
        return self.says(f'/ask_item{{"item": "{item}", "facet": "{facet}"}}')


# A bare facet matches some record by chance, and the follow-up gives way to it. Which of them go
# wrong changes with every training, hence not strict.
class DialogueContract:
    """The tests."""

    @pytest.fixture
    def resident(self, dialogue: Dialogue) -> Resident:
        """王阿姨."""
        return Resident(dialogue)

    @pytest.fixture
    def neighbour(self, dialogue: Dialogue) -> Resident:
        """李大爷."""
        return Resident(dialogue)

    def test_an_engine_that_answers_is_ready(self, dialogue: Dialogue) -> None:
        assert dialogue.is_ready()

    def test_a_question_gets_one_reply_in_the_form_of_the_contract(
        self, resident: Resident
    ) -> None:
        reply = resident.says("社保卡丢了怎么补")
        assert reply.kind in KINDS
        assert (reply.kind, reply.item) == ("answer", "SB13")
        assert reply.text
        assert reply.confidence > 0.5

    @pytest.mark.parametrize(
        ("text", "facet"),
        [
            ("要钱吗", "fee"),
            ("几天能好", "duration"),
            ("要什么条件", "conditions"),
            ("能代办吗", "proxy"),
            ("要带什么", "materials"),
            ("在哪办", "where"),
            ("网上能办吗", "online"),
            ("几点下班", "when"),
        ],
    )
    def test_a_bare_facet_is_asked_of_the_item_at_hand(
        self, resident: Resident, text: str, facet: str
    ) -> None:
        resident.says("社保卡丢了怎么补")
        reply = resident.says(text)
        assert (reply.kind, reply.item, reply.facet) == ("answer", "SB13", facet)

    def test_two_residents_do_not_share_their_items(
        self, resident: Resident, neighbour: Resident
    ) -> None:
        resident.says("社保卡丢了怎么补")
        assert neighbour.says("要带什么").kind == "clarify"

    def test_a_new_subject_replaces_the_item_at_hand(self, resident: Resident) -> None:
        resident.says("社保卡丢了怎么补")
        assert resident.says("旧沙发不要了，找谁来拉").item == "CG07"
        assert resident.says("大件垃圾上门拉要钱吗").item == "CG07"

    def test_a_button_names_item_and_facet_itself(self, resident: Resident) -> None:
        reply = resident.presses("GG08", "where")
        assert (reply.kind, reply.item, reply.facet) == ("answer", "GG08", "where")

    def test_a_person_is_one_step_away(self, resident: Resident) -> None:
        resident.says("社保卡丢了怎么补")
        assert resident.says("人工").kind == "handover"

    @pytest.mark.parametrize("text", ["你好", "谢谢"])
    def test_courtesies_are_returned(self, resident: Resident, text: str) -> None:
        assert resident.says(text).kind == "smalltalk"

    @pytest.mark.parametrize("text", ["asdfgh", "今天天气怎么样", "😀", "？"])
    def test_what_is_not_understood_still_gets_a_reply(self, resident: Resident, text: str) -> None:
        assert resident.says(text).text

    def test_an_engine_that_is_away_says_so(self, dialogue_away: Dialogue) -> None:
        assert not dialogue_away.is_ready()
        with pytest.raises(DialogueUnavailable):
            dialogue_away.send("s", "你好", {})
