from __future__ import annotations

from dataclasses import replace

from tests.soak.load import belonging, heard_in
from tests.soak.schedule import Due, Happened, Heard

REPLY = {
    "conversation_id": "talk-0",
    "turn_id": "t1",
    "kind": "answer",
    "intent": "ask_item",
    "text": "残疾人证换领：不收钱。",
    "item": "CL02",
    "facet": "fee",
    "slot": None,
    "answers": [{"item": "CL02", "facet": "fee", "text": "不收钱。"}],
    "candidates": [],
    "buttons": [],
}
RIGHT = [[heard_in(REPLY)]]


def happened(heard: Heard) -> Happened:
    return Happened(Due(0.0, 0, "talk-0", 0, 0, "要不要钱"), heard, 0.0, 0.0, 0.1)


def test_the_reply_that_a_talk_gets_alone_belongs_to_it():
    figures = belonging([happened(heard_in(REPLY))], RIGHT)
    assert figures["replies_unlike_alone"] == 0
    assert figures["replies_to_another_conversation"] == 0


def test_an_answer_about_the_item_of_another_talk_is_noticed():
    strange = heard_in({**REPLY, "item": "GG01"})
    figures = belonging([happened(strange)], RIGHT)
    assert (figures["replies_unlike_alone"], figures["replies_about_foreign_item"]) == (1, 1)


def test_a_reply_that_forgot_its_talk_is_not_taken_for_a_foreign_one():
    forgot = heard_in({**REPLY, "kind": "clarify", "item": None, "answers": []})
    figures = belonging([happened(forgot)], RIGHT)
    assert (figures["replies_unlike_alone"], figures["replies_about_foreign_item"]) == (1, 0)


def test_a_reply_under_another_conversation_is_noticed():
    strange = replace(heard_in(REPLY), conversation_id="talk-1")
    figures = belonging([happened(strange)], RIGHT)
    assert figures["replies_to_another_conversation"] == 1


def test_one_reply_given_to_two_messages_is_noticed():
    twice = [happened(heard_in(REPLY)), happened(heard_in(REPLY))]
    assert belonging(twice, RIGHT)["turn_ids_twice"] == 1


def test_the_place_in_the_queue_may_differ_from_talk_to_talk():
    called = {**REPLY, "kind": "handover", "intent": "human", "item": None, "facet": None}
    next_one = heard_in({**called, "text": "下一个就是您"})
    behind = heard_in({**called, "text": "前面还有3位"})
    assert next_one.meaning == behind.meaning
    assert next_one.offers_person


def test_a_person_is_offered_by_a_button_too():
    without = heard_in(REPLY)
    with_button = heard_in({**REPLY, "buttons": [{"title": "找人工", "payload": "human"}]})
    assert (without.offers_person, with_button.offers_person) == (False, True)
