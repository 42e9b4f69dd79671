"""Which record is meant, what is picked, and what happens when nothing fits."""

from __future__ import annotations

from typing import Any

import pytest

from bot.actions import answer, asking
from bot.actions.context import Context, Guide, Outcome
from bot.conversations import phrases
from bot.conversations.messages import Reply
from knowledge.search.matcher import Match
from knowledge.search.passages import NOTHING
from tests.bot.conftest import Says
from tests.fakes import FakeDesk
from tests.understood import candidates, offered, understood


@pytest.mark.parametrize("text", ["卡丢了", "老年卡", "换证"])
def test_words_that_mean_several_things_are_asked_about(
    says: Says, guide: Guide, text: str
) -> None:
    reply = answer.answer(says(text)).reply
    assert (reply.kind, reply.slot, reply.intent) == ("clarify", "item", "ask_item")
    assert 2 <= len(reply.buttons) - 1 <= 3
    assert reply.buttons[-1].title == phrases.NONE_OF_THESE
    for number, button in enumerate(reply.buttons[:-1], start=1):
        assert f"{number}. {button.title}" in reply.text
        assert button.payload.startswith("ask:")
        assert guide.name(button.payload.split(":")[1]) == button.title


@pytest.mark.parametrize("text", ["卡丢了", "老年卡", "换证"])
def test_what_is_asked_about_heads_the_candidates_in_the_same_order(says: Says, text: str) -> None:
    reply = answer.answer(says(text)).reply
    shown = offered(reply)
    assert [offer.item for offer in reply.candidates][: len(shown)] == shown


def test_only_what_is_asked_about_is_a_candidate_whatever_is_nearer(guide: Guide) -> None:
    ranked = candidates(NOTHING, "MZ10", "SB13", "GG08", "GA02")
    match = Match(ranked, 0.5, "ask", candidates("GG08", "SB13"))
    reply = answer.answer(understood(match, guide)).reply
    assert reply.kind == "clarify"
    assert offered(reply) == ["GG08", "SB13"]
    assert [offer.item for offer in reply.candidates] == ["GG08", "SB13"]


@pytest.mark.parametrize("text", ["asdfgh", "qwerty uiop", "？", ""])
def test_what_is_not_understood_steps_back_with_a_person(says: Says, text: str) -> None:
    reply = answer.answer(says(text)).reply
    assert (reply.kind, reply.intent, reply.text) == ("fallback", "unknown", phrases.NOT_UNDERSTOOD)
    assert reply.buttons[-1].payload == "human"


def test_what_was_asked_about_is_remembered_with_what_was_offered(says: Says) -> None:
    outcome = answer.answer(says("卡丢了", slots={"refused": ["MZ10"]}))
    slots = outcome.settled()
    assert slots["awaiting"] == "choice"
    assert slots["offered"] == offered(outcome.reply)
    assert (slots["question"], slots["facet"], slots["refused"]) == ("卡丢了", "overview", None)


def test_a_single_choice_gets_the_next_in_the_ranking_beside_it(guide: Guide) -> None:
    ranked = candidates("SB13", NOTHING, "GG08", "MZ10")
    reply = asking.clarify(
        understood(Match(ranked, 0.5, "ask", ranked[:1]), guide), ranked[:1]
    ).reply
    assert offered(reply) == ["SB13", "GG08"]


def test_a_choice_with_nothing_beside_it_is_asked_for_by_name(guide: Guide) -> None:
    reply = asking.clarify(only("SB13", guide), candidates("SB13")).reply
    assert reply.text == phrases.IS_IT.format(name=guide.name("SB13"))
    assert offered(reply) == ["SB13"]


def only(owner: str, guide: Guide, slots: dict[str, Any] | None = None, **said: Any) -> Context:
    """A message that is near to one record and to nothing else."""
    return understood(Match(candidates(owner), 0.5, "ask", candidates(owner)), guide, slots, **said)


