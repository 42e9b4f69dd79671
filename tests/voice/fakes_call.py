"""A caller, and everything around a call, made of plain Python: no sound, no threads, no clock."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future
from typing import Any

from voice.answerer import CallInfo, Hypothesis, SpokenReply
from voice.audio import FRAME_BYTES, SILENCE
from voice.call import Call
from voice.commands import bare
from voice.errors import RecognizerUnavailable
from voice.events import CallEvent

FRAMES_PER_SECOND = 50
VOICE = b"\x10\x02" * (FRAME_BYTES // 2)  # what the caller's voice looks like on the line
OURS = b"\x00\x10" * (FRAME_BYTES // 2)  # what our own looks like
FRAMES_PER_CHARACTER = 10


def done(value: Any) -> Future[Any]:
    future: Future[Any] = Future()
    future.set_result(value)
    return future


def failed(error: BaseException) -> Future[Any]:
    future: Future[Any] = Future()
    future.set_exception(error)
    return future


class FakeActivity:
    """Speech is what is not silence."""

    def step(self, frame: bytes) -> bool:
        return frame == VOICE


class FakeEchoes:
    """An echo is a part of what we said."""

    def is_echo(self, partial: str, speaking: str) -> bool:
        return bare(partial) in bare(speaking)


class FakeSpeech:
    """Renders at once, unless told to hold back, to stay mute or to fail."""

    def __init__(self) -> None:
        self.rendered: list[tuple[str, bool]] = []
        self.held: list[tuple[str, Future[bytes]]] = []
        self.is_holding = False
        self.unspeakable: Callable[[str], bool] = lambda text: False

    def render(self, sentence: str, *, slow: bool = False) -> Future[bytes]:
        self.rendered.append((sentence, slow))
        if self.is_holding:
            self.held.append((sentence, Future()))
            return self.held[-1][1]
        return done(self.sound(sentence))

    def sound(self, sentence: str) -> bytes:
        return b"" if self.unspeakable(sentence) else OURS * (len(sentence) * FRAMES_PER_CHARACTER)

    def release(self) -> None:
        for sentence, future in self.held:
            future.set_result(self.sound(sentence))
        self.held.clear()


class FakeStream:
    """Hears what it was told to, a character every 0.1 s of sound."""

    def __init__(self, owner: FakeRecogniser, hypotheses: tuple[Hypothesis, ...]) -> None:
        self.owner, self.hypotheses = owner, hypotheses
        self.fed = 0
        self.is_closed = False

    def feed(self, pcm: bytes) -> None:
        frames = [pcm[at : at + FRAME_BYTES] for at in range(0, len(pcm), FRAME_BYTES)]
        self.fed += sum(frame == VOICE for frame in frames)

    @property
    def partial(self) -> str:
        text = self.hypotheses[0].text if self.hypotheses else ""
        return self.owner.partial_of(text[: self.fed // 5])

    def finish(self) -> Future[tuple[Hypothesis, ...]]:
        self.is_closed = True
        if self.owner.is_holding:
            self.owner.held.append((Future(), self.hypotheses))
            return self.owner.held[-1][0]
        return self.owner.finishes(self.hypotheses)

    def close(self) -> None:
        self.is_closed = True


class FakeRecogniser:
    """Recognises the utterances it was told of, in their order, and nothing beyond them."""

    def __init__(self) -> None:
        self.is_ready = True
        self.refuses = False
        self.is_holding = False
        self.held: list[tuple[Future[Any], tuple[Hypothesis, ...]]] = []
        self.coming: deque[tuple[Hypothesis, ...]] = deque()
        self.streams: list[FakeStream] = []
        self.asked: list[tuple[str, tuple[str, ...]]] = []
        self.partial_of: Callable[[str], str] = lambda text: text
        self.finishes: Callable[[tuple[Hypothesis, ...]], Future[Any]] = done

    def stream(self, expects: str = "free", hot_words: Sequence[str] = ()) -> FakeStream:
        if self.refuses:
            raise RecognizerUnavailable("no model")
        self.asked.append((expects, tuple(hot_words)))
        self.streams.append(FakeStream(self, self.coming.popleft() if self.coming else ()))
        return self.streams[-1]

    def release(self) -> None:
        for future, hypotheses in self.held:
            future.set_result(hypotheses)
        self.held.clear()


class ManualExecutor(Executor):
    """Runs what was submitted when told to, in the caller's thread."""

    def __init__(self, is_prompt: bool = True) -> None:
        self.is_prompt = is_prompt
        self.is_down = False
        self.waiting: deque[tuple[Future[Any], Callable[[], Any]]] = deque()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        if self.is_down:
            raise RuntimeError("cannot schedule new futures after shutdown")
        future: Future[Any] = Future()
        self.waiting.append((future, lambda: fn(*args, **kwargs)))
        if self.is_prompt:
            self.run()
        return future

    def run(self) -> None:
        while self.waiting:
            future, work = self.waiting.popleft()
            if not future.set_running_or_notify_cancel():
                continue
            try:
                result = work()
            except Exception as error:  # noqa: BLE001 (as an executor does)
                future.set_exception(error)
            else:
                future.set_result(result)


