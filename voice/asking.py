"""Asks the answerer in a thread: one question at a time, one end per call, no exception gets out.

What the call does while it waits, and with a failure, is decided elsewhere.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError, Executor, Future
from dataclasses import dataclass
from functools import partial

from voice.answerer import Answerer, CallInfo, Ending, Hypothesis, SpokenReply

log = logging.getLogger(__name__)

Question = Callable[[], SpokenReply]


@dataclass(frozen=True)
class Answered:
    """``reply`` is None if the answerer failed."""

    reply: SpokenReply | None


class Asking:
    """One call's line to the answerer.

    A new question makes the one before unwanted; it is put only when that one has been answered,
    so the answerer never works on two questions of a call at once.
    """

    def __init__(self, info: CallInfo, answerer: Answerer, executor: Executor) -> None:
        self._info, self._answerer, self._executor = info, answerer, executor
        self._running: Future[SpokenReply] | None = None
        self._is_wanted = False
        self._next: Question | None = None
        self._has_ended = False

    @property
    def is_waiting(self) -> bool:
        """Whether an answer is awaited."""
        return self._is_wanted

    def begin(self) -> None:
        """Tell of the call; its reply is the first answer."""
        self._put(partial(self._answerer.begin, self._info))

    def ask(self, hypotheses: Sequence[Hypothesis], keys: str = "") -> None:
        """Put a question, and want no other answer."""
        question = partial(self._answerer.answer, self._info.call_id, tuple(hypotheses), keys)
        self._put(question)

    def drop(self) -> None:
        """Want no answer any more; a question that was not yet put is withdrawn."""
        self._is_wanted, self._next = False, None

    def poll(self) -> Answered | None:
        """Return the answer that is wanted, once, if it is there."""
        if self._running is None or not self._running.done():
            return None
        if self._next is not None:
            self._advance()
            return None
        finished, self._running = self._running, None
        if not self._is_wanted:
            return None
        self._is_wanted = False
        return Answered(self._reply_of(finished))

    def end(self, how: Ending) -> None:
        """Tell how the call ended, after what is running; only the first time counts."""
        if self._has_ended:
            return
        self._has_ended = True
        self.drop()
        running = self._running
        if running is None:
            self._send_end(how)
            return
        running.cancel()
        running.add_done_callback(lambda _: self._send_end(how))

    def _put(self, question: Question) -> None:
        self._next, self._is_wanted = question, True
        if self._running is None or self._running.done():
            self._advance()

    def _advance(self) -> None:
        question, self._next = self._next, None
        assert question is not None
        try:
            self._running = self._executor.submit(question)
        except RuntimeError as error:
            # The executor is shut down; the call will hear of it as of any failure.
            self._running = Future()
            self._running.set_exception(error)

    def _reply_of(self, finished: Future[SpokenReply]) -> SpokenReply | None:
        try:
            reply = finished.result()
        except (Exception, CancelledError) as error:  # noqa: BLE001 (each becomes an apology)
            # The message may hold what a caller said; the kind of error does not.
            log.error("call %s: no answer, %s", self._info.call_id, type(error).__name__)
            return None
        return reply if isinstance(reply, SpokenReply) else None

    def _send_end(self, how: Ending) -> None:
        try:
            self._executor.submit(self._tell_end, how)
        except RuntimeError:
            self._tell_end(how)

    def _tell_end(self, how: Ending) -> None:
        try:
            self._answerer.end(self._info.call_id, how)
        except Exception as error:  # noqa: BLE001 (nobody is left to be told)
            log.error("call %s: end not taken, %s", self._info.call_id, type(error).__name__)
