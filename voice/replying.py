"""Asking for an answer, waiting for it, and reading it aloud; a person if there is none.

When something is asked is decided by ``voice.dialogue``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from voice.answerer import Hypothesis, SpokenReply
from voice.asking import Answered
from voice.commands import PERSON, Command
from voice.floor import prompts
from voice.keys import Meaning
from voice.ladders import PERSON_RUNG, Ladder, no_match_prompts
from voice.parts import Parts
from voice.reading import NOTHING, Page, Reading
from voice.speaking import Sentence
from voice.waiting import Waiting

MOST_FAILURES = 3
# A key's own tone is not speech.
DEAF_SECONDS = 0.4
_KEYS_ONLY_HINTS = {"yes_no": "no_input_yes_no_keys", "digits": "no_input_digits_keys"}


class Replying:
    """What the answerer says in one call, and what is said in its place."""

    def __init__(self, parts: Parts) -> None:
        self.reading = Reading()
        self.page = Page((), "listen")  # what “say that again” says
        self.offers_call_back = False
        self._clock, self._log, self._floor = parts.clock, parts.log, parts.floor
        self._asking, self._hearing = parts.asking, parts.hearing
        self._speaking, self._listening = parts.speaking, parts.listening
        self._waiting = Waiting(parts.clock, parts.limits)
        self._no_match = Ladder()
        self._failures = 0
        self._wants_person = self._is_late = False

    @property
    def is_seeking_person(self) -> bool:
        """Whether a person is being sought just now."""
        return self._wants_person and self._floor.state == "think"

    @property
    def _awaits_late_answer(self) -> bool:
        return self._is_late and self._floor.state in ("speak", "listen")

    def greet(self, office: str) -> None:
        """Say who speaks and that it is written down; ask meanwhile what is known of the caller."""
        self._asking.begin()
        notice = prompts("greeting", "notice", yields_to="keys", office=office)
        self._read(Page(notice, "opening"))

    def open(self) -> None:
        """The greeting is said: go on with what the answerer knows of the caller, and invite."""
        answered = self._asking.poll()
        self._asking.drop()
        reply = answered.reply if answered is not None else None
        if reply is not None and (reply.sentences or reply.then != "listen"):
            self._speak(reply)
            return
        if self._listening.is_ready:
            said = prompts("greeting_ask", "greeting_person")
        else:
            said = prompts("keys_only", "keys_call_back", "keys_person")
        self.page = Page((*self.page.sentences, *said), "listen")
        self._floor.say(said)

    def await_words(self) -> None:
        """The caller is done speaking; recognition first, then the answer."""
        self._floor.enter("think")
        self._waiting.start()

    def ask(self, hypotheses: Sequence[Hypothesis], keys: str = "") -> None:
        """Ask the answerer; whatever was asked before is not wanted any more."""
        self._floor.interrupt()
        self._speaking.forget()
        self.reading.stop()
        self._wants_person = self._is_late = False
        self._asking.ask(hypotheses, keys)
        self.await_words()

    def watch(self) -> None:
        """Do what has fallen due while an answer is awaited."""
        is_thinking = self._floor.state == "think"
        is_adding = is_thinking and not self._wants_person and self._hearing.is_adding
        if is_adding and self._listening.is_open:
            self._waiting.start()
        elif not is_adding and (is_thinking or self._awaits_late_answer):
            answered = self._asking.poll()
            if answered is not None:
                self._on_answer(answered)
                return
        if is_thinking and (due := self._waiting.due()) is not None:
            if due == "too_slow":
                self._on_too_slow()
            else:
                self._speaking.say(prompts(due))

    def change(self, wish: Command | Meaning) -> None:
        """Slower, louder, again: in every case what was said last is said again."""
        said: tuple[Sentence, ...] = ()
        if wish == "slower":
            self._speaking.slow_down()
            said = prompts("slower")
        elif wish == "louder":
            said = prompts("louder" if self._speaking.turn_up() else "loudest")
        if self._floor.state != "think" or not self._asking.is_waiting:
            self._floor.say((*said, *self.page.sentences), self.page.after)

    def go_on(self, is_wanted: bool) -> None:
        """“Go on?” is answered."""
        if is_wanted:
            self._read(self.reading.go_on())
        else:
            self.reading.stop()
            self._floor.say(prompts("stopped", "anything_else"))

    def on_no_match(self) -> None:
        """Something was said, and not a word recognised."""
        rung = self._no_match.climb()
        if rung >= PERSON_RUNG:
            self.seek_person("person_instead")
        else:
            self._floor.say(prompts(*no_match_prompts(rung)), self.reading.after_hint)

    def seek_person(self, said: str = "person_wait") -> None:
        """Ask the answerer, who knows whether anybody is there; without an answer, hand over."""
        is_on_the_way = self._floor.is_leaving and self._floor.after == "hand_over"
        if is_on_the_way or self.is_seeking_person:
            return
        self.ask((PERSON,))
        self._hearing.drop(DEAF_SECONDS)
        self._wants_person = True
        self._waiting.start_for_person()
        self._speaking.say(replace(sentence, is_due=True) for sentence in prompts(said))

    def drop(self) -> None:
        """Nothing is wanted of the answerer any more, nothing is left to read."""
        self._asking.drop()
        self.reading.open(NOTHING)
        self._wants_person = self._is_late = False

    def _on_answer(self, answered: Answered) -> None:
        self._log.stage("answered")
        self._is_late = False
        reply = answered.reply
        if self._wants_person and (reply is None or not reply.is_sure):
            self._hand_over("hand_over")
        elif reply is None:
            self._on_failure("sorry", "say_again", "keys_person")
        else:
            self._wants_person = False
            self._failures = 0
            self._deliver(reply)

    def _deliver(self, reply: SpokenReply) -> None:
        if reply.is_sure or reply.is_urgent or reply.then != "listen":
            self._no_match.reset()
            self._speak(reply)
            return
        rung = self._no_match.climb()
        if rung >= PERSON_RUNG:
            self.seek_person("person_instead")
        elif not reply.sentences or (rung == 1 and reply.expects == "choice"):
            self.reading.open(NOTHING)
            self._floor.say(prompts("not_understood"))
        else:
            self._speak(reply)

    def _speak(self, reply: SpokenReply) -> None:
        self.offers_call_back = False
        page = self.reading.open(reply)
        self._listening.expect(reply.expects, reply.hot_words)
        if page.sentences or reply.then == "listen":
            self._read(page)
        elif reply.then == "hand_over":
            self._hand_over("hand_over")
        else:
            self._floor.say(prompts("goodbye"), "hang_up")

    def _read(self, page: Page) -> None:
        """Say a page of a reply, and how it can be answered."""
        sentences = (*page.sentences, *prompts(*self._invitation(page)))
        self.page = Page(sentences, page.after)
        self._floor.say(sentences, page.after)

    def _invitation(self, page: Page) -> tuple[str, ...]:
        is_by_keys = not self._listening.is_ready
        if page.after == "go_on":
            return ("go_on", "no_input_yes_no_keys") if is_by_keys else ("go_on",)
        if page.after != "listen":
            return ()
        reply = self.reading.reply
        if reply.expects != "free":
            hint = _KEYS_ONLY_HINTS.get(reply.expects)
            return (hint,) if is_by_keys and hint else ()
        if is_by_keys:
            return ("keys_call_back", "keys_person")
        if not reply.is_sure:
            return ("keys_person",) if self._no_match.rung > 1 else ()
        return () if page.asks else ("anything_else",)

    def _on_failure(self, *said: str) -> None:
        self._failures += 1
        self._log.add("failure")
        if self._failures >= MOST_FAILURES:
            self._hand_over("sorry_person")
        else:
            self._floor.say(prompts(*said))

    def _on_too_slow(self) -> None:
        if self._wants_person:
            self._hand_over("hand_over")
            return
        self._hearing.drop()
        self.reading.open(NOTHING)
        self.offers_call_back = True
        # Should the answer still come before the caller says anything, it is given.
        self._is_late = self._asking.is_waiting
        self._on_failure("too_slow", "keys_call_back", "keys_person")

    def _hand_over(self, said: str) -> None:
        self.drop()
        self._hearing.drop()
        self._floor.say(prompts(said, yields_to="nothing"), "hand_over")
