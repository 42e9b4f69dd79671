"""A line that brings our own voice back at −20 dB, with real sound, real voice activity, real pinyin."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future

import pytest

from tests.voice.fakes_audio import at_level, mixed, spoken, white_noise
from tests.voice.fakes_call import FRAME_BYTES, FakeSpeech, Phone, done
from tests.voice.fakes_recognition import model_for_tests
from voice.answerer import Expects, Hypothesis, SpokenReply
from voice.audio import SILENCE, alaw_decode, alaw_encode, frames_of, level_dbfs
from voice.echo import EchoGuard
from voice.recognition.streaming import Decoder
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


ANSWERS = {
    "documents": (
        "补办社保卡要带身份证。",
        "可以到街道便民服务中心一楼二号窗口办。",
        "三个工作日以后来拿新卡。",
    ),
    "figures": (
        "八十到八十九岁每个月一百块钱。",
        "电话是，零二五，五八八八，零零零零。",
        "星期一到星期五，上午九点到十二点。",
    ),
    "question": ("您问的是社保卡补办，还是优待证补办？", "要问社保卡请说第一个，或者按一。"),
    "number": ("我听到的是幺三八，幺二三四，五六七八，对吗？",),
}
EXPECTED: dict[str, Expects] = {"question": "choice", "number": "yes_no"}
with_real_ear = [
    pytest.mark.vosk,
    pytest.mark.skipif(model_for_tests() is None, reason="no recognition model"),
]


class PromptStream:
    """Decodes in the call's own thread: audio time waits for the recogniser."""

    def __init__(self, decoder: Decoder) -> None:
        self._decoder, self._pending, self.partial = decoder, b"", ""

    def feed(self, pcm: bytes) -> None:
        self._pending += pcm
        if len(self._pending) >= 5 * FRAME_BYTES:
            self.partial, self._pending = self._decoder.accept(self._pending), b""

    def finish(self) -> Future[tuple[Hypothesis, ...]]:
        self._decoder.accept(self._pending)
        return done(self._decoder.finish())

    def close(self) -> None: ...


class PromptRecogniser:
    """The real recogniser without its threads."""

    is_ready = True

    def __init__(self) -> None:
        from voice.recognition.vosk import VoskRecogniser

        model = model_for_tests()
        assert model is not None
        self._vosk = VoskRecogniser(model)
        self.opened = 0

    def stream(self, expects: Expects = "free", hot_words: tuple[str, ...] = ()) -> PromptStream:
        self.opened += 1
        return PromptStream(self._vosk._utterance(expects, tuple(hot_words)))


@pytest.fixture(scope="module")
def ear() -> PromptRecogniser:
    return PromptRecogniser()


def heard_by(ear: PromptRecogniser, answer: str) -> Phone:
    phone = Phone(activity=VoiceActivity(), echoes=EchoGuard())
    phone.speech, phone.recogniser = EspeakSpeech(), ear  # type: ignore[assignment]
    phone.answerer.opening = SpokenReply(ANSWERS[answer], EXPECTED.get(answer, "free"))
    ear.opened = 0
    return phone


def talk(
    phone: Phone, delay_frames: int, seconds: float, caller: bytes = b"", at: float = 0
) -> None:
    """Hear all of ours come back at −20 dB over a line in G.711; ``caller`` speaks ``at`` a time."""
    noise = white_noise(2, dbfs=-60)
    ours: deque[bytes] = deque([SILENCE] * delay_frames)
    words = frames_of(caller)
    for n in range(round(50 * seconds)):
        back = ours.popleft()
        back = at_level(back, level_dbfs(back) - 20) if back != SILENCE else back
        start = n % 100 * FRAME_BYTES
        hers = words.pop(0) if words and n >= 50 * at else SILENCE
        on_line = mixed(back, hers, noise[start : start + FRAME_BYTES])
        ours.append(phone.step(alaw_decode(alaw_encode(on_line))))


@pytest.mark.parametrize("delay_frames", [5, 10, 15])
@pytest.mark.parametrize("answer", ANSWERS)
class TestWithTheRealEar:
    pytestmark = with_real_ear

    def test_what_comes_back_of_our_words_is_not_the_callers(
        self, ear: PromptRecogniser, answer: str, delay_frames: int
    ) -> None:
        phone = heard_by(ear, answer)
        talk(phone, delay_frames, 30)
        assert ear.opened > 0
        assert phone.texts("flush") == []
        assert phone.answerer.asked == []
        assert set(ANSWERS[answer]) <= set(phone.said)

    def test_a_caller_who_speaks_over_it_is_heard(
        self, ear: PromptRecogniser, answer: str, delay_frames: int
    ) -> None:
        phone = heard_by(ear, answer)
        while ANSWERS[answer][0] not in phone.said:
            phone.step()
        talk(phone, delay_frames, 7, spoken("社保卡丢了怎么补办", "cmn+m4", dbfs=-20.0), at=1.5)
        assert phone.texts("flush") != []
        assert "社保卡丢了怎么补办" in phone.answerer.asked[0][0]