# What is picked

CARDS = {
    "awaiting": "choice",
    "offered": ["SB13", "CL20", "GG08"],
    "question": "卡丢了",
    "facet": "fee",
}


def picked(says: Says, text: str, **slots: Any) -> Reply:
    """What is said to words while three cards are offered."""
    outcome = asking.choose(says(text, slots={**CARDS, **slots}))
    assert outcome is not None
    return outcome.reply


@pytest.mark.parametrize(
    ("text", "item"),
    [
        *(("第一个", "SB13"), ("1", "SB13"), ("头一个", "SB13"), ("社保卡", "SB13")),
        *(("第二个", "CL20"), ("二", "CL20"), ("中间那个", "CL20"), ("残疾人的那张", "CL20")),
        *(("选3号", "GG08"), ("最后一个", "GG08"), ("公交的那张", "GG08"), ("老人坐车的", "GG08")),
    ],
)
def test_a_choice_is_picked_by_place_by_name_or_by_description(
    says: Says, text: str, item: str
) -> None:
    reply = picked(says, text)
    assert (reply.kind, reply.item) == ("answer", item)


def test_what_is_picked_is_asked_what_was_asked_before(says: Says) -> None:
    assert picked(says, "第一个").facet == "fee"
    assert picked(says, "第一个要带什么").facet == "materials"
    assert picked(says, "第一个", facet=None).facet == "overview"


def test_two_things_asked_are_both_told_of_what_is_picked(says: Says) -> None:
    asked = answer.answer(says("卡丢了要带什么、到哪块办"))
    assert (asked.reply.kind, asked.reply.facet) == ("clarify", "materials")
    assert asked.reply.buttons[0].payload.endswith(":materials+where")
    chosen = asking.choose(says("第一个", slots=asked.settled()))
    assert chosen is not None
    assert {each.facet for each in chosen.reply.answers} == {"materials", "where"}
    pressed = says("", entities={"item": "SB13", "facet": "materials+where"})
    assert (
        answer.answer(pressed).reply.answers == picked(says, "1", facet="materials+where").answers
    )


def test_who_goes_on_asking_means_the_first_where_the_rest_is_hardly_likely(
    says: Says, guide: Guide
) -> None:
    slots = {**CARDS, "question": "社保卡丢了怎么补", "offered": ["SB13", "SC07"]}
    reply = asking.choose(says("要带什么", slots=slots))
    assert reply is not None
    assert (reply.reply.item, reply.reply.facet) == ("SB13", "materials")


def test_the_number_behind_the_last_choice_is_none_of_these(says: Says) -> None:
    reply = picked(says, "4")
    assert reply.kind == "clarify"
    assert reply.text.startswith(phrases.NEXT_BEST)
    assert not {*offered(reply)} & {*CARDS["offered"]}


def test_a_number_that_stands_at_nothing_shows_the_choices_again(says: Says) -> None:
    outcome = asking.choose(says("第九个", slots={**CARDS, "refused": ["MZ10"]}))
    assert outcome is not None
    assert outcome.reply.text.startswith(phrases.NO_SUCH_NUMBER)
    assert offered(outcome.reply) == CARDS["offered"]
    slots = outcome.settled()
    assert slots["awaiting"] == "choice"
    assert (slots["question"], slots["facet"], slots["refused"]) == ("卡丢了", "fee", ["MZ10"])


@pytest.mark.parametrize("text", ["居住证怎么办", "asdf", "", "😀", "不是第一个"])
def test_what_picks_nothing_is_left_to_what_it_means_by_itself(says: Says, text: str) -> None:
    assert asking.choose(says(text, slots=CARDS)) is None


@pytest.mark.parametrize(("text", "facet"), [("要带什么", "materials"), ("一年多少", "amount")])
def test_what_is_asked_of_an_open_choice_waits_for_the_choice(
    says: Says, text: str, facet: str
) -> None:
    outcome = asking.choose(says(text, slots=CARDS))
    assert outcome is not None
    assert outcome.reply.text.startswith(phrases.CHOOSE_FIRST)
    slots = outcome.settled()
    assert (slots["awaiting"], slots["question"], slots["facet"]) == ("choice", "卡丢了", facet)


