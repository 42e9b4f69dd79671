"""Ask which record is meant, understand what is picked, and step back when nothing fits.

Not understood is a ladder: other words with two examples, then choices, then a person.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from bot.actions.beside import pairs_of
from bot.actions.context import FAIRLY_LIKELY, Context, Outcome
from bot.actions.memory import joined
from bot.actions.person import call_person
from bot.actions.positions import is_ordinal, position_in
from bot.actions.telling import HUMAN_BUTTON, OVERVIEW, about, event, plain
from bot.conversations import phrases
from bot.conversations.messages import Button, Offer
from knowledge.search.facets import cued_facets, facets, has_subject, subject_of
from knowledge.search.matcher import MOST_CHOICES, Candidate
from nlu.protocol import Reading, Understanding

# How far down the ranking “都不是” looks for the next best.
RANKED = 12
_ASKS_HOW = re.compile(r"怎么(拿|办|弄|领|申请|搞)|咋(办|弄)")
# A guess worth offering when nothing was sure.
WORTH_OFFERING = 0.03
WORTH_GUESSING = 0.1
# An offered record that words describe, without naming it.
WORTH_TAKING = 0.3
# So many times likelier than what is offered is what is another matter.
MUCH_LIKELIER = 1.5
# The first has this share of all that is offered where nobody need be asked twice.
CLEARLY_ONE = 0.95
# A courtesy is no longer.
LONGEST_COURTESY = 5
# Longer words that ask for something are more than the description of a choice.
LONGEST_DESCRIPTION = 6
# After a failure these mean another one.
GIVES_UP = ("dont_understand", "complain_bot", "deny", "none_of_these")
# “营业执照呢” may be a choice or turn to another matter.
_AND_THAT = re.compile(r"^(那|那么)?.{2,12}呢[？?。！!]*$")
# The second beside a single choice.
BARELY_WORTH = 0.012
OFFERED_KINDS = ("item", "outline", "subject", "event", "topic", "checklist", "report")


def clarify(
    context: Context,
    choices: Sequence[Candidate],
    lead: str = phrases.WHICH,
    asked: Sequence[str] = (),
) -> Outcome:
    """Ask which of at most three records is meant, or whether the only likely one is.

    What is chosen is answered with the facets ``asked``, without them with those of the message.
    """
    said, memory = context.understanding, context.memory
    asked = asked or said.facets
    facet = joined(asked)
    if len(choices) == 1:
        choices = [*choices, *_second(context, choices[0])]
    owners = [choice.owner for choice in choices]
    buttons = [Button(context.guide.name(owner), f"ask:{owner}:{facet}") for owner in owners]
    buttons.append(Button(phrases.NONE_OF_THESE, "none"))
    lines = "\n".join(f"{n}. {button.title}" for n, button in enumerate(buttons[:-1], start=1))
    text = f"{lead}\n{lines}"
    if len(owners) == 1 and lead == phrases.WHICH:
        text = phrases.IS_IT.format(name=buttons[0].title)
    reply = plain(context, "clarify", text, slot="item")
    offered = tuple(Offer(c.owner, context.guide.name(c.owner), c.score) for c in choices)
    reply = replace(
        reply, intent="ask_item", facet=asked[0], candidates=offered, buttons=tuple(buttons)
    )
    slots = {
        "awaiting": "choice",
        "offered": owners,
        "question": said.text or memory.question,
        "facet": facet,
        "refused": None,
    }
    return Outcome(reply, slots)


def also_which(context: Context, answered: Outcome, clause: str) -> Outcome:
    """Ask which record a clause means, after what could be answered of the same message."""
    match = context.match(clause, RANKED)
    reading = Reading(match, tuple(facets(clause)), bool(cued_facets(clause)), has_subject(clause))
    said = replace(context.understanding, text=clause, reading=reading)
    asked = clarify(
        replace(context, understanding=said), match.choices, f"“{clause}”，{phrases.WHICH}"
    )
    reply = replace(
        answered.reply,
        text=f"{answered.reply.text}\n\n{asked.reply.text}",
        candidates=asked.reply.candidates,
        buttons=asked.reply.buttons,
        slot="item",
    )
    return Outcome(reply, {**answered.slots, **asked.slots})


def _second(context: Context, first: Candidate) -> list[Candidate]:
    """The next in the ranking, so that there is something to choose from."""
    ranked = context.understanding.match.ranked
    kind = context.guide.report_kind(first.owner) or context.guide.report_kind_of(first.owner)
    same = {first.owner, *([kind.kind_id, kind.linked_item] if kind else [])}
    others = (c for c in ranked if c.owner not in same and c.kind in OFFERED_KINDS)
    return [c for c in others if c.score > BARELY_WORTH][:1]


def choose(context: Context) -> Outcome | None:
    """Take the offered record that was named by place, name or description; None if none was."""
    memory, said = context.memory, context.understanding
    if not memory.offered:
        return None
    place = position_in(said.text, len(memory.offered))
    if place is None:
        is_yes = only_says_yes(said)
        owner = _described(context)
        if owner is None and is_yes and len(memory.offered) == 1:
            owner = memory.offered[0]
        if owner is None and _asks_of_choice(context):
            owner = _obvious(context)
        if owner is None:
            is_open = is_yes or _asks_of_choice(context)
            return _again(context, phrases.CHOOSE_FIRST) if is_open else None
    elif place == len(memory.offered) <= MOST_CHOICES:
        return none_of_these(context)
    elif place >= len(memory.offered):
        return _again(context, phrases.NO_SUCH_NUMBER)
    else:
        owner = memory.offered[place]
    facets = said.facets if said.reading.facet_is_cued else (memory.facets or (OVERVIEW,))
    return about(context, owner, facets)


def _obvious(context: Context) -> str | None:
    """Who goes on asking without choosing means the first, where the rest is hardly likely."""
    scores = _scores(context, context.memory.question)
    best = max(scores, key=lambda owner: scores[owner], default=None)
    is_clear = best is not None and _share(scores, best) >= CLEARLY_ONE
    return best if is_clear and scores[str(best)] >= FAIRLY_LIKELY else None


def _asks_of_choice(context: Context) -> bool:
    """Whether something is asked of whichever is meant: “怎么拿”, “一年多少”."""
    said = context.understanding
    asks = said.reading.facet_is_cued or bool(_ASKS_HOW.search(said.text))
    return asks and not said.entities and not said.reading.has_subject


def by_place(context: Context) -> str | None:
    """Return the record that “第三个要带什么” means, in the list shown last."""
    said, offered = context.understanding, context.memory.offered
    if not (is_ordinal(said.text) and said.reading.facet_is_cued):
        return None
    place = position_in(said.text, len(offered))
    return offered[place] if place is not None and place < len(offered) else None


def _again(context: Context, lead: str) -> Outcome:
    """Show the choices once more; what was asked about them meanwhile is kept."""
    memory, said = context.memory, context.understanding
    asked = said.facets if said.reading.facet_is_cued else memory.facets
    outcome = clarify(context, shown(context, memory.offered[:MOST_CHOICES]), lead, asked)
    kept = {"question": memory.question, "refused": list(memory.refused)}
    return Outcome(outcome.reply, {**outcome.slots, **kept})


def shown(context: Context, owners: Sequence[str]) -> list[Candidate]:
    """Return records as choices, though no ranking holds them."""
    return [Candidate(owner, "item", context.guide.name(owner), 0.0, {}) for owner in owners]


def only_says_yes(said: Understanding) -> bool:
    """“对”, “嗯就是这个”; “对，我要办居住证” begins with a yes and names what is meant."""
    names = said.reading.has_subject and len(said.text) > LONGEST_COURTESY
    return said.intent == "affirm" and not names


def _described(context: Context) -> str | None:
    """The offered record that the words point to, if they are no question of their own."""
    memory, said = context.memory, context.understanding
    best = said.match.best
    if "<" in said.text:
        # A name, a number, an address: she tells who she is, which describes no record.
        return None
    is_sure = said.match.decision == "answer" and best is not None and said.reading.has_subject
    if is_sure and best is not None and best.is_named:
        return None
    if is_sure and best is not None and best.owner in memory.offered:
        return best.owner
    if _asks_its_own(context):
        return None
    if (by_name := named(context)) is not None:
        return by_name
    if is_of_another(context) and not _adds_to_question(context):
        return None
    if len(memory.offered) == 1 and said.reading.facet_is_cued:
        return memory.offered[0]
    return _likelier(context) if said.reading.has_subject and not is_sure else None


def _asks_its_own(context: Context) -> bool:
    """“我八十了能领多少钱” while cards are offered: a question that none of them is near to."""
    said = context.understanding
    best = said.match.best
    is_long = len(said.text) > LONGEST_DESCRIPTION and said.reading.facet_is_cued
    if best is None or not (is_long or _AND_THAT.match(said.text)):
        return False
    near = {each.owner for each in said.match.ranked[:MOST_CHOICES]}
    return best.score >= WORTH_TAKING and not near & {*context.memory.offered}


def is_of_another(context: Context) -> bool:
    """“那先上户口” while insurances are offered: fairly likely of something else."""
    match = context.understanding.match
    offered = [each.score for each in match.ranked if each.owner in context.memory.offered]
    is_far = max(offered, default=0.0) * MUCH_LIKELIER < match.probability
    return match.probability >= FAIRLY_LIKELY and is_far


def _adds_to_question(context: Context) -> bool:
    """“我当过兵的”: a statement which, said with the question, makes one of those offered plain."""
    said, memory = context.understanding, context.memory
    if said.reading.facet_is_cued or _AND_THAT.match(said.text):
        return False
    together = context.match(f"{memory.question}，{said.text}", RANKED)
    best = together.best
    return together.decision == "answer" and best is not None and best.owner in memory.offered


def named(context: Context) -> str | None:
    """Return the one offered record whose names share two characters with the words."""
    memory = context.memory
    text = subject_of(context.understanding.text)
    pairs = {o: {p for n in context.guide.names(o) for p in pairs_of(n)} for o in memory.offered}
    shared: dict[str, int] = {}
    for owner, mine in pairs.items():
        others = set().union(*(theirs for o, theirs in pairs.items() if o != owner))
        shared[owner] = len({*pairs_of(text)} & (mine - others))
    ranked = sorted(shared, key=lambda owner: -shared[owner])
    if not ranked or not shared[ranked[0]]:
        return None
    if len(ranked) > 1 and shared[ranked[1]] == shared[ranked[0]]:
        return None
    return ranked[0]


def _likelier(context: Context) -> str | None:
    """The offered record that the question becomes likelier of with these words added."""
    memory = context.memory
    before = _scores(context, memory.question)
    after = _scores(context, f"{memory.question}，{context.understanding.text}")
    best = max(memory.offered, key=lambda owner: after.get(owner, 0.0))
    is_worth_it = after.get(best, 0.0) >= WORTH_TAKING
    return best if is_worth_it and _share(after, best) > _share(before, best) else None


def _scores(context: Context, text: str) -> dict[str, float]:
    ranked = context.match(text, RANKED).ranked
    offered = set(context.memory.offered)
    return {c.owner: c.score for c in ranked if c.owner in offered}


def _share(scores: dict[str, float], owner: str) -> float:
    """Its part of all the scores; how sure the whole is does not count."""
    return scores.get(owner, 0.0) / max(sum(scores.values()), 1e-9)


def none_of_these(context: Context) -> Outcome:
    """“都不是”: the next best once, then a person."""
    memory = context.memory
    refused = [*memory.refused, *memory.offered]
    if memory.refused or not memory.question:
        return call_person(context, "failures")
    found = context.match(memory.question, RANKED).ranked
    rest = [
        c
        for c in found
        if c.owner not in refused and c.kind in OFFERED_KINDS and c.score > WORTH_OFFERING
    ]
    if not rest and len(memory.offered) == 1:
        # One guess was wrong: she may still say it in other words.
        return step_back(context)
    if not rest:
        return call_person(context, "failures")
    # The facets are the first question's; “都不是” has none.
    outcome = clarify(context, rest[:MOST_CHOICES], phrases.NEXT_BEST, memory.facets)
    slots = {"question": memory.question, "refused": refused}
    return Outcome(outcome.reply, {**outcome.slots, **slots})


def step_back(context: Context) -> Outcome:
    """Say that it was not understood: examples first, then choices, then a person."""
    said, misses = context.understanding, context.memory.misses
    guesses = [
        c for c in said.match.ranked if c.kind in ("item", "outline") and c.score > WORTH_GUESSING
    ][:MOST_CHOICES]
    gives_up = said.intent in GIVES_UP and bool(misses)
    if gives_up or context.desk.is_waiting():
        return call_person(context, "failures")
    if misses == "twice" or (misses == "once" and not guesses):
        return call_person(context, "failures")
    if misses == "once":
        outcome = clarify(context, guesses, phrases.GUESSES)
        return Outcome(outcome.reply, {**outcome.slots, "misses": "twice"})
    buttons = [
        Button(context.guide.name(c.owner), f"ask:{c.owner}:{joined(said.facets)}") for c in guesses
    ]
    reply = plain(context, "fallback", phrases.NOT_UNDERSTOOD, buttons=(*buttons, HUMAN_BUTTON))
    return Outcome(replace(reply, intent="unknown"), {"misses": "once"})


def overview(context: Context) -> Outcome | None:
    """A whole class or a turn of life, if one is near enough; None if not."""
    said = context.understanding
    if not said.reading.has_subject:
        return None
    ranked = context.match(said.text, RANKED).ranked
    found = next((c for c in ranked if c.kind == "event"), None)
    if found is None or found.score < WORTH_OFFERING:
        return None
    return event(context, found.owner)
