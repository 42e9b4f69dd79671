"""Whatever comes in whatever order: a call goes on, helps, and ends exactly once."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.voice.fakes_call import FRAME_BYTES, SILENCE, VOICE, Phone, done, failed
from voice.answerer import SpokenReply
from voice.errors import RecognizerUnavailable
from voice.timers import Limits

WORDS = [
    "社保卡丢了怎么办", "嗯", "好的", "不用了", "转人工", "再说一遍", "慢一点", "大声点", "再见", "", "幺三八零零",
    "对", "是的", "继续", "您好这里是街道办事处", "我家着火了",
]  # fmt: skip
SENTENCES = st.lists(
    st.sampled_from(["先带身份证。", "再填一张表。", "对不对？", "", "三天。"]), max_size=6
)
REPLIES = st.one_of(
    st.builds(
        SpokenReply,
        SENTENCES.map(tuple),
        st.sampled_from(["free", "free", "yes_no", "digits", "choice"]),
        choices=st.integers(0, 4),
        then=st.sampled_from(["listen"] * 6 + ["hand_over", "hang_up"]),
        is_sure=st.booleans(),
        is_urgent=st.sampled_from([False, False, False, True]),
    ),
    st.sampled_from([RuntimeError("down"), None]),
)
ACTIONS = st.one_of(
    st.tuples(st.just("wait"), st.floats(0.02, 12)),
    st.tuples(st.just("wait"), st.floats(0.02, 1)),
    st.tuples(st.just("talk"), st.sampled_from(WORDS), st.floats(0.1, 3)),
    st.tuples(st.just("keys"), st.text("0123456789*#AD ", min_size=1, max_size=12)),
    st.tuples(st.just("answer"), REPLIES),
    st.tuples(
        st.sampled_from(["executor", "recogniser", "speech", "ready", "refuses", "mute"]),
        st.booleans(),
    ),
    st.tuples(st.just("recognition"), st.sampled_from(["works", "fails"])),
    st.tuples(st.just("short_frame"), st.integers(0, 700)),
    st.tuples(st.sampled_from(["run", "hang_up"])),
)


class Watched(Phone):
    """A telephone whose every frame is checked."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.quiet_frames = 0
        self.is_hampered = False  # something is held back that the line needs to speak

    def step(self, frame: bytes = SILENCE, keys: str = "") -> bytes:
        out = self.call.step(frame, keys)
        assert len(out) == FRAME_BYTES
        assert self.call.state in ("speak", "listen", "capture", "think", "over")
        assert len(self.answerer.ended) <= 1
        # What breaks inside would be hidden by the apology for it.
        assert not self.call._has_broken
        self.frames.append(out)
        self.happened += self.call.events
        is_quiet = out == SILENCE and frame == SILENCE and not keys
        self.quiet_frames = self.quiet_frames + 1 if is_quiet else 0
        if self.call.is_over or self.is_hampered:
            self.quiet_frames = 0
        assert self.quiet_frames <= 10 * 50, f"silence in state {self.call.state}"
        return out

    def act(self, action: tuple[Any, ...]) -> None:
        getattr(self, f"do_{action[0]}")(*action[1:])

    def do_wait(self, seconds: float) -> None:
        self.wait(seconds)

    def do_talk(self, text: str, seconds: float) -> None:
        self.utter(text, seconds=seconds)

    def do_keys(self, keys: str) -> None:
        self.step(keys=keys)

    def do_answer(self, reply: SpokenReply | Exception) -> None:
        self.answerer.replies.append(reply)

    def do_executor(self, is_prompt: bool) -> None:
        self.executor.is_prompt = is_prompt

    def do_recogniser(self, is_holding: bool) -> None:
        self.recogniser.is_holding = is_holding

    def do_recognition(self, way: str) -> None:
        broken = failed(RecognizerUnavailable("gone"))
        self.recogniser.finishes = done if way == "works" else lambda hypotheses: broken

    def do_speech(self, is_holding: bool) -> None:
        self.speech.is_holding = self.is_hampered = is_holding

    def do_mute(self, is_mute: bool) -> None:
        self.speech.unspeakable = lambda text: is_mute
        self.is_hampered = is_mute or self.speech.is_holding

    def do_ready(self, is_ready: bool) -> None:
        self.recogniser.is_ready = is_ready

    def do_refuses(self, refuses: bool) -> None:
        self.recogniser.refuses = refuses

    def do_short_frame(self, length: int) -> None:
        assert len(self.call.step(bytes(length))) == FRAME_BYTES

    def do_run(self) -> None:
        self.recogniser.release()
        self.speech.release()
        self.executor.run()

    def do_hang_up(self) -> None:
        self.call.hung_up()
        assert self.call.is_over

    def recover(self) -> None:
        """Everything around the call works again."""
        self.do_run()
        self.do_executor(True)
        self.do_recogniser(False)
        self.do_recognition("works")
        self.do_speech(False)
        self.do_mute(False)
        self.do_refuses(False)
        self.recogniser.coming.clear()
        self.answerer.replies.clear()