class FakeAnswerer:
    """Answers from a list, then from a rule; keeps what it was asked."""

    def __init__(self) -> None:
        self.opening: SpokenReply | Exception = SpokenReply(())
        self.replies: deque[SpokenReply | Exception] = deque()
        self.otherwise: SpokenReply | Exception = SpokenReply(("社保卡可以补办。",))
        self.person: SpokenReply | Exception = SpokenReply(("马上给您转。",), then="hand_over")
        self.asked: list[tuple[str, str]] = []
        self.hypotheses: list[tuple[Hypothesis, ...]] = []
        self.begun: list[CallInfo] = []
        self.ended: list[tuple[str, str]] = []

    def begin(self, call: CallInfo) -> SpokenReply:
        self.begun.append(call)
        return self._given(self.opening)

    def answer(self, call_id: str, hypotheses: Sequence[Hypothesis], keys: str = "") -> SpokenReply:
        text = hypotheses[0].text if hypotheses else ""
        self.asked.append((text, keys))
        self.hypotheses.append(tuple(hypotheses))
        if text == "人工":
            return self._given(self.person)
        return self._given(self.replies.popleft() if self.replies else self.otherwise)

    def end(self, call_id: str, how: str) -> None:
        self.ended.append((call_id, how))

    def _given(self, reply: SpokenReply | Exception) -> SpokenReply:
        if isinstance(reply, Exception):
            raise reply
        return reply


class Phone:
    """A caller with a telephone: speaks, presses, waits, hears; time passes as sound does."""

    def __init__(self, **options: Any) -> None:
        self.answerer, self.speech = FakeAnswerer(), FakeSpeech()
        self.recogniser, self.executor = FakeRecogniser(), ManualExecutor()
        self.info = CallInfo("call-1", "13800001111", "test")
        self.happened: list[CallEvent] = []
        self.frames: list[bytes] = []
        self._options = {"activity": FakeActivity(), "echoes": FakeEchoes(), **options}
        self._call: Call | None = None

    @property
    def call(self) -> Call:
        if self._call is None:
            self._call = Call(
                self.info,
                self.answerer,
                self.recogniser,
                self.speech,
                self.executor,
                **self._options,
            )
        return self._call

    # What a caller does.

    def dial(self) -> Phone:
        """Call, hear the greeting out."""
        self.listen_out()
        return self

    def step(self, frame: bytes = SILENCE, keys: str = "") -> bytes:
        out = self.call.step(frame, keys)
        assert len(out) == FRAME_BYTES
        self.frames.append(out)
        self.happened += self.call.events
        return out

    def wait(self, seconds: float) -> None:
        for _ in range(round(seconds * FRAMES_PER_SECOND)):
            self.step()

    def listen_out(self, at_most: float = 60.0) -> None:
        """Wait until the line listens, or is over."""
        for _ in range(round(at_most * FRAMES_PER_SECOND)):
            self.step()
            if self.call.state in ("listen", "over"):
                return
        raise AssertionError(f"the line still has state {self.call.state}")

    def utter(self, text: str, *others: str, seconds: float | None = None) -> None:
        """Speak, without waiting for anything; 0.1 s a character unless ``seconds`` says else."""
        self.recogniser.coming.append(
            tuple(Hypothesis(t, 0.9 - 0.1 * i) for i, t in enumerate((text, *others)) if t)
        )
        seconds = max(0.1 * len(text), 0.4) if seconds is None else seconds
        for _ in range(round(seconds * FRAMES_PER_SECOND)):
            self.step(VOICE)

    def say(self, text: str, *others: str, seconds: float | None = None) -> None:
        """Speak and fall silent until the line has noticed the end."""
        self.utter(text, *others, seconds=seconds)
        for _ in range(3 * FRAMES_PER_SECOND):
            if self.call.state != "capture":
                return
            self.step()

    def ask(self, text: str, *others: str) -> None:
        """Speak, hear the answer out."""
        self.say(text, *others)
        self.listen_out()

    def press(self, keys: str) -> None:
        for key in keys:
            self.step(keys=key)

    # What can be seen of it.

    @property
    def seconds(self) -> float:
        return len(self.frames) / FRAMES_PER_SECOND

    def texts(self, name: str) -> list[str]:
        return [event.text for event in self.happened if event.name == name]

    @property
    def said(self) -> list[str]:
        return self.texts("said")

    def forget(self) -> None:
        """Look only at what happens from here on."""
        self.happened.clear()
        self.frames.clear()

    def sounds_since(self, frame: int) -> list[bool]:
        return [out != SILENCE for out in self.frames[frame:]]
