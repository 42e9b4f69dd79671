"""A line that brings our own voice back at −20 dB, with real sound, real voice activity, real pinyin."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future

import pytest

from tests.voice.fakes_audio import at_level, mixed, spoken, white_noise
from tests.voice.fakes_call import FRAME_BYTES, FakeSpeech, Phone, done
from voice.answerer import Hypothesis, SpokenReply
from voice.audio import SILENCE, level_dbfs
from voice.echo import EchoGuard
from voice.vad import VoiceActivity

ANSWER = ("先带身份证到社区。", "再填一张申请表。", "三天以后来拿。")
DELAY_FRAMES = 10


class EspeakSpeech(FakeSpeech):
    def render(self, sentence: str, *, slow: bool = False) -> Future[bytes]:
        return done(spoken(sentence, dbfs=-20.0))


class Parrot:
    """Recognises our own last words whenever it hears anything, some of them wrongly."""

    is_ready = True

    def __init__(self) -> None:
        self.phone: Phone | None = None
        self.opened = 0

    def stream(self, expects: str = "free", hot_words: object = ()) -> Parrot:
        self.opened += 1
        return self

    def feed(self, pcm: bytes) -> None: ...

    def close(self) -> None: ...

    @property
    def partial(self) -> str:
        assert self.phone is not None
        return self.phone.said[-1].replace("申请", "深情").replace("身份", "审分")

    def finish(self) -> Future[tuple[Hypothesis, ...]]:
        return done((Hypothesis(self.partial, 0.8),))


def echoing() -> Phone:
    phone = Phone(activity=VoiceActivity(), echoes=EchoGuard())
    parrot = Parrot()
    phone.speech, phone.recogniser, parrot.phone = EspeakSpeech(), parrot, phone  # type: ignore[assignment]
    phone.answerer.opening = SpokenReply(ANSWER)
    return phone


def talk_through(phone: Phone, echo_dbfs: float) -> None:
    """Hear everything come back, over a line with some noise of its own."""
    noise = white_noise(2, dbfs=-60)
    ours: deque[bytes] = deque([SILENCE] * DELAY_FRAMES)
    for at in range(50 * 25):
        back = ours.popleft()
        back = at_level(back, level_dbfs(back) + echo_dbfs) if back != SILENCE else back
        start = at % 100 * FRAME_BYTES
        ours.append(phone.step(mixed(back, noise[start : start + FRAME_BYTES])))


@pytest.mark.parametrize("echo_dbfs", [-20.0, -12.0])
def test_our_own_prompt_coming_back_does_not_interrupt_us(echo_dbfs: float) -> None:
    phone = echoing()
    talk_through(phone, echo_dbfs)
    assert phone.recogniser.opened > 0  # type: ignore[attr-defined]
    assert phone.texts("flush") == []
    assert phone.answerer.asked == []
    assert phone.said[-4:-1] == list(ANSWER) or phone.said[2:5] == list(ANSWER)


def test_a_quiet_line_opens_no_ear() -> None:
    phone = echoing()
    talk_through(phone, -200.0)
    assert phone.recogniser.opened == 0  # type: ignore[attr-defined]