MANY = settings(
    max_examples=250,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@MANY
@given(actions=st.lists(ACTIONS, max_size=25), is_short=st.booleans())
def test_a_call_survives_everything_and_ends_exactly_once(
    actions: list[tuple[Any, ...]], is_short: bool
) -> None:
    limits = Limits(warning_seconds=20, call_seconds=40, grace_seconds=20) if is_short else None
    phone = Watched(limits=limits)
    for action in actions:
        phone.act(action)
    was_over = phone.call.is_over
    ended_by_itself = phone.call.outcome != ""
    phone.call.hung_up()
    phone.call.hung_up()
    phone.executor.run()
    phone.wait(0.1)
    phone.executor.run()
    assert len(phone.answerer.ended) == 1
    if not was_over:
        assert phone.answerer.ended == [("call-1", "hung_up")]
    if ended_by_itself:
        assert phone.answerer.ended[0][1] != "hung_up" or "您随时再打来。再见。" in phone.said


@MANY
@given(actions=st.lists(ACTIONS.filter(lambda a: a[0] != "hang_up"), max_size=20))
def test_from_wherever_a_caller_is_a_person_is_one_step_away(
    actions: list[tuple[Any, ...]],
) -> None:
    phone = Watched()
    for action in actions:
        phone.act(action)
    phone.recover()
    if phone.call.is_over:
        return
    phone.press("0")
    phone.wait(1)
    if phone.answerer.asked[-1:] != [("人工", "")] and not phone.call.is_over:
        # A zero may have been a digit, or is kept until an emergency is said.
        phone.do_ready(True)
        phone.wait(4)
        phone.recogniser.coming.clear()
        phone.utter("转人工", seconds=0.6)
    phone.wait(30)
    assert phone.call.is_over
    assert phone.call.outcome == "hand_over" or "再见" in phone.said[-1]


@settings(MANY, max_examples=100)
@given(actions=st.lists(ACTIONS.filter(lambda a: a[0] != "hang_up"), max_size=15))
def test_a_caller_who_falls_silent_is_brought_to_a_spoken_end(
    actions: list[tuple[Any, ...]],
) -> None:
    phone = Watched()
    for action in actions:
        phone.act(action)
    phone.recover()
    for _ in range(50 * 240):
        if phone.call.is_over:
            break
        phone.step()
    assert phone.call.is_over
    assert len(phone.answerer.ended) == 1


@settings(max_examples=40, deadline=None, derandomize=True)
@given(noise=st.lists(st.tuples(st.booleans(), st.integers(1, 120)), max_size=60))
def test_noise_of_any_rhythm_never_holds_a_call_for_ever(noise: list[tuple[bool, int]]) -> None:
    phone = Watched()
    for is_voice, frames in noise:
        for _ in range(frames):
            phone.step(VOICE if is_voice else SILENCE)
    for _ in range(50 * 200):
        if phone.call.is_over:
            break
        phone.step(VOICE)
    assert phone.call.is_over
    assert phone.answerer.asked in ([], [("人工", "")])
