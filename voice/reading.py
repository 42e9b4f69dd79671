"""A reply that is read aloud: at most three sentences, then the question whether to go on."""

from __future__ import annotations

from dataclasses import dataclass

from voice.answerer import Expects, SpokenReply
from voice.floor import After
from voice.speaking import Sentence

PAGE_SENTENCES = 3
_QUESTIONS = ("？", "?")
NOTHING = SpokenReply(())


@dataclass(frozen=True)
class Page:
    """What is read in one go, and what comes after it."""

    sentences: tuple[Sentence, ...]
    after: After

    @property
    def asks(self) -> bool:
        """Whether it ends with a question of its own."""
        return bool(self.sentences) and self.sentences[-1].text.rstrip("”」").endswith(_QUESTIONS)


class Reading:
    """The reply that is being read, and what the caller is expected to say to it."""

    def __init__(self) -> None:
        self.reply = NOTHING
        self.is_paused = False  # “go on?” is asked, and there is more
        self.went_on_silently = False
        self._rest: tuple[Sentence, ...] = ()

    @property
    def expects(self) -> Expects:
        """What kind of words are awaited; after “go on?” any, since a new question is welcome."""
        return "free" if self.is_paused else self.reply.expects

    @property
    def after_hint(self) -> After:
        """What follows a sentence put in between: what was waited for before."""
        return "go_on" if self.is_paused else "listen"

    @property
    def keys_for(self) -> Expects:
        """What keys and the shortest words are for."""
        return "yes_no" if self.is_paused else self.reply.expects

    def open(self, reply: SpokenReply) -> Page:
        """Begin to read ``reply``."""
        self.stop()
        self.reply = reply
        self.went_on_silently = False
        sentences = _sentences(reply)
        # What has to be answered, leads to an end or is urgent is read in one go.
        if reply.expects == "free" and reply.then == "listen" and not reply.is_urgent:
            return self._page(sentences)
        return Page(sentences, reply.then)

    def go_on(self) -> Page:
        """Read what comes next."""
        self.is_paused = False
        return self._page(self._rest)

    def stop(self) -> None:
        """What was not read stays unread."""
        self.is_paused, self._rest = False, ()

    def _page(self, sentences: tuple[Sentence, ...]) -> Page:
        self._rest = sentences[PAGE_SENTENCES:]
        after: After = "go_on" if self._rest else self.reply.then
        return Page(sentences[:PAGE_SENTENCES], after)


def _sentences(reply: SpokenReply) -> tuple[Sentence, ...]:
    texts = [text.strip() for text in reply.sentences if text.strip()]
    sentences = tuple(Sentence(text, is_answer=True) for text in texts)
    if not (reply.is_urgent and sentences):
        return sentences
    first = Sentence(texts[0], is_answer=True, yields_to="nothing")
    return (first, *sentences)