def test_who_puts_the_choice_off_for_another_question_gets_its_answer(says: Says) -> None:
    slots = {**CARDS, "offered": ["GG09", "GG10"], "question": "水电费"}
    for intent in ("ask_item", "go_back"):
        reply = answer.choose(says("先不说这个，社保卡丢了怎么补", intent, slots=slots)).reply
        assert (reply.kind, reply.item) == ("answer", "SB13")


def test_a_question_that_no_choice_is_near_to_picks_none(says: Says) -> None:
    slots = {**CARDS, "offered": ["GG08", "CL20", "SB13"], "question": "老年卡刷不出来了"}
    assert asking.choose(says("我八十了能领多少钱", slots=slots)) is None


def test_a_button_pressed_while_a_choice_is_open_is_no_question_about_the_choice(
    says: Says,
) -> None:
    context = says("", slots=CARDS, entities={"item": "SB13", "facet": "fee"})
    assert asking.choose(context) is None


@pytest.mark.parametrize("text", ["第一个", "4", "最后一个", "社保卡", "坐车的", ""])
def test_where_nothing_is_offered_nothing_is_picked(says: Says, text: str) -> None:
    assert asking.choose(says(text, "choose")) is None


@pytest.mark.parametrize("text", ["第一个", "那张卡", "卡", "老年"])
def test_words_that_no_one_choice_has_alone_name_none(says: Says, text: str) -> None:
    slots = {**CARDS, "offered": ["GA02", "GA03"]}
    assert asking.named(says(text, slots=slots)) is None


# None of these


def test_none_of_these_offers_the_next_best_once_and_then_a_person(says: Says) -> None:
    first = asking.none_of_these(says("都不是", "none_of_these", slots=CARDS))
    assert first.reply.text.startswith(phrases.NEXT_BEST)
    remembered = {**CARDS, **first.settled()}
    assert remembered["refused"] == CARDS["offered"]
    assert (remembered["question"], remembered["facet"]) == ("卡丢了", "fee")
    assert not {*remembered["offered"]} & {*CARDS["offered"]}
    assert all(button.payload.endswith(":fee") for button in first.reply.buttons[:-1])
    desk = FakeDesk()
    second = asking.none_of_these(says("都不是", "none_of_these", slots=remembered, desk=desk))
    assert (second.reply.kind, desk.calls) == ("handover", ["failures"])
    assert second.reply.text.startswith(phrases.NOT_UNDERSTOOD_AGAIN)


ONE = {"awaiting": "choice", "offered": ["SB13"], "question": "卡坏了", "facet": "fee"}


def test_yes_takes_the_only_one_offered(guide: Guide) -> None:
    nothing = Match((), 0.0, "step_back", ())
    outcome = asking.choose(understood(nothing, guide, ONE, text="对", intent="affirm"))
    assert outcome is not None
    assert (outcome.reply.kind, outcome.reply.item, outcome.reply.facet) == (
        "answer",
        "SB13",
        "fee",
    )


def test_a_yes_that_names_another_matter_takes_nothing(says: Says) -> None:
    yes = says("对，我要办居住证的签注", "affirm", slots=ONE)
    chosen = asking.choose(yes)
    assert chosen is None or chosen.reply.item != "SB13"


def test_yes_to_several_takes_none_of_them_and_shows_them_again(says: Says) -> None:
    reply = asking.choose(says("对", "affirm", slots=CARDS))
    assert reply is not None
    assert (reply.reply.kind, offered(reply.reply)) == ("clarify", CARDS["offered"])
    assert reply.reply.text.startswith(phrases.CHOOSE_FIRST)


