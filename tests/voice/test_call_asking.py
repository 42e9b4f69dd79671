"""One question at a time, one end per call, in threads that may fail."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.voice.fakes_call import FakeAnswerer, ManualExecutor
from voice.answerer import CallInfo, Hypothesis, SpokenReply
from voice.asking import Answered, Asking

INFO = CallInfo("call-1", "13800001111")
FIRST, SECOND = Hypothesis("第一", 0.9), Hypothesis("第二", 0.9)


class Line(Asking):
    def __init__(self, is_prompt: bool = False) -> None:
        self.answerer, self.executor = FakeAnswerer(), ManualExecutor(is_prompt)
        super().__init__(INFO, self.answerer, self.executor)


def test_an_answer_is_given_once() -> None:
    line = Line()
    line.ask([FIRST])
    assert line.is_waiting
    assert line.poll() is None
    line.executor.run()
    assert line.poll() == Answered(SpokenReply(("社保卡可以补办。",)))
    assert not line.is_waiting
    assert line.poll() is None


def test_two_questions_of_a_call_are_never_worked_on_at_once() -> None:
    line = Line()
    line.ask([FIRST])
    line.ask([SECOND])
    assert len(line.executor.waiting) == 1
    line.executor.run()
    assert line.poll() is None
    assert len(line.executor.waiting) == 1
    line.executor.run()
    assert line.poll() is not None
    assert [text for text, _ in line.answerer.asked] == ["第一", "第二"]


def test_of_several_questions_only_the_newest_is_put() -> None:
    line = Line()
    line.ask([FIRST])
    line.ask([Hypothesis("weg", 0.9)])
    line.ask([SECOND])
    for _ in range(3):
        line.executor.run()
        line.poll()
    assert [text for text, _ in line.answerer.asked] == ["第一", "第二"]


def test_an_answer_that_is_not_wanted_any_more_is_dropped() -> None:
    line = Line()
    line.ask([FIRST])
    line.drop()
    line.executor.run()
    assert line.poll() is None
    line.ask([SECOND])
    line.executor.run()
    assert line.poll() is not None


def test_a_failure_is_an_answer_without_a_reply(caplog: pytest.LogCaptureFixture) -> None:
    line = Line(is_prompt=True)
    line.answerer.otherwise = RuntimeError("caller 13800001111 said")
    line.ask([FIRST])
    assert line.poll() == Answered(None)
    assert "RuntimeError" in caplog.text
    assert "13800001111" not in caplog.text


def test_the_end_comes_once_and_after_what_is_running() -> None:
    line = Line()
    line.ask([FIRST])
    future, work = line.executor.waiting.popleft()
    future.set_running_or_notify_cancel()
    line.end("hung_up")
    line.end("completed")
    line.executor.run()
    assert line.answerer.ended == []
    future.set_result(work())
    line.executor.run()
    assert line.answerer.ended == [("call-1", "hung_up")]


def test_a_question_that_nobody_has_begun_is_withdrawn_at_the_end() -> None:
    line = Line()
    line.ask([FIRST])
    line.end("hung_up")
    line.executor.run()
    assert line.answerer.asked == []
    assert line.answerer.ended == [("call-1", "hung_up")]


def test_the_end_is_told_even_if_the_executor_is_shut_down() -> None:
    line = Line()
    line.executor.is_down = True
    line.ask([FIRST])
    assert line.poll() == Answered(None)
    line.end("failed")
    assert line.answerer.ended == [("call-1", "failed")]


def test_an_end_that_fails_stays_inside(caplog: pytest.LogCaptureFixture) -> None:
    line = Line(is_prompt=True)

    def broken(call_id: str, how: str) -> None:
        raise RuntimeError("down")

    line.answerer.end = broken  # type: ignore[method-assign]
    line.end("completed")
    assert "RuntimeError" in caplog.text


def test_real_threads_keep_the_order_of_a_call() -> None:
    """Many calls share two threads; each gets its answer, then its end, and never both at once."""

    class Slow(FakeAnswerer):
        def __init__(self) -> None:
            super().__init__()
            self.busy = threading.Lock()

        def answer(self, call_id: str, hypotheses: object, keys: str = "") -> SpokenReply:
            assert self.busy.acquire(blocking=False)
            time.sleep(0.002)
            self.busy.release()
            return super().answer(call_id, hypotheses, keys)  # type: ignore[arg-type]

        def end(self, call_id: str, how: str) -> None:
            assert self.busy.acquire(blocking=False)
            self.busy.release()
            super().end(call_id, how)

    answerers = [Slow() for _ in range(20)]
    with ThreadPoolExecutor(2) as executor:
        lines = [Asking(CallInfo(str(n)), a, executor) for n, a in enumerate(answerers)]
        for line in lines:
            line.begin()
            line.ask([FIRST])
            line.ask([SECOND])
        until = time.monotonic() + 5
        answered: set[int] = set()
        while len(answered) < 20 and time.monotonic() < until:
            answered |= {n for n, line in enumerate(lines) if line.poll() is not None}
        for line in lines:
            line.ask([FIRST])
            line.end("hung_up")
    assert len(answered) == 20
    assert [len(a.ended) for a in answerers] == [1] * 20