def test_no_to_the_only_one_offered_lets_her_say_it_in_other_words(guide: Guide) -> None:
    desk = FakeDesk()
    outcome = asking.none_of_these(only("SB13", guide, ONE, text="不是", desk=desk))
    assert (outcome.reply.kind, desk.calls) == ("fallback", [])


def test_where_nothing_else_is_near_none_of_these_leads_to_a_person(guide: Guide) -> None:
    ranked = candidates("SB13", "CL20", "GG08")
    desk = FakeDesk()
    context = understood(Match(ranked, 0.5, "ask", ranked), guide, CARDS, desk=desk)
    assert asking.none_of_these(context).reply.kind == "handover"
    assert desk.calls == ["failures"]


def test_what_is_hardly_near_is_not_offered_as_the_next_best(guide: Guide) -> None:
    ranked = (
        *candidates("SB13", "CL20", "GG08"),
        *candidates("GA02"),
        *candidates("MZ10", score=0.01),
    )
    context = understood(Match(ranked, 0.5, "ask", ranked[:3]), guide, CARDS)
    assert "MZ10" not in offered(asking.none_of_these(context).reply)


# Not understood


def missed(guide: Guide, misses: str | None, *owners: str, intent: str = "ask_item") -> Outcome:
    """Something that is not understood, so often in a row, with these records somewhat near."""
    match = Match(candidates(*owners), 0.1, "step_back", ())
    return asking.step_back(understood(match, guide, {"misses": misses}, intent=intent))


def test_not_understood_is_a_ladder_of_examples_then_choices_then_a_person(guide: Guide) -> None:
    first = missed(guide, None, "SB13", "GG08")
    assert (first.reply.kind, first.reply.text) == ("fallback", phrases.NOT_UNDERSTOOD)
    assert first.settled()["misses"] == "once"
    second = missed(guide, "once", "SB13", "GG08")
    assert second.reply.kind == "clarify"
    assert second.reply.text.startswith(phrases.GUESSES)
    assert (second.settled()["misses"], second.settled()["awaiting"]) == ("twice", "choice")
    third = missed(guide, "twice", "SB13", "GG08")
    assert (third.reply.kind, third.reply.intent) == ("handover", "unknown")
    assert third.settled()["misses"] is None


def test_without_guesses_a_person_comes_one_step_earlier(guide: Guide) -> None:
    assert missed(guide, "once").reply.kind == "handover"


@pytest.mark.parametrize("misses", [None, "once"])
def test_nothing_is_never_guessed(guide: Guide, misses: str | None) -> None:
    reply = missed(guide, misses, NOTHING, "SB13").reply
    assert offered(reply)[0] == "SB13"


@pytest.mark.parametrize("intent", ["dont_understand", "complain_bot", "deny", "none_of_these"])
def test_who_gives_up_after_a_miss_gets_a_person_at_once(guide: Guide, intent: str) -> None:
    assert missed(guide, "once", "SB13", intent=intent).reply.kind == "handover"


def test_what_is_understood_ends_the_ladder(says: Says) -> None:
    outcome = answer.answer(says("社保卡坏了怎么换", slots={"misses": "once"}))
    assert outcome.reply.kind == "answer"
    assert outcome.settled()["misses"] is None


# A whole class, a turn of life


@pytest.mark.parametrize("text", ["孩子出生要办什么", "家里老人走了要办哪些事"])
def test_a_turn_of_life_is_shown_as_its_errands(says: Says, text: str) -> None:
    outcome = asking.overview(says(text, "whole_class"))
    assert outcome is not None
    assert outcome.reply.kind == "answer"
    assert outcome.settled()["awaiting"] == "choice"
    assert len(outcome.settled()["offered"]) > 1


@pytest.mark.parametrize("text", ["asdf", "", "要带什么"])
def test_where_no_class_is_near_there_is_no_overview(says: Says, text: str) -> None:
    assert asking.overview(says(text, "whole_class")) is None
